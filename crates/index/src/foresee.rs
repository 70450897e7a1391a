//! What a search will read, told before anything reads it: for tables of which only those parts are
//! proved sound that an answer rests on.

use crate::mih::Places;
use crate::{CodeTable, Damaged, Method, TargetSet};
use std::ops::Range;

/// A stretch of bytes that a search reads from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The codes.
    Codes,
    /// The BK-tree, nodes and children.
    Tree,
    /// The prefix column.
    Prefixes,
    /// The tables of the multi-index.
    MultiTables,
}

/// Where in a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where<'a> {
    /// All of it.
    Everywhere,
    /// At these places, in bytes from its start, which may overlap and lie behind its end.
    At(&'a [Range<usize>]),
}

/// Targets that one walk is worth: together they need most of the tables.
const MOST_TARGETS: usize = 4;

impl CodeTable<'_> {
    /// Calls `need` for everything that [`CodeTable::search`] with the same method and targets will
    /// read, before reading it here. Costs about as much as a search where that uses the
    /// multi-index, and nothing where it reads everything anyway.
    ///
    /// # Errors
    /// What `need` gives, or [`Damaged`] as the search would.
    pub fn foresee<E: From<Damaged>>(
        &self,
        method: Method,
        targets: &TargetSet,
        need: &mut dyn FnMut(Part, Where<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let all = targets.prepared();
        let kin = self.kin(method, targets);
        if !kin.is_empty() {
            need(Part::Codes, Where::Everywhere)?;
        }
        self.ways(method, &kin.alone, |method, part| {
            let parts: &[Part] = match (method, self.tree, self.prefix, self.multi) {
                (Method::BkTree, Some(_), ..) => &[Part::Tree, Part::Codes],
                (Method::MultiIndex, _, Some(prefix), Some(index)) => {
                    if all.len() > MOST_TARGETS {
                        &[Part::MultiTables, Part::Prefixes, Part::Codes]
                    } else {
                        Places { index, prefix }.foresee(part, need)?;
                        &[]
                    }
                }
                (Method::Prefix | Method::MultiIndex, _, Some(_), _) => {
                    &[Part::Prefixes, Part::Codes]
                }
                _ => &[Part::Codes],
            };
            parts.iter().try_for_each(|part| need(*part, Where::Everywhere))
        })
    }
}
