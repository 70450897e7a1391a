//! Every method against brute force, and damaged tables against panics.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use hashward_hash::Pdq;
use hashward_index::exact::{DigestTable, FanoutBuilder, fanout_bits};
use hashward_index::{CodeTable, Method, Target, TargetSet, Tree, bktree};
use hashward_testkit::{Codes, brute_force};
use proptest::prelude::*;

/// Codes of some sort, and queries near and far.
fn material(seed: u64, count: usize, clustered: bool) -> (Vec<Pdq>, Vec<Pdq>) {
    let mut source = Codes::seeded(seed);
    let codes = if clustered { source.clustered(count) } else { source.random(count) };
    let mut queries = vec![source.code(), Pdq::default(), Pdq([u64::MAX; 4])];
    for _ in 0..4 {
        if let Some(code) = codes.get(source.below(count.max(1) as u64) as usize) {
            queries.push(*code);
            queries.push(source.near(*code, 40));
        }
    }
    (codes, queries)
}

/// What a search finds, as (target, row, distance).
fn found(
    table: CodeTable<'_>,
    rows: &[u32],
    method: Method,
    targets: &[Target],
) -> Vec<(u32, u32, u16)> {
    let mut all = Vec::new();
    let keep = |near: hashward_index::Match| {
        all.push((near.target, rows[near.index as usize], near.distance));
    };
    table.search(method, &TargetSet::new(targets), keep).unwrap();
    all.sort_unstable();
    all
}

fn check(codes: &[Pdq], queries: &[Pdq], radius: u16) {
    let targets: Vec<Target> =
        queries.iter().map(|query| Target { code: query.to_store_order(), radius }).collect();
    let mut expected = Vec::new();
    for (target, query) in (0u32..).zip(queries) {
        let near = brute_force(codes, *query, radius).into_iter();
        expected.extend(near.map(|(row, distance)| (target, row, distance)));
    }
    let mut bytes: Vec<[u8; 32]> = codes.iter().map(|code| code.to_store_order()).collect();
    let mut rows: Vec<u32> = (0..codes.len() as u32).collect();
    let linear = found(CodeTable::new(&bytes), &rows, Method::Linear, &targets);
    assert_eq!(linear, expected, "linear");
    let arrays = bktree::build(&mut bytes, &mut rows);
    let tree = Tree::new(&arrays.nodes, &arrays.children).unwrap();
    let table = CodeTable::new(&bytes).with_tree(tree);
    table.check().unwrap();
    for method in [Method::Linear, Method::BkTree, Method::Auto] {
        assert_eq!(found(table, &rows, method, &targets), expected, "{method:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn all_methods_are_brute_force(
        seed: u64, count in 0usize..700, clustered: bool, radius in 0u16..=256,
    ) {
        let (codes, queries) = material(seed, count, clustered);
        check(&codes, &queries, radius);
    }

    #[test]
    fn digest_look_up_is_a_linear_search(
        seed: u64, count in 0usize..400, width in prop::sample::select(vec![4usize, 16, 20, 32, 64]),
        skewed: bool,
    ) {
        let mut source = Codes::seeded(seed);
        // Few values, so that there are duplicates; skewed ones share their leading bits.
        let mut digest = || -> Vec<u8> {
            let lead = if skewed { 0 } else { source.below(256) as u8 };
            let mut digest = vec![lead; width];
            digest[width - 1] = source.below(9) as u8;
            digest
        };
        let mut digests: Vec<Vec<u8>> = (0..count).map(|_| digest()).collect();
        digests.sort();
        let queries: Vec<Vec<u8>> = (0..50).map(|_| digest()).chain([vec![0xff; width]]).collect();
        let mut starts = FanoutBuilder::new(count as u64);
        digests.iter().for_each(|digest| starts.push(digest));
        let (bits, fanout) = starts.finish();
        prop_assert_eq!(bits, fanout_bits(count as u64));
        let bytes = digests.concat();
        let table = DigestTable::new(&bytes, width, &fanout, bits).unwrap();
        table.check().unwrap();
        for query in queries.iter().chain(&digests) {
            let expected: Vec<usize> =
                (0..count).filter(|index| digests[*index] == *query).collect();
            prop_assert_eq!(table.lookup(query).unwrap().collect::<Vec<_>>(), expected);
        }
        prop_assert_eq!(table.lookup(&vec![0; width + 1]).unwrap(), 0..0, "another width");
        let all: Vec<&Vec<u8>> = queries.iter().chain(&digests).collect();
        let mut together = Vec::new();
        table.lookup_many(&all, |number, near| together.push((number, near))).unwrap();
        let alone = all.iter().map(|query| table.lookup(query).unwrap()).enumerate();
        prop_assert!(together.into_iter().eq(alone), "together as one by one");
    }

    #[test]
    fn any_arrays_end_without_a_panic(
        nodes: Vec<[u8; 8]>, children: Vec<[u8; 16]>, seed: u64, count in 0usize..2000,
        radius in prop_oneof![0u16..20, any::<u16>()],
    ) {
        let mut source = Codes::seeded(seed);
        let codes: Vec<[u8; 32]> =
            source.random(count).iter().map(|code| code.to_store_order()).collect();
        let tree = Tree::new(nodes.as_flattened(), children.as_flattened()).unwrap();
        let table = CodeTable::new(&codes).with_tree(tree);
        let target = Target { code: [0; 32], radius };
        let _ = table.search(Method::BkTree, &TargetSet::new(&[target]), |_| ());
        let _ = table.check();
    }

    #[test]
    fn altered_trees_end_without_a_panic(
        seed: u64, at: prop::sample::Index, value in prop::sample::select(vec![0u8, 1, 2, 0xff]),
        in_children: bool, radius in prop_oneof![0u16..20, 0u16..300],
    ) {
        let mut source = Codes::seeded(seed);
        let mut codes: Vec<[u8; 32]> =
            source.random(1500).iter().map(|code| code.to_store_order()).collect();
        let mut rows: Vec<u32> = (0..1500).collect();
        let mut arrays = bktree::build(&mut codes, &mut rows);
        let array = if in_children { &mut arrays.children } else { &mut arrays.nodes };
        let at = at.index(array.len());
        let changed = array[at] != value;
        array[at] = value;
        let tree = Tree::new(&arrays.nodes, &arrays.children).unwrap();
        let table = CodeTable::new(&codes).with_tree(tree);
        let targets = TargetSet::new(&[Target { code: codes[0], radius }]);
        let _ = table.search(Method::BkTree, &targets, |_| ());
        prop_assert_eq!(table.check().is_err(), changed);
    }

    #[test]
    fn any_fanout_ends_without_a_panic(
        digests: Vec<[u8; 16]>, fanout in prop::collection::vec(any::<[u8; 4]>(), 5), query: [u8; 16],
    ) {
        let table = DigestTable::new(digests.as_flattened(), 16, fanout.as_flattened(), 2).unwrap();
        let _ = table.lookup(&query);
        let _ = table.lookup_many(&[query, [0; 16], [0xff; 16]], |_, _| ());
        let _ = table.check();
    }
}

#[test]
fn every_radius_at_sizes_around_a_leaf() {
    for count in [1, bktree::LEAF - 1, bktree::LEAF, bktree::LEAF + 1, 20 * bktree::LEAF] {
        let (codes, queries) = material(count as u64, count, true);
        for radius in 0..=256 {
            check(&codes, &queries[..5.min(queries.len())], radius);
        }
    }
}

#[test]
fn duplicates_alone_make_a_flat_tree() {
    let codes = vec![Pdq([5; 4]); 1000];
    check(&codes, &[Pdq([5; 4]), Pdq([4; 4])], 0);
    let mut bytes: Vec<[u8; 32]> = codes.iter().map(|code| code.to_store_order()).collect();
    let arrays = bktree::build(&mut bytes, &mut (0..1000).collect::<Vec<_>>());
    assert_eq!((arrays.nodes.len(), arrays.children.len()), (8, 16));
}

#[test]
fn a_small_radius_visits_few_codes() {
    let mut source = Codes::seeded(7);
    let random = source.random(20_000);
    let mut codes: Vec<[u8; 32]> = random.iter().map(|code| code.to_store_order()).collect();
    let mut rows: Vec<u32> = (0..20_000).collect();
    let arrays = bktree::build(&mut codes, &mut rows);
    let table =
        CodeTable::new(&codes).with_tree(Tree::new(&arrays.nodes, &arrays.children).unwrap());
    let targets: Vec<Target> =
        random[..50].iter().map(|code| Target { code: code.to_store_order(), radius: 4 }).collect();
    let targets = TargetSet::new(&targets);
    let visited = table.search(Method::BkTree, &targets, |_| ()).unwrap();
    assert!(visited < 50 * 20_000 / 5, "visited {visited} of {}", 50 * 20_000);
    let visited = table.search(Method::Linear, &targets, |_| ()).unwrap();
    assert_eq!(visited, 50 * 20_000);
}

#[test]
fn parts_of_the_wrong_size_are_refused() {
    assert!(Tree::new(&[0; 7], &[]).is_err());
    assert!(Tree::new(&[], &[0; 15]).is_err());
    assert!(DigestTable::new(&[0; 31], 16, &[0; 8], 0).is_err());
    assert!(DigestTable::new(&[0; 32], 16, &[0; 12], 0).is_err());
    assert!(DigestTable::new(&[0; 32], 16, &[0; 8], 60).is_err());
    assert!(DigestTable::new(&[0; 4], 2, &[0; 8], 0).is_err());
}
