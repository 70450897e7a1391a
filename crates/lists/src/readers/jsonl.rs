//! JSON Lines of our own: one object on each line; `FORMATS.md` describes the fields.

use super::{LineReader, Parsed};
use crate::columns::push_hash;
use crate::error::RowError;
use crate::reader::MAX_FIELDS;
use crate::row::ListRow;
use hashward_hash::{HashKind, Quality};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// Reads objects.
#[derive(Debug)]
pub(crate) struct JsonlReader;

impl LineReader for JsonlReader {
    fn read(&mut self, line: &[u8], row: &mut ListRow) -> Result<Parsed, RowError> {
        if line.trim_ascii().is_empty() {
            return Ok(Parsed::Nothing);
        }
        // The parser's own message would quote the line; only its column is passed on.
        let Fields(fields) = serde_json::from_slice(line)
            .map_err(|error| RowError::Json { column: error.column() })?;
        if fields.len() > MAX_FIELDS {
            return Err(RowError::TooManyFields { limit: MAX_FIELDS });
        }
        let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(RowError::FieldTwice);
        }
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

/// Identifiers and categories are often numbers; they are kept as their text.
fn text(field: &'static str, value: Value) -> Result<Option<String>, RowError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(RowError::JsonType { field, expected: "a text or a number" }),
    }
}

/// The fields of an object in their order, repeated ones included.
struct Fields(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Fields;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
