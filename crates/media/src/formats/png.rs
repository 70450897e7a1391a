//! PNG, and animated PNG with its frames composed as a viewer shows them.

use crate::plane::{Plane, keep, narrow};
use crate::session::Session;
use crate::trouble::from_error;
use crate::{Reason, Trouble};
use image::codecs::png::PngDecoder;
use image::{AnimationDecoder as _, ColorType as ImageColor};
use png::{BitDepth, ColorType, Transformations};
use std::io::Cursor;

pub(super) fn decode(bytes: &[u8], session: &mut Session<'_>) -> Result<(), Trouble> {
    session.phase("read PNG header");
    let header = Header::read(bytes)?;
    session.size(header.width, header.height);
    session.admit(header.width, header.height)?;
    let frames = animation_frames(bytes).unwrap_or(1);
    session.total(frames.max(1));
    if frames > 1 && !header.wide {
        return animation(bytes, &header, frames, session);
    }
    let plane = still(bytes, &header, session)?;
    session.frame(0, &plane);
    if frames > 1 {
        return Err(Trouble::new(Reason::Unsupported, "animated PNG with 16 bits a sample"));
    }
    Ok(())
}

struct Header {
    width: u32,
    height: u32,
    wide: bool,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, Trouble> {
        let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits(0));
        let info = decoder.read_header_info().map_err(|error| from_error(&error))?;
        let wide = info.bit_depth == BitDepth::Sixteen;
        Ok(Self { width: info.width, height: info.height, wide })
    }
}

/// What a PNG decoder may allocate beyond rows: nothing that the pixels do not need.
fn limits(extra: u64) -> png::Limits {
    png::Limits { bytes: usize::try_from(extra + (1 << 20)).unwrap_or(usize::MAX) }
}

/// One frame, grey as grey. Text and colour profiles are skipped unread, transparent colours
/// are left alone, palettes and small samples are expanded.
pub(super) fn still_plane(bytes: &[u8], session: &mut Session<'_>) -> Result<Plane, Trouble> {
    let header = Header::read(bytes)?;
    session.size(header.width, header.height);
    session.admit(header.width, header.height)?;
    still(bytes, &header, session)
}

fn still(bytes: &[u8], header: &Header, session: &mut Session<'_>) -> Result<Plane, Trouble> {
    session.spend(header.width, header.height)?;
    let mut decoder =
        png::Decoder::new_with_limits(Cursor::new(bytes), limits(u64::from(header.width) * 16));
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(|error| from_error(&error))?;
    let (color, depth) = reader.output_color_type();
    let bytes_per_pixel = (color.samples() as u64) * if depth == BitDepth::Sixteen { 2 } else { 1 };
    // The picture, and a few rows with their window of unpacked data.
    let rows = u64::from(header.width) * bytes_per_pixel * 16;
    let pixels = u64::from(header.width) * u64::from(header.height);
    session.memory_bytes(pixels * bytes_per_pixel + rows)?;
    session.phase("decode PNG");
    let length = reader
        .output_buffer_size()
        .ok_or_else(|| Trouble::new(Reason::Limit, "the picture does not fit the address space"))?;
    let mut data = vec![0; length];
    reader.next_frame(&mut data).map_err(|error| from_error(&error))?;
    // A file that ends right behind its pixels lost only its end marker, but is cut all the same.
    if depth == BitDepth::Sixteen {
        narrow(&mut data, u16::from_be_bytes);
    }
    let (width, height) = (header.width, header.height);
    Ok(match color {
        ColorType::Grayscale => Plane::luma(width, height, data),
        ColorType::GrayscaleAlpha => {
            keep::<2, 1>(&mut data);
            Plane::luma(width, height, data)
        }
        ColorType::Rgb => Plane::rgb(width, height, data),
        ColorType::Rgba => {
            keep::<4, 3>(&mut data);
            Plane::rgb(width, height, data)
        }
        ColorType::Indexed => {
            return Err(Trouble::new(Reason::Corrupt, "the picture has no palette"));
        }
    })
}

/// Number of frames that the animation control chunk states, if there is one before the pixels.
fn animation_frames(bytes: &[u8]) -> Option<u32> {
    let mut at = 8_usize;
    loop {
        let head = bytes.get(at..at.checked_add(8)?)?;
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        match &head[4..8] {
            b"acTL" => {
                let count = bytes.get(at + 8..at + 12)?;
                return Some(u32::from_be_bytes([count[0], count[1], count[2], count[3]]));
            }
            b"IDAT" | b"IEND" => return None,
            _ => at = at.checked_add(12)?.checked_add(length)?,
        }
    }
}

fn animation(
    bytes: &[u8],
    header: &Header,
    frames: u32,
    session: &mut Session<'_>,
) -> Result<(), Trouble> {
    // Two canvases, one decoded frame, its RGBA form and the copy that is handed out.
    let memory = 4 * 5 * u64::from(header.width) * u64::from(header.height);
    session.memory_bytes(memory)?;
    session.phase("decode animated PNG");
    let limits = {
        let mut limits = image::Limits::no_limits();
        limits.max_alloc = Some(memory + session.limits.metadata_bytes);
        limits
    };
    let decoder =
        PngDecoder::with_limits(Cursor::new(bytes), limits).map_err(|error| from_error(&error))?;
    let decoder = decoder.apng().map_err(|error| from_error(&error))?;
    let mut decoded = 0;
    for frame in decoder.into_frames() {
        session.spend(header.width, header.height)?;
        session.phase("decode frame of animated PNG");
        let frame = frame.map_err(|error| from_error(&error))?;
        let buffer = frame.into_buffer();
        let (width, height) = buffer.dimensions();
        let plane = Plane::from_image(width, height, ImageColor::Rgba8, buffer.into_raw());
        if let Some(plane) = plane {
            session.frame(decoded, &plane);
        }
        decoded += 1;
    }
    if decoded < frames {
        return Err(Trouble::new(
            Reason::Truncated,
            format!("the animation has {decoded} of the {frames} frames that it states"),
        ));
    }
    Ok(())
}
