//! 64×64 samples of any frame, upright or tilted, inside the picture or reaching beyond it.

use super::reduced::Reduced;
use super::tilt::Tilted;
use crate::Samples;
use hashward_kernels::tent::SAMPLES;

/// An upright rectangle in cells; it may reach beyond the picture, which is then continued by
/// reflection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    pub(super) left: f32,
    pub(super) top: f32,
    pub(super) right: f32,
    pub(super) bottom: f32,
}

impl Frame {
    /// The frame of which this one is left after `shares` of the sides were cut off at the left,
    /// top, right and bottom.
    pub(super) fn grown(self, shares: [f32; 4]) -> Self {
        let [left, top, right, bottom] = shares;
        let width = (self.right - self.left) / (1.0 - left - right);
        let height = (self.bottom - self.top) / (1.0 - top - bottom);
        Self {
            left: self.left - width * left,
            top: self.top - height * top,
            right: self.right + width * right,
            bottom: self.bottom + height * bottom,
        }
    }

    /// The same part of the picture in cells of another copy.
    pub(super) fn scaled(self, from: &Reduced, to: &Reduced) -> Self {
        let by = from.pixels / to.pixels;
        Self {
            left: self.left * by,
            top: self.top * by,
            right: self.right * by,
            bottom: self.bottom * by,
        }
    }
}

/// The cells that each sample of a side weighs.
struct Axis {
    /// Where the taps of each sample begin; one more than there are samples.
    begins: [usize; SAMPLES + 1],
    cells: Vec<usize>,
    weights: Vec<f32>,
}

impl Axis {
    /// Samples from `from` to `to` on a side of `cells` cells that is `length` long.
    ///
    /// The reference averages twice over n/128 pixels, so that a sample weighs its 64th of the
    /// side by a tent. It also reads late by up to one pixel and a half, depending on the side's
    /// length; `pixels` (of the picture, per cell) lets a guess of the same size do the same.
    fn new(from: f32, to: f32, length: f32, cells: usize, pixels: f32) -> Self {
        let step = (to - from) / SAMPLES as f32;
        let late = late((to - from) * pixels) / pixels;
        let half = step / 2.0;
        let mut axis = Self { begins: [0; SAMPLES + 1], cells: Vec::new(), weights: Vec::new() };
        for k in 0..SAMPLES {
            let middle = from + (k as f32 + 0.5) * step + late;
            let first = (middle - half).floor();
            let count = ((middle + half).ceil() - first).max(1.0) as usize;
            let share = |x: f32| tent_below((x - middle) / half);
            for i in 0..count {
                let cell = first + i as f32;
                axis.cells.push(reflect(cell + 0.5, length, cells));
                axis.weights.push(share(cell + 1.0) - share(cell));
            }
            axis.begins[k + 1] = axis.cells.len();
        }
        axis
    }

    fn taps(&self, sample: usize) -> impl Iterator<Item = (usize, f32)> {
        let range = self.begins[sample]..self.begins[sample + 1];
        self.cells[range.clone()].iter().copied().zip(self.weights[range].iter().copied())
    }
}

/// Pixels by which the reference's samples of a side lag behind their middles, on average.
fn late(pixels: f32) -> f32 {
    let window = (pixels / 128.0).ceil() as u32;
    if window.is_multiple_of(2) { 1.25 } else { 0.25 }
}

/// Share of a tent from -1 to 1 that lies below `x`.
fn tent_below(x: f32) -> f32 {
    let x = x.clamp(-1.0, 1.0);
    if x < 0.0 { (1.0 + x) * (1.0 + x) / 2.0 } else { 1.0 - (1.0 - x) * (1.0 - x) / 2.0 }
}

/// The cell that holds position `x`, mirrored at the ends of a side of this length.
fn reflect(x: f32, length: f32, cells: usize) -> usize {
    let inside = if x < 0.0 {
        -x
    } else if x > length {
        2.0 * length - x
    } else {
        x
    };
    (inside.max(0.0) as usize).min(cells - 1)
}

/// Samples an upright frame.
pub(super) fn upright(reduced: &Reduced, frame: Frame) -> Samples {
    let columns = Axis::new(frame.left, frame.right, reduced.across, reduced.width, reduced.pixels);
    let rows = Axis::new(frame.top, frame.bottom, reduced.down, reduced.height, reduced.pixels);
    let first = columns.cells.iter().copied().min().unwrap_or(0);
    let end = columns.cells.iter().copied().max().unwrap_or(0) + 1;
    let mut sums = vec![0.0_f32; end - first];
    let mut samples = [[0.0; SAMPLES]; SAMPLES];
    for (k, samples) in samples.iter_mut().enumerate() {
        sums.fill(0.0);
        for (row, weight) in rows.taps(k) {
            for (sum, cell) in sums.iter_mut().zip(&reduced.row(row)[first..end]) {
                *sum += weight * f32::from(*cell);
            }
        }
        for (j, sample) in samples.iter_mut().enumerate() {
            *sample = columns.taps(j).map(|(cell, weight)| weight * sums[cell - first]).sum();
        }
    }
    Samples(samples)
}

/// Samples a tilted frame: four points in each sample, each mixed from four cells.
pub(super) fn tilted(reduced: &Reduced, tilted: Tilted) -> Samples {
    let (width, height) = (tilted.width / SAMPLES as f32, tilted.height / SAMPLES as f32);
    let late_x = late(tilted.width * reduced.pixels) / reduced.pixels;
    let late_y = late(tilted.height * reduced.pixels) / reduced.pixels;
    let mut samples = [[0.0; SAMPLES]; SAMPLES];
    for (k, samples) in samples.iter_mut().enumerate() {
        for (j, sample) in samples.iter_mut().enumerate() {
            let mut sum = 0.0;
            for (dx, dy) in [(0.3, 0.3), (0.7, 0.3), (0.3, 0.7), (0.7, 0.7)] {
                let u = (j as f32 + dx) * width - tilted.width / 2.0 + late_x;
                let v = (k as f32 + dy) * height - tilted.height / 2.0 + late_y;
                let x = tilted.x + u * tilted.cosine - v * tilted.sine;
                let y = tilted.y + u * tilted.sine + v * tilted.cosine;
                sum += mixed(reduced, x, y);
            }
            *sample = sum / 4.0;
        }
    }
    Samples(samples)
}

/// Luma at a point, mixed from the four nearest cells.
fn mixed(reduced: &Reduced, x: f32, y: f32) -> f32 {
    inside(reduced, x - 0.5, y - 0.5).unwrap_or_else(|| at_the_edge(reduced, x - 0.5, y - 0.5))
}

/// [`at_the_edge`] where none of the four cells is beyond an edge, which most are not: what is not
/// negative is floored by cutting it off, and nothing is mirrored.
fn inside(reduced: &Reduced, x: f32, y: f32) -> Option<f32> {
    if !(x >= 0.0 && y >= 0.0 && x + 2.0 <= reduced.across && y + 2.0 <= reduced.down) {
        return None;
    }
    let (left, top) = (x as u32, y as u32);
    let (p, q) = (x - left as f32, y - top as f32);
    let first = top as usize * reduced.width + left as usize;
    let [a, b] = *reduced.cells.get(first..)?.first_chunk()?;
    let [c, d] = *reduced.cells.get(first + reduced.width..)?.first_chunk()?;
    Some(mix([a, b, c, d], p, q))
}

fn at_the_edge(reduced: &Reduced, x: f32, y: f32) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let column = |x: f32| reflect(x + 0.5, reduced.across, reduced.width);
    let row = |y: f32| reflect(y + 0.5, reduced.down, reduced.height);
    let (x0, x1, y0, y1) = (column(left), column(left + 1.0), row(top), row(top + 1.0));
    let cell = |x, y| reduced.cell(x, y);
    mix([cell(x0, y0), cell(x1, y0), cell(x0, y1), cell(x1, y1)], x - left, y - top)
}

/// Two cells above two, mixed with the shares of the right ones and of the lower ones.
fn mix([a, b, c, d]: [u8; 4], p: f32, q: f32) -> f32 {
    let above = f32::from(a) * (1.0 - p) + f32::from(b) * p;
    let below = f32::from(c) * (1.0 - p) + f32::from(d) * p;
    above * (1.0 - q) + below * q
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pixels;

    #[test]
    fn points_inside_are_mixed_as_at_the_edge() {
        for (width, height) in [(33, 40), (515, 64), (700, 523), (1025, 33)] {
            let data: Vec<u8> = (0..width * height).map(|i| (i * 7919 % 251) as u8).collect();
            let pixels = Pixels::luma8(&data, width, height, width as usize).unwrap();
            let reduced = Reduced::of(&pixels).unwrap();
            let mut whole = 0;
            for step in 0..4000_u32 {
                let x = (step * 37 % 4000) as f32 / 4000.0 * (reduced.across + 4.0) - 2.0;
                let y = (step * 91 % 4000) as f32 / 4000.0 * (reduced.down + 4.0) - 2.0;
                if let Some(mixed) = inside(&reduced, x, y) {
                    assert_eq!(mixed, at_the_edge(&reduced, x, y), "{x} {y}");
                    whole += 1;
                }
            }
            assert!(whole > 2000, "{whole}");
        }
    }
}
