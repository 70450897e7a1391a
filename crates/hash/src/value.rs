//! A hash of any kind.

use crate::hex::{HexError, decode_hex, encode_hex};
use crate::{HashKind, Pdq};
use data_encoding::{BASE32_NOPAD, BASE64, DecodeKind, Encoding};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A CRC-32 together with the size of the file that it is of. Alone it says next to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Crc32 {
    /// The checksum (reflected polynomial EDB88320, as zip has it).
    pub checksum: u32,
    /// Bytes of the file.
    pub size: u64,
}

impl Crc32 {
    /// Checksum and size, both big-endian, so that values sort by their text.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&self.checksum.to_be_bytes());
        bytes[4..].copy_from_slice(&self.size.to_be_bytes());
        bytes
    }

    /// From [`Crc32::to_bytes`].
    #[must_use]
    pub fn from_bytes(bytes: [u8; 12]) -> Self {
        let number = |part: &[u8]| part.iter().fold(0, |value, b| value << 8 | u64::from(*b));
        Self { checksum: number(&bytes[..4]) as u32, size: number(&bytes[4..]) }
    }
}

/// Why a text is not a hash of its kind. Never holds the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The text is not the hexadecimal form.
    #[error(transparent)]
    Hex(#[from] HexError),
    /// The text is as long as none of the kind's forms.
    #[error("has {found} characters, not {expected}")]
    Length {
        /// The forms of the kind.
        expected: &'static str,
        /// Bytes of text found.
        found: usize,
    },
    /// A character that the form does not know.
    #[error("has a character at column {column} that is no {alphabet}")]
    Character {
        /// Position of the byte, counted from 1.
        column: usize,
        /// What it should be.
        alphabet: &'static str,
    },
    /// A CRC-32 without the size of its file.
    #[error("has no size behind its 8 digits, as in crc32:1a2b3c4d:4096")]
    Size,
}

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
    /// SHA-512.
    Sha512([u8; 64]),
    /// eD2k.
    Ed2k([u8; 16]),
    /// Tiger tree hash.
    Tth([u8; 24]),
    /// CRC-32 and size.
    Crc32(Crc32),
    /// PDQ.
    Pdq(Pdq),
    /// PhotoDNA.
    PhotoDna([u8; 144]),
    /// pHash of 64 bits, first byte of the text first.
    Phash64([u8; 8]),
    /// dHash of 64 bits, first byte of the text first.
    Dhash64([u8; 8]),
    /// aHash of 64 bits, first byte of the text first.
    Ahash64([u8; 8]),
}

impl HashValue {
    /// Reads the text form of a value of a known kind: hexadecimal digits in either case; of a TTH
    /// also base32 (39 characters), of PhotoDNA also base64 (192 characters); of a CRC-32 eight
    /// digits, a colon and the size in decimal.
    ///
    /// # Errors
    /// [`ValueError`] when length, characters or size are wrong. The error never holds the text.
    pub fn parse(kind: HashKind, text: &str) -> Result<Self, ValueError> {
        let mut bytes = [0; 144];
        let own = &mut bytes[..kind.bytes()];
        match (kind, text.len()) {
            (HashKind::Crc32, _) => return parse_crc32(text),
            (HashKind::Tth, 39) => decode(&BASE32_NOPAD, "base32 character", text, own)?,
            (HashKind::PhotoDna, 192) => decode(&BASE64, "base64 character", text, own)?,
            (HashKind::Tth, found) if found != 48 => {
                let expected = "39 of base32 or 48 hexadecimal digits";
                return Err(ValueError::Length { expected, found });
            }
            (HashKind::PhotoDna, found) if found != 288 => {
                let expected = "288 hexadecimal digits or 192 of base64";
                return Err(ValueError::Length { expected, found });
            }
            _ => decode_hex(text, own)?,
        }
        Ok(match kind {
            HashKind::Pdq => {
                Self::Pdq(Pdq::from_text_order(*own.first_chunk().expect("PDQ has 32 bytes")))
            }
            _ => Self::from_bytes(kind, own).expect("length is the kind's"),
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
            HashKind::Sha512 => Self::Sha512(bytes.try_into().ok()?),
            HashKind::Ed2k => Self::Ed2k(bytes.try_into().ok()?),
            HashKind::Tth => Self::Tth(bytes.try_into().ok()?),
            HashKind::Crc32 => Self::Crc32(Crc32::from_bytes(bytes.try_into().ok()?)),
            HashKind::Pdq => Self::Pdq(Pdq::from_store_order(bytes.try_into().ok()?)),
            HashKind::PhotoDna => Self::PhotoDna(bytes.try_into().ok()?),
            HashKind::Phash64 => Self::Phash64(bytes.try_into().ok()?),
            HashKind::Dhash64 => Self::Dhash64(bytes.try_into().ok()?),
            HashKind::Ahash64 => Self::Ahash64(bytes.try_into().ok()?),
        })
    }

    /// Calls `f` with the bytes as the store keeps them: digests and opaque hashes in printing
    /// order, PDQ in [`Pdq::to_store_order`], CRC-32 as [`Crc32::to_bytes`].
    pub fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        match self {
            Self::Md5(bytes) | Self::Ed2k(bytes) => f(bytes),
            Self::Sha1(bytes) => f(bytes),
            Self::Sha256(bytes) | Self::Blake3(bytes) => f(bytes),
            Self::Sha512(bytes) => f(bytes),
            Self::Tth(bytes) => f(bytes),
            Self::Crc32(checksum) => f(&checksum.to_bytes()),
            Self::Pdq(hash) => f(&hash.to_store_order()),
            Self::PhotoDna(bytes) => f(bytes),
            Self::Phash64(bytes) | Self::Dhash64(bytes) | Self::Ahash64(bytes) => f(bytes),
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
            Self::Sha512(_) => HashKind::Sha512,
            Self::Ed2k(_) => HashKind::Ed2k,
            Self::Tth(_) => HashKind::Tth,
            Self::Crc32(_) => HashKind::Crc32,
            Self::Pdq(_) => HashKind::Pdq,
            Self::PhotoDna(_) => HashKind::PhotoDna,
            Self::Phash64(_) => HashKind::Phash64,
            Self::Dhash64(_) => HashKind::Dhash64,
            Self::Ahash64(_) => HashKind::Ahash64,
        }
    }

    /// The usual text: lower-case hexadecimal digits; of a TTH base32, of a CRC-32 its digits, a
    /// colon and the size. Hash lists are confidential: call this only where the user asked for
    /// hash values.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Pdq(hash) => hash.to_hex(),
            Self::Tth(bytes) => BASE32_NOPAD.encode(bytes),
            Self::Crc32(Crc32 { checksum, size }) => format!("{checksum:08x}:{size}"),
            _ => self.with_bytes(encode_hex),
        }
    }

    /// True for the digest of zero bytes, which says nothing about any file.
    #[must_use]
    pub fn is_digest_of_empty_file(&self) -> bool {
        let text = match self {
            Self::Md5(_) => "d41d8cd98f00b204e9800998ecf8427e",
            Self::Sha1(_) => "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            Self::Sha256(_) => "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            Self::Blake3(_) => "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
            Self::Sha512(_) => {
                "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce\
                 47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
            }
            Self::Ed2k(_) => "31d6cfe0d16ae931b73c59d7e0c089c0",
            Self::Tth(_) => "LWPNACQDBZRYXW3VHJVCJ64QBZNGHOHHHZWCLNQ",
            Self::Crc32(checksum) => return checksum.size == 0,
            Self::Pdq(_)
            | Self::PhotoDna(_)
            | Self::Phash64(_)
            | Self::Dhash64(_)
            | Self::Ahash64(_) => return false,
        };
        Self::parse(self.kind(), text) == Ok(*self)
    }
}

fn parse_crc32(text: &str) -> Result<HashValue, ValueError> {
    let (digits, size) = text.split_once(':').ok_or(ValueError::Size)?;
    let mut checksum = [0; 4];
    decode_hex(digits, &mut checksum)?;
    let decimal = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
    let size = size.parse().ok().filter(|_| decimal).ok_or(ValueError::Size)?;
    Ok(HashValue::Crc32(Crc32 { checksum: u32::from_be_bytes(checksum), size }))
}

/// Decodes a text whose length is right; `out` has the length of the value.
fn decode(
    encoding: &Encoding,
    alphabet: &'static str,
    text: &str,
    out: &mut [u8],
) -> Result<(), ValueError> {
    // Base32 is read in either case; base64 is not.
    let upper = (encoding == &BASE32_NOPAD).then(|| text.to_ascii_uppercase());
    let text = upper.as_deref().unwrap_or(text).as_bytes();
    let fault = |column| ValueError::Character { column, alphabet };
    // The library wants room for the longest value of such a length, so one is made.
    let decoded = encoding.decode(text).map_err(|error| match error.kind {
        DecodeKind::Trailing => fault(text.len()),
        _ => fault(error.position + 1),
    })?;
    if decoded.len() != out.len() {
        return Err(fault(text.len())); // Padding where the last characters belong.
    }
    out.copy_from_slice(&decoded);
    Ok(())
}

/// As its kind and the bytes of [`HashValue::with_bytes`].
impl Serialize for HashValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_bytes(|bytes| (self.kind(), bytes).serialize(serializer))
    }
}

impl<'de> Deserialize<'de> for HashValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (kind, bytes) = <(HashKind, Vec<u8>)>::deserialize(deserializer)?;
        let wrong = || D::Error::custom("a hash has the wrong length");
        Self::from_bytes(kind, &bytes).ok_or_else(wrong)
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
    use data_encoding::BASE64_NOPAD;

    fn sample(kind: HashKind) -> HashValue {
        let bytes: Vec<u8> = (0..kind.bytes()).map(|i| (i * 7 + 1) as u8).collect();
        HashValue::from_bytes(kind, &bytes).unwrap()
    }

    #[test]
    fn values_round_trip_and_stay_out_of_debug() {
        for kind in HashKind::ALL {
            let value = sample(kind);
            assert_eq!(value.kind(), kind);
            assert_eq!(HashValue::parse(kind, &value.to_text()), Ok(value));
            assert_eq!(value.with_bytes(|bytes| HashValue::from_bytes(kind, bytes)), Some(value));
            assert_eq!(value.with_bytes(<[u8]>::len), kind.bytes());
            let text = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<HashValue>(&text).unwrap(), value);
            assert!(serde_json::from_str::<HashValue>(&text.replace('[', "[1,")).is_err());
            assert_eq!(format!("{value:?}"), format!("{kind}:…"));
            assert!(!value.is_digest_of_empty_file());
        }
    }

    #[test]
    fn other_text_forms_are_read() {
        let tth = sample(HashKind::Tth);
        assert_eq!(tth.to_text().len(), 39);
        assert_eq!(HashValue::parse(HashKind::Tth, &tth.to_text().to_lowercase()), Ok(tth));
        assert_eq!(HashValue::parse(HashKind::Tth, &tth.with_bytes(encode_hex)), Ok(tth));
        let photo = sample(HashKind::PhotoDna);
        let base64 = photo.with_bytes(|bytes| BASE64_NOPAD.encode(bytes));
        assert_eq!(HashValue::parse(HashKind::PhotoDna, &base64), Ok(photo));
        let crc = HashValue::parse(HashKind::Crc32, "1A2B3C4D:4096").unwrap();
        assert_eq!(crc, HashValue::Crc32(Crc32 { checksum: 0x1a2b_3c4d, size: 4096 }));
        assert_eq!(crc.to_text(), "1a2b3c4d:4096");
    }

    #[test]
    fn what_is_wrong_is_said_without_the_text() {
        let message = |kind, text: &str| HashValue::parse(kind, text).unwrap_err().to_string();
        assert_eq!(message(HashKind::Sha512, "ab"), "has 2 hexadecimal digits, not 128");
        assert_eq!(
            message(HashKind::Tth, "ab"),
            "has 2 characters, not 39 of base32 or 48 hexadecimal digits"
        );
        let mut text = "A".repeat(39);
        text.replace_range(4..5, "1");
        let expected = "has a character at column 5 that is no base32 character";
        assert_eq!(message(HashKind::Tth, &text), expected);
        let expected = "has a character at column 39 that is no base32 character";
        assert_eq!(message(HashKind::Tth, &format!("{}B", "A".repeat(38))), expected);
        let expected = "has a character at column 192 that is no base64 character";
        assert_eq!(message(HashKind::PhotoDna, &format!("{}=", "A".repeat(191))), expected);
        assert_eq!(
            message(HashKind::PhotoDna, &"0".repeat(287)),
            "has 287 characters, not 288 hexadecimal digits or 192 of base64"
        );
        for text in ["1a2b3c4d", "1a2b3c4d:", "1a2b3c4d:+4", "1a2b3c4d:99999999999999999999"] {
            assert!(message(HashKind::Crc32, text).contains("no size"), "{text}");
        }
        assert!(message(HashKind::Crc32, "1a2b:4").contains("not 8"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String) {
            for kind in HashKind::ALL {
                if let Ok(value) = HashValue::parse(kind, &text) {
                    assert_eq!(value.kind(), kind);
                }
            }
        }
    }
}
