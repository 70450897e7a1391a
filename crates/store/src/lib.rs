//! Versioned, checksummed, memory-mapped generations of known material.
//!
//! ```
//! use hashward_hash::{Digests, Distance, HashValue, Quality};
//! use hashward_store::{
//!     BuildOptions, EntryId, EntryKey, EntryRow, Generation, List, Manifest, Method, Opaque, Query,
//!     Store,
//! };
//! let dir = tempfile::tempdir()?;
//! let store = Store::create(dir.path())?;
//! let mut builder = store.builder(BuildOptions::default())?;
//! let hashes = vec![HashValue::Md5([7; 16])];
//! builder.push(&EntryRow {
//!     key: EntryKey::of(None, &hashes),
//!     entry: EntryId(1),
//!     source_row: 1,
//!     hashes,
//!     quality: None,
//!     source_id: None,
//!     name: Some("first.jpg".to_owned()),
//!     category: None,
//!     attributes: None,
//!     signature: None,
//! })?;
//! let segment = builder.finish()?;
//! let mut manifest = Manifest::empty();
//! manifest.lists.push(List {
//!     id: 1,
//!     name: "example".to_owned(),
//!     version: 1,
//!     segments: vec![segment.to_ref()],
//!     ..List::default()
//! });
//! let generation = Generation::open(dir.path(), store.write_manifest(&manifest)?)?;
//! generation.verify()?;
//! let digests = Digests { md5: Some([7; 16]), ..Digests::default() };
//! let hits = generation.query(&Query {
//!     digests: &digests,
//!     perceptual: &[],
//!     opaque: Opaque::NONE,
//!     radius: Distance(31),
//!     min_quality: Quality(50),
//!     method: Method::Auto,
//! })?;
//! assert_eq!(generation.entry(hits[0].place)?.name.as_deref(), Some("first.jpg"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Guarantees:** opening any bytes gives an error or a segment, and no query on it panics or
//! reads outside it; an answer rests on bytes that were verified, all of them beforehand
//! ([`Generation::verify`]) or each block before its first use;
//! files get their names only once they are complete and on the disk, and are never changed after;
//! the same rows give the same file. The layout is described in `FORMAT.md`.
//!
//! **Does not:** decide which generation is current, keep writers apart (the catalogue does both),
//! or survive somebody else truncating an open file or a disk that can no longer read one: on Unix
//! either ends the process with SIGBUS. Copy a database from an unreliable medium before using it.

mod assemble;
mod build;
mod column;
mod compact;
mod day;
mod disk;
mod error;
pub mod format;
mod generation;
mod ids;
mod known;
mod manifest;
mod map;
mod query;
mod registered;
mod row;
mod rows;
mod segment;
mod sort;
mod sound;
mod spool;
mod store;
mod tombstones;
mod verify;

pub use build::{BuildOptions, SegmentBuilder, SegmentInfo};
pub use day::{Day, NoDay};
pub use disk::{Disk, DiskFile, RealDisk, SpoolFile, replace_file};
pub use error::{ReadError, WriteError};
pub use format::FORMAT_VERSION;
pub use generation::{Generation, Place};
pub use hashward_index::Method;
pub use ids::{ContentDigest, EntryId, EntryKey};
pub use known::{KnownRow, KnownRows};
pub use manifest::{Category, List, ListKind, Manifest, Scheme, SegmentRef};
pub use map::Bytes;
pub use query::{By, Hit, Opaque, OpaqueHash, Query, QueryHash, Reach};
pub use registered::LocalHit;
pub use row::{EntryMeta, EntryRow, KindMask, payload_digest};
pub use rows::{Entries, LiveRow, LiveRows, WholeRows};
pub use segment::Segment;
pub use sort::{ExternalSorter, Record, SortedRecords};
pub use store::{Referenced, Store, Swept};
pub use tombstones::{TOMBSTONE_HEADER_BYTES, TOMBSTONE_MAGIC};
pub use verify::VerifyReport;
