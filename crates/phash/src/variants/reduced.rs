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
        let mut reducer = Reducer::new(pixels.layout(), width, height)?;
        for y in 0..height {
            reducer.push(pixels.row(y), pixels.stride(), 1);
        }
        Some(reducer.finish())
    }

    /// The cells, rows from the top without gaps, and how many there are across and down.
    #[must_use]
    pub fn cells(&self) -> (&[u8], u32, u32) {
        (&self.cells, self.width as u32, self.height as u32)
    }

    /// Half the size: four cells become one. Copies of at most 256 cells a side stay as they are.
    pub(super) fn halved(&self) -> Self {
        if self.width.max(self.height) <= FINE as usize / 2 {
            return self.clone();
        }
        let mut reducer = Reducer::by(2, Layout::Luma8, self.width as u32, self.height as u32);
        reducer.push(&self.cells, self.width, self.height);
        let half = reducer.finish();
        Self { across: self.across / 2.0, down: self.down / 2.0, pixels: self.pixels * 2.0, ..half }
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

/// Takes the rows of a picture from top to bottom and averages them into a [`Reduced`] copy, so
/// that the picture itself need not be kept.
#[derive(Debug)]
pub struct Reducer {
    layout: Layout,
    width: usize,
    height: usize,
    factor: usize,
    /// Sums of the rows of the squares that are being filled.
    sums: Vec<u32>,
    /// Rows in the sums.
    rows: usize,
    /// Rows that came.
    done: usize,
    /// Luma of a row of colours.
    luma: Vec<u8>,
    cells: Vec<u8>,
}

impl Reducer {
    /// For a picture of so many pixels; `None` where a side is below 32.
    #[must_use]
    pub fn new(layout: Layout, width: u32, height: u32) -> Option<Self> {
        let factor = width.max(height).div_ceil(FINE);
        (width.min(height) >= SHORTEST).then(|| Self::by(factor, layout, width, height))
    }

    fn by(factor: u32, layout: Layout, width: u32, height: u32) -> Self {
        let (columns, rows) = (width.div_ceil(factor), height.div_ceil(factor));
        Self {
            layout,
            width: width as usize,
            height: height as usize,
            factor: factor as usize,
            sums: vec![0; width as usize],
            rows: 0,
            done: 0,
            luma: vec![0; if layout == Layout::Rgb8 { width as usize } else { 0 }],
            cells: Vec::with_capacity(columns as usize * rows as usize),
        }
    }

    /// The next `count` rows, `stride` bytes apart; what comes after the last row is left out.
    pub fn push(&mut self, band: &[u8], stride: usize, count: usize) {
        let row_bytes = self.width * self.layout.bytes();
        for y in 0..count.min(self.height - self.done) {
            let row = &band[y * stride..][..row_bytes];
            if self.layout == Layout::Rgb8 {
                let (rgb, _) = row.as_chunks::<3>();
                for (luma, [r, g, b]) in self.luma.iter_mut().zip(rgb) {
                    let sum = 299 * u32::from(*r) + 587 * u32::from(*g) + 114 * u32::from(*b);
                    *luma = ((sum + 500) / 1000) as u8;
                }
                add(&mut self.sums, &self.luma);
            } else {
                add(&mut self.sums, row);
            }
            self.rows += 1;
            self.done += 1;
            if self.rows == self.factor || self.done == self.height {
                self.emit();
            }
        }
    }

    /// Turns the sums into a row of cells.
    fn emit(&mut self) {
        let rows = self.rows as u64;
        self.cells.extend(self.sums.chunks(self.factor).map(|square| {
            let count = square.len() as u64 * rows;
            let sum: u64 = square.iter().map(|sum| u64::from(*sum)).sum();
            ((sum + count / 2) / count) as u8
        }));
        self.sums.fill(0);
        self.rows = 0;
    }

    /// The copy. Rows that never came are black.
    #[must_use]
    pub fn finish(mut self) -> Reduced {
        let (width, height) = (self.width.div_ceil(self.factor), self.height.div_ceil(self.factor));
        self.cells.resize(width * height, 0);
        let side = |length: usize| length as f32 / self.factor as f32;
        Reduced {
            width,
            height,
            across: side(self.width),
            down: side(self.height),
            pixels: self.factor as f32,
            cells: self.cells,
        }
    }
}

fn add(sums: &mut [u32], row: &[u8]) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum += u32::from(*value);
    }
}
