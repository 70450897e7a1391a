//! The eight ways in which a rectangle can be turned and mirrored.

use serde::{Deserialize, Serialize};

/// How a picture is turned or mirrored before it is hashed: rotations are clockwise, `flip_x`
/// mirrors left and right. The reference uses some of these names for other orientations; its
/// `compute_dihedral` lists original, rot270, rot180, rot90, flip_y, flip_x, transpose, transverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Orientation {
    /// As stored.
    Original = 0,
    /// Turned clockwise by 90°.
    Rot90 = 1,
    /// Turned by 180°.
    Rot180 = 2,
    /// Turned clockwise by 270°.
    Rot270 = 3,
    /// Mirrored left and right.
    FlipX = 4,
    /// Mirrored top and bottom.
    FlipY = 5,
    /// Mirrored at the main diagonal (rows become columns).
    Transpose = 6,
    /// Mirrored at the other diagonal.
    Transverse = 7,
}

impl Orientation {
    /// All eight, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Original,
        Self::Rot90,
        Self::Rot180,
        Self::Rot270,
        Self::FlipX,
        Self::FlipY,
        Self::Transpose,
        Self::Transverse,
    ];

    /// The word used in outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Rot90 => "rot90",
            Self::Rot180 => "rot180",
            Self::Rot270 => "rot270",
            Self::FlipX => "flip_x",
            Self::FlipY => "flip_y",
            Self::Transpose => "transpose",
            Self::Transverse => "transverse",
        }
    }
}
