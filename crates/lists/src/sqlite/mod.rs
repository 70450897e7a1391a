//! Lists that are SQLite databases: NSRL's RDS 3 and `.kdb`. The only place of this crate that
//! knows SQLite, because a list that somebody else made cannot be read without it.
//!
//! A foreign database is opened read-only and as immutable, so that nothing is ever written beside
//! it. What its schema says is not trusted: functions with effects are off, views may not recurse
//! and call but a few functions, values are bounded, and work between two rows is.

mod kdb;
mod nsrl;
mod write;

pub(crate) use write::KdbWriter;

use crate::detect::SQLITE_MAGIC;
use crate::error::{BadRow, OpenError, Place, ReadError, RowError};
use crate::format::ListFormat;
use crate::lines::MAX_RECORD;
use crate::reader::ReadOptions;
use crate::row::ListRow;
use hashward_hash::{HashKind, HashValue};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Steps of SQLite's machine between two looks at the bound.
const STEPS: i32 = 1 << 20;
/// How many times that a row may cost: about a minute.
const MAX_LOOKS: u64 = 4096;

/// Takes rows and bad rows, and says whether to go on.
pub type Visit<'a> = dyn FnMut(Result<&mut ListRow, BadRow>) -> ControlFlow<()> + 'a;

/// Reads the rows of a list that is an SQLite database.
pub struct DatabaseReader {
    connection: Connection,
    format: ListFormat,
    /// More rows than bytes would mean that a view makes them up.
    max_rows: u64,
    looks: Arc<AtomicU64>,
    empty_digests: u64,
}

impl std::fmt::Debug for DatabaseReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DatabaseReader({})", self.format)
    }
}

/// What the rows of a database are made of.
struct Rows<'a, 'v> {
    visit: &'a mut Visit<'v>,
    row: ListRow,
    number: u64,
    max_rows: u64,
    looks: &'a AtomicU64,
    empty_digests: u64,
}

impl DatabaseReader {
    /// True for the first bytes of an SQLite database.
    #[must_use]
    pub fn is_database(head: &[u8]) -> bool {
        head.starts_with(SQLITE_MAGIC)
    }

    /// Opens a database; its tables tell the format where none is named.
    ///
    /// # Errors
    /// [`OpenError`] when it is no database that is known here, damaged, or in use elsewhere.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Self, OpenError> {
        let mut head = [0; SQLITE_MAGIC.len()];
        let mut file = File::open(path)?;
        let bytes = file.metadata()?.len();
        if file.read_exact(&mut head).is_err() || !Self::is_database(&head) {
            return Err(OpenError::UnknownDatabase);
        }
        refuse_unfinished(path)?;
        let connection = connect(path).map_err(|error| open_error(&error))?;
        let format = format_of(&connection).map_err(|error| open_error(&error))?;
        let format = match (format, options.format) {
            (Some(found), None) => found,
            (Some(found), Some(wanted)) if found == wanted => found,
            _ => return Err(OpenError::UnknownDatabase),
        };
        if !options.map.is_empty() {
            return Err(OpenError::MapFormat { format });
        }
        let looks = Arc::new(AtomicU64::new(0));
        Ok(Self { connection, format, max_rows: bytes, looks, empty_digests: 0 })
    }

    /// The format that is being read.
    #[must_use]
    pub fn format(&self) -> ListFormat {
        self.format
    }

    /// As [`crate::Reader::empty_digests`].
    #[must_use]
    pub fn empty_digests(&self) -> u64 {
        self.empty_digests
    }

    /// Gives every row to `visit`, until it says to stop.
    ///
    /// # Errors
    /// [`ReadError::Database`] when the database cannot be read on.
    pub fn for_each(&mut self, visit: &mut Visit<'_>) -> Result<(), ReadError> {
        let looks = Arc::clone(&self.looks);
        self.looks.store(0, Ordering::Relaxed);
        let mut rows = Rows {
            visit,
            row: ListRow::default(),
            number: 0,
            max_rows: self.max_rows,
            looks: &self.looks,
            empty_digests: 0,
        };
        let bounded = move || looks.fetch_add(1, Ordering::Relaxed) >= MAX_LOOKS;
        let read = self.connection.progress_handler(STEPS, Some(bounded)).and_then(|()| match self
            .format
        {
            ListFormat::Kdb => kdb::read(&mut self.connection, &mut rows),
            _ => nsrl::read(&mut self.connection, &mut rows),
        });
        let (number, exceeded) = (rows.number, rows.number > rows.max_rows);
        self.empty_digests = rows.empty_digests;
        let place = Place::Record(number + 1);
        match read {
            Err(error) => Err(ReadError::Database { place, detail: detail(&error) }),
            Ok(()) if exceeded => {
                let detail = "it gives more rows than it can hold".to_owned();
                Err(ReadError::Database { place, detail })
            }
            Ok(()) => Ok(()),
        }
    }
}

impl Rows<'_, '_> {
    /// Begins a row.
    fn begin(&mut self) -> &mut ListRow {
        self.looks.store(0, Ordering::Relaxed);
        self.number += 1;
        self.row.clear(self.number);
        &mut self.row
    }

    /// Hands the row on, or says what was wrong with it.
    fn end(&mut self, filled: Result<(), RowError>) -> ControlFlow<()> {
        if self.number > self.max_rows {
            return ControlFlow::Break(());
        }
        match filled.and_then(|()| self.row.settle()) {
            Ok(left_out) => {
                self.empty_digests += left_out;
                if self.row.says_something() {
                    (self.visit)(Ok(&mut self.row))
                } else {
                    ControlFlow::Continue(())
                }
            }
            Err(error) => (self.visit)(Err(BadRow { place: Place::Record(self.number), error })),
        }
    }
}

/// A journal beside the file would change its content, and reading it would mean writing.
fn refuse_unfinished(path: &Path) -> Result<(), OpenError> {
    let name = path.file_name().unwrap_or_default();
    for suffix in ["-wal", "-journal"] {
        let mut beside = name.to_owned();
        beside.push(suffix);
        if path.with_file_name(&beside).metadata().is_ok_and(|it| it.len() > 0) {
            let beside = beside.to_string_lossy().into_owned();
            return Err(OpenError::DatabaseInUse { beside });
        }
    }
    Ok(())
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(address(path), flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_RECORD as i32)?;
    connection.set_limit(Limit::SQLITE_LIMIT_COLUMN, 256)?;
    connection.set_limit(Limit::SQLITE_LIMIT_EXPR_DEPTH, 100)?;
    connection.set_limit(Limit::SQLITE_LIMIT_COMPOUND_SELECT, 8)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    // Sorting within SQLite, which few lists need, goes to the disk and not into memory.
    connection.pragma_update(None, "temp_store", 1)?;
    Ok(connection)
}

/// The path as a URI that says that nobody changes the file.
fn address(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    #[cfg(unix)]
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec();
    #[cfg(not(unix))]
    let bytes = format!("/{}", path.to_string_lossy().replace('\\', "/")).into_bytes();
    let mut uri = "file:".to_owned();
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~') {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri + "?immutable=1"
}

/// The format that the tables tell.
fn format_of(connection: &Connection) -> rusqlite::Result<Option<ListFormat>> {
    let mut statement = connection.prepare(
        "SELECT lower(name), type, upper(substr(ltrim(sql), 1, 14)) FROM sqlite_master
         WHERE lower(name) IN ('hashes', 'db_properties', 'file') AND type IN ('table', 'view')",
    )?;
    let (mut hashes, mut properties, mut file) = (false, false, false);
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, kind, sql): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let plain = kind == "table" && sql != "CREATE VIRTUAL";
        hashes |= name == "hashes" && plain;
        properties |= name == "db_properties" && plain;
        file |= name == "file" && (plain || kind == "view");
    }
    Ok(match (hashes && properties, file) {
        (true, _) => Some(ListFormat::Kdb),
        (false, true) => Some(ListFormat::NsrlDb),
        (false, false) => None,
    })
}

fn open_error(error: &rusqlite::Error) -> OpenError {
    OpenError::Database { detail: detail(error) }
}

/// What SQLite says about the file or the schema; errors of values are told apart before.
fn detail(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::OperationInterrupted) => {
            "finding the next row takes too much work".to_owned()
        }
        _ => error.to_string(),
    }
}

/// Adds a hash that stands as text of hexadecimal digits or as bytes.
fn push_hash(kind: HashKind, value: ValueRef<'_>, row: &mut ListRow) -> Result<(), RowError> {
    match value {
        ValueRef::Null => {}
        ValueRef::Text(text) => crate::columns::push_hash(kind, text, row)?,
        ValueRef::Blob([]) => {}
        ValueRef::Blob(bytes) => {
            let form =
                RowError::Form { form: "of a table whose digests have the length of their kind" };
            row.hashes.push(HashValue::from_bytes(kind, bytes).ok_or(form)?);
        }
        _ => return Err(RowError::JsonType { field: kind.name(), expected: "text or bytes" }),
    }
    Ok(())
}

/// Text of a cell; numbers are kept as their text.
fn text(field: &str, value: ValueRef<'_>, row: &mut ListRow) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => row.text(field, bytes),
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
    }
}
