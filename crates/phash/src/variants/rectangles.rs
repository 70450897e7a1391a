//! Rectangles that strong straight edges surround.

use super::reduced::Reduced;
use super::resample::Frame;

/// Lines that are kept in each direction, besides the picture's own edges.
const LINES: usize = 14;
/// A step between neighbouring cells counts as an edge from here on.
const EDGE: u8 = 7;
/// Steps count no more than this: one black letter must not outweigh a long faint edge.
const CAP: i32 = 32;
/// What an edge must exceed its surroundings by, to lengthen a line.
const BIAS: i32 = 4;
/// Shortest line and shortest side of a rectangle, as shares of the picture's.
const SHORTEST: f32 = 0.15;
/// Least share of a side that must be an edge.
const COVERED: f32 = 0.45;
/// Two rectangles that share more than this of their union are one.
const SAME: f32 = 0.965;

/// A straight edge between two rows (or columns): where it lies, how strong its best stretch is,
/// and how many edge cells lie before each position.
struct Line {
    at: usize,
    strength: i32,
    /// Edge cells before each position; empty for the picture's own edge.
    before: Vec<u32>,
}

impl Line {
    /// Share of the stretch that is an edge; `None` at the picture's own edge.
    fn covered(&self, from: usize, to: usize) -> Option<f32> {
        let (a, b) = (self.before.get(from)?, self.before.get(to)?);
        Some((b - a) as f32 / (to - from) as f32)
    }
}

/// Up to `most` rectangles, the likeliest first.
pub(super) fn propose(reduced: &Reduced, most: usize) -> Vec<Frame> {
    let (width, height) = (reduced.width, reduced.height);
    let rows = lines(&steps_down(reduced), width, height);
    let columns = lines(&steps_across(reduced), height, width);
    let shortest = |side: usize| (side as f32 * SHORTEST) as usize + 1;
    let mut found: Vec<(f32, [usize; 4])> = Vec::new();
    for (i, top) in rows.iter().enumerate() {
        for bottom in rows[i + 1..].iter().filter(|l| l.at >= top.at + shortest(height)) {
            for (j, left) in columns.iter().enumerate() {
                let rights = columns[j + 1..].iter();
                for right in rights.filter(|l| l.at >= left.at + shortest(width)) {
                    let sides = [
                        top.covered(left.at, right.at),
                        bottom.covered(left.at, right.at),
                        left.covered(top.at, bottom.at),
                        right.covered(top.at, bottom.at),
                    ];
                    if let Some(score) = score(sides) {
                        found.push((score, [left.at, top.at, right.at, bottom.at]));
                    }
                }
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut chosen: Vec<[usize; 4]> = Vec::new();
    for (_, rectangle) in found {
        if chosen.len() == most {
            break;
        }
        if chosen.iter().all(|known| overlap(*known, rectangle) < SAME) {
            chosen.push(rectangle);
        }
    }
    let frame = |[left, top, right, bottom]: [usize; 4]| Frame {
        left: left as f32,
        top: top as f32,
        right: (right as f32).min(reduced.across),
        bottom: (bottom as f32).min(reduced.down),
    };
    chosen.into_iter().map(frame).collect()
}

/// How likely four sides are those of a picture: the weakest counts as much as the mean. Sides on
/// the picture's own edge say nothing; four of them are the picture itself.
fn score(sides: [Option<f32>; 4]) -> Option<f32> {
    let inner: Vec<f32> = sides.into_iter().flatten().collect();
    let weakest = inner.iter().copied().min_by(f32::total_cmp)?;
    let mean = inner.iter().sum::<f32>() / inner.len() as f32;
    // Three or four strong sides are no accident; one or two may be a horizon or a table.
    (weakest >= COVERED).then_some(weakest + mean + 0.12 * inner.len() as f32)
}

/// Shared part of the union.
fn overlap(a: [usize; 4], b: [usize; 4]) -> f32 {
    let side = |i: usize, j: usize| a[j].min(b[j]).saturating_sub(a[i].max(b[i]));
    let area = |r: [usize; 4]| ((r[2] - r[0]) * (r[3] - r[1])) as f32;
    let shared = (side(0, 2) * side(1, 3)) as f32;
    shared / (area(a) + area(b) - shared)
}

/// Steps from each row to the next, row after row: entry `y` is from row `y` to `y + 1`.
fn steps_down(reduced: &Reduced) -> Vec<u8> {
    let (above, below) = (&reduced.cells, &reduced.cells[reduced.width..]);
    above.iter().zip(below).map(|(a, b)| a.abs_diff(*b)).collect()
}

/// Steps from each column to the next, column after column.
fn steps_across(reduced: &Reduced) -> Vec<u8> {
    let (width, height) = (reduced.width, reduced.height);
    let mut turned = vec![0; width * height];
    for (y, row) in reduced.cells.chunks_exact(width).enumerate() {
        for (x, cell) in row.iter().enumerate() {
            turned[x * height + y] = *cell;
        }
    }
    turned.iter().zip(&turned[height..]).map(|(a, b)| a.abs_diff(*b)).collect()
}

/// The strongest lines by position, between the picture's own two edges. `steps` has
/// `positions - 1` lines of `length` cells.
fn lines(steps: &[u8], length: usize, positions: usize) -> Vec<Line> {
    let strengths: Vec<i32> = (0..positions - 1).map(|at| strength(steps, length, at)).collect();
    let least = (length as f32 * SHORTEST) as i32 * 3;
    let mut strongest: Vec<usize> = (0..strengths.len())
        .filter(|&at| strengths[at] >= least)
        .filter(|&at| {
            // The strongest of its neighbours; of equal ones the first.
            let mut around = at.saturating_sub(1)..(at + 2).min(strengths.len());
            around.all(|other| strengths[other] < strengths[at] + i32::from(other >= at))
        })
        .collect();
    strongest.sort_by_key(|&at| (-strengths[at], at));
    strongest.truncate(LINES);
    let edge = |at: usize| Line { at, strength: 0, before: Vec::new() };
    let mut lines = vec![edge(0), edge(positions)];
    lines.extend(strongest.into_iter().map(|at| {
        let mut before = vec![0];
        let mut count = 0;
        for x in 0..length {
            // The edge may run between two lines of cells, half in each.
            let step = |at: usize| steps.get(at * length + x).copied().unwrap_or(0);
            let around = step(at).max(step(at + 1)).max(step(at.saturating_sub(1)));
            count += u32::from(around >= EDGE);
            before.push(count);
        }
        Line { at: at + 1, strength: strengths[at], before }
    }));
    lines.sort_by_key(|line| (line.at, -line.strength));
    lines
}

/// The best stretch of a line: the largest sum of what its steps exceed their surroundings by.
fn strength(steps: &[u8], length: usize, at: usize) -> i32 {
    let line = |at: usize| steps.get(at * length..(at + 1) * length);
    let Some(own) = line(at) else { return 0 };
    let above = at.checked_sub(2).and_then(line).unwrap_or(own);
    let below = line(at + 2).unwrap_or(own);
    let (mut best, mut sum) = (0, 0);
    for ((own, above), below) in own.iter().zip(above).zip(below) {
        // A texture has steps on both sides, the frame of a window on one.
        let around = i32::from(*above.min(below)).min(CAP);
        sum = (sum + i32::from(*own).min(CAP) - around - BIAS).max(0);
        best = best.max(sum);
    }
    best
}
