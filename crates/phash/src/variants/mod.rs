//! What a picture may have been before it was framed, cropped, embedded or tilted: each guess is
//! sampled from a small copy of the picture and hashed like a whole picture.
//!
//! A list of PDQ hashes knows whole pictures only. A query that is a part of a listed picture, or
//! that holds one, therefore has to guess what the whole looked like. A guess costs a 64×64 resample
//! of a plane of at most [`FINE`] cells a side, and the transform. None of them touches the canonical
//! hash.

mod borders;
mod rectangles;
mod reduced;
mod resample;
mod tilt;

pub use reduced::{FINE, Reduced, Reducer};

use crate::Coefficients;
use resample::Frame;

/// A kind of guess. Each kind has its own rate of false matches and therefore its own radius.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Without the flat or nearly flat borders around it.
    Trimmed,
    /// A rectangle inside it that strong straight edges surround: the picture in a screenshot, on
    /// a page, in a collage, above a caption.
    Inside,
    /// Continued beyond its edges by reflection, as if it had been cropped.
    Uncropped,
    /// Turned back by a small angle, or by the angle that its flat corners tell.
    Straightened,
}

/// How many guesses are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Only what the pixels themselves suggest: borders, flat corners, bands of text and the most
    /// likely rectangles, four of both.
    Suggested,
    /// Up to 16 bands and rectangles, and also 34 crops and 10 angles.
    All,
}

/// A rectangle in pixels of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// One guess and what it hashes to.
#[derive(Debug, Clone, Copy)]
pub struct Guess {
    /// The kind of guess.
    pub family: Family,
    /// The part of the picture that was hashed.
    pub area: Area,
    /// The hash's coefficients and quality.
    pub coefficients: Coefficients,
}

/// Shares of the sides that a symmetric crop may have lost, per side.
const ALL_SIDES: [f32; 6] = [0.013, 0.026, 0.04, 0.055, 0.08, 0.1];
/// Shares that a crop may have lost at one side.
const ONE_SIDE: [f32; 4] = [0.03, 0.065, 0.1, 0.14];
/// Shares that a crop may have lost at two sides that meet.
const TWO_SIDES: [f32; 3] = [0.035, 0.07, 0.11];
/// Degrees by which a picture may have been turned, either way.
const DEGREES: [f32; 5] = [1.0, 2.0, 3.0, 4.0, 5.0];
/// Rectangles that are tried where only the likely ones are.
const LIKELY: usize = 4;
/// Rectangles that are tried at most.
const RECTANGLES: usize = 16;

/// Everything that a picture may have been before something was done to it, likely guesses first
/// within each family.
///
/// The same pixels give the same guesses everywhere: positions are computed with the basic
/// operations of IEEE 754 alone.
#[must_use]
pub fn guesses(fine: &Reduced, depth: Depth) -> Vec<Guess> {
    let mut guesses = Guesses { fine, found: Vec::new() };
    let trimmed = borders::trim(fine);
    for frame in &trimmed {
        guesses.push(Family::Trimmed, *frame, *frame);
    }
    let most = if depth == Depth::All { RECTANGLES } else { LIKELY };
    let text = borders::without_text(fine);
    let rectangles = rectangles::propose(fine, most - text.len());
    for frame in text.into_iter().chain(rectangles) {
        guesses.push(Family::Inside, frame, frame);
    }
    let coarse = fine.halved();
    let mut guesses = Guesses { fine: &coarse, found: guesses.found };
    if let Some(tilted) = tilt::from_corners(&coarse) {
        guesses.tilted(tilted);
    }
    if depth == Depth::All {
        guesses.uncropped(coarse.frame());
        for frame in trimmed {
            // Framed after it was cropped.
            let frame = frame.scaled(fine, &coarse);
            for share in ALL_SIDES {
                guesses.push(Family::Uncropped, frame.grown([share; 4]), frame);
            }
        }
        for degrees in DEGREES {
            for turned in [degrees, -degrees] {
                guesses.tilted(tilt::Tilted::kept_canvas(&coarse, turned));
            }
        }
    }
    guesses.found
}

struct Guesses<'a> {
    fine: &'a Reduced,
    found: Vec<Guess>,
}

impl Guesses<'_> {
    /// Hashes `frame`; `shown` is the part of it that lies in the picture.
    fn push(&mut self, family: Family, frame: Frame, shown: Frame) {
        let coefficients = Coefficients::of_samples(&resample::upright(self.fine, frame));
        self.found.push(Guess { family, area: self.fine.area(shown), coefficients });
    }

    fn tilted(&mut self, tilted: tilt::Tilted) {
        let coefficients = Coefficients::of_samples(&resample::tilted(self.fine, tilted));
        let area = self.fine.area(tilted.shown(self.fine));
        self.found.push(Guess { family: Family::Straightened, area, coefficients });
    }

    /// `frame` as a crop of larger pictures.
    fn uncropped(&mut self, frame: Frame) {
        let mut push = |shares| self.push(Family::Uncropped, frame.grown(shares), frame);
        for share in ALL_SIDES {
            push([share; 4]);
        }
        for share in ONE_SIDE {
            for side in 0..4 {
                let mut shares = [0.0; 4];
                shares[side] = share;
                push(shares);
            }
        }
        for share in TWO_SIDES {
            for (across, down) in [(0, 1), (2, 1), (0, 3), (2, 3)] {
                let mut shares = [0.0; 4];
                (shares[across], shares[down]) = (share, share);
                push(shares);
            }
        }
    }
}

#[cfg(test)]
mod tests;
