//! When a reduced decoding may propose, and how far from the canonical hash it may be.

use crate::Variant;
use hashward_jpeg::Scale;

/// How far a proposal may be from what it stands for. Measured over synthetic pictures of all
/// sizes, subsamplings and qualities from three encoders, with room to spare; the table is
/// `benches/results/fast-pdq.md`. It holds for pictures of quality
/// [`Margins::LEAST_QUALITY`] or more: what is flatter has hashes that nearly anything changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Margins {
    /// Bits of 256 by which the canonical hash may differ.
    pub bits: u16,
    /// By how much the canonical quality may be higher or lower.
    pub quality: u8,
}

impl Margins {
    /// A proposal of lower quality than this says nothing.
    pub const LEAST_QUALITY: u8 = 45;
}

impl Variant {
    /// What a proposal may be off by; `None` for canonical hashes.
    #[must_use]
    pub const fn margins(self) -> Option<Margins> {
        match self {
            Self::Fast => Some(Margins { bits: 12, quality: 10 }),
            Self::FastSquare512 => Some(Margins { bits: 40, quality: 16 }),
            _ => None,
        }
    }
}

/// The scale at which a JPEG picture is decoded for a proposal. Of a sequential file every code
/// has to be passed over whatever the scale, and a quarter is hardly slower than an eighth and much
/// closer; of a progressive one an eighth needs the DC scans alone, a quarter nearly everything.
pub(crate) fn scale(width: u32, height: u32, progressive: bool, least_pixels: u64) -> Scale {
    let pixels = u64::from(width) * u64::from(height);
    match (width.min(height), progressive) {
        (1536.., true) if pixels >= least_pixels / 8 => Scale::Eighth,
        (1024.., false) if pixels >= least_pixels => Scale::Quarter,
        _ => Scale::Full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_reduced_where_that_is_close_and_pays() {
        assert_eq!(scale(1024, 4000, false, 0), Scale::Quarter);
        assert_eq!(scale(4000, 1023, false, 0), Scale::Full);
        assert_eq!(scale(1536, 1536, true, 0), Scale::Eighth);
        assert_eq!(scale(1535, 1536, true, 0), Scale::Full);
        assert_eq!(scale(4000, 3000, false, 12_000_000), Scale::Quarter);
        assert_eq!(scale(4000, 3000, false, 12_000_001), Scale::Full);
        assert_eq!(scale(4000, 3000, true, 8 * 12_000_000), Scale::Eighth);
        assert_eq!(scale(4000, 3000, true, 8 * 12_000_001), Scale::Full);
    }
}
