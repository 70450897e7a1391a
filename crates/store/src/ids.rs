//! Names of things: entries, their keys, and files by their content.

use hashward_hash::{HashValue, decode_hex, encode_hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The lasting number of an entry of a hash list, given at its first import.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct EntryId(pub u64);

/// What makes an entry the same entry in the next version of its list, and the order of rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryKey(pub [u8; 16]);

impl EntryKey {
    /// The key of an entry: of the identifier that its source gave it, else of its hashes,
    /// whatever their order and however often each is given.
    #[must_use]
    pub fn of(source_id: Option<&str>, hashes: &[HashValue]) -> Self {
        let mut digest = Sha256::new();
        if let Some(id) = source_id {
            digest.update(b"id\0");
            digest.update(id);
        } else {
            digest.update(b"hashes\0");
            update_with_hashes(&mut digest, hashes);
        }
        let digest: [u8; 32] = digest.finalize().into();
        let (key, _) = digest.split_at(16);
        Self(key.try_into().expect("16 bytes were split off"))
    }
}

/// A key may be derived from hashes, which are confidential.
impl std::fmt::Debug for EntryKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EntryKey(…)")
    }
}

/// Feeds the sorted, distinct hashes with their kinds, so that no two sets feed the same bytes.
pub(crate) fn update_with_hashes(digest: &mut Sha256, hashes: &[HashValue]) {
    let mut feed = |hash: &HashValue| {
        digest.update(hash.kind().id().to_le_bytes());
        hash.with_bytes(|bytes| digest.update(bytes));
    };
    if let [hash] = hashes {
        return feed(hash);
    }
    let mut sorted = hashes.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.iter().for_each(feed);
}

/// The SHA-256 of a file's content, by which files of the store are named.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentDigest(pub [u8; 32]);

impl ContentDigest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl std::fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&encode_hex(&self.0))
    }
}

impl std::fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for ContentDigest {
    type Err = hashward_hash::HexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        decode_hex(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

impl Serialize for ContentDigest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentDigest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_follow_the_identifier_else_the_set_of_hashes() {
        let (a, b) = (HashValue::Md5([1; 16]), HashValue::Sha1([2; 20]));
        assert_eq!(EntryKey::of(None, &[a, b]), EntryKey::of(None, &[b, a, b]));
        assert_eq!(EntryKey::of(None, &[a]), EntryKey::of(None, &[a, a]));
        assert_ne!(EntryKey::of(None, &[a]), EntryKey::of(None, &[a, b]));
        assert_eq!(EntryKey::of(Some("x"), &[a]), EntryKey::of(Some("x"), &[b]));
        assert_ne!(EntryKey::of(Some("x"), &[a]), EntryKey::of(Some("y"), &[a]));
        // The same bytes under another kind are another hash.
        let (sha256, blake3) = (HashValue::Sha256([3; 32]), HashValue::Blake3([3; 32]));
        assert_ne!(EntryKey::of(None, &[sha256]), EntryKey::of(None, &[blake3]));
    }

    #[test]
    fn content_digests_are_hex_in_json() {
        let digest = ContentDigest::of(b"");
        let json = serde_json::to_string(&digest).unwrap();
        assert!(json.starts_with("\"e3b0c44298fc1c14"));
        assert_eq!(serde_json::from_str::<ContentDigest>(&json).unwrap(), digest);
        assert!(serde_json::from_str::<ContentDigest>("\"../x\"").is_err());
    }
}
