//! Opening a case: one writer, checked before it is used.

use crate::error::CaseError;
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Name of the case's file in its folder.
pub const FILE_NAME: &str = "case.sqlite";

/// Held by the process that writes.
const LOCK_NAME: &str = "lock";

/// Marks the file as ours ("hWca").
const APPLICATION_ID: i64 = 0x6857_6361;

/// Format of the case. 0 is an unfinished one.
const FORMAT: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE settings (
    id          INTEGER PRIMARY KEY,
    description TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE items (
    id       INTEGER PRIMARY KEY,
    key      BLOB NOT NULL UNIQUE,
    path     BLOB NOT NULL,
    settings INTEGER NOT NULL REFERENCES settings (id),
    stamp    BLOB,
    outcome  BLOB NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;

CREATE TABLE runs (
    id      INTEGER PRIMARY KEY,
    asked   TEXT NOT NULL,
    summary TEXT
) STRICT;

CREATE TABLE findings (
    run    INTEGER NOT NULL REFERENCES runs (id),
    number INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;
";

/// An open case. No other process writes to it meanwhile.
#[derive(Debug)]
pub struct Case {
    pub(crate) folder: PathBuf,
    pub(crate) connection: Connection,
    _lock: File,
}

impl Case {
    /// Opens the case in a folder, or makes one where the folder is missing or empty. Only its
    /// owner may enter the folder, where the system can say so.
    ///
    /// # Errors
    /// [`CaseError`] when the folder holds something else, the case is damaged or in use, or the
    /// disk refuses.
    pub fn open_or_create(folder: &Path) -> Result<Self, CaseError> {
        let io = |source| CaseError::Io { path: folder.to_owned(), source };
        match fs::create_dir(folder) {
            Ok(()) => {
                #[cfg(unix)]
                fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))
                    .map_err(io)?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(io(error)),
        }
        if folder.join(FILE_NAME).exists() {
            return Self::open(folder);
        }
        for entry in fs::read_dir(folder).map_err(io)? {
            // What a creation leaves behind that was interrupted before anything was in it.
            if entry.map_err(io)?.file_name() != LOCK_NAME {
                return Err(CaseError::NotACase { path: folder.to_owned() });
            }
        }
        let lock = lock(folder)?;
        Self::connected(folder, lock)
    }

    /// Opens the case in a folder.
    ///
    /// # Errors
    /// [`CaseError`] when there is none, it is damaged or in use, or the disk refuses.
    pub fn open(folder: &Path) -> Result<Self, CaseError> {
        if !folder.join(FILE_NAME).exists() {
            return Err(CaseError::Missing { path: folder.to_owned() });
        }
        let lock = lock(folder)?;
        Self::connected(folder, lock)
    }

    fn connected(folder: &Path, lock: File) -> Result<Self, CaseError> {
        let connection = connect(folder)?;
        let mut case = Self { folder: folder.to_owned(), connection, _lock: lock };
        case.prepare()?;
        Ok(case)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the tables of a new case in one transaction; checks an old one.
    fn prepare(&mut self) -> Result<(), CaseError> {
        let pragma = |connection: &Connection, name| {
            connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0))
        };
        let format = pragma(&self.connection, "user_version").map_err(|e| self.sqlite(e))?;
        let application = pragma(&self.connection, "application_id").map_err(|e| self.sqlite(e))?;
        if format == 0 && application == 0 {
            let script = format!(
                "BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id = {APPLICATION_ID}; \
                 PRAGMA user_version = {FORMAT}; COMMIT;"
            );
            return self.connection.execute_batch(&script).map_err(|e| self.sqlite(e));
        }
        if application != APPLICATION_ID {
            return Err(CaseError::NotACase { path: self.folder.clone() });
        }
        if format != FORMAT {
            let (found, expected) = (format, FORMAT);
            return Err(CaseError::Format { path: self.folder.clone(), found, expected });
        }
        let verdict: String = self
            .connection
            .pragma_query_value(None, "quick_check", |row| row.get(0))
            .map_err(|e| self.sqlite(e))?;
        if verdict == "ok" { Ok(()) } else { Err(self.damaged(verdict)) }
    }

    pub(crate) fn sqlite(&self, error: rusqlite::Error) -> CaseError {
        sqlite(&self.folder, error)
    }

    pub(crate) fn damaged(&self, detail: impl Into<String>) -> CaseError {
        CaseError::Damaged { path: self.folder.clone(), detail: detail.into() }
    }
}

/// Takes the lock of a folder, which goes with the process that holds it.
fn lock(folder: &Path) -> Result<File, CaseError> {
    let path = folder.join(LOCK_NAME);
    let io = |source| CaseError::Io { path: path.clone(), source };
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(CaseError::Busy { path: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}

/// A connection to the file in a folder, made durable: a commit has reached the disk.
pub(crate) fn connect(folder: &Path) -> Result<Connection, CaseError> {
    let path = folder.join(FILE_NAME);
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    // SQLite gives its other files the same permissions.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&path).map_err(|source| CaseError::Io { path: path.clone(), source })?;
    let connection = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update_and_check(None, "mmap_size", 0, |_| Ok(()))?;
        Ok(connection)
    };
    connection().map_err(|error| sqlite(folder, error))
}

pub(crate) fn sqlite(folder: &Path, error: rusqlite::Error) -> CaseError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let path = folder.to_owned();
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => {
            CaseError::Damaged { path, detail: error.to_string() }
        }
        _ => CaseError::Sqlite { path, source: error },
    }
}
