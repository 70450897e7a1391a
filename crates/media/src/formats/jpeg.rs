//! JPEG: straight to the luma plane, which is the canonical picture of a JPEG file.

use super::jpeg_structure::{Frame, Structure, walk};
use crate::plane::Plane;
use crate::session::Session;
use crate::{Reason, Trouble};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

/// Most scans of a progressive file: each costs a pass over the whole picture.
const SCANS: usize = 128;

pub(super) fn decode(bytes: &[u8], session: &mut Session<'_>) -> Result<(), Trouble> {
    let structure = walk(bytes);
    let Some(frame) = &structure.frame else {
        let reason = if structure.complete || structure.broken {
            Trouble::new(Reason::Corrupt, "the file has no valid frame header")
        } else {
            Trouble::new(Reason::Truncated, "the file ends before its frame header")
        };
        return Err(reason);
    };
    session.total(1);
    session.size(frame.width, frame.height);
    check_coding(frame)?;
    session.admit(frame.width, frame.height)?;
    session.spend(frame.width, frame.height)?;
    session.memory_bytes(memory(frame, &structure))?;
    session.phase("decode JPEG");
    match plane(bytes, frame, true) {
        Ok(plane) => {
            session.frame(0, &plane);
            if structure.complete { Ok(()) } else { Err(truncated()) }
        }
        Err(strict) => {
            // Whatever can be had of a damaged picture is hashed all the same.
            session.phase("decode damaged JPEG");
            let lenient = plane(bytes, frame, false);
            if let Ok(plane) = &lenient {
                session.frame(0, plane);
            }
            match strict {
                // Other decoders take stray bytes between segments silently.
                DecodeErrors::FormatStatic(text)
                    if text.contains("Extra bytes") && structure.complete && lenient.is_ok() =>
                {
                    Ok(())
                }
                DecodeErrors::Unsupported(scheme) => {
                    Err(Trouble::new(Reason::Unsupported, format!("{scheme:?}")))
                }
                _ if !structure.complete && !structure.broken => Err(truncated()),
                error => Err(Trouble::new(Reason::Corrupt, describe(&error))),
            }
        }
    }
}

fn truncated() -> Trouble {
    Trouble::new(Reason::Truncated, "the file ends before its picture does")
}

fn describe(error: &DecodeErrors) -> String {
    error.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn check_coding(frame: &Frame) -> Result<(), Trouble> {
    let unsupported = |what: &str| Err(Trouble::new(Reason::Unsupported, what));
    match frame.coding {
        0..=2 => {}
        3 | 7 | 11 | 15 => return unsupported("lossless JPEG"),
        9 | 10 | 13 | 14 => return unsupported("JPEG with arithmetic coding"),
        _ => return unsupported("hierarchical JPEG"),
    }
    if frame.bits != 8 {
        return unsupported("JPEG with more than 8 bits a sample");
    }
    if !matches!(frame.components.len(), 1 | 3 | 4) {
        return unsupported("JPEG with an unusual number of colour components");
    }
    Ok(())
}

/// True when the luma plane can be taken as it is: the first component is luma at full resolution.
fn is_plain_luma(frame: &Frame, color: ColorSpace) -> bool {
    let first = frame.components[0];
    match color {
        ColorSpace::Luma => true,
        ColorSpace::YCbCr => (first.horizontal, first.vertical) == frame.max_sampling(),
        _ => false,
    }
}

/// Bytes that decoding takes. The decoder keeps the coefficients of all components when several
/// scans make up the picture; else some rows.
fn memory(frame: &Frame, structure: &Structure) -> u64 {
    let pixels = u64::from(frame.width) * u64::from(frame.height);
    let output = if frame.components.len() == 1 { pixels } else { 3 * pixels };
    let rows = u64::from(frame.width) * 8 * 4 * 2 * 8;
    let several_scans = frame.coding == 2 || structure.first_scan < frame.components.len();
    let coefficients = if several_scans { 2 * frame.padded_samples() } else { 0 };
    output + rows + coefficients
}

fn plane(bytes: &[u8], frame: &Frame, strict: bool) -> Result<Plane, DecodeErrors> {
    let options = DecoderOptions::default()
        .set_strict_mode(strict)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_max_scans(SCANS)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers()?;
    let color = decoder.input_colorspace().unwrap_or(ColorSpace::Unknown);
    let luma = is_plain_luma(frame, color);
    if !luma {
        // The decoder chooses its conversion when it reads the headers: begin again with RGB.
        decoder = JpegDecoder::new_with_options(
            ZCursor::new(bytes),
            options.jpeg_set_out_colorspace(ColorSpace::RGB),
        );
        decoder.decode_headers()?;
    }
    let (width, height) = (frame.width, frame.height);
    let samples = if luma { 1 } else { 3 };
    if decoder.dimensions() != Some((width as usize, height as usize))
        || decoder.output_buffer_size() != Some(width as usize * height as usize * samples)
    {
        return Err(DecodeErrors::FormatStatic("the file has several differing frame headers"));
    }
    let mut data = vec![0; width as usize * height as usize * samples];
    decoder.decode_into(&mut data)?;
    Ok(if luma { Plane::luma(width, height, data) } else { Plane::rgb(width, height, data) })
}
