//! All hashes of a frame: the whole picture, and what it may have been before.

use crate::{Guesses, LabelledHash, Plan, Rectangle, Variant};
use hashward_hash::{Orientation, Pdq};
use hashward_phash::variants::{Area, Depth, Family, Reduced, guesses};
use hashward_phash::{PdqResult, Pixels, pdq, pdq_square512};

/// Most hashes that a frame has: the whole picture twice and its negative in eight orientations,
/// two trimmings in eight, 16 rectangles of which four also mirrored, 34 crops and 6 of each trimming,
/// and 11 angles.
pub const HASHES_PER_FRAME: usize = 3 * 8 + 2 * 8 + 16 + LIKELY + 34 + 2 * 6 + 11;

/// The likeliest rectangles, which alone are tried mirrored: each further hash costs a search.
const LIKELY: usize = 4;

/// Orientations in which a guess that is not a whole picture is tried.
const MIRRORED: [Orientation; 2] = [Orientation::Original, Orientation::FlipX];

/// The hashes of one frame: first [`Variant::Full`] in all orientations, then the rest of what
/// the plan asks for, each with the part of the frame that it comes from.
#[must_use]
pub fn hash_pixels(frame: u32, pixels: &Pixels<'_>, plan: &Plan) -> Vec<LabelledHash> {
    let whole = Rectangle { x: 0, y: 0, width: pixels.width(), height: pixels.height() };
    let full = pdq(pixels);
    let all = &Orientation::ALL;
    let mut hashes: Vec<LabelledHash> = labelled(frame, Variant::Full, whole, all, &full).collect();
    if let Some(result) = pdq_square512(pixels) {
        hashes.extend(labelled(frame, Variant::Square512, whole, all, &result));
    }
    if plan.guesses != Guesses::None {
        let reduced = Reduced::of(pixels);
        hashes.extend(guessed(frame, whole, &full, reduced.as_ref(), plan.guesses));
    }
    hashes
}

/// What a frame may have been, given the hashes of the whole and its reduced copy.
pub(crate) fn guessed(
    frame: u32,
    whole: Rectangle,
    full: &PdqResult,
    reduced: Option<&Reduced>,
    asked: Guesses,
) -> Vec<LabelledHash> {
    let (depth, few) = match asked {
        Guesses::None => return Vec::new(),
        Guesses::Suggested => (Depth::Suggested, 1),
        Guesses::All => (Depth::All, 2),
    };
    let negative = PdqResult { hashes: full.hashes.map(negative), ..*full };
    let orientations = if few == 1 { MIRRORED.as_slice() } else { Orientation::ALL.as_slice() };
    let mut hashes: Vec<LabelledHash> =
        labelled(frame, Variant::Inverted, whole, orientations, &negative).collect();
    let mut inside = 0;
    for guess in reduced.map_or_else(Vec::new, |reduced| guesses(reduced, depth)) {
        let (variant, orientations) = match guess.family {
            Family::Trimmed => (Variant::Trimmed, Orientation::ALL.as_slice()),
            Family::Inside => {
                inside += 1;
                (Variant::Inside, &MIRRORED[..if inside <= LIKELY { few } else { 1 }])
            }
            Family::Uncropped => (Variant::Uncropped, &MIRRORED[..1]),
            Family::Straightened => (Variant::Straightened, &MIRRORED[..1]),
        };
        let rectangle = within(guess.area, whole.width, whole.height);
        let result = guess.coefficients.result();
        hashes.extend(labelled(frame, variant, rectangle, orientations, &result));
    }
    hashes
}

/// The hashes of some orientations with their label.
pub(crate) fn labelled(
    frame: u32,
    variant: Variant,
    rectangle: Rectangle,
    orientations: &[Orientation],
    result: &PdqResult,
) -> impl Iterator<Item = LabelledHash> {
    orientations.iter().map(move |&orientation| LabelledHash {
        frame,
        variant,
        rectangle,
        orientation,
        hash: result.hashes[orientation as usize],
        quality: result.quality,
    })
}

/// The hash of the negative: every coefficient changes its sign, so what was above the median is
/// below it, and as many are above as were below.
fn negative(hash: Pdq) -> Pdq {
    Pdq(hash.0.map(|word| !word))
}

/// Whole pixels of the frame.
fn within(area: Area, width: u32, height: u32) -> Rectangle {
    let (x, y) = ((area.x.round() as u32).min(width - 1), (area.y.round() as u32).min(height - 1));
    Rectangle {
        x,
        y,
        width: (area.width.round() as u32).clamp(1, width - x),
        height: (area.height.round() as u32).clamp(1, height - y),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_negative_is_the_complement_and_no_frame_has_more_hashes_than_are_allowed() {
        let mut state = 1_u32;
        let data: Vec<u8> = (0..700 * 400)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 25) as u8 + 60
            })
            .collect();
        let inverse: Vec<u8> = data.iter().map(|v| 255 - v).collect();
        let pixels = |data| Pixels::luma8(data, 700, 400, 700).unwrap();
        let plan = Plan { guesses: Guesses::All, ..Plan::default() };
        let hashes = hash_pixels(3, &pixels(&data), &plan);
        assert!(hashes.len() <= HASHES_PER_FRAME);
        let inverted = hashes.iter().filter(|hash| hash.variant == Variant::Inverted);
        let real = hash_pixels(3, &pixels(&inverse), &Plan::default());
        for (guess, real) in inverted.zip(&real) {
            assert_eq!(guess.orientation, real.orientation);
            assert!(guess.hash.distance(real.hash).0 <= 2);
        }
        for hash in &hashes {
            let r = hash.rectangle;
            assert!(r.x + r.width <= 700 && r.y + r.height <= 400 && hash.frame == 3, "{r:?}");
        }
        let whole = hash_pixels(3, &pixels(&data), &Plan::default());
        assert_eq!(whole, hashes[..whole.len()]);
        assert!(whole.iter().all(|hash| hash.variant.is_whole()));
    }
}
