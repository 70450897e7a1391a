//! Pages of StopNCII saved to disk: objects in the array `hashRecords`.

use super::json::{Fields, JsonForm, text};
use super::{Parsed, RowReader};
use crate::columns::parse_hash;
use crate::error::RowError;
use crate::row::ListRow;
use hashward_hash::HashKind;
use serde_json::Value;

pub(crate) const FORM: JsonForm = JsonForm {
    name: "a page of StopNCII",
    array: "hashRecords",
    inner: None,
    more: Some((
        "hasMoreRecords",
        "the page says that more records follow: import all pages of a set together, or pages that came later with --delta",
    )),
};

/// Reads records; counts signals that are no hashes known here.
#[derive(Debug, Default)]
pub(crate) struct StopNciiReader {
    others: u64,
}

impl RowReader for StopNciiReader {
    fn read(&mut self, record: &[u8], row: &mut ListRow) -> Result<Parsed, RowError> {
        let Fields(fields) = Fields::parse(record)?;
        let (mut hash, mut signal) = (None, None);
        for (name, value) in fields {
            match name.as_str() {
                "hashValue" => hash = text("hashValue", value)?,
                "signalType" => signal = text("signalType", value)?,
                "lastModtimestamp" => {
                    row.moment = value.as_i64();
                    row.attributes.insert(name, value);
                }
                "hashStatus" => {
                    // What a case or a platform says of the hash does not take it back.
                    row.deleted = matches!(value.as_str(), Some("Withdrawn" | "Deleted"));
                    row.attributes.insert(name, value);
                }
                _ => {
                    row.attributes.insert(name, value);
                }
            }
        }
        let kind = match signal.as_deref() {
            Some("ImagePDQ") => HashKind::Pdq,
            Some("VideoMD5" | "ImageMD5") => HashKind::Md5,
            None => return Err(RowError::JsonType { field: "signalType", expected: "a text" }),
            Some(_) => {
                self.others += 1;
                return Ok(Parsed::Nothing);
            }
        };
        if let Some(signal) = signal {
            row.attributes.insert("signalType".to_owned(), Value::String(signal));
        }
        row.hashes.push(parse_hash(kind, hash.ok_or(RowError::NoHash)?.trim().as_bytes())?);
        row.material = true;
        Ok(Parsed::Row)
    }

    fn notes(&self) -> Vec<String> {
        super::passed_over(self.others, "records with signals that are no hashes known here")
    }
}
