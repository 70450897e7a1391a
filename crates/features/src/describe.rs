//! What a corner looks like: its direction, and 256 comparisons of pixels around it.
//!
//! The comparisons are drawn once, from a seed. There are 64 of them, each in four forms: as it
//! is, mirrored at the direction of the corner, turned by half a turn, and both. The word s of a
//! descriptor holds form s, so the descriptor of the mirrored picture or of the negative is made by
//! exchanging words, without looking at pixels again.

use crate::level::Level;
use std::sync::OnceLock;

/// Radius of the patch that decides the direction.
const RADIUS: i32 = 15;
/// No compared pixel is farther from the corner.
const REACH: i32 = 14;
/// Comparisons, each in four forms.
const TESTS: usize = 64;
/// Directions for which the places of the pixels are prepared.
const DIRECTIONS: usize = 64;
/// State of SplitMix64 from which the comparisons are drawn: `features` in ASCII.
const SEED: u64 = 0x6665_6174_7572_6573;

/// 256 comparisons as four little-endian words.
pub(crate) type Descriptor = [u8; 32];

/// The descriptor of the mirrored picture.
pub(crate) fn mirrored(descriptor: &Descriptor) -> Descriptor {
    exchanged(descriptor, [1, 0, 3, 2])
}

/// The descriptor of the negative, whose corners point the other way.
pub(crate) fn inverted(descriptor: &Descriptor) -> Descriptor {
    exchanged(descriptor, [2, 3, 0, 1]).map(|byte| !byte)
}

fn exchanged(descriptor: &Descriptor, order: [usize; 4]) -> Descriptor {
    let mut out = [0; 32];
    for (to, from) in order.into_iter().enumerate() {
        out[8 * to..][..8].copy_from_slice(&descriptor[8 * from..][..8]);
    }
    out
}

/// Cosine and sine of 256 directions, times 2¹⁴, rounded.
pub(crate) fn directions() -> &'static [(i32, i32); 256] {
    static TABLE: OnceLock<[(i32, i32); 256]> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = [(0, 0); 256];
        // Of the first eighth by their series; the rest by symmetry, so that it is exact.
        for step in 0..=32 {
            let (cos, sin) = series(f64::from(step) * (std::f64::consts::TAU / 256.0));
            let step = step as usize;
            for (at, value) in [(step, (cos, sin)), (64 - step, (sin, cos))] {
                table[at] = value;
            }
        }
        for step in 1..=64 {
            let (cos, sin) = table[step];
            table[128 - step] = (-cos, sin);
        }
        for step in 1..=128 {
            let (cos, sin) = table[step];
            table[256 - step] = (cos, -sin);
        }
        table[128] = (-table[0].0, 0);
        table
    })
}

fn series(angle: f64) -> (i32, i32) {
    let (mut cos, mut sin, mut term) = (0.0, 0.0, 1.0);
    for n in 0..20_i32 {
        match n % 4 {
            0 => cos += term,
            1 => sin += term,
            2 => cos -= term,
            _ => sin -= term,
        }
        term = term * angle / f64::from(n + 1);
    }
    ((cos * 16_384.0 + 0.5) as i32, (sin * 16_384.0 + 0.5) as i32)
}

/// Where the compared pixels lie from the corner, for each of the directions.
type Places = Vec<[[(i8, i8); 2]; 4 * TESTS]>;

fn places() -> &'static Places {
    static TABLE: OnceLock<Places> = OnceLock::new();
    TABLE.get_or_init(|| {
        let tests = draw();
        (0..DIRECTIONS)
            .map(|direction| {
                let (cos, sin) = directions()[direction * (256 / DIRECTIONS)];
                let turned =
                    |(u, v): (i32, i32)| (rounded(u * cos - v * sin), rounded(u * sin + v * cos));
                let mut all = [[(0, 0); 2]; 4 * TESTS];
                for (number, test) in tests.iter().enumerate() {
                    for (form, (along, aside)) in
                        [(1, 1), (1, -1), (-1, -1), (-1, 1)].into_iter().enumerate()
                    {
                        all[form * TESTS + number] =
                            test.map(|(u, v)| turned((along * u, aside * v)));
                    }
                }
                all
            })
            .collect()
    })
}

/// Divided by 2¹⁴ and rounded, halves away from zero, so that mirrored places stay mirrored.
fn rounded(value: i32) -> i8 {
    let magnitude = (value.abs() + (1 << 13)) >> 14;
    (if value < 0 { -magnitude } else { magnitude }) as i8
}

/// Draws the comparisons: pairs of places, denser near the corner, none of them close together.
fn draw() -> [[(i32, i32); 2]; TESTS] {
    let mut state = SEED;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    // The sum of three even numbers is nearly normal, with a deviation of 6.8.
    let mut coordinate = || {
        let bits = next();
        let part = |shift: u32| ((bits >> shift) % 15) as i32;
        (part(0) + part(20) + part(40)) - 21
    };
    let mut tests = [[(0, 0); 2]; TESTS];
    for test in &mut tests {
        *test = loop {
            let [p, q] = [(); 2].map(|()| (coordinate(), coordinate()));
            let inside = |(u, v): (i32, i32)| u * u + v * v <= (REACH - 1) * (REACH - 1);
            let (du, dv) = (p.0 - q.0, p.1 - q.1);
            // Along the direction a patch gets brighter, so comparisons that way nearly always come
            // out the same; across it, it is balanced, and so are comparisons.
            if inside(p) && inside(q) && du * du + dv * dv >= 25 && dv * dv >= 9 * du * du {
                break [p, q];
            }
        };
    }
    tests
}

/// Half the width of the patch's rows, from the middle one outwards.
fn half_widths() -> [i32; RADIUS as usize + 1] {
    let mut widths = [0; RADIUS as usize + 1];
    for (y, width) in (0_i32..).zip(&mut widths) {
        *width = (0..=RADIUS).rev().find(|x| x * x + y * y <= RADIUS * RADIUS).unwrap_or(0);
    }
    widths
}

/// Direction from the corner to the centre of brightness of the patch, in 256 steps.
pub(crate) fn direction(level: &Level, x: usize, y: usize) -> u8 {
    let (mut across, mut down) = (0_i64, 0_i64);
    for (dy, width) in (-RADIUS..=RADIUS).map(|dy| (dy, half_widths()[dy.unsigned_abs() as usize]))
    {
        let row = level.row((y as i32 + dy) as usize);
        let start = (x as i32 - width) as usize;
        let (mut sum, mut moment) = (0_i32, 0_i32);
        for (dx, value) in (-width..=width).zip(&row[start..]) {
            sum += i32::from(*value);
            moment += dx * i32::from(*value);
        }
        across += i64::from(moment);
        down += i64::from(dy * sum);
    }
    // The direction that agrees best; of equal ones the first.
    let agreement = |(cos, sin): (i32, i32)| across * i64::from(cos) + down * i64::from(sin);
    let table = directions();
    let mut best = 0;
    for step in 1..256 {
        if agreement(table[step]) > agreement(table[best]) {
            best = step;
        }
    }
    best as u8
}

/// The descriptor of a corner of a smoothed level.
pub(crate) fn describe(level: &Level, x: usize, y: usize, direction: u8) -> Descriptor {
    // The prepared direction that is nearest.
    let step = 256 / DIRECTIONS;
    let number = (usize::from(direction) + step / 2) / step % DIRECTIONS;
    let origin = (y * level.width + x) as isize;
    let at = |(dx, dy): (i8, i8)| {
        level.pixels[(origin + isize::from(dy) * level.width as isize + isize::from(dx)) as usize]
    };
    let mut descriptor = [0_u8; 32];
    for (byte, tests) in descriptor.iter_mut().zip(places()[number].chunks(8)) {
        for (bit, [p, q]) in tests.iter().enumerate() {
            *byte |= u8::from(at(*p) < at(*q)) << bit;
        }
    }
    descriptor
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some soft blobs.
    fn picture(change: impl Fn(usize, usize) -> (usize, usize, bool)) -> Level {
        let mut pixels = Vec::new();
        for y in 0..61 {
            for x in 0..61 {
                let (sx, sy, negative) = change(x, y);
                let wave = (sx * sx / 9 + sx * sy / 7 + sy * 3 + (sx * 31 + sy * 17) % 5 * 9) % 256;
                pixels.push(if negative { 255 - wave as u8 } else { wave as u8 });
            }
        }
        Level { width: 61, height: 61, pixels }.smoothed()
    }

    #[test]
    fn directions_are_a_circle() {
        let table = directions();
        for (step, (cos, sin)) in table.iter().copied().enumerate() {
            let angle = step as f64 * std::f64::consts::TAU / 256.0;
            assert!((f64::from(cos) - 16_384.0 * angle.cos()).abs() <= 0.5001, "{step}");
            assert!((f64::from(sin) - 16_384.0 * angle.sin()).abs() <= 0.5001, "{step}");
        }
    }

    #[test]
    fn mirroring_and_the_negative_exchange_words() {
        let plain = picture(|x, y| (x, y, false));
        let angle = direction(&plain, 30, 30);
        let seen = describe(&plain, 30, 30, angle);
        let flipped = picture(|x, y| (60 - x, y, false));
        let other = direction(&flipped, 30, 30);
        assert_eq!(other, 128_u8.wrapping_sub(angle));
        // Only a direction just between two prepared ones may be rounded otherwise.
        if (usize::from(angle) + 2) % 4 != 0 {
            assert_eq!(describe(&flipped, 30, 30, other), mirrored(&seen));
        }
        let negative = picture(|x, y| (x, y, true));
        let other = direction(&negative, 30, 30);
        assert_eq!(other, angle.wrapping_add(128));
        let differ = |a: Descriptor, b: Descriptor| -> u32 {
            a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
        };
        let exchanged = inverted(&seen);
        assert!(differ(describe(&negative, 30, 30, other), exchanged) <= 8, "ties alone differ");
        assert_eq!(mirrored(&mirrored(&seen)), seen);
        assert_eq!(inverted(&inverted(&seen)), seen);
    }

    #[test]
    fn places_stay_in_the_patch() {
        for place in places().iter().flatten().flatten() {
            let (x, y) = (i32::from(place.0), i32::from(place.1));
            assert!(x * x + y * y <= REACH * REACH);
        }
    }
}
