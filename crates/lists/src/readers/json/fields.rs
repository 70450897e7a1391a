//! One record of a JSON document, taken apart.

use crate::error::RowError;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// The fields of an object in their order, repeated ones included.
pub(crate) struct Fields(pub(crate) Vec<(String, Value)>);

impl Fields {
    /// Reads an object.
    ///
    /// # Errors
    /// [`RowError`] when the text is no object, or one that permits no reading.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, RowError> {
        // The parser's own message would quote the text; only its column is passed on.
        let Self(fields) = serde_json::from_slice(text)
            .map_err(|error| RowError::Json { column: error.column() })?;
        if fields.len() > crate::reader::MAX_FIELDS {
            return Err(RowError::TooManyFields { limit: crate::reader::MAX_FIELDS });
        }
        let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(RowError::FieldTwice);
        }
        Ok(Self(fields))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Fields;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::with_capacity(16);
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// Identifiers and categories are often numbers; they are kept as their text.
pub(crate) fn text(field: &'static str, value: Value) -> Result<Option<String>, RowError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(RowError::JsonType { field, expected: "a text or a number" }),
    }
}
