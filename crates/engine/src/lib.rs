//! The facade: import, match, scan, verdict, progress.
#![forbid(unsafe_code)]

mod examiner;
pub mod hashing;
pub mod lookup;
pub mod matching;
mod pipeline;
mod progress;
mod reorder;
pub mod scan;
pub mod verdict;

pub use examiner::{WORKER_ARGUMENT, threads};
pub use hashward_examine::worker_main;
pub use hashward_store::Generation;
pub use pipeline::Order;
pub use progress::{Progress, Snapshot, Stop};
