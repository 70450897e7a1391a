//! NEON: one 256-bit code per step, four in flight.
//!
//! ```text
//! for each code, two vectors:
//!     xor with the query, count the ones of each byte, add both vectors (at most 16 per byte)
//!     add across the vector into 16 bits                              → 1 distance
//! ```
//! Four codes are counted before the first distance is looked at, so that the additions across
//! the vector, which take several cycles each, overlap.

use super::{Near, scalar};
use std::arch::aarch64::{vaddlvq_u8, vaddq_u8, vcntq_u8, veorq_u8, vld1q_u8};

/// # Safety
/// The machine must have the features that the function is compiled for.
#[target_feature(enable = "neon")]
pub(super) unsafe fn scan256(
    codes: &[[u8; 32]],
    query: &[u8; 32],
    radius: u16,
    out: &mut Vec<Near>,
) {
    // SAFETY: a query has 32 readable bytes, 16 from its start and 16 from its middle.
    let (low, high) = unsafe { (vld1q_u8(query.as_ptr()), vld1q_u8(query.as_ptr().add(16))) };
    let (groups, tail) = codes.as_chunks::<4>();
    for (group, four) in groups.iter().enumerate() {
        let distances = std::array::from_fn::<u16, 4, _>(|code| {
            let bytes = &four[code];
            // SAFETY: a code has 32 readable bytes, 16 from its start and 16 from its middle.
            let (a, b) = unsafe { (vld1q_u8(bytes.as_ptr()), vld1q_u8(bytes.as_ptr().add(16))) };
            vaddlvq_u8(vaddq_u8(vcntq_u8(veorq_u8(a, low)), vcntq_u8(veorq_u8(b, high))))
        });
        if distances.iter().any(|distance| *distance <= radius) {
            for (code, distance) in distances.into_iter().enumerate() {
                if distance <= radius {
                    out.push(Near { index: (4 * group + code) as u32, distance });
                }
            }
        }
    }
    scalar::scan256_from(codes.len() - tail.len(), tail, query, radius, out);
}
