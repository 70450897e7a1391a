//! The facade: import, match, scan, verdict, progress.
#![forbid(unsafe_code)]

pub mod database;
mod examiner;
pub mod export;
pub mod hashing;
pub mod import;
pub mod lookup;
pub mod matching;
mod memory;
mod pipeline;
mod progress;
mod reorder;
pub mod scan;
pub mod verdict;

pub use examiner::{WORKER_ARGUMENT, threads};
pub use hashward_examine::worker_main;
pub use hashward_kernels::Backend;
pub use hashward_store::{Generation, ListKind};
pub use memory::MemoryHasher;
pub use pipeline::Order;
pub use progress::{Progress, Snapshot, Stop};
