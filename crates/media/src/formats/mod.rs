//! The decoders, one module for each format or family.

mod canvas;
mod gif;
mod ico;
mod jpeg;
mod jpeg_structure;
mod png;
mod still;
mod tiff;
mod tiff_structure;
mod webp;

use crate::session::Session;
use crate::{PictureFormat, Trouble};

/// Decodes and hashes all frames of one picture.
pub(crate) fn decode(
    format: PictureFormat,
    bytes: &[u8],
    session: &mut Session<'_>,
) -> Result<(), Trouble> {
    match format {
        PictureFormat::Jpeg => jpeg::decode(bytes, session),
        PictureFormat::Png => png::decode(bytes, session),
        PictureFormat::Gif => gif::decode(bytes, session),
        PictureFormat::WebP => webp::decode(bytes, session),
        PictureFormat::Tiff => tiff::decode(bytes, session),
        PictureFormat::Ico => ico::decode(bytes, session),
        PictureFormat::Bmp => still::bmp(bytes, session),
        PictureFormat::Tga => still::tga(bytes, session),
        PictureFormat::Pnm => still::pnm(bytes, session),
        PictureFormat::Qoi => still::qoi(bytes, session),
    }
}
