//! SQLite: lists, versions, provenance and the audit chain.
//!
//! The catalogue explains; it never decides a match. It grows with lists and versions, not with
//! their rows. All changes of one import become current in one transaction ([`Change::commit`]),
//! which is the one commit point of a database: whatever that transaction names must have been
//! brought to the disk before.
//!
//! ```
//! use hashward_catalogue::{Catalogue, NewAudit, current_time};
//! let folder = tempfile::tempdir().unwrap();
//! std::fs::create_dir(folder.path().join("audit")).unwrap();
//! let disk: std::sync::Arc<dyn hashward_store::Disk> = std::sync::Arc::new(hashward_store::RealDisk);
//! let mut catalogue = Catalogue::create(folder.path(), &disk).unwrap();
//! let mut change = catalogue.begin().unwrap();
//! let audit = NewAudit { action: "create", list: None, details: serde_json::json!({}), generation: "00" };
//! let record = change.audit_record(&audit, &current_time()).unwrap();
//! std::fs::write(folder.path().join("audit").join(record.file_name()), record.bytes()).unwrap();
//! change.set_generation("00", 0).unwrap();
//! change.add_audit(&record).unwrap();
//! change.commit().unwrap();
//! assert_eq!(catalogue.state().unwrap().generation, "00");
//! assert_eq!(hashward_catalogue::verify_audit(folder.path(), &disk, &catalogue, &mut |_| {}).unwrap().records, 1);
//! ```
//!
//! On a disk that conceals what is written ([`Disk::conceals`](hashward_store::Disk::conceals)) the
//! catalogue stands in memory and is written whole, through that disk.
//!
//! **Guarantees:** opening for reading writes nothing into the folder, whatever the medium, also
//! beside a running import and after a crash; the audit chain shows every edit, removal and
//! reordering of records that the catalogue knows.
//! **Does not:** hold hashes of entries, or protect the chain against somebody who rewrites all
//! of it together with the catalogue; that needs a checkpoint kept elsewhere.
#![forbid(unsafe_code)]

mod audit;
mod change;
mod error;
mod model;
mod open;
mod read;
mod schema;
mod scheme;
mod sealed;

pub use audit::{AuditRecord, AuditReport, NewAudit, SealedRecord, current_time, verify_audit};
pub use change::{Change, WriteLock};
pub use error::{AuditError, CatalogueError};
pub use model::{
    AuditRow, Counts, GenerationRow, KeptVersion, ListRecord, ListSettings, NewList, SegmentRow,
    SourceRecord, State, VersionRecord, VersionState,
};
pub use open::{Catalogue, FILE_NAME};
pub use schema::FORMAT;
pub use scheme::{Scheme, SchemeCategory, SchemeError};
pub use sealed::SEALED_FILE_NAME;

/// The folder of audit records inside a database.
pub const AUDIT_FOLDER: &str = "audit";
