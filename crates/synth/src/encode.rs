//! Pictures to files of the common formats and back.

use crate::picture::Picture;
use crate::{Rng, SynthError, palette};
use image::codecs::{bmp, gif, ico, jpeg, png, pnm, qoi, tga, tiff, webp};
use image::{ExtendedColorType, ImageEncoder, ImageFormat};
use serde::{Deserialize, Serialize};
use std::io::Cursor;

/// A file format with its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// JPEG at a quality of 1 to 100.
    Jpeg(u8),
    /// PNG, 8-bit RGB.
    Png,
    /// GIF with up to 256 colours chosen by median cut.
    Gif,
    /// Lossless WebP.
    Webp,
    /// BMP, 24 bit.
    Bmp,
    /// TIFF, uncompressed RGB.
    Tiff,
    /// Truevision TGA.
    Tga,
    /// Portable pixmap (`P6`).
    Pnm,
    /// Quite OK Image.
    Qoi,
    /// Windows icon holding a PNG; larger pictures are scaled into 256 pixels.
    Ico,
}

impl Encoding {
    /// Every format once, JPEG at quality 90.
    pub const ALL: [Self; 10] = [
        Self::Jpeg(90),
        Self::Png,
        Self::Gif,
        Self::Webp,
        Self::Bmp,
        Self::Tiff,
        Self::Tga,
        Self::Pnm,
        Self::Qoi,
        Self::Ico,
    ];

    /// The usual ending of file names, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg(_) => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Bmp => "bmp",
            Self::Tiff => "tif",
            Self::Tga => "tga",
            Self::Pnm => "ppm",
            Self::Qoi => "qoi",
            Self::Ico => "ico",
        }
    }

    /// A stable name with the setting: `jpeg-q30`, `png`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Jpeg(quality) => format!("jpeg-q{quality}"),
            Self::Tiff => "tiff".to_owned(),
            Self::Pnm => "pnm".to_owned(),
            other => other.extension().to_owned(),
        }
    }

    /// Writes a picture as a file of this format.
    ///
    /// # Errors
    /// [`SynthError::Codec`] when the encoder refuses, as WebP does above 16,383 pixels.
    pub fn encode(self, picture: &Picture) -> Result<Vec<u8>, SynthError> {
        let (width, height) = (picture.width(), picture.height());
        let mut file = Cursor::new(Vec::new());
        let rgb = picture.rgb();
        let kind = ExtendedColorType::Rgb8;
        let result = match self {
            Self::Jpeg(quality) => {
                let quality = quality.clamp(1, 100);
                jpeg::JpegEncoder::new_with_quality(&mut file, quality)
                    .write_image(rgb, width, height, kind)
            }
            Self::Png => png::PngEncoder::new_with_quality(
                &mut file,
                png::CompressionType::Fast,
                png::FilterType::Up,
            )
            .write_image(rgb, width, height, kind),
            Self::Gif => {
                let reduced = palette::reduce(picture, 256);
                let mut encoder = gif::GifEncoder::new_with_speed(&mut file, 30);
                encoder.encode(reduced.rgb(), width, height, kind)
            }
            Self::Webp => {
                webp::WebPEncoder::new_lossless(&mut file).write_image(rgb, width, height, kind)
            }
            Self::Bmp => bmp::BmpEncoder::new(&mut file).write_image(rgb, width, height, kind),
            Self::Tiff => tiff::TiffEncoder::new(&mut file).write_image(rgb, width, height, kind),
            Self::Tga => tga::TgaEncoder::new(&mut file).write_image(rgb, width, height, kind),
            Self::Pnm => pnm::PnmEncoder::new(&mut file)
                .with_subtype(pnm::PnmSubtype::Pixmap(pnm::SampleEncoding::Binary))
                .write_image(rgb, width, height, kind),
            Self::Qoi => qoi::QoiEncoder::new(&mut file).write_image(rgb, width, height, kind),
            Self::Ico => {
                let small = crate::transform::within(picture, 256);
                // A PNG inside an icon must have an alpha channel.
                let rgba: Vec<u8> =
                    small.rgb().chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], 255]).collect();
                let kind = ExtendedColorType::Rgba8;
                ico::IcoEncoder::new(&mut file).write_image(
                    &rgba,
                    small.width(),
                    small.height(),
                    kind,
                )
            }
        };
        result.map_err(|source| self.failed(source))?;
        Ok(file.into_inner())
    }

    /// Reads a file of this format back.
    ///
    /// # Errors
    /// [`SynthError::Codec`] when the bytes are not such a file.
    pub fn decode(self, bytes: &[u8]) -> Result<Picture, SynthError> {
        let decoded = image::load_from_memory_with_format(bytes, self.format())
            .map_err(|source| self.failed(source))?
            .into_rgb8();
        Picture::from_rgb(decoded.width(), decoded.height(), decoded.into_raw())
    }

    const fn format(self) -> ImageFormat {
        match self {
            Self::Jpeg(_) => ImageFormat::Jpeg,
            Self::Png => ImageFormat::Png,
            Self::Gif => ImageFormat::Gif,
            Self::Webp => ImageFormat::WebP,
            Self::Bmp => ImageFormat::Bmp,
            Self::Tiff => ImageFormat::Tiff,
            Self::Tga => ImageFormat::Tga,
            Self::Pnm => ImageFormat::Pnm,
            Self::Qoi => ImageFormat::Qoi,
            Self::Ico => ImageFormat::Ico,
        }
    }

    const fn failed(self, source: image::ImageError) -> SynthError {
        SynthError::Codec { format: self.extension(), source }
    }
}

/// The coefficients of a JPEG file under other quantisation steps: another picture, without encoding
/// anew. The steps of the first table, which is luma's, are scaled to `percent`, which changes contrast
/// and with it quality, and all but that of the mean by up to ten points more or less.
///
/// # Panics
/// When the file has no quantisation table.
#[must_use]
pub fn requantised(file: &[u8], percent: u32, random: &mut Rng) -> Vec<u8> {
    let mut file = file.to_vec();
    let table = file.windows(2).position(|pair| pair == [0xFF, 0xDB]).expect("a JPEG file") + 5;
    for (k, step) in file[table..table + 64].iter_mut().enumerate() {
        let jitter = if k > 0 { random.between(-10, 10) } else { 0 };
        let scaled = u32::from(*step) * (percent * 10).saturating_add_signed(jitter * 10) / 1000;
        *step = scaled.clamp(1, 255) as u8;
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Class, generate};

    #[test]
    fn other_steps_give_another_picture_of_less_contrast() {
        let file = Encoding::Jpeg(60).encode(&generate(Class::Figure, 3, 96, 80)).unwrap();
        let other = requantised(&file, 30, &mut Rng::for_purpose(1, 1));
        assert_eq!(other.len(), file.len());
        let spread = |file: &[u8]| {
            let picture = Encoding::Jpeg(60).decode(file).unwrap();
            let luma = picture
                .rgb()
                .chunks(3)
                .map(|p| 299 * u32::from(p[0]) + 587 * u32::from(p[1]) + 114 * u32::from(p[2]));
            luma.clone().max().unwrap() - luma.min().unwrap()
        };
        assert!(spread(&other) < spread(&file) / 2);
    }

    #[test]
    fn lossless_formats_give_the_same_pixels_back() {
        let picture = generate(Class::Figure, 3, 201, 133);
        for encoding in Encoding::ALL {
            let bytes = encoding.encode(&picture).unwrap();
            let back = encoding.decode(&bytes).unwrap();
            assert_eq!((back.width(), back.height()), (201, 133), "{encoding:?}");
            match encoding {
                Encoding::Jpeg(_) => assert_ne!(back, picture),
                Encoding::Gif => assert_eq!(back, palette::reduce(&picture, 256)),
                _ => assert_eq!(back, picture, "{encoding:?}"),
            }
        }
    }

    #[test]
    fn garbage_is_refused() {
        assert!(Encoding::Png.decode(b"not a picture").is_err());
    }
}
