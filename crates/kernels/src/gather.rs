//! Hamming distances of codes named by index: the verification of an index's candidates.
//!
//! ```text
//! for each index:
//!     outside the table?          → note it, go on
//!     write (index, distance) behind the matches; keep it if the distance is small enough
//! ```
//! Whether a candidate matches is close to random, so nothing branches on it: each is written and
//! the length moves on only for a match. Two or four population counts per candidate are nothing
//! beside the cache miss that fetches it, so a backend differs only in how it counts ones.

use crate::hamming::Near;
use crate::prefetch::prefetch;
use crate::{Backend, backend};

/// An index that names no code of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outside;

/// Appends to `out` each of the codes at `indices` within `radius` of `query`, in their order.
/// `W` is a multiple of 8 bytes.
///
/// # Errors
/// [`Outside`] when an index is outside the table; all others have then been compared.
pub fn gather<const W: usize>(
    codes: &[[u8; W]],
    indices: &[u32],
    query: &[u8; W],
    radius: u16,
    out: &mut Vec<Near>,
) -> Result<(), Outside> {
    gather_with(backend(), codes, indices, query, radius, out)
}

/// [`gather`] on a given backend; one that this machine lacks is replaced by a simpler one.
///
/// # Errors
/// As [`gather`].
pub fn gather_with<const W: usize>(
    backend: Backend,
    codes: &[[u8; W]],
    indices: &[u32],
    query: &[u8; W],
    radius: u16,
    out: &mut Vec<Near>,
) -> Result<(), Outside> {
    const { assert!(W.is_multiple_of(8), "codes are whole words") };
    match backend {
        #[cfg(target_arch = "x86_64")]
        Backend::Avx512 | Backend::Avx2 if Backend::Avx2.is_available() => {
            // SAFETY: every machine with the AVX2 backend has POPCNT, and it has just been seen.
            unsafe { with_popcnt(codes, indices, query, radius, out) }
        }
        _ => scalar(codes, indices, query, radius, out),
    }
}

/// How far ahead of the comparison [`pairs`] asks for codes: enough that a fetch from memory is
/// over, few enough that nothing asked for is gone again.
const AHEAD: usize = 24;

/// Appends to `out` each pair whose code and query are at most `radius` apart, in their order. A
/// pair is the position of a code in its lower `bits` bits (at most 31) and that of a query in those
/// above. The codes are asked for ahead of their turn, so pairs that are near each other in the table
/// are compared fastest one after another.
///
/// # Errors
/// [`Outside`] when a pair names a code or a query that there is not; all others have then been
/// compared.
pub fn pairs<const W: usize>(
    codes: &[[u8; W]],
    bits: u32,
    queries: &[[u8; W]],
    pairs: &[u32],
    radius: u16,
    out: &mut Vec<u32>,
) -> Result<(), Outside> {
    pairs_with(backend(), codes, bits, queries, pairs, radius, out)
}

/// [`pairs`] on a given backend; one that this machine lacks is replaced by a simpler one.
///
/// # Errors
/// As [`pairs`].
pub fn pairs_with<const W: usize>(
    backend: Backend,
    codes: &[[u8; W]],
    bits: u32,
    queries: &[[u8; W]],
    pairs: &[u32],
    radius: u16,
    out: &mut Vec<u32>,
) -> Result<(), Outside> {
    const { assert!(W.is_multiple_of(8), "codes are whole words") };
    let bits = bits.min(31);
    match backend {
        #[cfg(target_arch = "x86_64")]
        Backend::Avx512 | Backend::Avx2 if Backend::Avx2.is_available() => {
            // SAFETY: every machine with the AVX2 backend has POPCNT, and it has just been seen.
            unsafe { pairs_with_popcnt(codes, bits, queries, pairs, radius, out) }
        }
        _ => scalar_pairs(codes, bits, queries, pairs, radius, out),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "popcnt")]
fn pairs_with_popcnt<const W: usize>(
    codes: &[[u8; W]],
    bits: u32,
    queries: &[[u8; W]],
    pairs: &[u32],
    radius: u16,
    out: &mut Vec<u32>,
) -> Result<(), Outside> {
    scalar_pairs(codes, bits, queries, pairs, radius, out)
}

/// Inlined into the backends, which compile it with their own population count.
#[inline(always)]
fn scalar_pairs<const W: usize>(
    codes: &[[u8; W]],
    bits: u32,
    queries: &[[u8; W]],
    pairs: &[u32],
    radius: u16,
    out: &mut Vec<u32>,
) -> Result<(), Outside> {
    let code = |pair: u32| (pair & ((1 << bits) - 1)) as usize;
    let mut outside = false;
    for pair in pairs.iter().take(AHEAD) {
        prefetch(codes, code(*pair));
    }
    let ahead = pairs.iter().skip(AHEAD).chain(std::iter::repeat(&0));
    for (pair, ahead) in pairs.iter().zip(ahead) {
        prefetch(codes, code(*ahead));
        let (code, query) = (codes.get(code(*pair)), queries.get((pair >> bits) as usize));
        let (Some(code), Some(query)) = (code, query) else {
            outside = true;
            continue;
        };
        if distance(code, query) <= radius {
            out.push(*pair);
        }
    }
    if outside { Err(Outside) } else { Ok(()) }
}

#[inline(always)]
fn distance<const W: usize>(a: &[u8; W], b: &[u8; W]) -> u16 {
    let words = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
    let ones = words.map(|(a, b)| (u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b)).count_ones());
    ones.sum::<u32>() as u16
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "popcnt")]
fn with_popcnt<const W: usize>(
    codes: &[[u8; W]],
    indices: &[u32],
    query: &[u8; W],
    radius: u16,
    out: &mut Vec<Near>,
) -> Result<(), Outside> {
    scalar(codes, indices, query, radius, out)
}

/// Inlined into the backends, which compile it with their own population count.
#[inline(always)]
fn scalar<const W: usize>(
    codes: &[[u8; W]],
    indices: &[u32],
    query: &[u8; W],
    radius: u16,
    out: &mut Vec<Near>,
) -> Result<(), Outside> {
    let mut kept = out.len();
    out.resize(kept + indices.len(), Near { index: 0, distance: 0 });
    let mut outside = false;
    for &index in indices {
        let Some(code) = codes.get(index as usize) else {
            outside = true;
            continue;
        };
        let distance = distance(code, query);
        out[kept] = Near { index, distance };
        kept += usize::from(distance <= radius);
    }
    out.truncate(kept);
    if outside { Err(Outside) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive<const W: usize>(codes: &[[u8; W]], at: &[u32], query: &[u8; W], r: u16) -> Vec<Near> {
        let distance = |i: u32| -> u16 {
            codes[i as usize].iter().zip(query).map(|(a, b)| (a ^ b).count_ones() as u16).sum()
        };
        let near = at.iter().map(|&index| Near { index, distance: distance(index) });
        near.filter(|near| near.distance <= r).collect()
    }

    proptest! {
        #[test]
        fn every_backend_keeps_what_is_near(
            codes in prop::collection::vec(any::<[u8; 16]>(), 1..40),
            picks in prop::collection::vec(any::<u32>(), 0..80),
            query in any::<[u8; 16]>(),
            radius in 0u16..=128,
        ) {
            let at: Vec<u32> = picks.iter().map(|pick| pick % codes.len() as u32).collect();
            let mut wide = vec![[0u8; 32]; codes.len()];
            for (wide, code) in wide.iter_mut().zip(&codes) {
                wide[..16].copy_from_slice(code);
            }
            let wide_query: [u8; 32] = std::array::from_fn(|i| query[i % 16]);
            for backend in Backend::available() {
                let mut out = vec![Near { index: 77, distance: 7 }];
                gather_with(backend, &codes, &at, &query, radius, &mut out).unwrap();
                prop_assert_eq!(out.remove(0), Near { index: 77, distance: 7 });
                prop_assert_eq!(&out, &naive(&codes, &at, &query, radius));
                out.clear();
                gather_with(backend, &wide, &at, &wide_query, radius, &mut out).unwrap();
                prop_assert_eq!(&out, &naive(&wide, &at, &wide_query, radius));
            }
        }
    }

    proptest! {
        #[test]
        fn every_backend_keeps_the_pairs_that_are_near(
            codes in prop::collection::vec(any::<[u8; 16]>(), 1..40),
            queries in prop::collection::vec(any::<[u8; 16]>(), 1..9),
            picks in prop::collection::vec(any::<(u32, u32)>(), 0..120),
            bits in 6u32..=28,
            radius in 40u16..=80,
        ) {
            let pair = |(code, query): &(u32, u32)| {
                let known = queries.len().min(1 << (32 - bits)) as u32;
                ((query % known) << bits) | (code % codes.len() as u32)
            };
            let asked: Vec<u32> = picks.iter().map(pair).collect();
            let near = |pair: &u32| {
                let query = &queries[(pair >> bits) as usize];
                !naive(&codes, &[pair & ((1 << bits) - 1)], query, radius).is_empty()
            };
            let expected: Vec<u32> = asked.iter().copied().filter(near).collect();
            for backend in Backend::available() {
                let mut out = vec![9];
                pairs_with(backend, &codes, bits, &queries, &asked, radius, &mut out).unwrap();
                prop_assert_eq!(out.remove(0), 9);
                prop_assert_eq!(&out, &expected);
            }
        }
    }

    #[test]
    fn a_pair_outside_is_told_and_the_rest_compared() {
        let pair = |code: u32, query: u32| query << 4 | code;
        let asked = [pair(0, 0), pair(3, 0), pair(1, 2), u32::MAX, pair(2, 1)];
        for backend in Backend::available() {
            let mut out = Vec::new();
            let told = pairs_with(backend, &[[0u8; 16]; 3], 4, &[[0; 16]; 2], &asked, 0, &mut out);
            assert_eq!(told, Err(Outside));
            assert_eq!(out, [asked[0], asked[4]]);
            // More bits than a word has name a code that there is not.
            let told = pairs_with(backend, &[[0u8; 16]; 3], 32, &[[0; 16]; 2], &[7], 0, &mut out);
            assert_eq!(told, Err(Outside));
        }
    }

    #[test]
    fn an_index_outside_is_told_and_the_rest_compared() {
        for backend in Backend::available() {
            let mut out = Vec::new();
            let told =
                gather_with(backend, &[[0u8; 16]; 3], &[1, 3, u32::MAX, 2], &[0; 16], 0, &mut out);
            assert_eq!(told, Err(Outside));
            assert_eq!(out.iter().map(|near| near.index).collect::<Vec<_>>(), [1, 2]);
            assert_eq!(gather_with(backend, &[], &[], &[0u8; 16], 0, &mut out), Ok(()));
        }
    }
}
