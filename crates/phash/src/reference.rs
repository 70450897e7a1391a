//! PDQ with the reference's floating-point operations in the reference's order: slow, and right by
//! comparison.
//!
//! The reference is Meta's C++ (`pdq/cpp` of facebook/ThreatExchange) as the PyPI package `pdqhash`
//! 0.2.8 wraps it. Its results depend on rounding: luma is summed in double precision and rounded
//! to single; the box filter keeps a running sum in single precision, adding the entering pixel
//! before it subtracts the leaving one; the transform adds its 64 products one after the other; and
//! no multiplication is fused with an addition. All of that is repeated here, on buffers as large as
//! the picture. `fixtures/vectors` holds the reference's own answers.

use crate::cosines::ROWS;
use crate::square::shrink;
use crate::{Coefficients, Layout, MIN_SIDE, PdqResult, Pixels, SQUARE};
use hashward_hash::{Orientation, Pdq, Quality};

/// For each orientation, in the order of [`Orientation::ALL`], its place in the list that the
/// reference's `compute_dihedral` returns.
///
/// The reference calls a turn to the left `Rotate90`, and names its flips after the axis that
/// stays where it is; here turns go clockwise and `flip_x` mirrors left and right.
pub const DIHEDRAL_ORDER: [usize; 8] = [0, 3, 2, 1, 5, 4, 6, 7];

/// The reference's `compute_float`: coefficients and quality. `None` below 5 pixels.
///
/// Pictures of exactly 64×64 pixels are taken as samples without any filter.
#[must_use]
pub fn compute(pixels: &Pixels<'_>) -> Option<Coefficients> {
    let (width, height) = sides(pixels)?;
    let luma = luma(pixels);
    let samples = if (width, height) == (64, 64) { luma } else { filter(luma, width, height) };
    Some(transform(&samples))
}

/// The reference's `compute`: hash and quality, zeros below 5 pixels.
#[must_use]
pub fn pdq_original(pixels: &Pixels<'_>) -> (Pdq, Quality) {
    compute(pixels).map_or(Default::default(), |coefficients| {
        (bits(&coefficients.values), coefficients.quality)
    })
}

/// The reference's `compute_dihedral`, in our order of orientations; zeros below 5 pixels.
///
/// It filters pictures of 64×64 pixels too, with a box of width 1, whose running sum rounds: so
/// its first hash may differ from [`pdq_original`] there.
#[must_use]
pub fn pdq(pixels: &Pixels<'_>) -> PdqResult {
    let Some((width, height)) = sides(pixels) else { return PdqResult::NONE };
    let coefficients = transform(&filter(luma(pixels), width, height));
    let hashes = Orientation::ALL.map(|orientation| bits(&coefficients.turned(orientation).values));
    PdqResult { quality: coefficients.quality, hashes }
}

/// What Meta's C++ tool keeps of a picture with a side over 512, hashed by the reference.
#[must_use]
pub fn pdq_square512(pixels: &Pixels<'_>) -> Option<PdqResult> {
    let square = shrink(pixels)?;
    let stride = SQUARE as usize * pixels.layout().bytes();
    Pixels::new(pixels.layout(), &square, SQUARE, SQUARE, stride).ok().map(|view| pdq(&view))
}

fn sides(pixels: &Pixels<'_>) -> Option<(usize, usize)> {
    let (width, height) = (pixels.width(), pixels.height());
    (width.min(height) >= MIN_SIDE).then_some((width as usize, height as usize))
}

fn luma(pixels: &Pixels<'_>) -> Vec<f32> {
    let rows = (0..pixels.height()).map(|row| pixels.row(row));
    match pixels.layout() {
        Layout::Luma8 => rows.flatten().map(|luma| f32::from(*luma)).collect(),
        Layout::Rgb8 => rows
            .flat_map(|row| row.as_chunks::<3>().0)
            .map(|[red, green, blue]| {
                let sum = f64::from(*red) * 0.299 + f64::from(*green) * 0.587;
                (sum + f64::from(*blue) * 0.114) as f32
            })
            .collect(),
    }
}

/// Two passes of boxes along rows and columns, then every 64th part of the result.
fn filter(mut image: Vec<f32>, width: usize, height: usize) -> Vec<f32> {
    let mut blurred = vec![0.0; image.len()];
    let mut column = vec![0.0; height];
    let mut blurred_column = vec![0.0; height];
    for _ in 0..2 {
        for (row, out) in image.chunks_exact(width).zip(blurred.chunks_exact_mut(width)) {
            running_box(row, out);
        }
        for x in 0..width {
            for (y, value) in column.iter_mut().enumerate() {
                *value = blurred[y * width + x];
            }
            running_box(&column, &mut blurred_column);
            for (y, value) in blurred_column.iter().enumerate() {
                image[y * width + x] = *value;
            }
        }
    }
    let place = |k: usize, length: usize| (2 * k + 1) * length / 128;
    let place = |k: usize| place(k / 64, height) * width + place(k % 64, width);
    (0..64 * 64).map(|k| image[place(k)]).collect()
}

/// One box pass: a window grows to its full width, runs along, and shrinks at the end.
fn running_box(values: &[f32], out: &mut [f32]) {
    let window = values.len().div_ceil(128);
    let half = (window + 2) / 2;
    let (mut sum, mut count) = (0.0f32, 0u32);
    let (mut entering, mut leaving) = (values.iter(), values.iter());
    let mut out = out.iter_mut();
    let mut write = |mean: f32| {
        if let Some(out) = out.next() {
            *out = mean;
        }
    };
    for value in entering.by_ref().take(half - 1) {
        sum += value;
        count += 1;
    }
    for value in entering.by_ref().take(window - half + 1) {
        sum += value;
        count += 1;
        write(sum / count as f32);
    }
    for (enters, leaves) in entering.zip(leaving.by_ref()) {
        sum += enters;
        sum -= leaves;
        write(sum / count as f32);
    }
    for value in leaving.take(half - 1) {
        sum -= value;
        count -= 1;
        write(sum / count as f32);
    }
}

/// Quality and low frequencies of 64×64 samples.
fn transform(samples: &[f32]) -> Coefficients {
    let at = |i: usize, j: usize| samples[64 * i + j];
    let percent = |u: f32, v: f32| (((u - v) * 100.0) / 255.0) as i32;
    let mut gradients = 0;
    for i in 0..64 {
        for j in 0..64 {
            if i < 63 {
                gradients += percent(at(i, j), at(i + 1, j)).abs();
            }
            if j < 63 {
                gradients += percent(at(i, j), at(i, j + 1)).abs();
            }
        }
    }
    let mut values = [[0.0f32; 16]; 16];
    for (values, vertical_cosines) in values.iter_mut().zip(&ROWS) {
        let mut vertical = [0.0f32; 64];
        for (j, sum) in vertical.iter_mut().enumerate() {
            for (k, cosine) in vertical_cosines.iter().enumerate() {
                *sum += cosine * at(k, j);
            }
        }
        for (value, cosines) in values.iter_mut().zip(&ROWS) {
            for (sum, cosine) in vertical.iter().zip(cosines) {
                *value += sum * cosine;
            }
        }
    }
    Coefficients { values, quality: Quality((gradients / 90).min(100) as u8) }
}

/// The bits of coefficients above the median. The reference finds the median by bisection
/// (Torben's method), which ends at the 128th smallest value.
fn bits(values: &[[f32; 16]; 16]) -> Pdq {
    let mut sorted = values.as_flattened().to_vec();
    sorted.sort_by(f32::total_cmp);
    let mut words = [0u64; 4];
    for (bit, value) in values.as_flattened().iter().enumerate() {
        words[bit / 64] |= u64::from(*value > sorted[127]) << (bit % 64);
    }
    Pdq(words)
}
