//! Building the tables that a method needs, and what they cost.

use crate::oracle::Wrong;
use hashward_index::mih::{self, Directory, Plans};
use hashward_index::{CodeTable, Method, MultiIndex, Tree, bktree, prefix};
use std::convert::Infallible;
use std::time::{Duration, Instant};

/// Which tables to build besides the codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The BK-tree, which puts the codes into its own order.
    pub tree: bool,
    /// The prefix column.
    pub prefix: bool,
    /// The multi-index.
    pub multi: bool,
}

impl Wanted {
    /// What a method needs; [`Method::Auto`] chooses among all.
    #[must_use]
    pub fn of(method: Method) -> Self {
        let (tree, prefix, multi) = match method {
            Method::Auto => (true, true, true),
            Method::Linear => (false, false, false),
            Method::BkTree => (true, false, false),
            Method::Prefix => (false, true, false),
            Method::MultiIndex => (false, true, true),
        };
        Self { tree, prefix, multi }
    }
}

/// Codes with the tables over them.
pub struct Tables {
    codes: Vec<[u8; 32]>,
    tree: Option<bktree::Arrays>,
    prefix: Option<Vec<[u8; 16]>>,
    multi: Option<(Plans, Vec<u8>)>,
    built: Duration,
}

impl Tables {
    /// Builds what is wanted.
    #[must_use]
    pub fn build(mut codes: Vec<[u8; 32]>, wanted: Wanted) -> Self {
        let start = Instant::now();
        let tree = wanted.tree.then(|| {
            let mut rows: Vec<u32> = (0..codes.len() as u32).collect();
            bktree::build(&mut codes, &mut rows)
        });
        let prefix = wanted.prefix.then(|| codes.iter().map(prefix::of).collect());
        let multi = wanted.multi.then(|| {
            let cut = Directory::for_count(codes.len() as u32);
            let mut tables = Vec::with_capacity(cut.table_bytes() as usize + 4 * codes.len());
            let Ok(directory) = mih::build(&codes, cut, mih::DEFAULT_MEMORY, |part| {
                tables.extend_from_slice(part);
                Ok::<(), Infallible>(())
            });
            (Plans::new(directory), tables)
        });
        Self { codes, tree, prefix, multi, built: start.elapsed() }
    }

    /// The codes, in the order of the tables.
    #[must_use]
    pub fn codes(&self) -> &[[u8; 32]] {
        &self.codes
    }

    /// The table to search.
    ///
    /// # Errors
    /// Never on tables as they were built.
    pub fn table(&self) -> Result<CodeTable<'_>, Wrong> {
        let mut table = CodeTable::new(&self.codes);
        if let Some(arrays) = &self.tree {
            let tree = Tree::new(&arrays.nodes, &arrays.children).map_err(Wrong::Damaged)?;
            table = table.with_tree(tree);
        }
        if let Some(prefix) = &self.prefix {
            table = table.with_prefix(prefix);
        }
        if let Some((plans, tables)) = &self.multi {
            table = table.with_multi_index(MultiIndex::new(plans, tables).map_err(Wrong::Damaged)?);
        }
        Ok(table)
    }

    /// Time that building took, without making the codes.
    #[must_use]
    pub fn build_time(&self) -> Duration {
        self.built
    }

    /// Bytes of all tables and of a row number for each code, by the number of codes.
    #[must_use]
    pub fn bytes_per_hash(&self) -> f64 {
        let tree = self.tree.as_ref().map_or(0, |tree| tree.nodes.len() + tree.children.len());
        let multi = self.multi.as_ref().map_or(0, |(_, tables)| tables.len());
        let each = 32 + 4 + if self.prefix.is_some() { 16 } else { 0 };
        f64::from(each) + (tree + multi) as f64 / self.codes.len().max(1) as f64
    }
}
