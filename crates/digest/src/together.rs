//! Several files side by side: who is in the lanes, and for how long.

use crate::Hasher;
use crate::blocks::Blocks;
use hashward_kernels::compress::{MOST_LANES, md5, sha1, sha256};

/// Bytes of each file that one kind hashes before the next kind takes its turn on them: all lanes
/// together still fit the second-level cache when the last kind reads them.
const TURN: usize = 4096;

/// Gives each hasher the next bytes of its file, as [`Hasher::update`] does one by one.
///
/// The result does not depend on what is fed together, only the speed does. It is best with 16
/// files or more and about as many bytes of each: a file that ends makes room in the lanes for
/// one that waits, the longest first.
///
/// ```
/// use hashward_digest::{Hasher, update_together};
/// use hashward_hash::{DigestKinds, HashKind};
/// let kinds = DigestKinds::default().with(HashKind::Md5);
/// let (mut one, mut other) = (Hasher::new(kinds), Hasher::new(kinds));
/// update_together(&mut [(&mut one, b"the bytes of a file"), (&mut other, b"those of another")]);
/// let mut alone = Hasher::new(kinds);
/// alone.update(b"the bytes of a file");
/// assert_eq!(one.finalize(), alone.finalize());
/// ```
pub fn update_together(files: &mut [(&mut Hasher, &[u8])]) {
    let mut waiting: Vec<Lane<'_>> = Vec::with_capacity(files.len());
    for (hasher, bytes) in files {
        hasher.update_alone(bytes);
        let blocks = hasher.blocks.take(bytes);
        if !blocks.is_empty() {
            waiting.push(Lane { left: blocks, hasher: &mut hasher.blocks });
        }
    }
    waiting.sort_by_key(|lane| lane.left.len());
    let mut lanes: Vec<Lane<'_>> = Vec::with_capacity(MOST_LANES);
    loop {
        let room = MOST_LANES - lanes.len();
        lanes.extend(waiting.drain(waiting.len().saturating_sub(room)..).rev());
        let Some(shortest) = lanes.iter().map(|lane| lane.left.len()).min() else { return };
        advance(&mut lanes, shortest.min(TURN));
        lanes.retain(|lane| !lane.left.is_empty());
    }
}

/// A file that is being hashed.
struct Lane<'a> {
    hasher: &'a mut Blocks,
    /// Whole blocks that are still to be hashed.
    left: &'a [u8],
}

/// Hashes the next `length` bytes of every file, which all have that many.
fn advance(lanes: &mut [Lane<'_>], length: usize) {
    advance_kind(lanes, length, |blocks| blocks.md5.as_mut(), md5);
    advance_kind(lanes, length, |blocks| blocks.sha1.as_mut(), sha1);
    advance_kind(lanes, length, |blocks| blocks.sha256.as_mut(), sha256);
    for lane in lanes {
        lane.left = &lane.left[length..];
    }
}

/// The same for one kind, on those files for which it was asked.
fn advance_kind<const WORDS: usize>(
    lanes: &mut [Lane<'_>],
    length: usize,
    state: impl Fn(&mut Blocks) -> Option<&mut [u32; WORDS]>,
    compress: fn(&mut [[u32; WORDS]], &[&[u8]]),
) {
    let mut states = [[0; WORDS]; MOST_LANES];
    let mut streams: [&[u8]; MOST_LANES] = [&[]; MOST_LANES];
    let mut count = 0;
    for lane in lanes.iter_mut() {
        if let Some(state) = state(lane.hasher) {
            states[count] = *state;
            streams[count] = &lane.left[..length];
            count += 1;
        }
    }
    compress(&mut states[..count], &streams[..count]);
    let changed = lanes.iter_mut().filter_map(|lane| state(lane.hasher));
    for (state, new) in changed.zip(states) {
        *state = new;
    }
}
