//! hashdeep 1.0: a header that names the columns, then rows whose last column is the name.

use super::{Parsed, RowReader};
use crate::columns::{Column, push_hash};
use crate::error::{OpenError, RowError};
use crate::format::ListFormat;
use crate::row::ListRow;
use serde_json::Value;

/// What the first line starts with.
pub(crate) const MAGIC: &[u8] = b"%%%% HASHDEEP-";

/// Reads rows by the columns of the header.
#[derive(Debug)]
pub(crate) struct HashdeepReader {
    columns: Vec<Column>,
}

impl HashdeepReader {
    /// `second` is the line that names the columns, the second of the file.
    pub(crate) fn new(first: &[u8], second: &[u8]) -> Result<Self, OpenError> {
        let header =
            |line, detail| OpenError::Header { line, format: ListFormat::Hashdeep, detail };
        if !first.starts_with(MAGIC) {
            return Err(header(1, "it must start with `%%%% HASHDEEP-1.0`"));
        }
        let names = second
            .strip_prefix(b"%%%% ")
            .and_then(|names| std::str::from_utf8(names).ok())
            .ok_or(header(2, "it must name the columns, as in `%%%% size,md5,sha256,filename`"))?;
        let columns: Vec<Column> =
            names.split(',').map(|name| Column::from_name(name.trim())).collect();
        if columns.last() != Some(&Column::Name) {
            return Err(header(2, "the last column must be filename"));
        }
        if !columns.iter().any(Column::is_hash) {
            return Err(header(2, "none of md5, sha1 and sha256 is among the columns"));
        }
        if (1..columns.len()).any(|index| columns[..index].contains(&columns[index])) {
            return Err(header(2, "a column is named twice"));
        }
        Ok(Self { columns })
    }
}

impl RowReader for HashdeepReader {
    fn read(&mut self, line: &[u8], row: &mut ListRow) -> Result<Parsed, RowError> {
        // Headers of appended files come again in the middle; a changed order of columns would
        // be a bad row, because then the digits fit no more.
        if line.is_empty() || line.starts_with(b"##") || line.starts_with(b"%%%%") {
            return Ok(Parsed::Nothing);
        }
        let expected = self.columns.len();
        let mut found = 0;
        // The name comes last and may hold commas.
        for (column, cell) in self.columns.iter().zip(line.splitn(expected, |byte| *byte == b',')) {
            found += 1;
            match column {
                Column::Hash(kind) => push_hash(*kind, cell, row)?,
                Column::Name => row.name = row.text("name", cell),
                // A size of 0 beside a digest of content means that nobody knew it.
                Column::Text(name) if name == "size" && cell == b"0" => {}
                Column::Text(name) => {
                    if let Some(text) = row.text(name, cell) {
                        row.attributes.insert(name.clone(), Value::String(text));
                    }
                }
                _ => {}
            }
        }
        if found != expected {
            return Err(RowError::FieldCount { found, expected });
        }
        Ok(Parsed::Row)
    }
}
