//! What a column of a header means, told by its name.

use crate::error::{OpenError, RowError};
use crate::format::ListFormat;
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
    /// Says nothing that the other columns do not say better.
    Ignored,
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
        let plain = plain(name);
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

    /// The meaning of a column's name in a format that has names of its own.
    pub(crate) fn of_format(format: ListFormat, name: &str) -> Self {
        let size = || Self::Text("size".to_owned());
        match (format, plain(name).as_str()) {
            (ListFormat::Nsrl | ListFormat::HashKeeper, "filesize") => size(),
            // A CRC-32 is but a hint, and the row has SHA-1 and MD5.
            (ListFormat::Nsrl, "crc32") => Self::Ignored,
            (ListFormat::HashKeeper, "fileid") => Self::Id,
            (ListFormat::HashKeeper, "hash") => Self::Hash(HashKind::Md5),
            (ListFormat::Icse, "imageid") => Self::Id,
            (ListFormat::Icse, "baseline") => Self::Category,
            _ => Self::from_name(name),
        }
    }

    /// True for columns that can make a file a hash list.
    pub(crate) fn is_hash(&self) -> bool {
        matches!(self, Self::Hash(_) | Self::AnyHash)
    }
}

/// What columns mean, said by the user: `md5=MD5,category=Grade` or, without a header,
/// `md5=#1,category=#4`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnMap(Vec<(String, String)>);

impl ColumnMap {
    /// Reads the form `meaning=column,…`. A meaning is a name as in a header of ours, else the
    /// name of the attribute under which the cells are kept; a column is a name in the header or
    /// its number behind `#`.
    ///
    /// # Errors
    /// [`MapError`] for text of another form, or a meaning that is given twice.
    pub fn parse(text: &str) -> Result<Self, MapError> {
        let mut entries: Vec<(String, String)> = Vec::new();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (meaning, column) = part.split_once('=').ok_or(MapError::Form)?;
            let (meaning, column) = (meaning.trim().to_owned(), column.trim().to_owned());
            let number = column.strip_prefix('#').map(str::parse::<usize>);
            if meaning.is_empty() || column.is_empty() || matches!(number, Some(Err(_) | Ok(0))) {
                return Err(MapError::Form);
            }
            if entries.iter().any(|(known, _)| *known == meaning) {
                return Err(MapError::Twice { meaning });
            }
            entries.push((meaning, column));
        }
        Ok(Self(entries))
    }

    /// True for a map that says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True when every column is given by its number, so that the file needs no header.
    pub(crate) fn is_by_number(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|(_, column)| column.starts_with('#'))
    }

    /// Gives the columns of a header the meanings of the map. What the map says comes before what
    /// a name says: a column whose meaning is taken so is kept as an attribute.
    pub(crate) fn apply(&self, names: &[String], columns: &mut [Column]) -> Result<(), OpenError> {
        let mut mapped = Vec::new();
        for (meaning, column) in &self.0 {
            let by_number = column.strip_prefix('#').and_then(|number| number.parse().ok());
            let index = match by_number {
                Some(number) => Some::<usize>(number).filter(|it| *it <= columns.len()),
                None => {
                    let same = |name: &&String| name.trim() == column;
                    let like = |name: &&String| plain(name.trim()) == plain(column);
                    let at = |found: &String| names.iter().position(|name| name == found);
                    let found = names.iter().find(same).or_else(|| names.iter().find(like));
                    found.and_then(at).map(|index| index + 1)
                }
            };
            let index = index.ok_or_else(|| OpenError::MapColumn { column: column.clone() })? - 1;
            columns[index] = Column::from_name(meaning);
            mapped.push(index);
        }
        for index in 0..columns.len() {
            let taken = |other: &usize| columns[*other] == columns[index];
            if !mapped.contains(&index) && mapped.iter().any(taken) {
                columns[index] = Column::Text(names[index].trim().to_owned());
            }
        }
        Ok(())
    }
}

/// Puts the map in the form in which [`ColumnMap::parse`] reads it.
impl std::fmt::Display for ColumnMap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, (meaning, column)) in self.0.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(f, "{comma}{meaning}={column}")?;
        }
        Ok(())
    }
}

/// Why a text is no map of columns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// It has not the form.
    #[error("a map of columns has the form md5=MD5,category=Grade, or md5=#1 for the first column")]
    Form,
    /// A meaning is given to two columns.
    #[error("the map gives `{meaning}` to two columns")]
    Twice {
        /// The meaning.
        meaning: String,
    },
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
                Column::Ignored => continue,
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
            Column::Ignored => {}
        }
        Ok(())
    }
}

/// A name without what does not matter in known names.
fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, ' ' | '-' | '_'));
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

/// Adds a hash of a known kind; an empty text adds nothing. A CRC-32 without a size waits among
/// the attributes for [`join_checksum`].
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

/// Puts a CRC-32 that came without its size together with the size that stands elsewhere in the
/// row. Without one it stays an attribute, because alone it says nothing.
pub(crate) fn join_checksum(row: &mut ListRow) -> Result<(), RowError> {
    let name = HashKind::Crc32.name();
    let text = |name: &str| row.attributes.get(name).and_then(Value::as_str);
    if let (Some(checksum), Some(size)) = (text(name), text("size")) {
        let value = parse_hash(HashKind::Crc32, format!("{checksum}:{size}").as_bytes())?;
        row.attributes.remove(name);
        row.push(value);
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
