//! The case file: examinations and findings that are kept, in SQLite.
//!
//! A case is a folder. What was examined is kept under its path, together with a [`Stamp`] of the
//! file and the [settings](Case::settings) under which it was examined: an interrupted scan finds
//! again what it has done, and new lists are matched without reading the evidence. Each run's
//! findings are kept as the lines that it printed.
//!
//! ```
//! use hashward_case::{Case, Item, Outcome};
//! let folder = tempfile::tempdir().unwrap();
//! let mut case = Case::open_or_create(&folder.path().join("case")).unwrap();
//! let settings = case.settings("how files are examined").unwrap();
//! let outcome = Outcome::Skipped { reason: "link".to_owned() };
//! let item = Item { path: "photos/link".into(), stamp: None, settings, outcome };
//! case.write(&[item.clone()], None, &[]).unwrap();
//! let kept: Vec<Item> = case.items().unwrap().map(Result::unwrap).collect();
//! assert_eq!(kept, [item]);
//! ```
//!
//! **Guarantees:** what [`Case::write`] has returned from survives a crash of the program or the
//! system; a batch is there whole or not at all; one process writes at a time; a kept item whose
//! bytes changed on the disk is an error, never another finding; items come back in the order in
//! which a scan walks. Memory does not grow with the case.
//! **Does not:** encrypt: a case holds hashes and paths of evidence, and only the folder's
//! permissions guard it.
#![forbid(unsafe_code)]

mod error;
mod item;
mod open;
mod read;
mod write;

pub use error::CaseError;
pub use hashward_evidence::Stamp;
pub use item::{Item, Outcome, Settings};
pub use open::{Case, FILE_NAME};
pub use read::{Items, Reader};
pub use write::RunId;
