//! Every backend against the scalar one, and the scalar one against the definition.

use super::*;
use proptest::prelude::*;

/// Row lengths around every vector and strip boundary of every backend.
const LENGTHS: [usize; 24] = [
    0, 1, 2, 7, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 79, 80, 81, 127, 128, 129, 159, 161, 256,
    333,
];

/// Bytes that repeat with a period (251) that no vector width divides, so that swapped blocks
/// cannot cancel.
fn pattern(length: usize, salt: usize) -> Vec<u8> {
    (0..length).map(|i| ((i * 7 + salt * 13) % 251 + i % 5) as u8).collect()
}

#[test]
fn rows_are_the_same_on_every_backend() {
    for length in LENGTHS {
        for rows in [0, 1, 2, 3, 4, 7, 15, 16, 17, 33, 63] {
            for (offset, stride) in [(0, length), (1, length + 3), (3, length + 64)] {
                let pixels = pattern(offset + rows * stride + length, rows);
                let weights: Vec<u16> =
                    (0..rows).map(|r| [1, 0x7fff, 0, 3, 0x1234][r % 5]).collect();
                let expected: Vec<u32> = (0..length)
                    .map(|x| {
                        (0..rows)
                            .map(|r| {
                                u32::from(weights[r]) * u32::from(pixels[offset + r * stride + x])
                            })
                            .sum()
                    })
                    .collect();
                for backend in Backend::available() {
                    let mut sums = vec![7; length];
                    weigh_rows_with(backend, &mut sums, &pixels[offset..], stride, &weights);
                    assert_eq!(sums, expected, "{backend:?} {length} {rows} {offset}");
                }
            }
        }
    }
}

fn check_columns(length: u32, factors: &[u32], seed: u32) {
    let windows = Windows::new(length, factors);
    let mut state = seed;
    let sums: Vec<u32> = (0..windows.padded_length().max(length as usize * factors.len()))
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state
        })
        .collect();
    let expected: [u64; SAMPLES] = std::array::from_fn(|sample| {
        let window = windows.window(sample);
        let pixels = sums.chunks_exact(factors.len()).skip(window.first);
        let weighed = pixels.zip(window.weights).flat_map(|(pixel, weight)| {
            let channels = pixel.iter().zip(factors);
            channels.map(|(sum, f)| u64::from(*sum) * u64::from(*f) * u64::from(*weight))
        });
        weighed.fold(0, u64::wrapping_add)
    });
    for backend in Backend::available() {
        let mut samples = [1; SAMPLES];
        weigh_columns_with(backend, &mut samples, &sums, &windows);
        assert_eq!(samples, expected, "{backend:?} {length} {factors:?}");
    }
}

#[test]
fn the_dispatched_kernels_are_the_pinned_ones() {
    let windows = Windows::new(77, &[1]);
    let pixels = pattern(77 * 3, 1);
    let (mut one, mut other) = (vec![0; windows.padded_length()], vec![0; windows.padded_length()]);
    weigh_rows(&mut one[..77], &pixels, 77, &[1, 2, 1]);
    weigh_rows_with(Backend::Scalar, &mut other[..77], &pixels, 77, &[1, 2, 1]);
    assert_eq!(one, other);
    let (mut samples, mut others) = ([0; SAMPLES], [0; SAMPLES]);
    weigh_columns(&mut samples, &one, &windows);
    weigh_columns_with(Backend::Scalar, &mut others, &other, &windows);
    assert_eq!(samples, others);
}

#[test]
#[should_panic(expected = "pixels end before the last row")]
fn short_pixels_are_refused() {
    weigh_rows(&mut [0; 4], &[0; 7], 4, &[1, 1]);
}

#[test]
#[should_panic(expected = "pixels end before the last row")]
fn an_overflowing_stride_is_refused() {
    weigh_rows(&mut [0; 4], &[0; 7], usize::MAX / 2, &[1, 1, 1, 1]);
}

#[test]
#[should_panic(expected = "a weight is too large")]
fn large_weights_are_refused() {
    weigh_rows(&mut [0; 4], &[0; 4], 4, &[0x8000]);
}

#[test]
#[should_panic(expected = "sums end before the last window")]
fn short_sums_are_refused() {
    weigh_columns(&mut [0; SAMPLES], &[0; 63], &Windows::new(64, &[1]));
}

proptest! {
    #[test]
    fn any_rows(
        length in 0usize..400,
        gap in 0usize..70,
        offset in 0usize..70,
        weights in prop::collection::vec(0..=MAX_WEIGHT, 0..20),
        bytes in prop::collection::vec(any::<u8>(), 1..300),
    ) {
        let stride = length + gap;
        let pixels: Vec<u8> =
            bytes.iter().copied().cycle().take(offset + weights.len() * stride + length).collect();
        let mut expected = vec![1; length];
        scalar::weigh_rows(&mut expected, &pixels[offset..], stride, &weights);
        for backend in Backend::available() {
            let mut sums = vec![0; length];
            weigh_rows_with(backend, &mut sums, &pixels[offset..], stride, &weights);
            prop_assert_eq!(&sums, &expected);
        }
    }

    #[test]
    fn any_columns(length in 1u32..3000, seed: u32) {
        check_columns(length, &[1], seed);
        check_columns(length, &[299, 587, 114], seed);
    }
}
