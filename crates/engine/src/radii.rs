//! How near a hash must be to count: one radius to match by, and a wider one for a second look,
//! for each variant of the query, and how often unrelated pictures come that near.

use crate::chance::{Pairs, Tail};
use hashward_hash::Distance;
use hashward_media::Variant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Largest distance at which pairs of unrelated pictures are counted.
pub const MEASURED_TO: u16 = 80;

/// The radii of one variant.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantRadii {
    /// Up to here a match is `variant` (or `near`, where the whole picture was hashed).
    pub matched: Distance,
    /// Up to here it is `review`.
    pub review: Distance,
    /// How often an unrelated pair of pictures comes near.
    pub chance: Tail,
}

/// The radii of all variants, in the order of [`Variant::ALL`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Radii(pub [VariantRadii; Variant::ALL.len()]);

const fn radii(matched: u16, review: u16, at: u16, log10: f64, per_bit: f64) -> VariantRadii {
    let chance = Tail { at, log10, per_bit };
    VariantRadii { matched: Distance(matched), review: Distance(review), chance }
}

const PROPOSAL: VariantRadii =
    VariantRadii { matched: Distance(0), review: Distance(0), chance: Tail::NONE };

/// False matches that a whole query may have, in all variants together, against a million listed
/// pictures: for `near`, `variant` and `review`.
pub const ALLOWED: [f64; 3] = [1e-4, 1e-2, 5e-2];

impl Radii {
    /// The radii that this version uses: 31 is the reference's; the others are narrower than
    /// [`ALLOWED`] asks for on synthetic pictures, because real ones were not counted. What was counted is in `benches/results/robustness.md`.
    pub const CALIBRATED: Self = Self([
        radii(31, 42, 62, -7.40, 0.114),
        radii(31, 42, 62, -7.40, 0.114),
        PROPOSAL,
        PROPOSAL,
        radii(31, 42, 66, -7.51, 0.094),
        radii(40, 46, 66, -7.47, 0.116),
        radii(38, 46, 58, -7.40, 0.099),
        radii(40, 48, 58, -7.01, 0.127),
        radii(40, 46, 62, -7.30, 0.121),
    ]);

    /// The radii of a variant.
    #[must_use]
    pub const fn of(&self, variant: Variant) -> VariantRadii {
        self.0[variant as usize]
    }

    /// Other radii for all variants that are counted as one kind.
    #[must_use]
    pub fn with(mut self, kind: Variant, radii: VariantRadii) -> Self {
        for variant in Variant::ALL {
            if Pairs::kind(variant) == Some(kind) {
                self.0[variant as usize] = radii;
            }
        }
        self
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

    /// The radii by the words of the variants, one for each kind that is counted apart.
    #[must_use]
    pub fn by_name(&self) -> BTreeMap<String, VariantRadii> {
        Pairs::KINDS.iter().map(|kind| (kind.name().to_owned(), self.of(*kind))).collect()
    }

    /// The radii where those of some variants are replaced; a word that is none is the error.
    ///
    /// # Errors
    /// The word that names no variant.
    pub fn replaced(self, by_name: &BTreeMap<String, VariantRadii>) -> Result<Self, String> {
        by_name.iter().try_fold(self, |radii, (name, own)| {
            let kind = Pairs::KINDS.into_iter().find(|kind| kind.name() == name);
            kind.map(|kind| radii.with(kind, *own)).ok_or_else(|| name.clone())
        })
    }
}
