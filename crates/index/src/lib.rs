//! Exact radius search and digest look-up over borrowed slices.
//!
//! Tables are plain bytes (a memory map serves as it is, at any alignment and on any byte order);
//! every method gives the same set of matches, and the linear scan defines it.
//!
//! ```
//! use hashward_index::{CodeTable, Method, Target, TargetSet};
//! let codes = [[0u8; 32], [0xff; 32]];
//! let targets = TargetSet::new(&[Target { code: [1; 32], radius: 32 }]);
//! let mut found = Vec::new();
//! CodeTable::new(&codes).search(Method::Auto, &targets, |near| found.push(near)).unwrap();
//! assert_eq!((found.len(), found[0].index, found[0].distance), (1, 0, 32));
//! ```
//!
//! **Guarantees:** recall is exactly 1 for every method on tables as their builders wrote them; on
//! tables with any other bytes a search ends, does not panic and reads nothing outside them.
//! **Does not:** detect that a table was altered, except where its structure is impossible
//! ([`Damaged`]); that is what the store's checksums are for.
#![forbid(unsafe_code)]

pub mod bktree;
pub mod exact;
mod foresee;
mod kin;
pub mod linear;
pub mod mih;
pub mod opaque;
pub mod permutation;
pub mod plan;
pub mod prefix;
mod targets;

pub use bktree::Tree;
pub use exact::DigestTable;
pub use foresee::{Part, Where};
pub use mih::MultiIndex;
pub use targets::{Target, TargetSet};

use hashward_kernels::hamming::Near;
use kin::Kin;
use targets::Prepared;

/// A code of the table within the radius of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    /// Position of the target in the query set.
    pub target: u32,
    /// Position of the code in the table.
    pub index: u32,
    /// Number of bits in which they differ.
    pub distance: u16,
}

/// How to search. The matches are the same; only the time differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Method {
    /// Whatever should be fastest, see [`plan`].
    #[default]
    Auto,
    /// Compare with every code.
    Linear,
    /// Walk the BK-tree; a table that has none is scanned.
    BkTree,
    /// Compare the prefix column, and whole codes where it is close; a table that has none is
    /// scanned.
    Prefix,
    /// Look up near values in the multi-index; a table that has none is scanned.
    MultiIndex,
}

/// A table whose structure cannot be that of any table that was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged(pub &'static str);

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Damaged {}

/// A table of 256-bit codes with the indexes that it has.
#[derive(Clone, Copy)]
pub struct CodeTable<'a> {
    codes: &'a [[u8; 32]],
    tree: Option<Tree<'a>>,
    prefix: Option<&'a [[u8; 16]]>,
    multi: Option<MultiIndex<'a>>,
}

impl<'a> CodeTable<'a> {
    /// A table without further indexes.
    #[must_use]
    pub const fn new(codes: &'a [[u8; 32]]) -> Self {
        Self { codes, tree: None, prefix: None, multi: None }
    }

    /// The same table with the BK-tree that was built when its codes were put in this order.
    #[must_use]
    pub const fn with_tree(mut self, tree: Tree<'a>) -> Self {
        self.tree = Some(tree);
        self
    }

    /// The same table with its prefix column: [`prefix::of`] each code.
    #[must_use]
    pub const fn with_prefix(mut self, prefix: &'a [[u8; 16]]) -> Self {
        self.prefix = Some(prefix);
        self
    }

    /// The same table with its multi-index, which is used only together with a prefix column.
    #[must_use]
    pub const fn with_multi_index(mut self, index: MultiIndex<'a>) -> Self {
        self.multi = Some(index);
        self
    }

    /// The codes.
    #[must_use]
    pub const fn codes(&self) -> &'a [[u8; 32]] {
        self.codes
    }

    /// Checks that each index that the table has is that of exactly these codes.
    ///
    /// # Errors
    /// [`Damaged`] when one is not.
    pub fn check(&self) -> Result<(), Damaged> {
        self.tree.map_or(Ok(()), |tree| tree.check(self.codes))?;
        self.prefix.map_or(Ok(()), |column| prefix::check(self.codes, column))?;
        self.multi.map_or(Ok(()), |index| index.check(self.codes))
    }

    /// Calls `found` for each pair of a target and a code within its radius, in no particular
    /// order, and gives the number of pairs that were compared, by their prefixes or whole. Equal
    /// targets are searched once.
    ///
    /// # Errors
    /// [`Damaged`] when an index is not one of these codes; matches given before are then not all.
    pub fn search(
        &self,
        method: Method,
        targets: &TargetSet,
        mut found: impl FnMut(Match),
    ) -> Result<u64, Damaged> {
        let kin = self.kin(method, targets);
        let mut distances = kin.search(self.codes, |of, Near { index, distance }| {
            for &target in targets.numbers(of) {
                found(Match { target, index, distance });
            }
        });
        self.ways(method, &kin.alone, |method, part| -> Result<(), Damaged> {
            distances += self.search_by(method, part, |hit| {
                for &target in targets.numbers(&part[hit.target as usize]) {
                    found(Match { target, ..hit });
                }
            })?;
            Ok(())
        })?;
        Ok(distances)
    }

    /// Gathers targets that are searched together, where the method is free.
    fn kin<'t>(&self, method: Method, targets: &'t TargetSet) -> Kin<'t> {
        match method {
            Method::Auto => Kin::of(self.available(), targets.prepared()),
            _ => Kin::none(targets.prepared()),
        }
    }

    /// Hands the targets, which come by ascending radius, on in parts that go the same way: all of
    /// them by the given method, or those of each radius by the one that should be fastest for them.
    fn ways<E>(
        &self,
        method: Method,
        prepared: &[Prepared],
        mut go: impl FnMut(Method, &[Prepared]) -> Result<(), E>,
    ) -> Result<(), E> {
        if method != Method::Auto {
            return go(method, prepared);
        }
        // Those that go the same way stand side by side.
        let available = self.available();
        let (mut start, mut end, mut way) = (0, 0, None);
        for same in prepared.chunk_by(|a, b| a.radius == b.radius) {
            let chosen = plan::choose(available, same[0].radius, same.len());
            if let Some(way) = way.replace(chosen).filter(|way| *way != chosen) {
                go(way, &prepared[start..end])?;
                start = end;
            }
            end += same.len();
        }
        way.map_or(Ok(()), |way| go(way, &prepared[start..]))
    }

    /// Searches by a method, or scans where the table lacks what it needs.
    fn search_by(
        &self,
        method: Method,
        targets: &[Prepared],
        found: impl FnMut(Match),
    ) -> Result<u64, Damaged> {
        match (method, self.tree, self.prefix, self.multi) {
            (Method::BkTree, Some(tree), ..) => tree.search(self.codes, targets, found),
            (Method::MultiIndex, _, Some(prefix), Some(index)) => {
                index.search(self.codes, prefix, targets, found)
            }
            (Method::Prefix | Method::MultiIndex, _, Some(prefix), _) => {
                prefix::search(self.codes, prefix, targets, found)
            }
            _ => Ok(linear::search(self.codes, targets, found)),
        }
    }
}
