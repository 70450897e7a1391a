//! One row of a hash list, whatever its format.

use crate::error::RowError;
use hashward_hash::{HashKind, HashValue, Quality};
use serde_json::Value;
use std::collections::BTreeMap;

/// One row of a hash list. `Debug` never shows a hash value.
#[derive(Clone, PartialEq, Default)]
pub struct ListRow {
    /// Line of the source at which the row starts, counted from 1; in formats without lines the
    /// number of the record.
    pub line: u64,
    /// The hashes of the row, at most one of each kind, in the order of [`HashKind::ALL`].
    pub hashes: Vec<HashValue>,
    /// Quality of the PDQ hash, where the source gives one.
    pub quality: Option<Quality>,
    /// The identifier that the source uses for the entry.
    pub source_id: Option<String>,
    /// Name of the file that was hashed.
    pub name: Option<String>,
    /// Category in the source's own scheme.
    pub category: Option<String>,
    /// Every other field, unchanged.
    pub attributes: BTreeMap<String, Value>,
    /// The source says that the entry is no longer part of the list.
    pub deleted: bool,
    /// When the source last changed the entry, in seconds since 1970, where its rows replace one
    /// another by time: of several rows of one entry only the latest counts.
    pub moment: Option<i64>,
    /// The source says that the file is abuse material, so that the row must never excuse a file.
    pub material: bool,
}

impl ListRow {
    /// The hash of a kind, where the row has one.
    #[must_use]
    pub fn hash(&self, kind: HashKind) -> Option<HashValue> {
        self.hashes.iter().copied().find(|hash| hash.kind() == kind)
    }

    /// Makes the row empty again, keeping its memory.
    pub(crate) fn clear(&mut self, line: u64) {
        self.hashes.clear();
        self.attributes.clear();
        *self = Self {
            line,
            hashes: std::mem::take(&mut self.hashes),
            attributes: std::mem::take(&mut self.attributes),
            ..Self::default()
        };
    }

    /// Puts the hashes in order and takes out digests of the empty file; how many those were.
    pub(crate) fn settle(&mut self) -> Result<u64, RowError> {
        if !self.says_something() {
            return Err(RowError::NoHash);
        }
        let before = self.hashes.len();
        self.hashes.retain(|hash| !hash.is_digest_of_empty_file());
        self.hashes.sort_unstable_by_key(HashValue::kind);
        Ok((before - self.hashes.len()) as u64)
    }

    /// True with a hash, or as the deletion of an entry with an identifier.
    pub(crate) fn says_something(&self) -> bool {
        !self.hashes.is_empty() || self.deleted && self.source_id.is_some()
    }

    /// Adds a hash unless there is one of its kind.
    pub(crate) fn push(&mut self, hash: HashValue) -> bool {
        let new = self.hash(hash.kind()).is_none();
        if new {
            self.hashes.push(hash);
        }
        new
    }

    /// Keeps text under `field`; bytes that are not UTF-8 come back unchanged from the attribute
    /// `<field>_raw`, in hexadecimal.
    pub(crate) fn text(&mut self, field: &str, bytes: &[u8]) -> Option<String> {
        if bytes.is_empty() {
            return None;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Some(text.to_owned()),
            Err(_) => {
                let raw = hashward_hash::encode_hex(bytes);
                self.attributes.insert(format!("{field}_raw"), Value::String(raw));
                Some(String::from_utf8_lossy(bytes).into_owned())
            }
        }
    }

    /// The bytes of the name as the source had them.
    pub(crate) fn name_bytes(&self) -> Option<Vec<u8>> {
        let raw = self.attributes.get("name_raw").and_then(Value::as_str).and_then(|raw| {
            let mut bytes = vec![0; raw.len() / 2];
            hashward_hash::decode_hex(raw, &mut bytes).ok().map(|()| bytes)
        });
        // A stale `name_raw` beside a changed name must not bring the old name back.
        let raw = raw.filter(|raw| Some(&*String::from_utf8_lossy(raw)) == self.name.as_deref());
        raw.or_else(|| self.name.as_ref().map(|name| name.clone().into_bytes()))
    }
}

impl std::fmt::Debug for ListRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ListRow")
            .field("line", &self.line)
            .field("hashes", &self.hashes)
            .field("quality", &self.quality)
            .field("source_id", &self.source_id)
            .field("name", &self.name)
            .field("category", &self.category)
            .field("attributes", &self.attributes.keys())
            .field("deleted", &self.deleted)
            .field("moment", &self.moment)
            .field("material", &self.material)
            .finish()
    }
}
