//! Reading memory as fast as it comes: what a scan of a large table is measured against.

use crate::{Backend, backend};

/// Reads every byte of a slice and gives the exclusive or of its words, so that no read can be
/// left out. Bytes behind the last whole 64 are ignored.
#[must_use]
pub fn read(bytes: &[u8]) -> u64 {
    match backend() {
        #[cfg(target_arch = "x86_64")]
        Backend::Avx512 if Backend::Avx512.is_available() => {
            // SAFETY: the machine has been seen to have every feature of the backend.
            unsafe { with_avx512(bytes) }
        }
        #[cfg(target_arch = "x86_64")]
        Backend::Avx2 if Backend::Avx2.is_available() => {
            // SAFETY: the machine has been seen to have every feature of the backend.
            unsafe { with_avx2(bytes) }
        }
        _ => scalar(bytes),
    }
}

/// Eight independent sums, so that no read waits for another.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn with_avx512(bytes: &[u8]) -> u64 {
    use std::arch::x86_64::{_mm512_loadu_si512, _mm512_setzero_si512, _mm512_xor_si512};
    let (blocks, rest) = bytes.as_chunks::<512>();
    let mut sums = [_mm512_setzero_si512(); 8];
    for block in blocks {
        for (at, sum) in sums.iter_mut().enumerate() {
            // SAFETY: `at` is 0 to 7, and the 64 bytes from 64 * at on are read out of 512; the
            // load needs no alignment.
            let lanes = unsafe { _mm512_loadu_si512(block.as_ptr().add(64 * at).cast()) };
            *sum = _mm512_xor_si512(*sum, lanes);
        }
    }
    let all = sums.into_iter().fold(_mm512_setzero_si512(), |all, sum| _mm512_xor_si512(all, sum));
    let mut words = [0u64; 8];
    // SAFETY: the array has the 64 bytes that are written; the store needs no alignment.
    unsafe { std::arch::x86_64::_mm512_storeu_si512(words.as_mut_ptr().cast(), all) };
    words.into_iter().fold(scalar(rest), |all, word| all ^ word)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2(bytes: &[u8]) -> u64 {
    use std::arch::x86_64::{_mm256_loadu_si256, _mm256_setzero_si256, _mm256_xor_si256};
    let (blocks, rest) = bytes.as_chunks::<256>();
    let mut sums = [_mm256_setzero_si256(); 8];
    for block in blocks {
        for (at, sum) in sums.iter_mut().enumerate() {
            // SAFETY: `at` is 0 to 7, and the 32 bytes from 32 * at on are read out of 256; the
            // load needs no alignment.
            let lanes = unsafe { _mm256_loadu_si256(block.as_ptr().add(32 * at).cast()) };
            *sum = _mm256_xor_si256(*sum, lanes);
        }
    }
    let all = sums.into_iter().fold(_mm256_setzero_si256(), |all, sum| _mm256_xor_si256(all, sum));
    let mut words = [0u64; 4];
    // SAFETY: the array has the 32 bytes that are written; the store needs no alignment.
    unsafe { std::arch::x86_64::_mm256_storeu_si256(words.as_mut_ptr().cast(), all) };
    words.into_iter().fold(scalar(rest), |all, word| all ^ word)
}

fn scalar(bytes: &[u8]) -> u64 {
    let words = bytes.as_chunks::<64>().0.as_flattened().as_chunks::<8>().0;
    words.iter().fold(0, |all, word| all ^ u64::from_ne_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_counts() {
        for length in [0, 63, 64, 100, 256, 320, 512, 700, 1024, 1100] {
            let mut bytes: Vec<u8> = (0..length).map(|at| (at * 37 % 251) as u8).collect();
            let before = read(&bytes);
            assert_eq!(before, scalar(&bytes));
            for at in 0..length / 64 * 64 {
                bytes[at] ^= 1;
                assert_ne!(read(&bytes), before, "byte {at} of {length}");
                bytes[at] ^= 1;
            }
        }
    }
}
