//! Rows on their way through the sorter, and rows of one entry joined into one.

use super::ImportError;
use hashward_features::{SIGNATURE_BYTES, Signature};
use hashward_hash::{HashKind, HashValue, Quality, decode_hex};
use hashward_lists::{ListFormat, ListRow};
use hashward_store::{EntryId, EntryKey, EntryRow, payload_digest};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Hashes that one entry may have.
const MAX_HASHES: usize = 1024;
/// Other names of an entry that are kept.
const MAX_OTHERS: usize = 64;
/// The field that holds the signature of a registered picture, in hexadecimal. It means that only in
/// our own JSON Lines, which is how pictures are registered; elsewhere it is a field like any other.
pub(crate) const FEATURES: &str = "features";
/// The longest text that the store takes.
const MAX_TEXT: usize = 1 << 20;

/// The kinds of hash by which an entry without an identifier goes, the strongest first: equal
/// SHA-256 means the same file, equal MD5 need not.
const KEY_KINDS: [HashKind; 13] = [
    HashKind::Sha256,
    HashKind::Blake3,
    HashKind::Sha512,
    HashKind::Sha1,
    HashKind::Tth,
    HashKind::Md5,
    HashKind::Ed2k,
    HashKind::Pdq,
    HashKind::PhotoDna,
    HashKind::Phash64,
    HashKind::Dhash64,
    HashKind::Ahash64,
    HashKind::Crc32,
];

/// What makes a row's entry the same as in the version before.
pub(crate) fn entry_key(row: &ListRow) -> EntryKey {
    match &row.source_id {
        Some(id) => EntryKey::of(Some(id), &[]),
        None => {
            let strongest = KEY_KINDS.into_iter().find_map(|kind| row.hash(kind));
            EntryKey::of(None, strongest.as_slice())
        }
    }
}

/// A row as the sorter holds it.
#[derive(Serialize, Deserialize)]
pub(crate) struct SortedRow<'a> {
    /// Counted over all files.
    row: u64,
    pub(crate) deleted: bool,
    /// When the source last changed the entry, where it says so.
    pub(crate) moment: Option<i64>,
    quality: Option<u8>,
    /// Kind and bytes of each hash, end to end.
    hashes: &'a [u8],
    #[serde(borrow)]
    source_id: Option<&'a str>,
    #[serde(borrow)]
    name: Option<&'a str>,
    #[serde(borrow)]
    category: Option<&'a str>,
    /// JSON text of an object.
    #[serde(borrow)]
    attributes: Option<&'a str>,
    /// The signature of local features.
    #[serde(borrow)]
    signature: Option<&'a [u8]>,
}

/// The payload that the row's entry would have if no other row said anything about it.
pub(crate) fn payload(row: &ListRow, format: ListFormat) -> Result<u64, ImportError> {
    let signature = signature(row, format);
    let attributes = attributes(row, signature.is_some())?;
    let texts = [&row.source_id, &row.name, &row.category, &attributes].map(Option::as_deref);
    Ok(payload_digest(row.quality, texts, &row.hashes, signature.as_ref()))
}

/// The JSON text of a row's other fields, without the one that holds a signature.
fn attributes(row: &ListRow, signature: bool) -> Result<Option<String>, ImportError> {
    let mut fields = row.attributes.iter().collect::<BTreeMap<_, _>>();
    if signature {
        fields.retain(|name, _| *name != FEATURES);
    }
    if fields.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(&fields).map(Some).map_err(|_| ImportError::Sorting)
}

/// Writes a row for the sorter.
pub(crate) fn encode(
    row: &ListRow,
    format: ListFormat,
    number: u64,
    out: &mut Vec<u8>,
) -> Result<(), ImportError> {
    let mut hashes = Vec::with_capacity(row.hashes.len() * 34);
    for hash in &row.hashes {
        hashes.extend_from_slice(&hash.kind().id().to_le_bytes());
        hash.with_bytes(|bytes| hashes.extend_from_slice(bytes));
    }
    let signature = signature(row, format);
    let attributes = attributes(row, signature.is_some())?;
    let sorted = SortedRow {
        row: number,
        deleted: row.deleted,
        moment: row.moment,
        quality: row.quality.map(|quality| quality.0),
        hashes: &hashes,
        source_id: row.source_id.as_deref(),
        name: row.name.as_deref(),
        category: row.category.as_deref(),
        attributes: attributes.as_deref(),
        signature: signature.as_ref().map(|signature| &signature.as_bytes()[..]),
    };
    let texts = [
        ("identifier", sorted.source_id),
        ("name", sorted.name),
        ("category", sorted.category),
        ("other content", sorted.attributes),
    ];
    for (field, text) in texts {
        if text.is_some_and(|text| text.len() > MAX_TEXT) {
            return Err(ImportError::TooBig { row: number, field, limit: MAX_TEXT });
        }
    }
    out.clear();
    let buffer = std::mem::take(out);
    *out = postcard::to_extend(&sorted, buffer).map_err(|_| ImportError::Sorting)?;
    Ok(())
}

/// The signature that a row of a format holds; a field that holds none is one like any other.
fn signature(row: &ListRow, format: ListFormat) -> Option<Signature> {
    let value = row.attributes.get(FEATURES).filter(|_| format == ListFormat::Jsonl)?;
    let mut bytes = vec![0; SIGNATURE_BYTES];
    decode_hex(value.as_str()?, &mut bytes).ok()?;
    Signature::from_bytes(&bytes).ok()
}

/// Reads what [`encode`] wrote.
pub(crate) fn decode(bytes: &[u8]) -> Result<SortedRow<'_>, ImportError> {
    postcard::from_bytes(bytes).map_err(|_| ImportError::Sorting)
}

impl SortedRow<'_> {
    fn hashes(&self) -> Result<Vec<HashValue>, ImportError> {
        let mut hashes = Vec::new();
        let mut rest = self.hashes;
        while let Some((id, bytes)) = rest.split_first_chunk() {
            let kind = HashKind::from_id(u16::from_le_bytes(*id)).ok_or(ImportError::Sorting)?;
            let (value, after) =
                bytes.split_at_checked(kind.bytes()).ok_or(ImportError::Sorting)?;
            hashes.push(HashValue::from_bytes(kind, value).ok_or(ImportError::Sorting)?);
            rest = after;
        }
        Ok(hashes)
    }

    /// The row as the first of its entry.
    pub(crate) fn first(&self, key: EntryKey) -> Result<EntryRow, ImportError> {
        Ok(EntryRow {
            key,
            entry: EntryId(0),
            source_row: self.row,
            hashes: self.hashes()?,
            quality: self.quality.map(Quality),
            source_id: self.source_id.map(str::to_owned),
            name: self.name.map(str::to_owned),
            category: self.category.map(str::to_owned),
            attributes: self.attributes.map(str::to_owned),
            signature: self.signature()?,
        })
    }

    fn signature(&self) -> Result<Option<Box<Signature>>, ImportError> {
        let read = |bytes| Signature::from_bytes(bytes).map(Box::new);
        self.signature.map(read).transpose().map_err(|_| ImportError::Sorting)
    }

    /// Joins the row with an earlier one of the same entry. Hashes are put together; of other
    /// fields the first one stands, and names and categories that differ are kept beside it. Of
    /// two qualities the higher one stands, so that the gate loses neither hash.
    pub(crate) fn join(&self, entry: &mut EntryRow) -> Result<(), ImportError> {
        for hash in self.hashes()? {
            if !entry.hashes.contains(&hash) {
                entry.hashes.push(hash);
            }
        }
        if entry.hashes.len() > MAX_HASHES {
            return Err(ImportError::SharedIdentifier { row: self.row, limit: MAX_HASHES });
        }
        entry.quality = entry.quality.max(self.quality.map(Quality));
        if entry.signature.is_none() {
            entry.signature = self.signature()?;
        }
        let name = beside(&mut entry.name, self.name);
        let category = beside(&mut entry.category, self.category);
        if name.is_some() || category.is_some() || self.attributes.is_some() {
            let mut attributes = object(entry.attributes.as_deref())?;
            for (field, value) in object(self.attributes)? {
                match others_field(&field).zip(value.as_array()) {
                    Some((field, values)) => {
                        values.iter().for_each(|value| add_other(&mut attributes, field, value));
                    }
                    None => {
                        attributes.entry(field).or_insert(value);
                    }
                }
            }
            for (field, text) in [(OTHER_NAMES, name), (OTHER_CATEGORIES, category)] {
                if let Some(text) = text {
                    add_other(&mut attributes, field, &Value::String(text.to_owned()));
                }
            }
            let text = Value::Object(attributes).to_string();
            if text.len() > MAX_TEXT {
                let field = "other content";
                return Err(ImportError::TooBig { row: self.row, field, limit: MAX_TEXT });
            }
            entry.attributes = Some(text).filter(|text| text != "{}");
        }
        Ok(())
    }
}

const OTHER_NAMES: &str = "other_names";
const OTHER_CATEGORIES: &str = "other_categories";

fn others_field(field: &str) -> Option<&'static str> {
    [OTHER_NAMES, OTHER_CATEGORIES].into_iter().find(|other| *other == field)
}

/// Fills a field that is empty; gives the text back where another one stands.
fn beside<'a>(field: &mut Option<String>, text: Option<&'a str>) -> Option<&'a str> {
    match (&field, text) {
        (None, text) => {
            *field = text.map(str::to_owned);
            None
        }
        (Some(first), text) => text.filter(|text| text != first),
    }
}

fn add_other(attributes: &mut Map<String, Value>, field: &str, value: &Value) {
    let others = attributes.entry(field).or_insert_with(|| Value::Array(Vec::new()));
    if let Some(others) = others.as_array_mut()
        && others.len() < MAX_OTHERS
        && !others.contains(value)
    {
        others.push(value.clone());
    }
}

fn object(text: Option<&str>) -> Result<Map<String, Value>, ImportError> {
    match text.map(serde_json::from_str) {
        None => Ok(Map::new()),
        Some(Ok(Value::Object(map))) => Ok(map),
        Some(_) => Err(ImportError::Sorting),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, hashes: Vec<HashValue>) -> ListRow {
        ListRow { name: Some(name.into()), hashes, ..ListRow::default() }
    }

    fn encoded(row: &ListRow, number: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(row, ListFormat::Csv, number, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn rows_come_back_from_the_sorter() {
        let mut original = row("a", vec![HashValue::Md5([1; 16]), HashValue::Blake3([2; 32])]);
        original.quality = Some(Quality(7));
        original.source_id = Some("x".into());
        original.attributes.insert("n".into(), Value::from(1));
        let bytes = encoded(&original, 9);
        let entry = decode(&bytes).unwrap().first(EntryKey([3; 16])).unwrap();
        assert_eq!((entry.source_row, &entry.hashes), (9, &original.hashes));
        assert_eq!(entry.attributes.as_deref(), Some("{\"n\":1}"));
        assert_eq!((entry.quality, entry.source_id.as_deref()), (Some(Quality(7)), Some("x")));
        assert!(decode(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn joined_rows_keep_all_hashes_and_names() {
        let a = encoded(&row("a", vec![HashValue::Md5([1; 16])]), 1);
        let b = encoded(&row("b", vec![HashValue::Md5([1; 16]), HashValue::Sha1([2; 20])]), 2);
        let mut entry = decode(&a).unwrap().first(EntryKey([0; 16])).unwrap();
        for bytes in [&b, &a, &b] {
            decode(bytes).unwrap().join(&mut entry).unwrap();
        }
        assert_eq!(entry.hashes.len(), 2);
        assert_eq!(entry.name.as_deref(), Some("a"));
        assert_eq!(entry.attributes.as_deref(), Some("{\"other_names\":[\"b\"]}"));
    }

    #[test]
    fn an_entry_goes_by_its_identifier_else_its_strongest_hash() {
        let (md5, sha) = (HashValue::Md5([1; 16]), HashValue::Sha256([2; 32]));
        let key = |hashes: Vec<HashValue>| entry_key(&row("x", hashes));
        assert_eq!(key(vec![md5, sha]), key(vec![sha]));
        assert_ne!(key(vec![md5, sha]), key(vec![md5]));
        let with_id = |id: &str, hash| {
            entry_key(&ListRow {
                source_id: Some(id.into()),
                hashes: vec![hash],
                ..ListRow::default()
            })
        };
        assert_eq!(with_id("1", md5), with_id("1", sha));
        assert_ne!(with_id("1", md5), with_id("2", md5));
    }

    #[test]
    fn an_identifier_shared_by_all_rows_is_refused() {
        let first = encoded(&row("a", vec![HashValue::Md5([0; 16])]), 1);
        let mut entry = decode(&first).unwrap().first(EntryKey([0; 16])).unwrap();
        let result = (1..2000u32).try_for_each(|number| {
            let mut hash = [0; 16];
            hash[..4].copy_from_slice(&number.to_le_bytes());
            let bytes = encoded(&row("a", vec![HashValue::Md5(hash)]), u64::from(number));
            decode(&bytes)?.join(&mut entry)
        });
        assert!(matches!(result, Err(ImportError::SharedIdentifier { row: 1024, .. })));
    }
}
