//! Animations are hashed frame by frame, composed as a viewer shows them.
#![allow(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

mod common;

use common::*;
use hashward_media::Reason;
use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage};

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
fn gif_by_hand(width: u16, height: u16, colour: fn(u8) -> [u8; 3], frames: &[GifFrame]) -> Vec<u8> {
    let mut file = b"GIF89a".to_vec();
    file.extend([width, height].map(u16::to_le_bytes).concat());
    file.extend([0x80 | 6, 0, 0]);
    file.extend((0..128).flat_map(colour));
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
    let holes = |x: u32, y: u32| if (x + y).is_multiple_of(3) { 5 } else { index(x, y, 2).max(6) };
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
        gif_colour,
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

/// Two frames of palettes without colour are hashed as grey pictures are; the second one, of which
/// a part lies beyond the canvas, goes away to the empty canvas.
#[test]
fn gif_palettes_of_grey_make_grey_pictures() {
    let first = grey(60, 50, 1);
    let halves: Vec<u8> = first.as_raw().iter().map(|value| value / 2).collect();
    let frame = |place, indices: &[u8]| GifFrame {
        place,
        disposal: 2,
        transparent: None,
        indices: indices.to_vec(),
    };
    let frames = [frame([0, 0, 60, 50], &halves), frame([40, 30, 60, 50], &halves)];
    let file = gif_by_hand(60, 50, |index| [2 * index; 3], &frames);
    let report = examine(&file);
    assert_eq!((report.status.clone(), report.frames_examined), (Ok(()), 2));
    let shown = |x, y| Luma([first.get_pixel(x, y)[0] / 2 * 2]);
    assert_frame(&report, 0, &of_grey(&GrayImage::from_fn(60, 50, shown)));
    let corner = GrayImage::from_fn(60, 50, |x, y| {
        if x >= 40 && y >= 30 { shown(x - 40, y - 30) } else { Luma([0]) }
    });
    assert_frame(&report, 1, &of_grey(&corner));
}

/// An animated PNG of frames in the right lower corner of one another, with every way to blend and
/// to dispose of them.
fn animated_png(color: png::ColorType, depth: png::BitDepth, frames: u32) -> Vec<u8> {
    let bytes = if depth == png::BitDepth::Sixteen { 2 } else { 1 };
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 48, 40);
    encoder.set_color(color);
    encoder.set_depth(depth);
    encoder.set_animated(frames, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    for i in 0..frames {
        let (width, height) = (48 - 5 * i, 40 - 4 * i);
        writer.set_frame_dimension(width, height).unwrap();
        writer.set_frame_position(5 * i, 4 * i).unwrap();
        use png::{BlendOp, DisposeOp};
        writer.set_blend_op(if i % 2 == 1 { BlendOp::Over } else { BlendOp::Source }).unwrap();
        // `image` goes back to what it should have cleared when these two stand the other way round.
        let dispose = [DisposeOp::None, DisposeOp::Previous, DisposeOp::Background];
        writer.set_dispose_op(dispose[i as usize % 3]).unwrap();
        let samples = (width * height) as usize * color.samples() * bytes;
        let value = |at: usize| (at * (7 + i as usize) / 3 + at / 90 * 11) as u8;
        writer.write_image_data(&(0..samples).map(value).collect::<Vec<u8>>()).unwrap();
    }
    drop(writer);
    file
}

/// What the `image` crate composes has the same pixels, and the same hash where it has colours.
#[test]
fn animated_png_frames_are_blended_and_disposed_of() {
    use image::AnimationDecoder as _;
    use image::codecs::png::PngDecoder;
    use png::{BitDepth::Eight, BitDepth::Sixteen, ColorType};
    for color in [ColorType::Grayscale, ColorType::GrayscaleAlpha, ColorType::Rgb, ColorType::Rgba]
    {
        let file = animated_png(color, Eight, 7);
        let report = examine(&file);
        assert_eq!((report.status.clone(), report.frames_examined), (Ok(()), 7), "{color:?}");
        let decoder = PngDecoder::new(std::io::Cursor::new(&file)).unwrap().apng().unwrap();
        for (number, frame) in (0..).zip(decoder.into_frames()) {
            let frame = DynamicImage::from(frame.unwrap().into_buffer());
            if matches!(color, ColorType::Rgb | ColorType::Rgba) {
                assert_frame(&report, number, &of_rgb(&frame.to_rgb8()));
            } else {
                let red = |x, y| Luma([image::GenericImageView::get_pixel(&frame, x, y)[0]]);
                assert_frame(&report, number, &of_grey(&GrayImage::from_fn(48, 40, red)));
            }
        }
        // Samples of 16 bits are narrowed first.
        let report = examine(&animated_png(color, Sixteen, 7));
        assert_eq!((report.status, report.frames_examined), (Ok(()), 7), "{color:?}");
    }
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

/// The rows of all frames together are more than a decoder may keep of one.
#[test]
fn many_wide_frames_of_a_png_are_all_read() {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 20_000, 6);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_animated(40, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    for frame in 0..40 {
        writer.write_image_data(&[frame; 4 * 20_000 * 6]).unwrap();
    }
    drop(writer);
    let report = examine(&file);
    assert_eq!((report.status, report.frames_examined), (Ok(()), 40));
}

/// Whether a program knows animations or not, what it shows is hashed.
#[test]
fn a_png_picture_beside_its_animation_is_hashed_too() {
    let [still, first, second] = [0, 1, 2].map(|seed| picture(40, 30, seed));
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 40, 30);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_animated(2, 0).unwrap();
    encoder.set_sep_def_img(true).unwrap();
    let mut writer = encoder.write_header().unwrap();
    for frame in [&still, &first, &second] {
        writer.write_image_data(frame).unwrap();
    }
    drop(writer);
    let report = examine(&file);
    assert_eq!(report.status, Ok(()));
    assert_eq!((report.frames_examined, report.frames_total), (3, Some(3)));
    for (number, frame) in (0..).zip([&still, &first, &second]) {
        assert_frame(&report, number, &of_rgb(frame));
    }
}

/// Two animations that no program shows: more frames than there may be, and none at all.
#[test]
fn a_png_picture_with_a_false_word_of_an_animation_is_hashed() {
    let picture = picture(40, 30, 3);
    let file = encode(&DynamicImage::from(picture.clone()), ImageFormat::Png);
    for frames in [2, u32::MAX] {
        let mut chunk = b"acTL".to_vec();
        chunk.extend([frames, 0].map(u32::to_be_bytes).concat());
        let crc = !chunk.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
            })
        });
        let mut false_one = file[..33].to_vec();
        false_one.extend(8_u32.to_be_bytes());
        false_one.extend(chunk);
        false_one.extend(crc.to_be_bytes());
        false_one.extend(&file[33..]);
        let report = examine(&false_one);
        assert_frame(&report, 0, &of_rgb(&picture));
        assert_eq!(report.frames_examined, 1);
        assert_eq!(report.status.is_ok(), frames == u32::MAX, "{:?}", report.status);
    }
}

#[test]
fn a_gif_with_a_long_description_is_read() {
    let indices: Vec<u8> = (0..60 * 50).map(|i| (i % 125) as u8).collect();
    let frame = GifFrame { place: [0, 0, 60, 50], disposal: 1, transparent: None, indices };
    let plain = gif_by_hand(60, 50, gif_colour, &[frame]);
    let mut file = plain[..13 + 3 * 128].to_vec();
    file.extend([0x21, 0xff, 11]);
    file.extend(b"XMP DataXMP");
    for _ in 0..12_000 {
        file.push(255);
        file.extend([b'x'; 255]);
    }
    file.push(0);
    file.extend(&plain[13 + 3 * 128..]);
    let (report, expected) = (examine(&file), examine(&plain));
    assert_eq!((&report.status, report.frames_examined), (&Ok(()), 1));
    assert_eq!(report.hashes, expected.hashes);
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
