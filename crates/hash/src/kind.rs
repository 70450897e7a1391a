//! Which hashes exist, how wide they are and how two of them are compared.

use serde::{Deserialize, Serialize};

/// How two values of a kind are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Equal or not.
    Exact,
    /// Number of differing bits.
    Hamming,
    /// Each byte is a coordinate: sum of differences (L1) or Euclidean distance (L2), as whoever
    /// asks says.
    Vector,
}

/// A kind of hash. The numeric identifiers are part of the store's format and never reused.
///
/// Exact digests are those of a file's bytes. Of the perceptual kinds only PDQ is computed here;
/// the others are opaque: carried by lists, stored, exported, and compared with values of the same
/// kind that somebody else computed.
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
    /// SHA-512, 512 bits (FIPS 180-4).
    Sha512 = 5,
    /// eD2k, 128 bits: MD4 of the MD4s of blocks of 9,728,000 bytes, as links of the network have
    /// it (a file of whole blocks gets one more, empty block).
    Ed2k = 6,
    /// Tiger tree hash, 192 bits (THEX, leaves of 1,024 bytes).
    Tth = 7,
    /// CRC-32 (that of zip) and the size in bytes: 32 and 64 bits. A hint, never proof.
    Crc32 = 8,
    /// PDQ, 256 bits, perceptual (Meta's reference).
    Pdq = 64,
    /// PhotoDNA, 144 bytes, perceptual, opaque.
    PhotoDna = 65,
    /// A 64-bit hash by the signs of DCT coefficients (pHash), perceptual, opaque.
    Phash64 = 66,
    /// A 64-bit hash by differences of neighbours (dHash), perceptual, opaque.
    Dhash64 = 67,
    /// A 64-bit hash by comparison with the mean (aHash), perceptual, opaque.
    Ahash64 = 68,
}

impl HashKind {
    /// Every kind, in the order in which outputs list them.
    pub const ALL: [Self; 13] = [
        Self::Md5,
        Self::Sha1,
        Self::Sha256,
        Self::Blake3,
        Self::Sha512,
        Self::Ed2k,
        Self::Tth,
        Self::Crc32,
        Self::Pdq,
        Self::PhotoDna,
        Self::Phash64,
        Self::Dhash64,
        Self::Ahash64,
    ];

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
            Self::Phash64 | Self::Dhash64 | Self::Ahash64 => 8,
            Self::Crc32 => 12,
            Self::Md5 | Self::Ed2k => 16,
            Self::Sha1 => 20,
            Self::Tth => 24,
            Self::Sha256 | Self::Blake3 | Self::Pdq => 32,
            Self::Sha512 => 64,
            Self::PhotoDna => 144,
        }
    }

    /// How two values are compared.
    #[must_use]
    pub const fn metric(self) -> Metric {
        match self {
            Self::Md5
            | Self::Sha1
            | Self::Sha256
            | Self::Blake3
            | Self::Sha512
            | Self::Ed2k
            | Self::Tth
            | Self::Crc32 => Metric::Exact,
            Self::Pdq | Self::Phash64 | Self::Dhash64 | Self::Ahash64 => Metric::Hamming,
            Self::PhotoDna => Metric::Vector,
        }
    }

    /// True for perceptual kinds that are carried and compared but never computed here.
    #[must_use]
    pub const fn is_opaque(self) -> bool {
        matches!(self, Self::PhotoDna | Self::Phash64 | Self::Dhash64 | Self::Ahash64)
    }

    /// True for kinds so weak that equality is a hint to look closer and never a finding: CRC-32
    /// with the size, which other files share by chance and by design.
    #[must_use]
    pub const fn is_hint(self) -> bool {
        matches!(self, Self::Crc32)
    }

    /// The name in options, files and outputs: `md5`, `sha1`, `sha256`, `blake3`, `sha512`,
    /// `ed2k`, `tth`, `crc32`, `pdq`, `photodna`, `phash64`, `dhash64`, `ahash64`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Blake3 => "blake3",
            Self::Sha512 => "sha512",
            Self::Ed2k => "ed2k",
            Self::Tth => "tth",
            Self::Crc32 => "crc32",
            Self::Pdq => "pdq",
            Self::PhotoDna => "photodna",
            Self::Phash64 => "phash64",
            Self::Dhash64 => "dhash64",
            Self::Ahash64 => "ahash64",
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
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.name()));
        }
        assert_eq!(HashKind::from_name("SHA-256"), Some(HashKind::Sha256));
        assert_eq!(HashKind::from_name("PhotoDNA"), Some(HashKind::PhotoDna));
        assert_eq!(HashKind::from_name("sha3"), None);
        assert_eq!(HashKind::from_id(0), None);
    }

    #[test]
    fn opaque_kinds_are_perceptual_and_hints_are_exact() {
        for kind in HashKind::ALL {
            assert!(!kind.is_opaque() || kind.metric() != Metric::Exact);
            assert!(!kind.is_hint() || kind.metric() == Metric::Exact);
        }
    }
}
