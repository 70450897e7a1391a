//! JPEG: straight to the luma plane, which is the canonical picture of a JPEG file.
//!
//! `hashward-jpeg` decodes what it fully understands. Everything else (four inks, RGB, damage)
//! goes to zune-jpeg, first strictly; if that fails, once more leniently for whatever can be had.

use super::jpeg_structure::{Frame, Structure, walk};
use crate::plane::Plane;
use crate::session::Session;
use crate::{Reason, Trouble};
use hashward_jpeg::{Header, RowSink, Rows, Scale, decode_luma};
use std::ops::ControlFlow;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

/// Most scans of a progressive file: each costs a pass over the whole picture.
const SCANS: u32 = 128;

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
    session.memory_bytes(memory(bytes, frame, &structure))?;
    session.phase("decode JPEG");
    if let Some(plane) = luma(bytes, frame, session) {
        session.frame(0, &plane);
        return if structure.complete { Ok(()) } else { Err(truncated()) };
    }
    session.phase("decode unusual JPEG");
    match plane(bytes, frame, true) {
        Ok(plane) => {
            session.frame(0, &plane);
            if structure.complete { Ok(()) } else { Err(truncated()) }
        }
        Err(strict) => {
            // Whatever can be had of a damaged picture is hashed all the same.
            session.phase("decode damaged JPEG");
            let lenient = plane(bytes, frame, false);
            // The decoder gets this kind wrong, which does not show.
            let wrong = frame.coding == 2 && frame.max_sampling() == (1, 2);
            if let Ok(plane) = &lenient
                && !wrong
            {
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
    let first = match frame.components.as_slice() {
        [first] | [first, _, _] | [first, _, _, _] => first,
        _ => return unsupported("JPEG with an unusual number of colour components"),
    };
    if frame.components.len() > 1 && (first.horizontal, first.vertical) != frame.max_sampling() {
        return unsupported("JPEG whose first component is coarser than another");
    }
    Ok(())
}

/// Rows collected into a plane whose size is known.
struct Collect(Vec<u8>);

impl RowSink for Collect {
    fn rows(&mut self, rows: Rows<'_>) -> ControlFlow<()> {
        rows.iter().for_each(|row| self.0.extend_from_slice(row));
        ControlFlow::Continue(())
    }
}

/// The luma plane, if the file is one that our own decoder fully understands.
fn luma(bytes: &[u8], frame: &Frame, session: &Session<'_>) -> Option<Plane> {
    let limits = hashward_jpeg::Limits {
        pixels: session.limits.frame_pixels,
        memory: session.limits.memory_bytes,
        scans: SCANS,
        ..hashward_jpeg::Limits::default()
    };
    let length = frame.width as usize * frame.height as usize;
    let mut rows = Collect(Vec::with_capacity(length));
    let outcome = decode_luma(bytes, Scale::Full, &limits, &mut rows).ok()?;
    let same = (outcome.width, outcome.height) == (frame.width, frame.height);
    (same && rows.0.len() == length).then(|| Plane::luma(frame.width, frame.height, rows.0))
}

/// Bytes that either decoder takes. zune-jpeg keeps the coefficients of all components when
/// several scans make up the picture; else some rows.
fn memory(bytes: &[u8], frame: &Frame, structure: &Structure) -> u64 {
    let own = Header::parse(bytes).map_or(0, |header| header.memory(Scale::Full));
    let pixels = u64::from(frame.width) * u64::from(frame.height);
    let output = if frame.components.len() == 1 { pixels } else { 3 * pixels };
    let rows = u64::from(frame.width) * 8 * 4 * 2 * 8;
    let several_scans = frame.coding == 2 || structure.first_scan < frame.components.len();
    let coefficients = if several_scans { 2 * frame.padded_samples() } else { 0 };
    output + own.max(rows + coefficients)
}

fn plane(bytes: &[u8], frame: &Frame, strict: bool) -> Result<Plane, DecodeErrors> {
    let options = DecoderOptions::default()
        .set_strict_mode(strict)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_max_scans(SCANS as usize)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers()?;
    let color = decoder.input_colorspace().unwrap_or(ColorSpace::Unknown);
    let luma = matches!(color, ColorSpace::Luma | ColorSpace::YCbCr);
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
