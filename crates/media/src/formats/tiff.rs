//! TIFF, also with 64-bit offsets: every page of the chain.

use super::tiff_structure::{IndicesAsGrey, Page, walk};
use crate::plane::{Plane, keep, to_eight_bits};
use crate::session::Session;
use crate::trouble::from_error;
use crate::{Reason, Trouble};
use tiff::ColorType;
use tiff::decoder::{BufferLayoutPreference, Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

pub(super) fn decode(bytes: &[u8], session: &mut Session<'_>) -> Result<(), Trouble> {
    session.phase("read TIFF directories");
    let structure = walk(bytes);
    let pages = &structure.pages;
    session.total(u32::try_from(pages.len()).unwrap_or(u32::MAX));
    if let Some(first) = pages.first() {
        session.size(first.width, first.height);
    }
    session.memory_bytes(memory(pages, session))?;
    let trouble;
    match Decoder::new(IndicesAsGrey::new(bytes, &structure)) {
        Ok(decoder) => {
            let limit = usize::try_from(session.limits.memory_bytes).unwrap_or(usize::MAX);
            let mut limits = Limits::default();
            limits.decoding_buffer_size = limit;
            limits.intermediate_buffer_size = limit;
            limits.ifd_value_size = limit.min(16 << 20);
            trouble = all_pages(decoder.with_limits(limits), pages, session).err();
        }
        // A first page beyond the limits has too few strips for its size, which the decoder
        // notices first.
        Err(error) => {
            let admitted =
                pages.first().map_or(Ok(()), |page| session.admit(page.width, page.height));
            trouble = Some(admitted.err().unwrap_or_else(|| from_error(&error)));
        }
    }
    let kept = |reason| trouble.as_ref().is_some_and(|trouble: &Trouble| trouble.reason == reason);
    if structure.raw || (structure.sub_pictures && !kept(Reason::Limit)) {
        let what = if structure.raw {
            "camera raw picture: only its plain pages were examined"
        } else {
            "the file keeps further pictures in sub-directories"
        };
        return Err(Trouble::new(Reason::Unsupported, what));
    }
    match trouble {
        Some(trouble) if structure.truncated && trouble.reason == Reason::Corrupt => {
            Err(truncated())
        }
        Some(trouble) => Err(trouble),
        None if structure.truncated => Err(truncated()),
        None if pages.is_empty() => Err(Trouble::new(Reason::Corrupt, "the file has no page")),
        None => Ok(()),
    }
}

fn truncated() -> Trouble {
    Trouble::new(Reason::Truncated, "the file ends before its last page does")
}

/// The most that any page within the limits takes: its samples (up to 16 bits, and once more as
/// bytes) and a strip of it, packed and unpacked.
fn memory(pages: &[Page], session: &Session<'_>) -> u64 {
    let within = |pixels: &u64| *pixels <= session.limits.frame_pixels;
    pages
        .iter()
        .map(|page| {
            let pixels = u64::from(page.width) * u64::from(page.height);
            (pixels, pixels.saturating_mul(u64::from(page.samples.clamp(1, 8)) * 4))
        })
        .filter(|(pixels, _)| within(pixels))
        .map(|(_, bytes)| bytes)
        .filter(|bytes| *bytes < session.limits.memory_bytes)
        .max()
        .unwrap_or(0)
}

/// Decodes page after page; the first trouble is returned, but does not end the others.
fn all_pages(
    mut decoder: Decoder<IndicesAsGrey<'_>>,
    pages: &[Page],
    session: &mut Session<'_>,
) -> Result<(), Trouble> {
    let mut first_trouble = None;
    let mut index = 0;
    loop {
        session.phase("decode TIFF page");
        let palette = pages.get(index as usize).is_some_and(|page| page.palette.is_some());
        match page(&mut decoder, palette, session) {
            Ok(plane) => session.frame(index, &plane),
            Err(trouble) => {
                let end = trouble.reason == Reason::Limit && index >= session.limits.frames;
                first_trouble = first_trouble.or(Some(trouble));
                if end {
                    break;
                }
            }
        }
        index += 1;
        // A directory that cannot be read as a page does not hide those behind it.
        let mut found = false;
        while !found && decoder.more_images() && (index as usize) < pages.len() {
            match decoder.next_image() {
                Ok(()) => found = true,
                Err(error) => {
                    first_trouble = first_trouble.or(Some(from_error(&error)));
                    index += 1;
                }
            }
        }
        if !found {
            break;
        }
    }
    first_trouble.map_or(Ok(()), Err)
}

fn page(
    decoder: &mut Decoder<IndicesAsGrey<'_>>,
    palette: bool,
    session: &mut Session<'_>,
) -> Result<Plane, Trouble> {
    let (width, height) = decoder.dimensions().map_err(|error| from_error(&error))?;
    session.admit(width, height)?;
    session.spend(width, height)?;
    let mut color = decoder.colortype().map_err(|error| from_error(&error))?;
    let mut colours = Vec::new();
    if palette && let ColorType::Gray(bits) = color {
        color = ColorType::Palette(bits);
        colours = decoder.get_tag_u16_vec(Tag::ColorMap).map_err(|error| from_error(&error))?;
    }
    let layout = decoder.image_buffer_layout().map_err(|error| from_error(&error))?;
    // The samples, once more as bytes or as RGB, and a strip of it packed and unpacked.
    let pixels = u64::from(width) * u64::from(height);
    session.memory_bytes((2 * layout.complete_len as u64).max(4 * pixels))?;
    let mut data = DecodingResult::U8(Vec::new());
    let layout = decoder.read_image_to_buffer(&mut data).map_err(|error| from_error(&error))?;
    let data = match data {
        DecodingResult::U8(data) => data,
        DecodingResult::U16(data) => data.into_iter().map(to_eight_bits).collect(),
        _ => return Err(unsupported("samples other than 1 to 16 bit integers")),
    };
    to_plane(width, height, color, data, &colours, &layout)
}

fn unsupported(what: &str) -> Trouble {
    Trouble::new(Reason::Unsupported, format!("TIFF with {what}"))
}

fn to_plane(
    width: u32,
    height: u32,
    color: ColorType,
    mut data: Vec<u8>,
    palette: &[u16],
    layout: &BufferLayoutPreference,
) -> Result<Plane, Trouble> {
    let pixels = width as usize * height as usize;
    if layout.planes > 1 {
        data = interleave(&data, layout.planes, pixels, color)?;
    }
    let plane = match color {
        ColorType::Gray(8 | 16) => Plane::luma(width, height, data),
        ColorType::Gray(bits @ (1 | 2 | 4)) => {
            let factor = 255 / ((1_u8 << bits) - 1);
            let mut data = unpack(&data, width, bits);
            data.iter_mut().for_each(|sample| *sample *= factor);
            Plane::luma(width, height, data)
        }
        ColorType::GrayA(8 | 16) | ColorType::Multiband { bit_depth: 8 | 16, num_samples: 2 } => {
            keep::<2, 1>(&mut data);
            Plane::luma(width, height, data)
        }
        // The first component is luma at full resolution, as in a JPEG file.
        ColorType::YCbCr(8) => {
            keep::<3, 1>(&mut data);
            Plane::luma(width, height, data)
        }
        ColorType::Palette(bits @ (1 | 2 | 4 | 8)) => {
            let indices = if bits == 8 { data } else { unpack(&data, width, bits) };
            Plane::rgb(width, height, look_up(&indices, palette)?)
        }
        ColorType::RGB(8 | 16) => Plane::rgb(width, height, data),
        ColorType::RGBA(8 | 16) => {
            keep::<4, 3>(&mut data);
            Plane::rgb(width, height, data)
        }
        ColorType::CMYK(8 | 16) => {
            ink_to_light(&mut data);
            keep::<4, 3>(&mut data);
            Plane::rgb(width, height, data)
        }
        other => return Err(unsupported(&format!("colours of the kind {other:?}"))),
    };
    let (samples, length) = match &plane.samples {
        crate::plane::Samples::Luma(data) => (1, data.len()),
        crate::plane::Samples::Rgb(data) => (3, data.len()),
    };
    if length < pixels * samples {
        return Err(Trouble::new(Reason::Corrupt, "a page holds fewer samples than it states"));
    }
    Ok(plane)
}

/// From one plane for each sample to samples side by side. Only the first three matter, or the
/// first one of grey.
fn interleave(
    data: &[u8],
    planes: usize,
    pixels: usize,
    color: ColorType,
) -> Result<Vec<u8>, Trouble> {
    let samples = match color {
        ColorType::RGB(8 | 16) => 3,
        ColorType::RGBA(8 | 16) | ColorType::CMYK(8 | 16) => 4,
        _ => return Err(unsupported("separate planes of unusual colours")),
    };
    if planes < samples || data.len() < planes * pixels {
        return Err(Trouble::new(Reason::Corrupt, "a page holds fewer planes than it states"));
    }
    let mut out = Vec::with_capacity(pixels * samples);
    for pixel in 0..pixels {
        out.extend((0..samples).map(|sample| data[sample * pixels + pixel]));
    }
    Ok(out)
}

/// Samples of 1, 2 or 4 bits to one byte each, unscaled; rows begin at whole bytes.
fn unpack(data: &[u8], width: u32, bits: u8) -> Vec<u8> {
    let per_byte = usize::from(8 / bits);
    let width = width as usize;
    let mask = (1_u8 << bits) - 1;
    let row = |row: &[u8], out: &mut Vec<u8>| {
        out.extend((0..width).map(|x| {
            let shift = 8 - usize::from(bits) * (x % per_byte + 1);
            row[x / per_byte] >> shift & mask
        }));
    };
    let mut out = Vec::with_capacity(data.len() * per_byte);
    data.chunks_exact(width.div_ceil(per_byte)).for_each(|bytes| row(bytes, &mut out));
    out
}

fn look_up(indices: &[u8], palette: &[u16]) -> Result<Vec<u8>, Trouble> {
    let entries = palette.len() / 3;
    let mut out = Vec::with_capacity(indices.len() * 3);
    for &index in indices {
        let index = usize::from(index);
        if index >= entries {
            return Err(Trouble::new(Reason::Corrupt, "a colour lies outside the palette"));
        }
        out.extend([0, 1, 2].map(|plane| to_eight_bits(palette[plane * entries + index])));
    }
    Ok(out)
}

/// Cyan, magenta, yellow and black to red, green and blue in the first three of each four bytes:
/// each light is what its ink and black let through.
fn ink_to_light(data: &mut [u8]) {
    for pixel in data.chunks_exact_mut(4) {
        let black = 255 - u32::from(pixel[3]);
        for sample in &mut pixel[..3] {
            *sample = (((255 - u32::from(*sample)) * black + 127) / 255) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tiff_structure::Structure;
    use super::*;

    #[test]
    fn small_samples_are_unpacked_row_by_row() {
        assert_eq!(unpack(&[0b1010_0000, 0b0110_0000], 3, 1), [1, 0, 1, 0, 1, 1]);
        assert_eq!(unpack(&[0b1101_1000, 0b0100_0000], 4, 2), [3, 1, 2, 0, 1, 0, 0, 0]);
        assert_eq!(unpack(&[0x12, 0x30], 3, 4), [1, 2, 3]);
    }

    #[test]
    fn a_chain_that_bites_its_tail_ends() {
        let mut file = b"II*\0\x08\0\0\0\x01\0".to_vec();
        file.extend([0, 1, 3, 0, 1, 0, 0, 0, 7, 0, 0, 0]);
        file.extend(8_u32.to_le_bytes());
        let found = walk(&file);
        assert_eq!(found.pages, [Page { width: 7, samples: 1, ..Page::default() }]);
        assert_eq!(found, Structure { pages: found.pages.clone(), ..Structure::default() });
        assert!(walk(&file[..20]).truncated);
    }
}
