//! The linear scan: every code against every target, and the definition of the right answer.

use crate::Match;
use crate::targets::Prepared;
use hashward_kernels::hamming;

/// Codes that are compared with all targets before the next are fetched: 64 KiB, so that they stay
/// in the second-level cache, which is read faster than codes are compared, and a set of queries
/// costs one pass over memory and few calls of the kernel.
const BLOCK: usize = 2048;

/// Calls `found` for each pair within its target's radius; gives the number of distances computed.
///
/// # Panics
/// When the table has more than `u32::MAX` codes.
pub(crate) fn search(
    codes: &[[u8; 32]],
    targets: &[Prepared],
    mut found: impl FnMut(Match),
) -> u64 {
    assert!(u32::try_from(codes.len()).is_ok(), "a table has at most u32::MAX codes");
    let mut near = Vec::new();
    for (block, codes) in codes.chunks(BLOCK).enumerate() {
        let first = (block * BLOCK) as u32;
        for (target, prepared) in (0u32..).zip(targets) {
            hamming::scan256(codes, &prepared.code, prepared.radius, &mut near);
            for hit in near.drain(..) {
                found(Match { target, index: first + hit.index, distance: hit.distance });
            }
        }
    }
    codes.len() as u64 * targets.len() as u64
}
