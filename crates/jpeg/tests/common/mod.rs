//! What the tests share: fixtures, and the ordinary decoder.
#![allow(dead_code, reason = "each test file uses its part")]

use hashward_jpeg::{Fallback, Limits, Outcome, Plane, Scale, decode_luma};
use std::path::PathBuf;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;

pub(crate) const SCALES: [Scale; 4] = [Scale::Full, Scale::Half, Scale::Quarter, Scale::Eighth];

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/jpeg"))
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Name and bytes of every fixture, in order.
pub(crate) fn fixtures() -> Vec<(String, Vec<u8>)> {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .expect("fixtures/jpeg is there")
        .map(|entry| entry.expect("readable").file_name().into_string().expect("plain name"))
        .filter(|name| name.ends_with(".jpg"))
        .collect();
    names.sort();
    assert!(names.len() > 30, "fixtures are missing");
    names.into_iter().map(|name| (name.clone(), fixture(&name))).collect()
}

pub(crate) fn decode(bytes: &[u8], scale: Scale) -> Result<(Plane, Outcome), Fallback> {
    let mut plane = Plane::default();
    let outcome = decode_luma(bytes, scale, &Limits::default(), &mut plane)?;
    assert_eq!(plane.width, outcome.width as usize);
    assert_eq!(plane.height, outcome.height as usize);
    assert_eq!(plane.data.len(), plane.width * plane.height);
    Ok((plane, outcome))
}

/// The luma plane of the ordinary decoder.
pub(crate) fn ordinary(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::Luma);
    zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options)
        .decode()
        .map_err(|error| format!("{error:?}"))
}

/// 64-bit FNV-1a.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// The largest difference of two planes of the same size.
pub(crate) fn difference(a: &[u8], b: &[u8]) -> u8 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

/// Pseudo-random numbers below a bound, the same in every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }
}

/// The file with bytes inserted behind its start-of-image marker.
pub(crate) fn with_segment(bytes: &[u8], segment: &[u8]) -> Vec<u8> {
    [&bytes[..2], segment, &bytes[2..]].concat()
}

/// Where the first segment with a marker starts.
pub(crate) fn find(bytes: &[u8], marker: u8) -> usize {
    bytes.windows(2).position(|pair| pair == [0xFF, marker]).expect("the marker is there")
}
