//! Brute force: the answer that every method must give before it is timed.

use hashward_index::{CodeTable, Damaged, Match, Method, Target, TargetSet};

/// A method that must not be timed.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// It gives another answer than brute force.
    #[error("{method:?} gives {found} matches where brute force gives {expected}, or others")]
    Answer {
        /// The method.
        method: Method,
        /// Its matches.
        found: usize,
        /// Those that there are.
        expected: usize,
    },
    /// A table that was just built is not what it should be.
    #[error("{0}")]
    Damaged(Damaged),
}

/// All matches in ascending order, by comparing every pair word by word. Shares no code with what
/// it judges.
#[must_use]
pub fn brute_force(codes: &[[u8; 32]], targets: &[Target]) -> Vec<Match> {
    let words = |code: &[u8; 32]| -> [u64; 4] {
        let (words, _) = code.as_chunks::<8>();
        std::array::from_fn(|at| u64::from_le_bytes(words[at]))
    };
    let targets: Vec<([u64; 4], u32)> =
        targets.iter().map(|target| (words(&target.code), target.radius.into())).collect();
    let mut all = Vec::new();
    for (index, code) in (0u32..).zip(codes) {
        let code = words(code);
        for (target, (wanted, radius)) in (0u32..).zip(&targets) {
            let distance: u32 = code.iter().zip(wanted).map(|(a, b)| (a ^ b).count_ones()).sum();
            if distance <= *radius {
                all.push(Match { target, index, distance: distance as u16 });
            }
        }
    }
    all.sort_unstable();
    all
}

/// Compares a method's answer with what brute force gave.
pub(crate) fn check(
    table: &CodeTable<'_>,
    method: Method,
    targets: &[Target],
    expected: &[Match],
) -> Result<(), Wrong> {
    let mut found = Vec::new();
    table
        .search(method, &TargetSet::new(targets), |hit| found.push(hit))
        .map_err(Wrong::Damaged)?;
    found.sort_unstable();
    if found == expected {
        return Ok(());
    }
    Err(Wrong::Answer { method, found: found.len(), expected: expected.len() })
}
