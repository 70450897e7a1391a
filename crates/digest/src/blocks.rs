//! The digests that are made of 64-byte blocks: their states, the bytes between blocks, the
//! padding at the end.

use hashward_hash::{DigestKinds, Digests};
use hashward_kernels::compress::{BLOCK, MD5_START, SHA1_START, SHA256_START, md5, sha1, sha256};

/// MD5, SHA-1 and SHA-256 of one file, as far as they were asked for.
#[derive(Clone)]
pub(crate) struct Blocks {
    pub(crate) md5: Option<[u32; 4]>,
    pub(crate) sha1: Option<[u32; 5]>,
    pub(crate) sha256: Option<[u32; 8]>,
    /// Bytes taken so far.
    length: u64,
    /// Those behind the last whole block: `length % 64` of them.
    rest: [u8; BLOCK],
}

impl Default for Blocks {
    fn default() -> Self {
        Self::new(DigestKinds::default())
    }
}

impl Blocks {
    pub(crate) fn new(kinds: DigestKinds) -> Self {
        Self {
            md5: kinds.md5.then_some(MD5_START),
            sha1: kinds.sha1.then_some(SHA1_START),
            sha256: kinds.sha256.then_some(SHA256_START),
            length: 0,
            rest: [0; BLOCK],
        }
    }

    /// Takes the next bytes except for the whole blocks among them, which it returns: the caller
    /// brings them into the states before anything else happens to this.
    pub(crate) fn take<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let mut bytes = bytes;
        let filled = self.filled();
        self.length += bytes.len() as u64;
        if filled > 0 {
            let (head, tail) = bytes.split_at(bytes.len().min(BLOCK - filled));
            self.rest[filled..filled + head.len()].copy_from_slice(head);
            if filled + head.len() < BLOCK {
                return &[];
            }
            let block = self.rest;
            self.compress(&block);
            bytes = tail;
        }
        let (whole, tail) = bytes.split_at(bytes.len() / BLOCK * BLOCK);
        self.rest[..tail.len()].copy_from_slice(tail);
        whole
    }

    fn filled(&self) -> usize {
        (self.length % BLOCK as u64) as usize
    }

    fn compress(&mut self, blocks: &[u8]) {
        if let Some(state) = &mut self.md5 {
            md5(std::slice::from_mut(state), &[blocks]);
        }
        if let Some(state) = &mut self.sha1 {
            sha1(std::slice::from_mut(state), &[blocks]);
        }
        if let Some(state) = &mut self.sha256 {
            sha256(std::slice::from_mut(state), &[blocks]);
        }
    }

    pub(crate) fn finalize(mut self) -> Digests {
        // A one bit, zeros, and the length in bits, the last in MD5's or in SHA's byte order.
        let bits = self.length.wrapping_mul(8);
        let filled = self.filled();
        let mut padding = [0; 2 * BLOCK];
        padding[..filled].copy_from_slice(&self.rest[..filled]);
        padding[filled] = 0x80;
        let end = if filled < BLOCK - 8 { BLOCK } else { 2 * BLOCK };
        let padding = &mut padding[..end];
        padding[end - 8..].copy_from_slice(&bits.to_le_bytes());
        let little = self.md5.as_mut().map(|state| {
            md5(std::slice::from_mut(state), &[padding]);
            bytes(state, u32::to_le_bytes)
        });
        padding[end - 8..].copy_from_slice(&bits.to_be_bytes());
        self.md5 = None;
        self.compress(padding);
        Digests {
            md5: little,
            sha1: self.sha1.map(|state| bytes(&state, u32::to_be_bytes)),
            sha256: self.sha256.map(|state| bytes(&state, u32::to_be_bytes)),
            ..Digests::default()
        }
    }
}

/// The words of a state as bytes.
fn bytes<const WORDS: usize, const BYTES: usize>(
    words: &[u32; WORDS],
    order: fn(u32) -> [u8; 4],
) -> [u8; BYTES] {
    const { assert!(BYTES == 4 * WORDS) };
    std::array::from_fn(|i| order(words[i / 4])[i % 4])
}
