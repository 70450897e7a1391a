//! Hamming distances: every code of a table within a radius of one query.
//!
//! A code is its bytes in store order (for 256 bits: four 64-bit words, each little-endian,
//! lowest-indexed bits first), so a table is any byte slice whatever its alignment, and a memory
//! map serves as it is. All backends report the same matches in the same order.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
#[cfg(test)]
pub(crate) mod tests;

use crate::{Backend, backend};

/// A code of the table that lies within the radius.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Near {
    /// Position of the code in the slice.
    pub index: u32,
    /// Number of bits in which it differs from the query.
    pub distance: u16,
}

/// The widest code that [`scan`] accepts, in bytes.
pub const MAX_WIDTH: usize = 1152 / 8;

/// Number of bits in which two 256-bit codes differ.
#[inline]
#[must_use]
pub fn distance256(a: &[u8; 32], b: &[u8; 32]) -> u16 {
    scalar::distance256(a, b)
}

/// Appends to `out` each 256-bit code within `radius` of `query`, in ascending order of index.
///
/// # Panics
/// When the table has more than `u32::MAX` codes.
pub fn scan256(codes: &[[u8; 32]], query: &[u8; 32], radius: u16, out: &mut Vec<Near>) {
    scan256_with(backend(), codes, query, radius, out);
}

/// [`scan256`] on a given backend.
///
/// # Panics
/// When the machine lacks the backend, or the table has more than `u32::MAX` codes.
pub fn scan256_with(
    backend: Backend,
    codes: &[[u8; 32]],
    query: &[u8; 32],
    radius: u16,
    out: &mut Vec<Near>,
) {
    assert!(u32::try_from(codes.len()).is_ok(), "a table has at most u32::MAX codes");
    match backend.checked() {
        #[cfg(target_arch = "x86_64")]
        Backend::Avx512 => {
            // SAFETY: `checked` has just seen every feature that the function is compiled for.
            unsafe { avx512::scan256(codes, query, radius, out) }
        }
        #[cfg(target_arch = "x86_64")]
        Backend::Avx2 => {
            // SAFETY: `checked` has just seen every feature that the function is compiled for.
            unsafe { avx2::scan256(codes, query, radius, out) }
        }
        #[cfg(target_arch = "aarch64")]
        Backend::Neon => {
            // SAFETY: `checked` has just seen every feature that the function is compiled for.
            unsafe { neon::scan256(codes, query, radius, out) }
        }
        _ => scalar::scan256(codes, query, radius, out),
    }
}

/// Appends to `out` each code of `width` bytes within `radius` of `query`, in ascending order of
/// index. `width` is a multiple of 8 from 8 to [`MAX_WIDTH`] (64 to 1,152 bits).
///
/// # Panics
/// When `width` is none of those, `query` has another length, or the table has more than
/// `u32::MAX` codes. Bytes behind the last whole code are ignored.
pub fn scan(codes: &[u8], width: usize, query: &[u8], radius: u16, out: &mut Vec<Near>) {
    scan_with(backend(), codes, width, query, radius, out);
}

/// [`scan`] on a given backend.
///
/// # Panics
/// As [`scan`], and when the machine lacks the backend.
pub fn scan_with(
    backend: Backend,
    codes: &[u8],
    width: usize,
    query: &[u8],
    radius: u16,
    out: &mut Vec<Near>,
) {
    assert!(width.is_multiple_of(8) && (8..=MAX_WIDTH).contains(&width), "width of {width} bytes");
    assert_eq!(query.len(), width, "the query is one code");
    if let (32, Ok(query)) = (width, query.try_into()) {
        return scan256_with(backend, codes.as_chunks().0, query, radius, out);
    }
    assert!(u32::try_from(codes.len() / width).is_ok(), "a table has at most u32::MAX codes");
    match backend.checked() {
        #[cfg(target_arch = "x86_64")]
        Backend::Avx512 => {
            // SAFETY: `checked` has just seen every feature that the function is compiled for.
            unsafe { avx512::scan(codes, width, query, radius, out) }
        }
        #[cfg(target_arch = "x86_64")]
        Backend::Avx2 => {
            // SAFETY: `checked` has just seen every feature that the function is compiled for.
            unsafe { avx2::scan(codes, width, query, radius, out) }
        }
        _ => scalar::scan(codes, width, query, radius, out),
    }
}
