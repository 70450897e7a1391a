//! Broken and malicious files: never a panic, never a hang, and a reason that fits.
#![allow(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

mod common;

use common::*;
use hashward_media::{
    Host, Limits, MemoryRefused, PictureFormat, PictureReport, Plan, Reason, examine_picture,
};
use image::{DynamicImage, ImageFormat};
use proptest::prelude::*;

/// One small file of each format, with what it is.
fn fixtures() -> Vec<(&'static str, Vec<u8>)> {
    let colour = DynamicImage::from(picture(48, 37, 1));
    let transparent = DynamicImage::from(colour.to_rgba8());
    let plain = DynamicImage::from(grey(48, 37, 1));
    let mut animated_png = Vec::new();
    {
        let mut encoder = png::Encoder::new(&mut animated_png, 48, 37);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_animated(3, 0).unwrap();
        let mut writer = encoder.write_header().unwrap();
        for i in 0..3 {
            writer.write_image_data(&picture(48, 37, i)).unwrap();
        }
    }
    let mut pages = std::io::Cursor::new(Vec::new());
    {
        use tiff::encoder::{TiffEncoder, colortype};
        let mut encoder = TiffEncoder::new(&mut pages).unwrap();
        encoder.write_image::<colortype::RGB8>(48, 37, &picture(48, 37, 2)).unwrap();
        encoder.write_image::<colortype::Gray8>(48, 37, &grey(48, 37, 3)).unwrap();
    }
    vec![
        ("jpeg", encode(&colour, ImageFormat::Jpeg)),
        ("grey jpeg", encode(&plain, ImageFormat::Jpeg)),
        ("png", encode(&colour, ImageFormat::Png)),
        ("animated png", animated_png),
        ("gif", encode(&colour, ImageFormat::Gif)),
        ("webp", encode(&colour, ImageFormat::WebP)),
        ("bmp", encode(&colour, ImageFormat::Bmp)),
        ("tiff", pages.into_inner()),
        ("tga", encode(&transparent, ImageFormat::Tga)),
        ("ico", encode(&transparent, ImageFormat::Ico)),
        ("pnm", encode(&colour, ImageFormat::Pnm)),
        ("qoi", encode(&colour, ImageFormat::Qoi)),
    ]
}

#[test]
fn whole_fixtures_are_examined() {
    for (name, file) in fixtures() {
        assert_eq!(examine(&file).status, Ok(()), "{name}");
    }
}

/// Cut anywhere, a file is reported as truncated, or as corrupt where the format cannot tell.
#[test]
fn cut_files_are_reported_at_any_length() {
    for (name, file) in fixtures() {
        let format = format_of(&file);
        let step = (file.len() / 150).max(1);
        let lengths = (0..file.len().min(64)).chain((64..file.len()).step_by(step));
        let (mut truncated, mut others) = (0, 0);
        for length in lengths.chain(file.len() - 12..file.len()) {
            let report = examine_as(format, &file[..length]);
            match report.status {
                // The end marker alone may be missing: all pixels are there.
                Ok(()) => {
                    assert!(length + 12 >= file.len(), "{name} cut to {length} of {}", file.len());
                }
                Err(trouble) if trouble.reason == Reason::Truncated => truncated += 1,
                Err(trouble) => {
                    assert!(
                        matches!(trouble.reason, Reason::Corrupt | Reason::Unsupported),
                        "{name} cut to {length}: {trouble:?}"
                    );
                    others += 1;
                }
            }
        }
        assert!(truncated > 10 * others, "{name}: {truncated} truncated, {others} others");
    }
}

/// A host that grants a fixed amount and remembers what was asked for.
struct Counting {
    granted: u64,
    highest: u64,
}

impl Host for Counting {
    fn phase(&mut self, _text: &str) {}

    fn need_memory(&mut self, bytes: u64) -> Result<(), MemoryRefused> {
        self.highest = self.highest.max(bytes);
        if bytes <= self.granted { Ok(()) } else { Err(MemoryRefused { needed: bytes }) }
    }
}

fn with_limits(bytes: &[u8], limits: &Limits) -> (PictureReport, u64) {
    let mut host = Counting { granted: u64::MAX, highest: 0 };
    let report = examine_picture(bytes, format_of(bytes), limits, &Plan::default(), &mut host);
    (report, host.highest)
}

/// Memory is asked for before it is taken, and enough of it for the pixels.
#[test]
fn memory_is_asked_for_first() {
    for (name, file) in fixtures() {
        let format = format_of(&file);
        let mut host = Counting { granted: 0, highest: 0 };
        let report =
            examine_picture(&file, format, &Limits::default(), &Plan::default(), &mut host);
        assert!(host.highest >= 48 * 37, "{name}");
        assert_eq!(report.status.unwrap_err().reason, Reason::Memory, "{name}");
        assert_eq!(report.frames_examined, 0, "{name}");
        let tight = Limits { memory_bytes: 48 * 37, ..Limits::default() };
        let (report, asked) = with_limits(&file, &tight);
        assert_eq!(report.status.unwrap_err().reason, Reason::Limit, "{name}");
        assert_eq!(asked, 0, "{name}");
    }
}

#[test]
fn pixel_limits_refuse_before_decoding() {
    let tight = Limits { frame_pixels: 48 * 37 - 1, ..Limits::default() };
    for (name, file) in fixtures() {
        let (report, _) = with_limits(&file, &tight);
        assert_eq!(report.status.unwrap_err().reason, Reason::Limit, "{name}");
        assert!(report.hashes.is_empty(), "{name}");
        assert_eq!((report.width, report.height), (Some(48), Some(37)), "{name}");
    }
}

#[test]
fn animations_are_cut_at_the_limits() {
    let file = fixtures().into_iter().find(|(name, _)| *name == "animated png").unwrap().1;
    let frames = Limits { frames: 2, ..Limits::default() };
    let pixels = Limits { total_pixels: 48 * 37 * 5 / 2, ..Limits::default() };
    for limits in [frames, pixels] {
        let (report, _) = with_limits(&file, &limits);
        assert_eq!(report.status.unwrap_err().reason, Reason::Limit);
        assert_eq!((report.frames_examined, report.frames_total), (2, Some(3)));
        assert_eq!(report.hashes.len(), 2 * 8);
    }
}

fn png_chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut crc = u32::MAX;
    for &byte in name.iter().chain(body) {
        crc ^= u32::from(byte);
        (0..8).for_each(|_| crc = if crc & 1 != 0 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 });
    }
    [&(body.len() as u32).to_be_bytes()[..], name, body, &(!crc).to_be_bytes()].concat()
}

fn png_of(width: u32, height: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut header = [width, height].map(u32::to_be_bytes).concat();
    header.extend([8, 2, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    file.extend(png_chunk(b"IHDR", &header));
    file.extend(chunks.concat());
    file.extend(png_chunk(b"IDAT", b"\x78\x9c\x63"));
    file
}

#[test]
fn enormous_headers_are_refused_as_limit() {
    let mut bmp = encode(&DynamicImage::from(picture(8, 8, 1)), ImageFormat::Bmp);
    bmp[18..22].copy_from_slice(&60_000_u32.to_le_bytes());
    bmp[22..26].copy_from_slice(&60_000_u32.to_le_bytes());
    let mut qoi = encode(&DynamicImage::from(picture(8, 8, 1)), ImageFormat::Qoi);
    qoi[4..12].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let mut gif = encode(&DynamicImage::from(picture(8, 8, 1)), ImageFormat::Gif);
    gif[6..10].copy_from_slice(&[0x60, 0xea, 0x60, 0xea]);
    let mut jpeg = encode(&DynamicImage::from(picture(8, 8, 1)), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
    let mut tiff = encode(&DynamicImage::from(picture(8, 8, 1)), ImageFormat::Tiff);
    let directory = u32::from_le_bytes([tiff[4], tiff[5], tiff[6], tiff[7]]) as usize;
    for entry in 0..usize::from(tiff[directory]) {
        let at = directory + 2 + 12 * entry;
        if matches!(tiff[at..at + 2], [0, 1] | [1, 1]) {
            tiff[at + 8..at + 12].copy_from_slice(&60_000_u32.to_le_bytes());
        }
    }
    let files = [
        ("png", png_of(60_000, 60_000, &[])),
        ("bmp", bmp),
        ("qoi", qoi),
        ("gif", gif),
        ("jpeg", jpeg),
        ("tiff", tiff),
        ("pnm", b"P6\n60000 60000\n255\n".to_vec()),
    ];
    for (name, file) in files {
        let (report, asked) = with_limits(&file, &Limits::default());
        assert_eq!(report.status.unwrap_err().reason, Reason::Limit, "{name}");
        assert_eq!((report.width, report.height), (Some(60_000), Some(60_000)), "{name}");
        assert!(asked <= 2 << 20, "{name} asked for {asked}");
    }
}

/// Text and profiles that unpack to much more than they are do not matter, nor do broken ones.
#[test]
fn png_metadata_is_skipped_unread() {
    let picture = picture(48, 37, 1);
    let plain = encode(&DynamicImage::from(picture.clone()), ImageFormat::Png);
    // 64 MiB of zeros in a few stored-block headers would be honest; a promise is enough here.
    let bomb =
        {
            let mut packed = vec![0x78, 0x9c];
            // A fixed-Huffman block of 'a' and then matches of length 258 at distance 1.
            let mut bits = String::from("110");
            bits.push_str("10010001");
            for _ in 0..200_000 {
                bits.push_str("11000101");
                bits.push_str("00000");
            }
            let bits = bits.into_bytes();
            packed.extend(bits.chunks(8).map(|byte| {
                byte.iter().enumerate().fold(0, |sum, (i, &bit)| sum | (bit - b'0') << i)
            }));
            packed
        };
    let mut file = plain[..33].to_vec();
    for (name, head) in
        [(b"zTXt", &b"Comment\0\0"[..]), (b"iTXt", b"Comment\0\x01\0\0\0"), (b"iCCP", b"p\0\0")]
    {
        file.extend(png_chunk(name, &[head, &bomb].concat()));
    }
    file.extend(png_chunk(b"eXIf", &[0x55; 100]));
    file.extend(&plain[33..]);
    let (report, asked) = with_limits(&file, &Limits::default());
    assert_eq!(report.status, Ok(()));
    assert_frame(&report, 0, &of_rgb(&picture));
    assert!(asked < 4 << 20, "asked for {asked}");
}

#[test]
fn damaged_jpeg_is_hashed_and_reported() {
    let source = DynamicImage::from(picture(320, 240, 1));
    let file = encode(&source, ImageFormat::Jpeg);
    let whole = canonical(&examine(&file), 0);
    let cut = examine(&file[..file.len() * 95 / 100]);
    assert_eq!(cut.status.clone().unwrap_err().reason, Reason::Truncated);
    assert!(canonical(&cut, 0).distance(whole).0 < 60, "most of the picture is there");
    let mut broken = file.clone();
    let middle = file.len() / 2;
    broken[middle..middle + 40].copy_from_slice(&[0xff, 0x3b].repeat(20));
    let broken = examine(&broken);
    assert_eq!(broken.status.unwrap_err().reason, Reason::Corrupt);
    assert_eq!(broken.frames_examined, 1);
}

#[test]
fn unusual_jpeg_codings_are_unsupported() {
    let file = encode(&DynamicImage::from(picture(32, 32, 1)), ImageFormat::Jpeg);
    let frame = file.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
    for coding in [0xc3, 0xc5, 0xc9, 0xca, 0xcb] {
        let mut changed = file.clone();
        changed[frame + 1] = coding;
        let report = examine(&changed);
        assert_eq!(report.status.unwrap_err().reason, Reason::Unsupported, "{coding:x}");
    }
    let mut deep = file.clone();
    deep[frame + 4] = 12;
    assert_eq!(examine(&deep).status.unwrap_err().reason, Reason::Unsupported);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Flipped, overwritten and removed bytes: some answer comes, within the limits.
    #[test]
    fn mutated_files_get_an_answer(
        changes in proptest::collection::vec((0.0..1.0_f64, any::<u8>()), 1..12),
        removed in 0.0..1.0_f64,
        count in 0_usize..20,
        early in any::<bool>(),
    ) {
        let limits = Limits {
            frame_pixels: 1 << 20,
            total_pixels: 1 << 22,
            memory_bytes: 64 << 20,
            frames: 8,
            ..Limits::default()
        };
        for (_, file) in fixtures() {
            let format = format_of(&file);
            let mut file = file;
            let reach = if early { file.len().min(200) } else { file.len() };
            for &(place, value) in &changes {
                file[(place * reach as f64) as usize] = value;
            }
            let start = (removed * file.len() as f64) as usize;
            file.drain(start..(start + count).min(file.len()));
            let mut host = Counting { granted: u64::MAX, highest: 0 };
            let report = examine_picture(&file, format, &limits, &Plan::default(), &mut host);
            prop_assert!(report.frames_examined <= limits.frames);
            prop_assert!(report.hashes.len() <= 16 * report.frames_examined as usize);
            prop_assert!(report.hashes.iter().all(|hash| hash.frame < limits.frames));
            prop_assert!(report.frames_total.is_none_or(|total| report.frames_examined <= total));
            prop_assert!(host.highest <= limits.memory_bytes);
        }
    }

    /// Arbitrary bytes behind each format's name.
    #[test]
    fn noise_gets_an_answer(noise in proptest::collection::vec(any::<u8>(), 0..600), format in 0_usize..10) {
        let format = [
            PictureFormat::Jpeg, PictureFormat::Png, PictureFormat::Gif, PictureFormat::WebP,
            PictureFormat::Bmp, PictureFormat::Tiff, PictureFormat::Ico, PictureFormat::Tga,
            PictureFormat::Pnm, PictureFormat::Qoi,
        ][format];
        let limits = Limits { frame_pixels: 1 << 20, memory_bytes: 64 << 20, ..Limits::default() };
        let mut host = Counting { granted: u64::MAX, highest: 0 };
        let report = examine_picture(&noise, format, &limits, &Plan::default(), &mut host);
        prop_assert!(host.highest <= limits.memory_bytes);
        prop_assert!(report.frames_examined <= 1 || format != PictureFormat::Jpeg);
    }
}
