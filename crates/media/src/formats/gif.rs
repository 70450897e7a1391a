//! GIF: every frame composed as a viewer shows it.

use super::canvas::{Area, Canvas};
use crate::session::Session;
use crate::trouble::from_error;
use crate::{Reason, Trouble};
use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, DisposalMethod, Frame, MemoryLimit};
use std::num::NonZeroU64;

/// Bytes of descriptions (XMP) and of colour profiles that the decoder keeps, each.
const METADATA: u64 = 50_000_000;

pub(super) fn decode(bytes: &[u8], session: &mut Session<'_>) -> Result<(), Trouble> {
    session.phase("read GIF blocks");
    let blocks = Blocks::walk(bytes);
    // What the file says about itself is kept while its frames are decoded.
    let metadata = METADATA.min(bytes.len() as u64);
    session.memory_bytes(2 * metadata)?;
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    if let Some(limit) = NonZeroU64::new(metadata) {
        options.set_memory_limit(MemoryLimit::Bytes(limit));
    }
    let mut decoder = options
        .read_info(bytes)
        .map_err(|error| if blocks.complete { from_error(&error) } else { truncated() })?;
    let (width, height) = (u32::from(decoder.width()), u32::from(decoder.height()));
    session.size(width, height);
    session.total(blocks.frames);
    session.admit(width, height)?;
    // A frame may be larger than the canvas.
    session.admit(blocks.widest.max(1), blocks.highest.max(1))?;
    // The canvas, the part of it that a frame gives back, and the frame's palette indices.
    let step = if blocks.grey { 1 } else { 3 };
    let canvas = u64::from(width) * u64::from(height);
    let frame = u64::from(blocks.widest) * u64::from(blocks.highest);
    session.memory_bytes(2 * step * canvas + frame + 2 * metadata)?;
    let mut canvas = Canvas::new((width, height), step as usize);
    let mut indices = Vec::new();
    let mut decoded = 0;
    while decoded < blocks.frames {
        session.spend(width.max(blocks.widest), height.max(blocks.highest))?;
        session.phase("decode GIF frame");
        match draw(&mut decoder, &mut canvas, &mut indices, |canvas| {
            canvas.show(&mut Vec::new(), |plane| session.frame(decoded, plane));
        }) {
            Ok(true) => decoded += 1,
            Ok(false) => break,
            Err(_) if !blocks.complete && decoded + 1 >= blocks.frames => return Err(truncated()),
            Err(error) => return Err(from_error(&error)),
        }
    }
    match (blocks.complete, decoded) {
        (true, 0) => Err(Trouble::new(Reason::Corrupt, "the file holds no frame")),
        (true, _) => Ok(()),
        (false, _) => Err(truncated()),
    }
}

/// Draws the next frame, has it shown, and disposes of it; false when there is none. `indices` is
/// memory for the frame.
fn draw(
    decoder: &mut Decoder<&[u8]>,
    canvas: &mut Canvas,
    indices: &mut Vec<u8>,
    show: impl FnOnce(&mut Canvas),
) -> Result<bool, DecodingError> {
    let Some(frame) = decoder.next_frame_info()? else { return Ok(false) };
    let (area, disposal) = (area(frame), frame.dispose);
    indices.resize(decoder.buffer_size(), 0);
    decoder.read_into_buffer(indices)?;
    let saved = (disposal == DisposalMethod::Previous).then(|| canvas.saved(area));
    let frame = decoder.current_frame_info();
    let own = frame.and_then(|frame| frame.palette.as_deref());
    let mut colours = own.or(decoder.global_palette()).unwrap_or_default().to_vec();
    // An index without a colour shows what was there before, like the transparent one.
    let mut drawn = [false; 256];
    drawn[..colours.len() / 3].fill(true);
    if let Some(index) = frame.and_then(|frame| frame.transparent) {
        drawn[usize::from(index)] = false;
    }
    colours.resize(256 * 3, 0);
    let (step, width) = (canvas.step(), area.width.max(1) as usize);
    for (row, indices) in canvas.rows(area).zip(indices.chunks_exact(width)) {
        for (pixel, &index) in row.chunks_exact_mut(step).zip(indices) {
            if drawn[usize::from(index)] {
                pixel.copy_from_slice(&colours[3 * usize::from(index)..][..step]);
            }
        }
    }
    show(canvas);
    match (disposal, saved) {
        (DisposalMethod::Background, _) => canvas.clear(area),
        (_, Some(saved)) => canvas.restore(area, &saved),
        _ => {}
    }
    Ok(true)
}

fn area(frame: &Frame<'_>) -> Area {
    let [left, top, width, height] =
        [frame.left, frame.top, frame.width, frame.height].map(u32::from);
    Area { left, top, width, height }
}

fn truncated() -> Trouble {
    Trouble::new(Reason::Truncated, "the file ends before its last block")
}

/// What the block structure says, without unpacking.
#[derive(Debug, Default, PartialEq, Eq)]
struct Blocks {
    frames: u32,
    widest: u32,
    highest: u32,
    /// No palette has a colour that is not grey.
    grey: bool,
    /// The trailer was reached, or the file ends exactly where it should stand: many writers
    /// leave it away, and nothing is lost by that.
    complete: bool,
}

impl Blocks {
    fn walk(bytes: &[u8]) -> Self {
        let mut blocks = Self { grey: true, ..Self::default() };
        blocks.complete = blocks.walk_on(bytes).is_some();
        blocks
    }

    fn palette(&mut self, colours: &[u8]) {
        self.grey &= colours.as_chunks().0.iter().all(|[r, g, b]| r == g && g == b);
    }

    /// `None` when the bytes end inside a block.
    fn walk_on(&mut self, bytes: &[u8]) -> Option<()> {
        let table = |flags: u8| if flags & 0x80 != 0 { 3 << ((flags & 7) + 1) } else { 0 };
        let mut at = 13 + table(*bytes.get(10)?);
        // The canvas description and its palette must be there.
        self.palette(bytes.get(13..at)?);
        loop {
            let Some(&introducer) = bytes.get(at) else {
                return (self.frames > 0).then_some(());
            };
            at += 1;
            match introducer {
                0x3b => return Some(()),
                0x21 => at += 1,
                0x2c => {
                    let head = bytes.get(at..at + 9)?;
                    let side = |i: usize| u32::from(u16::from_le_bytes([head[i], head[i + 1]]));
                    self.widest = self.widest.max(side(4));
                    self.highest = self.highest.max(side(6));
                    self.frames += 1;
                    let palette = at + 9..at + 9 + table(head[8]);
                    at = palette.end + 1;
                    self.palette(bytes.get(palette)?);
                }
                // Padding, which decoders skip.
                0x00 => continue,
                // Anything else: the decoder has the last word on it.
                _ => return Some(()),
            }
            loop {
                let length = usize::from(*bytes.get(at)?);
                at += 1 + length;
                if length == 0 {
                    break;
                }
            }
        }
    }
}
