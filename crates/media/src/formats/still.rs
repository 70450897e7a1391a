//! Formats with one picture per file and a decoder in the `image` crate.

use crate::plane::Plane;
use crate::session::Session;
use crate::trouble::from_error;
use crate::{Reason, Trouble};
use image::codecs::{bmp::BmpDecoder, pnm::PnmDecoder, qoi::QoiDecoder, tga::TgaDecoder};
use image::{ImageDecoder, ImageResult};
use std::io::Cursor;

pub(super) fn bmp(bytes: &[u8], session: &mut Session<'_>) -> Result<(), Trouble> {
    single(BmpDecoder::new(Cursor::new(bytes)), session)
}

pub(super) fn tga(bytes: &[u8], session: &mut Session<'_>) -> Result<(), Trouble> {
    single(TgaDecoder::new(Cursor::new(bytes)), session)
}

pub(super) fn pnm(bytes: &[u8], session: &mut Session<'_>) -> Result<(), Trouble> {
    let decoder = PnmDecoder::new(Cursor::new(bytes)).map_err(|error| {
        // The decoder quotes the header, which is free text, and takes a cut one for a wrong one.
        match from_error(&error).reason {
            Reason::Corrupt if header_is_cut(bytes) => {
                Trouble::new(Reason::Truncated, "the file ends inside its header")
            }
            reason => Trouble::new(reason, "the header is not valid"),
        }
    })?;
    single(Ok(decoder), session)
}

pub(super) fn qoi(bytes: &[u8], session: &mut Session<'_>) -> Result<(), Trouble> {
    // The decoder calls large sizes invalid, which would count as a corrupt file.
    if let Some(&[a, b, c, d, e, f, g, h]) = bytes.get(4..12) {
        let (width, height) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
        session.size(width, height);
        session.admit(width, height)?;
    }
    // Nor does it tell a missing end from a wrong one.
    let cut = !bytes.ends_with(&[0, 0, 0, 0, 0, 0, 0, 1]);
    single(QoiDecoder::new(Cursor::new(bytes)), session).map_err(|trouble| match trouble.reason {
        Reason::Corrupt if cut => Trouble::new(Reason::Truncated, "the file has no end marker"),
        _ => trouble,
    })
}

/// True when a PAM header lacks its last line, or the file is hardly longer than a magic.
fn header_is_cut(bytes: &[u8]) -> bool {
    let ends = |window: &[u8]| window == b"ENDHDR\n";
    bytes.len() < 8 || (bytes.starts_with(b"P7") && !bytes.windows(7).take(65_536).any(ends))
}

fn single<D: ImageDecoder>(
    decoder: ImageResult<D>,
    session: &mut Session<'_>,
) -> Result<(), Trouble> {
    let decoder = decoder.map_err(|error| from_error(&error))?;
    session.total(1);
    let plane = decode_plane(decoder, session)?;
    session.frame(0, &plane);
    Ok(())
}

/// Decodes one frame, after its size has been checked and its memory granted.
pub(super) fn decode_plane<D: ImageDecoder>(
    decoder: D,
    session: &mut Session<'_>,
) -> Result<Plane, Trouble> {
    let (width, height) = decoder.dimensions();
    session.size(width, height);
    session.admit(width, height)?;
    session.spend(width, height)?;
    let color = decoder.color_type();
    // The decoders keep up to a second copy of the picture while they rearrange it.
    let bytes_per_pixel = u64::from(color.bytes_per_pixel());
    session.memory(width, height, 2 * bytes_per_pixel)?;
    let length = usize::try_from(decoder.total_bytes())
        .map_err(|_| Trouble::new(Reason::Limit, "the picture does not fit the address space"))?;
    let mut data = vec![0; length];
    decoder.read_image(&mut data).map_err(|error| from_error(&error))?;
    Plane::from_image(width, height, color, data)
        .ok_or_else(|| Trouble::new(Reason::Unsupported, "floating-point samples"))
}
