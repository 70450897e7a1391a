//! Flat or nearly flat borders.

use super::reduced::Reduced;
use super::resample::Frame;

/// How far a cell may be from the mean of its line.
const TOLERANCES: [u8; 2] = [8, 20];
/// One cell in so many may be farther: dust, noise, a stray letter.
const STRAY: usize = 40;
/// How far the means of neighbouring lines may be apart: borders may fade.
const STEP: u32 = 4;
/// Per cent of a row of text that must show the paper: around, between and inside letters.
const PAPER: usize = 25;
/// Per cent of the outermost row that must be paper: text keeps away from the edge.
const MARGIN: usize = 90;
/// How far paper may be from its colour: less than a picture on paper of another white.
const WHITE: u8 = 6;
/// Least and largest height of a band of text, as shares of the picture's.
const BAND: (f32, f32) = (0.04, 0.6);
/// A frame must keep this share of each side.
const KEPT: f32 = 0.15;

/// A rectangle of whole cells: what is left while borders go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Left {
    x: (usize, usize),
    y: (usize, usize),
}

/// The picture without its borders, for a strict and for a lax idea of flat, where that makes a
/// difference.
pub(super) fn trim(reduced: &Reduced) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    for tolerance in TOLERANCES {
        let left = without_borders(reduced, tolerance);
        let frame = Frame {
            left: left.x.0 as f32,
            top: left.y.0 as f32,
            right: (left.x.1 as f32).min(reduced.across),
            bottom: (left.y.1 as f32).min(reduced.down),
        };
        let enough = frame.right - frame.left >= KEPT * reduced.across
            && frame.bottom - frame.top >= KEPT * reduced.down;
        if enough && frame != reduced.frame() && !frames.contains(&frame) {
            frames.push(frame);
        }
    }
    frames
}

/// The picture without a band of text on paper of one colour below it, or above it.
pub(super) fn without_text(reduced: &Reduced) -> Vec<Frame> {
    let whole = reduced.frame();
    let band = |row: &dyn Fn(usize) -> usize| {
        let mut first = reduced.row(row(0)).to_vec();
        first.sort_unstable();
        let paper = first[first.len() / 2];
        let is_paper = |at: usize, percent: usize| {
            let cells = reduced.row(row(at)).iter();
            cells.filter(|cell| cell.abs_diff(paper) <= WHITE).count() * 100
                >= percent * reduced.width
        };
        let rows = (0..reduced.height).take_while(|at| is_paper(*at, PAPER)).count();
        let rows = if is_paper(0, MARGIN) { rows as f32 } else { 0.0 };
        (BAND.0 * reduced.down..=BAND.1 * reduced.down).contains(&rows).then_some(rows)
    };
    let below = band(&|at| reduced.height - 1 - at);
    let below = below.map(|rows| Frame { bottom: reduced.height as f32 - rows, ..whole });
    let above = band(&|at| at).map(|rows| Frame { top: rows, ..whole });
    below.into_iter().chain(above).collect()
}

fn without_borders(reduced: &Reduced, tolerance: u8) -> Left {
    let mut left = Left { x: (0, reduced.width), y: (0, reduced.height) };
    // A frame in a frame has different colours: twice is enough for both.
    for _ in 0..2 {
        let before = left;
        let row = |y: usize, l: &Left| line(l.x, |x| reduced.cell(x, y), tolerance);
        let column = |x: usize, l: &Left| line(l.y, |y| reduced.cell(x, y), tolerance);
        left.y.0 += run(left.y.0..left.y.1, |y| row(y, &left));
        left.y.1 -= run((left.y.0..left.y.1).rev(), |y| row(y, &left));
        left.x.0 += run(left.x.0..left.x.1, |x| column(x, &left));
        left.x.1 -= run((left.x.0..left.x.1).rev(), |x| column(x, &left));
        if left == before {
            break;
        }
    }
    left
}

/// The mean of a line if it is flat.
fn line((from, to): (usize, usize), cell: impl Fn(usize) -> u8, tolerance: u8) -> Option<u32> {
    if from >= to {
        return None;
    }
    let sum: u32 = (from..to).map(|at| u32::from(cell(at))).sum();
    let mean = (sum / (to - from) as u32) as u8;
    let stray = (from..to).filter(|&at| cell(at).abs_diff(mean) > tolerance).count();
    (stray * STRAY <= to - from).then_some(u32::from(mean))
}

/// Lines from the edge inwards that are flat and alike.
fn run(lines: impl Iterator<Item = usize>, line: impl Fn(usize) -> Option<u32>) -> usize {
    let mut before: Option<u32> = None;
    let mut count = 0;
    for at in lines {
        match line(at) {
            Some(mean) if before.is_none_or(|before| before.abs_diff(mean) <= STEP) => {
                before = Some(mean);
                count += 1;
            }
            _ => break,
        }
    }
    count
}
