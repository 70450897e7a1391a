//! A checked view of somebody else's pixels.

use std::fmt;

/// How the bytes of a row make pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One byte per pixel: luma, 0 to 255.
    Luma8,
    /// Three bytes per pixel: red, green, blue.
    Rgb8,
}

impl Layout {
    /// Bytes per pixel.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Luma8 => 1,
            Self::Rgb8 => 3,
        }
    }
}

/// Borrowed 8-bit pixels, rows from top to bottom, `stride` bytes from one row to the next.
///
/// Grey and RGB with three equal channels give the same hash. Alpha, 16 bits, palettes and CMYK
/// are the decoder's business; `fixtures/vectors/README.md` says what they become.
#[derive(Clone, Copy)]
pub struct Pixels<'a> {
    layout: Layout,
    data: &'a [u8],
    width: u32,
    height: u32,
    stride: usize,
}

/// Why bytes are no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PixelsError {
    /// A side is 0.
    #[error("a picture of {width}×{height} pixels has no pixels")]
    Empty {
        /// Pixels per row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// The stride is shorter than a row.
    #[error("rows of {row} bytes cannot lie {stride} bytes apart")]
    Stride {
        /// Bytes of a row.
        row: usize,
        /// Bytes from row to row.
        stride: usize,
    },
    /// The data end before the last row does.
    #[error("{found} bytes cannot hold {height} rows of {row} bytes")]
    Short {
        /// Bytes of a row.
        row: usize,
        /// Rows.
        height: u32,
        /// Bytes given.
        found: usize,
    },
}

impl<'a> Pixels<'a> {
    /// Luma, one byte per pixel, `stride` bytes from row to row.
    ///
    /// # Errors
    /// [`PixelsError`] when a side is 0, the stride is below `width`, or the data are too short.
    pub fn luma8(
        data: &'a [u8],
        width: u32,
        height: u32,
        stride: usize,
    ) -> Result<Self, PixelsError> {
        Self::new(Layout::Luma8, data, width, height, stride)
    }

    /// Red, green and blue, three bytes per pixel, `stride` bytes from row to row.
    ///
    /// # Errors
    /// [`PixelsError`] when a side is 0, the stride is below `3 * width`, or the data are too short.
    pub fn rgb8(
        data: &'a [u8],
        width: u32,
        height: u32,
        stride: usize,
    ) -> Result<Self, PixelsError> {
        Self::new(Layout::Rgb8, data, width, height, stride)
    }

    /// Pixels of any layout. The last row may end where its pixels do.
    ///
    /// # Errors
    /// As [`Pixels::luma8`].
    pub fn new(
        layout: Layout,
        data: &'a [u8],
        width: u32,
        height: u32,
        stride: usize,
    ) -> Result<Self, PixelsError> {
        if width == 0 || height == 0 {
            return Err(PixelsError::Empty { width, height });
        }
        let row = (width as usize).saturating_mul(layout.bytes());
        if stride < row {
            return Err(PixelsError::Stride { row, stride });
        }
        let needed = (height as usize - 1)
            .checked_mul(stride)
            .and_then(|before_last| before_last.checked_add(row));
        if needed.is_none_or(|needed| needed > data.len()) {
            return Err(PixelsError::Short { row, height, found: data.len() });
        }
        Ok(Self { layout, data, width, height, stride })
    }

    /// How the bytes make pixels.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Pixels per row.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Bytes from one row to the next.
    #[must_use]
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// The bytes of a row and of all that follow it.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn from_row(&self, row: u32) -> &'a [u8] {
        assert!(row < self.height, "the picture has {} rows", self.height);
        &self.data[row as usize * self.stride..]
    }

    /// The bytes of a row.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn row(&self, row: u32) -> &'a [u8] {
        &self.from_row(row)[..self.width as usize * self.layout.bytes()]
    }
}

impl fmt::Debug for Pixels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pixels({:?} {}×{})", self.layout, self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_row_may_end_early_and_no_row_may_be_missing() {
        assert!(Pixels::rgb8(&[0; 2 * 20 + 15], 5, 3, 20).is_ok());
        assert!(matches!(
            Pixels::rgb8(&[0; 2 * 20 + 14], 5, 3, 20),
            Err(PixelsError::Short { row: 15, height: 3, found: 54 })
        ));
        assert!(matches!(
            Pixels::luma8(&[0; 99], 5, 3, 4),
            Err(PixelsError::Stride { row: 5, stride: 4 })
        ));
        assert!(matches!(Pixels::luma8(&[], 0, 3, 4), Err(PixelsError::Empty { .. })));
        assert!(matches!(Pixels::luma8(&[], 3, 0, 4), Err(PixelsError::Empty { .. })));
    }

    #[test]
    fn sizes_that_overflow_are_short_data() {
        let huge = Pixels::luma8(&[0; 9], u32::MAX, u32::MAX, usize::MAX);
        assert!(matches!(huge, Err(PixelsError::Short { .. })));
    }

    #[test]
    fn rows_are_where_the_stride_says() {
        let data: Vec<u8> = (0..50).collect();
        let pixels = Pixels::luma8(&data, 5, 3, 20).unwrap();
        assert_eq!(pixels.row(2), [40, 41, 42, 43, 44]);
        assert_eq!(format!("{pixels:?}"), "Pixels(Luma8 5×3)");
    }
}
