//! Hash-list formats: streaming readers and writers, no storage.
//!
//! A list is read row by row into [`ListRow`]s, whatever its format; the format is recognised
//! from the first bytes ([`detect`]) or named ([`ListFormat`]). `FORMATS.md` says for each format
//! what is read, kept and ignored.
//!
//! ```
//! use hashward_lists::{ReadOptions, Reader};
//! let text = "id,md5\nA-1,0123456789abcdef0123456789abcdef\n";
//! let mut reader = Reader::open(text.as_bytes(), &ReadOptions::default()).unwrap();
//! let row = reader.next().unwrap().unwrap();
//! assert_eq!(row.source_id.as_deref(), Some("A-1"));
//! assert_eq!(row.line, 2);
//! assert!(reader.next().is_none());
//! ```
//!
//! **Guarantees:** memory is bounded by the longest permitted record (1 MiB), whatever the input;
//! no error text ever holds a hash or any other content of a row; reading what a writer wrote
//! gives the same entries, as far as the format can hold them; unknown fields are kept.
//! **Does not:** decide what a row means for a database. Repeated rows, identity and tombstones
//! are the importer's business.
#![forbid(unsafe_code)]

mod columns;
mod detect;
mod error;
mod format;
mod lines;
mod reader;
mod readers;
mod row;
mod sqlite;
mod writer;
mod writers;

pub use columns::{ColumnMap, MapError};
pub use detect::detect;
pub use error::{BadRow, OpenError, Place, ReadError, RowError};
pub use format::ListFormat;
pub use lines::MAX_RECORD;
pub use reader::{MAX_FIELDS, ReadOptions, Reader};
pub use row::ListRow;
pub use sqlite::{DatabaseReader, Visit};
pub use writer::{Layout, WriteError, Writer, Written, demand_text};
