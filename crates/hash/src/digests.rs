//! The exact digests of one file.

use crate::{HashKind, HashValue};
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
}

impl DigestKinds {
    /// All four.
    pub const ALL: Self = Self { md5: true, sha1: true, sha256: true, blake3: true };

    /// Adds a kind; kinds that are no digests change nothing.
    #[must_use]
    pub const fn with(mut self, kind: HashKind) -> Self {
        match kind {
            HashKind::Md5 => self.md5 = true,
            HashKind::Sha1 => self.sha1 = true,
            HashKind::Sha256 => self.sha256 = true,
            HashKind::Blake3 => self.blake3 = true,
            HashKind::Pdq => {}
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
}

impl Digests {
    /// The digests as values, in the order of [`HashKind::ALL`].
    pub fn values(&self) -> impl Iterator<Item = HashValue> {
        [
            self.md5.map(HashValue::Md5),
            self.sha1.map(HashValue::Sha1),
            self.sha256.map(HashValue::Sha256),
            self.blake3.map(HashValue::Blake3),
        ]
        .into_iter()
        .flatten()
    }
}
