//! Colour and brightness of single pixels.

use crate::math::{cos_turns, floor, pow, sin_turns};
use crate::picture::{Picture, Rgb};

/// Luma in 0..=255 with the usual weights 0.299, 0.587, 0.114.
pub(crate) fn luma([r, g, b]: Rgb) -> u8 {
    ((299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b) + 500) / 1000) as u8
}

/// Changes every pixel on its own.
pub(crate) fn per_pixel(picture: &Picture, f: impl Fn(Rgb) -> Rgb) -> Picture {
    let mut out = picture.clone();
    for pixel in out.rgb_mut().chunks_exact_mut(3) {
        let new = f([pixel[0], pixel[1], pixel[2]]);
        pixel.copy_from_slice(&new);
    }
    out
}

/// Changes every channel value by a table of 256 entries.
pub(crate) fn per_value(picture: &Picture, f: impl Fn(i32) -> i32) -> Picture {
    let mut table = [0; 256];
    for (value, entry) in (0..).zip(&mut table) {
        *entry = f(value).clamp(0, 255) as u8;
    }
    let mut out = picture.clone();
    for value in out.rgb_mut() {
        *value = table[usize::from(*value)];
    }
    out
}

/// `255·(v/255)^(hundredths/100)`.
pub(crate) fn gamma(picture: &Picture, hundredths: u16) -> Picture {
    let exponent = f64::from(hundredths.max(1)) / 100.0;
    per_value(picture, |value| floor(255.0 * pow(f64::from(value) / 255.0, exponent) + 0.5) as i32)
}

/// Turns the hue by a number of degrees at the same luma (a rotation of the YIQ colour plane).
pub(crate) fn hue(picture: &Picture, degrees: i16) -> Picture {
    let turns = f64::from(degrees) / 360.0;
    let (cos, sin) = (cos_turns(turns), sin_turns(turns));
    per_pixel(picture, |[r, g, b]| {
        let [r, g, b] = [f64::from(r), f64::from(g), f64::from(b)];
        let y = 0.299 * r + 0.587 * g + 0.114 * b;
        let i = 0.596 * r - 0.274 * g - 0.322 * b;
        let q = 0.211 * r - 0.523 * g + 0.312 * b;
        let (i, q) = (i * cos - q * sin, i * sin + q * cos);
        [y + 0.956 * i + 0.621 * q, y - 0.272 * i - 0.647 * q, y - 1.106 * i + 1.703 * q]
            .map(|value| floor(value + 0.5).clamp(0.0, 255.0) as u8)
    })
}

/// Moves every colour away from (above 100) or towards (below 100) grey.
pub(crate) fn saturate(picture: &Picture, percent: u16) -> Picture {
    per_pixel(picture, |pixel| {
        let grey = i32::from(luma(pixel));
        pixel.map(|c| (grey + (i32::from(c) - grey) * i32::from(percent) / 100).clamp(0, 255) as u8)
    })
}

/// Replaces colours by shades of one warm tone, as old photographs have.
pub(crate) fn sepia(picture: &Picture) -> Picture {
    per_pixel(picture, |pixel| {
        let grey = u32::from(luma(pixel));
        [grey * 11 / 10 + 12, grey * 95 / 100 + 4, grey * 75 / 100].map(|c| c.min(255) as u8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Class, generate};

    #[test]
    fn hue_keeps_luma_where_nothing_clips() {
        let soft = saturate(&generate(Class::Texture, 4, 60, 50), 30);
        let turned = hue(&soft, 120);
        assert_ne!(soft, turned);
        for (a, b) in soft.rgb().chunks_exact(3).zip(turned.rgb().chunks_exact(3)) {
            if b.iter().all(|c| (1..255).contains(c)) {
                let (a, b) = (luma([a[0], a[1], a[2]]), luma([b[0], b[1], b[2]]));
                assert!(a.abs_diff(b) <= 2);
            }
        }
        assert_eq!(hue(&soft, 360), hue(&soft, 0));
    }

    #[test]
    fn gamma_of_one_changes_nothing() {
        let picture = generate(Class::Texture, 4, 30, 20);
        assert_eq!(gamma(&picture, 100), picture);
        assert_eq!(saturate(&picture, 100), picture);
    }
}
