//! Accuracy measured: what changed pictures are found, and how often innocent ones are.
//!
//! [`pictures`] makes or reads originals, [`recall`] changes them and asks for them again,
//! [`chance`] compares innocent pictures with listed ones, [`fit`] lays curves through what was
//! counted and proposes radii, and [`page`] draws all of it for people.
//!
//! ```
//! use hashward_eval::interval::{upper_bound, wilson};
//! let (low, high) = wilson(450, 500); // 90 % found of 500
//! assert!(low > 0.87 && high < 0.93);
//! assert!(upper_bound(0) < 3.0); // the rule of three: none seen says fewer than three expected
//! ```
//!
//! **Guarantees:** the same seed gives the same numbers for any number of threads; what was counted
//! and what was extrapolated are told apart; no hash value leaves this crate.
//! **Does not:** stand for real photographs. Synthetic pictures share their statistics, not their
//! subjects; whoever needs numbers for own material measures them on it.
#![forbid(unsafe_code)]

pub mod chance;
pub mod fit;
pub mod interval;
pub mod page;
mod parallel;
pub mod pictures;
pub mod recall;

/// Told of how much is done and of how much there is; `false` stops the work.
pub type Watcher<'a> = dyn Fn(u64, u64) -> bool + Sync + 'a;

/// The watcher stopped the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;
