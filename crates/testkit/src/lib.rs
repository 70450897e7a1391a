//! Naive oracles, seeded codes and failing disks for tests; never published.
//!
//! ```
//! use hashward_testkit::{Codes, brute_force};
//! let codes = Codes::seeded(1).random(100);
//! assert!(brute_force(&codes, codes[7], 0).contains(&(7, 0)));
//! ```
//!
//! **Guarantees:** the same seed gives the same codes for ever; the oracles share no code with what
//! they judge. **Does not:** run fast.
// SQLite asks for its files through a table of C functions: `vfs` is the one module that answers.
#![deny(unsafe_code)]

mod codes;
#[cfg(feature = "recorded-disk")]
mod crash;
mod disk;
mod seal;
#[cfg(feature = "recorded-disk")]
#[allow(unsafe_code)]
mod vfs;

pub use codes::{Codes, brute_force};
#[cfg(feature = "recorded-disk")]
pub use crash::{Fate, Recorder};
pub use disk::{Fault, FaultyDisk, Operation};
pub use seal::{seal_directory, seal_segment, seal_tombstones};
