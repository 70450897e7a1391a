//! Every format and kind of pixel: what is hashed is exactly what the documentation says.

mod common;

use common::*;
use hashward_media::{PictureFormat, Reason};
use image::codecs::{jpeg, pnm, tga};
use image::{
    DynamicImage, ExtendedColorType, GrayImage, ImageBuffer, ImageEncoder as _, ImageFormat, Luma,
    LumaA, Rgb, RgbImage, Rgba, RgbaImage,
};
use std::io::Cursor;

#[test]
fn lossless_colour_is_hashed_as_it_is() {
    for (width, height) in [(64, 64), (97, 33), (700, 40), (5, 5), (5, 300)] {
        let source = picture(width, height, 1);
        let image = DynamicImage::from(source.clone());
        for format in [
            ImageFormat::Png,
            ImageFormat::Bmp,
            ImageFormat::Tiff,
            ImageFormat::Tga,
            ImageFormat::Qoi,
            ImageFormat::WebP,
            ImageFormat::Pnm,
        ] {
            let report = examine(&encode(&image, format));
            assert_eq!(report.status, Ok(()), "{format:?}");
            assert_eq!((report.width, report.height), (Some(width), Some(height)));
            assert_eq!((report.frames_examined, report.frames_total), (1, Some(1)));
            assert_frame(&report, 0, &of_rgb(&source));
        }
    }
}

#[test]
fn grey_stays_grey() {
    let source = grey(120, 80, 2);
    let image = DynamicImage::from(source.clone());
    for format in [ImageFormat::Png, ImageFormat::Tiff, ImageFormat::Tga, ImageFormat::Pnm] {
        let report = examine(&encode(&image, format));
        assert_eq!(report.status, Ok(()), "{format:?}");
        assert_frame(&report, 0, &of_grey(&source));
    }
}

#[test]
fn alpha_is_dropped_and_colours_stay_as_stored() {
    let source = picture(90, 60, 3);
    let transparent = RgbaImage::from_fn(90, 60, |x, y| {
        let Rgb([r, g, b]) = *source.get_pixel(x, y);
        Rgba([r, g, b, ((x * 3 + y) % 256) as u8])
    });
    let image = DynamicImage::from(transparent);
    for format in [
        ImageFormat::Png,
        ImageFormat::Tiff,
        ImageFormat::Tga,
        ImageFormat::Qoi,
        ImageFormat::WebP,
        ImageFormat::Bmp,
        ImageFormat::Ico,
    ] {
        let report = examine(&encode(&image, format));
        assert_eq!(report.status, Ok(()), "{format:?}");
        assert_frame(&report, 0, &of_rgb(&source));
    }
    let source = grey(90, 60, 3);
    let transparent =
        ImageBuffer::from_fn(90, 60, |x, y| LumaA([source.get_pixel(x, y)[0], (x + y) as u8]));
    let report = examine(&encode(&DynamicImage::ImageLumaA8(transparent), ImageFormat::Png));
    assert_frame(&report, 0, &of_grey(&source));
}

#[test]
fn sixteen_bits_are_rounded_to_eight() {
    let wide = |value: u8, noise: u32| (u32::from(value) * 257 + noise % 100) as u16;
    let rounded = |value: u16| ((u32::from(value) * 255 + 32_767) / 65_535) as u8;
    let base = picture(80, 70, 4);
    let colour: ImageBuffer<Rgb<u16>, Vec<u16>> = ImageBuffer::from_fn(80, 70, |x, y| {
        Rgb(base.get_pixel(x, y).0.map(|v| wide(v.min(250), x * 7 + y)))
    });
    let expected = RgbImage::from_fn(80, 70, |x, y| Rgb(colour.get_pixel(x, y).0.map(rounded)));
    for format in [ImageFormat::Png, ImageFormat::Tiff, ImageFormat::Pnm] {
        let report = examine(&encode(&DynamicImage::ImageRgb16(colour.clone()), format));
        assert_eq!(report.status, Ok(()), "{format:?}");
        assert_frame(&report, 0, &of_rgb(&expected));
    }
    let grey16: ImageBuffer<Luma<u16>, Vec<u16>> = ImageBuffer::from_fn(80, 70, |x, y| {
        Luma([wide(base.get_pixel(x, y)[0].min(250), x * 5 + y)])
    });
    let expected = GrayImage::from_fn(80, 70, |x, y| Luma([rounded(grey16.get_pixel(x, y)[0])]));
    for format in [ImageFormat::Png, ImageFormat::Tiff, ImageFormat::Pnm] {
        let report = examine(&encode(&DynamicImage::ImageLuma16(grey16.clone()), format));
        assert_frame(&report, 0, &of_grey(&expected));
    }
}

/// Palettes of 1 to 8 bits, with transparent entries, and grey of fewer than 8 bits.
#[test]
fn png_palettes_and_small_samples_are_expanded() {
    let (width, height) = (75_u32, 41_u32);
    for bits in [1_u32, 2, 4, 8] {
        let entries = 1_u32 << bits;
        let colours: Vec<[u8; 3]> = (0..entries)
            .map(|i| [(i * 37) as u8, (i * 91 + 5) as u8, (255 - i * 11 % 256) as u8])
            .collect();
        let index = |x: u32, y: u32| (x / 3 + y / 2 * 5 + x * y / 50) % entries;
        let per_byte = 8 / bits;
        let rows: Vec<u8> = (0..height)
            .flat_map(|y| {
                (0..width.div_ceil(per_byte)).map(move |byte| {
                    (0..per_byte).fold(0, |sum, i| {
                        let x = byte * per_byte + i;
                        let value = if x < width { index(x, y) } else { 0 };
                        sum << bits | value
                    }) as u8
                })
            })
            .collect();
        let encode = |color: png::ColorType| {
            let mut file = Vec::new();
            let mut encoder = png::Encoder::new(&mut file, width, height);
            encoder.set_color(color);
            encoder.set_depth(png::BitDepth::from_u8(bits as u8).unwrap());
            if color == png::ColorType::Indexed {
                encoder.set_palette(colours.concat());
                encoder.set_trns(vec![0, 128]);
            }
            encoder.write_header().unwrap().write_image_data(&rows).unwrap();
            file
        };
        let expected = RgbImage::from_fn(width, height, |x, y| Rgb(colours[index(x, y) as usize]));
        let report = examine(&encode(png::ColorType::Indexed));
        assert_frame(&report, 0, &of_rgb(&expected));
        let expected = GrayImage::from_fn(width, height, |x, y| {
            Luma([(index(x, y) * 255 / (entries - 1)) as u8])
        });
        let report = examine(&encode(png::ColorType::Grayscale));
        assert_frame(&report, 0, &of_grey(&expected));
    }
}

/// The luma plane of a JPEG file is within a few bits of the decoded RGB picture's hash.
#[test]
fn jpeg_luma_is_close_to_decoded_colour() {
    let mut worst = 0;
    for (i, (width, height)) in
        [(64, 64), (97, 53), (640, 480), (513, 700), (1024, 333), (17, 200)].into_iter().enumerate()
    {
        for quality in [30, 75, 95] {
            let source = picture(width, height, i as u32);
            let mut file = Vec::new();
            jpeg::JpegEncoder::new_with_quality(&mut file, quality).encode_image(&source).unwrap();
            let report = examine(&file);
            assert_eq!(report.status, Ok(()));
            let decoded = image::load_from_memory(&file).unwrap().into_rgb8();
            let expected = of_rgb(&decoded).0;
            if expected.quality.0 >= 50 {
                worst = worst.max(canonical(&report, 0).distance(expected.hashes[0]).0);
            }
            assert_eq!(report.hashes.len(), if width > 512 || height > 512 { 16 } else { 8 });
        }
    }
    assert!(worst <= 8, "{worst} bits");
}

#[test]
fn grey_jpeg_is_hashed_as_decoded() {
    let source = grey(200, 130, 7);
    let mut file = Vec::new();
    jpeg::JpegEncoder::new_with_quality(&mut file, 90)
        .write_image(&source, 200, 130, ExtendedColorType::L8)
        .unwrap();
    let decoded = image::load_from_memory(&file).unwrap().into_luma8();
    assert_frame(&examine(&file), 0, &of_grey(&decoded));
}

/// Exif orientation is not applied: the eight orientations of the hash cover it.
#[test]
fn exif_orientation_is_not_applied() {
    let source = picture(120, 50, 8);
    let mut plain = Vec::new();
    jpeg::JpegEncoder::new(&mut plain).encode_image(&source).unwrap();
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut turned = plain[..2].to_vec();
    turned.extend([0xff, 0xe1]);
    turned.extend((exif.len() as u16 + 2).to_be_bytes());
    turned.extend(exif);
    turned.extend(&plain[2..]);
    let (plain, turned) = (examine(&plain), examine(&turned));
    assert_eq!(plain, turned);
    assert_eq!((turned.width, turned.height), (Some(120), Some(50)));
}

/// Four components in four scans make a CMYK file: inverted, as Adobe's programs write it.
#[test]
fn cmyk_jpeg_is_converted_to_colour() {
    let source = grey(128, 96, 9);
    let mut file = Vec::new();
    jpeg::JpegEncoder::new_with_quality(&mut file, 92)
        .write_image(&source, 128, 96, ExtendedColorType::L8)
        .unwrap();
    let at = |marker: u8| file.windows(2).position(|w| w == [0xff, marker]).unwrap();
    let (frame, scan) = (at(0xc0), at(0xda));
    let mut cmyk = file[..frame].to_vec();
    cmyk.extend([0xff, 0xc0, 0, 20, 8, 0, 96, 0, 128, 4]);
    (1..=4).for_each(|id| cmyk.extend([id, 0x11, 0]));
    cmyk.extend(&file[frame + 13..scan]);
    let coded = &file[scan + 10..file.len() - 2];
    for id in 1..=4 {
        cmyk.extend([0xff, 0xda, 0, 8, 1, id, 0, 0, 63, 0]);
        cmyk.extend(coded);
    }
    cmyk.extend([0xff, 0xd9]);
    let report = examine(&cmyk);
    assert_eq!(report.status, Ok(()));
    let decoded = image::load_from_memory(&file).unwrap().into_luma8();
    let light = GrayImage::from_fn(128, 96, |x, y| {
        let ink = u32::from(decoded.get_pixel(x, y)[0]);
        Luma([(ink * ink / 255) as u8])
    });
    let distance = canonical(&report, 0).distance(of_grey(&light).0.hashes[0]).0;
    assert!(distance <= 8, "{distance} bits");
}

/// A GIF frame of palette indices below 128.
struct GifFrame {
    place: [u16; 4],
    disposal: u8,
    transparent: Option<u8>,
    indices: Vec<u8>,
}

/// Index to colour of the files below.
fn gif_colour(index: u8) -> [u8; 3] {
    [2 * index, 255 - index, index ^ 0x55]
}

/// An animation whose codes are one byte each, because the dictionary is cleared in time.
fn gif_by_hand(width: u16, height: u16, frames: &[GifFrame]) -> Vec<u8> {
    let mut file = b"GIF89a".to_vec();
    file.extend([width, height].map(u16::to_le_bytes).concat());
    file.extend([0x80 | 6, 0, 0]);
    file.extend((0..128).flat_map(gif_colour));
    for frame in frames {
        let flags = frame.disposal << 2 | u8::from(frame.transparent.is_some());
        file.extend([0x21, 0xf9, 4, flags, 1, 0, frame.transparent.unwrap_or(0), 0]);
        file.push(0x2c);
        file.extend(frame.place.map(u16::to_le_bytes).concat());
        file.extend([0, 7]);
        let mut codes = Vec::new();
        for part in frame.indices.chunks(100) {
            codes.push(0x80);
            codes.extend(part);
        }
        codes.push(0x81);
        for block in codes.chunks(255) {
            file.push(block.len() as u8);
            file.extend(block);
        }
        file.push(0);
    }
    file.push(0x3b);
    file
}

#[test]
fn gif_frames_are_composed() {
    let index = |x: u32, y: u32, seed: u32| grey(60, 50, seed).get_pixel(x, y)[0] / 2;
    let full: Vec<u8> =
        (0..50).flat_map(|y| (0..60).map(move |x| (x, y))).map(|(x, y)| index(x, y, 1)).collect();
    // A corner with holes, which goes away again; then another one over the first frame.
    let holes = |x: u32, y: u32| if (x + y) % 3 == 0 { 5 } else { index(x, y, 2).max(6) };
    let corner: Vec<u8> =
        (0..20).flat_map(|y| (0..25).map(move |x| (x, y))).map(|(x, y)| holes(x, y)).collect();
    let last = vec![100; 10 * 10];
    let frame = |place, disposal, transparent, indices: &Vec<u8>| GifFrame {
        place,
        disposal,
        transparent,
        indices: indices.clone(),
    };
    let file = gif_by_hand(
        60,
        50,
        &[
            frame([0, 0, 60, 50], 1, None, &full),
            frame([30, 25, 25, 20], 3, Some(5), &corner),
            frame([2, 3, 10, 10], 1, None, &last),
        ],
    );
    let first = RgbImage::from_fn(60, 50, |x, y| Rgb(gif_colour(index(x, y, 1))));
    let second = RgbImage::from_fn(60, 50, |x, y| {
        let inside = (30..55).contains(&x) && (25..45).contains(&y);
        match inside.then(|| holes(x - 30, y - 25)) {
            Some(index) if index != 5 => Rgb(gif_colour(index)),
            _ => *first.get_pixel(x, y),
        }
    });
    let third = RgbImage::from_fn(60, 50, |x, y| {
        if (2..12).contains(&x) && (3..13).contains(&y) {
            Rgb(gif_colour(100))
        } else {
            *first.get_pixel(x, y)
        }
    });
    // Many writers leave the trailer away; nothing is missing without it.
    for file in [&file[..], &file[..file.len() - 1]] {
        let report = examine(file);
        assert_eq!(report.status, Ok(()));
        assert_eq!((report.frames_examined, report.frames_total), (3, Some(3)));
        for (i, expected) in [&first, &second, &third].into_iter().enumerate() {
            assert_frame(&report, i as u32, &of_rgb(expected));
        }
    }
    let cut = examine(&file[..file.len() - 40]);
    assert_eq!(cut.status.unwrap_err().reason, Reason::Truncated);
    assert_eq!(cut.frames_examined, 2);
    assert_eq!(cut.frames_total, Some(3));
}

#[test]
fn animated_png_frames_are_composed() {
    let frames: Vec<RgbImage> = (0..3).map(|i| picture(40, 30, i)).collect();
    let mut file = Vec::new();
    {
        let mut encoder = png::Encoder::new(&mut file, 40, 30);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_animated(3, 0).unwrap();
        let mut writer = encoder.write_header().unwrap();
        for frame in &frames {
            writer.write_image_data(frame).unwrap();
        }
    }
    let report = examine(&file);
    assert_eq!(report.status, Ok(()));
    assert_eq!((report.frames_examined, report.frames_total), (3, Some(3)));
    frames
        .iter()
        .enumerate()
        .for_each(|(i, frame)| assert_frame(&report, i as u32, &of_rgb(frame)));
}

/// The container of an animated WebP file around the bitstreams of still ones.
fn animated_webp(frames: &[RgbImage]) -> Vec<u8> {
    let three = |value: u32| value.to_le_bytes()[..3].to_vec();
    let chunk = |name: &[u8], body: &[u8]| {
        let mut chunk = name.to_vec();
        chunk.extend((body.len() as u32).to_le_bytes());
        chunk.extend(body);
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    };
    let (width, height) = frames[0].dimensions();
    let mut canvas = vec![0x02, 0, 0, 0];
    canvas.extend(three(width - 1));
    canvas.extend(three(height - 1));
    let mut body = b"WEBP".to_vec();
    body.extend(chunk(b"VP8X", &canvas));
    body.extend(chunk(b"ANIM", &[0; 6]));
    for frame in frames {
        let still = encode(&DynamicImage::from(frame.clone()), ImageFormat::WebP);
        let mut part =
            [three(0), three(0), three(width - 1), three(height - 1), three(100)].concat();
        part.push(0);
        // Behind the RIFF header of the still picture stands its one bitstream chunk.
        part.extend(&still[12..]);
        body.extend(chunk(b"ANMF", &part));
    }
    chunk(b"RIFF", &body)
}

#[test]
fn animated_webp_frames_are_composed() {
    let frames: Vec<RgbImage> = (0..4).map(|i| picture(50, 36, i)).collect();
    let report = examine(&animated_webp(&frames));
    assert_eq!(report.status, Ok(()));
    assert_eq!((report.frames_examined, report.frames_total), (4, Some(4)));
    frames
        .iter()
        .enumerate()
        .for_each(|(i, frame)| assert_frame(&report, i as u32, &of_rgb(frame)));
}

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

#[test]
fn portable_maps_of_all_kinds() {
    let source = grey(40, 30, 6);
    let bits = GrayImage::from_fn(40, 30, |x, y| {
        Luma([if source.get_pixel(x, y)[0] > 120 { 255 } else { 0 }])
    });
    let encode = |subtype, data: &GrayImage| {
        let mut file = Vec::new();
        pnm::PnmEncoder::new(&mut file)
            .with_subtype(subtype)
            .write_image(data, 40, 30, ExtendedColorType::L8)
            .unwrap();
        file
    };
    use pnm::{
        PnmSubtype,
        SampleEncoding::{Ascii, Binary},
    };
    for coding in [Ascii, Binary] {
        let report = examine(&encode(PnmSubtype::Graymap(coding), &source));
        assert_eq!(report.status, Ok(()));
        assert_frame(&report, 0, &of_grey(&source));
    }
    let report = examine(&encode(PnmSubtype::ArbitraryMap, &source));
    assert_frame(&report, 0, &of_grey(&source));
    let rows: String = bits
        .rows()
        .map(|row| row.map(|p| if p[0] == 0 { "1 " } else { "0 " }).collect::<String>() + "\n")
        .collect();
    let report = examine(format!("P1\n# made by hand\n40 30\n{rows}").as_bytes());
    assert_eq!(report.status, Ok(()));
    assert_frame(&report, 0, &of_grey(&bits));
}

#[test]
fn compressed_tga_without_a_signature() {
    let source = picture(50, 40, 3);
    let mut file = Vec::new();
    tga::TgaEncoder::new(&mut file).encode(&source, 50, 40, ExtendedColorType::Rgb8).unwrap();
    assert_eq!(file[2], 10, "the encoder compresses");
    let report = examine(&file);
    assert_eq!(report.status, Ok(()));
    assert_frame(&report, 0, &of_rgb(&source));
}

#[test]
fn tiny_pictures_are_examined_but_not_hashed() {
    for (width, height) in [(1, 1), (4, 4), (4, 100), (100, 4)] {
        let file = encode(&DynamicImage::from(picture(width, height, 1)), ImageFormat::Png);
        let report = examine(&file);
        assert_eq!(report.status, Ok(()));
        assert_eq!(report.frames_examined, 1);
        assert!(report.hashes.is_empty());
    }
}

#[test]
fn a_name_never_decides() {
    assert_eq!(
        format_of(&encode(&DynamicImage::from(picture(8, 8, 1)), ImageFormat::Bmp)),
        PictureFormat::Bmp
    );
}
