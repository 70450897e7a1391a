//! Choosing the method that is expected to be fastest, from a measured cost model.
//!
//! The model counts what a method does for a query on random codes and multiplies by what that was
//! measured to cost, in nanoseconds. Only ratios matter, and only for the time: every method
//! finds the same. What the processor computes differs by a factor of ten between instruction sets
//! and has a row for each in `Speeds`; what the memory takes differs little between machines.
//! The constants are from an AMD Zen 4. To measure anew, time each method over a grid of sizes,
//! radii and batches (`hashward bench search --grid`); the test `planner` compares the choices with
//! such a recorded grid.
//!
//! - **Linear**: every code, and its 32 bytes once per batch from wherever they fit.
//! - **Prefix**: every code's 16 bytes; a block of 32 codes of which one passes is looked at
//!   closely. The distance of random prefixes is binomial, 64 ± 5.66.
//! - **BK-tree**: a node's children within the radius of the query's distance are the share
//!   f = erf((r + ½) / 16) of its codes, because two distances differ by 0 ± 11.3. A node's
//!   children have a twenty-sixth of its codes each, until they are small enough to be scanned.
//! - **Multi-index**: see [`Plan`](crate::mih::Plan).

use crate::mih::MultiIndex;
use crate::{CodeTable, Method, bktree, prefix};
use hashward_kernels::{Backend, backend};
use std::sync::LazyLock;

/// What a kernel takes for a code that is in the cache, in nanoseconds.
struct Speeds {
    /// Comparing a whole code.
    linear: f64,
    /// Comparing a prefix.
    prefix: f64,
    /// Looking closely at a block of prefixes of which one passes.
    close: f64,
    /// Comparing a whole code of a block that was turned word by word.
    turned: f64,
}

impl Speeds {
    /// Measured on one machine with each backend pinned; NEON is an estimate from its instructions.
    const fn of(backend: Backend) -> Self {
        match backend {
            Backend::Avx512 => Self { linear: 0.42, prefix: 0.17, close: 1.8, turned: 0.24 },
            Backend::Avx2 => Self { linear: 1.12, prefix: 0.58, close: 1.8, turned: 1.2 },
            Backend::Neon => Self { linear: 1.2, prefix: 0.8, close: 1.8, turned: 1.2 },
            Backend::Scalar => Self { linear: 2.2, prefix: 2.9, close: 0.0, turned: 3.0 },
        }
    }
}

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
    choose_on(backend(), available, radius, batch)
}

/// [`choose`] for a machine with this backend.
#[must_use]
pub fn choose_on(backend: Backend, available: Available<'_>, radius: u16, batch: usize) -> Method {
    let cost = |method| expected_on(backend, available, method, radius, batch);
    let costs = [Method::MultiIndex, Method::BkTree, Method::Prefix, Method::Linear]
        .map(|method| (method, cost(method)));
    let cheapest = costs.into_iter().min_by(|a, b| a.1.total_cmp(&b.1));
    cheapest.map_or(Method::Linear, |(method, _)| method)
}

/// Expected time per query in nanoseconds; infinite where the table lacks the index or it would
/// take the scan's place only to scan.
#[must_use]
pub fn expected(available: Available<'_>, method: Method, radius: u16, batch: usize) -> f64 {
    expected_on(backend(), available, method, radius, batch)
}

fn expected_on(
    backend: Backend,
    available: Available<'_>,
    method: Method,
    radius: u16,
    batch: usize,
) -> f64 {
    let speeds = Speeds::of(backend);
    let count = available.count as f64;
    let batched = batch.max(1) as f64;
    match method {
        Method::Linear => QUERY + count * (speeds.linear + fetch(32.0, count) / batched),
        Method::Prefix if available.prefix && radius <= prefix::MAX_RADIUS => {
            let passing = SHARES[usize::from(radius)].prefix;
            let close = 1.0 - (1.0 - passing).powi(32);
            let each = speeds.prefix + speeds.close * close + 10.0 * passing;
            QUERY + count * (each + fetch(16.0, count) / batched)
        }
        Method::BkTree if available.tree => QUERY + tree(&speeds, count, radius),
        Method::MultiIndex if available.prefix => {
            let cost = available.multi.and_then(|index| index.cost(radius));
            cost.map_or(f64::INFINITY, |cost| cost * mih_share(batch))
        }
        Method::Auto => {
            let chosen = choose_on(backend, available, radius, batch);
            expected_on(backend, available, chosen, radius, batch)
        }
        _ => f64::INFINITY,
    }
}

/// Expected time in nanoseconds of one of so many passes over the codes, turned word by word.
pub(crate) fn pass(available: Available<'_>, passes: usize) -> f64 {
    /// Turning a code.
    const TURN: f64 = 1.0;
    let count = available.count as f64;
    let shared = (TURN + fetch(32.0, count)) / passes.max(1) as f64;
    QUERY + count * (Speeds::of(backend()).turned + shared)
}

/// What every search costs.
const QUERY: f64 = 60.0;

/// A query of a tree: level by level, until what is below a node is scanned whole.
fn tree(speeds: &Speeds, count: f64, radius: u16) -> f64 {
    /// Nodes are as large as if each had so many equal children.
    const CHILDREN: f64 = 26.0;
    let whole = bktree::scanned_whole(radius) as f64;
    let fetched = fetch(32.0, count);
    let (mut nodes, mut size, mut cost) = (1.0, count, 0.0);
    while size > whole {
        cost += nodes * (80.0 + 220.0 * fetched);
        nodes *= CHILDREN * share_in_reach(radius);
        size /= CHILDREN;
    }
    // Short runs here and there are fetched less well than one long stretch.
    cost + nodes * size * (1.2 * speeds.linear + 1.5 * fetched)
}

/// What a query of the multi-index costs in a batch, as a share of what it costs alone.
fn mih_share(batch: usize) -> f64 {
    if batch < 4 { 1.0 } else { 0.85 }
}

/// Reading one of `count` elements of so many bytes in a stream.
fn fetch(bytes: f64, count: f64) -> f64 {
    let per_byte = match bytes * count {
        ..1e6 => 0.001,
        ..12e6 => 0.002,
        ..24e6 => 0.015,
        _ => 0.03,
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

/// The share of random codes whose distance to a third differs from a query's by at most the radius.
pub(crate) fn share_in_reach(radius: u16) -> f64 {
    SHARES[usize::from(radius).min(SHARES.len() - 1)].tree
}

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
            choose_on(Backend::Avx512, all, radius, batch)
        };
        assert_eq!(choice(1_000, 31, 1), Method::Prefix);
        assert_eq!(choice(100_000, 0, 1), Method::BkTree);
        assert_eq!(choice(1_000_000, 0, 1), Method::MultiIndex);
        assert_eq!(choice(1_000_000, 31, 1), Method::MultiIndex);
        assert_eq!(choice(1_000_000, 31, 1000), Method::MultiIndex);
        assert_eq!(choice(1_000_000, 90, 1), Method::Linear);
        assert_eq!(choice(1_000_000, 255, 64), Method::Linear);
        let bare = Available { count: 1_000_000, ..Available::default() };
        assert_eq!(choose(bare, 0, 1), Method::Linear);
    }
}
