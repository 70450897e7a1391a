//! A hash of any kind.

use crate::hex::{HexError, decode_hex, encode_hex};
use crate::{HashKind, Pdq};

/// A hash together with its kind. Digest bytes are in the usual (printing) order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashValue {
    /// MD5.
    Md5([u8; 16]),
    /// SHA-1.
    Sha1([u8; 20]),
    /// SHA-256.
    Sha256([u8; 32]),
    /// BLAKE3.
    Blake3([u8; 32]),
    /// PDQ.
    Pdq(Pdq),
}

impl HashValue {
    /// Reads the hexadecimal form of a value of a known kind.
    ///
    /// # Errors
    /// [`HexError`] when the length or a digit is wrong. The error never holds the text.
    pub fn parse(kind: HashKind, text: &str) -> Result<Self, HexError> {
        let mut bytes = [0; 32];
        decode_hex(text, &mut bytes[..kind.bytes()])?;
        Ok(match kind {
            HashKind::Pdq => Self::Pdq(Pdq::from_text_order(bytes)),
            _ => Self::from_bytes(kind, &bytes[..kind.bytes()]).expect("length is the kind's"),
        })
    }

    /// From the bytes of [`HashValue::with_bytes`]; `None` when the length is not the kind's.
    #[must_use]
    pub fn from_bytes(kind: HashKind, bytes: &[u8]) -> Option<Self> {
        Some(match kind {
            HashKind::Md5 => Self::Md5(bytes.try_into().ok()?),
            HashKind::Sha1 => Self::Sha1(bytes.try_into().ok()?),
            HashKind::Sha256 => Self::Sha256(bytes.try_into().ok()?),
            HashKind::Blake3 => Self::Blake3(bytes.try_into().ok()?),
            HashKind::Pdq => Self::Pdq(Pdq::from_store_order(bytes.try_into().ok()?)),
        })
    }

    /// Calls `f` with the bytes as the store keeps them: digests in printing order, PDQ in
    /// [`Pdq::to_store_order`].
    pub fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        match self {
            Self::Md5(bytes) => f(bytes),
            Self::Sha1(bytes) => f(bytes),
            Self::Sha256(bytes) | Self::Blake3(bytes) => f(bytes),
            Self::Pdq(hash) => f(&hash.to_store_order()),
        }
    }

    /// The kind of this value.
    #[must_use]
    pub const fn kind(&self) -> HashKind {
        match self {
            Self::Md5(_) => HashKind::Md5,
            Self::Sha1(_) => HashKind::Sha1,
            Self::Sha256(_) => HashKind::Sha256,
            Self::Blake3(_) => HashKind::Blake3,
            Self::Pdq(_) => HashKind::Pdq,
        }
    }

    /// The usual hexadecimal text. Hash lists are confidential: call this only where the user
    /// asked for hash values.
    #[must_use]
    pub fn to_hex(&self) -> String {
        match self {
            Self::Pdq(hash) => hash.to_hex(),
            _ => self.with_bytes(encode_hex),
        }
    }

    /// True for the digest of zero bytes, which says nothing about any file.
    #[must_use]
    pub fn is_digest_of_empty_file(&self) -> bool {
        const EMPTY: [&str; 4] = [
            "d41d8cd98f00b204e9800998ecf8427e",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
        ];
        let text = match self {
            Self::Md5(_) => EMPTY[0],
            Self::Sha1(_) => EMPTY[1],
            Self::Sha256(_) => EMPTY[2],
            Self::Blake3(_) => EMPTY[3],
            Self::Pdq(_) => return false,
        };
        Self::parse(self.kind(), text) == Ok(*self)
    }
}

impl std::fmt::Debug for HashValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:…", self.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_round_trip_and_stay_out_of_debug() {
        for kind in HashKind::ALL {
            let text: String = (0..kind.bytes()).map(|i| format!("{:02x}", i * 7 + 1)).collect();
            let value = HashValue::parse(kind, &text).unwrap();
            assert_eq!(value.kind(), kind);
            assert_eq!(value.to_hex(), text);
            assert_eq!(value.with_bytes(|bytes| HashValue::from_bytes(kind, bytes)), Some(value));
            assert_eq!(format!("{value:?}"), format!("{kind}:…"));
            assert!(!value.is_digest_of_empty_file());
        }
    }
}
