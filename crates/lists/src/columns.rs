//! What a column of a header means, told by its name.

use crate::error::{OpenError, RowError};
use crate::row::ListRow;
use hashward_hash::{HashKind, HashValue, Quality};
use serde_json::Value;

/// Prefix of a column whose name would otherwise be taken for one of ours.
pub(crate) const ATTRIBUTE_PREFIX: &str = "attr:";
/// Prefix of a column whose cells are JSON values.
pub(crate) const JSON_PREFIX: &str = "json:";

/// What the cells of a column are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Column {
    Hash(HashKind),
    /// Named `hash`: the kind must come from elsewhere.
    AnyHash,
    Quality,
    Id,
    Name,
    Category,
    Deleted,
    /// Kept as it is.
    Text(String),
    /// Kept as the JSON value that the cell spells.
    Json(String),
}

impl Column {
    /// The meaning of a column's name; case, spaces, `-` and `_` do not matter for known names.
    pub(crate) fn from_name(name: &str) -> Self {
        if let Some(name) = name.strip_prefix(ATTRIBUTE_PREFIX) {
            return Self::Text(name.to_owned());
        }
        if let Some(name) = name.strip_prefix(JSON_PREFIX) {
            return Self::Json(name.to_owned());
        }
        let plain: String = name
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '_'))
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let without_suffix = plain.strip_suffix("hash").filter(|rest| !rest.is_empty());
        if let Some(kind) = HashKind::from_name(without_suffix.unwrap_or(&plain)) {
            return Self::Hash(kind);
        }
        match plain.as_str() {
            "b3" => Self::Hash(HashKind::Blake3),
            "hash" | "hashvalue" => Self::AnyHash,
            "quality" | "pdqquality" => Self::Quality,
            "id" | "entryid" | "sourceid" => Self::Id,
            "name" | "filename" | "file" => Self::Name,
            "category" => Self::Category,
            "deleted" => Self::Deleted,
            _ => Self::Text(name.to_owned()),
        }
    }

    /// True for columns that can make a file a hash list.
    pub(crate) fn is_hash(&self) -> bool {
        matches!(self, Self::Hash(_) | Self::AnyHash)
    }
}

/// The columns of a header, each meaning given once.
#[derive(Debug)]
pub(crate) struct Columns(pub(crate) Vec<Column>);

impl Columns {
    /// Settles a header: gives `hash` its kind and refuses what is ambiguous.
    pub(crate) fn settle(
        mut columns: Vec<Column>,
        kind: Option<HashKind>,
    ) -> Result<Self, OpenError> {
        // The reference's tools name their columns hash, quality and filename.
        let kind = kind.or(columns.contains(&Column::Quality).then_some(HashKind::Pdq));
        for column in &mut columns {
            if *column == Column::AnyHash {
                *column = Column::Hash(kind.ok_or(OpenError::HashColumn)?);
            }
        }
        if !columns.iter().any(Column::is_hash) {
            return Err(OpenError::NoHashColumn);
        }
        for index in 1..columns.len() {
            if !columns[..index].contains(&columns[index]) {
                continue;
            }
            let (field, spare) = match &columns[index] {
                Column::Hash(kind) => (kind.name().to_owned(), None),
                Column::Quality => ("quality".to_owned(), None),
                Column::Id => ("id".to_owned(), None),
                Column::Category => ("category".to_owned(), None),
                Column::Deleted => ("deleted".to_owned(), None),
                // `name` and `filename` side by side are common and no reason to refuse.
                Column::Name => ("name".to_owned(), Some("filename")),
                Column::Text(name) | Column::Json(name) => (name.clone(), None),
                Column::AnyHash => ("hash".to_owned(), None),
            };
            match spare.map(|name| Column::Text(name.to_owned())) {
                Some(spare) if !columns.contains(&spare) => columns[index] = spare,
                _ => return Err(OpenError::ColumnTwice { field }),
            }
        }
        Ok(Self(columns))
    }

    /// Puts one cell where it belongs.
    pub(crate) fn fill(
        &self,
        index: usize,
        cell: &[u8],
        row: &mut ListRow,
    ) -> Result<(), RowError> {
        let Some(column) = self.0.get(index) else { return Ok(()) };
        match column {
            Column::Hash(kind) => push_hash(*kind, cell, row)?,
            Column::Quality => row.quality = parse_quality(cell)?,
            Column::Id => row.source_id = row.text("id", cell),
            Column::Name => row.name = row.text("name", cell),
            Column::Category => row.category = row.text("category", cell),
            Column::Deleted => row.deleted = parse_deleted(cell)?,
            Column::Text(name) => {
                if let Some(text) = row.text(name, cell) {
                    row.attributes.insert(name.clone(), Value::String(text));
                }
            }
            Column::Json(name) => {
                if !cell.is_empty() {
                    let value = serde_json::from_slice(cell)
                        .map_err(|error| RowError::Json { column: error.column() })?;
                    row.attributes.insert(name.clone(), value);
                }
            }
            Column::AnyHash => return Err(RowError::NoHash),
        }
        Ok(())
    }
}

/// Adds a hash of a known kind; an empty text adds nothing. A CRC-32 without the size of its file
/// is no hash of ours: it is kept as an attribute.
pub(crate) fn push_hash(kind: HashKind, text: &[u8], row: &mut ListRow) -> Result<(), RowError> {
    let text = text.trim_ascii();
    if kind == HashKind::Crc32 && !text.contains(&b':') {
        if let Some(text) = row.text(kind.name(), text) {
            row.attributes.insert(kind.name().to_owned(), Value::String(text));
        }
    } else if !text.is_empty() {
        row.hashes.push(parse_hash(kind, text)?);
    }
    Ok(())
}

/// Reads the text form of a hash.
pub(crate) fn parse_hash(kind: HashKind, text: &[u8]) -> Result<HashValue, RowError> {
    let text = std::str::from_utf8(text).map_err(|_| RowError::NotUtf8)?;
    HashValue::parse(kind, text).map_err(|error| RowError::Hash { kind, error })
}

/// Reads a quality; an empty text is an unknown quality.
pub(crate) fn parse_quality(cell: &[u8]) -> Result<Option<Quality>, RowError> {
    let cell = cell.trim_ascii();
    if cell.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(cell).map_err(|_| RowError::Quality)?;
    match text.parse::<u8>() {
        Ok(value) if value <= 100 => Ok(Some(Quality(value))),
        _ => Err(RowError::Quality),
    }
}

fn parse_deleted(cell: &[u8]) -> Result<bool, RowError> {
    match cell.trim_ascii().to_ascii_lowercase().as_slice() {
        b"" | b"0" | b"false" | b"no" => Ok(false),
        b"1" | b"true" | b"yes" => Ok(true),
        _ => Err(RowError::Deleted),
    }
}
