//! False matches: how near the hashes of unrelated pictures come, counted pair by pair.

use crate::parallel::map;
use crate::pictures::{GATE, Kind, Purpose, query, synthetic};
use crate::{Interrupted, Watcher};
use hashward_engine::chance::Pairs;
use hashward_engine::radii::{MEASURED_TO, Radii};
use hashward_hash::Pdq;
use hashward_index::{CodeTable, Method, Target, TargetSet};
use hashward_media::{Guesses, LabelledHash, PictureFormat, Variant};
use hashward_synth::Encoding;
use serde::Serialize;
use std::collections::HashMap;

/// What is drawn to be compared.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Decides every picture.
    pub seed: u64,
    /// Pictures on the list, of all kinds in equal parts but near-flat ones, which lists lack.
    pub listed: usize,
    /// Innocent pictures, of all kinds in equal parts.
    pub innocent: usize,
    /// Which guesses are made of them.
    pub guesses: Guesses,
    /// Threads.
    pub threads: usize,
}

/// False matches of one kind of picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindChance {
    /// The kind.
    pub kind: Kind,
    /// Pictures.
    pub pictures: u64,
    /// Those with a hash of sufficient quality.
    pub asked: u64,
    /// Pairs of a picture and a listed one that match, by the best tier: near, variant, review.
    pub matched: [u64; 3],
}

/// What comparing gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chance {
    /// All pairs by distance.
    pub pairs: Pairs,
    /// Pictures and matches by kind of picture.
    pub kinds: Vec<KindChance>,
}

impl Chance {
    /// Matches of all kinds by the best tier.
    #[must_use]
    pub fn matched(&self) -> [u64; 3] {
        self.kinds
            .iter()
            .fold([0; 3], |sum, kind| std::array::from_fn(|tier| sum[tier] + kind.matched[tier]))
    }
}

/// Draws the listed pictures of a sample and hashes them as a list's maker would.
///
/// # Errors
/// [`Interrupted`].
pub fn listed(sample: &Sample, watcher: &Watcher<'_>) -> Result<Vec<Pdq>, Interrupted> {
    let kinds = &Kind::ALL[..Kind::ALL.len() - 1];
    let hashes = map(sample.listed, sample.threads, watcher, |number| {
        let kind = kinds[number % kinds.len()];
        let (_, hash, quality) =
            synthetic(sample.seed, Purpose::Listed, number as u64, kind, (112, 160));
        (quality >= GATE).then_some(hash)
    })?;
    Ok(hashes.into_iter().flatten().collect())
}

/// Draws innocent pictures and compares every hash of each with every listed one.
///
/// # Errors
/// [`Interrupted`].
pub fn measure(
    sample: &Sample,
    listed: &[Pdq],
    radii: &Radii,
    watcher: &Watcher<'_>,
) -> Result<Chance, Interrupted> {
    let codes: Vec<[u8; 32]> = listed.iter().map(|hash| hash.to_store_order()).collect();
    let each = map(sample.innocent, sample.threads, watcher, |number| {
        let kind = Kind::ALL[number % Kind::ALL.len()];
        let (picture, ..) =
            synthetic(sample.seed, Purpose::Innocent, number as u64, kind, (320, 520));
        let file = Encoding::Jpeg(90).encode(&picture).unwrap_or_default();
        compare(&query(&file, PictureFormat::Jpeg, sample.guesses), &codes, radii)
    })?;
    let mut pairs = Pairs { listed: listed.len() as u64, ..Pairs::default() };
    let none = |kind| KindChance { kind, pictures: 0, asked: 0, matched: [0; 3] };
    let mut kinds = Kind::ALL.map(none).to_vec();
    for (number, (own, matched)) in each.iter().enumerate() {
        pairs.add(own);
        let kind = &mut kinds[number % Kind::ALL.len()];
        kind.pictures += 1;
        kind.asked += own.pictures;
        kind.matched.iter_mut().zip(matched).for_each(|(sum, count)| *sum += count);
    }
    Ok(Chance { pairs, kinds })
}

/// The pairs of one picture, and how many listed ones it matches as near, variant and review.
fn compare(hashes: &[LabelledHash], codes: &[[u8; 32]], radii: &Radii) -> (Pairs, [u64; 3]) {
    let target =
        |hash: &LabelledHash| Target { code: hash.hash.to_store_order(), radius: MEASURED_TO };
    let targets: Vec<Target> = hashes.iter().map(target).collect();
    let mut nearest: HashMap<(u32, Variant), u16> = HashMap::new();
    let mut best: HashMap<u32, usize> = HashMap::new();
    let found = |near: hashward_index::Match| {
        let variant = hashes[near.target as usize].variant;
        let Some(kind) = Pairs::kind(variant) else { return };
        let known = nearest.entry((near.index, kind)).or_insert(near.distance);
        *known = (*known).min(near.distance);
        if let Some(tier) = radii.tier(variant, near.distance) {
            let known = best.entry(near.index).or_insert(tier);
            *known = (*known).min(tier);
        }
    };
    CodeTable::new(codes)
        .search(Method::Linear, &TargetSet::new(&targets), found)
        .expect("a bare table has no structure to be damaged");
    let mut pairs = Pairs {
        pictures: u64::from(!hashes.is_empty()),
        listed: codes.len() as u64,
        ..Pairs::default()
    };
    for ((_, kind), distance) in nearest {
        pairs.note(kind, distance);
    }
    let mut matched = [0; 3];
    for tier in best.into_values() {
        matched[tier] += 1;
    }
    (pairs, matched)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_those_of_comparing_one_by_one() {
        let sample =
            Sample { seed: 5, listed: 60, innocent: 14, guesses: Guesses::All, threads: 2 };
        let mut listed = listed(&sample, &|_, _| true).unwrap();
        // Few unrelated pictures come near: some that do are added.
        let (picture, own, _) = synthetic(5, Purpose::Innocent, 2, Kind::ALL[2], (320, 520));
        assert!(picture.width() > 0);
        for bits in [0, 9, 40, 63] {
            let mut near = own;
            near.0[1] ^= (1 << bits) - 1;
            listed.push(near);
        }
        let radii = Radii::CALIBRATED;
        let chance = measure(&sample, &listed, &radii, &|_, _| true).unwrap();
        let mut pairs = Pairs { listed: listed.len() as u64, ..Pairs::default() };
        for number in 0..sample.innocent {
            let kind = Kind::ALL[number % Kind::ALL.len()];
            let (picture, ..) =
                synthetic(sample.seed, Purpose::Innocent, number as u64, kind, (320, 520));
            let file = Encoding::Jpeg(90).encode(&picture).unwrap();
            let hashes = query(&file, PictureFormat::Jpeg, Guesses::All);
            pairs.pictures += u64::from(!hashes.is_empty());
            for listed in &listed {
                for kind in Pairs::KINDS {
                    let own = hashes.iter().filter(|own| Pairs::kind(own.variant) == Some(kind));
                    let distance = own.map(|own| own.hash.distance(*listed).0).min();
                    if let Some(distance) = distance.filter(|d| *d <= MEASURED_TO) {
                        pairs.note(kind, distance);
                    }
                }
            }
        }
        assert_eq!(chance.pairs, pairs);
        assert!(pairs.at_distance.values().flatten().sum::<u64>() > 0, "something must be near");
        let again = measure(&Sample { threads: 1, ..sample }, &listed, &radii, &|_, _| true);
        assert_eq!(again.unwrap(), chance);
    }
}
