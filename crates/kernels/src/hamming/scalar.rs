//! The specification: distances word by word.

use super::Near;

#[inline(always)]
pub(super) fn distance256(a: &[u8; 32], b: &[u8; 32]) -> u16 {
    distance(a, b)
}

/// `a` and `b` have the same length, a multiple of 8. Byte order does not matter to a popcount.
#[inline(always)]
fn distance(a: &[u8], b: &[u8]) -> u16 {
    let words = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
    words.map(|(a, b)| (u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b)).count_ones() as u16).sum()
}

/// Inlined into every backend: they scan the tail with it, compiled with their own popcount.
#[inline(always)]
pub(super) fn scan256_from(
    first: usize,
    codes: &[[u8; 32]],
    query: &[u8; 32],
    radius: u16,
    out: &mut Vec<Near>,
) {
    for (index, code) in codes.iter().enumerate() {
        let distance = distance256(code, query);
        if distance <= radius {
            out.push(Near { index: (first + index) as u32, distance });
        }
    }
}

pub(super) fn scan256(codes: &[[u8; 32]], query: &[u8; 32], radius: u16, out: &mut Vec<Near>) {
    scan256_from(0, codes, query, radius, out);
}

/// Inlined into the x86-64 backends, where the compiler turns the loop into their vectors.
#[inline(always)]
pub(super) fn scan(codes: &[u8], width: usize, query: &[u8], radius: u16, out: &mut Vec<Near>) {
    for (index, code) in codes.chunks_exact(width).enumerate() {
        let distance = distance(code, query);
        if distance <= radius {
            out.push(Near { index: index as u32, distance });
        }
    }
}
