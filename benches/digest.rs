//! Digests of files of 68 KiB, which is what a turn reads of each, one by one and side by side.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hashward_digest::{Hasher, update_together};
use hashward_hash::{DigestKinds, HashKind};
use std::hint::black_box;

const FILE: usize = 68 << 10;
const FILES: usize = 24;

fn kinds() -> Vec<(String, DigestKinds)> {
    let some = |kinds: &[HashKind]| {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        let kinds = kinds.iter().copied().fold(DigestKinds::default(), DigestKinds::with);
        (names.join("+"), kinds)
    };
    use HashKind::{Blake3, Crc32, Ed2k, Md5, Sha1, Sha256, Sha512, Tth};
    let single = [Md5, Sha1, Sha256, Blake3, Sha512, Ed2k, Tth, Crc32];
    let mut all: Vec<_> = single.iter().map(|kind| some(&[*kind])).collect();
    all.push(some(&[Md5, Sha1, Sha256]));
    all.push(some(&[Md5, Sha1, Sha256, Blake3]));
    all
}

fn digests(c: &mut Criterion) {
    let files: Vec<Vec<u8>> = (0..FILES as u32)
        .map(|file| {
            let bytes = (0..FILE as u32).map(|i| (i.wrapping_mul(0x9E37_79B1 + file) >> 24) as u8);
            bytes.collect()
        })
        .collect();
    let mut group = c.benchmark_group("digests");
    group.throughput(Throughput::Bytes((FILE * FILES) as u64));
    for (name, kinds) in kinds() {
        group.bench_function(BenchmarkId::new("one by one", &name), |b| {
            b.iter(|| {
                for file in &files {
                    let mut hasher = Hasher::new(kinds);
                    hasher.update(black_box(file));
                    black_box(hasher.finalize());
                }
            });
        });
        group.bench_function(BenchmarkId::new("side by side", &name), |b| {
            b.iter(|| {
                let mut hashers: Vec<Hasher> = files.iter().map(|_| Hasher::new(kinds)).collect();
                let files = files.iter().map(Vec::as_slice);
                let mut feeds: Vec<(&mut Hasher, &[u8])> = hashers.iter_mut().zip(files).collect();
                update_together(black_box(&mut feeds));
                for hasher in hashers {
                    black_box(hasher.finalize());
                }
            });
        });
    }
}

criterion_group!(benches, digests);
criterion_main!(benches);
