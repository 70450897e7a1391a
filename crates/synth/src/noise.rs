//! Smooth random fields: octaves of value noise, computed row by row.

use crate::canvas::View;
use crate::math::floor_i32;
use crate::rng::mix;

/// One octave: lattice cells per unit of the scene in both directions, and amplitude.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Octave {
    pub(crate) across: f32,
    pub(crate) down: f32,
    pub(crate) amplitude: f32,
}

/// A sum of octaves over a picture, each a random lattice interpolated smoothly.
///
/// Octaves finer than the pixels are left out, so that a small picture looks like the large one
/// scaled down. Values are centred on 0 and lie within ± the sum of the amplitudes.
pub(crate) struct Field {
    octaves: Vec<Lattice>,
    values: Vec<f32>,
}

struct Lattice {
    seed: u64,
    amplitude: f32,
    down: f32,
    /// Smooth weight of each pixel column inside its cell.
    weights: Vec<f32>,
    /// First pixel column of each cell, and the width at the end.
    starts: Vec<u32>,
    first_column: i32,
    row: Option<i32>,
    upper: Vec<f32>,
    lower: Vec<f32>,
    blended: Vec<f32>,
}

impl Field {
    /// A field with the given octaves.
    pub(crate) fn new(view: &View, seed: u64, octaves: &[Octave]) -> Self {
        let finest = view.scale / 1.4;
        let kept = octaves
            .iter()
            .enumerate()
            .filter(|(_, octave)| octave.across <= finest && octave.down <= finest)
            .map(|(index, octave)| Lattice::new(view, mix(seed.wrapping_add(index as u64)), octave))
            .collect();
        Self { octaves: kept, values: vec![0.0; view.width as usize] }
    }

    /// `count` octaves from `base` cells per unit, each twice as fine and `falloff` as strong,
    /// scaled so that all amplitudes together make 1.
    pub(crate) fn fractal(view: &View, seed: u64, base: f32, count: usize, falloff: f32) -> Self {
        Self::stretched(view, seed, (base, base), count, falloff)
    }

    /// As [`Field::fractal`] with different cells across and down.
    pub(crate) fn stretched(
        view: &View,
        seed: u64,
        (mut across, mut down): (f32, f32),
        count: usize,
        falloff: f32,
    ) -> Self {
        let mut octaves = Vec::with_capacity(count);
        let (mut amplitude, mut total) = (1.0, 0.0);
        for _ in 0..count {
            octaves.push(Octave { across, down, amplitude });
            total += amplitude;
            amplitude *= falloff;
            across *= 2.0;
            down *= 2.0;
        }
        octaves.iter_mut().for_each(|octave| octave.amplitude /= total);
        Self::new(view, seed, &octaves)
    }

    /// The field's values along one row, given by its height in the scene.
    pub(crate) fn row(&mut self, scene_y: f32) -> &[f32] {
        self.values.fill(0.0);
        for octave in &mut self.octaves {
            octave.add_row(scene_y, &mut self.values);
        }
        &self.values
    }
}

impl Lattice {
    fn new(view: &View, seed: u64, octave: &Octave) -> Self {
        // An own offset per octave keeps the lattice points of the octaves apart.
        let offset = (mix(seed) >> 40) as f32 / 16_777_216.0;
        let position = |x: u32| view.x(x) * octave.across + offset;
        let first_column = floor_i32(position(0));
        let mut weights = Vec::with_capacity(view.width as usize);
        let mut starts = vec![0];
        for x in 0..view.width {
            let at = position(x);
            let cell = floor_i32(at);
            // Cells are at least a pixel wide, but a rounding error may skip one.
            while starts.len() <= (cell - first_column) as usize {
                starts.push(x);
            }
            weights.push(ease(at - cell as f32));
        }
        starts.push(view.width);
        let cells = starts.len();
        Self {
            seed,
            amplitude: octave.amplitude,
            down: octave.down,
            weights,
            starts,
            first_column,
            row: None,
            upper: vec![0.0; cells],
            lower: vec![0.0; cells],
            blended: vec![0.0; cells],
        }
    }

    fn add_row(&mut self, scene_y: f32, values: &mut [f32]) {
        let at = scene_y * self.down;
        let row = floor_i32(at);
        if self.row != Some(row) {
            fill_lattice(self.seed, self.first_column, row, &mut self.upper);
            fill_lattice(self.seed, self.first_column, row + 1, &mut self.lower);
            self.row = Some(row);
        }
        let weight = ease(at - row as f32);
        for ((out, &a), &b) in self.blended.iter_mut().zip(&self.upper).zip(&self.lower) {
            *out = (a + (b - a) * weight) * self.amplitude;
        }
        // Cell by cell, so that the inner loop is free of look-ups and runs in vector lanes.
        for (range, pair) in self.starts.windows(2).zip(self.blended.windows(2)) {
            let (from, to) = (range[0] as usize, range[1] as usize);
            let (left, rise) = (pair[0], pair[1] - pair[0]);
            for (value, weight) in values[from..to].iter_mut().zip(&self.weights[from..to]) {
                *value += left + rise * weight;
            }
        }
    }
}

/// Perlin's quintic: flat first and second derivative at lattice points, so no creases show.
fn ease(x: f32) -> f32 {
    x * x * x * (x * (x * 6.0 - 15.0) + 10.0)
}

fn fill_lattice(seed: u64, first: i32, row: i32, out: &mut [f32]) {
    for (column, value) in (first..).zip(out) {
        *value = lattice_value(seed, column, row);
    }
}

/// A random number in −1..1 for a lattice point.
pub(crate) fn lattice_value(seed: u64, column: i32, row: i32) -> f32 {
    let key = u64::from(column as u32) << 32 | u64::from(row as u32);
    let bits = mix(seed ^ key.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    (bits >> 40) as f32 / 8_388_608.0 - 1.0
}

/// One-dimensional noise: a smooth random curve, ±1 over all octaves.
pub(crate) fn curve(seed: u64, x: f32, base: f32, count: u32, falloff: f32) -> f32 {
    let (mut sum, mut total, mut amplitude, mut cells) = (0.0, 0.0, 1.0, base);
    for octave in 0..count {
        let at = x * cells;
        let cell = floor_i32(at);
        let left = lattice_value(seed, cell, octave as i32);
        let right = lattice_value(seed, cell + 1, octave as i32);
        sum += amplitude * (left + (right - left) * ease(at - cell as f32));
        total += amplitude;
        amplitude *= falloff;
        cells *= 2.0;
    }
    sum / total
}
