//! From grey pixels to features: scales, corners of each, and what they look like.

use crate::describe::{Descriptor, describe, direction};
use crate::detect::{MARGIN, corners};
use crate::level::Level;
use serde::{Deserialize, Serialize};

/// Scales at which corners are looked for; each is 5/6 of the one before.
pub(crate) const LEVELS: u8 = 8;

/// Coordinates count from 0 to this over the longer side of a frame.
pub(crate) const UNIT: u32 = 65_535;

/// A grey picture: rows from the top without gaps.
#[derive(Clone, Copy)]
pub struct Luma<'a> {
    data: &'a [u8],
    width: u32,
    height: u32,
}

impl<'a> Luma<'a> {
    /// Longest side in pixels that is taken.
    pub const MAX_SIDE: u32 = 4096;

    /// Borrows pixels; `None` where a side is 0 or above [`Luma::MAX_SIDE`], or the length is not
    /// `width × height`.
    #[must_use]
    pub fn new(data: &'a [u8], width: u32, height: u32) -> Option<Self> {
        let sides = 1..=Self::MAX_SIDE;
        let fits = sides.contains(&width)
            && sides.contains(&height)
            && data.len() as u64 == u64::from(width) * u64::from(height);
        fits.then_some(Self { data, width, height })
    }
}

impl std::fmt::Debug for Luma<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Luma({}×{})", self.width, self.height)
    }
}

/// How much is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Pictures with a longer side are shrunk to it first, in pixels.
    pub side: u32,
    /// Most features.
    pub features: usize,
}

impl Budget {
    /// For pictures that are registered.
    pub const REGISTERED: Self = Self { side: 400, features: crate::MAX_FEATURES };
    /// For pictures that are looked up. The picture may show a known one smaller than it was, so
    /// the scale is finer.
    pub const QUERY: Self = Self { side: 512, features: 600 };
}

/// A corner and what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// Column: 0 to 65,535 over the longer side of the frame.
    pub x: u16,
    /// Row, in the same unit.
    pub y: u16,
    /// Direction, clockwise from the right, in 256 steps.
    pub angle: u8,
    /// Scale: each is 6/5 as coarse as the one before.
    pub level: u8,
    /// 256 comparisons.
    pub descriptor: [u8; 32],
}

/// The features of one frame.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Features {
    /// Width of the frame as stored, in pixels.
    pub width: u32,
    /// Height of the frame as stored, in pixels.
    pub height: u32,
    /// Longer side of the picture in which corners were looked for, in pixels.
    pub side: u16,
    /// The features, finest scale first.
    pub features: Vec<Feature>,
}

impl Features {
    /// True for what [`extract`] may have given: not too many features, each of a known scale.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        self.features.len() <= Budget::QUERY.features
            && u32::from(self.side) <= Budget::QUERY.side
            && self.features.iter().all(|feature| feature.level < LEVELS)
    }
}

/// What a picture looks like is confidential, so only the number is shown.
impl std::fmt::Debug for Features {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Features({} of {}×{})", self.features.len(), self.width, self.height)
    }
}

/// Describes the corners of a picture; `frame` is its size as stored, of which `luma` may be a
/// smaller copy.
#[must_use]
pub fn extract(luma: Luma<'_>, frame: (u32, u32), budget: Budget) -> Features {
    let whole = Level {
        width: luma.width as usize,
        height: luma.height as usize,
        pixels: luma.data.to_vec(),
    };
    let longer = whole.width.max(whole.height);
    let side = longer.min(budget.side.max(1) as usize);
    let mut level = if side < longer {
        let scaled = |length: usize| ((length * side + longer / 2) / longer).max(1);
        whole.shrunk(scaled(whole.width), scaled(whole.height))
    } else {
        whole
    };
    let (width, height) = (level.width, level.height);
    let mut features = Vec::with_capacity(budget.features);
    let mut left = budget.features;
    for number in 0..LEVELS {
        if level.width.min(level.height) <= 2 * MARGIN {
            break;
        }
        let found = corners(&level, share(left, number));
        left -= found.len();
        let smooth = level.smoothed();
        for corner in found {
            let (x, y) = (usize::from(corner.x), usize::from(corner.y));
            let angle = direction(&smooth, x, y);
            features.push(Feature {
                x: position(x, level.width, width, side),
                y: position(y, level.height, height, side),
                angle,
                level: number,
                descriptor: describe(&smooth, x, y, angle),
            });
        }
        level = level.shrunk((level.width * 5).div_ceil(6), (level.height * 5).div_ceil(6));
    }
    Features { width: frame.0, height: frame.1, side: side as u16, features }
}

/// Of `left` features for this and the coarser levels, those of this one: each level gets 5/6 of
/// the one before.
fn share(left: usize, level: u8) -> usize {
    let below = u32::from(LEVELS - level);
    // Of the sum 1 + 5/6 + (5/6)² … the first part.
    let (mut sum, mut part) = (0, 1 << 20);
    for _ in 0..below {
        sum += part;
        part = part * 5 / 6;
    }
    (left * (1 << 20)).div_ceil(sum)
}

/// The centre of a pixel of a level, in units of the frame.
fn position(at: usize, level: usize, base: usize, side: usize) -> u16 {
    let centre = (2 * at as u64 + 1) * base as u64 * u64::from(UNIT);
    (centre / (2 * level as u64 * side as u64)).min(u64::from(UNIT)) as u16
}

/// Makes descriptors of another view, see [`crate::View`].
pub(crate) fn changed(feature: &Feature, mirror: Option<u16>, negative: bool) -> Feature {
    let mut out = *feature;
    if let Some(width) = mirror {
        out.x = width.saturating_sub(out.x);
        out.angle = 128_u8.wrapping_sub(out.angle);
        out.descriptor = crate::describe::mirrored(&out.descriptor);
    }
    if negative {
        out.angle = out.angle.wrapping_add(128);
        let descriptor: Descriptor = crate::describe::inverted(&out.descriptor);
        out.descriptor = descriptor;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        for all in [1, 7, 100, 600] {
            let mut left = all;
            for level in 0..LEVELS {
                left -= share(left, level);
            }
            assert_eq!(left, 0);
        }
        assert_eq!(share(600, 7), 600);
        assert_eq!(share(100, 0), 22);
    }

    #[test]
    fn any_picture_is_taken() {
        let data: Vec<u8> =
            (0..4096 * 40_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for (width, height) in [(1, 1), (4096, 1), (4096, 40), (40, 4096), (39, 41), (400, 400)] {
            let luma = Luma::new(&data[..width * height], width as u32, height as u32).unwrap();
            let features = extract(luma, (width as u32, height as u32), Budget::QUERY);
            assert!(features.features.len() <= 600);
        }
        assert!(Luma::new(&data[..40], 0, 40).is_none());
        assert!(Luma::new(&data[..41], 4, 10).is_none());
        assert!(Luma::new(&data[..4097], 4097, 1).is_none());
    }
}
