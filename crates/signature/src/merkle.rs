//! The Merkle tree of a log: RFC 6962, section 2.1.

use sha2::{Digest, Sha256};

/// Grows by one record at a time; holds one digest for each bit of their number.
#[derive(Debug, Clone, Default)]
pub struct MerkleTree {
    size: u64,
    /// Roots of the complete subtrees, from the largest to the smallest.
    peaks: Vec<[u8; 32]>,
}

impl MerkleTree {
    /// Adds the next record.
    pub fn push(&mut self, record: &[u8]) {
        let mut node = digest(&[&[0], record]);
        // Each low bit of the number that is set is a subtree of the same size as the new one.
        let mut bits = self.size;
        while bits & 1 == 1 {
            if let Some(left) = self.peaks.pop() {
                node = digest(&[&[1], &left, &node]);
            }
            bits >>= 1;
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// Number of records.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The digest that stands for all records in their order.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        let mut peaks = self.peaks.iter().rev().copied();
        let Some(last) = peaks.next() else { return digest(&[]) };
        peaks.fold(last, |right, left| digest(&[&[1], &left, &right]))
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut state = Sha256::new();
    for part in parts {
        state.update(part);
    }
    state.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, word by word.
    fn naive(records: &[Vec<u8>]) -> [u8; 32] {
        match records {
            [] => Sha256::digest(b"").into(),
            [one] => Sha256::digest([&[0], &one[..]].concat()).into(),
            many => {
                let split = many.len().next_power_of_two() / 2;
                let (left, right) = (naive(&many[..split]), naive(&many[split..]));
                Sha256::digest([&[1], &left[..], &right[..]].concat()).into()
            }
        }
    }

    #[test]
    fn the_tree_is_that_of_the_definition() {
        let records: Vec<Vec<u8>> = (0..70u8).map(|n| vec![n; usize::from(n % 5)]).collect();
        let mut tree = MerkleTree::default();
        for size in 0..=records.len() {
            assert_eq!((tree.size(), tree.root()), (size as u64, naive(&records[..size])));
            if let Some(record) = records.get(size) {
                tree.push(record);
            }
        }
    }
}
