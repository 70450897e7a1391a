//! Choosing the method that is expected to be fastest, from a measured cost model.
//!
//! The model counts what a method does for a query on random codes and multiplies by what that was
//! measured to cost, in nanoseconds. Only ratios matter, and only for the time: every method
//! finds the same. The constants are from an AMD Zen 5 with AVX-512 and hold within a factor of
//! two on others, because all methods wait for the same memory and count with the same
//! instructions. To measure anew, time each method over a grid of sizes, radii and batches
//! (`hashward bench search`) and compare with [`expected`].
//!
//! - **Linear**: every code, 0.2 ns, and its 32 bytes once per batch from wherever they fit.
//! - **Prefix**: every code, 0.08 ns, 16 bytes once per batch; a block of 32 codes of which one
//!   passes is looked at closely. The distance of random prefixes is binomial, 64 ± 5.66.
//! - **BK-tree**: a node's children within the radius of the query's distance are the share
//!   f = erf((r + ½) / 16) of its codes, because two distances differ by 0 ± 11.3; and there is a
//!   level for each factor of ten. So n · f^(log₁₀ n − 2) codes are visited, which is within a
//!   tenth of what was counted from 1,000 to 300,000 codes at all radii.
//! - **Multi-index**: see [`Plan`](crate::mih::Plan).

use crate::mih::MultiIndex;
use crate::targets::Prepared;
use crate::{CodeTable, Method, prefix};
use std::sync::LazyLock;

/// The indexes that a table has.
#[derive(Clone, Copy, Default)]
pub struct Available<'a> {
    /// Number of codes.
    pub count: usize,
    /// True when there is a prefix column.
    pub prefix: bool,
    /// True when there is a BK-tree.
    pub tree: bool,
    /// The multi-index; useless without the prefix column.
    pub multi: Option<MultiIndex<'a>>,
}

/// The method that is expected to be fastest for `batch` queries of this radius.
#[must_use]
pub fn choose(available: Available<'_>, radius: u16, batch: usize) -> Method {
    let cost = |method: &Method| expected(available, *method, radius, batch);
    [Method::MultiIndex, Method::BkTree, Method::Prefix, Method::Linear]
        .into_iter()
        .filter(|method| cost(method).is_finite())
        .min_by(|a, b| cost(a).total_cmp(&cost(b)))
        .unwrap_or(Method::Linear)
}

/// Expected time per query in nanoseconds; infinite where the table lacks the index or it would
/// take the scan's place only to scan.
#[must_use]
pub fn expected(available: Available<'_>, method: Method, radius: u16, batch: usize) -> f64 {
    let count = available.count as f64;
    let batch = batch.max(1) as f64;
    match method {
        Method::Linear => count * (0.2 + fetch(32.0, count) / batch),
        Method::Prefix if available.prefix && radius <= prefix::MAX_RADIUS => {
            let passing = SHARES[usize::from(radius)].prefix;
            let close = 1.0 - (1.0 - passing).powi(32);
            count * (0.08 + fetch(16.0, count) / batch + 1.1 * close + 10.0 * passing)
        }
        Method::BkTree if available.tree => {
            let share = SHARES[usize::from(radius).min(SHARES.len() - 1)].tree;
            let levels = (count.max(1.0).log10() - 2.0).max(0.0);
            // In the first two levels' worth of codes all nodes are cached.
            let each = if count < 30_000.0 { 0.7 } else { 1.3 + fetch(32.0, count) };
            60.0 + each * count * share.powf(levels)
        }
        Method::MultiIndex if available.prefix => available
            .multi
            .and_then(|index| index.cost(radius))
            .map_or(f64::INFINITY, |cost| cost / if batch > 4.0 { 1.25 } else { 1.0 }),
        Method::Auto => expected(available, choose(available, radius, batch as usize), radius, 1),
        _ => f64::INFINITY,
    }
}

/// Reading one of `count` elements of so many bytes in a stream.
fn fetch(bytes: f64, count: f64) -> f64 {
    let per_byte = match bytes * count {
        ..4e6 => 0.003,
        ..24e6 => 0.006,
        _ => 0.025,
    };
    bytes * per_byte
}

/// Shares of random codes, for one radius.
struct Shares {
    /// Those whose prefix is within the radius.
    prefix: f64,
    /// Those below a tree's node that are in children within the radius.
    tree: f64,
}

/// By radius: a query of a small table takes less than two of these exponentials.
static SHARES: LazyLock<Vec<Shares>> = LazyLock::new(|| {
    let shares = |radius| Shares {
        prefix: normal_below((f64::from(radius) + 0.5 - 64.0) / 5.657),
        tree: 2.0 * normal_below((f64::from(radius) + 0.5) / 11.3) - 1.0,
    };
    (0..=256).map(shares).collect()
});

/// The standard normal distribution's share below `z`, to 1e-7 (Abramowitz and Stegun, 26.2.17).
fn normal_below(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let series = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let sum = series.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
    let above = (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt() * sum;
    if z < 0.0 { above } else { 1.0 - above }
}

impl<'a> CodeTable<'a> {
    /// The indexes that the table has.
    #[must_use]
    pub fn available(&self) -> Available<'a> {
        Available {
            count: self.codes.len(),
            prefix: self.prefix.is_some(),
            tree: self.tree.is_some(),
            multi: self.multi,
        }
    }

    /// Cuts targets that come by ascending radius into parts that go the same way: all of them
    /// by the given method, or those of each radius by the one that should be fastest for them.
    pub(crate) fn parts<'t>(
        &self,
        method: Method,
        targets: &'t [Prepared],
    ) -> Vec<(Method, &'t [Prepared])> {
        if method != Method::Auto {
            return vec![(method, targets)];
        }
        let available = self.available();
        let mut parts: Vec<(Method, std::ops::Range<usize>)> = Vec::new();
        let mut end = 0;
        for same in targets.chunk_by(|a, b| a.radius == b.radius) {
            let start = end;
            end += same.len();
            let method = choose(available, same[0].radius, same.len());
            match parts.last_mut() {
                Some((last, range)) if *last == method => range.end = end,
                _ => parts.push((method, start..end)),
            }
        }
        parts.into_iter().map(|(method, range)| (method, &targets[range])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bktree::{self, Tree};
    use crate::mih::{self, Directory, Plans};
    use crate::{Match, Target, TargetSet};
    use hashward_hash::Pdq;
    use hashward_testkit::{Codes, brute_force};
    use proptest::prelude::*;

    /// Tables with every index over the same codes.
    struct All {
        codes: Vec<[u8; 32]>,
        prefix: Vec<[u8; 16]>,
        tree: bktree::Arrays,
        plans: Plans,
        tables: Vec<u8>,
    }

    impl All {
        fn new(codes: &[Pdq]) -> Self {
            let mut codes: Vec<[u8; 32]> = codes.iter().map(|code| code.to_store_order()).collect();
            let mut rows: Vec<u32> = (0..codes.len() as u32).collect();
            let tree = bktree::build(&mut codes, &mut rows);
            let mut tables = Vec::new();
            let directory = Directory::for_count(codes.len() as u32);
            let directory = mih::build(&codes, directory, mih::DEFAULT_MEMORY, |part| {
                tables.extend(part);
                Ok::<(), ()>(())
            });
            let plans = Plans::new(directory.unwrap());
            Self { prefix: codes.iter().map(prefix::of).collect(), codes, tree, plans, tables }
        }
    }

    fn methods_agree(codes: &[Pdq], targets: &[Target]) {
        let all = All::new(codes);
        let index = MultiIndex::new(&all.plans, &all.tables).unwrap();
        let tree = Tree::new(&all.tree.nodes, &all.tree.children).unwrap();
        let bare = CodeTable::new(&all.codes);
        let full = bare.with_tree(tree).with_prefix(&all.prefix).with_multi_index(index);
        let ordered: Vec<Pdq> = all.codes.iter().map(|c| Pdq::from_store_order(*c)).collect();
        let mut expected = Vec::new();
        for (number, target) in (0u32..).zip(targets) {
            let query = Pdq::from_store_order(target.code);
            let near = brute_force(&ordered, query, target.radius);
            let near = near.into_iter();
            expected.extend(near.map(|(index, distance)| Match {
                target: number,
                index,
                distance,
            }));
        }
        let set = TargetSet::new(targets);
        use Method::{Auto, BkTree, Linear, MultiIndex as Multi, Prefix};
        for table in [bare, bare.with_tree(tree), bare.with_prefix(&all.prefix), full] {
            for method in [Auto, Linear, Prefix, BkTree, Multi] {
                let mut found = Vec::new();
                table.search(method, &set, |hit| found.push(hit)).unwrap();
                found.sort_unstable();
                assert!(found == expected, "{method:?} over {} codes", codes.len());
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn all_methods_find_the_same(
            count in prop_oneof![0usize..3, 0usize..3000],
            clustered in any::<bool>(),
            radii in prop::collection::vec(prop_oneof![0u16..64, 0u16..=255], 1..6),
            seed in any::<u64>(),
        ) {
            let mut source = Codes::seeded(seed);
            let codes = if clustered { source.clustered(count) } else { source.random(count) };
            let mut targets = Vec::new();
            for radius in radii {
                for near in [false, true] {
                    let code = match codes.len() as u64 {
                        count if near && count > 0 => {
                            let code = codes[source.below(count) as usize];
                            source.near(code, u64::from(radius) + 4)
                        }
                        _ => source.code(),
                    };
                    targets.push(Target { code: code.to_store_order(), radius });
                }
            }
            methods_agree(&codes, &targets);
        }
    }

    #[test]
    fn the_normal_distribution() {
        for (z, below) in
            [(0.0, 0.5), (-1.0, 0.158_655_25), (2.0, 0.977_249_87), (-3.0, 0.001_349_9)]
        {
            assert!((normal_below(z) - below).abs() < 2e-7, "{z}");
        }
    }

    #[test]
    fn the_choice_follows_size_and_radius() {
        let choice = |count: usize, radius, batch| {
            let directory = Directory::for_count(count as u32);
            let empty: Vec<u8> = vec![0; directory.table_bytes() as usize];
            let plans = Plans::new(directory);
            let index = MultiIndex::new(&plans, &empty).unwrap();
            let all = Available { count, prefix: true, tree: true, multi: Some(index) };
            choose(all, radius, batch)
        };
        assert_eq!(choice(1_000, 31, 1), Method::Prefix);
        assert_eq!(choice(1_000_000, 0, 1), Method::BkTree);
        assert_eq!(choice(1_000_000, 31, 1), Method::MultiIndex);
        assert_eq!(choice(1_000_000, 31, 1000), Method::MultiIndex);
        assert_eq!(choice(1_000_000, 90, 1), Method::Linear);
        assert_eq!(choice(1_000_000, 255, 64), Method::Linear);
        let bare = Available { count: 1_000_000, ..Available::default() };
        assert_eq!(choose(bare, 0, 1), Method::Linear);
    }
}
