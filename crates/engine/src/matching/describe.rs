//! Puts a hit into the words of a match.

use super::{Explained, Input, Policy};
use crate::trust::Judgement;
use crate::verdict::{Doubt, Match, Tier};
use hashward_hash::{HashKind, HashValue, Metric};
use hashward_media::Variant;
use hashward_store::{By, Hit, Reach};

pub(super) fn describe(
    input: &Input<'_>,
    policy: &Policy,
    show_hashes: bool,
    explained: &Explained<'_>,
    judgement: &Judgement,
) -> Match {
    let Explained { candidate, list, said, .. } = explained;
    let hit = &candidate.hit;
    let number = hit.label.and_then(|label| usize::try_from(label).ok());
    let opaque = hit.by.kind().is_some_and(HashKind::is_opaque);
    let label = number.filter(|_| hit.by == HashKind::Pdq);
    let label = label.and_then(|label| input.hashes.get(label));
    let seen = number.filter(|_| hit.by == By::Features).and_then(|label| input.seen.get(label));
    let perceptual = !hit.by.is_exact();
    let hash = match label {
        Some(label) => Some(label.hash.to_hex()),
        None if opaque => {
            number.and_then(|number| input.opaque.get(number)).map(HashValue::to_text)
        }
        None => {
            let mut digests = input.digests.values();
            digests.find(|digest| hit.by == digest.kind()).map(|digest| digest.to_text())
        }
    };
    let negative = seen.filter(|seen| seen.view.is_inverted()).map(|_| Variant::Inverted);
    Match {
        list: list.name.clone(),
        version: list.version,
        entry: said.entry.clone(),
        by: hit.by,
        distance: hit.distance.0,
        radius: if perceptual { policy.radius_of(hit).0 } else { 0 },
        metric: hit.metric,
        variant: match (label, seen) {
            (Some(label), _) => label.orientation.name(),
            (_, Some(seen)) if seen.view.is_mirrored() => "flip_x",
            _ => "original",
        }
        .to_owned(),
        rendition: label.map(|label| label.variant).or(negative).map(|it| it.name().to_owned()),
        frame: label.map(|label| label.frame).or(seen.map(|seen| seen.frame)),
        frames: if perceptual { candidate.frames } else { 0 },
        area: label.map(|label| label.rectangle).or(seen.map(|seen| seen.area)),
        chance: None,
        inliers: seen.map(|seen| seen.inliers),
        tier: if judgement.doubts.is_empty() { tier(hit) } else { Tier::Review },
        quality: label.map(|label| label.quality.0),
        entry_quality: hit
            .entry_quality
            .filter(|_| hit.by == HashKind::Pdq)
            .map(|quality| quality.0),
        category: said.category.clone(),
        finding: judgement.finding,
        provenance: said.provenance.clone(),
        doubts: doubts(hit, judgement),
        vetoed_by: Vec::new(),
        hash: hash.filter(|_| show_hashes),
        conflict: None,
    }
}

/// The doubts, with the words that fit a hash which is not weak but far.
fn doubts(hit: &Hit, judgement: &Judgement) -> Vec<Doubt> {
    let far = hit.rank == Reach::DISTANT && !hit.degenerate;
    let fitting = |doubt: &Doubt| match doubt {
        Doubt::WeakHash if far => Doubt::Distant,
        doubt => *doubt,
    };
    judgement.doubts.iter().map(fitting).collect()
}

/// What a hit is worth by itself. Hashes of 64 bits meet by chance in any large list, and CRC-32 by design.
pub(super) fn tier(hit: &Hit) -> Tier {
    let By::Hash(kind) = hit.by else { return Tier::Local };
    match kind.metric() {
        Metric::Exact if kind.is_hint() => Tier::Review,
        Metric::Exact => Tier::Exact,
        _ if hit.degenerate => Tier::Review,
        _ => match kind {
            HashKind::Phash64 | HashKind::Dhash64 | HashKind::Ahash64 => Tier::Review,
            _ if hit.rank == Reach::DISTANT => Tier::Review,
            _ if hit.rank > 0 => Tier::Variant,
            _ => Tier::Near,
        },
    }
}
