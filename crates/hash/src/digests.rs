//! The exact digests of one file.

use crate::{Crc32, HashKind, HashValue};
use serde::{Deserialize, Serialize};

/// Which digests to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DigestKinds {
    /// Compute MD5.
    pub md5: bool,
    /// Compute SHA-1.
    pub sha1: bool,
    /// Compute SHA-256.
    pub sha256: bool,
    /// Compute BLAKE3.
    pub blake3: bool,
    /// Compute SHA-512.
    pub sha512: bool,
    /// Compute eD2k.
    pub ed2k: bool,
    /// Compute the Tiger tree hash.
    pub tth: bool,
    /// Compute CRC-32 and count the size.
    pub crc32: bool,
}

impl DigestKinds {
    /// Those that are computed unless somebody asks for others: MD5, SHA-1, SHA-256, BLAKE3.
    pub const USUAL: Self = Self {
        md5: true,
        sha1: true,
        sha256: true,
        blake3: true,
        sha512: false,
        ed2k: false,
        tth: false,
        crc32: false,
    };

    /// Every digest there is.
    pub const ALL: Self = Self { sha512: true, ed2k: true, tth: true, crc32: true, ..Self::USUAL };

    /// Adds a kind; kinds that are no digests change nothing.
    #[must_use]
    pub const fn with(mut self, kind: HashKind) -> Self {
        match kind {
            HashKind::Md5 => self.md5 = true,
            HashKind::Sha1 => self.sha1 = true,
            HashKind::Sha256 => self.sha256 = true,
            HashKind::Blake3 => self.blake3 = true,
            HashKind::Sha512 => self.sha512 = true,
            HashKind::Ed2k => self.ed2k = true,
            HashKind::Tth => self.tth = true,
            HashKind::Crc32 => self.crc32 = true,
            HashKind::Pdq
            | HashKind::PhotoDna
            | HashKind::Phash64
            | HashKind::Dhash64
            | HashKind::Ahash64 => {}
        }
        self
    }
}

/// The digests that were computed; `None` where a kind was not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Digests {
    /// MD5.
    pub md5: Option<[u8; 16]>,
    /// SHA-1.
    pub sha1: Option<[u8; 20]>,
    /// SHA-256.
    pub sha256: Option<[u8; 32]>,
    /// BLAKE3.
    pub blake3: Option<[u8; 32]>,
    /// SHA-512.
    #[serde(default, with = "halves")]
    pub sha512: Option<[u8; 64]>,
    /// eD2k.
    #[serde(default)]
    pub ed2k: Option<[u8; 16]>,
    /// Tiger tree hash.
    #[serde(default)]
    pub tth: Option<[u8; 24]>,
    /// CRC-32 and size.
    #[serde(default)]
    pub crc32: Option<Crc32>,
}

impl Digests {
    /// The digests as values, in the order of [`HashKind::ALL`].
    pub fn values(&self) -> impl Iterator<Item = HashValue> {
        [
            self.md5.map(HashValue::Md5),
            self.sha1.map(HashValue::Sha1),
            self.sha256.map(HashValue::Sha256),
            self.blake3.map(HashValue::Blake3),
            self.sha512.map(HashValue::Sha512),
            self.ed2k.map(HashValue::Ed2k),
            self.tth.map(HashValue::Tth),
            self.crc32.map(HashValue::Crc32),
        ]
        .into_iter()
        .flatten()
    }

    /// The digest of a kind, where it is there.
    #[must_use]
    pub fn get(&self, kind: HashKind) -> Option<HashValue> {
        self.values().find(|value| value.kind() == kind)
    }

    /// Puts a value in its place; false where it is no digest.
    pub fn set(&mut self, value: HashValue) -> bool {
        match value {
            HashValue::Md5(bytes) => self.md5 = Some(bytes),
            HashValue::Sha1(bytes) => self.sha1 = Some(bytes),
            HashValue::Sha256(bytes) => self.sha256 = Some(bytes),
            HashValue::Blake3(bytes) => self.blake3 = Some(bytes),
            HashValue::Sha512(bytes) => self.sha512 = Some(bytes),
            HashValue::Ed2k(bytes) => self.ed2k = Some(bytes),
            HashValue::Tth(bytes) => self.tth = Some(bytes),
            HashValue::Crc32(checksum) => self.crc32 = Some(checksum),
            HashValue::Pdq(_)
            | HashValue::PhotoDna(_)
            | HashValue::Phash64(_)
            | HashValue::Dhash64(_)
            | HashValue::Ahash64(_) => return false,
        }
        true
    }
}

/// Arrays of 64 bytes as two of 32, the longest that `serde` knows.
mod halves {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    type Halves = Option<[[u8; 32]; 2]>;

    #[expect(clippy::ref_option, reason = "serde hands the field over like this")]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<[u8; 64]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let halves: Halves = value.as_ref().map(|bytes| {
            let (halves, _) = bytes.as_chunks::<32>();
            [halves[0], halves[1]]
        });
        halves.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<[u8; 64]>, D::Error> {
        let halves = Halves::deserialize(deserializer)?;
        Ok(halves.map(|halves| {
            let mut bytes = [0; 64];
            bytes.copy_from_slice(halves.as_flattened());
            bytes
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digest_has_its_place_and_every_other_kind_none() {
        let mut digests = Digests::default();
        for kind in HashKind::ALL {
            let value = HashValue::from_bytes(kind, &vec![kind.id() as u8; kind.bytes()]).unwrap();
            let is_digest = digests.set(value);
            assert_eq!(is_digest, DigestKinds::default().with(kind) != DigestKinds::default());
            assert_eq!(digests.get(kind), is_digest.then_some(value));
        }
        assert_eq!(
            HashKind::ALL.into_iter().fold(DigestKinds::default(), DigestKinds::with),
            DigestKinds::ALL
        );
        let text = serde_json::to_string(&digests).unwrap();
        assert_eq!(serde_json::from_str::<Digests>(&text).unwrap(), digests);
    }
}
