//! The committed files: what is read, is read as libjpeg-turbo reads it; the rest is refused.

mod common;

use common::{SCALES, checksum, decode, fixture, fixtures};
use hashward_jpeg::{Header, Reason, Scale};

#[test]
fn luma_is_that_of_libjpeg_turbo_bit_for_bit() {
    let expected = String::from_utf8(fixture("expected.txt")).expect("text");
    let mut lines = 0;
    for line in expected.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split(' ').collect();
        let bytes = fixture(fields[0]);
        for (scale, fields) in [(Scale::Full, &fields[1..4]), (Scale::Eighth, &fields[4..7])] {
            let (plane, _) = decode(&bytes, scale).unwrap_or_else(|e| panic!("{line}: {e}"));
            assert_eq!(plane.width.to_string(), fields[0], "{line}");
            assert_eq!(plane.height.to_string(), fields[1], "{line}");
            assert_eq!(format!("{:016x}", checksum(&plane.data)), fields[2], "{line} {scale:?}");
        }
        lines += 1;
    }
    let readable = fixtures().iter().filter(|(name, _)| !name.starts_with("refused")).count();
    assert_eq!(lines, readable);
}

#[test]
fn what_is_not_understood_is_left_to_the_ordinary_decoder() {
    for (name, bytes) in fixtures() {
        if name.starts_with("refused") {
            for scale in SCALES {
                let fallback = decode(&bytes, scale).expect_err(&name);
                assert!(matches!(fallback.reason, Reason::Unsupported(_)), "{name}: {fallback}");
            }
        } else {
            let header = Header::parse(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(header.progressive, is_progressive(&bytes), "{name}");
        }
    }
}

fn is_progressive(bytes: &[u8]) -> bool {
    bytes.windows(4).any(|w| w[0] == 0xFF && w[1] == 0xC2 && w[2] == 0)
}

#[test]
fn the_same_coefficients_give_the_same_rows_in_every_arrangement() {
    let alike = [
        ["420.jpg", "progressive.jpg"],
        ["420.jpg", "restart-rows.jpg"],
        ["420.jpg", "separate.jpg"],
        ["420.jpg", "luma-first.jpg"],
        ["420.jpg", "progressive-restart.jpg"],
        ["420.jpg", "progressive-selection.jpg"],
        ["420.jpg", "422.jpg"],
        ["444.jpg", "restart-blocks.jpg"],
        ["grey.jpg", "progressive-grey-2x2.jpg"],
        ["grey.jpg", "chroma-first.jpg"],
        ["tiny.jpg", "progressive-tiny.jpg"],
        ["mozjpeg.jpg", "mozjpeg-baseline.jpg"],
        ["chroma-first.jpg", "mozjpeg-rescanned.jpg"],
    ];
    for pair in alike {
        for scale in SCALES {
            let [a, b] = pair.map(|name| decode(&fixture(name), scale).expect(name).0);
            assert_eq!(a, b, "{pair:?} {scale:?}");
        }
    }
}

/// At a reduced scale a pixel is close to the mean of those it stands for.
#[test]
fn reduced_scales_are_close_to_means() {
    for (name, bytes) in fixtures().into_iter().filter(|(name, _)| !name.starts_with("refused")) {
        let (full, _) = decode(&bytes, Scale::Full).expect(&name);
        for (scale, most) in [(Scale::Half, 6.0), (Scale::Quarter, 9.0), (Scale::Eighth, 1.0)] {
            let (plane, _) = decode(&bytes, scale).expect(&name);
            let side = scale.divisor() as usize;
            let (mut sum, mut count) = (0.0, 0);
            for y in 0..full.height / side {
                for x in 0..full.width / side {
                    let square = (0..side * side)
                        .map(|i| (y * side + i / side) * full.width + x * side + i % side);
                    let mean = square.map(|at| f64::from(full.data[at])).sum::<f64>();
                    let mean = mean / (side * side) as f64;
                    sum += (f64::from(plane.data[y * plane.width + x]) - mean).abs();
                    count += 1;
                }
            }
            assert!(count == 0 || sum / f64::from(count) < most, "{name} {scale:?} {sum} {count}");
        }
    }
}

#[test]
fn only_scans_that_contribute_are_read() {
    let unread = |name: &str, scale| decode(&fixture(name), scale).expect(name).1.unread_scans;
    // libjpeg's script: DC; Y 1-5, Cr, Cb, Y 6-63, Y again; DC again; Cr, Cb, Y once more.
    assert_eq!(unread("progressive.jpg", Scale::Eighth), 8);
    assert_eq!(unread("progressive.jpg", Scale::Full), 4);
    assert_eq!(unread("progressive.jpg", Scale::Quarter), 4);
    // Spectral selection alone: a low band needs no other.
    assert_eq!(unread("progressive-selection.jpg", Scale::Quarter), 3);
    assert_eq!(unread("progressive-selection.jpg", Scale::Half), 2);
    assert_eq!(unread("420.jpg", Scale::Eighth), 0);
}

#[test]
fn headers_are_told() {
    let header = Header::parse(&fixture("restart-blocks.jpg")).expect("header");
    assert_eq!((header.width, header.height), (70, 51));
    assert_eq!(header.restart_interval, 3);
    let header = Header::parse(&fixture("410.jpg")).expect("header");
    let factors: Vec<_> = header.components.iter().map(|c| (c.horizontal, c.vertical)).collect();
    assert_eq!(factors, [(4, 2), (1, 1), (1, 1)]);
}
