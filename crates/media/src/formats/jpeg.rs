//! JPEG: straight to the luma plane, which is the canonical picture of a JPEG file.
//!
//! `hashward-jpeg` decodes what it fully understands. Everything else (four inks, RGB, damage)
//! goes to zune-jpeg, first strictly; if that fails, once more leniently for whatever can be had.

use super::jpeg_structure::{Frame, Structure, walk};
use crate::plane::Plane;
use crate::session::Session;
use crate::{Effort, Guesses, Reason, Trouble, fast};
use hashward_jpeg::{Header, RowSink, Rows, Scale, decode_luma};
use hashward_phash::variants::Reducer;
use hashward_phash::{Layout, RowHasher};
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
    if let Ok(header) = Header::parse(bytes) {
        session.memory_bytes(header.memory(Scale::Full) + hashing_memory(frame))?;
        session.phase("decode JPEG");
        if luma(bytes, frame, &header, session).is_some() {
            return if structure.complete { Ok(()) } else { Err(truncated()) };
        }
    }
    session.memory_bytes(memory(frame, &structure))?;
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

/// Rows on their way into the hash; those of a frame too small for one are only counted.
struct Hash(Option<RowHasher>, Option<Reducer>);

impl RowSink for Hash {
    fn rows(&mut self, rows: Rows<'_>) -> ControlFlow<()> {
        if let Some(hasher) = &mut self.0 {
            let (band, stride) = rows.band();
            hasher.push(band, stride, rows.count());
            if let Some(reducer) = &mut self.1 {
                reducer.push(band, stride, rows.count());
            }
        }
        ControlFlow::Continue(())
    }
}

/// Hashes the luma rows, if the file is one that our own decoder fully understands.
fn luma(bytes: &[u8], frame: &Frame, header: &Header, session: &mut Session<'_>) -> Option<()> {
    let limits = hashward_jpeg::Limits {
        pixels: session.limits.frame_pixels,
        memory: session.limits.memory_bytes,
        scans: SCANS,
        ..hashward_jpeg::Limits::default()
    };
    let (width, height) = (frame.width, frame.height);
    if (header.width, header.height) != (width, height) {
        return None;
    }
    let scale = match session.plan.effort {
        Effort::Full => Scale::Full,
        Effort::Fast { least_pixels } => {
            fast::scale(width, height, header.progressive, least_pixels)
        }
    };
    let hasher = RowHasher::new(Layout::Luma8, width, height, scale.divisor());
    let wanted = session.plan.guesses != Guesses::None || session.wants_features();
    let guess = wanted && scale == Scale::Full;
    let reducer = guess.then(|| Reducer::new(Layout::Luma8, width, height)).flatten();
    let mut rows = Hash(hasher, reducer);
    decode_luma(bytes, scale, &limits, &mut rows).ok()?;
    let streamed = match rows.0 {
        Some(hasher) => Some(hasher.finish()?),
        None => None,
    };
    let reduced = rows.1.map(Reducer::finish);
    let proposals = scale != Scale::Full;
    session.streamed(0, (width, height), streamed.as_ref(), reduced.as_ref(), proposals);
    Some(())
}

/// Bytes that hashing rows takes: some sums for each pixel across, the 512×512 variant, and
/// the reduced copy for guesses.
fn hashing_memory(frame: &Frame) -> u64 {
    u64::from(frame.width) * 4 * 8 + 2 * 512 * 512
}

/// Bytes that zune-jpeg takes. It keeps the coefficients of all components when several scans make
/// up the picture; else some rows.
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
