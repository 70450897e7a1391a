//! Every kernel against RustCrypto's digests, with the padding done here.

use super::*;
use ::sha1::Digest as _;
use proptest::prelude::*;

/// Pseudo-random bytes.
fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// A message with the padding that MD5 (length little-endian) or SHA (big-endian) demand.
fn padded(message: &[u8], little: bool) -> Vec<u8> {
    let bits = 8 * message.len() as u64;
    let mut all = message.to_vec();
    all.push(0x80);
    all.resize(all.len().next_multiple_of(BLOCK), 0);
    if all.len() - message.len() < 9 {
        all.resize(all.len() + BLOCK, 0);
    }
    let end = all.len();
    all[end - 8..].copy_from_slice(&if little { bits.to_le_bytes() } else { bits.to_be_bytes() });
    all
}

/// One digest over messages of one length, by whatever `run` does to states and streams.
fn digests<const WORDS: usize>(
    messages: &[Vec<u8>],
    little: bool,
    start: [u32; WORDS],
    run: impl Fn(&mut [[u32; WORDS]], &[&[u8]]),
) -> Vec<Vec<u8>> {
    // An odd offset: no backend may count on alignment.
    let streams: Vec<Vec<u8>> =
        messages.iter().map(|m| [vec![7], padded(m, little)].concat()).collect();
    let streams: Vec<&[u8]> = streams.iter().map(|stream| &stream[1..]).collect();
    let mut states = vec![start; messages.len()];
    run(&mut states, &streams);
    let bytes = |word: u32| if little { word.to_le_bytes() } else { word.to_be_bytes() };
    states.iter().map(|state| state.iter().flat_map(|word| bytes(*word)).collect()).collect()
}

fn check_all(count: usize, length: usize, seed: u64) {
    let messages: Vec<Vec<u8>> = (0..count).map(|i| bytes(length, seed + i as u64)).collect();
    let md5: Vec<Vec<u8>> = messages.iter().map(|m| ::md5::Md5::digest(m).to_vec()).collect();
    let sha1: Vec<Vec<u8>> = messages.iter().map(|m| ::sha1::Sha1::digest(m).to_vec()).collect();
    let sha256: Vec<Vec<u8>> = messages.iter().map(|m| sha2::Sha256::digest(m).to_vec()).collect();
    for backend in Backend::available() {
        let what = format!("{backend:?}, {count} messages of {length} bytes");
        let found = digests(&messages, true, MD5_START, |s, d| md5_with(backend, s, d));
        assert_eq!(found, md5, "MD5 on {what}");
        let found = digests(&messages, false, SHA1_START, |s, d| sha1_with(backend, s, d));
        assert_eq!(found, sha1, "SHA-1 on {what}");
        let found = digests(&messages, false, SHA256_START, |s, d| sha256_with(backend, s, d));
        assert_eq!(found, sha256, "SHA-256 on {what}");
    }
    // Which kernel is chosen depends on the machine and the number of streams: here is each one.
    macro_rules! each {
        ($($have:expr => $kernels:ident),*) => {$(
            if $have {
                let what = format!("{}, {count} messages of {length} bytes", stringify!($kernels));
                let found = digests(&messages, false, SHA1_START, |s, d| {
                    grouped(s, d, d[0].len() / BLOCK, $kernels::sha1);
                });
                assert_eq!(found, sha1, "SHA-1 on {what}");
                let found = digests(&messages, false, SHA256_START, |s, d| {
                    grouped(s, d, d[0].len() / BLOCK, $kernels::sha256);
                });
                assert_eq!(found, sha256, "SHA-256 on {what}");
                let found = digests(&messages, true, MD5_START, |s, d| {
                    grouped(s, d, d[0].len() / BLOCK, $kernels::md5);
                });
                assert_eq!(found, md5, "MD5 on {what}");
            }
        )*};
    }
    each!(true => scalar);
    #[cfg(target_arch = "x86_64")]
    each!(Backend::Avx2.is_available() => avx2, Backend::Avx512.is_available() => avx512);
    #[cfg(target_arch = "aarch64")]
    each!(Backend::Neon.is_available() => neon);
    #[cfg(target_arch = "x86_64")]
    if shani::is_available() {
        let found = digests(&messages, false, SHA1_START, |s, d| {
            grouped(s, d, d[0].len() / BLOCK, shani::sha1::<1>);
        });
        assert_eq!(found, sha1);
        let found = digests(&messages, false, SHA256_START, |s, d| {
            grouped(s, d, d[0].len() / BLOCK, shani::sha256::<1>);
        });
        assert_eq!(found, sha256);
    }
}

#[test]
fn every_number_of_streams_gives_the_digests_of_rustcrypto() {
    for count in 1..=35 {
        check_all(count, 3 * BLOCK + count, 1000 * count as u64);
    }
}

#[test]
fn every_length_around_a_block_gives_the_digests_of_rustcrypto() {
    for length in (0..=2 * BLOCK + 1).chain([1000, 4095, 4096, 4097]) {
        check_all(5, length, length as u64);
        check_all(16, length, length as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_streams_give_the_digests_of_rustcrypto(
        count in 1usize..40, length in 0usize..2000, seed: u64,
    ) {
        check_all(count, length, seed >> 1);
    }
}

#[test]
fn nothing_to_do_is_done() {
    md5(&mut [], &[]);
    let mut states = [SHA1_START; 20];
    sha1(&mut states, &[&[][..]; 20]);
    assert_eq!(states, [SHA1_START; 20]);
}

#[test]
#[should_panic(expected = "streams of one length")]
fn streams_of_different_lengths_are_refused() {
    md5(&mut [MD5_START; 2], &[&[0; 64], &[0; 128]]);
}

#[test]
#[should_panic(expected = "whole blocks")]
fn parts_of_blocks_are_refused() {
    sha256(&mut [SHA256_START], &[&[0; 65]]);
}

#[test]
#[should_panic(expected = "one state per stream")]
fn a_missing_state_is_refused() {
    sha1(&mut [SHA1_START], &[&[0; 64], &[0; 64]]);
}
