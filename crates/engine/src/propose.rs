//! Whether the proposals of a quick look are reason enough for a thorough one.
//!
//! A reduced decoding gives hashes that are close to the canonical ones, and stated
//! [`Margins`] say how close. Nothing is ever reported from them: where they come near known
//! material the picture is hashed canonically, and only that is matched. So a scan finds the same
//! whether it proposes or not, as long as the margins hold.

use crate::matching::Policy;
use hashward_examine::Examination;
use hashward_hash::{Digests, Quality};
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

/// The least quality that passes some list.
fn lowest_gate(generation: &Generation, policy: &Policy) -> Quality {
    let own = |list: &hashward_store::List| list.min_quality.unwrap_or(policy.min_quality());
    let lowest = generation.lists().iter().map(own).min().unwrap_or_default();
    lowest.max(policy.min_quality.unwrap_or_default())
}
