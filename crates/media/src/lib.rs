//! Untrusted bytes to luma planes and labelled hashes, under limits.
//!
//! [`sniff`] tells what a file is from its bytes alone; [`examine_picture`] decodes a picture and
//! gives the perceptual hashes of all of its frames, each with a label that says where it comes
//! from. The decoders are those of the Rust image world; this crate decides what they may cost,
//! which pixels are hashed, and what a failure means.
//!
//! ```
//! use hashward_media::{Class, Limits, Plan, Unguarded, examine_picture, sniff};
//! let file = b"P5 6 5 255\n\x00\x10\x20\x30\x40\x50abcdefghijklmnopqrstuvwx";
//! let sniffed = sniff(file, file, file.len() as u64);
//! assert_eq!(sniffed.media_type, "image/x-portable-graymap");
//! let Class::Picture(format) = sniffed.class else { panic!("it is a picture") };
//! let report =
//!     examine_picture(file, format, &Limits::default(), &Plan::default(), &mut Unguarded);
//! assert_eq!(report.status, Ok(()));
//! assert_eq!((report.width, report.height), (Some(6), Some(5)));
//! assert_eq!(report.hashes.len(), 8); // one for each orientation
//! ```
//!
//! # Which pixels are hashed
//!
//! | content | is hashed as |
//! |---|---|
//! | JPEG with luma and chroma | its luma plane at full resolution, as stored |
//! | JPEG in RGB | RGB |
//! | JPEG with four inks | RGB, by the decoder's conversion of Adobe's inverted inks |
//! | grey of any depth, also in one plane of TIFF | grey, without a detour through colour |
//! | 1, 2 and 4 bits of grey | scaled to 0 to 255 |
//! | 16 bits a sample | rounded to the nearest of 8 bits: `round(v · 255 / 65535)` |
//! | alpha | dropped; colours stay as they are stored, neither blended nor multiplied |
//! | palettes | their colours; transparent entries keep theirs |
//! | TIFF in four inks | RGB: `(255 − ink) · (255 − black) / 255` |
//! | TIFF in luma and chroma | its luma plane |
//! | GIF, animated PNG and WebP | every frame as a viewer shows it, composed on the canvas; first, what programs show that do not know animated PNG, where that is no frame |
//! | TIFF, icons | every page and entry |
//! | Exif orientation | not applied: pixels as stored, and all eight orientations are hashed |
//!
//! Pictures with a side below 5 pixels count as examined, but have no perceptual hash. What
//! follows the first image of a JPEG file (previews, gain maps, films of "live" photos) and
//! thumbnails inside metadata are not looked at.
//!
//! # What a proposal is
//!
//! With [`Effort::Fast`] large JPEG pictures are decoded at a quarter of their sides, progressive
//! ones at an eighth, and hashed as if every pixel had been there ([`Variant::Fast`]). Such a hash
//! only proposes: it is within [`Variant::margins`] of the canonical one on all pictures measured,
//! and what comes near known material, or near the quality gate, has to be hashed again canonically.
//! Of a progressive file the scans that contribute nothing are then not read, so damage in them is
//! not noticed.
//!
//! # What a failure means
//!
//! Frames that could be decoded are hashed even when the file then counts as not examined. A
//! damaged JPEG picture is hashed as far as it goes. `truncated` means that the file ends before
//! its picture does, `corrupt` that it breaks its format's rules, `unsupported` that the format
//! allows it but no decoder here does (arithmetic JPEG, or with luma coarser than chroma;
//! floating-point samples, camera raw),
//! `limit` that [`Limits`] forbid it.
//!
//! **Guarantees:** sizes are checked and memory is asked for before pixels are unpacked; text and
//! profiles are skipped unread wherever the decoder permits; the same bytes give the same report.
//! **Does not:** survive everything. A decoder may panic, hang or exceed its estimate on hostile
//! bytes, which is why this runs in the worker processes of `hashward-sandbox`.
#![forbid(unsafe_code)]

mod fast;
mod formats;
mod guess;
mod host;
mod limits;
mod plane;
mod reason;
mod report;
mod session;
mod sniff;
mod trouble;

pub use fast::Margins;
pub use guess::{HASHES_PER_FRAME, hash_pixels};
pub use host::{Host, MemoryRefused, Unguarded};
pub use limits::{Corners, Effort, Guesses, Limits, Plan};
pub use reason::Reason;
pub use report::{
    FEATURE_FRAMES, FrameFeatures, LabelledHash, PictureReport, Rectangle, Trouble, Variant,
};
pub use sniff::{Class, HEAD_BYTES, PictureFormat, Sniffed, TAIL_BYTES, sniff};

/// Decodes one picture and hashes all of its frames.
///
/// Meant to run in a worker process: a decoder may panic, hang or run out of memory on hostile
/// bytes, whatever is done here against it. The result depends on the arguments alone.
pub fn examine_picture(
    bytes: &[u8],
    format: PictureFormat,
    limits: &Limits,
    plan: &Plan,
    host: &mut dyn Host,
) -> PictureReport {
    let mut session = session::Session::new(limits, plan, host);
    let status = formats::decode(format, bytes, &mut session);
    session.finish(status)
}
