//! VICS (Project VIC, CAID) JSON, data models 1.0 to 2.0: `Media` objects in the array `value`, or
//! in the cases of that array.

use super::json::{Fields, Inner, JsonForm, text};
use super::{Parsed, RowReader};
use crate::columns::{ATTRIBUTE_PREFIX, parse_hash};
use crate::error::RowError;
use crate::row::ListRow;
use hashward_hash::{HashKind, HashValue, Quality};
use serde_json::{Map, Value};

/// Members of a `Media` object that hold our own fields where the data model has none. They
/// stand in what [`crate::Writer`] writes.
pub(crate) const OWN_ID: &str = "HashwardID";
pub(crate) const OWN_CATEGORY: &str = "HashwardCategory";
pub(crate) const OWN_QUALITY: &str = "HashwardQuality";

/// Members that are truth values, and that programs also write as text.
pub(crate) const TRUTHS: [&str; 6] = [
    "VictimIdentified",
    "OffenderIdentified",
    "IsDistributed",
    "IsSuspected",
    "IsPrecategorized",
    "SelfGenerated",
];

/// The document's form: of a case, `Media` is a member of each element of `value`.
pub(crate) const FORM: JsonForm = JsonForm {
    name: "a VICS document",
    array: "value",
    inner: Some(Inner {
        array: "Media",
        told_by: &["odata.metadata", "@odata.context"],
        mark: "#Case",
        first: "Case",
    }),
    more: None,
};

/// Reads `Media` objects.
#[derive(Debug)]
pub(crate) struct VicsReader;

impl RowReader for VicsReader {
    fn read(&mut self, record: &[u8], row: &mut ListRow) -> Result<Parsed, RowError> {
        let Fields(fields) = Fields::parse(record)?;
        let mut alternatives = None;
        let mut files = None;
        let mut own_id = None;
        for (name, value) in fields {
            match name.as_str() {
                "MD5" => hash(HashKind::Md5, value, row)?,
                "SHA1" => hash(HashKind::Sha1, value, row)?,
                "PhotoDNA" => hash(HashKind::PhotoDna, value, row)?,
                "MediaID" => row.source_id = media_id(value)?,
                "Category" => row.category = row.category.take().or(text("Category", value)?),
                "MediaSize" => {
                    if let Some(size) = text("MediaSize", value)? {
                        row.attributes.insert("size".to_owned(), Value::String(size));
                    }
                }
                "AlternativeHashes" => alternatives = Some(value),
                "MediaFiles" => files = Some(value),
                OWN_ID => own_id = Some(text(OWN_ID, value)?),
                OWN_CATEGORY => row.category = text(OWN_CATEGORY, value)?,
                OWN_QUALITY => row.quality = quality(&value)?,
                _ => keep(name, value, row),
            }
        }
        if let Some(id) = own_id {
            row.source_id = id;
        }
        if let Some(alternatives) = alternatives {
            other_hashes(alternatives, row);
        }
        if let Some(files) = files {
            media_files(files, row);
        }
        row.material = is_material(row);
        Ok(Parsed::Row)
    }
}

fn hash(kind: HashKind, value: Value, row: &mut ListRow) -> Result<(), RowError> {
    match value {
        Value::Null => {}
        Value::String(text) if text.trim().is_empty() => {}
        Value::String(text) => row.hashes.push(parse_hash(kind, text.trim().as_bytes())?),
        _ => return Err(RowError::JsonType { field: kind.name(), expected: "a text" }),
    }
    Ok(())
}

/// Programs that have no identifier write 0.
fn media_id(value: Value) -> Result<Option<String>, RowError> {
    Ok(text("MediaID", value)?.filter(|id| id != "0"))
}

fn quality(value: &Value) -> Result<Option<Quality>, RowError> {
    match value.as_u64().and_then(|value| u8::try_from(value).ok()) {
        Some(value) if value <= 100 => Ok(Some(Quality(value))),
        _ => Err(RowError::Quality),
    }
}

/// Keeps what is not ours; a truth value that came as text becomes one.
fn keep(name: String, value: Value, row: &mut ListRow) {
    let value = match value {
        Value::String(text) if TRUTHS.contains(&name.as_str()) => {
            if text.eq_ignore_ascii_case("true") {
                Value::Bool(true)
            } else if text.eq_ignore_ascii_case("false") {
                Value::Bool(false)
            } else {
                Value::String(text)
            }
        }
        value => value,
    };
    let name = match name.strip_prefix(ATTRIBUTE_PREFIX) {
        Some(inner) if is_ours(inner) => inner.to_owned(),
        _ => name,
    };
    row.attributes.insert(name, value);
}

/// True for names of members that are read as something else than an attribute of that name, so
/// that the writer has to mark an attribute that is called so.
pub(crate) fn is_ours(name: &str) -> bool {
    let ours = ["MD5", "SHA1", "PhotoDNA", "MediaID", "Category", "MediaSize"];
    let lists = ["AlternativeHashes", "MediaFiles", OWN_ID, OWN_CATEGORY, OWN_QUALITY];
    ours.contains(&name)
        || lists.contains(&name)
        || name.strip_prefix(ATTRIBUTE_PREFIX).is_some_and(is_ours)
}

/// Takes the alternative hashes whose kind and form are known; the others stay as they are.
fn other_hashes(value: Value, row: &mut ListRow) {
    let Value::Array(elements) = value else {
        if !value.is_null() {
            row.attributes.insert("AlternativeHashes".to_owned(), value);
        }
        return;
    };
    let mut rest = Vec::new();
    for element in elements {
        if !other_hash(&element, row) {
            rest.push(element);
        }
    }
    if !rest.is_empty() {
        row.attributes.insert("AlternativeHashes".to_owned(), Value::Array(rest));
    }
}

fn other_hash(element: &Value, row: &mut ListRow) -> bool {
    let Some(members) = element.as_object().filter(|members| members.len() == 2) else {
        return false;
    };
    let member = |name| members.get(name).and_then(Value::as_str).map(str::trim);
    let (Some(name), Some(value)) = (member("HashName"), member("HashValue")) else {
        return false;
    };
    let plain: String = name.chars().filter(|c| !c.is_whitespace()).collect();
    let Some(kind) = HashKind::from_name(&plain) else { return false };
    HashValue::parse(kind, value).is_ok_and(|hash| row.push(hash))
}

/// The first name becomes that of the row. The files stay as they are, unless they say nothing
/// but that name and the MD5 of the row, which the writer says again.
fn media_files(value: Value, row: &mut ListRow) {
    let names = |file: &Value| {
        let name = file.get("FileName").and_then(Value::as_str)?;
        Some(name.to_owned()).filter(|name| !name.is_empty())
    };
    let files = value.as_array().map(Vec::as_slice).unwrap_or_default();
    row.name = files.iter().find_map(names);
    let md5 = row.hash(HashKind::Md5);
    let says_no_more = |file: &Map<String, Value>| {
        file.iter().all(|(name, value)| match (name.as_str(), value.as_str()) {
            ("FileName", Some(name)) => !name.is_empty(),
            ("MD5", Some(text)) => {
                md5.is_some() && HashValue::parse(HashKind::Md5, text.trim()).ok() == md5
            }
            _ => false,
        })
    };
    let plain = match files {
        [Value::Object(file)] => row.name.is_some() && says_no_more(file),
        [] => value.is_null() || value.is_array(),
        _ => false,
    };
    if !plain {
        row.attributes.insert("MediaFiles".to_owned(), value);
    }
}

/// A file that has been graded, or that belongs to a case of abuse, is never known to be good.
/// Lists of harmless files in this format, such as NSRL's for CAID, say none of that.
fn is_material(row: &ListRow) -> bool {
    let says = |name: &str| match row.attributes.get(name) {
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Bool(value)) => *value,
        _ => false,
    };
    let known =
        ["Series", "VictimIdentified", "OffenderIdentified", "IsDistributed", "IsSuspected"];
    row.category.is_some() || row.hash(HashKind::PhotoDna).is_some() || known.into_iter().any(says)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(record: &str) -> ListRow {
        let mut row = ListRow::default();
        VicsReader.read(record.as_bytes(), &mut row).unwrap();
        row
    }

    #[test]
    fn what_the_writer_says_again_is_not_kept() {
        let plain = read(
            r#"{"MD5":"0123456789ABCDEF0123456789ABCDEF","MediaFiles":[
            {"FileName":"a","MD5":"0123456789abcdef0123456789abcdef"}]}"#,
        );
        assert_eq!((plain.name.as_deref(), plain.attributes.len()), (Some("a"), 0));
        for file in [r#"{"FileName":"a","FilePath":"x"}"#, r#"{"FileName":"a"},{"FileName":"b"}"#] {
            let row = read(&format!(r#"{{"MediaFiles":[{file}]}}"#));
            assert_eq!((row.name.as_deref(), row.attributes.len()), (Some("a"), 1), "{file}");
        }
    }

    #[test]
    fn graded_rows_are_material() {
        for member in [r#""Category":0"#, r#""Series":"x""#, r#""VictimIdentified":"true""#] {
            assert!(read(&format!("{{{member}}}")).material, "{member}");
        }
        let members = [r#""Category":null"#, r#""Series":"""#, r#""VictimIdentified":"False""#];
        for member in members {
            assert!(!read(&format!("{{{member}}}")).material, "{member}");
        }
    }
}
