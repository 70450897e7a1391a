//! Pictures and files made at test time.
#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

use hashward_hash::{Orientation, Pdq};
use hashward_media::{
    Class, LabelledHash, Limits, PictureFormat, PictureReport, Plan, Unguarded, Variant,
    examine_picture, sniff,
};
use hashward_phash::{PdqResult, Pixels, pdq, pdq_square512};
use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use std::io::Cursor;

/// A picture with enough structure for a good hash: waves, discs and a coarse texture.
pub(crate) fn picture(width: u32, height: u32, seed: u32) -> RgbImage {
    let shift = f64::from(seed) * 1.7;
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
        let wave = (9.0 * u + shift).sin() * (7.0 * v - shift).cos();
        let ring = ((u - 0.3).hypot(v - 0.6) * 23.0 + shift).sin();
        let texture = f64::from((x / 7 * 31 + y / 5 * 17 + seed * 13) % 11) / 11.0;
        let disc = if (u - 0.7).hypot(v - 0.3) < 0.2 { 70.0 } else { 0.0 };
        let value = |a: f64, b: f64, c: f64| {
            (110.0 + 50.0 * a * wave + 40.0 * b * ring + 25.0 * c * texture + disc * b) as u8
        };
        Rgb([value(1.0, 0.7, 1.0), value(0.8, 1.0, 0.4), value(-0.6, 0.8, 0.9)])
    })
}

pub(crate) fn grey(width: u32, height: u32, seed: u32) -> GrayImage {
    let source = picture(width, height, seed);
    GrayImage::from_fn(width, height, |x, y| Luma([source.get_pixel(x, y)[1]]))
}

pub(crate) fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// What the bytes are taken for; they must be a picture.
pub(crate) fn format_of(bytes: &[u8]) -> PictureFormat {
    let head = &bytes[..bytes.len().min(hashward_media::HEAD_BYTES)];
    let tail = &bytes[bytes.len().saturating_sub(hashward_media::TAIL_BYTES)..];
    match sniff(head, tail, bytes.len() as u64).class {
        Class::Picture(format) => format,
        other => panic!("sniffed as {other:?}"),
    }
}

pub(crate) fn examine(bytes: &[u8]) -> PictureReport {
    examine_as(format_of(bytes), bytes)
}

pub(crate) fn examine_as(format: PictureFormat, bytes: &[u8]) -> PictureReport {
    examine_picture(bytes, format, &Limits::default(), &Plan::default(), &mut Unguarded)
}

pub(crate) fn of_rgb(image: &RgbImage) -> (PdqResult, Option<PdqResult>) {
    let (width, height) = image.dimensions();
    let pixels = Pixels::rgb8(image.as_raw(), width, height, 3 * width as usize).unwrap();
    (pdq(&pixels), pdq_square512(&pixels))
}

pub(crate) fn of_grey(image: &GrayImage) -> (PdqResult, Option<PdqResult>) {
    let (width, height) = image.dimensions();
    let pixels = Pixels::luma8(image.as_raw(), width, height, width as usize).unwrap();
    (pdq(&pixels), pdq_square512(&pixels))
}

/// Asserts that a frame's hashes are exactly those of the pixels.
pub(crate) fn assert_frame(
    report: &PictureReport,
    frame: u32,
    expected: &(PdqResult, Option<PdqResult>),
) {
    let hashes: Vec<_> = report.hashes.iter().filter(|hash| hash.frame == frame).collect();
    let variants = [(Variant::Full, Some(&expected.0)), (Variant::Square512, expected.1.as_ref())];
    let mut hashes = hashes.into_iter();
    for (variant, result) in variants {
        let Some(result) = result else { continue };
        for orientation in Orientation::ALL {
            let found: &LabelledHash = hashes.next().expect("a hash for each orientation");
            assert_eq!((found.variant, found.orientation), (variant, orientation));
            assert_eq!(
                found.hash, result.hashes[orientation as usize],
                "{variant:?} {orientation:?}"
            );
            assert_eq!(found.quality, result.quality);
        }
    }
    assert!(hashes.next().is_none(), "no further hashes");
}

/// The canonical hash of a frame.
pub(crate) fn canonical(report: &PictureReport, frame: u32) -> Pdq {
    let wanted = |hash: &&LabelledHash| {
        hash.frame == frame
            && hash.variant == Variant::Full
            && hash.orientation == Orientation::Original
    };
    report.hashes.iter().find(wanted).expect("the frame was hashed").hash
}
