//! Every backend against the definition, at lengths around its steps and at unaligned offsets.

use super::{MAX_WIDTH, Near, distance256, scan_with, scan256, scan256_with};
use crate::Backend;
use proptest::prelude::*;

/// Written without any of the code above: bit by bit.
pub(crate) fn oracle(codes: &[u8], width: usize, query: &[u8], radius: u16) -> Vec<Near> {
    let bit = |bytes: &[u8], i: usize| bytes[i / 8] >> (i % 8) & 1;
    let mut out = Vec::new();
    for (index, code) in codes.chunks_exact(width).enumerate() {
        let distance = (0..8 * width).filter(|&i| bit(code, i) != bit(query, i)).count() as u16;
        if distance <= radius {
            out.push(Near { index: index as u32, distance });
        }
    }
    out
}

/// Bytes from a small generator; every third code is near the first.
fn table(seed: u64, codes: usize, width: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    let mut bytes: Vec<u8> = (0..codes * width).map(|_| next()).collect();
    for code in (3..codes).step_by(3) {
        bytes.copy_within(0..width, code * width);
        let flips = usize::from(next() % 40);
        for _ in 0..flips {
            let at = usize::from(next()) * usize::from(next()) % width;
            bytes[code * width + at] ^= 1 << (next() % 8);
        }
    }
    bytes
}

#[test]
fn lengths_around_every_step_at_every_offset() {
    for backend in Backend::available() {
        for codes in 0..=33 {
            for offset in [0, 1, 7, 31] {
                let bytes = table(codes as u64 * 77 + offset as u64 + 1, codes + 1, 32);
                let mut shifted = vec![0; offset];
                shifted.extend(&bytes[32..]);
                let (codes, query) = (&shifted[offset..], &bytes[..32]);
                for radius in [0, 1, 31, 127, 128, 255, 256, u16::MAX] {
                    let mut found = Vec::new();
                    let query: &[u8; 32] = query.try_into().unwrap();
                    scan256_with(backend, codes.as_chunks().0, query, radius, &mut found);
                    assert_eq!(found, oracle(codes, 32, query, radius), "{backend:?}");
                }
            }
        }
    }
}

#[test]
fn all_bits_differing_and_none() {
    for backend in Backend::available() {
        let codes =
            [[0xff; 32], [0; 32], [0xff; 32], [0; 32], [0xff; 32], [0; 32], [0; 32], [0; 32]];
        let mut out = vec![Near { index: 9, distance: 9 }];
        scan256_with(backend, &codes, &[0; 32], 256, &mut out);
        let distances: Vec<_> = out.iter().map(|near| near.distance).collect();
        assert_eq!(distances, [9, 256, 0, 256, 0, 256, 0, 0, 0], "appends in order, {backend:?}");
    }
    assert_eq!(distance256(&[0xff; 32], &[0; 32]), 256);
    let mut out = Vec::new();
    scan256(&[[1; 32]], &[1; 32], 0, &mut out);
    assert_eq!(out, [Near { index: 0, distance: 0 }]);
}

proptest! {
    #[test]
    fn any_width_on_any_backend(
        seed: u64, codes in 1usize..70, words in 1usize..=MAX_WIDTH / 8, radius in 0u16..1200,
    ) {
        let width = 8 * words;
        let bytes = table(seed, codes, width);
        for backend in Backend::available() {
            let mut found = Vec::new();
            scan_with(backend, &bytes, width, &bytes[..width], radius, &mut found);
            prop_assert_eq!(found, oracle(&bytes, width, &bytes[..width], radius));
        }
    }
}
