//! How near a hash must be to count: one radius to match by, and a wider one for a second look,
//! for each variant of the query.

use hashward_hash::Distance;
use hashward_media::Variant;
use serde::{Deserialize, Serialize};

/// Largest distance at which pairs of unrelated pictures were counted.
pub const MEASURED_TO: u16 = 90;

/// The radii of one variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantRadii {
    /// Up to here a match is `variant` (or `near`, where the whole picture was hashed).
    pub matched: Distance,
    /// Up to here it is `review`.
    pub review: Distance,
}

/// The radii of all variants, in the order of [`Variant::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Radii(pub [VariantRadii; Variant::ALL.len()]);

const fn radii(matched: u16, review: u16) -> VariantRadii {
    VariantRadii { matched: Distance(matched), review: Distance(review) }
}

impl Radii {
    /// The radii that this version uses: 31 is the reference's; the others are estimates, not yet
    /// calibrated on innocent pictures, which is why only a thorough scan uses them.
    pub const ESTIMATED: Self = Self([
        radii(31, 42),
        radii(31, 42),
        // Proposals are never matched.
        radii(0, 0),
        radii(0, 0),
        radii(31, 42),
        radii(34, 42),
        radii(34, 42),
        radii(34, 42),
        radii(34, 42),
    ]);

    /// The radii of a variant.
    #[must_use]
    pub const fn of(&self, variant: Variant) -> VariantRadii {
        self.0[variant as usize]
    }

    /// 0 for `near`, 1 for `variant`, 2 for `review`, `None` for no match.
    #[must_use]
    pub fn tier(&self, variant: Variant, distance: u16) -> Option<usize> {
        let radii = self.of(variant);
        match distance {
            _ if distance <= radii.matched.0 => Some(usize::from(!variant.is_whole())),
            _ if distance <= radii.review.0 => Some(2),
            _ => None,
        }
    }
}
