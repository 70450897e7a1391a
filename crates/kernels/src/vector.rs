//! Distances between vectors of 144 bytes: every vector of a table within a radius of one query.
//!
//! Distances are whole numbers: the sum of the differences (L1), and the sum of their squares (L2
//! before the root). All backends report the same vectors in the same order.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(test)]
mod tests;

use crate::{Backend, backend};

/// Coordinates of a vector.
pub const COORDINATES: usize = 144;

/// A vector as the table has it.
pub type Vector = [u8; COORDINATES];

/// What is summed over the coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sum {
    /// The differences; at most 36,720.
    Differences,
    /// The squares of the differences; at most 9,363,600.
    Squares,
}

/// A vector of the table that lies within the radius.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NearVector {
    /// Position of the vector in the slice.
    pub index: u32,
    /// The sum.
    pub sum: u32,
}

/// Appends to `out` each vector whose sum is at most `limit`, in ascending order of index.
///
/// # Panics
/// When the table has more than `u32::MAX` vectors.
pub fn scan_vectors(
    table: &[Vector],
    query: &Vector,
    sum: Sum,
    limit: u32,
    out: &mut Vec<NearVector>,
) {
    scan_vectors_with(backend(), table, query, sum, limit, out);
}

/// [`scan_vectors`] on a given backend. Backends without a kernel of their own run the scalar one,
/// which compilers vectorise well.
///
/// # Panics
/// When the machine lacks the backend, or the table has more than `u32::MAX` vectors.
pub fn scan_vectors_with(
    backend: Backend,
    table: &[Vector],
    query: &Vector,
    sum: Sum,
    limit: u32,
    out: &mut Vec<NearVector>,
) {
    assert!(u32::try_from(table.len()).is_ok(), "a table has at most u32::MAX vectors");
    match (backend.checked(), sum) {
        #[cfg(target_arch = "x86_64")]
        (Backend::Avx2 | Backend::Avx512, Sum::Differences) => {
            // SAFETY: `checked` has just seen AVX2, which every AVX-512 machine has too.
            unsafe { avx2::scan_differences(table, query, limit, out) }
        }
        #[cfg(target_arch = "x86_64")]
        (Backend::Avx2 | Backend::Avx512, Sum::Squares) => {
            // SAFETY: `checked` has just seen AVX2, which every AVX-512 machine has too.
            unsafe { avx2::scan_squares(table, query, limit, out) }
        }
        (_, Sum::Differences) => keep(table, limit, out, |vector| differences(vector, query)),
        (_, Sum::Squares) => keep(table, limit, out, |vector| squares(vector, query)),
    }
}

/// Calls `sum` for each vector and keeps those within the limit.
#[inline(always)]
fn keep(table: &[Vector], limit: u32, out: &mut Vec<NearVector>, sum: impl Fn(&Vector) -> u32) {
    for (index, vector) in (0u32..).zip(table) {
        let sum = sum(vector);
        if sum <= limit {
            out.push(NearVector { index, sum });
        }
    }
}

/// The sum of the differences.
#[must_use]
pub fn differences(a: &Vector, b: &Vector) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b))).sum()
}

/// The sum of the squares of the differences.
#[must_use]
pub fn squares(a: &Vector, b: &Vector) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum()
}
