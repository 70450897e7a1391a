//! Which hashes exist, how wide they are and how two of them are compared.

use serde::{Deserialize, Serialize};

/// How two values of a kind are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Equal or not.
    Exact,
    /// Number of differing bits.
    Hamming,
}

/// A kind of hash. The numeric identifiers are part of the store's format and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u16)]
pub enum HashKind {
    /// MD5, 128 bits (RFC 1321).
    Md5 = 1,
    /// SHA-1, 160 bits (FIPS 180-4).
    Sha1 = 2,
    /// SHA-256, 256 bits (FIPS 180-4).
    Sha256 = 3,
    /// BLAKE3 with its default output of 256 bits.
    Blake3 = 4,
    /// PDQ, 256 bits, perceptual (Meta's reference).
    Pdq = 64,
}

impl HashKind {
    /// Every kind, in the order in which outputs list them.
    pub const ALL: [Self; 5] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Blake3, Self::Pdq];

    /// The identifier in the store's format.
    #[must_use]
    pub const fn id(self) -> u16 {
        self as u16
    }

    /// The kind with an identifier of the store's format.
    #[must_use]
    pub fn from_id(id: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }

    /// Width of a value in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 | Self::Blake3 | Self::Pdq => 32,
        }
    }

    /// How two values are compared.
    #[must_use]
    pub const fn metric(self) -> Metric {
        match self {
            Self::Md5 | Self::Sha1 | Self::Sha256 | Self::Blake3 => Metric::Exact,
            Self::Pdq => Metric::Hamming,
        }
    }

    /// The name in options, files and outputs: `md5`, `sha1`, `sha256`, `blake3`, `pdq`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Blake3 => "blake3",
            Self::Pdq => "pdq",
        }
    }

    /// The kind with this name; case, `-` and `_` do not matter (`SHA-256` is `sha256`).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let plain: String = name
            .chars()
            .filter(|c| !matches!(c, '-' | '_'))
            .map(|c| c.to_ascii_lowercase())
            .collect();
        Self::ALL.into_iter().find(|kind| kind.name() == plain)
    }
}

impl std::fmt::Display for HashKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_identifiers_round_trip() {
        for kind in HashKind::ALL {
            assert_eq!(HashKind::from_name(kind.name()), Some(kind));
            assert_eq!(HashKind::from_id(kind.id()), Some(kind));
        }
        assert_eq!(HashKind::from_name("SHA-256"), Some(HashKind::Sha256));
        assert_eq!(HashKind::from_name("sha512"), None);
        assert_eq!(HashKind::from_id(0), None);
    }
}
