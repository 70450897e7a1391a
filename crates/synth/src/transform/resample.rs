//! Resizing with Lanczos' filter in fixed point.

use crate::math::sin_turns;
use crate::picture::Picture;

/// Fractional bits of the filter weights.
const BITS: u32 = 14;
/// Lobes of the filter.
const LOBES: f64 = 3.0;

/// Weights that make one output sample: first input sample, and one weight for each from there.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

/// The picture at another size. Shrinking widens the filter, so nothing aliases.
pub(crate) fn resize(picture: &Picture, width: u32, height: u32) -> Picture {
    let (width, height) = (width.clamp(1, Picture::MAX_SIDE), height.clamp(1, Picture::MAX_SIDE));
    if (width, height) == (picture.width(), picture.height()) {
        return picture.clone();
    }
    let narrow = resize_rows(picture, width);
    resize_columns(&narrow, height)
}

/// The picture scaled so that its longer side is at most `side`; smaller ones stay.
pub(crate) fn within(picture: &Picture, side: u32) -> Picture {
    let longest = picture.width().max(picture.height());
    if longest <= side {
        return picture.clone();
    }
    let scaled = |length: u32| (length * side + longest / 2) / longest;
    resize(picture, scaled(picture.width()).max(1), scaled(picture.height()).max(1))
}

fn resize_rows(picture: &Picture, width: u32) -> Picture {
    let taps = taps(picture.width(), width);
    let mut out = Picture::filled(width, picture.height(), [0; 3]);
    for y in 0..picture.height() {
        let source = picture.row(y);
        for (pixel, tap) in out.row_mut(y).chunks_exact_mut(3).zip(&taps) {
            let mut sums = [1 << (BITS - 1); 3];
            let samples = source[tap.first * 3..].chunks_exact(3);
            for (sample, weight) in samples.zip(&tap.weights) {
                for (sum, value) in sums.iter_mut().zip(sample) {
                    *sum += i32::from(*value) * weight;
                }
            }
            pixel.copy_from_slice(&sums.map(to_byte));
        }
    }
    out
}

fn resize_columns(picture: &Picture, height: u32) -> Picture {
    let taps = taps(picture.height(), height);
    let mut out = Picture::filled(picture.width(), height, [0; 3]);
    let mut sums = vec![0_i32; picture.width() as usize * 3];
    for (y, tap) in (0..height).zip(&taps) {
        sums.fill(1 << (BITS - 1));
        for (row, weight) in (tap.first as u32..).zip(&tap.weights) {
            for (sum, value) in sums.iter_mut().zip(picture.row(row)) {
                *sum += i32::from(*value) * weight;
            }
        }
        for (value, sum) in out.row_mut(y).iter_mut().zip(&sums) {
            *value = to_byte(*sum);
        }
    }
    out
}

fn to_byte(sum: i32) -> u8 {
    (sum >> BITS).clamp(0, 255) as u8
}

fn taps(from: u32, to: u32) -> Vec<Taps> {
    let ratio = f64::from(from) / f64::from(to);
    let widen = if ratio > 1.0 { ratio } else { 1.0 };
    let reach = LOBES * widen;
    (0..to)
        .map(|index| {
            let middle = (f64::from(index) + 0.5) * ratio;
            let first = (middle - reach).max(0.0) as usize;
            let last = ((middle + reach) as usize + 1).min(from as usize);
            let raw: Vec<f64> = (first..last)
                .map(|sample| lanczos((sample as f64 + 0.5 - middle) / widen))
                .collect();
            let total: f64 = raw.iter().sum();
            let one = f64::from(1 << BITS);
            let mut weights: Vec<i32> =
                raw.iter().map(|w| crate::math::floor(w / total * one + 0.5) as i32).collect();
            // Rounding must not brighten or darken flat areas: the middle takes the difference.
            let missing = (1 << BITS) - weights.iter().sum::<i32>();
            let heaviest = (0..weights.len()).max_by_key(|&at| weights[at]).unwrap_or(0);
            weights[heaviest] += missing;
            Taps { first, weights }
        })
        .collect()
}

fn lanczos(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    if x <= -LOBES || x >= LOBES {
        return 0.0;
    }
    // sinc(x)·sinc(x/3); half a turn is π.
    let angle = std::f64::consts::PI * x;
    LOBES * sin_turns(x / 2.0) * sin_turns(x / 2.0 / LOBES) / (angle * angle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Class, generate};

    #[test]
    fn flat_colours_stay() {
        let flat = Picture::filled(97, 41, [13, 200, 255]);
        for (width, height) in [(10, 10), (97, 40), (300, 200), (1, 1)] {
            assert_eq!(
                resize(&flat, width, height),
                Picture::filled(width, height, [13, 200, 255])
            );
        }
    }

    #[test]
    fn shrinking_agrees_with_generating_small() {
        let large = generate(Class::Landscape, 2, 640, 480);
        let small = resize(&large, 160, 120);
        let made = generate(Class::Landscape, 2, 160, 120);
        let pairs = small.rgb().iter().zip(made.rgb());
        let error: u32 = pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
        assert!(error / (small.rgb().len() as u32) < 8, "{error}");
        assert_eq!(within(&large, 100).width(), 100);
        assert_eq!(within(&large, 100).height(), 75);
    }
}
