//! Neighbourhood filters and noise.

use crate::math::exp;
use crate::picture::Picture;
use crate::rng::Rng;

/// Gaussian blur with its sigma in thousandths of the shorter side.
pub(crate) fn blur(picture: &Picture, per_mille: u16) -> Picture {
    let shorter = f64::from(picture.width().min(picture.height()));
    let sigma = (shorter * f64::from(per_mille) / 1000.0).max(0.3);
    let weights = gaussian(sigma);
    let across = blur_rows(picture, &weights);
    blur_columns(&across, &weights)
}

/// One side of a Gaussian from its middle, in 1/65536; twice the sum less the middle is one.
fn gaussian(sigma: f64) -> Vec<u32> {
    let reach = (sigma * 3.0) as u32 + 1;
    let raw: Vec<f64> =
        (0..=reach).map(|x| exp(-f64::from(x) * f64::from(x) / (2.0 * sigma * sigma))).collect();
    let total = 2.0 * raw.iter().sum::<f64>() - raw[0];
    let mut weights: Vec<u32> = raw.iter().map(|w| (w / total * 65_536.0 + 0.5) as u32).collect();
    let others: u32 = weights[1..].iter().sum();
    weights[0] = 65_536_u32.saturating_sub(2 * others);
    weights
}

fn blur_rows(picture: &Picture, weights: &[u32]) -> Picture {
    let width = picture.width() as usize;
    let reach = weights.len() - 1;
    let mut out = picture.clone();
    // The row with its edge pixels repeated on both sides, so that the inner loop has no edges.
    let mut padded = vec![0_u8; (width + 2 * reach) * 3];
    for y in 0..picture.height() {
        let row = picture.row(y);
        for x in 0..width + 2 * reach {
            let from = x.saturating_sub(reach).min(width - 1) * 3;
            padded[x * 3..x * 3 + 3].copy_from_slice(&row[from..from + 3]);
        }
        for (at, value) in out.row_mut(y).iter_mut().enumerate() {
            let middle = at + reach * 3;
            let mut sum = 32_768 + u32::from(padded[middle]) * weights[0];
            for (step, weight) in weights.iter().enumerate().skip(1) {
                let pair =
                    u32::from(padded[middle - step * 3]) + u32::from(padded[middle + step * 3]);
                sum += pair * weight;
            }
            *value = (sum >> 16) as u8;
        }
    }
    out
}

fn blur_columns(picture: &Picture, weights: &[u32]) -> Picture {
    let height = picture.height();
    let mut out = picture.clone();
    let mut sums = vec![0_u32; picture.width() as usize * 3];
    for y in 0..height {
        sums.fill(32_768);
        for (step, &weight) in (0_u32..).zip(weights) {
            let above = picture.row(y.saturating_sub(step));
            let below = picture.row((y + step).min(height - 1));
            if step == 0 {
                sums.iter_mut().zip(above).for_each(|(sum, a)| *sum += u32::from(*a) * weight);
            } else {
                for ((sum, a), b) in sums.iter_mut().zip(above).zip(below) {
                    *sum += (u32::from(*a) + u32::from(*b)) * weight;
                }
            }
        }
        for (value, sum) in out.row_mut(y).iter_mut().zip(&sums) {
            *value = (sum >> 16) as u8;
        }
    }
    out
}

/// Adds `percent` of the difference from a slight blur.
pub(crate) fn sharpen(picture: &Picture, percent: u16) -> Picture {
    let soft = blur(picture, 2);
    let mut out = picture.clone();
    for (value, soft) in out.rgb_mut().iter_mut().zip(soft.rgb()) {
        let (own, soft) = (i32::from(*value), i32::from(*soft));
        *value = (own + (own - soft) * i32::from(percent) / 100).clamp(0, 255) as u8;
    }
    out
}

/// Adds independent noise to every channel, bell-shaped with this standard deviation.
pub(crate) fn noise(picture: &Picture, deviation: u8, seed: u64) -> Picture {
    let mut random = Rng::for_purpose(seed, 0x006e_6f69_7365);
    let mut out = picture.clone();
    let scale = i32::from(deviation);
    for four in out.rgb_mut().chunks_mut(2) {
        let mut bits = random.next_u64();
        for value in four {
            // The sum of four bytes has a standard deviation of 147.8.
            let sum: i32 = (0..4).map(|at| (bits >> (8 * at) & 255) as i32).sum::<i32>() - 510;
            bits >>= 32;
            *value = (i32::from(*value) + sum * scale / 148).clamp(0, 255) as u8;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blur_keeps_flat_colours_and_the_sum_of_light() {
        let flat = Picture::filled(50, 40, [7, 255, 0]);
        assert_eq!(blur(&flat, 60), flat);
        let mut dot = Picture::filled(101, 101, [0; 3]);
        dot.paste(&Picture::filled(5, 5, [255; 3]), 48, 48);
        let sum = |p: &Picture| p.rgb().iter().map(|v| u64::from(*v)).sum::<u64>();
        let (before, after) = (sum(&dot), sum(&blur(&dot, 30)));
        assert!(before.abs_diff(after) * 50 < before, "{before} {after}");
    }

    #[test]
    fn noise_has_the_stated_spread() {
        let grey = Picture::filled(200, 200, [128; 3]);
        let noisy = noise(&grey, 12, 9);
        let squares: f64 = noisy.rgb().iter().map(|v| (f64::from(*v) - 128.0).powi(2)).sum();
        let deviation = (squares / noisy.rgb().len() as f64).sqrt();
        assert!((10.5..12.5).contains(&deviation), "{deviation}");
        assert_eq!(noisy, noise(&grey, 12, 9));
        assert_ne!(noisy, noise(&grey, 12, 10));
    }
}
