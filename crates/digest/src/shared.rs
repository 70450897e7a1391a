//! The digests that file-sharing networks and few lists use; computed only where a list has them.

use hashward_hash::{Crc32, DigestKinds, Digests};
use md4::Md4;
use sha2::{Digest as _, Sha512};
use tiger::Tiger;

/// Bytes of an eD2k block.
const ED2K_BLOCK: usize = 9_728_000;
/// Bytes of a leaf of a Tiger tree.
const TTH_LEAF: usize = 1024;

/// SHA-512, eD2k, TTH and CRC-32 of one file.
#[derive(Clone, Default)]
pub(crate) struct Shared {
    sha512: Option<Sha512>,
    ed2k: Option<Ed2k>,
    tth: Option<TigerTree>,
    crc32: Option<(crc32fast::Hasher, u64)>,
}

impl Shared {
    /// `None` where none of them is asked for.
    pub(crate) fn new(kinds: DigestKinds) -> Option<Box<Self>> {
        let wanted = kinds.sha512 || kinds.ed2k || kinds.tth || kinds.crc32;
        wanted.then(|| {
            Box::new(Self {
                sha512: kinds.sha512.then(Sha512::new),
                ed2k: kinds.ed2k.then(Ed2k::default),
                tth: kinds.tth.then(TigerTree::default),
                crc32: kinds.crc32.then(Default::default),
            })
        })
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(bytes);
        }
        if let Some(ed2k) = &mut self.ed2k {
            ed2k.update(bytes);
        }
        if let Some(tth) = &mut self.tth {
            tth.update(bytes);
        }
        if let Some((crc32, size)) = &mut self.crc32 {
            crc32.update(bytes);
            *size += bytes.len() as u64;
        }
    }

    /// Adds the digests to those computed elsewhere.
    pub(crate) fn finalize(self, others: Digests) -> Digests {
        Digests {
            sha512: self.sha512.map(|state| state.finalize().into()),
            ed2k: self.ed2k.map(Ed2k::finalize),
            tth: self.tth.map(TigerTree::finalize),
            crc32: self.crc32.map(|(state, size)| Crc32 { checksum: state.finalize(), size }),
            ..others
        }
    }
}

/// MD4 of the MD4s of the blocks; of a file within one block the MD4 of the file itself. A file
/// of whole blocks, if it is not empty, counts as having one more, empty block: that is what
/// eMule computes and what links carry.
#[derive(Clone, Default)]
struct Ed2k {
    block: Md4,
    in_block: usize,
    blocks: Option<Md4>,
}

impl Ed2k {
    fn update(&mut self, mut bytes: &[u8]) {
        while bytes.len() >= ED2K_BLOCK - self.in_block {
            let (now, later) = bytes.split_at(ED2K_BLOCK - self.in_block);
            self.block.update(now);
            let digest = self.block.finalize_reset();
            self.blocks.get_or_insert_default().update(digest);
            (self.in_block, bytes) = (0, later);
        }
        self.block.update(bytes);
        self.in_block += bytes.len();
    }

    fn finalize(self) -> [u8; 16] {
        let last = self.block.finalize();
        match self.blocks {
            None => last.into(),
            Some(mut blocks) => {
                blocks.update(last);
                blocks.finalize().into()
            }
        }
    }
}

/// Tiger of a zero byte and each leaf, then of a one byte and each pair, up to one root; a node
/// without a neighbour goes up as it is (THEX).
#[derive(Clone, Default)]
struct TigerTree {
    leaf: Vec<u8>,
    leaves: u64,
    /// Roots of the complete subtrees so far, the largest first: one for each bit of `leaves`.
    roots: Vec<[u8; 24]>,
}

impl TigerTree {
    fn update(&mut self, mut bytes: &[u8]) {
        while self.leaf.len() + bytes.len() >= TTH_LEAF {
            let (now, later) = bytes.split_at(TTH_LEAF - self.leaf.len());
            self.leaf.extend_from_slice(now);
            self.end_leaf();
            bytes = later;
        }
        self.leaf.extend_from_slice(bytes);
    }

    fn end_leaf(&mut self) {
        let mut root: [u8; 24] =
            Tiger::new().chain_update([0]).chain_update(&self.leaf).finalize().into();
        self.leaf.clear();
        self.leaves += 1;
        for _ in 0..self.leaves.trailing_zeros() {
            if let Some(left) = self.roots.pop() {
                root = pair(&left, &root);
            }
        }
        self.roots.push(root);
    }

    fn finalize(mut self) -> [u8; 24] {
        if !self.leaf.is_empty() || self.leaves == 0 {
            self.end_leaf();
        }
        let mut root = self.roots.pop().unwrap_or_default();
        while let Some(left) = self.roots.pop() {
            root = pair(&left, &root);
        }
        root
    }
}

fn pair(left: &[u8; 24], right: &[u8; 24]) -> [u8; 24] {
    Tiger::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}
