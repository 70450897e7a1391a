//! Synthetic codes and queries from a seed.

use hashward_index::Target;

/// How the codes lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Codes {
    /// Every bit random.
    #[default]
    Random,
    /// As in real lists: of 20 codes 11 are new, seven are near duplicates of earlier ones (up to
    /// 20 bits away), one is an exact duplicate, and one is of a flat picture: within six bits of
    /// one of 256 codes with few bits set.
    Clustered,
}

/// SplitMix64.
struct Source(u64);

impl Source {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(limit)) >> 64) as u64
    }

    fn code(&mut self) -> [u8; 32] {
        let mut code = [0; 32];
        for word in code.as_chunks_mut::<8>().0 {
            *word = self.bits().to_le_bytes();
        }
        code
    }

    /// With up to `flips` bits flipped.
    fn near(&mut self, mut code: [u8; 32], flips: u64) -> [u8; 32] {
        for _ in 0..self.below(flips + 1) {
            let bit = self.below(256) as usize;
            code[bit / 8] ^= 1 << (bit % 8);
        }
        code
    }
}

/// `count` codes in store order.
#[must_use]
pub fn codes(kind: Codes, count: usize, seed: u64) -> Vec<[u8; 32]> {
    let mut source = Source(seed);
    if kind == Codes::Random {
        return (0..count).map(|_| source.code()).collect();
    }
    let flat: Vec<[u8; 32]> = (0..256).map(|_| source.near([0; 32], 24)).collect();
    let mut codes: Vec<[u8; 32]> = Vec::with_capacity(count);
    for made in 0..count as u64 {
        let code = match source.below(20) {
            kind @ 0..8 if made > 0 => {
                let earlier = codes[source.below(made) as usize];
                if kind == 0 { earlier } else { source.near(earlier, 20) }
            }
            8 => {
                let centre = flat[source.below(256) as usize];
                source.near(centre, 6)
            }
            _ => source.code(),
        };
        codes.push(code);
    }
    codes
}

/// Queries of one radius: random codes and, every other one, codes of the table with up to
/// `radius` bits flipped, which have an answer.
#[must_use]
pub fn queries(codes: &[[u8; 32]], count: usize, radius: u16, seed: u64) -> Vec<Target> {
    let mut source = Source(seed ^ 0x7175_6572_6965_7321);
    let query = |number: usize| match codes.len() as u64 {
        known if known > 0 && number.is_multiple_of(2) => {
            let code = codes[source.below(known) as usize];
            source.near(code, u64::from(radius))
        }
        _ => source.code(),
    };
    (0..count).map(query).map(|code| Target { code, radius }).collect()
}
