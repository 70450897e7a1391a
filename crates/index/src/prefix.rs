//! The linear scan with early abort: half of each code's permuted bits in a column of their own.
//!
//! Codes that differ in at most r bits differ in at most r of any 128 of them, and of unrelated
//! codes almost none do: one in 10⁸ at radius 31. So a scan reads half as much and looks at the
//! whole of very few codes. At radii near 64 every second code passes and the plain scan is
//! faster. The bits are permuted because the first 128 bits of a perceptual hash depend on each
//! other more than any random half.

use crate::permutation::permute;
use crate::{Damaged, Match, Target, linear};
use hashward_kernels::gather::gather;
use hashward_kernels::prefetch::prefetch;
use hashward_kernels::{hamming::Near, scan128};

/// Prefixes compared with all targets before the next are fetched: 16 KiB, so that they stay in
/// the first-level cache and a batch costs one pass over memory.
const BLOCK: usize = 1024;

/// The largest radius at which the column saves time: one random code in 300 passes at 48, one in
/// 50 at 52, one in 12 at 56.
pub const MAX_RADIUS: u16 = 52;

/// A code's entry in the prefix column: its permuted bits 0 to 127, little-endian.
#[must_use]
pub fn of(code: &[u8; 32]) -> [u8; 16] {
    let [low, high, ..] = permute(code);
    (u128::from(low) | u128::from(high) << 64).to_le_bytes()
}

/// Calls `found` for each pair within its target's radius, in no particular order; gives the
/// number of distances computed. Targets with a radius above [`MAX_RADIUS`] get the plain scan.
///
/// # Errors
/// [`Damaged`] when the column has another length than the table.
pub fn search(
    codes: &[[u8; 32]],
    column: &[[u8; 16]],
    targets: &[Target],
    mut found: impl FnMut(Match),
) -> Result<u64, Damaged> {
    if codes.len() != column.len() {
        return Err(Damaged("the prefix column has another length than the codes"));
    }
    let near = |number: &u32| targets[*number as usize].radius <= MAX_RADIUS;
    let (near, far): (Vec<u32>, Vec<u32>) = (0..targets.len() as u32).partition(near);
    let mut distances = (near.len() * codes.len()) as u64;
    let prefixes: Vec<[u8; 16]> =
        near.iter().map(|number| of(&targets[*number as usize].code)).collect();
    let mut passed: Vec<Near> = Vec::new();
    let mut indices: Vec<u32> = Vec::new();
    let mut matches: Vec<Near> = Vec::new();
    for (block, part) in column.chunks(BLOCK).enumerate() {
        if near.is_empty() {
            break;
        }
        for (&number, prefix) in near.iter().zip(&prefixes) {
            let target = &targets[number as usize];
            scan128::scan128(part, prefix, target.radius, &mut passed);
            if passed.is_empty() {
                continue;
            }
            let first = (block * BLOCK) as u32;
            indices.extend(passed.drain(..).map(|near| first + near.index));
            distances += indices.len() as u64;
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
    let left: Vec<Target> = far.iter().map(|number| targets[*number as usize]).collect();
    if !left.is_empty() {
        distances += linear::search(codes, &left, |hit| {
            found(Match { target: far[hit.target as usize], ..hit });
        });
    }
    Ok(distances)
}
