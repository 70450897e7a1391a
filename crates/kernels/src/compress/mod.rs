//! The compression functions of MD5, SHA-1 and SHA-256 over several streams at once.
//!
//! Each step of such a digest waits for the one before it, so a single stream leaves most of a
//! core idle. Streams of different files do not wait for each other: they go side by side through
//! the lanes of vector registers, or two at a time through the CPU's SHA instructions, whichever
//! is faster for their number. A state is the digest's chaining value in its standard word order;
//! padding and lengths are the caller's.

mod algorithms;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
#[cfg(target_arch = "x86_64")]
mod shani;
#[cfg(test)]
mod tests;

use crate::{Backend, backend};

/// Bytes that a compression function takes at a time.
pub const BLOCK: usize = 64;

/// Most streams that any backend works on at once: with fewer, lanes stay empty.
pub const MOST_LANES: usize = 16;

/// Chaining value of MD5 before the first block.
pub const MD5_START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// Chaining value of SHA-1 before the first block.
pub const SHA1_START: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// Chaining value of SHA-256 before the first block.
pub const SHA256_START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Advances one MD5 state per stream over all of the stream's bytes.
///
/// # Panics
/// When there are not as many states as streams, or the streams differ in length or do not
/// consist of whole blocks.
pub fn md5(states: &mut [[u32; 4]], streams: &[&[u8]]) {
    md5_with(backend(), states, streams);
}

/// [`md5`] on a given backend.
///
/// # Panics
/// As [`md5`], and when this machine lacks the backend.
pub fn md5_with(backend: Backend, states: &mut [[u32; 4]], streams: &[&[u8]]) {
    let blocks = check(states, streams);
    match backend.checked() {
        // Narrow registers are the faster ones as long as they have lanes enough.
        #[cfg(target_arch = "x86_64")]
        Backend::Avx512 if streams.len() > avx2::LANES => {
            grouped(states, streams, blocks, avx512::md5);
        }
        #[cfg(target_arch = "x86_64")]
        Backend::Avx512 | Backend::Avx2 if streams.len() > 1 => {
            grouped(states, streams, blocks, avx2::md5);
        }
        #[cfg(target_arch = "aarch64")]
        Backend::Neon if streams.len() > 1 => grouped(states, streams, blocks, neon::md5),
        _ => grouped(states, streams, blocks, scalar::md5),
    }
}

/// Advances one SHA-1 state per stream over all of the stream's bytes.
///
/// # Panics
/// As [`md5`].
pub fn sha1(states: &mut [[u32; 5]], streams: &[&[u8]]) {
    sha1_with(backend(), states, streams);
}

/// [`sha1`] on a given backend.
///
/// # Panics
/// As [`md5`], and when this machine lacks the backend.
pub fn sha1_with(backend: Backend, states: &mut [[u32; 5]], streams: &[&[u8]]) {
    let blocks = check(states, streams);
    let (backend, count) = (backend.checked(), streams.len());
    #[cfg(target_arch = "x86_64")]
    if backend != Backend::Scalar && shani::is_available() {
        return match backend {
            Backend::Avx512 if count > 7 => grouped(states, streams, blocks, avx512::sha1),
            _ if count > 1 => grouped(states, streams, blocks, shani::sha1::<2>),
            _ => grouped(states, streams, blocks, shani::sha1::<1>),
        };
    }
    match backend {
        #[cfg(target_arch = "x86_64")]
        Backend::Avx512 if count > 1 => grouped(states, streams, blocks, avx512::sha1),
        #[cfg(target_arch = "x86_64")]
        Backend::Avx2 if count > 1 => grouped(states, streams, blocks, avx2::sha1),
        #[cfg(target_arch = "aarch64")]
        Backend::Neon if count > 1 => grouped(states, streams, blocks, neon::sha1),
        _ => grouped(states, streams, blocks, scalar::sha1),
    }
}

/// Advances one SHA-256 state per stream over all of the stream's bytes.
///
/// # Panics
/// As [`md5`].
pub fn sha256(states: &mut [[u32; 8]], streams: &[&[u8]]) {
    sha256_with(backend(), states, streams);
}

/// [`sha256`] on a given backend.
///
/// # Panics
/// As [`md5`], and when this machine lacks the backend.
pub fn sha256_with(backend: Backend, states: &mut [[u32; 8]], streams: &[&[u8]]) {
    let blocks = check(states, streams);
    let (backend, count) = (backend.checked(), streams.len());
    #[cfg(target_arch = "x86_64")]
    if backend != Backend::Scalar && shani::is_available() {
        // Two streams at a time beat sixteen lanes: SHA-256 rotates too much for those.
        return match count {
            0 | 1 => grouped(states, streams, blocks, shani::sha256::<1>),
            _ => grouped(states, streams, blocks, shani::sha256::<2>),
        };
    }
    match backend {
        #[cfg(target_arch = "x86_64")]
        Backend::Avx512 if count > 1 => grouped(states, streams, blocks, avx512::sha256),
        #[cfg(target_arch = "x86_64")]
        Backend::Avx2 if count > 1 => grouped(states, streams, blocks, avx2::sha256),
        #[cfg(target_arch = "aarch64")]
        Backend::Neon if count > 1 => grouped(states, streams, blocks, neon::sha256),
        _ => grouped(states, streams, blocks, scalar::sha256),
    }
}

/// The number of blocks in every stream.
#[track_caller]
fn check<const WORDS: usize>(states: &[[u32; WORDS]], streams: &[&[u8]]) -> usize {
    assert_eq!(states.len(), streams.len(), "one state per stream");
    let length = streams.first().map_or(0, |stream| stream.len());
    assert!(streams.iter().all(|stream| stream.len() == length), "streams of one length");
    assert!(length.is_multiple_of(BLOCK), "whole blocks");
    length / BLOCK
}

/// A kernel for a fixed number of streams. It may only be called where its instructions exist,
/// with that many blocks behind each pointer.
type Kernel<const WORDS: usize, const LANES: usize> =
    unsafe fn(&mut [[u32; WORDS]; LANES], &[*const u8; LANES], usize);

/// Sends the streams through a kernel, as many at a time as it takes. Lanes left over in the last
/// group repeat its first stream, and what they give is dropped.
///
/// The streams must have been checked, and the machine must have the kernel's instructions.
fn grouped<const WORDS: usize, const LANES: usize>(
    states: &mut [[u32; WORDS]],
    streams: &[&[u8]],
    blocks: usize,
    kernel: Kernel<WORDS, LANES>,
) {
    for (states, streams) in states.chunks_mut(LANES).zip(streams.chunks(LANES)) {
        let lane = |lane: usize| if lane < streams.len() { lane } else { 0 };
        let mut group = std::array::from_fn(|l| states[lane(l)]);
        let data = std::array::from_fn(|l| streams[lane(l)].as_ptr());
        // SAFETY: `blocks` whole blocks lie in every stream, as `check` has seen; the callers
        // choose a kernel only after they have seen that the machine has its instructions.
        unsafe { kernel(&mut group, &data, blocks) };
        states.copy_from_slice(&group[..states.len()]);
    }
}
