//! One entry of a hash list as it goes into a segment and comes out.

use crate::ids::update_with_hashes;
use crate::{EntryId, EntryKey};
use hashward_features::Signature;
use hashward_hash::{HashKind, HashValue, Quality};
use sha2::{Digest, Sha256};

/// An entry: its hashes and what its source says about them.
#[derive(Clone, PartialEq, Eq)]
pub struct EntryRow {
    /// See [`EntryKey::of`].
    pub key: EntryKey,
    /// The entry's lasting number.
    pub entry: EntryId,
    /// Where the source has it: line or record, in the version that first had it in this form.
    pub source_row: u64,
    /// All hashes, several of one kind allowed.
    pub hashes: Vec<HashValue>,
    /// PDQ quality, where the source gives one.
    pub quality: Option<Quality>,
    /// The source's identifier.
    pub source_id: Option<String>,
    /// A name, such as that of a file.
    pub name: Option<String>,
    /// The source's category.
    pub category: Option<String>,
    /// Everything else that the source says: the JSON text of one object.
    pub attributes: Option<String>,
    /// The local features of the picture, where somebody had it in hand.
    pub signature: Option<Box<Signature>>,
}

impl EntryRow {
    /// A digest of all that the source says about the entry, so of everything but key, number and
    /// source row: rows of two versions with equal key and payload have not changed.
    #[must_use]
    pub fn payload_digest(&self) -> u64 {
        payload_digest(self.quality, self.texts(), &self.hashes, self.signature.as_deref())
    }

    /// The texts in the order of [`TEXT_FIELDS`].
    pub(crate) fn texts(&self) -> [Option<&str>; 4] {
        [&self.source_id, &self.name, &self.category, &self.attributes].map(Option::as_deref)
    }

    /// The kinds of the entry's hashes.
    #[must_use]
    pub fn kinds(&self) -> KindMask {
        self.hashes.iter().fold(KindMask::default(), |mask, hash| mask.with(hash.kind()))
    }

    /// True when one of its perceptual hashes comes from no picture with content.
    #[must_use]
    pub fn is_degenerate(&self) -> bool {
        self.hashes.iter().any(HashValue::is_degenerate)
    }
}

/// [`EntryRow::payload_digest`] of an entry that is not put together yet; the texts are identifier,
/// name, category and attributes.
#[must_use]
pub fn payload_digest(
    quality: Option<Quality>,
    texts: [Option<&str>; 4],
    hashes: &[HashValue],
    signature: Option<&Signature>,
) -> u64 {
    let mut digest = Sha256::new();
    digest.update([quality.map_or(NO_QUALITY, |quality| quality.0)]);
    for text in texts {
        // The length before each text keeps ("ab", "c") apart from ("a", "bc").
        let length = text.map_or(u64::MAX, |text| text.len() as u64);
        digest.update(length.to_le_bytes());
        digest.update(text.unwrap_or_default());
    }
    update_with_hashes(&mut digest, hashes);
    if let Some(signature) = signature {
        digest.update(signature.as_bytes());
    }
    let digest: [u8; 32] = digest.finalize().into();
    u64::from_le_bytes(*digest.first_chunk().expect("a SHA-256 has more than 8 bytes"))
}

/// Keys and texts may give a hash away, so only the number is shown.
impl std::fmt::Debug for EntryRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EntryRow({}, {} hashes)", self.entry.0, self.hashes.len())
    }
}

/// What a segment says about an entry besides its hashes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryMeta {
    /// As [`EntryRow::source_row`].
    pub source_row: u64,
    /// As [`EntryRow::source_id`].
    pub source_id: Option<String>,
    /// As [`EntryRow::name`].
    pub name: Option<String>,
    /// As [`EntryRow::category`].
    pub category: Option<String>,
    /// As [`EntryRow::attributes`].
    pub attributes: Option<String>,
}

/// The text fields, as errors name them.
pub(crate) const TEXT_FIELDS: [&str; 4] =
    ["the identifier", "the name", "the category", "the attributes"];

/// Stands for an unknown quality.
pub(crate) const NO_QUALITY: u8 = 255;

/// A set of kinds of hash, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KindMask(pub(crate) u16);

impl KindMask {
    /// The bit of a kind in the store's format.
    pub(crate) const fn bit(kind: HashKind) -> u16 {
        match kind {
            HashKind::Md5 => 1,
            HashKind::Sha1 => 1 << 1,
            HashKind::Sha256 => 1 << 2,
            HashKind::Blake3 => 1 << 3,
            HashKind::Sha512 => 1 << 4,
            HashKind::Ed2k => 1 << 5,
            HashKind::Tth => 1 << 6,
            HashKind::Crc32 => 1 << 7,
            HashKind::Pdq => 1 << 8,
            HashKind::PhotoDna => 1 << 9,
            HashKind::Phash64 => 1 << 10,
            HashKind::Dhash64 => 1 << 11,
            HashKind::Ahash64 => 1 << 12,
        }
    }

    /// Adds a kind.
    #[must_use]
    pub const fn with(self, kind: HashKind) -> Self {
        Self(self.0 | Self::bit(kind))
    }

    /// True when the kind is in the set.
    #[must_use]
    pub const fn contains(self, kind: HashKind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    /// The kinds in the set, in the order of [`HashKind::ALL`].
    pub fn iter(self) -> impl Iterator<Item = HashKind> {
        HashKind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_changes_with_what_the_source_says() {
        let row = EntryRow {
            key: EntryKey([0; 16]),
            entry: EntryId(1),
            source_row: 1,
            hashes: vec![HashValue::Md5([1; 16]), HashValue::Sha1([2; 20])],
            quality: None,
            source_id: Some("ab".into()),
            name: Some("c".into()),
            category: None,
            attributes: None,
            signature: None,
        };
        let same = EntryRow {
            key: EntryKey([1; 16]),
            entry: EntryId(2),
            source_row: 3,
            hashes: row.hashes.iter().rev().copied().collect(),
            ..row.clone()
        };
        assert_eq!(row.payload_digest(), same.payload_digest());
        let changed = [
            EntryRow { source_id: Some("a".into()), name: Some("bc".into()), ..row.clone() },
            EntryRow { category: Some(String::new()), ..row.clone() },
            EntryRow { attributes: Some(String::new()), ..row.clone() },
            EntryRow { quality: Some(Quality(0)), ..row.clone() },
            EntryRow { hashes: vec![row.hashes[0]], ..row.clone() },
        ];
        let digests: std::collections::BTreeSet<u64> =
            changed.iter().chain([&row]).map(EntryRow::payload_digest).collect();
        assert_eq!(digests.len(), 6);
        assert_eq!(row.kinds().iter().collect::<Vec<_>>(), [HashKind::Md5, HashKind::Sha1]);
        assert_eq!(format!("{row:?}"), "EntryRow(1, 2 hashes)");
    }
}
