//! GIF: every frame composed as a viewer shows it.

use crate::plane::Plane;
use crate::session::Session;
use crate::trouble::from_error;
use crate::{Reason, Trouble};
use image::codecs::gif::GifDecoder;
use image::{AnimationDecoder as _, ColorType, ImageDecoder as _};
use std::io::Cursor;

pub(super) fn decode(bytes: &[u8], session: &mut Session<'_>) -> Result<(), Trouble> {
    session.phase("read GIF blocks");
    let blocks = Blocks::walk(bytes);
    let mut decoder = GifDecoder::new(Cursor::new(bytes))
        .map_err(|error| if blocks.complete { from_error(&error) } else { truncated() })?;
    let (width, height) = decoder.dimensions();
    session.size(width, height);
    session.total(blocks.frames);
    session.admit(width, height)?;
    // A frame may be larger than the canvas.
    session.admit(blocks.widest.max(1), blocks.highest.max(1))?;
    let canvas = u64::from(width) * u64::from(height);
    let frame = u64::from(blocks.widest) * u64::from(blocks.highest);
    // Two canvases and the frame, four bytes each, and the frame's palette indices.
    let memory = 4 * (2 * canvas + frame) + frame;
    session.memory_bytes(memory)?;
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(memory + (1 << 20));
    decoder.set_limits(limits).map_err(|error| from_error(&error))?;
    let mut frames = decoder.into_frames();
    let mut decoded = 0;
    loop {
        if decoded == blocks.frames {
            break;
        }
        session.spend(width, height)?;
        session.phase("decode GIF frame");
        let Some(frame) = frames.next() else { break };
        let frame = match frame {
            Ok(frame) => frame,
            Err(_) if !blocks.complete && decoded + 1 >= blocks.frames => return Err(truncated()),
            Err(error) => return Err(from_error(&error)),
        };
        let data = frame.into_buffer().into_raw();
        if let Some(plane) = Plane::from_image(width, height, ColorType::Rgba8, data) {
            session.frame(decoded, &plane);
        }
        decoded += 1;
    }
    match (blocks.complete, decoded) {
        (true, 0) => Err(Trouble::new(Reason::Corrupt, "the file holds no frame")),
        (true, _) => Ok(()),
        (false, _) => Err(truncated()),
    }
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
    /// The trailer was reached, or the file ends exactly where it should stand: many writers
    /// leave it away, and nothing is lost by that.
    complete: bool,
}

impl Blocks {
    fn walk(bytes: &[u8]) -> Self {
        let mut blocks = Self::default();
        blocks.complete = blocks.walk_on(bytes).is_some();
        blocks
    }

    /// `None` when the bytes end inside a block.
    fn walk_on(&mut self, bytes: &[u8]) -> Option<()> {
        let table = |flags: u8| if flags & 0x80 != 0 { 3 << ((flags & 7) + 1) } else { 0 };
        let mut at = 13 + table(*bytes.get(10)?);
        // The canvas description and its palette must be there.
        bytes.get(..at)?;
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
                    at += 9 + table(head[8]) + 1;
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
