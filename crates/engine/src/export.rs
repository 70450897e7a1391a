//! Writing a list out again in one of the formats.

use crate::database::{Database, DatabaseError};
use crate::import::sorted::FEATURES;
use hashward_hash::{HashKind, HashValue, encode_hex};
use hashward_lists::{Layout, ListFormat, ListRow, Writer, Written};
pub use hashward_lists::{WriteError, demand_text};
use hashward_store::{EntryRow, Generation, List};
use serde::Serialize;
use std::io::Write;
use std::path::Path;

/// Why a list was not written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The target or the format.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// An entry cannot be read back.
    #[error("the other content of an entry is not readable; verify the database")]
    Attributes,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportSummary {
    /// Name of the list.
    pub list: String,
    /// Its version.
    pub version: u64,
    /// Rows written. An entry with several hashes of one kind takes several.
    pub rows: u64,
    /// Entries that the format cannot hold.
    pub left_out: u64,
    /// The kinds of hash of which it demands one of each entry; none where it holds all.
    pub demands: Vec<HashKind>,
    /// What the user should know of how the rows were written.
    pub note: Option<String>,
}

impl Database {
    /// Writes all entries of an active list, in the order of the store; `kind` chooses the hash
    /// for formats that hold one kind.
    ///
    /// # Errors
    /// [`ExportError`] when there is no such list, the format cannot be written, needs a kind or
    /// holds no entry of the list, or the target fails.
    pub fn export(
        &self,
        list: &str,
        format: ListFormat,
        kind: Option<HashKind>,
        out: &mut dyn Write,
    ) -> Result<ExportSummary, ExportError> {
        self.export_in(list, format, kind, out, &std::env::temp_dir())
    }

    /// As [`Database::export`], with a folder for what must be a file of its own before it can be
    /// copied to `out`.
    ///
    /// # Errors
    /// As [`Database::export`].
    pub fn export_in(
        &self,
        list: &str,
        format: ListFormat,
        kind: Option<HashKind>,
        out: &mut dyn Write,
        scratch: &Path,
    ) -> Result<ExportSummary, ExportError> {
        let record = self.list_record(list)?;
        let generation = self.generation();
        let position = generation.lists().iter().position(|compiled| compiled.id == record.id);
        let withdrawn = || DatabaseError::Withdrawn { name: list.to_owned() };
        let index = position.ok_or_else(withdrawn)?;
        generation.verify().map_err(DatabaseError::from)?;
        let compiled = &generation.lists()[index];
        let mut layout = Layout::default();
        each_row(&generation, index, compiled, &mut |row| {
            layout.observe(row);
            Ok(())
        })?;
        let mut writer = Writer::with_scratch(format, &layout, kind, out, scratch)?;
        let mut summary = ExportSummary {
            list: list.to_owned(),
            version: compiled.version,
            rows: 0,
            left_out: 0,
            demands: writer.demands().to_vec(),
            note: None,
        };
        each_row(&generation, index, compiled, &mut |row| {
            match writer.row(row)? {
                Written::Row => summary.rows += 1,
                Written::LeftOut => summary.left_out += 1,
            }
            Ok(())
        })?;
        summary.note = writer.note();
        writer.finish()?;
        Ok(summary)
    }
}

fn each_row(
    generation: &Generation,
    index: usize,
    list: &List,
    visit: &mut dyn FnMut(&ListRow) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    for entry in generation.entries(index).map_err(DatabaseError::from)? {
        for row in rows(entry.map_err(DatabaseError::from)?, list)? {
            visit(&row)?;
        }
    }
    Ok(())
}

/// The rows of an entry: as many as it has hashes of its most frequent kind. Kinds with fewer
/// repeat their last one, so that each row goes by the same hash when it is imported again.
fn rows(entry: EntryRow, list: &List) -> Result<Vec<ListRow>, ExportError> {
    let of_kind = |kind: HashKind| -> Vec<HashValue> {
        entry.hashes.iter().copied().filter(|hash| hash.kind() == kind).collect()
    };
    let kinds: Vec<Vec<HashValue>> =
        HashKind::ALL.map(of_kind).into_iter().filter(|hashes| !hashes.is_empty()).collect();
    let count = kinds.iter().map(Vec::len).max().unwrap_or(0);
    let attributes = match entry.attributes.as_deref() {
        None => Default::default(),
        Some(text) => serde_json::from_str(text).map_err(|_| ExportError::Attributes)?,
    };
    let signature = entry.signature.as_ref().map(|it| encode_hex(it.as_bytes()));
    let template = ListRow {
        line: entry.source_row,
        hashes: Vec::new(),
        quality: entry.quality,
        source_id: entry.source_id,
        name: entry.name,
        category: entry.category.or_else(|| list.category.clone()),
        attributes,
        ..ListRow::default()
    };
    let row = |number: usize| ListRow {
        hashes: kinds.iter().map(|hashes| hashes[number.min(hashes.len() - 1)]).collect(),
        ..template.clone()
    };
    let mut rows: Vec<ListRow> = (0..count).map(row).collect();
    if let Some((first, signature)) = rows.first_mut().zip(signature) {
        first.attributes.insert(FEATURES.to_owned(), signature.into());
    }
    Ok(rows)
}
