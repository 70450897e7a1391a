//! Rows on their way to the caller.

use std::ops::ControlFlow;

/// Receives the luma rows of a picture from top to bottom.
///
/// A decoding that ends in a [`crate::Fallback`] may have delivered rows before; they are void.
pub trait RowSink {
    /// Takes the next rows. [`ControlFlow::Break`] ends the decoding with
    /// [`crate::Reason::Stopped`].
    fn rows(&mut self, rows: Rows<'_>) -> ControlFlow<()>;
}

/// Consecutive rows, 1 to 32 of them, of the scaled picture.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    first: u32,
    width: usize,
    stride: usize,
    count: usize,
    data: &'a [u8],
}

impl<'a> Rows<'a> {
    pub(crate) fn new(first: u32, width: u32, count: u32, stride: usize, data: &'a [u8]) -> Self {
        Rows { first, width: width as usize, stride, count: count as usize, data }
    }

    /// The number of the first row.
    #[must_use]
    pub fn first(&self) -> u32 {
        self.first
    }

    /// How many rows there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Pixels in each row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Row `index` of these, cropped to the width.
    ///
    /// # Panics
    /// When `index` is not below [`Rows::count`].
    #[must_use]
    pub fn row(&self, index: usize) -> &'a [u8] {
        assert!(index < self.count, "a row that was not delivered");
        &self.data[index * self.stride..][..self.width]
    }

    /// All rows as they lie in memory, and the bytes from one to the next: each row is
    /// [`Rows::width`] bytes, what lies between them is padding.
    #[must_use]
    pub fn band(&self) -> (&'a [u8], usize) {
        (self.data, self.stride)
    }

    /// The rows from top to bottom.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        let rows = *self;
        (0..rows.count).map(move |index| rows.row(index))
    }
}

/// A sink that keeps the whole plane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plane {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Row after row, without gaps.
    pub data: Vec<u8>,
}

impl RowSink for Plane {
    fn rows(&mut self, rows: Rows<'_>) -> ControlFlow<()> {
        self.width = rows.width();
        self.height += rows.count();
        for row in rows.iter() {
            self.data.extend_from_slice(row);
        }
        ControlFlow::Continue(())
    }
}

impl<F: FnMut(Rows<'_>) -> ControlFlow<()>> RowSink for F {
    fn rows(&mut self, rows: Rows<'_>) -> ControlFlow<()> {
        self(rows)
    }
}
