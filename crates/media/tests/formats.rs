//! Every format and kind of pixel: what is hashed is exactly what the documentation says.
#![allow(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

mod common;

use common::*;
use hashward_media::PictureFormat;
use image::codecs::{jpeg, pnm, tga};
use image::{
    DynamicImage, ExtendedColorType, GrayImage, ImageBuffer, ImageEncoder as _, ImageFormat, Luma,
    LumaA, Rgb, RgbImage, Rgba, RgbaImage,
};

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
    // Two decoders may differ by a grey level here and there.
    let distance = canonical(&examine(&file), 0).distance(of_grey(&decoded).0.hashes[0]).0;
    assert!(distance <= 4, "{distance} bits");
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
