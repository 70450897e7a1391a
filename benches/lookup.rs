//! Look-ups in digest tables far larger than the caches: one by one and in batches, beside a binary
//! search of the whole table and beside what no look-up can beat: reading the places that hold the
//! answers, known beforehand (and in caches, as they are the same in each round). What must be found
//! is asserted before anything is timed.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hashward_index::DigestTable;
use hashward_index::exact::FanoutBuilder;
use std::hint::black_box;

const DIGESTS: usize = 4_000_000;
const QUERIES: usize = 10_000;

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

fn look_ups<const WIDTH: usize>(criterion: &mut Criterion) {
    let bytes = bytes((DIGESTS + QUERIES) * WIDTH);
    let (others, table) = bytes.as_chunks::<WIDTH>().0.split_at(QUERIES);
    // Half of the queries are in the table, far from each other.
    let known = table.iter().step_by(DIGESTS / QUERIES);
    let queries: Vec<[u8; WIDTH]> = others
        .iter()
        .zip(known)
        .enumerate()
        .map(|(at, (a, b))| if at % 2 == 0 { *a } else { *b })
        .collect();
    let mut table = table.to_vec();
    table.sort_unstable();
    let mut fanout = FanoutBuilder::new(DIGESTS as u64);
    table.iter().for_each(|digest| fanout.push(digest));
    let (bits, fanout) = fanout.finish();
    let index = DigestTable::new(table.as_flattened(), WIDTH, &fanout, bits).expect("it fits");
    let one_by_one = || {
        let found = |query: &&[u8; WIDTH]| !index.lookup(&query[..]).expect("sound").is_empty();
        queries.iter().filter(found).count()
    };
    let together = || {
        let mut found = 0;
        let count = |_, near: std::ops::Range<usize>| found += usize::from(!near.is_empty());
        index.lookup_many(black_box(&queries), count).expect("sound");
        found
    };
    let halving = || queries.iter().filter(|query| table.binary_search(query).is_ok()).count();
    // Where the fan-out says where to look, and what stands there.
    let lead = |query: &[u8; WIDTH]| {
        let lead = u32::from_be_bytes([query[0], query[1], query[2], query[3]]);
        (lead >> (32 - bits)) as usize * 4
    };
    let place = |query: &[u8; WIDTH]| {
        (lead(query), table.partition_point(|digest| digest < query).min(DIGESTS - 1))
    };
    let places: Vec<(usize, usize)> = queries.iter().map(place).collect();
    let reads = || {
        let same = |(query, (lead, at)): &(&[u8; WIDTH], &(usize, usize))| {
            usize::from(fanout[*lead..*lead + 4] == [0xff; 4]) + usize::from(table[*at] == **query)
        };
        queries.iter().zip(&places).map(|both| same(&both)).sum()
    };
    let mut group = criterion.benchmark_group(format!("digests of {WIDTH} bytes"));
    group.throughput(Throughput::Elements(QUERIES as u64));
    let ways: [(&str, &dyn Fn() -> usize); 4] = [
        ("together", &together),
        ("one by one", &one_by_one),
        ("binary search", &halving),
        ("reads alone", &reads),
    ];
    for (name, look_up) in ways {
        assert_eq!(look_up(), QUERIES / 2, "{name}");
        group.bench_function(BenchmarkId::new(name, DIGESTS), |b| b.iter(look_up));
    }
}

criterion_group!(benches, look_ups::<16>, look_ups::<20>, look_ups::<32>);
criterion_main!(benches);
