//! VICS JSON: data models 1.3 and 2.0, lists of `Media`.

use crate::columns::ATTRIBUTE_PREFIX;
use crate::format::ListFormat;
use crate::readers::vics::{OWN_CATEGORY, OWN_ID, OWN_QUALITY, TRUTHS, is_ours};
use crate::row::ListRow;
use crate::writer::{RowWriter, Written};
use data_encoding::BASE64;
use hashward_hash::{HashKind, HashValue};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// Writes `Media` objects, one on each line. The data model demands an MD5: rows without one are
/// left out.
pub(crate) struct VicsWriter {
    new: bool,
    rows: u64,
}

impl VicsWriter {
    pub(crate) fn new(format: ListFormat) -> Self {
        Self { new: format == ListFormat::Vics20, rows: 0 }
    }
}

impl RowWriter for VicsWriter {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let context = if self.new {
            "\"@odata.context\":\"http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/CUSTOM/$metadata#Media\""
        } else {
            "\"odata.metadata\":\"http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media\""
        };
        write!(out, "{{{context},\"value\":[")
    }

    fn row(&mut self, row: &ListRow, mut out: &mut dyn Write) -> io::Result<Written> {
        let Some(md5) = row.hash(HashKind::Md5).filter(|_| !row.deleted) else {
            return Ok(Written::LeftOut);
        };
        out.write_all(if self.rows == 0 { b"\n" } else { b",\n" })?;
        self.rows += 1;
        let mut media = Map::new();
        identify(row, self.rows, &mut media);
        media.insert("MD5".into(), json!(upper(&md5)));
        for hash in &row.hashes {
            match hash.kind() {
                HashKind::Sha1 => {
                    media.insert("SHA1".into(), json!(upper(hash)));
                }
                HashKind::PhotoDna => {
                    let text = hash.with_bytes(|bytes| BASE64.encode(bytes));
                    media.insert("PhotoDNA".into(), json!(text));
                }
                _ => {}
            }
        }
        self.attributes(row, &mut media);
        if let (None, Some(name)) = (media.get("MediaFiles"), &row.name) {
            let file = json!([{"FileName": name, "MD5": upper(&md5)}]);
            media.insert("MediaFiles".into(), file);
        }
        serde_json::to_writer(&mut out, &media)?;
        Ok(Written::Row)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"\n]}\n")
    }
}

impl VicsWriter {
    /// Everything that the reader does not take for a field of the row.
    fn attributes(&self, row: &ListRow, media: &mut Map<String, Value>) {
        let mut alternatives = Vec::new();
        for hash in &row.hashes {
            if !matches!(hash.kind(), HashKind::Md5 | HashKind::Sha1 | HashKind::PhotoDna) {
                let name = hash.kind().name().to_uppercase();
                alternatives.push(json!({"HashName": name, "HashValue": hash.to_text()}));
            }
        }
        for (name, value) in &row.attributes {
            match (name.as_str(), value) {
                ("size", Value::String(text)) if plain_number(text) => {
                    media.insert("MediaSize".into(), number(text));
                }
                ("AlternativeHashes", Value::Array(more)) => alternatives.extend_from_slice(more),
                ("MediaFiles", files) if holds_name(files, row) => {
                    media.insert("MediaFiles".into(), files.clone());
                }
                (known, Value::Bool(truth)) if self.new && TRUTHS.contains(&known) => {
                    media.insert(name.clone(), json!(truth.to_string()));
                }
                _ if is_ours(name) => {
                    media.insert(format!("{ATTRIBUTE_PREFIX}{name}"), value.clone());
                }
                _ => {
                    media.insert(name.clone(), value.clone());
                }
            }
        }
        if !alternatives.is_empty() {
            media.insert("AlternativeHashes".into(), Value::Array(alternatives));
        }
    }
}

/// Identifier, category and quality: where the data model cannot hold them, members of our own.
fn identify(row: &ListRow, number_of_row: u64, media: &mut Map<String, Value>) {
    match row.source_id.as_deref() {
        Some(id) if plain_number(id) && id != "0" => {
            media.insert("MediaID".into(), number(id));
        }
        id => {
            media.insert("MediaID".into(), json!(number_of_row));
            media.insert(OWN_ID.into(), json!(id));
        }
    }
    match row.category.as_deref() {
        Some(category) if plain_number(category) => {
            media.insert("Category".into(), number(category));
        }
        Some(category) => {
            media.insert(OWN_CATEGORY.into(), json!(category));
        }
        None => {}
    }
    if let Some(quality) = row.quality {
        media.insert(OWN_QUALITY.into(), json!(quality.0));
    }
}

fn upper(hash: &HashValue) -> String {
    hash.to_text().to_uppercase()
}

/// True for text that comes back unchanged from a number of the data model.
fn plain_number(text: &str) -> bool {
    text.parse::<u64>().is_ok_and(|number| number.to_string() == text)
}

fn number(text: &str) -> Value {
    text.parse::<u64>().map(Value::from).unwrap_or(Value::Null)
}

/// True for files out of which the reader takes the name of the row again, and which it keeps.
fn holds_name(files: &Value, row: &ListRow) -> bool {
    let Some(list) = files.as_array().filter(|list| !list.is_empty()) else { return false };
    let name = |file: &Value| {
        let name = file.get("FileName").and_then(Value::as_str)?;
        Some(name.to_owned()).filter(|name| !name.is_empty())
    };
    list.iter().find_map(name) == row.name
}
