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

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn with_avx512(bytes: &[u8]) -> u64 {
    scalar(bytes)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2(bytes: &[u8]) -> u64 {
    scalar(bytes)
}

/// Inlined into the backends, where the compiler turns the lanes into their vectors.
#[inline(always)]
fn scalar(bytes: &[u8]) -> u64 {
    let mut lanes = [0u64; 32];
    for block in bytes.as_chunks::<256>().0 {
        for (lane, word) in lanes.iter_mut().zip(block.as_chunks::<8>().0) {
            *lane ^= u64::from_ne_bytes(*word);
        }
    }
    let read = bytes.len() / 256 * 256;
    let rest = bytes[read..].as_chunks::<64>().0.as_flattened().as_chunks::<8>().0;
    let words = rest.iter().map(|word| u64::from_ne_bytes(*word));
    lanes.into_iter().chain(words).fold(0, |all, word| all ^ word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_counts() {
        for length in [0, 63, 64, 100, 256, 320, 1024, 1100] {
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
