//! Damaged and hostile bytes: the same picture as the ordinary decoder's or a clean fallback.

mod common;

use common::{Random, SCALES, decode, difference, find, fixture, fixtures, ordinary, with_segment};
use hashward_jpeg::{Header, Limits, Plane, Reason, Rows, Scale, decode_luma};
use std::ops::ControlFlow;

#[test]
fn a_truncated_file_is_never_a_picture() {
    for (name, bytes) in fixtures() {
        for length in 0..bytes.len() {
            for scale in SCALES {
                assert!(decode(&bytes[..length], scale).is_err(), "{name} cut at {length}");
            }
        }
    }
}

#[test]
fn bytes_behind_the_end_do_not_matter() {
    let bytes = fixture("420.jpg");
    let longer = [&bytes[..], b"\xFF\xD8 another picture, or none"].concat();
    assert_eq!(decode(&bytes, Scale::Full), decode(&longer, Scale::Full));
}

fn damage(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let headers = find(&bytes, 0xDA) + 14;
    for _ in 0..=random.below(4) {
        let at =
            if random.below(3) == 0 { random.below(headers) } else { random.below(bytes.len()) };
        let at = at.min(bytes.len() - 1);
        match random.below(6) {
            0 => bytes[at] = random.below(256) as u8,
            1 | 2 => bytes[at] ^= 1 << random.below(8),
            3 => bytes.insert(at, random.below(256) as u8),
            _ => {
                let end = (at + 1 + random.below(10)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
        if bytes.len() < headers {
            break;
        }
    }
    bytes
}

/// zune-jpeg refuses or misreads some files that libjpeg-turbo reads, and may let damage in the
/// chroma of a progressive file spill over: those say nothing here.
fn comparable(name: &str, unread_scans: u32) -> bool {
    let misread = ["separate", "first", "three-columns"];
    unread_scans == 0 && !misread.iter().any(|part| name.contains(part))
}

#[test]
fn damaged_files_give_the_ordinary_picture_or_a_fallback() {
    let limits = Limits { pixels: 1 << 22, ..Limits::default() };
    let files = fixtures();
    let mut random = Random(0x1234_5678_9ABC_DEF1);
    let mut compared = 0;
    for _ in 0..40_000 {
        let (name, bytes) = &files[random.below(files.len())];
        let bytes = damage(bytes, &mut random);
        for scale in [Scale::Half, Scale::Quarter, Scale::Eighth] {
            let mut plane = Plane::default();
            let _ = decode_luma(&bytes, scale, &limits, &mut plane);
        }
        let mut plane = Plane::default();
        let Ok(outcome) = decode_luma(&bytes, Scale::Full, &limits, &mut plane) else { continue };
        let sampling = outcome.header.components[0];
        let odd = sampling.horizontal == 3 || sampling.vertical == 3;
        if comparable(name, outcome.unread_scans) && !odd {
            let other = ordinary(&bytes).unwrap_or_else(|e| panic!("{name}: only ours reads: {e}"));
            // The two inverse DCTs round differently.
            assert!(difference(&plane.data, &other) <= 1, "{name}");
            compared += 1;
        }
    }
    assert!(compared > 2_000, "only {compared} files were still readable");
}

#[test]
fn random_bytes_behind_a_header_never_panic() {
    let mut random = Random(99);
    for (name, bytes) in fixtures() {
        let head = &bytes[..find(&bytes, 0xDA) + 14];
        for _ in 0..20 {
            let tail: Vec<u8> = (0..random.below(3000)).map(|_| random.below(256) as u8).collect();
            for scale in SCALES {
                let bytes = [head, &tail, &[0xFF, 0xD9]].concat();
                let result = decode(&bytes, scale);
                assert!(result.is_err() || name.starts_with("progressive"), "{name}");
            }
        }
    }
}

/// A file that claims a size at which `bytes` cannot hold a bit for each block.
#[test]
fn dimensions_without_data_are_refused_before_anything_is_allocated() {
    for name in ["grey.jpg", "progressive-grey.jpg"] {
        let mut bytes = fixture(name);
        let frame = find(&bytes, if name.starts_with("p") { 0xC2 } else { 0xC0 });
        bytes[frame + 5..frame + 9].copy_from_slice(&[0x3F, 0xFF, 0x3F, 0xFF]);
        for scale in SCALES {
            let reason = decode(&bytes, scale).expect_err(name).reason;
            assert!([Reason::Truncated, Reason::Limit("memory")].contains(&reason), "{reason:?}");
        }
        bytes[frame + 5..frame + 9].fill(0xFF);
        let fallback = decode(&bytes, Scale::Full).expect_err(name);
        assert_eq!(fallback.reason, Reason::Limit("pixels"));
    }
}

#[test]
fn limits_hold() {
    let bytes = fixture("progressive.jpg");
    let refused = |limits: Limits| {
        let mut plane = Plane::default();
        let fallback = decode_luma(&bytes, Scale::Full, &limits, &mut plane).expect_err("a limit");
        assert_eq!(plane, Plane::default());
        fallback.reason
    };
    let usual = Limits::default;
    assert_eq!(refused(Limits { pixels: 70 * 51 - 1, ..usual() }), Reason::Limit("pixels"));
    assert_eq!(refused(Limits { scans: 9, ..usual() }), Reason::Limit("scans"));
    assert_eq!(refused(Limits { segments: 20, ..usual() }), Reason::Limit("marker segments"));
    let need = Header::parse(&bytes).expect("header").memory(Scale::Full);
    assert_eq!(refused(Limits { memory: need - 1, ..usual() }), Reason::Limit("memory"));
    let limits = Limits { pixels: 70 * 51, memory: need, scans: 10, segments: 100 };
    assert!(decode_luma(&bytes, Scale::Full, &limits, &mut Plane::default()).is_ok());
}

#[test]
fn the_sink_may_stop() {
    for name in ["420.jpg", "progressive.jpg"] {
        let mut calls = 0;
        let mut sink = |_: Rows<'_>| {
            calls += 1;
            ControlFlow::Break(())
        };
        let result = decode_luma(&fixture(name), Scale::Full, &Limits::default(), &mut sink);
        assert_eq!(result.expect_err("stopped").reason, Reason::Stopped);
        assert_eq!(calls, 1);
    }
}

#[test]
fn rows_come_in_order_and_cropped() {
    for (name, bytes) in fixtures().into_iter().filter(|(name, _)| !name.starts_with("refused")) {
        for scale in SCALES {
            let mut next = 0;
            let mut sink = |rows: Rows<'_>| {
                assert_eq!(rows.first(), next);
                assert!((1..=32).contains(&rows.count()));
                assert!(rows.iter().all(|row| row.len() == rows.width()));
                next += rows.count() as u32;
                ControlFlow::Continue(())
            };
            let outcome = decode_luma(&bytes, scale, &Limits::default(), &mut sink).expect(&name);
            assert_eq!(next, outcome.height);
            assert_eq!(outcome.width, outcome.header.width.div_ceil(scale.divisor()));
            assert_eq!(outcome.height, outcome.header.height.div_ceil(scale.divisor()));
        }
    }
}

#[test]
fn colour_is_never_guessed() {
    // Without the JFIF segment the identifiers 1, 2, 3 tell; others don't.
    let bytes = fixture("420.jpg");
    let app0 = find(&bytes, 0xE0);
    let bare = [&bytes[..app0], &bytes[app0 + 18..]].concat();
    assert_eq!(decode(&bare, Scale::Full), decode(&bytes, Scale::Full));
    let mut others = bare.clone();
    let (frame, scan) = (find(&others, 0xC0), find(&others, 0xDA));
    for i in 0..3 {
        others[frame + 10 + 3 * i] = b"YCc"[i];
        others[scan + 5 + 2 * i] = b"YCc"[i];
    }
    let refused = |bytes: &[u8]| decode(bytes, Scale::Full).expect_err("colour").reason;
    assert!(matches!(refused(&others), Reason::Unsupported(_)));
    // With an Adobe segment that names YCbCr they are luma first again.
    let adobe = |transform| {
        [b"\xFF\xEE\x00\x0EAdobe\x00\x64\x00\x00\x00\x00".as_slice(), &[transform]].concat()
    };
    let told = with_segment(&others, &adobe(1));
    let (plane, outcome) = decode(&told, Scale::Full).expect("told");
    assert_eq!(plane, decode(&bytes, Scale::Full).expect("usual").0);
    assert_eq!(outcome.header.adobe_transform, Some(1));
    for transform in [0, 2, 9] {
        assert!(matches!(
            refused(&with_segment(&bytes, &adobe(transform))),
            Reason::Unsupported(_)
        ));
    }
}

#[test]
fn segments_are_passed_over_whatever_they_hold() {
    // A thumbnail in an Exif segment is no frame of this picture.
    let bytes = fixture("420.jpg");
    let thumbnail = fixture("tiny.jpg");
    let length = (thumbnail.len() + 8) as u16;
    let segment = [b"\xFF\xE1".as_slice(), &length.to_be_bytes(), b"Exif\0\0", &thumbnail].concat();
    let (plane, _) = decode(&with_segment(&bytes, &segment), Scale::Full).expect("readable");
    assert_eq!(plane, decode(&bytes, Scale::Full).expect("readable").0);
    // Fill bytes before a marker are allowed, others are not.
    let sof = find(&bytes, 0xC0);
    let filled = [&bytes[..sof], &[0xFF; 5], &bytes[sof..]].concat();
    assert!(decode(&filled, Scale::Full).is_ok());
    let garbled = [&bytes[..sof], &[0x00; 5], &bytes[sof..]].concat();
    assert!(decode(&garbled, Scale::Full).is_err());
}
