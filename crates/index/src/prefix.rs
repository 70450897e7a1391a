//! The linear scan with early abort: half of each code's permuted bits in a column of their own.
//!
//! Codes that differ in at most r bits differ in at most r of any 128 of them, and of unrelated
//! codes almost none do: one in 10⁸ at radius 31. So a scan reads half as much and looks at the
//! whole of very few codes. At radii near 64 every second code passes and the plain scan is
//! faster. The bits are permuted because the first 128 bits of a perceptual hash depend on each
//! other more than any random half.

use crate::permutation::permute;
use crate::targets::Prepared;
use crate::{Damaged, Match, linear};
use hashward_kernels::gather::gather;
use hashward_kernels::prefetch::prefetch;
use hashward_kernels::{hamming::Near, scan128};

/// Prefixes compared with all targets before the next are fetched: 64 KiB, so that they stay in
/// the second-level cache and a batch costs one pass over memory.
const BLOCK: usize = 4096;

/// The largest radius at which the column saves time: one random code in 300 passes at 48, one in
/// 50 at 52, one in 12 at 56.
pub const MAX_RADIUS: u16 = 52;

/// A code's entry in the prefix column: its permuted bits 0 to 127, little-endian.
#[must_use]
pub fn of(code: &[u8; 32]) -> [u8; 16] {
    of_permuted(&permute(code))
}

pub(crate) fn of_permuted(&[low, high, ..]: &[u64; 4]) -> [u8; 16] {
    (u128::from(low) | u128::from(high) << 64).to_le_bytes()
}

/// Checks that a column has the prefix of each code.
///
/// # Errors
/// [`Damaged`] when it has not.
pub(crate) fn check(codes: &[[u8; 32]], column: &[[u8; 16]]) -> Result<(), Damaged> {
    let same = |(code, prefix): (&[u8; 32], &[u8; 16])| of(code) == *prefix;
    if codes.len() == column.len() && codes.iter().zip(column).all(same) {
        return Ok(());
    }
    Err(Damaged("the prefix column is not that of the codes"))
}

/// Calls `found` for each pair within its target's radius, in no particular order; gives the
/// number of pairs compared. Targets with a radius above [`MAX_RADIUS`] get the plain scan.
///
/// # Errors
/// [`Damaged`] when the column has another length than the table.
pub(crate) fn search(
    codes: &[[u8; 32]],
    column: &[[u8; 16]],
    targets: &[Prepared],
    mut found: impl FnMut(Match),
) -> Result<u64, Damaged> {
    if codes.len() != column.len() {
        return Err(Damaged("the prefix column has another length than the codes"));
    }
    // Targets come by ascending radius.
    let (near, far) = targets.split_at(targets.partition_point(|t| t.radius <= MAX_RADIUS));
    // A code whose prefix is near is compared whole as well, and counts once.
    let mut distances = (near.len() * codes.len()) as u64;
    let prefixes: Vec<[u8; 16]> = near.iter().map(Prepared::prefix).collect();
    let mut passed: Vec<Near> = Vec::new();
    let mut indices: Vec<u32> = Vec::new();
    let mut matches: Vec<Near> = Vec::new();
    let near_blocks = if near.is_empty() { &[][..] } else { column };
    for (block, part) in near_blocks.chunks(BLOCK).enumerate() {
        for (number, (target, prefix)) in (0u32..).zip(near.iter().zip(&prefixes)) {
            scan128::scan128(part, prefix, target.radius, &mut passed);
            if passed.is_empty() {
                continue;
            }
            let first = (block * BLOCK) as u32;
            indices.extend(passed.drain(..).map(|near| first + near.index));
            for index in &indices {
                prefetch(codes, *index as usize);
            }
            gather(codes, &indices, &target.code, target.radius, &mut matches)
                .map_err(|_| Damaged("the prefix column is longer than the codes"))?;
            indices.clear();
            for Near { index, distance } in matches.drain(..) {
                found(Match { target: number, index, distance });
            }
        }
    }
    if !far.is_empty() {
        let before = near.len() as u32;
        distances += linear::search(codes, far, |hit| {
            found(Match { target: before + hit.target, ..hit });
        });
    }
    Ok(distances)
}
