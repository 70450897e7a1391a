//! One stream at a time in plain Rust: the specification, and the way for a lone MD5 stream.

use super::algorithms::{MD5, SHA256, compression_functions};

const LANES: usize = 1;
type V = u32;

fn splat(x: u32) -> V {
    x
}

fn add(a: V, b: V) -> V {
    a.wrapping_add(b)
}

fn rol<const LEFT: u32, const RIGHT: u32>(a: V) -> V {
    a.rotate_left(LEFT)
}

fn shr<const BITS: u32>(a: V) -> V {
    a >> BITS
}

fn xor(a: V, b: V) -> V {
    a ^ b
}

fn xor3(a: V, b: V, c: V) -> V {
    a ^ b ^ c
}

/// The bits of `b` where `a` is 1, those of `c` where it is 0.
fn choose(a: V, b: V, c: V) -> V {
    c ^ (a & (b ^ c))
}

fn majority(a: V, b: V, c: V) -> V {
    (a & b) | (c & (a | b))
}

fn or_not(a: V, b: V) -> V {
    a | !b
}

/// # Safety
/// 64 bytes lie at `offset` behind the pointer.
unsafe fn words(data: &[*const u8; LANES], offset: usize) -> [V; 16] {
    // SAFETY: the caller vouches for the 64 bytes; bytes need no alignment.
    let block = unsafe { &*data[0].add(offset).cast::<[u8; 64]>() };
    std::array::from_fn(|i| {
        u32::from_le_bytes([block[4 * i], block[4 * i + 1], block[4 * i + 2], block[4 * i + 3]])
    })
}

fn big_endian(words: [V; 16]) -> [V; 16] {
    words.map(u32::swap_bytes)
}

fn load<const WORDS: usize>(states: &[[u32; WORDS]; LANES]) -> [V; WORDS] {
    states[0]
}

fn store<const WORDS: usize>(states: &mut [[u32; WORDS]; LANES], words: [V; WORDS]) {
    states[0] = words;
}

compression_functions!();
