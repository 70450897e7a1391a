//! The facade: hash lists in, a collection examined, verdicts out; all threads live here.
//!
//! ```
//! use hashward_engine::database::Database;
//! use hashward_engine::import::ImportRequest;
//! use hashward_engine::scan::{ScanOptions, scan};
//! use hashward_engine::verdict::{Record, Tier};
//! use hashward_engine::{Progress, Stop};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let (tree, list) = (folder.path().join("tree"), folder.path().join("list.csv"));
//! std::fs::create_dir(&tree)?;
//! std::fs::write(tree.join("abc.txt"), "abc")?;
//! std::fs::write(&list, "id,md5\nfirst,900150983cd24fb0d6963f7d28e17f72\n")?;
//!
//! let mut database = Database::create(&folder.path().join("db"))?;
//! database.import(ImportRequest::new("example").file(list), &mut |_| {})?;
//! let mut found = Vec::new();
//! let mut sink = |record: &Record| {
//!     if let Record::Match(record) = record {
//!         found.extend(record.matches.iter().map(|m| (m.entry.clone(), m.tier)));
//!     }
//!     Ok(())
//! };
//! let (options, progress, stop) = (ScanOptions::default(), Progress::new(), Stop::new());
//! let generation = database.generation();
//! let summary = scan(&generation, &[tree], &options, &mut sink, &progress, &stop)?;
//! assert!(summary.complete);
//! assert_eq!(found, [("first".to_owned(), Tier::Exact)]);
//! # Ok(())
//! # }
//! ```
//!
//! **Guarantees:** the same records in the same order for any number of threads, any instruction
//! set and any search method; known material is verified before anything is matched against it; a
//! file that fails is a record, not the end of the run; memory does not grow with the collection;
//! an import takes effect whole or not at all.
//!
//! **Does not:** prove anything by silence about a file unless the summary is `complete`, and then
//! only that no listed hash lies within the radius: large crops, collages and the like escape PDQ.
//! Pictures are decoded by worker processes, so a program that uses this crate must call
//! [`worker_main`] when it is started with [`WORKER_ARGUMENT`], or name another program.
#![forbid(unsafe_code)]

pub mod calibrate;
pub mod chance;
mod crew;
pub mod database;
mod examiner;
mod expect;
pub mod export;
pub mod hasher;
pub mod hashing;
pub mod import;
mod keeper;
pub mod lookup;
pub mod matching;
mod memory;
mod pipeline;
mod progress;
pub mod propose;
mod provenance;
pub mod radii;
pub mod register;
pub mod rematch;
mod reorder;
pub mod scan;
pub mod settings;
pub mod trust;
pub mod verdict;

pub use examiner::{WORKER_ARGUMENT, threads};
pub use hashward_examine::worker_main;
pub use hashward_kernels::Backend;
pub use hashward_media::Rectangle;
pub use hashward_store::{Generation, ListKind};
pub use memory::MemoryHasher;
pub use pipeline::Order;
pub use progress::{Progress, Snapshot, Stop};
