//! Recall: how near a changed picture's query comes to the hash of its original, and whether its
//! local features show the original among all that are registered.

use crate::interval::wilson;
use crate::parallel::map;
use crate::pictures::{Original, examined, signature};
use crate::{Interrupted, Watcher};
use hashward_engine::chance::Pairs;
use hashward_engine::radii::{MEASURED_TO, Radii};
use hashward_features::{
    Damaged, Features, Finding, Signature, TableBuilder, Tables, View, search, search_all,
};
use hashward_hash::{Orientation, Pdq};
use hashward_media::{Guesses, LabelledHash, PictureFormat, Variant};
use hashward_synth::{Encoding, Family, Transform};
use serde::Serialize;

/// How near the hashes of one query came: the nearest of each of [`Pairs::KINDS`], and the one
/// canonical hash, with which PDQ alone is content; and what local features found. Distances above
/// [`MEASURED_TO`] are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nearest {
    /// Of the canonical hash as it is.
    pub canonical: Option<u16>,
    /// Of each kind.
    pub kinds: [Option<u16>; Pairs::KINDS.len()],
    /// Whether local features show the original.
    pub local: bool,
    /// Other registered pictures that they show: false matches, or near-duplicates.
    pub others: u32,
}

impl Nearest {
    /// Nothing came near.
    pub const NONE: Self =
        Self { canonical: None, kinds: [None; Pairs::KINDS.len()], local: false, others: 0 };

    /// The distances of a query's hashes from a listed one.
    #[must_use]
    pub fn of(hashes: &[LabelledHash], listed: Pdq) -> Self {
        let mut nearest = Self::NONE;
        for own in hashes {
            let distance = own.hash.distance(listed).0;
            let kind = Pairs::KINDS.iter().position(|kind| Pairs::kind(own.variant) == Some(*kind));
            let Some(kind) = kind.filter(|_| distance <= MEASURED_TO) else { continue };
            let least = |known: Option<u16>| known.map_or(distance, |known| known.min(distance));
            nearest.kinds[kind] = Some(least(nearest.kinds[kind]));
            if own.variant == Variant::Full && own.orientation == Orientation::Original {
                nearest.canonical = Some(distance);
            }
        }
        nearest
    }

    /// The best tier, and the kind that gave it, where all radii are wider by `wider` bits; as in
    /// [`Radii::tier`].
    #[must_use]
    pub fn tier(&self, radii: &Radii, wider: i32) -> Option<(usize, Variant)> {
        let tier = |(kind, distance): (&Variant, &Option<u16>)| {
            let distance = i32::from((*distance)?) - wider;
            let distance = u16::try_from(distance.max(0)).unwrap_or_default();
            Some((radii.tier(*kind, distance)?, *kind))
        };
        Pairs::KINDS.iter().zip(&self.kinds).filter_map(tier).min()
    }
}

/// The methods that are compared, from PDQ as it is to the whole query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// One hash within 31.
    Pdq,
    /// The tier `near`: eight orientations, both references.
    Near,
    /// The tier `variant` or better.
    Variant,
    /// The tier `review` or better.
    Review,
    /// The tier `local` alone: features of registered material.
    Local,
    /// Registered material as a scan finds it: by its features, or by its hash for `review` or
    /// better.
    Registered,
}

impl Method {
    /// Every method, in the order of the table.
    pub const ALL: [Self; 6] =
        [Self::Pdq, Self::Near, Self::Variant, Self::Review, Self::Local, Self::Registered];

    /// Those that a list of hashes is enough for.
    pub const LISTED: [Self; 4] = [Self::Pdq, Self::Near, Self::Variant, Self::Review];

    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pdq => "PDQ alone",
            Self::Near => "near",
            Self::Variant => "variant or better",
            Self::Review => "review or better",
            Self::Local => "local",
            Self::Registered => "registered",
        }
    }

    /// Whether a query is found, where all radii are wider by `wider` bits.
    #[must_use]
    pub fn finds(self, nearest: &Nearest, radii: &Radii, wider: i32) -> bool {
        let within = |most: usize| nearest.tier(radii, wider).is_some_and(|(tier, _)| tier <= most);
        match self {
            Self::Pdq => {
                let radius = i32::from(radii.of(Variant::Full).matched.0) + wider;
                nearest.canonical.is_some_and(|distance| i32::from(distance) <= radius)
            }
            Self::Near => within(0),
            Self::Variant => within(1),
            Self::Review => within(2),
            Self::Local => nearest.local,
            Self::Registered => nearest.local || within(2),
        }
    }
}

/// What was found of one transform's results.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    /// Found.
    pub found: u64,
    /// Share of all.
    pub share: f64,
    /// Ends of the 95 % interval.
    pub interval: (f64, f64),
}

/// One transform: its name with the strength, and what became of it.
#[derive(Debug, Clone)]
pub struct Row {
    /// The transform.
    pub transform: Transform,
    /// How near each original's changed form came, in the order of the originals.
    pub nearest: Vec<Nearest>,
}

impl Row {
    /// The name with the strength.
    #[must_use]
    pub fn name(&self) -> String {
        self.transform.name()
    }

    /// The family in reports.
    #[must_use]
    pub fn family(&self) -> Family {
        self.transform.family()
    }

    /// What a method finds.
    #[must_use]
    pub fn share(&self, method: Method, radii: &Radii) -> Share {
        let all = self.nearest.len() as u64;
        let found = self.nearest.iter().filter(|nearest| method.finds(nearest, radii, 0)).count();
        let found = found as u64;
        Share { found, share: found as f64 / all.max(1) as f64, interval: wilson(found, all) }
    }

    /// Other registered pictures that local features show, in all queries together.
    #[must_use]
    pub fn others(&self) -> u64 {
        self.nearest.iter().map(|nearest| u64::from(nearest.others)).sum()
    }

    /// Which kind gave the best tier of what is found for review or better, and how often.
    #[must_use]
    pub fn found_by(&self, radii: &Radii) -> Vec<(Variant, u64)> {
        let count = |kind: Variant| {
            let by = |nearest: &&Nearest| nearest.tier(radii, 0).is_some_and(|t| t.1 == kind);
            self.nearest.iter().filter(by).count() as u64
        };
        let counted = Pairs::KINDS.map(|kind| (kind, count(kind)));
        counted.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

/// All originals, registered together.
struct Known {
    signatures: Vec<Signature>,
    tables: Vec<u8>,
}

impl Known {
    fn of(
        originals: &[Original],
        threads: usize,
        watcher: &Watcher<'_>,
    ) -> Result<Self, Interrupted> {
        let signatures =
            map(originals.len(), threads, watcher, |number| signature(&originals[number].picture))?;
        // Too many for one index are looked through one by one, as a store does.
        let tables = TableBuilder::whole(&signatures).unwrap_or_default();
        Ok(Self { signatures, tables })
    }

    /// What the features show.
    fn found(&self, query: &Features) -> Vec<Finding> {
        let read = |number: u32| -> Result<Signature, Damaged> {
            self.signatures.get(number as usize).cloned().ok_or(Damaged("no such signature"))
        };
        let found =
            Tables::new(&self.tables).and_then(|tables| search(&tables, query, &View::ALL, read));
        found.unwrap_or_else(|_| search_all(&self.signatures, query, &View::ALL))
    }
}

/// Applies every transform to every original, saves it as JPEG at quality 90, and asks for it as a
/// scan does: of a list of the originals' hashes, and of the originals registered together. The
/// watcher hears of the originals first, then of the changed pictures.
///
/// # Errors
/// [`Interrupted`].
pub fn measure(
    originals: &[Original],
    transforms: &[Transform],
    guesses: Guesses,
    threads: usize,
    watcher: &Watcher<'_>,
) -> Result<Vec<Row>, Interrupted> {
    let known = Known::of(originals, threads, watcher)?;
    let count = transforms.len().max(1);
    let nearest = map(originals.len() * transforms.len(), threads, watcher, |task| {
        let (number, transform) = (task / count, transforms[task % count]);
        let original = &originals[number];
        let changed = transform.apply(&original.picture, number as u64);
        let file = Encoding::Jpeg(90).encode(&changed).unwrap_or_default();
        let (hashes, features) = examined(&file, PictureFormat::Jpeg, guesses);
        let found = known.found(&features);
        let own = found.iter().filter(|found| found.signature == number as u32).count();
        Nearest {
            local: own > 0,
            others: (found.len() - own) as u32,
            ..Nearest::of(&hashes, original.hash)
        }
    })?;
    let row = |(number, transform): (usize, &Transform)| Row {
        transform: *transform,
        nearest: nearest.iter().skip(number).step_by(count).copied().collect(),
    };
    Ok(transforms.iter().enumerate().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pictures::synthetic_originals;

    #[test]
    fn what_is_hardly_changed_is_near_and_what_is_inverted_needs_the_guess() {
        let originals = synthetic_originals(11, 5, 2, &|_, _| true).unwrap();
        let transforms = [Transform::Grey, Transform::Invert];
        let rows = measure(&originals, &transforms, Guesses::All, 2, &|_, _| true).unwrap();
        let radii = Radii::CALIBRATED;
        let found = |row: usize, method| rows[row].share(method, &radii).found;
        assert_eq!((found(0, Method::Pdq), found(0, Method::Near)), (5, 5));
        assert_eq!((found(1, Method::Pdq), found(1, Method::Near)), (0, 0));
        assert_eq!((found(1, Method::Variant), found(1, Method::Review)), (5, 5));
        assert_eq!(rows[1].found_by(&radii), [(Variant::Inverted, 5)]);
        for row in &rows {
            let own = row.share(Method::Local, &radii).found;
            assert!(own >= 4 && row.share(Method::Registered, &radii).found == 5, "{own}");
            assert_eq!(row.others(), 0);
        }
        let whole = measure(&originals, &transforms, Guesses::None, 1, &|_, _| true).unwrap();
        assert_eq!(whole[1].share(Method::Review, &radii).found, 0);
        assert_eq!(whole[1].share(Method::Local, &radii), rows[1].share(Method::Local, &radii));
        let alone = |rows: &[Row]| rows[0].nearest.iter().map(|n| n.canonical).collect::<Vec<_>>();
        assert_eq!(alone(&whole), alone(&rows));
    }
}
