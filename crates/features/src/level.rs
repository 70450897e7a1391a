//! A picture at one scale: pixels, shrinking and smoothing, all in integers.

/// Grey pixels, rows from the top without gaps.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<u8>,
}

/// Bits behind the point of a coordinate while shrinking.
const FRACTION: u32 = 16;

/// Weights of the smoothing across seven pixels: a Gaussian of sigma 2; their sum is 256.
const SMOOTHING: [u32; 7] = [18, 34, 49, 54, 49, 34, 18];

impl Level {
    pub(crate) fn row(&self, y: usize) -> &[u8] {
        &self.pixels[y * self.width..][..self.width]
    }

    /// The picture with other sides, none of them longer, by bilinear interpolation between the
    /// centres of pixels.
    pub(crate) fn shrunk(&self, width: usize, height: usize) -> Self {
        let columns: Vec<_> = (0..width).map(|x| neighbours(x, self.width, width)).collect();
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            let (top, bottom, down) = neighbours(y, self.height, height);
            let (top, bottom) = (self.row(top), self.row(bottom));
            pixels.extend(columns.iter().map(|&(left, right, across)| {
                let mix = |row: &[u8]| {
                    u32::from(row[left]) * (256 - across) + u32::from(row[right]) * across
                };
                ((mix(top) * (256 - down) + mix(bottom) * down + (1 << 15)) >> 16) as u8
            }));
        }
        Self { width, height, pixels }
    }

    /// The picture smoothed. Beyond the edges the outermost pixels go on.
    pub(crate) fn smoothed(&self) -> Self {
        let (width, height) = (self.width, self.height);
        let mut across = vec![0_u32; width * height];
        let mut padded = vec![0_u8; width + 6];
        for (row, out) in self.pixels.chunks(width).zip(across.chunks_mut(width)) {
            padded[3..width + 3].copy_from_slice(row);
            padded[..3].fill(row[0]);
            padded[width + 3..].fill(row[width - 1]);
            for (tap, weight) in SMOOTHING.iter().enumerate() {
                for (sum, value) in out.iter_mut().zip(&padded[tap..]) {
                    *sum += weight * u32::from(*value);
                }
            }
        }
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u32; width];
        for y in 0..height {
            sums.fill(1 << 15);
            for (tap, weight) in SMOOTHING.iter().enumerate() {
                let source = (y + tap).saturating_sub(3).min(height - 1);
                for (sum, value) in sums.iter_mut().zip(&across[source * width..][..width]) {
                    *sum += weight * value;
                }
            }
            pixels.extend(sums.iter().map(|sum| (sum >> 16) as u8));
        }
        Self { width, height, pixels }
    }
}

/// The two pixels of a line of `from` between which pixel `at` of `to` lies, and how far the
/// second counts, of 256.
fn neighbours(at: usize, from: usize, to: usize) -> (usize, usize, u32) {
    // The centre of the pixel: (at + 1/2) · from / to − 1/2.
    let centre = ((2 * at as u64 + 1) * from as u64 * (1 << FRACTION)) / (2 * to as u64);
    let position = centre.saturating_sub(1 << (FRACTION - 1));
    let first = ((position >> FRACTION) as usize).min(from - 1);
    let share = (position & ((1 << FRACTION) - 1)) >> (FRACTION - 8);
    (first, (first + 1).min(from - 1), share as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_and_smoothing_keep_what_is_flat_and_what_is_a_ramp() {
        let flat = Level { width: 50, height: 40, pixels: vec![77; 2000] };
        assert!(flat.smoothed().pixels.iter().all(|v| *v == 77));
        assert!(flat.shrunk(31, 25).pixels.iter().all(|v| *v == 77));
        let ramp: Vec<u8> = (0..40).flat_map(|_| (0..50).map(|x| 4 * x)).collect();
        let ramp = Level { width: 50, height: 40, pixels: ramp };
        for (x, v) in ramp.smoothed().row(20)[3..47].iter().enumerate() {
            assert_eq!(usize::from(*v), 4 * (x + 3));
        }
        for (x, v) in ramp.shrunk(25, 20).row(3).iter().enumerate() {
            assert_eq!(usize::from(*v), 4 * 2 * x + 2);
        }
        assert_eq!(ramp.shrunk(50, 40).pixels, ramp.pixels);
    }
}
