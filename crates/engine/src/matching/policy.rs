//! What the user demands of a match, and what holds where nobody says otherwise.

use crate::radii::Radii;
use hashward_hash::{Distance, HashKind, OpaqueRadii, Quality, VectorMetric, VectorRadius};
use hashward_media::Variant;
use hashward_store::{Day, Hit, List, Method, Reach};

/// Radius for PDQ where neither the user nor the list says otherwise (the reference's).
pub const DEFAULT_RADIUS: Distance = Distance(31);
/// Least quality where neither the user nor the list says otherwise (the reference's).
pub const DEFAULT_MIN_QUALITY: Quality = Quality(50);

/// Radii for opaque hashes where nobody says otherwise. That of PhotoDNA is the one that IPED, an
/// open forensic tool, ships with (40,000, the square of 200); that of the 64-bit hashes is as
/// narrow for its width as that of PDQ.
pub const DEFAULT_OPAQUE_RADII: OpaqueRadii = OpaqueRadii {
    photodna: VectorRadius { metric: VectorMetric::L2, radius: Distance(200) },
    bits64: Distance(8),
};

/// What the user demands of a match.
///
/// A list's own radius and gate are its makers' and win over the defaults. What the user asks for
/// can narrow them, never widen them: the stricter of the two applies.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Largest distance, where the user asked for one.
    pub radius: Option<Distance>,
    /// Least quality of either side, where the user asked for one. An unknown quality passes.
    pub min_quality: Option<Quality>,
    /// Independent sources that must vouch for a hash, in every list; 0 and 1 demand nothing.
    pub requires_sources: u8,
    /// The day for which it is decided which lists have expired.
    pub day: Day,
    /// Radii of the variants of the query.
    pub radii: Radii,
    /// Whether what lies beyond its radius is also reported, for review.
    pub second_look: bool,
    /// How the store searches; the findings do not depend on it.
    pub method: Method,
}

/// The usual demands, today.
impl Default for Policy {
    fn default() -> Self {
        Self {
            radius: None,
            min_quality: None,
            requires_sources: 0,
            day: Day::today(),
            radii: Radii::CALIBRATED,
            second_look: false,
            method: Method::default(),
        }
    }
}

impl Policy {
    /// True when the list's last day has passed, so that none of its entries counts for anything.
    #[must_use]
    pub fn expired(&self, list: &List) -> bool {
        list.expires.is_some_and(|last| last < self.day)
    }

    /// The radius for lists without one.
    #[must_use]
    pub fn radius(&self) -> Distance {
        self.radius.unwrap_or(DEFAULT_RADIUS)
    }

    /// The gate for lists without one.
    #[must_use]
    pub fn min_quality(&self) -> Quality {
        self.min_quality.unwrap_or(DEFAULT_MIN_QUALITY)
    }

    /// May the hit's list be used, and does the hit satisfy the user's own demands? The store has
    /// applied the list's.
    pub(super) fn admits(&self, hit: &Hit, lists: &[List]) -> bool {
        if lists.get(hit.place.list as usize).is_none_or(|list| self.expired(list)) {
            return false;
        }
        hit.by != HashKind::Pdq
            || (self.radius.is_none_or(|radius| hit.distance <= radius)
                && passes(self.min_quality, hit.entry_quality))
    }

    /// How far a hash of the query is looked for. A radius that the user asked for narrows it.
    pub(super) fn reach(&self, variant: Variant) -> Reach {
        let radii = self.radii.of(variant);
        let narrow = |wish: Distance| self.radius.map_or(wish, |asked| wish.min(asked));
        let distant = if self.second_look { narrow(radii.review) } else { Distance(0) };
        if variant.is_whole() {
            Reach { rank: 0, radius: None, distant }
        } else {
            Reach { rank: 1, radius: Some(narrow(radii.matched)), distant }
        }
    }

    pub(super) fn radius_of(&self, hit: &Hit) -> Distance {
        let asked = self.radius.filter(|_| hit.by == HashKind::Pdq);
        asked.map_or(hit.radius, |radius| radius.min(hit.radius))
    }
}

pub(super) fn passes(gate: Option<Quality>, quality: Option<Quality>) -> bool {
    gate.zip(quality).is_none_or(|(gate, quality)| quality >= gate)
}
