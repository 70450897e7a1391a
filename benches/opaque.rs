//! The scans over opaque hashes, each backend beside the scalar twin, with the count of what must
//! be found asserted before anything is timed.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hashward_kernels::Backend;
use hashward_kernels::hamming::scan_with;
use hashward_kernels::vector::{Sum, Vector, scan_vectors_with};
use std::hint::black_box;

const VECTORS: usize = 100_000;
const CODES: usize = 4_000_000;

/// Bytes that look random, the same on every run.
fn bytes(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..count.div_ceil(8)).flat_map(|_| next()).take(count).collect()
}

fn vectors(criterion: &mut Criterion) {
    let bytes = bytes(VECTORS * 144);
    let table = bytes.as_chunks::<144>().0;
    let query: Vector = table[VECTORS / 2];
    let mut group = criterion.benchmark_group("vectors of 144 bytes");
    group.throughput(Throughput::Elements(VECTORS as u64));
    for (name, sum, limit) in [("l1", Sum::Differences, 2000), ("l2", Sum::Squares, 40_000)] {
        for backend in Backend::available() {
            let scan = || {
                let mut out = Vec::new();
                scan_vectors_with(backend, black_box(table), &query, sum, limit, &mut out);
                out
            };
            assert_eq!(scan().len(), 1, "only the query itself is near");
            group.bench_function(BenchmarkId::new(name, backend.name()), |b| b.iter(scan));
        }
    }
    group.finish();
}

fn codes(criterion: &mut Criterion) {
    let table = bytes(CODES * 8);
    let query = table[CODES / 2 * 8..][..8].to_vec();
    let mut group = criterion.benchmark_group("codes of 64 bits");
    group.throughput(Throughput::Elements(CODES as u64));
    for backend in Backend::available() {
        let scan = || {
            let mut out = Vec::new();
            scan_with(backend, black_box(&table), 8, &query, 8, &mut out);
            out
        };
        assert!(scan().iter().any(|near| near.distance == 0), "the query itself is near");
        group.bench_function(backend.name(), |b| b.iter(scan));
    }
    group.finish();
}

criterion_group!(benches, vectors, codes);
criterion_main!(benches);
