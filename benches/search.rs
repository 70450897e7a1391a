//! Radius search by every method over the same 200,000 codes, single and in a batch, with the
//! answer compared with brute force before anything is timed.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hashward_bench::{Codes, Method, Tables, Wanted, brute_force, codes, name, queries};
use hashward_index::{CodeTable, Match, Target, TargetSet};
use std::hint::black_box;

const COUNT: usize = 200_000;
const BATCH: usize = 100;
const METHODS: [Method; 5] =
    [Method::Auto, Method::Linear, Method::Prefix, Method::BkTree, Method::MultiIndex];

fn search(table: &CodeTable<'_>, method: Method, targets: &[Target]) -> Vec<Match> {
    let mut found = Vec::new();
    table
        .search(method, &TargetSet::new(black_box(targets)), |hit| found.push(hit))
        .expect("the tables are as they were built");
    found
}

fn radii(criterion: &mut Criterion) {
    let tables = Tables::build(codes(Codes::Random, COUNT, 1), Wanted::of(Method::Auto));
    let table = tables.table().expect("the tables are as they were built");
    for radius in [4, 31, 64] {
        let targets = queries(tables.codes(), BATCH, radius, 1);
        let expected = brute_force(tables.codes(), &targets);
        for batch in [1, BATCH] {
            let mut group = criterion.benchmark_group(format!("radius {radius}, batch of {batch}"));
            group.throughput(Throughput::Elements(batch as u64)).sample_size(20);
            for method in METHODS {
                let mut found = search(&table, method, &targets);
                found.sort_unstable();
                assert!(found == expected, "{method:?} at radius {radius}");
                let mut first = 0;
                group.bench_function(BenchmarkId::from_parameter(name(method)), |b| {
                    b.iter(|| {
                        first = (first + batch) % BATCH;
                        search(&table, method, &targets[first..first + batch])
                    });
                });
            }
            group.finish();
        }
    }
}

criterion_group!(benches, radii);
criterion_main!(benches);
