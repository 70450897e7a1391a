//! Pages of NCMEC's hash sharing, version 2, saved to disk: records in the XML of a
//! `queryResult`.

use super::xml::{Element, XmlRecords};
use crate::columns::parse_hash;
use crate::error::{BadRow, Place, ReadError, RowError};
use crate::row::ListRow;
use hashward_hash::HashKind;
use serde_json::Value;
use std::io::BufRead;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The elements that are records, and what they are of.
const RECORDS: [(&str, &str, bool); 4] = [
    ("image", "image", false),
    ("video", "video", false),
    ("deletedImage", "image", true),
    ("deletedVideo", "video", true),
];

/// Reads records; what a page says of others that follow becomes a note.
pub(crate) struct NcmecReader<B> {
    records: XmlRecords<B>,
    number: u64,
}

impl<B: BufRead> NcmecReader<B> {
    /// `offset` bytes of the file stand before the source.
    pub(crate) fn new(source: B, offset: u64) -> Self {
        let wanted = |name: &str| name == "next" || RECORDS.iter().any(|it| it.0 == name);
        let records = XmlRecords::new(source, offset, "a page of NCMEC's hash sharing", wanted);
        Self { records, number: 0 }
    }

    /// Where the last record starts.
    pub(crate) fn place(&self) -> Place {
        Place::Byte(self.records.start())
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        let note = "the page says that another one follows: import all pages of a range together, because they are in no order of time";
        let more = self.records.passed("next");
        if more { vec![note.to_owned()] } else { Vec::new() }
    }

    /// Reads the next record; `None` at the end.
    pub(crate) fn read(&mut self, row: &mut ListRow) -> Result<Option<bool>, ReadError> {
        let Some(element) = self.records.next_element()? else { return Ok(None) };
        if element.name == "next" {
            return Ok(Some(false));
        }
        self.number += 1;
        row.clear(self.number);
        let place = self.place();
        fill(element, row).map_err(|error| BadRow { place, error })?;
        Ok(Some(true))
    }
}

fn fill(mut element: Element, row: &mut ListRow) -> Result<(), RowError> {
    let kind = RECORDS.iter().find(|(name, ..)| *name == element.name);
    let (_, media, deleted) = kind.ok_or(RowError::NoHash)?;
    let mut id = None;
    let mut member = None;
    row.attributes.insert("media".to_owned(), Value::from(*media));
    for child in std::mem::take(&mut element.children) {
        match child.name.as_str() {
            "id" => id = Some(child.text),
            "member" => {
                member = child.attribute("id").map(str::to_owned);
                if !child.text.is_empty() {
                    row.attributes.insert("member".to_owned(), Value::String(child.text));
                }
            }
            "classification" => row.category = Some(child.text).filter(|text| !text.is_empty()),
            "timestamp" => {
                row.moment = OffsetDateTime::parse(child.text.trim(), &Rfc3339)
                    .ok()
                    .map(OffsetDateTime::unix_timestamp);
                row.attributes.insert("timestamp".to_owned(), Value::String(child.text));
            }
            "fingerprints" => fingerprints(child, row)?,
            _ => keep(child, row),
        }
    }
    let id = id.filter(|id| !id.is_empty());
    let id =
        id.ok_or(RowError::JsonType { field: "id", expected: "the identifier of the entry" })?;
    // Members number their entries on their own.
    row.source_id = Some(match member {
        Some(member) => format!("{member}/{id}"),
        None => id,
    });
    row.deleted = *deleted;
    row.material = !deleted;
    Ok(())
}

fn fingerprints(element: Element, row: &mut ListRow) -> Result<(), RowError> {
    for child in element.children {
        let kind = match child.name.as_str() {
            "md5" => HashKind::Md5,
            "sha1" => HashKind::Sha1,
            "pdna" => HashKind::PhotoDna,
            "pdq" => HashKind::Pdq,
            // A fingerprint that must be fetched: its address is not to be kept.
            _ if child.attribute("href").is_some() => continue,
            _ => {
                keep(child, row);
                continue;
            }
        };
        let text = child.text.trim();
        if text.is_empty() {
            continue;
        }
        let hash = parse_hash(kind, text.as_bytes())?;
        if !row.push(hash) {
            // A further one of the kind; the entry keeps it as the source has it.
            keep(child, row);
        }
    }
    Ok(())
}

/// Keeps an element under its name; of several of the name a list.
fn keep(element: Element, row: &mut ListRow) {
    let name = element.name.clone();
    let value = element.into_json();
    match row.attributes.get_mut(&name) {
        None => {
            row.attributes.insert(name, value);
        }
        Some(Value::Array(list)) => list.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}
