//! What can go wrong, with advice.

use std::path::PathBuf;

/// Why the catalogue cannot be opened, read or changed.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// There is no catalogue in the folder.
    #[error("{}: there is no database here; make one with `hashward db create`", path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// There is a catalogue already.
    #[error("{}: there is a database here already", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// Creation did not come to its end.
    #[error(
        "{}: the database was never finished; delete the folder and create it again",
        path.display()
    )]
    Unfinished {
        /// The folder.
        path: PathBuf,
    },
    /// Another process is changing the database.
    #[error("another import or change of this database is running; try again when it has ended")]
    Busy,
    /// The catalogue is damaged.
    #[error("{}: the catalogue is damaged: {detail}; restore the database from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite found.
        detail: String,
    },
    /// The catalogue has another format.
    #[error(
        "{}: the catalogue has format {found}, this program reads {expected}; use the program's version that wrote it",
        path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// Ours.
        expected: i64,
    },
    /// The catalogue kept changing while it was read.
    #[error("{}: the catalogue kept changing while it was read; try again", path.display())]
    Unsteady {
        /// The file.
        path: PathBuf,
    },
    /// The database was opened for reading only.
    #[error("the database was opened for reading only")]
    ReadOnly,
    /// There is a scheme of that name.
    #[error(
        "there is a scheme `{name}` already; schemes do not change, so give yours another name"
    )]
    SchemeExists {
        /// Its name.
        name: String,
    },
    /// SQLite is too old.
    #[error("SQLite {found} has a known fault that damages databases; 3.51.3 or newer is needed")]
    OldSqlite {
        /// Its version.
        found: &'static str,
    },
    /// A file operation failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// SQLite refused.
    #[error("the catalogue cannot be read or written: {0}")]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for CatalogueError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
        match error.sqlite_error_code() {
            Some(DatabaseBusy | DatabaseLocked) => Self::Busy,
            _ => Self::Sqlite(error),
        }
    }
}

/// What is wrong with the audit chain.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The catalogue could not be read.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// A record's file is not there or cannot be read.
    #[error("audit record {seq} is missing: {}: {source}", path.display())]
    Missing {
        /// Number of the record.
        seq: u64,
        /// Its file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A record's file is not what was written.
    #[error("audit record {seq} was edited: {}: the content does not fit its name", path.display())]
    Edited {
        /// Number of the record.
        seq: u64,
        /// Its file.
        path: PathBuf,
    },
    /// A record is no audit record.
    #[error("audit record {seq} is not readable: {}", path.display())]
    Unreadable {
        /// Number of the record.
        seq: u64,
        /// Its file.
        path: PathBuf,
    },
    /// A record does not follow the one before it.
    #[error(
        "audit record {seq} does not follow the record before it: records were removed, added or reordered"
    )]
    Order {
        /// Number of the record.
        seq: u64,
    },
    /// What the catalogue says and what the chain says differ.
    #[error("the catalogue and the audit chain differ: {detail}")]
    Disagree {
        /// In what.
        detail: String,
    },
}
