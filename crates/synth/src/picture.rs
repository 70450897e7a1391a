//! A picture in memory: 8-bit RGB, rows from the top.

use crate::SynthError;

/// Colour of a pixel: red, green, blue.
pub type Rgb = [u8; 3];

/// An 8-bit RGB picture. Pixels lie row by row from the top, without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Picture {
    /// Longest side that is made, in pixels.
    pub const MAX_SIDE: u32 = 16_384;

    /// A picture of one colour. Sides are brought into `1..=MAX_SIDE`.
    #[must_use]
    pub fn filled(width: u32, height: u32, colour: Rgb) -> Self {
        let (width, height) = (width.clamp(1, Self::MAX_SIDE), height.clamp(1, Self::MAX_SIDE));
        let rgb = colour.repeat(width as usize * height as usize);
        Self { width, height, rgb }
    }

    /// A picture from its pixels.
    ///
    /// # Errors
    /// [`SynthError::Shape`] when the bytes are not `width × height × 3` or a side is 0.
    pub fn from_rgb(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self, SynthError> {
        if width == 0 || height == 0 || rgb.len() != width as usize * height as usize * 3 {
            return Err(SynthError::Shape { width, height, bytes: rgb.len() });
        }
        Ok(Self { width, height, rgb })
    }

    /// Computes every pixel from its column and row.
    pub(crate) fn from_fn(width: u32, height: u32, mut f: impl FnMut(u32, u32) -> Rgb) -> Self {
        let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
        for y in 0..height {
            for x in 0..width {
                rgb.extend_from_slice(&f(x, y));
            }
        }
        Self { width, height, rgb }
    }

    /// Width in pixels, at least 1.
    #[must_use]
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels, at least 1.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// All pixels: red, green, blue, row by row from the top.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    pub(crate) fn rgb_mut(&mut self) -> &mut [u8] {
        &mut self.rgb
    }

    /// Gives the pixels away.
    #[must_use]
    pub fn into_rgb(self) -> Vec<u8> {
        self.rgb
    }

    /// The pixel at a column and row.
    ///
    /// # Panics
    /// When it lies outside.
    #[must_use]
    pub fn pixel(&self, x: u32, y: u32) -> Rgb {
        let at = self.offset(x, y);
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// Bytes of one row.
    pub(crate) fn row(&self, y: u32) -> &[u8] {
        let length = self.width as usize * 3;
        &self.rgb[y as usize * length..][..length]
    }

    pub(crate) fn row_mut(&mut self, y: u32) -> &mut [u8] {
        let length = self.width as usize * 3;
        &mut self.rgb[y as usize * length..][..length]
    }

    /// The rectangle at `(left, top)`, cut to what lies inside; at least one pixel.
    #[must_use]
    pub fn cut(&self, left: u32, top: u32, width: u32, height: u32) -> Self {
        let (left, top) = (left.min(self.width - 1), top.min(self.height - 1));
        let width = width.clamp(1, self.width - left);
        let height = height.clamp(1, self.height - top);
        let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
        for y in top..top + height {
            rgb.extend_from_slice(&self.row(y)[left as usize * 3..][..width as usize * 3]);
        }
        Self { width, height, rgb }
    }

    /// Puts another picture on this one; what reaches beyond the edges is lost.
    pub fn paste(&mut self, other: &Self, left: u32, top: u32) {
        if left >= self.width {
            return;
        }
        let columns = other.width.min(self.width - left) as usize * 3;
        for y in 0..other.height.min(self.height.saturating_sub(top)) {
            self.row_mut(top + y)[left as usize * 3..][..columns]
                .copy_from_slice(&other.row(y)[..columns]);
        }
    }

    fn offset(&self, x: u32, y: u32) -> usize {
        assert!(x < self.width && y < self.height, "pixel outside the picture");
        (y as usize * self.width as usize + x as usize) * 3
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}×{})", self.width, self.height)
    }
}

/// A value rounded into a byte.
pub(crate) fn byte(value: f32) -> u8 {
    (value + 0.5) as u8
}
