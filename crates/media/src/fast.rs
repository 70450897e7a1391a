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
            Self::Fast => Some(Margins { bits: 16, quality: 10 }),
            Self::FastSquare512 => Some(Margins { bits: 40, quality: 16 }),
            _ => None,
        }
    }
}

/// The scale at which a JPEG picture is decoded for a proposal. Of a sequential file every code
/// has to be passed over whatever the scale, and a quarter is hardly slower than an eighth and much
/// closer; of a progressive one an eighth needs the DC scans alone, a quarter nearly everything.
pub(crate) fn scale(width: u32, height: u32, progressive: bool) -> Scale {
    match (width.min(height), progressive) {
        (1536.., true) => Scale::Eighth,
        (1024.., false) => Scale::Quarter,
        _ => Scale::Full,
    }
}
