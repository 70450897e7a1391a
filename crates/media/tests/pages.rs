//! TIFF pages with all kinds of pixels, and icon entries.
#![allow(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

mod common;

use common::*;
use hashward_media::Reason;
use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use std::io::Cursor;

#[test]
fn every_tiff_page_is_hashed() {
    use tiff::encoder::{TiffEncoder, colortype};
    let colour = picture(60, 40, 1);
    let plain = grey(30, 90, 2);
    let last = picture(33, 21, 3);
    let mut classic = Cursor::new(Vec::new());
    {
        let mut encoder = TiffEncoder::new(&mut classic).unwrap();
        encoder.write_image::<colortype::RGB8>(60, 40, colour.as_raw()).unwrap();
        encoder.write_image::<colortype::Gray8>(30, 90, plain.as_raw()).unwrap();
        encoder.write_image::<colortype::RGB8>(33, 21, last.as_raw()).unwrap();
    }
    let mut big = Cursor::new(Vec::new());
    {
        let mut encoder = TiffEncoder::new_big(&mut big).unwrap();
        encoder.write_image::<colortype::RGB8>(60, 40, colour.as_raw()).unwrap();
        encoder.write_image::<colortype::Gray8>(30, 90, plain.as_raw()).unwrap();
        encoder.write_image::<colortype::RGB8>(33, 21, last.as_raw()).unwrap();
    }
    for file in [classic.into_inner(), big.into_inner()] {
        let report = examine(&file);
        assert_eq!(report.status, Ok(()));
        assert_eq!((report.frames_examined, report.frames_total), (3, Some(3)));
        assert_eq!((report.width, report.height), (Some(60), Some(40)));
        assert_frame(&report, 0, &of_rgb(&colour));
        assert_frame(&report, 1, &of_grey(&plain));
        assert_frame(&report, 2, &of_rgb(&last));
    }
}

/// A minimal TIFF file of one uncompressed strip.
fn tiff_by_hand(width: u32, height: u32, tags: &[(u16, Vec<u16>)], strip: &[u8]) -> Vec<u8> {
    let mut all: Vec<(u16, u16, Vec<u32>)> = vec![
        (256, 4, vec![width]),
        (257, 4, vec![height]),
        (259, 3, vec![1]),
        (273, 4, vec![8]),
        (278, 4, vec![height]),
        (279, 4, vec![strip.len() as u32]),
    ];
    all.extend(tags.iter().map(|(tag, v)| (*tag, 3, v.iter().map(|&v| u32::from(v)).collect())));
    all.sort();
    let mut file = b"II*\0".to_vec();
    let directory = (8 + strip.len() as u32).next_multiple_of(2);
    file.extend(directory.to_le_bytes());
    file.extend(strip);
    file.resize(directory as usize, 0);
    let mut behind = directory + 2 + 12 * all.len() as u32 + 4;
    let mut values = Vec::new();
    file.extend((all.len() as u16).to_le_bytes());
    for (tag, kind, numbers) in all {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend((numbers.len() as u32).to_le_bytes());
        let bytes: Vec<u8> = numbers
            .iter()
            .flat_map(|n| n.to_le_bytes()[..if kind == 3 { 2 } else { 4 }].to_vec())
            .collect();
        if bytes.len() <= 4 {
            file.extend(&bytes);
            file.resize(file.len() + 4 - bytes.len(), 0);
        } else {
            file.extend(behind.to_le_bytes());
            behind += bytes.len() as u32;
            values.extend(bytes);
        }
    }
    file.extend(0_u32.to_le_bytes());
    file.extend(values);
    file
}

#[test]
fn tiff_palettes_small_samples_inks_and_planes() {
    let (width, height) = (32_u32, 24_u32);
    let source = picture(width, height, 5);
    // Palette of 256 colours.
    let entry = |i: u32| [(i * 3) as u8, (255 - i) as u8, (i ^ 0x55) as u8];
    let index = |x: u32, y: u32| u32::from(source.get_pixel(x, y)[0]);
    let map: Vec<u16> =
        (0..3).flat_map(|plane| (0..256).map(move |i| u16::from(entry(i)[plane]) * 257)).collect();
    let strip: Vec<u8> = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .map(|(x, y)| index(x, y) as u8)
        .collect();
    let file = tiff_by_hand(
        width,
        height,
        &[(258, vec![8]), (262, vec![3]), (277, vec![1]), (320, map)],
        &strip,
    );
    let expected = RgbImage::from_fn(width, height, |x, y| Rgb(entry(index(x, y))));
    let report = examine(&file);
    assert_eq!(report.status, Ok(()));
    assert_frame(&report, 0, &of_rgb(&expected));

    // One bit, white is zero; and four bits.
    let bit = |x: u32, y: u32| u8::from(source.get_pixel(x, y)[0] > 120);
    let strip: Vec<u8> = (0..height)
        .flat_map(|y| (0..width / 8).map(move |byte| (byte, y)))
        .map(|(byte, y)| (0..8).fold(0, |sum, i| sum << 1 | bit(byte * 8 + i, y)))
        .collect();
    let file =
        tiff_by_hand(width, height, &[(258, vec![1]), (262, vec![0]), (277, vec![1])], &strip);
    let expected = GrayImage::from_fn(width, height, |x, y| Luma([255 * (1 - bit(x, y))]));
    assert_frame(&examine(&file), 0, &of_grey(&expected));
    let nibble = |x: u32, y: u32| source.get_pixel(x, y)[1] >> 4;
    let strip: Vec<u8> = (0..height)
        .flat_map(|y| (0..width / 2).map(move |byte| (byte, y)))
        .map(|(byte, y)| nibble(2 * byte, y) << 4 | nibble(2 * byte + 1, y))
        .collect();
    let file =
        tiff_by_hand(width, height, &[(258, vec![4]), (262, vec![1]), (277, vec![1])], &strip);
    let expected = GrayImage::from_fn(width, height, |x, y| Luma([nibble(x, y) * 17]));
    assert_frame(&examine(&file), 0, &of_grey(&expected));

    // Four inks: what is left is the light that both the ink and black let through.
    let strip: Vec<u8> = source.pixels().flat_map(|p| [p[0], p[1], p[2], p[0] / 4]).collect();
    let file = tiff_by_hand(
        width,
        height,
        &[(258, vec![8, 8, 8, 8]), (262, vec![5]), (277, vec![4])],
        &strip,
    );
    let report = examine(&file);
    assert_eq!(report.status, Ok(()));
    let expected = RgbImage::from_fn(width, height, |x, y| {
        let p = source.get_pixel(x, y);
        let black = 255.0 - f64::from(p[0] / 4);
        Rgb(p.0.map(|ink| ((255.0 - f64::from(ink)) * black / 255.0).round() as u8))
    });
    let distance = canonical(&report, 0).distance(of_rgb(&expected).0.hashes[0]).0;
    assert!(distance <= 2, "{distance} bits");

    // Colour in three planes one after another.
    let strip: Vec<u8> = (0..3).flat_map(|c| source.pixels().map(move |p| p[c])).collect();
    let plane = width * height;
    let mut tags = vec![(258, vec![8, 8, 8]), (262, vec![2]), (277, vec![3]), (284, vec![2])];
    tags.sort();
    let file = tiff_by_hand(width, height, &tags, &strip);
    // Three strips instead of one: offsets and lengths move behind the directory.
    let file = three_strips(file, plane);
    let report = examine(&file);
    assert_eq!(report.status, Ok(()));
    assert_frame(&report, 0, &of_rgb(&source));
}

/// Rewrites a file of [`tiff_by_hand`] so that its strip counts as three of `length` bytes.
fn three_strips(mut file: Vec<u8>, length: u32) -> Vec<u8> {
    let directory = u32::from_le_bytes([file[4], file[5], file[6], file[7]]) as usize;
    let count = usize::from(u16::from_le_bytes([file[directory], file[directory + 1]]));
    for entry in 0..count {
        let at = directory + 2 + 12 * entry;
        let tag = u16::from_le_bytes([file[at], file[at + 1]]);
        let values: [u32; 3] = match tag {
            273 => [8, 8 + length, 8 + 2 * length],
            279 => [length; 3],
            _ => continue,
        };
        let end = file.len() as u32;
        file[at + 4..at + 8].copy_from_slice(&3_u32.to_le_bytes());
        file[at + 8..at + 12].copy_from_slice(&end.to_le_bytes());
        values.iter().for_each(|value| file.extend(value.to_le_bytes()));
    }
    file
}

#[test]
fn raw_files_and_sub_directories_are_named() {
    let strip = vec![7; 64];
    let base = [(258, vec![8]), (262, vec![1]), (277, vec![1])];
    let with = |extra: (u16, Vec<u16>)| {
        let tags: Vec<_> = base.iter().cloned().chain([extra]).collect();
        examine(&tiff_by_hand(8, 8, &tags, &strip))
    };
    for (extra, word) in [((50_706, vec![1]), "camera raw"), ((330, vec![8]), "sub-directories")] {
        let report = with(extra);
        let trouble = report.status.unwrap_err();
        assert_eq!(trouble.reason, Reason::Unsupported);
        assert!(trouble.detail.contains(word), "{}", trouble.detail);
        assert_eq!(report.frames_examined, 1);
    }
}

#[test]
fn every_icon_entry_is_hashed() {
    let large = picture(64, 64, 1);
    let small = picture(16, 16, 2);
    // A PNG entry without alpha, which some decoders refuse, and a 24-bit bitmap with its mask.
    let png = encode(&DynamicImage::from(large.clone()), ImageFormat::Png);
    let mut bitmap = Vec::new();
    for word in [40_u32, 16, 32, 1 | 24 << 16, 0, 0, 0, 0, 0, 0] {
        bitmap.extend(word.to_le_bytes());
    }
    for y in (0..16).rev() {
        (0..16).for_each(|x| {
            let Rgb([r, g, b]) = *small.get_pixel(x, y);
            bitmap.extend([b, g, r]);
        });
    }
    bitmap.extend([0; 64]);
    for (kind, hot_spot) in [(1_u16, 1_u16), (2, 999)] {
        let mut file = [0_u16, kind, 2].map(u16::to_le_bytes).concat();
        let mut offset = 6 + 2 * 16;
        for (side, data) in [(64_u8, &png), (16, &bitmap)] {
            file.extend([side, side, 0, 0]);
            file.extend([hot_spot, 24].map(u16::to_le_bytes).concat());
            file.extend([data.len() as u32, offset].map(u32::to_le_bytes).concat());
            offset += data.len() as u32;
        }
        file.extend(&png);
        file.extend(&bitmap);
        let report = examine(&file);
        assert_eq!(report.status, Ok(()), "kind {kind}");
        assert_eq!((report.frames_examined, report.frames_total), (2, Some(2)));
        assert_frame(&report, 0, &of_rgb(&large));
        assert_frame(&report, 1, &of_rgb(&small));
    }
}
