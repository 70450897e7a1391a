//! Frames that stand askew: small turns on the same canvas, and turns on a larger canvas whose
//! flat corners tell the angle.

use super::reduced::Reduced;
use super::resample::Frame;

/// A rectangle turned clockwise about its middle, in cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tilted {
    /// Middle.
    pub(super) x: f32,
    pub(super) y: f32,
    /// Sides before the turn.
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) sine: f32,
    pub(super) cosine: f32,
}

/// How far a corner's cells may be from its first one.
const TOLERANCE: u8 = 20;
/// Depths below the edge at which the sides of a flat corner are looked for.
const DEPTHS: (usize, usize) = (2, 6);
/// Shortest side of a flat corner, in cells.
const SHORTEST: f32 = 3.0;
/// Greatest difference between the two tangents that the four corners give.
const DISAGREE: f32 = 0.08;

impl Tilted {
    /// The whole picture turned by a few degrees on a canvas that kept its size.
    pub(super) fn kept_canvas(reduced: &Reduced, degrees: f32) -> Self {
        // Two terms of the series are exact to single precision for a few degrees.
        let angle = degrees * (std::f32::consts::PI / 180.0);
        let sine = angle - angle * angle * angle / 6.0;
        Self {
            x: reduced.across / 2.0,
            y: reduced.down / 2.0,
            width: reduced.across,
            height: reduced.down,
            sine,
            cosine: (1.0 - sine * sine).sqrt(),
        }
    }

    /// The upright rectangle around it, as far as it lies in the picture.
    pub(super) fn shown(&self, reduced: &Reduced) -> Frame {
        let (sine, cosine) = (self.sine.abs(), self.cosine.abs());
        let half = (self.width * cosine + self.height * sine) / 2.0;
        let (left, right) = (self.x - half, self.x + half);
        let half = (self.width * sine + self.height * cosine) / 2.0;
        Frame {
            left: left.max(0.0),
            top: (self.y - half).max(0.0),
            right: right.min(reduced.across),
            bottom: (self.y + half).min(reduced.down),
        }
    }
}

/// Where a turned picture touches an edge of `length` cells, from the flat corner where the edge
/// begins: the corner's colour ends ever later towards the edge, along a straight side.
/// `flat` tells whether the cell at a position and a depth below the edge has the colour.
fn touch(length: usize, flat: impl Fn(usize, usize) -> bool) -> f32 {
    let run = |depth| (0..length).take_while(|&at| flat(at, depth)).count() as f32;
    let (shallow, deep) = (run(DEPTHS.0), run(DEPTHS.1));
    let lean = (shallow - deep) / (DEPTHS.1 - DEPTHS.0) as f32;
    shallow + lean * (DEPTHS.0 as f32 + 0.5)
}

/// The mean of two measures of the same length, if they agree.
fn mean(a: f32, b: f32) -> Option<f32> {
    ((a - b).abs() <= 0.1 * (a + b) + 2.0).then_some((a + b) / 2.0)
}

/// A picture that was turned on a canvas grown to hold it has four flat corners of one colour.
/// Where the turned picture touches the canvas gives its sides and its angle.
///
/// A picture of w×h, turned clockwise by θ, touches the top h·sin θ from the left and the right
/// side w·sin θ from the top, and likewise at the bottom from the right and at the left from below.
pub(super) fn from_corners(reduced: &Reduced) -> Option<Tilted> {
    let (w, h) = (reduced.width, reduced.height);
    if w.min(h) <= 2 * DEPTHS.1 {
        return None;
    }
    let first = reduced.cell(0, 0);
    let near = |x: usize, y: usize| reduced.cell(x, y).abs_diff(first) <= TOLERANCE;
    if !(near(w - 1, 0) && near(0, h - 1) && near(w - 1, h - 1)) {
        return None;
    }
    let clockwise = || {
        let across = mean(touch(w, near), touch(w, |i, d| near(w - 1 - i, h - 1 - d)))?;
        let down = mean(touch(h, |i, d| near(w - 1 - d, i)), touch(h, |i, d| near(d, h - 1 - i)))?;
        Some((across, down))
    };
    let counter = || {
        let across =
            mean(touch(w, |i, d| near(w - 1 - i, d)), touch(w, |i, d| near(i, h - 1 - d)))?;
        let down = mean(touch(h, |i, d| near(d, i)), touch(h, |i, d| near(w - 1 - d, h - 1 - i)))?;
        Some((across, down))
    };
    let turned = |touches: Option<(f32, f32)>, sign: f32| {
        let (across, down) = touches?;
        let (rest_across, rest_down) = (reduced.across - across, reduced.down - down);
        if across.min(down) < SHORTEST || rest_across.min(rest_down) < SHORTEST {
            return None;
        }
        let width = (down * down + rest_across * rest_across).sqrt();
        let height = (across * across + rest_down * rest_down).sqrt();
        // The angle from the longer of the two sides, checked by the other.
        let disagree = (down / width - across / height).abs();
        let sine = (down + across) / (width + height);
        let tilted = Tilted {
            x: reduced.across / 2.0,
            y: reduced.down / 2.0,
            width,
            height,
            sine: sign * sine,
            cosine: (1.0 - sine * sine).max(0.0).sqrt(),
        };
        (disagree <= DISAGREE).then_some(tilted)
    };
    // What was turned by θ one way was also turned by a right angle less θ the other way, after a
    // quarter turn: the smaller turn is meant.
    let both = [turned(clockwise(), 1.0), turned(counter(), -1.0)];
    both.into_iter().flatten().min_by(|a, b| a.sine.abs().total_cmp(&b.sine.abs()))
}
