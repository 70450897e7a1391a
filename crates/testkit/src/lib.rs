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
#![forbid(unsafe_code)]

mod codes;
mod disk;
mod seal;

pub use codes::{Codes, brute_force};
pub use disk::{Fault, FaultyDisk, Operation};
pub use seal::{seal_directory, seal_segment, seal_tombstones};
