//! One row of a hash list, whatever its format.

use hashward_hash::{HashKind, HashValue, Quality};
use serde_json::Value;
use std::collections::BTreeMap;

/// One row of a hash list. `Debug` never shows a hash value.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListRow {
    /// Line of the source at which the row starts, counted from 1.
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
