//! PDQ's 256-bit code, its quality, and distances between codes.

use crate::hex::{HexError, decode_hex, encode_hex};
use serde::{Deserialize, Serialize};

/// A PDQ hash: bit `i` of the reference is bit `i % 64` of word `i / 64`.
///
/// The text form is the reference's: 64 hexadecimal digits, the highest-indexed bit first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Pdq(pub [u64; 4]);

impl Pdq {
    /// Bits of a hash.
    pub const BITS: u16 = 256;

    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`HexError`] when the length or a digit is wrong.
    pub fn from_hex(text: &str) -> Result<Self, HexError> {
        let mut bytes = [0; 32];
        decode_hex(text, &mut bytes)?;
        Ok(Self::from_text_order(bytes))
    }

    /// The 64 hexadecimal digits of the reference.
    #[must_use]
    pub fn to_hex(self) -> String {
        encode_hex(&self.to_text_order())
    }

    /// From bytes in the order of the text form (highest-indexed bits first).
    #[must_use]
    pub fn from_text_order(bytes: [u8; 32]) -> Self {
        let mut words = [0; 4];
        for (word, chunk) in words.iter_mut().rev().zip(bytes.chunks_exact(8)) {
            *word = chunk.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        }
        Self(words)
    }

    /// Bytes in the order of the text form (highest-indexed bits first).
    #[must_use]
    pub fn to_text_order(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(self.0.iter().rev()) {
            chunk.copy_from_slice(&word.to_be_bytes());
        }
        bytes
    }

    /// Bytes in the store's order: the words, each little-endian, lowest-indexed bits first.
    #[must_use]
    pub fn to_store_order(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// From bytes in the store's order.
    #[must_use]
    pub fn from_store_order(bytes: [u8; 32]) -> Self {
        let mut words = [0; 4];
        for (word, chunk) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = chunk.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
        }
        Self(words)
    }

    /// Number of bits in which two hashes differ.
    #[must_use]
    pub fn distance(self, other: Self) -> Distance {
        let bits: u32 = self.0.iter().zip(other.0).map(|(a, b)| (a ^ b).count_ones()).sum();
        Distance(bits as u16)
    }

    /// Number of bits set. The algorithm compares with a median, so nearly every picture has
    /// 128 of them, or fewer where coefficients tie.
    #[must_use]
    pub fn ones(self) -> u16 {
        self.0.iter().map(|word| word.count_ones() as u16).sum()
    }

    /// True for codes that no picture with content gives: so far from half of the bits set that
    /// most coefficients must have tied (flat colour, an empty frame) or the code was made up.
    /// They would match each other, so they never count as more than a hint.
    #[must_use]
    pub fn is_degenerate(self) -> bool {
        !(112..=144).contains(&self.ones())
    }
}

impl std::fmt::Debug for Pdq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pdq(…)")
    }
}

/// A Hamming distance or radius, in bits.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Distance(pub u16);

/// PDQ's quality of a picture: 0 (flat) to 100.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Quality(pub u8);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_starts_with_the_highest_bit() {
        let mut hash = Pdq::default();
        hash.0[3] = 1 << 63;
        assert!(hash.to_hex().starts_with("80"));
        hash.0 = [1, 0, 0, 0];
        assert!(hash.to_hex().ends_with("01"));
        assert_eq!(hash.to_store_order()[0], 1);
    }

    #[test]
    fn debug_keeps_the_secret() {
        assert_eq!(format!("{:?}", Pdq([7; 4])), "Pdq(…)");
    }

    proptest::proptest! {
        #[test]
        fn forms_round_trip(words: [u64; 4], other: [u64; 4]) {
            let hash = Pdq(words);
            assert_eq!(Pdq::from_hex(&hash.to_hex()), Ok(hash));
            assert_eq!(Pdq::from_text_order(hash.to_text_order()), hash);
            assert_eq!(Pdq::from_store_order(hash.to_store_order()), hash);
            assert_eq!(hash.distance(Pdq(other)), Pdq(other).distance(hash));
            assert_eq!(hash.distance(Pdq(words.map(|w| !w))), Distance(256));
        }
    }
}
