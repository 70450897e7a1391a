//! The BK-tree in two flat arrays: exact radius search that visits few codes at small radii.
//!
//! A node has a pivot and sorts the codes below it by their distance to the pivot, a child for
//! each distance that occurs. By the triangle inequality only children whose distance differs from
//! the query's by at most the radius can hold matches. Children of up to [`LEAF`] codes are leaves;
//! they and whatever is too small to be worth descending to at a radius are scanned by the SIMD
//! kernel, neighbours together.
//!
//! Building puts the codes themselves into the order of the tree. So a child is a range of codes,
//! a pivot is the first code of its node's range, and the arrays hold no list of codes:
//! nodes are records of 8 bytes (first child, number of children), children of 16 (first code, end
//! of codes, node or [`NO_NODE`] for a leaf, distance to the pivot), all `u32` little-endian.

use crate::targets::Prepared;
use crate::{Damaged, Match, plan};
use hashward_kernels::hamming::{self, Near};
use hashward_kernels::prefetch::prefetch;
use std::ops::Range;

/// Children with up to this many codes are not split further.
pub const LEAF: usize = 64;
/// Bytes of a node's record.
pub const NODE_BYTES: usize = 8;
/// Bytes of a child's record.
pub const CHILD_BYTES: usize = 16;
/// In a child's record: it is a leaf.
pub const NO_NODE: u32 = u32::MAX;

const DISTANCES: usize = 257;

/// What it costs to look at a node, in codes scanned: some dependent fetches.
const NODE_COST: f64 = 256.0;

/// The two arrays of a tree as they stand in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arrays {
    /// Records of [`NODE_BYTES`].
    pub nodes: Vec<u8>,
    /// Records of [`CHILD_BYTES`].
    pub children: Vec<u8>,
}

/// Builds the tree: reorders `codes`, and `rows` along with them. The same input gives the same
/// tree. Needs two bytes of memory per code besides its arguments.
///
/// # Panics
/// When the slices differ in length or have more than `u32::MAX` elements.
#[must_use]
pub fn build(codes: &mut [[u8; 32]], rows: &mut [u32]) -> Arrays {
    assert_eq!(codes.len(), rows.len(), "each code has its row");
    assert!(u32::try_from(codes.len()).is_ok(), "a table has at most u32::MAX codes");
    let mut arrays = Arrays::default();
    let mut distances = vec![0u16; codes.len()];
    // What remains to be split, and the child record that is to name the node. Each node takes its
    // pivot out of what is below it, so this ends; and it ends soon, because knowing the distance
    // to 257 pivots that are affinely independent determines a code, and to a dependent one the
    // distance of all that remain is the same as the pivot's own: 0.
    let mut open = vec![(0..codes.len(), None)];
    while let Some((range, parent)) = open.pop() {
        if range.is_empty() {
            continue;
        }
        let node = (arrays.nodes.len() / NODE_BYTES) as u32;
        if let Some(child) = parent {
            arrays.children[child * CHILD_BYTES + 8..][..4].copy_from_slice(&node.to_le_bytes());
        }
        let part = &mut codes[range.clone()];
        let ends = split(part, &mut rows[range.clone()], &mut distances[range.clone()]);
        let first_child = arrays.children.len() / CHILD_BYTES;
        let mut start = 0;
        for (distance, &end) in ends.iter().enumerate().filter(|(_, end)| **end > 0) {
            let child = arrays.children.len() / CHILD_BYTES;
            let codes = range.start + start..range.start + end;
            for field in [codes.start as u32, codes.end as u32, NO_NODE, distance as u32] {
                arrays.children.extend(field.to_le_bytes());
            }
            // Distance 0 are the pivot and its duplicates: there is nothing to split.
            if distance > 0 && codes.len() > LEAF {
                open.push((codes, Some(child)));
            }
            start = end;
        }
        let count = arrays.children.len() / CHILD_BYTES - first_child;
        arrays.nodes.extend((first_child as u32).to_le_bytes());
        arrays.nodes.extend((count as u32).to_le_bytes());
    }
    arrays
}

/// Sorts a node's codes by their distance to the first, in place, and gives the end of each
/// distance that occurs, 0 for the others.
fn split(codes: &mut [[u8; 32]], rows: &mut [u32], distances: &mut [u16]) -> [usize; DISTANCES] {
    let pivot = codes[0];
    let mut counts = [0usize; DISTANCES];
    for (distance, code) in distances.iter_mut().zip(codes.iter()) {
        *distance = hamming::distance256(&pivot, code);
        counts[usize::from(*distance)] += 1;
    }
    let mut next = [0usize; DISTANCES];
    let mut ends = [0usize; DISTANCES];
    let mut total = 0;
    for distance in 0..DISTANCES {
        next[distance] = total;
        total += counts[distance];
        ends[distance] = total;
    }
    for place in 0..DISTANCES {
        while next[place] < ends[place] {
            let here = next[place];
            let wanted = usize::from(distances[here]);
            let there = next[wanted];
            next[wanted] += 1;
            if there != here {
                codes.swap(here, there);
                rows.swap(here, there);
                distances.swap(here, there);
            }
        }
    }
    for (end, count) in ends.iter_mut().zip(counts) {
        if count == 0 {
            *end = 0;
        }
    }
    ends
}

/// The arrays of a tree, borrowed.
#[derive(Clone, Copy)]
pub struct Tree<'a> {
    nodes: &'a [[u8; NODE_BYTES]],
    children: &'a [[u8; CHILD_BYTES]],
}

struct Child {
    codes: Range<usize>,
    node: u32,
    distance: u32,
}

impl<'a> Tree<'a> {
    /// Borrows the arrays; nothing is looked at before a search.
    ///
    /// # Errors
    /// [`Damaged`] when the arrays are not whole records.
    pub fn new(nodes: &'a [u8], children: &'a [u8]) -> Result<Self, Damaged> {
        match (nodes.as_chunks(), children.as_chunks()) {
            ((nodes, []), (children, [])) => Ok(Self { nodes, children }),
            _ => Err(Damaged("an array of the BK-tree ends within a record")),
        }
    }

    /// Calls `found` for each pair within its target's radius; gives the number of distances
    /// computed.
    ///
    /// # Errors
    /// [`Damaged`] when the arrays are no tree over `codes`.
    pub(crate) fn search(
        &self,
        codes: &[[u8; 32]],
        targets: &[Prepared],
        mut found: impl FnMut(Match),
    ) -> Result<u64, Damaged> {
        let mut distances = 0;
        let mut open: Vec<(u32, usize)> = Vec::new();
        let mut near = Vec::new();
        for (number, target) in (0u32..).zip(targets) {
            let radius = u32::from(target.radius);
            let scanned_whole = scanned_whole(target.radius);
            let mut scan = Scan { codes, target, run: 0..0, unseen: codes.len(), near };
            open.clear();
            if codes.len() <= scanned_whole {
                scan.add(0..codes.len())?;
            } else {
                open.push((0, 0));
            }
            // In a tree each node is reached once, so more steps than nodes are a sign of damage.
            let mut steps = self.nodes.len();
            while let Some((node, pivot)) = open.pop() {
                steps = steps.checked_sub(1).ok_or(Damaged("the BK-tree has a cycle"))?;
                let pivot = codes.get(pivot).ok_or(Damaged("a BK-tree node has no codes"))?;
                let own = u32::from(hamming::distance256(pivot, &target.code));
                distances += 1;
                for child in in_reach(self.children_of(node)?, own, radius) {
                    let child = read_child(child);
                    if child.node == NO_NODE || child.codes.len() <= scanned_whole {
                        scan.add(child.codes)?;
                        continue;
                    }
                    prefetch(self.nodes, child.node as usize);
                    prefetch(codes, child.codes.start);
                    open.push((child.node, child.codes.start));
                }
            }
            scan.finish()?;
            distances += (codes.len() - scan.unseen) as u64;
            near = scan.near;
            for Near { index, distance } in near.drain(..) {
                found(Match { target: number, index, distance });
            }
        }
        Ok(distances)
    }

    /// Checks that the arrays are a BK-tree over exactly `codes`: each code in one leaf, each child
    /// at the distance that it says.
    ///
    /// # Errors
    /// [`Damaged`] when they are not.
    pub fn check(&self, codes: &[[u8; 32]]) -> Result<(), Damaged> {
        let mut open = vec![(0, 0..codes.len())];
        let mut nodes = 0;
        let mut children = 0;
        if codes.is_empty() {
            open.clear();
        }
        while let Some((node, range)) = open.pop() {
            nodes += 1;
            let mut next = range.start;
            for child in self.children_of(node)? {
                let child = read_child(child);
                children += 1;
                let at_distance = |code: &[u8; 32]| {
                    let distance = hamming::distance256(&codes[range.start], code);
                    u32::from(distance) == child.distance
                };
                if child.codes.start != next
                    || child.codes.is_empty()
                    || child.codes.end > range.end
                    || !codes[child.codes.clone()].iter().all(at_distance)
                {
                    return Err(Damaged("a BK-tree child is not at its distance"));
                }
                next = child.codes.end;
                if child.node != NO_NODE {
                    if nodes > self.nodes.len() || child.codes.len() == range.len() {
                        return Err(Damaged("the BK-tree has a cycle"));
                    }
                    open.push((child.node, child.codes));
                }
            }
            if next != range.end {
                return Err(Damaged("the BK-tree leaves codes out"));
            }
        }
        if (nodes, children) != (self.nodes.len(), self.children.len()) {
            return Err(Damaged("the BK-tree has nodes or children to spare"));
        }
        Ok(())
    }

    fn children_of(&self, node: u32) -> Result<&'a [[u8; CHILD_BYTES]], Damaged> {
        let record = self.nodes.get(node as usize).ok_or(Damaged("the BK-tree lacks a node"))?;
        let [first, count] = words(record);
        if count as usize > DISTANCES {
            return Err(Damaged("a BK-tree node has more children than there are distances"));
        }
        self.children
            .get(first as usize..)
            .and_then(|rest| rest.get(..count as usize))
            .ok_or(Damaged("a BK-tree node lacks children"))
    }
}

/// Codes below a node up to which they are scanned rather than descended to.
///
/// Descending looks at the share of the codes whose distance to the pivot is within the radius of
/// the query's, and costs as much as scanning [`NODE_COST`] codes besides. Where the share is
/// close to 1, as at all large radii, nothing is worth descending to and the tree is a scan.
pub(crate) fn scanned_whole(radius: u16) -> usize {
    let spared = 1.0 - plan::share_in_reach(radius);
    (NODE_COST / spared.max(1e-9)) as usize
}

/// The children that can hold matches: those whose distance differs from the query's by at most
/// the radius. They come by ascending distance and so stand side by side.
fn in_reach(children: &[[u8; CHILD_BYTES]], own: u32, radius: u32) -> &[[u8; CHILD_BYTES]] {
    let distance = |child: &[u8; CHILD_BYTES]| words::<4>(child)[3];
    let start = children.partition_point(|child| distance(child) < own.saturating_sub(radius));
    let rest = &children[start..];
    &rest[..rest.partition_point(|child| distance(child) <= own + radius)]
}

/// The codes of one target that are scanned. Neighbouring children are neighbours among the codes
/// too, so a call of the kernel scans a whole run of them.
struct Scan<'s> {
    codes: &'s [[u8; 32]],
    target: &'s Prepared,
    run: Range<usize>,
    /// Codes that have not been scanned yet.
    unseen: usize,
    near: Vec<Near>,
}

impl Scan<'_> {
    fn add(&mut self, codes: Range<usize>) -> Result<(), Damaged> {
        if codes.start == self.run.end {
            self.run.end = codes.end;
            return Ok(());
        }
        self.finish()?;
        self.run = codes;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Damaged> {
        let first = self.run.start as u32;
        let run = std::mem::take(&mut self.run);
        let codes =
            self.codes.get(run).ok_or(Damaged("a BK-tree leaf reaches outside the codes"))?;
        let unseen = self.unseen.checked_sub(codes.len());
        self.unseen = unseen.ok_or(Damaged("BK-tree leaves share codes"))?;
        let before = self.near.len();
        hamming::scan256(codes, &self.target.code, self.target.radius, &mut self.near);
        for near in &mut self.near[before..] {
            near.index += first;
        }
        Ok(())
    }
}

fn read_child(record: &[u8; CHILD_BYTES]) -> Child {
    let [start, end, node, distance] = words(record);
    Child { codes: start as usize..end as usize, node, distance }
}

fn words<const N: usize>(record: &[u8]) -> [u32; N] {
    let words = record.as_chunks::<4>().0;
    std::array::from_fn(|i| u32::from_le_bytes(words[i]))
}
