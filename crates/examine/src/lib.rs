//! One file in, one bounded Examination record out.
//!
//! [`examine()`] reads a source once; each chunk goes to the digests and, if the content is a
//! picture, down the pipe to a worker process that decodes and hashes it. The [`Examination`]
//! holds what was found and nothing about where the file came from or which lists exist, so that
//! it can be kept and matched again.
//!
//! ```
//! use hashward_evidence::MemorySource;
//! use hashward_examine::{Pictures, Plan, examine};
//! use hashward_media::Limits;
//! use hashward_sandbox::{Pool, PoolLimits, WorkerCommand};
//!
//! // A program calls `worker_main` when it is started with this argument.
//! let command = WorkerCommand::this_program(["__worker"])?;
//! let workers = Pool::new(command, PoolLimits::default())?;
//! let source = MemorySource(b"just words".to_vec());
//! let found = examine(&source, &Plan::default(), &Limits::default(), &workers)?;
//! assert_eq!(found.media_type, "text/plain");
//! assert_eq!(found.pictures, Pictures::NotAPicture);
//! assert!(found.digests.sha256.is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`ReadTogether`] does the same for many files at once: it reads them in turns, so that their
//! digests are computed side by side, and hands out each one when its pass is made.
//!
//! **Guarantees:** the record depends on the bytes, the plan and the limits alone, whatever the
//! number of threads; whatever is wrong with a file is in its record; no decoder runs in the
//! calling process; a worker's answer is checked before it is believed. Memory in the calling
//! process is one chunk (68 KiB) for each running call, and the record; [`ReadTogether`] says what
//! it takes.
//! **Does not:** match anything, or keep pictures.
#![forbid(unsafe_code)]

mod examine;
mod plan;
mod record;
mod together;
mod worker;

pub use examine::{confirm, examine};
pub use plan::Plan;
pub use record::{EXAMINATION_VERSION, Examination, Pictures, RecordError};
pub use together::{Finished, Kept, MOST_FILES, ReadTogether};
pub use worker::worker_main;
