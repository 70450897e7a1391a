//! Windows icons and cursors: every entry, as PNG or as a bitmap without its file header.

use super::{png, still};
use crate::plane::Plane;
use crate::session::Session;
use crate::trouble::from_error;
use crate::{Reason, Trouble};
use image::codecs::ico::IcoDecoder;
use std::io::Cursor;

const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

pub(super) fn decode(bytes: &[u8], session: &mut Session<'_>) -> Result<(), Trouble> {
    let count = match bytes.get(4..6) {
        Some(&[low, high]) => u16::from_le_bytes([low, high]),
        _ => return Err(truncated()),
    };
    session.total(u32::from(count));
    let mut first_trouble = None;
    for entry in 0..u32::from(count) {
        session.phase("decode icon entry");
        match decode_entry(bytes, entry, session) {
            Ok(plane) => session.frame(entry, &plane),
            // The work budget is the same for all further entries.
            Err(trouble) if trouble.reason == Reason::Limit => return Err(trouble),
            Err(trouble) => first_trouble = first_trouble.or(Some(trouble)),
        }
    }
    first_trouble.map_or(Ok(()), Err)
}

fn truncated() -> Trouble {
    Trouble::new(Reason::Truncated, "the file ends before its last entry does")
}

fn decode_entry(bytes: &[u8], entry: u32, session: &mut Session<'_>) -> Result<Plane, Trouble> {
    let at = 6 + 16 * entry as usize;
    let head = bytes.get(at..at + 16).ok_or_else(truncated)?;
    let word = |i: usize| u32::from_le_bytes([0, 1, 2, 3].map(|n| head[i + n])) as usize;
    let (length, offset) = (word(8), word(12));
    let data = bytes.get(offset..).ok_or_else(truncated)?;
    let cut = data.len() < length;
    let data = &data[..length.min(data.len())];
    let result = if data.starts_with(PNG_SIGNATURE) {
        png::still_plane(data, session)
    } else {
        bitmap(data, session)
    };
    match result {
        Err(trouble) if cut && trouble.reason == Reason::Corrupt => Err(truncated()),
        other => other,
    }
}

/// Decodes a headless bitmap through an icon file made for it alone, whose directory repeats
/// what the bitmap says of itself. Many directories in the wild don't, and cursors keep other
/// things in the same fields.
fn bitmap(data: &[u8], session: &mut Session<'_>) -> Result<Plane, Trouble> {
    let head = data.get(..16).ok_or_else(truncated)?;
    let word = |i: usize| u32::from_le_bytes([0, 1, 2, 3].map(|n| head[i + n]));
    let (width, height) =
        if word(0) == 12 { (word(4) & 0xffff, word(4) >> 16) } else { (word(4), word(8)) };
    // The stated height counts the mask as well.
    let height = height / 2;
    session.size(width, height);
    session.admit(width, height)?;
    let side = |pixels: u32| if pixels < 256 { pixels as u8 } else { 0 };
    // Alpha is dropped, so the mask does not matter; the decoder wants one behind the pixels.
    let mask = u64::from(width.div_ceil(32)) * 4 * u64::from(height);
    session.memory_bytes(data.len() as u64 + mask + 8 * u64::from(width) * u64::from(height))?;
    let mut file = vec![0, 0, 1, 0, 1, 0, side(width), side(height), 0, 0, 1, 0, 32, 0];
    let length = data.len() as u64 + mask;
    let length =
        u32::try_from(length).map_err(|_| Trouble::new(Reason::Limit, "the entry is too large"))?;
    file.extend(length.to_le_bytes());
    file.extend(22_u32.to_le_bytes());
    file.extend_from_slice(data);
    file.resize(file.len() + mask as usize, 0);
    let decoder = IcoDecoder::new(Cursor::new(&file)).map_err(|error| from_error(&error))?;
    still::decode_plane(decoder, session)
}
