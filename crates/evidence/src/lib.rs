//! Where bytes come from: files and folders, read without leaving a trace where the system permits.
//!
//! ```
//! use hashward_evidence::{Item, ReadAt, Walk};
//! let folder = tempfile::tempdir().unwrap();
//! std::fs::write(folder.path().join("a.txt"), "seen").unwrap();
//! for item in Walk::new([folder.path()]) {
//!     let Item::File(file) = item else { panic!("only a file is there") };
//!     let source = file.open().unwrap();
//!     let mut bytes = [0; 8];
//!     assert_eq!(source.read_at(&mut bytes, 0).unwrap(), 4);
//!     assert!(!source.changed().unwrap());
//! }
//! ```
//!
//! **Guarantees:** a walk yields its items in byte order of path components, the same on every
//! run over the same tree, in bounded memory however large or deep a folder is. No link is
//! followed below a root. On Unix everything is opened relative to its folder, read-only, without
//! blocking on pipes and, for files of the user's own, without touching access times.
//!
//! **Does not:** freeze the tree. What changes during a walk may be seen or missed; a file that
//! changes while it is read is recognised by [`ReadAt::changed`]. Access times of other people's
//! files change as with any reader unless the file system is mounted without them.
#![forbid(unsafe_code)]

mod names;
mod os;
mod source;
mod walk;

pub use source::{MemorySource, ReadAt, Stamp};
pub use walk::{File, FileSource, Item, OpenError, SkipReason, Totals, Walk, measure};
