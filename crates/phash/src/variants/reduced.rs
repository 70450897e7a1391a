//! A small copy of a picture, from which all guesses are sampled.

use super::Area;
use super::resample::Frame;
use crate::{Layout, Pixels};

/// Longest side of the copy, in cells.
pub const FINE: u32 = 512;

/// Shortest side of a picture that is looked at.
const SHORTEST: u32 = 32;

/// Luma averaged over squares of pixels: between 256 and 512 cells on the longer side, unless the
/// picture is smaller.
#[derive(Clone)]
pub struct Reduced {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Rows from the top without gaps.
    pub(super) cells: Vec<u8>,
    /// Exact sides in cells: the last cell of a row or column may be a part of one.
    pub(super) across: f32,
    pub(super) down: f32,
    /// Pixels of the picture on the side of a cell.
    pub(super) pixels: f32,
}

impl Reduced {
    /// One pass over a picture; `None` where a side is below 32 pixels.
    #[must_use]
    pub fn of(pixels: &Pixels<'_>) -> Option<Self> {
        let (width, height) = (pixels.width(), pixels.height());
        if width.min(height) < SHORTEST {
            return None;
        }
        let factor = width.max(height).div_ceil(FINE);
        let cells = match pixels.layout() {
            Layout::Luma8 => average(pixels, factor, |row, luma| luma.copy_from_slice(row)),
            Layout::Rgb8 => average(pixels, factor, |row, luma| {
                let (rgb, _) = row.as_chunks::<3>();
                for (luma, [r, g, b]) in luma.iter_mut().zip(rgb) {
                    let sum = 299 * u32::from(*r) + 587 * u32::from(*g) + 114 * u32::from(*b);
                    *luma = ((sum + 500) / 1000) as u8;
                }
            }),
        };
        let side = |length: u32| length as f32 / factor as f32;
        Some(Self {
            width: width.div_ceil(factor) as usize,
            height: height.div_ceil(factor) as usize,
            cells,
            across: side(width),
            down: side(height),
            pixels: factor as f32,
        })
    }

    /// Half the size: four cells become one. Copies of at most 256 cells a side stay as they are.
    pub(super) fn halved(&self) -> Self {
        if self.width.max(self.height) <= FINE as usize / 2 {
            return self.clone();
        }
        let pixels = Pixels::luma8(&self.cells, self.width as u32, self.height as u32, self.width);
        let pixels = pixels.expect("full rows");
        Self {
            width: self.width.div_ceil(2),
            height: self.height.div_ceil(2),
            cells: average(&pixels, 2, |row, luma| luma.copy_from_slice(row)),
            across: self.across / 2.0,
            down: self.down / 2.0,
            pixels: self.pixels * 2.0,
        }
    }

    pub(super) fn row(&self, y: usize) -> &[u8] {
        &self.cells[y * self.width..][..self.width]
    }

    pub(super) fn cell(&self, x: usize, y: usize) -> u8 {
        self.cells[y * self.width + x]
    }

    /// The whole picture.
    pub(super) fn frame(&self) -> Frame {
        Frame { left: 0.0, top: 0.0, right: self.across, bottom: self.down }
    }

    /// A frame in pixels of the picture.
    pub(super) fn area(&self, frame: Frame) -> Area {
        Area {
            x: frame.left * self.pixels,
            y: frame.top * self.pixels,
            width: (frame.right - frame.left) * self.pixels,
            height: (frame.bottom - frame.top) * self.pixels,
        }
    }
}

impl std::fmt::Debug for Reduced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reduced({}×{})", self.width, self.height)
    }
}

/// Averages squares of `factor` pixels; those at the right and lower edge may be cut.
fn average(pixels: &Pixels<'_>, factor: u32, luma: impl Fn(&[u8], &mut [u8])) -> Vec<u8> {
    let (width, height) = (pixels.width() as usize, pixels.height());
    let columns = width.div_ceil(factor as usize);
    let mut cells = Vec::with_capacity(columns * height.div_ceil(factor) as usize);
    let mut row = vec![0; width];
    let mut sums = vec![0_u32; width];
    for top in (0..height).step_by(factor as usize) {
        let rows = factor.min(height - top);
        sums.fill(0);
        for y in top..top + rows {
            luma(pixels.row(y), &mut row);
            for (sum, value) in sums.iter_mut().zip(&row) {
                *sum += u32::from(*value);
            }
        }
        cells.extend(sums.chunks(factor as usize).map(|square| {
            let count = square.len() as u64 * u64::from(rows);
            let sum: u64 = square.iter().map(|sum| u64::from(*sum)).sum();
            ((sum + count / 2) / count) as u8
        }));
    }
    cells
}
