//! Decoded pixels as they are hashed: 8-bit grey or 8-bit RGB, and the way there.
//!
//! All conversions shrink or keep the size and work in place, so that no second copy of a
//! picture is ever made.

use image::ColorType;

/// The pixels of one frame, rows from the top without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plane {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) samples: Samples,
}

/// One byte for each pixel, or three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Samples {
    Luma(Vec<u8>),
    Rgb(Vec<u8>),
}

impl Plane {
    pub(crate) fn luma(width: u32, height: u32, data: Vec<u8>) -> Self {
        Self { width, height, samples: Samples::Luma(data) }
    }

    pub(crate) fn rgb(width: u32, height: u32, data: Vec<u8>) -> Self {
        Self { width, height, samples: Samples::Rgb(data) }
    }

    /// From the bytes that a decoder of the `image` crate gives (16-bit samples in the machine's
    /// byte order); `None` for samples that are no 8- or 16-bit integers.
    pub(crate) fn from_image(
        width: u32,
        height: u32,
        color: ColorType,
        mut data: Vec<u8>,
    ) -> Option<Self> {
        let wide = matches!(
            color,
            ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16
        );
        if wide {
            narrow(&mut data, u16::from_ne_bytes);
        }
        Some(match color {
            ColorType::L8 | ColorType::L16 => Self::luma(width, height, data),
            ColorType::La8 | ColorType::La16 => {
                keep::<2, 1>(&mut data);
                Self::luma(width, height, data)
            }
            ColorType::Rgb8 | ColorType::Rgb16 => Self::rgb(width, height, data),
            ColorType::Rgba8 | ColorType::Rgba16 => {
                keep::<4, 3>(&mut data);
                Self::rgb(width, height, data)
            }
            _ => return None,
        })
    }
}

/// 16 bits to 8, rounded to the nearest: `round(v · 255 / 65535)`.
pub(crate) fn to_eight_bits(value: u16) -> u8 {
    ((u32::from(value) * 255 + 32_767) / 65_535) as u8
}

/// Narrows 16-bit samples in place; `read` says in which byte order they stand.
pub(crate) fn narrow(data: &mut Vec<u8>, read: impl Fn([u8; 2]) -> u16) {
    let samples = data.len() / 2;
    for i in 0..samples {
        data[i] = to_eight_bits(read([data[2 * i], data[2 * i + 1]]));
    }
    data.truncate(samples);
}

/// Keeps the first `KEPT` of every `STEP` samples, in place: alpha is dropped, colours stay as
/// they are stored.
pub(crate) fn keep<const STEP: usize, const KEPT: usize>(data: &mut Vec<u8>) {
    let pixels = data.len() / STEP;
    for i in 0..pixels {
        for sample in 0..KEPT {
            data[i * KEPT + sample] = data[i * STEP + sample];
        }
    }
    data.truncate(pixels * KEPT);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_are_rounded_to_the_nearest() {
        for value in 0..=u16::MAX {
            let exact = f64::from(value) * 255.0 / 65_535.0;
            assert_eq!(f64::from(to_eight_bits(value)), exact.round());
        }
    }

    #[test]
    fn alpha_is_dropped_and_colours_stay() {
        let plane = |color, data: &[u8]| Plane::from_image(2, 1, color, data.to_vec()).unwrap();
        assert_eq!(
            plane(ColorType::Rgba8, &[1, 2, 3, 0, 4, 5, 6, 9]).samples,
            Samples::Rgb(vec![1, 2, 3, 4, 5, 6])
        );
        assert_eq!(plane(ColorType::La8, &[1, 0, 2, 9]).samples, Samples::Luma(vec![1, 2]));
        let wide: Vec<u8> =
            [0x0101_u16, 7, 0xffff, 9].iter().flat_map(|v| v.to_ne_bytes()).collect();
        assert_eq!(plane(ColorType::La16, &wide).samples, Samples::Luma(vec![1, 255]));
        assert_eq!(Plane::from_image(1, 1, ColorType::Rgb32F, vec![0; 12]), None);
    }
}
