//! JSON Lines of our own: one object on each line; `FORMATS.md` describes the fields.

use super::json::{Fields, text};
use super::{Parsed, RowReader};
use crate::columns::push_hash;
use crate::error::RowError;
use crate::row::ListRow;
use hashward_hash::{HashKind, Quality};
use serde_json::Value;

/// Reads objects.
#[derive(Debug)]
pub(crate) struct JsonlReader;

impl RowReader for JsonlReader {
    fn read(&mut self, line: &[u8], row: &mut ListRow) -> Result<Parsed, RowError> {
        if line.trim_ascii().is_empty() {
            return Ok(Parsed::Nothing);
        }
        let Fields(fields) = Fields::parse(line)?;
        for (name, value) in fields {
            set(name, value, row)?;
        }
        Ok(Parsed::Row)
    }
}

/// Puts a field where it belongs; `null` is a field that is not there.
fn set(name: String, value: Value, row: &mut ListRow) -> Result<(), RowError> {
    let wrong = |field, expected| RowError::JsonType { field, expected };
    let kind = HashKind::ALL.into_iter().find(|kind| kind.name() == name);
    if let Some(kind) = kind {
        match value {
            Value::Null => {}
            Value::String(text) => push_hash(kind, text.as_bytes(), row)?,
            value if kind.is_hint() => {
                row.attributes.insert(name, value);
            }
            _ => return Err(wrong(kind.name(), "a text of hexadecimal digits")),
        }
        return Ok(());
    }
    match name.as_str() {
        "id" => row.source_id = text("id", value)?,
        "name" => row.name = text("name", value)?,
        "category" => row.category = text("category", value)?,
        "quality" => {
            row.quality = match value {
                Value::Null => None,
                value => match value.as_u64().and_then(|value| u8::try_from(value).ok()) {
                    Some(value) if value <= 100 => Some(Quality(value)),
                    _ => return Err(RowError::Quality),
                },
            }
        }
        "deleted" => {
            row.deleted = match value {
                Value::Null => false,
                Value::Bool(value) => value,
                _ => return Err(RowError::Deleted),
            }
        }
        _ => {
            row.attributes.insert(name, value);
        }
    }
    Ok(())
}
