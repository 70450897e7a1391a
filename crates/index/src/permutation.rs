//! The fixed permutation of the 256 bits that the multi-index and the prefix column are built on.
//!
//! Neighbouring bits of a perceptual hash depend on each other, so a slot of neighbouring bits
//! collides several times more often than one of independent bits. A permutation that scatters
//! neighbours cures it. Any would do, and this one is part of the store's format: it must never
//! change.
//!
//! It is a network of conditional exchanges (Beneš): each stage exchanges bits that lie a power of
//! two apart where a bit of a constant says so. That is a few shifts per stage on all bits at
//! once, where a table of 256 positions would need 256 steps.

/// Distances between the bits that each stage exchanges. 64 and 128 are whole words.
const STAGES: [u32; 15] = [128, 64, 32, 16, 8, 4, 2, 1, 2, 4, 8, 16, 32, 64, 128];

/// Which of a stage's pairs are exchanged: a set bit exchanges itself with the bit that lies the
/// stage's distance above. The words come from SplitMix64 seeded with [`SEED`], four per stage.
const MASKS: [[u64; 4]; STAGES.len()] = masks();

/// "hashward" in ASCII.
const SEED: u64 = 0x6861_7368_7761_7264;

const fn masks() -> [[u64; 4]; STAGES.len()] {
    let mut masks = [[0; 4]; STAGES.len()];
    let mut state = SEED;
    let mut stage = 0;
    while stage < STAGES.len() {
        let mut word = 0;
        while word < 4 {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            masks[stage][word] = (z ^ (z >> 31)) & lower_partners(STAGES[stage]);
            word += 1;
        }
        stage += 1;
    }
    masks
}

/// The positions in a word whose partner lies `distance` above within the word.
const fn lower_partners(distance: u32) -> u64 {
    match distance {
        32 => 0x0000_0000_ffff_ffff,
        16 => 0x0000_ffff_0000_ffff,
        8 => 0x00ff_00ff_00ff_00ff,
        4 => 0x0f0f_0f0f_0f0f_0f0f,
        2 => 0x3333_3333_3333_3333,
        1 => 0x5555_5555_5555_5555,
        _ => u64::MAX,
    }
}

/// The permuted bits of a code in store order: word 0 holds the permuted bits 0 to 63, lowest first.
///
/// ```
/// use hashward_index::permutation::permute;
/// let bits = |code: [u8; 32]| permute(&code).iter().map(|word| word.count_ones()).sum::<u32>();
/// assert_eq!(bits([0x55; 32]), 128);
/// ```
#[inline]
#[must_use]
pub fn permute(code: &[u8; 32]) -> [u64; 4] {
    let (words, _) = code.as_chunks::<8>();
    let mut words: [u64; 4] = std::array::from_fn(|i| u64::from_le_bytes(words[i]));
    for (distance, mask) in STAGES.iter().zip(&MASKS) {
        match distance {
            128 => {
                exchange(&mut words, 0, 2, mask[0]);
                exchange(&mut words, 1, 3, mask[1]);
            }
            64 => {
                exchange(&mut words, 0, 1, mask[0]);
                exchange(&mut words, 2, 3, mask[1]);
            }
            _ => {
                for (word, mask) in words.iter_mut().zip(mask) {
                    let differ = (*word >> distance ^ *word) & mask;
                    *word ^= differ ^ differ << distance;
                }
            }
        }
    }
    words
}

#[inline(always)]
fn exchange(words: &mut [u64; 4], low: usize, high: usize, mask: u64) {
    let differ = (words[low] ^ words[high]) & mask;
    words[low] ^= differ;
    words[high] ^= differ;
}

#[cfg(test)]
mod tests {
    use super::permute;

    /// Where each bit of a code goes.
    fn table() -> [usize; 256] {
        std::array::from_fn(|bit| {
            let mut code = [0u8; 32];
            code[bit / 8] = 1 << (bit % 8);
            let permuted = permute(&code);
            let word = permuted.iter().position(|word| *word != 0).expect("a bit is not lost");
            assert_eq!(permuted.iter().map(|word| word.count_ones()).sum::<u32>(), 1);
            64 * word + permuted[word].trailing_zeros() as usize
        })
    }

    #[test]
    fn every_bit_has_its_own_place() {
        let mut places = table();
        places.sort_unstable();
        assert!(places.iter().enumerate().all(|(place, seen)| place == *seen));
    }

    #[test]
    fn it_is_linear() {
        let a: [u8; 32] = std::array::from_fn(|i| (i * 37 + 11) as u8);
        let b: [u8; 32] = std::array::from_fn(|i| (i * 101 + 3) as u8);
        let both: [u8; 32] = std::array::from_fn(|i| a[i] ^ b[i]);
        let (a, b) = (permute(&a), permute(&b));
        assert_eq!(permute(&both), std::array::from_fn(|i| a[i] ^ b[i]));
    }

    /// Each row of 16 neighbours, and each column (the bits are a 16 × 16 matrix), goes to many of
    /// the 16 stretches of 16 permuted bits; a random permutation reaches about 10.5 of them.
    #[test]
    fn neighbours_are_scattered() {
        let table = table();
        let mut reached = 0;
        for line in 0..16 {
            let row: std::collections::BTreeSet<_> =
                (0..16).map(|i| table[16 * line + i] / 16).collect();
            let column: std::collections::BTreeSet<_> =
                (0..16).map(|i| table[16 * i + line] / 16).collect();
            assert!(row.len() >= 7 && column.len() >= 7, "line {line}");
            reached += row.len() + column.len();
        }
        assert!(reached >= 310, "{reached} of about 335");
    }

    /// The permutation is part of the store's format.
    #[test]
    fn it_never_changes() {
        let table = table();
        let digest = table.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, place| {
            (hash ^ *place as u64).wrapping_mul(0x0000_0100_0000_01b3)
        });
        assert_eq!((table[0], table[1], table[255], digest), (85, 159, 74, 0x8c33_870a_980d_2c17));
    }
}
