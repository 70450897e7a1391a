//! Whether the proposals of a quick look are reason enough for a thorough one.
//!
//! A reduced decoding gives hashes that are close to the canonical ones, and stated
//! [`Margins`] say how close. Nothing is ever reported from them: where they come near known
//! material the picture is hashed canonically, and only that is matched. So a scan finds the same
//! whether it proposes or not, as long as the margins hold.

use crate::matching::Policy;
use hashward_examine::Examination;
use hashward_hash::{Digests, HashKind, Quality};
use hashward_media::Margins;
use hashward_store::{Generation, Opaque, Query, QueryHash, Reach, ReadError};

/// Could the canonical hashes of an examination match, as far as its proposals tell?
///
/// They could where a proposal comes within a list's radius and its own margin of an entry, its
/// quality being given the benefit of its margin too. Proposals of so low a quality that nothing
/// is known of their margins count as near wherever some list would let them pass.
///
/// # Errors
/// What the store reports about damaged files.
pub fn is_near(
    examination: &Examination,
    generation: &Generation,
    policy: &Policy,
) -> Result<bool, ReadError> {
    let gate = lowest_gate(generation, policy);
    let mut perceptual: Vec<QueryHash> = Vec::new();
    for hash in &examination.hashes {
        let Some(margins) = hash.variant.margins() else { continue };
        let quality = Quality(hash.quality.0.saturating_add(margins.quality).min(100));
        if quality < gate {
            continue;
        }
        if hash.quality.0 < Margins::LEAST_QUALITY {
            return Ok(true);
        }
        let (margin, reach) = (margins.bits, Reach::default());
        let quality = Some(quality);
        perceptual.push(QueryHash { hash: hash.hash, label: 0, quality, margin, reach });
    }
    if perceptual.is_empty() {
        return Ok(false);
    }
    let hits = generation.query(&Query {
        digests: &Digests::default(),
        perceptual: &perceptual,
        opaque: Opaque::NONE,
        radius: policy.radius(),
        min_quality: policy.min_quality(),
        method: policy.method,
    })?;
    Ok(!hits.is_empty())
}

/// Pixels of a sequential JPEG picture for each PDQ hash in the lists from which on a proposal
/// saves more than it costs. A pixel decoded at a quarter saves 0.9 ns. A hash in the lists costs
/// 5.5 ns for each picture: sixteen proposals are looked for so far around (see [`Margins`]) that
/// no index helps and nearly every hash is compared. Measured with AVX-512; other processors compare
/// more slowly, but decode more slowly too.
const PIXELS_FOR_A_HASH: u64 = 6;

/// From how many pixels on a sequential JPEG picture is proposed before it is decoded in full, so that
/// looking for proposals takes no longer than decoding in full would. What is found does not depend on it.
#[must_use]
pub fn least_pixels(generation: &Generation) -> u64 {
    let lists = 0..generation.lists().len();
    let count = |list| generation.hashes(list).get(&HashKind::Pdq).copied().unwrap_or_default();
    lists.map(count).sum::<u64>().saturating_mul(PIXELS_FOR_A_HASH)
}

/// The least quality that passes some list.
fn lowest_gate(generation: &Generation, policy: &Policy) -> Quality {
    let own = |list: &hashward_store::List| list.min_quality.unwrap_or(policy.min_quality());
    let lowest = generation.lists().iter().map(own).min().unwrap_or_default();
    lowest.max(policy.min_quality.unwrap_or_default())
}
