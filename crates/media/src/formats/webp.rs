//! WebP: still pictures, and animations composed as a viewer shows them.

use crate::plane::Plane;
use crate::session::Session;
use crate::trouble::from_error;
use crate::{Reason, Trouble};
use image::ColorType;
use image_webp::{DecodingError, WebPDecoder};
use std::io::Cursor;

pub(super) fn decode(bytes: &[u8], session: &mut Session<'_>) -> Result<(), Trouble> {
    session.phase("read WebP header");
    let cut = is_cut(bytes);
    let trouble = |error: &DecodingError| {
        // The decoder calls a missing end by several names; the container's length knows better.
        if cut {
            Trouble::new(Reason::Truncated, "the file ends before its container does")
        } else {
            from_error(error)
        }
    };
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(|error| trouble(&error))?;
    let (width, height) = decoder.dimensions();
    session.size(width, height);
    session.admit(width, height)?;
    let frames = if decoder.is_animated() { decoder.num_frames() } else { 1 };
    session.total(frames);
    // The picture, the planes or the ARGB words it is decoded to, alpha, and a canvas.
    session.memory(width, height, 16)?;
    decoder.set_memory_limit(usize::try_from(session.limits.metadata_bytes).unwrap_or(usize::MAX));
    let color = if decoder.has_alpha() { ColorType::Rgba8 } else { ColorType::Rgb8 };
    let length = decoder
        .output_buffer_size()
        .ok_or_else(|| Trouble::new(Reason::Limit, "the picture does not fit the address space"))?;
    for frame in 0..frames {
        session.spend(width, height)?;
        session.phase("decode WebP frame");
        let mut data = vec![0; length];
        let result = if decoder.is_animated() {
            decoder.read_frame(&mut data).map(|_| ())
        } else {
            decoder.read_image(&mut data)
        };
        result.map_err(|error| trouble(&error))?;
        if let Some(plane) = Plane::from_image(width, height, color, data) {
            session.frame(frame, &plane);
        }
    }
    if cut {
        return Err(Trouble::new(Reason::Truncated, "the file ends before its container does"));
    }
    Ok(())
}

/// True when the file is shorter than its container says.
fn is_cut(bytes: &[u8]) -> bool {
    match bytes.get(4..8) {
        Some(&[a, b, c, d]) => u64::from(u32::from_le_bytes([a, b, c, d])) + 8 > bytes.len() as u64,
        _ => true,
    }
}
