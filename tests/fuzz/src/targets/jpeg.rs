//! Any bytes as a JPEG file: our decoder gives the ordinary decoder's luma or falls back, never
//! panics, and stays within its limits. The first byte chooses the scale.

use hashward_jpeg::{Limits, Plane, Scale, decode_luma};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

pub(crate) fn check(data: &[u8]) {
    let Some((&selector, file)) = data.split_first() else { return };
    let scale =
        [Scale::Full, Scale::Half, Scale::Quarter, Scale::Eighth][usize::from(selector & 3)];
    let limits = Limits { pixels: 1 << 20, memory: 64 << 20, scans: 30, segments: 200 };
    let mut plane = Plane::default();
    let Ok(outcome) = decode_luma(file, scale, &limits, &mut plane) else { return };
    let (width, height) = (outcome.header.width, outcome.header.height);
    assert!(u64::from(width) * u64::from(height) <= limits.pixels);
    assert!(outcome.header.memory(scale) <= limits.memory);
    assert_eq!(plane.width as u32, width.div_ceil(scale.divisor()));
    assert_eq!(plane.height as u32, height.div_ceil(scale.divisor()));
    assert_eq!(plane.data.len(), plane.width * plane.height);
    if scale != Scale::Full || !comparable(file, &outcome) {
        return;
    }
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    // A file that only we can read whole says nothing about whether we read it right.
    let Ok(ordinary) = decoder.decode() else { return };
    if ordinary.len() == plane.data.len() {
        let most = plane.data.iter().zip(&ordinary).map(|(a, b)| a.abs_diff(*b)).max();
        // The two inverse DCTs round differently.
        assert!(most.unwrap_or(0) <= 1, "another picture than the ordinary decoder's");
    }
}

/// The ordinary decoder misreads some arrangements that libjpeg-turbo reads: components in scans of
/// their own, factors of 3; and damage in the chroma of a progressive file may spill over.
fn comparable(file: &[u8], outcome: &hashward_jpeg::Outcome) -> bool {
    let components = &outcome.header.components;
    let usual = |factor: u8| factor == 1 || factor == 2;
    outcome.unread_scans == 0
        && !outcome.header.progressive
        && components.iter().all(|c| usual(c.horizontal) && usual(c.vertical))
        && file.windows(2).filter(|pair| *pair == [0xFF, 0xDA]).count() == 1
}
