//! Pictures encoded here: against the ordinary decoder at every size.

mod common;

use common::{decode, difference, ordinary};
use hashward_jpeg::Scale;
use image::codecs::jpeg::JpegEncoder;
use image::{GrayImage, Luma, Rgb, RgbImage};
use proptest::prelude::*;

fn noise(x: u32, y: u32, seed: u32) -> u8 {
    let mixed = (x ^ seed).wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77);
    (mixed.wrapping_mul(0xC2B2_AE3D) >> 24) as u8
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn full_scale_is_within_one_of_the_ordinary_decoder(
        width in 1u32..150,
        height in 1u32..90,
        quality in 1u8..=100,
        grain in 0u8..=255,
        seed: u32,
        grey: bool,
    ) {
        let level = |x: u32, y: u32, shift: u32| {
            let wave = 128.0 + 100.0 * (f64::from(x + shift) / 13.0 + f64::from(y) / 29.0).sin();
            let noise = i32::from(noise(x, y, seed ^ shift)) - 128;
            (wave as i32 + noise * i32::from(grain) / 255).clamp(0, 255) as u8
        };
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
        if grey {
            let image = GrayImage::from_fn(width, height, |x, y| Luma([level(x, y, 0)]));
            encoder.encode_image(&image).expect("encodes");
        } else {
            let image = RgbImage::from_fn(width, height, |x, y| {
                Rgb([level(x, y, 0), level(x, y, 5), level(x, y, 50)])
            });
            encoder.encode_image(&image).expect("encodes");
        }
        let (plane, outcome) = decode(&bytes, Scale::Full).expect("readable");
        prop_assert_eq!((outcome.width, outcome.height), (width, height));
        prop_assert!(difference(&plane.data, &ordinary(&bytes).expect("readable")) <= 1);
        // The DC coefficient is the mean of the block.
        let (small, _) = decode(&bytes, Scale::Eighth).expect("readable");
        for y in 0..plane.height / 8 {
            for x in 0..plane.width / 8 {
                let rows = (0..8).map(|r| &plane.data[(y * 8 + r) * plane.width + x * 8..][..8]);
                let block: Vec<u8> = rows.flatten().copied().collect();
                // Samples at the end of the range were clipped, which shifts their mean.
                if block.iter().all(|&sample| sample > 0 && sample < 255) {
                    let mean = block.iter().map(|&v| f64::from(v)).sum::<f64>() / 64.0;
                    let sample = f64::from(small.data[y * small.width + x]);
                    prop_assert!((sample - mean).abs() <= 1.1, "{sample} {mean}");
                }
            }
        }
    }
}
