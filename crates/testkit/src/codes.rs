//! Seeded 256-bit codes as tests need them, and brute-force radius search.

use hashward_hash::Pdq;

/// A source of codes; the same seed gives the same codes for ever.
#[derive(Debug, Clone)]
pub struct Codes {
    state: u64,
}

impl Codes {
    /// A source with its own sequence for each seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 random bits (SplitMix64).
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A number below `limit`, which must not be 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.bits() % limit
    }

    /// A code with every bit random.
    pub fn code(&mut self) -> Pdq {
        Pdq(std::array::from_fn(|_| self.bits()))
    }

    /// Uniform codes.
    pub fn random(&mut self, count: usize) -> Vec<Pdq> {
        (0..count).map(|_| self.code()).collect()
    }

    /// `code` with up to `flips` random bits flipped.
    pub fn near(&mut self, code: Pdq, flips: u64) -> Pdq {
        let mut words = code.0;
        for _ in 0..self.below(flips + 1) {
            let bit = self.below(256);
            words[(bit / 64) as usize] ^= 1 << (bit % 64);
        }
        Pdq(words)
    }

    /// Codes as lists really have them: groups of near duplicates around a few centres, exact
    /// duplicates, and flat pictures with few bits set.
    pub fn clustered(&mut self, count: usize) -> Vec<Pdq> {
        let mut codes: Vec<Pdq> = Vec::with_capacity(count);
        while codes.len() < count {
            let code = match (self.below(8), codes.len() as u64) {
                (0, _) | (_, 0) => self.code(),
                (1, made) => codes[self.below(made) as usize],
                (2, _) => self.near(Pdq::default(), 6),
                (_, made) => {
                    let centre = codes[self.below(made) as usize];
                    self.near(centre, 40)
                }
            };
            codes.push(code);
        }
        codes
    }
}

/// Positions and distances of all codes within `radius` of `query`, counted bit by bit.
#[must_use]
pub fn brute_force(codes: &[Pdq], query: Pdq, radius: u16) -> Vec<(u32, u16)> {
    let bit = |code: Pdq, i: usize| code.0[i / 64] >> (i % 64) & 1;
    (0u32..)
        .zip(codes)
        .map(|(index, code)| (index, (0..256).map(|i| bit(*code, i) ^ bit(query, i)).sum::<u64>()))
        .filter(|(_, distance)| *distance <= u64::from(radius))
        .map(|(index, distance)| (index, distance as u16))
        .collect()
}
