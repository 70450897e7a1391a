//! Reading: one item by its path, or all of them in order.

use crate::error::CaseError;
use crate::item::{Item, Outcome, Settings, checksum, key, path_of};
use crate::open::{Case, connect, sqlite};
use hashward_evidence::Stamp;
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// Items that are read at a time.
const PAGE: usize = 32;

/// Finds kept items beside the writer, on a connection of its own.
#[derive(Debug)]
pub struct Reader {
    folder: PathBuf,
    connection: Connection,
}

impl Case {
    /// A reader that sees what is committed.
    ///
    /// # Errors
    /// [`CaseError`] when the file cannot be opened once more.
    pub fn reader(&self) -> Result<Reader, CaseError> {
        Ok(Reader { folder: self.folder.clone(), connection: connect(&self.folder)? })
    }

    /// All items in the order in which a scan walks.
    ///
    /// # Errors
    /// [`CaseError`] when the file cannot be opened once more.
    pub fn items(&self) -> Result<Items, CaseError> {
        Ok(Items {
            reader: self.reader()?,
            page: VecDeque::new(),
            after: Vec::new(),
            failed: false,
        })
    }

    /// The descriptions of all settings under which kept items were examined.
    ///
    /// # Errors
    /// [`CaseError`] when they cannot be read.
    pub fn settings_in_use(&self) -> Result<Vec<String>, CaseError> {
        let query = "SELECT description FROM settings WHERE id IN (SELECT settings FROM items) \
                     ORDER BY id";
        let read = || {
            let mut statement = self.connection.prepare(query)?;
            let rows = statement.query_map([], |row| row.get(0))?;
            rows.collect::<Result<Vec<String>, _>>()
        };
        read().map_err(|error| self.sqlite(error))
    }
}

/// An item as it stands in the table, and its key.
type Raw = (Vec<u8>, Vec<u8>, i64, Option<Vec<u8>>, Vec<u8>, i64);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
}

impl Reader {
    /// What is kept of the file at `path`, if it is still in the state `stamp` and was examined
    /// under `settings`.
    ///
    /// # Errors
    /// [`CaseError`] when the case cannot be read or the item is damaged.
    pub fn find(
        &self,
        path: &Path,
        stamp: &Stamp,
        settings: Settings,
    ) -> Result<Option<Outcome>, CaseError> {
        let query = "SELECT key, path, settings, stamp, outcome, checksum FROM items \
                     WHERE key = ?1 AND settings = ?2 AND stamp = ?3";
        let find = || {
            let mut statement = self.connection.prepare_cached(query)?;
            let values = (key(path), settings.0, stamp.to_bytes());
            statement.query_row(values, raw).optional()
        };
        let found = find().map_err(|error| sqlite(&self.folder, error))?;
        found.map(|raw| self.item(raw).map(|item| item.outcome)).transpose()
    }

    fn item(&self, (_, path, settings, stamp, outcome, sum): Raw) -> Result<Item, CaseError> {
        let damaged = |what: &str| CaseError::Damaged {
            path: self.folder.clone(),
            detail: format!("{what} of {}", path_of(&path).display()),
        };
        if checksum(&path, stamp.as_deref(), settings, &outcome) != sum {
            return Err(damaged("the checksum does not fit what is kept"));
        }
        let stamp = match stamp {
            Some(bytes) => Some(Stamp::from_bytes(&bytes).ok_or_else(|| damaged("the stamp"))?),
            None => None,
        };
        let outcome = Outcome::from_bytes(&outcome)
            .ok_or_else(|| damaged("the record is none, or one of another version,"))?;
        Ok(Item { path: path_of(&path), stamp, settings: Settings(settings), outcome })
    }

    fn page(&self, after: &[u8]) -> Result<Vec<Raw>, CaseError> {
        let query = "SELECT key, path, settings, stamp, outcome, checksum FROM items \
                     WHERE key > ?1 ORDER BY key LIMIT ?2";
        let read = || {
            let mut statement = self.connection.prepare_cached(query)?;
            let rows = statement.query_map((after, PAGE as i64), raw)?;
            rows.collect::<Result<Vec<Raw>, _>>()
        };
        read().map_err(|error| sqlite(&self.folder, error))
    }
}

/// All items of a case, a page in memory at a time. Ends after an error.
#[derive(Debug)]
pub struct Items {
    reader: Reader,
    page: VecDeque<Raw>,
    after: Vec<u8>,
    failed: bool,
}

impl Iterator for Items {
    type Item = Result<Item, CaseError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        if self.page.is_empty() {
            match self.reader.page(&self.after) {
                Ok(page) => self.page = page.into(),
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        let raw = self.page.pop_front()?;
        self.after.clone_from(&raw.0);
        let item = self.reader.item(raw);
        self.failed = item.is_err();
        Some(item)
    }
}
