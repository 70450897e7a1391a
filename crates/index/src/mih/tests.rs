//! The multi-index against brute force, and on damaged tables.

use super::*;
use crate::{CodeTable, Match, Method, Part, Target, TargetSet, Where, prefix};
use hashward_hash::Pdq;
use hashward_testkit::{Codes, brute_force};
use proptest::prelude::*;

/// Everything that a search needs, owned.
struct Built {
    codes: Vec<[u8; 32]>,
    prefix: Vec<[u8; 16]>,
    directory: Vec<u8>,
    tables: Vec<u8>,
}

impl Built {
    fn new(codes: &[Pdq], widths: &[u8], memory: usize) -> Self {
        let codes: Vec<[u8; 32]> = codes.iter().map(|code| code.to_store_order()).collect();
        let directory = Directory::with_widths(codes.len() as u32, widths.iter().copied());
        let mut tables = Vec::new();
        let write = |part: &[u8]| -> Result<(), ()> {
            tables.extend(part);
            Ok(())
        };
        let directory = build(&codes, directory, memory, write).unwrap();
        assert_eq!(directory.table_bytes(), tables.len() as u64);
        let prefix = codes.iter().map(prefix::of).collect();
        Self { codes, prefix, directory: directory.encode(), tables }
    }

    /// A high price of scanning makes every search use the tables.
    fn plans(&self, scan: f64) -> Result<Plans, Damaged> {
        let costs = Costs { scan, ..Costs::measured(self.codes.len() as u32) };
        Ok(Plans::with_costs(Directory::decode(&self.directory)?, costs))
    }

    fn search(&self, targets: &[Target]) -> Result<Vec<Match>, Damaged> {
        self.search_with(1e9, targets).map(|(found, _)| found)
    }

    fn search_with(&self, scan: f64, targets: &[Target]) -> Result<(Vec<Match>, u64), Damaged> {
        let plans = self.plans(scan)?;
        let index = MultiIndex::new(&plans, &self.tables)?;
        let table = CodeTable::new(&self.codes).with_prefix(&self.prefix).with_multi_index(index);
        let mut found = Vec::new();
        let distances =
            table.search(Method::MultiIndex, &TargetSet::new(targets), |hit| found.push(hit))?;
        found.sort_unstable();
        Ok((found, distances))
    }

    fn check(&self) -> Result<(), Damaged> {
        MultiIndex::new(&self.plans(1.0)?, &self.tables)?.check(&self.codes)
    }
}

fn expected(codes: &[Pdq], targets: &[Target]) -> Vec<Match> {
    let mut all = Vec::new();
    for (number, target) in targets.iter().enumerate() {
        let query = Pdq::from_store_order(target.code);
        for (index, distance) in brute_force(codes, query, target.radius) {
            all.push(Match { target: number as u32, index, distance });
        }
    }
    all
}

fn target(code: Pdq, radius: u16) -> Target {
    Target { code: code.to_store_order(), radius }
}

/// Codes of each kind that real lists have, and kinds that break indexes.
fn codes(kind: u8, count: usize, seed: u64) -> Vec<Pdq> {
    let mut source = Codes::seeded(seed);
    match kind {
        0 => source.random(count),
        1 => source.clustered(count),
        2 => vec![source.code(); count],
        3 => (0..count).map(|_| source.near(Pdq::default(), 3)).collect(),
        _ => {
            let centre = source.code();
            (0..count).map(|_| source.near(centre, 60)).collect()
        }
    }
}

fn queries(codes: &[Pdq], number: usize, radius: u16, seed: u64) -> Vec<Target> {
    let mut source = Codes::seeded(seed ^ 0x5eed);
    let query = |number: usize| match (number % 4, codes.len() as u64) {
        (0, _) | (_, 0) => source.code(),
        (1, _) => Pdq::default(),
        (_, count) => {
            let code = codes[source.below(count) as usize];
            source.near(code, u64::from(radius) + 8)
        }
    };
    (0..number).map(query).map(|code| target(code, radius)).collect()
}

const CUTS: [&[u8]; 5] = [&[8; 16], &[12; 16], &[16; 16], &[5, 13, 6, 14, 9, 7, 12], &[20, 11]];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_search_reads_only_what_was_foreseen(
        kind in 0u8..5,
        count in prop_oneof![0usize..4, 0usize..600],
        cut in 0..CUTS.len(),
        radius in prop_oneof![0u16..48, 0u16..=255],
        seed in any::<u64>(),
        scan in prop::sample::select(vec![0.1, 30.0, 1e9]),
        number in 1usize..7,
        method in prop::sample::select(vec![Method::Auto, Method::MultiIndex, Method::Prefix]),
    ) {
        let codes = codes(kind, count, seed);
        let built = Built::new(&codes, CUTS[cut], DEFAULT_MEMORY);
        let mut targets = queries(&codes, number, radius, seed);
        targets[0].radius /= 2;
        let set = TargetSet::new(&targets);
        let plans = built.plans(scan).unwrap();
        let index = MultiIndex::new(&plans, &built.tables).unwrap();
        let table = CodeTable::new(&built.codes).with_prefix(&built.prefix).with_multi_index(index);
        // Everything is damaged but what was told.
        let mut seen = [
            vec![0x5a; 32 * codes.len()], Vec::new(), vec![0x5a; 16 * codes.len()], vec![0x5a; built.tables.len()],
        ];
        let sound = [built.codes.as_flattened(), &[], built.prefix.as_flattened(), &built.tables];
        let mut need = |part: Part, places: Where<'_>| -> Result<(), Damaged> {
            let (seen, sound) = (&mut seen[part as usize], sound[part as usize]);
            match places {
                Where::Everywhere => seen.copy_from_slice(sound),
                Where::At(places) => for place in places {
                    seen[place.clone()].copy_from_slice(&sound[place.clone()]);
                },
            }
            Ok(())
        };
        table.foresee(method, &set, &mut need).unwrap();
        let [codes_seen, _, prefix_seen, tables_seen] = seen;
        let index = MultiIndex::new(&plans, &tables_seen).unwrap();
        let table = CodeTable::new(codes_seen.as_chunks().0)
            .with_prefix(prefix_seen.as_chunks().0)
            .with_multi_index(index);
        let mut found = Vec::new();
        table.search(method, &set, |hit| found.push(hit)).unwrap();
        found.sort_unstable();
        prop_assert_eq!(found, expected(&codes, &targets));
    }

    #[test]
    fn it_finds_what_brute_force_finds(
        kind in 0u8..5,
        count in prop_oneof![0usize..4, 0usize..600],
        cut in 0..CUTS.len(),
        radius in prop_oneof![0u16..48, 0u16..=255],
        seed in any::<u64>(),
        memory in prop_oneof![Just(1usize), 64usize..8192, Just(DEFAULT_MEMORY)],
    ) {
        let codes = codes(kind, count, seed);
        let built = Built::new(&codes, CUTS[cut], memory);
        let mut targets = queries(&codes, 9, radius, seed);
        targets.push(targets[2]);
        targets.push(Target { radius: radius / 2, ..targets[3] });
        prop_assert_eq!(built.search(&targets).unwrap(), expected(&codes, &targets));
        built.check().unwrap();
    }

    #[test]
    fn damaged_tables_end_without_panic(
        kind in 0u8..5,
        damage in prop::collection::vec((any::<usize>(), any::<u8>()), 1..60),
        seed in any::<u64>(),
    ) {
        let codes = codes(kind, 400, seed);
        let mut built = Built::new(&codes, &[10; 16], DEFAULT_MEMORY);
        let length = built.tables.len();
        for (place, byte) in damage {
            built.tables[place % length] = byte;
        }
        let _ = built.search(&queries(&codes, 8, 31, seed));
        let _ = built.search(&queries(&codes, 130, 7, seed));
        let _ = built.check();
    }
}

#[test]
fn larger_tables_of_each_kind() {
    for (kind, count) in [(0, 50_000), (1, 20_000), (3, 5_000)] {
        let codes = codes(kind, count, 11);
        let widths: Vec<u8> =
            Directory::for_count(count as u32).cut().map(|slot| slot.width).collect();
        let built = Built::new(&codes, &widths, DEFAULT_MEMORY);
        for radius in [0, 1, 7, 31, 45] {
            let targets = queries(&codes, 8, radius, 12);
            assert_eq!(built.search(&targets), Ok(expected(&codes, &targets)));
        }
    }
}

/// So many that they are walked together, several radii among them, and with tables of several
/// parts and buckets.
#[test]
fn many_targets_together_find_what_each_finds_alone() {
    for (kind, count, widths) in [(0, 300_000, 18), (1, 3_000, 12), (3, 2_000, 10), (1, 1, 16)] {
        let codes = codes(kind, count, 21);
        let built = Built::new(&codes, &[widths; 14], DEFAULT_MEMORY);
        let mut targets = queries(&codes, 150, 20, 22);
        targets.extend(queries(&codes, 140, 31, 23));
        targets.push(targets[7]);
        let mut alone = Vec::new();
        for (number, target) in (0u32..).zip(&targets) {
            let found = built.search(std::slice::from_ref(target)).unwrap();
            alone.extend(found.into_iter().map(|hit| Match { target: number, ..hit }));
        }
        let together = built.search(&targets).unwrap();
        assert_eq!(together, alone);
        if count < 10_000 {
            assert_eq!(together, expected(&codes, &targets));
        }
    }
}

#[test]
fn blocks_overflow_into_heavy_ones_at_every_size() {
    // Equal codes put all ids into one value: 126 to 129 of 127 light ones in blocks of 32 values,
    // and the same around 16,383 in blocks of 16.
    for (count, widths) in [(126, 16), (127, 16), (128, 16), (129, 16), (16_383, 9), (16_384, 9)] {
        let codes = vec![Pdq([7; 4]); count];
        let built = Built::new(&codes, &[widths; 12], DEFAULT_MEMORY);
        let targets = [target(Pdq([7; 4]), 31), target(Pdq([6; 4]), 31)];
        assert_eq!(built.search(&targets), Ok(expected(&codes, &targets)));
    }
}

#[test]
fn memory_does_not_change_the_bytes() {
    let codes = codes(1, 3000, 5);
    let whole = Built::new(&codes, &[14; 16], DEFAULT_MEMORY);
    for memory in [0, 1, 1000, 8 * 3000, 8 * 3000 * 5] {
        let parts = Built::new(&codes, &[14; 16], memory);
        assert!(parts.tables == whole.tables && parts.directory == whole.directory);
    }
}

/// Every byte counts, except those that fill up to a multiple of 64.
#[test]
fn any_other_tables_are_found_out() {
    for (kind, widths) in [(0, [10; 16]), (3, [9; 16])] {
        let codes = codes(kind, 300, 8);
        let mut built = Built::new(&codes, &widths, DEFAULT_MEMORY);
        built.check().unwrap();
        let directory = Directory::decode(&built.directory).unwrap();
        let parts: Vec<_> = directory.slots().flat_map(|(_, ids, blocks)| [ids, blocks]).collect();
        let mut source = Codes::seeded(1);
        for part in parts {
            for _ in 0..20 {
                let place = (part.start + source.below(part.end - part.start)) as usize;
                let bit = 1 << source.below(8);
                built.tables[place] ^= bit;
                assert!(built.check().is_err(), "byte {place}");
                built.tables[place] ^= bit;
            }
        }
    }
}

#[test]
fn a_failing_write_is_passed_on() {
    let codes = vec![[1; 32]; 100];
    let directory = Directory::with_widths(100, [16; 16]);
    let mut left = 3;
    let write = |_: &[u8]| {
        left -= 1;
        if left == 0 { Err("full") } else { Ok(()) }
    };
    assert_eq!(build(&codes, directory, DEFAULT_MEMORY, write), Err("full"));
}

#[test]
fn tables_of_another_size_are_refused() {
    let built = Built::new(&codes(0, 100, 1), &[16; 16], DEFAULT_MEMORY);
    let cut = &built.tables[..built.tables.len() - 1];
    let plans = built.plans(1.0).unwrap();
    assert!(MultiIndex::new(&plans, cut).is_err());
    let index = MultiIndex::new(&plans, &built.tables).unwrap();
    let fewer = CodeTable::new(&built.codes[..99]).with_prefix(&built.prefix[..99]);
    let none = TargetSet::new(&[target(Pdq::default(), 0)]);
    let searched = fewer.with_multi_index(index).search(Method::MultiIndex, &none, |_| ());
    assert!(searched.is_err(), "another number of codes");
    assert!(index.check(&built.codes[..99]).is_err());
}

#[test]
fn an_id_outside_the_table_is_damage() {
    let all = codes(0, 100, 1);
    let mut built = Built::new(&all, &[16; 16], DEFAULT_MEMORY);
    let ids = 4 * all.len();
    for byte in &mut built.tables[..ids] {
        *byte = 0xff;
    }
    assert_eq!(
        built.search(&[target(all[3], 31)]),
        Err(Damaged("the multi-index names a code that is not in the table"))
    );
}

#[test]
fn a_crowded_neighbourhood_is_scanned_for() {
    let all = codes(3, 4000, 9);
    let built = Built::new(&all, &[12; 16], DEFAULT_MEMORY);
    let targets = [target(Pdq::default(), 31), target(Codes::seeded(4).code(), 31)];
    // Scanning is dear enough for the plan, but not for thousands of candidates in each slot.
    let (found, distances) = built.search_with(8.0, &targets).unwrap();
    assert_eq!(found, expected(&all, &targets));
    assert!(distances < 4 * 4000, "{distances}");
}
