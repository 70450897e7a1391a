//! Distances between opaque perceptual hashes, and how far apart two may lie to match.

use crate::{Distance, HashKind, HashValue};
use serde::{Deserialize, Serialize};

/// How the coordinates of two vectors are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VectorMetric {
    /// The sum of the differences of the coordinates.
    L1,
    /// The Euclidean distance, rounded up to a whole number.
    L2,
}

impl VectorMetric {
    /// The distance of two vectors of bytes. At most 36,720 (L1) and 3,060 (L2) for PhotoDNA.
    #[must_use]
    pub fn distance(self, a: &[u8; 144], b: &[u8; 144]) -> Distance {
        let differences = a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b)));
        match self {
            Self::L1 => Distance(differences.sum::<u32>() as u16),
            Self::L2 => Self::l2_of_squared(differences.map(|d| d * d).sum()),
        }
    }

    /// The Euclidean distance whose square is given, rounded up: at most `r` exactly if the
    /// square is at most `r²`, so that whole radii lose nothing.
    #[must_use]
    pub fn l2_of_squared(squared: u32) -> Distance {
        let floor = squared.isqrt();
        Distance((floor + u32::from(floor * floor < squared)) as u16)
    }
}

/// How far apart two vectors may lie to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorRadius {
    /// How they are compared.
    pub metric: VectorMetric,
    /// The largest distance that is a match.
    pub radius: Distance,
}

impl VectorRadius {
    /// Reads `l1:N` or `l2:N`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (metric, radius) = text.split_once(':')?;
        let metric = match metric.to_ascii_lowercase().as_str() {
            "l1" => VectorMetric::L1,
            "l2" => VectorMetric::L2,
            _ => return None,
        };
        Some(Self { metric, radius: Distance(radius.parse().ok()?) })
    }
}

impl std::fmt::Display for VectorRadius {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let metric = match self.metric {
            VectorMetric::L1 => "l1",
            VectorMetric::L2 => "l2",
        };
        write!(f, "{metric}:{}", self.radius.0)
    }
}

/// Radii for opaque kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpaqueRadii {
    /// For PhotoDNA.
    pub photodna: VectorRadius,
    /// For the 64-bit kinds, in bits.
    pub bits64: Distance,
}

impl OpaqueRadii {
    /// Equal values only.
    pub const EQUAL: Self = Self {
        photodna: VectorRadius { metric: VectorMetric::L1, radius: Distance(0) },
        bits64: Distance(0),
    };

    /// The radius for a kind; 0 for kinds that are not opaque.
    #[must_use]
    pub const fn of(&self, kind: HashKind) -> Distance {
        match kind {
            HashKind::PhotoDna => self.photodna.radius,
            HashKind::Phash64 | HashKind::Dhash64 | HashKind::Ahash64 => self.bits64,
            _ => Distance(0),
        }
    }
}

impl HashValue {
    /// The distance of two opaque values of one kind; `None` for other kinds.
    #[must_use]
    pub fn opaque_distance(&self, other: &Self, metric: VectorMetric) -> Option<Distance> {
        match (self, other) {
            (Self::PhotoDna(a), Self::PhotoDna(b)) => Some(metric.distance(a, b)),
            (Self::Phash64(a), Self::Phash64(b))
            | (Self::Dhash64(a), Self::Dhash64(b))
            | (Self::Ahash64(a), Self::Ahash64(b)) => {
                let bits = u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b);
                Some(Distance(bits.count_ones() as u16))
            }
            _ => None,
        }
    }

    /// True for perceptual hashes that no picture with content gives: PDQ as in
    /// [`crate::Pdq::is_degenerate`], PhotoDNA whose coordinates are all equal, 64-bit hashes of
    /// fewer than 8 or more than 56 ones.
    #[must_use]
    pub fn is_degenerate(&self) -> bool {
        match self {
            Self::Pdq(hash) => hash.is_degenerate(),
            Self::PhotoDna(bytes) => bytes.iter().all(|byte| *byte == bytes[0]),
            Self::Phash64(bytes) | Self::Dhash64(bytes) | Self::Ahash64(bytes) => {
                !(8..=56).contains(&u64::from_ne_bytes(*bytes).count_ones())
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_by_hand() {
        let (mut a, mut b) = ([0; 144], [0; 144]);
        (a[3], b[3], b[7]) = (10, 13, 4);
        assert_eq!(VectorMetric::L1.distance(&a, &b), Distance(7));
        assert_eq!(VectorMetric::L2.distance(&a, &b), Distance(5));
        b[8] = 1;
        assert_eq!(VectorMetric::L2.distance(&a, &b), Distance(6), "the root of 26, rounded up");
        assert_eq!(VectorMetric::L1.distance(&[0; 144], &[255; 144]), Distance(36_720));
        assert_eq!(VectorMetric::L2.distance(&[0; 144], &[255; 144]), Distance(3060));
        let bits = |text| HashValue::parse(HashKind::Phash64, text).unwrap();
        let (x, y) = (bits("00000000000000ff"), bits("000000000000000f"));
        assert_eq!(x.opaque_distance(&y, VectorMetric::L1), Some(Distance(4)));
        let other = HashValue::parse(HashKind::Dhash64, "00000000000000ff").unwrap();
        assert_eq!(x.opaque_distance(&other, VectorMetric::L1), None, "kinds are not mixed");
        assert!(!x.is_degenerate() && y.is_degenerate());
    }

    #[test]
    fn radii_have_a_text() {
        for text in ["l1:0", "l2:200", "l1:36720"] {
            assert_eq!(VectorRadius::parse(text).unwrap().to_string(), text);
        }
        for text in ["200", "l3:5", "l2:-1", "l2:70000", "l2:"] {
            assert_eq!(VectorRadius::parse(text), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_whole_radius_loses_nothing(squared in 0u32..9_363_601, radius in 0u16..3061) {
            let near = VectorMetric::l2_of_squared(squared) <= Distance(radius);
            assert_eq!(near, squared <= u32::from(radius) * u32::from(radius));
        }
    }
}
