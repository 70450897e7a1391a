//! The SHA instructions of x86-64, on several streams at once.
//!
//! ```text
//! for each block, in groups of four steps, for each stream:
//!     next four words of the schedule; four steps on the state
//! ```
//! Each instruction waits for the one before it on the same stream, at a latency of four to six
//! cycles, but a new one can start every second cycle: two streams side by side nearly double the
//! rate. Source: Intel's "SHA Extensions" white paper for the order of the words in registers.

use super::algorithms::SHA256;
use std::arch::x86_64::*;

/// True when the machine has the instructions.
pub(super) fn is_available() -> bool {
    !cfg!(miri) && is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1")
}

/// The four quarters of a block with their bytes turned.
///
/// # Safety
/// 64 bytes lie behind the pointer.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
unsafe fn quarters(block: *const u8, order: __m128i) -> [__m128i; 4] {
    // SAFETY: the caller vouches for the 64 bytes; the loads need no alignment.
    let quarter = |i: usize| unsafe { _mm_loadu_si128(block.add(16 * i).cast()) };
    [
        _mm_shuffle_epi8(quarter(0), order),
        _mm_shuffle_epi8(quarter(1), order),
        _mm_shuffle_epi8(quarter(2), order),
        _mm_shuffle_epi8(quarter(3), order),
    ]
}

/// Advances SHA-1 states over `blocks` blocks behind each pointer of `data`.
///
/// # Safety
/// The machine has the instructions; `64 * blocks` bytes lie behind each pointer.
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub(super) unsafe fn sha1<const N: usize>(
    states: &mut [[u32; 5]; N],
    data: &[*const u8; N],
    blocks: usize,
) {
    let order = _mm_set_epi64x(0x0001_0203_0405_0607, 0x0809_0a0b_0c0d_0e0f);
    let zero = _mm_setzero_si128();
    // The first four variables in one register, the fifth on top of another.
    let (mut abcd, mut e) = ([zero; N], [zero; N]);
    for n in 0..N {
        let [a, b, c, d, fifth] = states[n].map(u32::cast_signed);
        abcd[n] = _mm_set_epi32(a, b, c, d);
        e[n] = _mm_set_epi32(fifth, 0, 0, 0);
    }
    for block in 0..blocks {
        let (abcd_before, e_before) = (abcd, e);
        let mut w = [[zero; 4]; N];
        for n in 0..N {
            // SAFETY: the caller vouches for this block behind every pointer.
            w[n] = unsafe { quarters(data[n].add(64 * block), order) };
        }
        // What the fifth variable is made from: the state four steps ago.
        let mut ago = abcd;
        macro_rules! groups {
            ($round:literal: $($group:literal)*) => {$(
                for n in 0..N {
                    const I: usize = $group & 3;
                    if $group >= 4 {
                        let mixed = _mm_sha1msg1_epu32(w[n][I], w[n][(I + 1) & 3]);
                        let mixed = _mm_xor_si128(mixed, w[n][(I + 2) & 3]);
                        w[n][I] = _mm_sha1msg2_epu32(mixed, w[n][(I + 3) & 3]);
                    }
                    let fifth = if $group == 0 {
                        _mm_add_epi32(e[n], w[n][I])
                    } else {
                        _mm_sha1nexte_epu32(ago[n], w[n][I])
                    };
                    ago[n] = abcd[n];
                    abcd[n] = _mm_sha1rnds4_epu32::<$round>(abcd[n], fifth);
                }
            )*};
        }
        groups!(0: 0 1 2 3 4);
        groups!(1: 5 6 7 8 9);
        groups!(2: 10 11 12 13 14);
        groups!(3: 15 16 17 18 19);
        for n in 0..N {
            e[n] = _mm_sha1nexte_epu32(ago[n], e_before[n]);
            abcd[n] = _mm_add_epi32(abcd[n], abcd_before[n]);
        }
    }
    for n in 0..N {
        let words = [
            _mm_extract_epi32::<3>(abcd[n]),
            _mm_extract_epi32::<2>(abcd[n]),
            _mm_extract_epi32::<1>(abcd[n]),
            _mm_extract_epi32::<0>(abcd[n]),
            _mm_extract_epi32::<3>(e[n]),
        ];
        states[n] = words.map(i32::cast_unsigned);
    }
}

/// Advances SHA-256 states over `blocks` blocks behind each pointer of `data`.
///
/// # Safety
/// The machine has the instructions; `64 * blocks` bytes lie behind each pointer.
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub(super) unsafe fn sha256<const N: usize>(
    states: &mut [[u32; 8]; N],
    data: &[*const u8; N],
    blocks: usize,
) {
    let order = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    let zero = _mm_setzero_si128();
    // The eight variables in the order in which the instruction takes them.
    let (mut abef, mut cdgh) = ([zero; N], [zero; N]);
    for n in 0..N {
        let [a, b, c, d, e, f, g, h] = states[n].map(u32::cast_signed);
        abef[n] = _mm_set_epi32(a, b, e, f);
        cdgh[n] = _mm_set_epi32(c, d, g, h);
    }
    for block in 0..blocks {
        let (abef_before, cdgh_before) = (abef, cdgh);
        let mut w = [[zero; 4]; N];
        for n in 0..N {
            // SAFETY: the caller vouches for this block behind every pointer.
            w[n] = unsafe { quarters(data[n].add(64 * block), order) };
        }
        macro_rules! groups {
            ($($group:literal)*) => {$(
                // SAFETY: four of the 64 constants are read; the load needs no alignment.
                let constants = unsafe { _mm_loadu_si128(SHA256.as_ptr().add(4 * $group).cast()) };
                for n in 0..N {
                    const I: usize = $group & 3;
                    if $group >= 4 {
                        let nine_ago = _mm_alignr_epi8::<4>(w[n][(I + 3) & 3], w[n][(I + 2) & 3]);
                        let mixed = _mm_sha256msg1_epu32(w[n][I], w[n][(I + 1) & 3]);
                        let mixed = _mm_add_epi32(mixed, nine_ago);
                        w[n][I] = _mm_sha256msg2_epu32(mixed, w[n][(I + 3) & 3]);
                    }
                    let sums = _mm_add_epi32(w[n][I], constants);
                    cdgh[n] = _mm_sha256rnds2_epu32(cdgh[n], abef[n], sums);
                    let upper = _mm_shuffle_epi32::<0b00_00_11_10>(sums);
                    abef[n] = _mm_sha256rnds2_epu32(abef[n], cdgh[n], upper);
                }
            )*};
        }
        groups!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        for n in 0..N {
            abef[n] = _mm_add_epi32(abef[n], abef_before[n]);
            cdgh[n] = _mm_add_epi32(cdgh[n], cdgh_before[n]);
        }
    }
    for n in 0..N {
        let words = [
            _mm_extract_epi32::<3>(abef[n]),
            _mm_extract_epi32::<2>(abef[n]),
            _mm_extract_epi32::<3>(cdgh[n]),
            _mm_extract_epi32::<2>(cdgh[n]),
            _mm_extract_epi32::<1>(abef[n]),
            _mm_extract_epi32::<0>(abef[n]),
            _mm_extract_epi32::<1>(cdgh[n]),
            _mm_extract_epi32::<0>(cdgh[n]),
        ];
        states[n] = words.map(i32::cast_unsigned);
    }
}
