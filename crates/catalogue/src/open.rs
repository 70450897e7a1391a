//! Opening: for writing in place, for reading from a copy in memory.

use crate::error::CatalogueError;
use crate::schema::{APPLICATION_ID, FORMAT, SCHEMA, USER_VERSION};
use crate::sealed::Sealed;
use hashward_store::Disk;
use rusqlite::{Connection, MAIN_DB, OpenFlags};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Name of the catalogue's file in the folder of a database.
pub const FILE_NAME: &str = "catalogue.sqlite";

/// 3.51.3 mends a fault by which two connections could damage a database in WAL mode.
const OLDEST_SQLITE: i32 = 3_051_003;

/// How long to wait for another process that is just committing.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

/// An open catalogue.
#[derive(Debug)]
pub struct Catalogue {
    pub(crate) connection: Connection,
    pub(crate) writable: bool,
    /// Keeps the copy of a catalogue that had to be recovered.
    pub(crate) _copy: Option<tempfile::TempDir>,
    /// Where a catalogue is kept that SQLite must not write to the disk itself.
    pub(crate) sealed: Option<Sealed>,
}

impl Catalogue {
    /// Makes a catalogue in a folder. It becomes a database with the first committed change; until
    /// then opening it says that it was never finished. On a disk that conceals what is written it is
    /// a sealed one, which SQLite holds in memory and which is written back whole with each change.
    ///
    /// # Errors
    /// [`CatalogueError`] when there is one already or the folder cannot be written.
    pub fn create(folder: &Path, disk: &Arc<dyn Disk>) -> Result<Self, CatalogueError> {
        check_sqlite()?;
        if disk.conceals() {
            let connection = in_memory(None)?;
            connection.pragma_update(None, "application_id", APPLICATION_ID)?;
            connection.execute_batch(SCHEMA)?;
            let sealed = Some(Sealed::new(folder, disk));
            return Ok(Self { connection, writable: true, _copy: None, sealed });
        }
        let path = folder.join(FILE_NAME);
        let mut options = File::options();
        options.write(true).create_new(true);
        // SQLite gives its other files the same permissions.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => CatalogueError::Exists { path: folder.to_owned() },
            _ => CatalogueError::Io { path: path.clone(), source },
        })?;
        let connection = connect(&path)?;
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.execute_batch(&format!("BEGIN IMMEDIATE; {SCHEMA} COMMIT;"))?;
        Ok(Self { connection, writable: true, _copy: None, sealed: None })
    }

    /// Opens a catalogue for changes and checks it.
    ///
    /// # Errors
    /// [`CatalogueError`] when there is none, it is damaged, or the folder cannot be written.
    pub fn open_for_writing(folder: &Path, disk: &Arc<dyn Disk>) -> Result<Self, CatalogueError> {
        check_sqlite()?;
        if disk.conceals() {
            return Self::open_sealed(folder, disk, true);
        }
        let path = existing(folder)?;
        if let Files { main, log: None } = read_steadily(&path)? {
            check_length(folder, &path, &main)?;
        }
        let connection = connect(&path).map_err(|error| damaged(&path, error))?;
        check(&connection, folder, &path)?;
        Ok(Self { connection, writable: true, _copy: None, sealed: None })
    }

    /// Opens a catalogue for reading, from a copy, so that nothing is written into the folder:
    /// not on read-only media, not beside a running import, not after a crash.
    ///
    /// # Errors
    /// [`CatalogueError`] when there is none or it is damaged.
    pub fn open_for_reading(folder: &Path, disk: &Arc<dyn Disk>) -> Result<Self, CatalogueError> {
        check_sqlite()?;
        if disk.conceals() {
            return Self::open_sealed(folder, disk, false);
        }
        let path = existing(folder)?;
        let (connection, copy) = match read_steadily(&path)? {
            Files { main, log: None } => {
                check_length(folder, &path, &main)?;
                (in_memory(Some((main, true))).map_err(|error| damaged(&path, error))?, None)
            }
            Files { main, log: Some(log) } => {
                let (connection, copy) = recovered(&path, &main, &log)?;
                (connection, Some(copy))
            }
        };
        check(&connection, folder, &path)?;
        Ok(Self { connection, writable: false, _copy: copy, sealed: None })
    }
}

/// Refuses a SQLite with the known fault; ours is built in, so this fails only where somebody
/// has linked another one.
fn check_sqlite() -> Result<(), CatalogueError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(CatalogueError::OldSqlite { found: rusqlite::version() });
    }
    Ok(())
}

fn existing(folder: &Path) -> Result<PathBuf, CatalogueError> {
    let path = folder.join(FILE_NAME);
    match fs::metadata(&path) {
        Ok(_) => Ok(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(CatalogueError::Missing { path: folder.to_owned() })
        }
        Err(source) => Err(CatalogueError::Io { path, source }),
    }
}

/// Refuses a file that ends within a page, which SQLite would fill up with zeros.
fn check_length(folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), CatalogueError> {
    if bytes.is_empty() {
        return Err(CatalogueError::Unfinished { path: folder.to_owned() });
    }
    let page = match bytes.get(16..18) {
        Some(&[0, 1]) => 65_536,
        Some(&[high, low]) => usize::from(high) << 8 | usize::from(low),
        _ => return Ok(()),
    };
    if page != 0 && !bytes.len().is_multiple_of(page) {
        let detail = "the file is cut short".to_owned();
        return Err(CatalogueError::Damaged { path: path.to_owned(), detail });
    }
    Ok(())
}

fn connect(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    settings(&connection)?;
    Ok(connection)
}

fn settings(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update_and_check(None, "mmap_size", 0, |_| Ok(()))
}

/// Finished, of our format, and sound.
pub(crate) fn check(
    connection: &Connection,
    folder: &Path,
    path: &Path,
) -> Result<(), CatalogueError> {
    let pragma = |name| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(|error| damaged(path, error))
    };
    let (application, format) = (pragma("application_id")?, pragma("user_version")?);
    if format == 0 {
        return Err(CatalogueError::Unfinished { path: folder.to_owned() });
    }
    if application != APPLICATION_ID || format != USER_VERSION {
        let (found, expected) = (format - 1, FORMAT);
        return Err(CatalogueError::Format { path: path.to_owned(), found, expected });
    }
    let verdict: String = connection
        .pragma_query_value(None, "quick_check", |row| row.get(0))
        .map_err(|error| damaged(path, error))?;
    if verdict != "ok" {
        return Err(CatalogueError::Damaged { path: path.to_owned(), detail: verdict });
    }
    Ok(())
}

pub(crate) fn damaged(path: &Path, error: rusqlite::Error) -> CatalogueError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => {
            CatalogueError::Damaged { path: path.to_owned(), detail: error.to_string() }
        }
        _ => error.into(),
    }
}

/// The bytes of the catalogue and, where there is content in it, of its write-ahead log.
struct Files {
    main: Vec<u8>,
    log: Option<Vec<u8>>,
}

fn log_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Reads both files in a state that existed at one moment: a checkpoint that writes one from the
/// other while they are read changes their lengths or times.
fn read_steadily(path: &Path) -> Result<Files, CatalogueError> {
    let log_path = log_path(path);
    for attempt in 0..20 {
        if attempt > 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
        let before = (stamp(path)?, stamp(&log_path)?);
        let main = read(path)?.ok_or_else(|| CatalogueError::Missing { path: path.to_owned() })?;
        let log = read(&log_path)?.filter(|log| !log.is_empty());
        if before == (stamp(path)?, stamp(&log_path)?) {
            return Ok(Files { main, log });
        }
    }
    Err(CatalogueError::Unsteady { path: path.to_owned() })
}

fn stamp(path: &Path) -> Result<Option<(u64, Option<SystemTime>)>, CatalogueError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some((metadata.len(), metadata.modified().ok()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CatalogueError::Io { path: path.to_owned(), source }),
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, CatalogueError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CatalogueError::Io { path: path.to_owned(), source }),
    }
}

/// A database in memory: a new one, or one of bytes, which may be for reading only.
pub(crate) fn in_memory(content: Option<(Vec<u8>, bool)>) -> Result<Connection, rusqlite::Error> {
    let mut connection = Connection::open_in_memory()?;
    if let Some((mut bytes, read_only)) = content {
        // Bytes 18 and 19 say that a write-ahead log may exist, which memory cannot have.
        if let Some(versions) = bytes.get_mut(18..20).filter(|versions| **versions == [2, 2]) {
            versions.fill(1);
        }
        connection.deserialize_read_exact(MAIN_DB, &bytes[..], bytes.len(), read_only)?;
    }
    // No journal and no passing file reaches the disk.
    connection.execute_batch(
        "PRAGMA journal_mode = MEMORY; PRAGMA temp_store = MEMORY;
         PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;",
    )?;
    Ok(connection)
}

/// A private copy into which SQLite brings what a crash, or a running import, left in the log.
fn recovered(
    path: &Path,
    main: &[u8],
    log: &[u8],
) -> Result<(Connection, tempfile::TempDir), CatalogueError> {
    let io = |source| CatalogueError::Io { path: std::env::temp_dir(), source };
    // A folder of tempfile is private to the user on Unix.
    let copy = tempfile::Builder::new().prefix("hashward-").tempdir().map_err(io)?;
    let copied = copy.path().join(FILE_NAME);
    fs::write(&copied, main).map_err(io)?;
    fs::write(log_path(&copied), log).map_err(io)?;
    let connection = connect(&copied).map_err(|error| damaged(path, error))?;
    Ok((connection, copy))
}
