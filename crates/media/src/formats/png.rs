//! PNG, and animated PNG with its frames composed as a viewer shows them.

use super::canvas::{Area, Canvas};
use crate::plane::{Plane, keep, narrow};
use crate::session::Session;
use crate::trouble::from_error;
use crate::{Reason, Trouble};
use image::{LumaA, Pixel, Rgba};
use png::{BitDepth, BlendOp, ColorType, DisposeOp, FrameControl, Transformations};
use std::io::Cursor;

pub(super) fn decode(bytes: &[u8], session: &mut Session<'_>) -> Result<(), Trouble> {
    session.phase("read PNG header");
    let header = Header::read(bytes)?;
    session.size(header.width, header.height);
    session.admit(header.width, header.height)?;
    let frames = animation_frames(bytes).unwrap_or(0);
    session.total(frames.max(1));
    if frames > 0 {
        return animation(bytes, &header, frames, session);
    }
    let plane = still(bytes, &header, session)?;
    session.frame(0, &plane);
    Ok(())
}

struct Header {
    width: u32,
    height: u32,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, Trouble> {
        let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits(0));
        let info = decoder.read_header_info().map_err(|error| from_error(&error))?;
        Ok(Self { width: info.width, height: info.height })
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

type Reader<'a> = png::Reader<Cursor<&'a [u8]>>;

/// A decoder that has read everything before the pixels, and the bytes of a pixel as it gives them.
/// The decoder counts a row of each of the `frames` against its limit and gives none back.
fn reader<'a>(bytes: &'a [u8], header: &Header, frames: u32) -> Result<(Reader<'a>, u64), Trouble> {
    let rows = u64::from(header.width) * 8 * (u64::from(frames) + 2);
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits(rows));
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    let reader = decoder.read_info().map_err(|error| from_error(&error))?;
    let (color, depth) = reader.output_color_type();
    let wide = if depth == BitDepth::Sixteen { 2 } else { 1 };
    Ok((reader, color.samples() as u64 * wide))
}

/// Memory for all pixels of a frame.
fn buffer(reader: &Reader<'_>) -> Result<Vec<u8>, Trouble> {
    let length = reader.output_buffer_size();
    length
        .map(|length| vec![0; length])
        .ok_or_else(|| Trouble::new(Reason::Limit, "the picture does not fit the address space"))
}

fn still(bytes: &[u8], header: &Header, session: &mut Session<'_>) -> Result<Plane, Trouble> {
    session.spend(header.width, header.height)?;
    let (mut reader, bytes_per_pixel) = reader(bytes, header, 1)?;
    let (color, depth) = reader.output_color_type();
    // The picture, and a few rows with their window of unpacked data.
    let rows = u64::from(header.width) * bytes_per_pixel * 16;
    let pixels = u64::from(header.width) * u64::from(header.height);
    session.memory_bytes(pixels * bytes_per_pixel + rows)?;
    session.phase("decode PNG");
    let mut data = buffer(&reader)?;
    reader.next_frame(&mut data).map_err(|error| from_error(&error))?;
    // A file that ends right behind its pixels lost only its end marker, but is cut all the same.
    plane(header, color, depth, data)
}

/// The pixels as they are hashed, without alpha and 8 bits a sample.
fn plane(
    header: &Header,
    color: ColorType,
    depth: BitDepth,
    mut data: Vec<u8>,
) -> Result<Plane, Trouble> {
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
    let most = frames.min(session.limits.frames).saturating_add(1);
    let (mut reader, bytes_per_pixel) = reader(bytes, header, most)?;
    let (color, depth) = reader.output_color_type();
    // A frame, the canvas, what a frame gives back, the copy without alpha, and a few rows.
    let pixels = u64::from(header.width) * u64::from(header.height);
    session.memory_bytes(4 * pixels * bytes_per_pixel + u64::from(header.width) * 128)?;
    session.phase("decode animated PNG");
    let failed = |error: png::DecodingError| from_error(&error);
    let mut data = buffer(&reader)?;
    let mut before = 0;
    if reader.info().frame_control.is_none() {
        // What is shown where animations are not known is no frame of this one.
        session.spend(header.width, header.height)?;
        reader.next_frame(&mut data).map_err(failed)?;
        let shown = plane(header, color, depth, std::mem::take(&mut data))?;
        session.frame(0, &shown);
        if reader.info().animation_control().is_none() {
            // What the file says of an animation cannot be one, so nobody shows it.
            session.total(1);
            return Ok(());
        }
        before = 1;
        session.total(frames.saturating_add(1));
    }
    let mut canvas = Canvas::new((header.width, header.height), color.samples());
    let mut spare = Vec::new();
    for frame in 0..frames {
        session.spend(header.width, header.height)?;
        session.phase("decode frame of animated PNG");
        data.resize(reader.output_buffer_size().unwrap_or_default(), 0);
        let info = match reader.next_frame(&mut data) {
            Err(png::DecodingError::Parameter(_)) => {
                return Err(Trouble::new(
                    Reason::Truncated,
                    format!("the animation has {frame} of the {frames} frames that it states"),
                ));
            }
            read => read.map_err(failed)?,
        };
        // Interlaced frames stand in rows as wide as the canvas.
        let wide = if reader.info().interlaced { header.width } else { info.width };
        if depth == BitDepth::Sixteen {
            narrow(&mut data, u16::from_be_bytes);
        }
        let control = reader.info().frame_control().copied().unwrap_or(FrameControl {
            width: info.width,
            height: info.height,
            ..FrameControl::default()
        });
        let area = Area {
            left: control.x_offset,
            top: control.y_offset,
            width: control.width,
            height: control.height,
        };
        // The first frame has nothing before it to go back to.
        let back = control.dispose_op == DisposeOp::Previous && frame > 0;
        let saved = back.then(|| canvas.saved(area));
        draw(&mut canvas, area, data.chunks(wide as usize * color.samples()), control.blend_op);
        canvas.show(&mut spare, |plane| session.frame(before + frame, plane));
        match (control.dispose_op, saved) {
            (DisposeOp::None, _) => {}
            (_, Some(saved)) => canvas.restore(area, &saved),
            (DisposeOp::Background | DisposeOp::Previous, None) => canvas.clear(area),
        }
    }
    Ok(())
}

/// Draws the rows of a frame over what is there, or in its place.
fn draw<'a>(canvas: &mut Canvas, area: Area, rows: impl Iterator<Item = &'a [u8]>, blend: BlendOp) {
    fn over<P: Pixel<Subpixel = u8>>(below: &mut [u8], above: &[u8]) {
        let step = usize::from(P::CHANNEL_COUNT);
        for (below, above) in below.chunks_exact_mut(step).zip(above.chunks_exact(step)) {
            P::from_slice_mut(below).blend(P::from_slice(above));
        }
    }
    let step = canvas.step();
    for (below, above) in canvas.rows(area).zip(rows) {
        match (blend, step) {
            (BlendOp::Over, 2) => over::<LumaA<u8>>(below, above),
            (BlendOp::Over, 4) => over::<Rgba<u8>>(below, above),
            _ => {
                let length = below.len();
                below.copy_from_slice(&above[..length]);
            }
        }
    }
}
