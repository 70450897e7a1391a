//! What happens to pictures on their way: a transform is pixels in, pixels out.

mod catalogue;
mod filter;
mod geometry;
mod overlay;
mod resample;
mod tone;

use crate::encode::Encoding;
use crate::palette;
use crate::picture::{Picture, Rgb};
use serde::{Deserialize, Serialize};

pub(crate) use resample::within;

/// One of the seven other orientations of a rectangle; turns are clockwise, `FlipX` mirrors left
/// and right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the field's")]
pub enum Turn {
    FlipX,
    FlipY,
    Rot90,
    Rot180,
    Rot270,
    Transpose,
    Transverse,
}

impl Turn {
    /// All seven.
    pub const ALL: [Self; 7] = [
        Self::FlipX,
        Self::FlipY,
        Self::Rot90,
        Self::Rot180,
        Self::Rot270,
        Self::Transpose,
        Self::Transverse,
    ];

    /// The word used in outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FlipX => "flip_x",
            Self::FlipY => "flip_y",
            Self::Rot90 => "rot90",
            Self::Rot180 => "rot180",
            Self::Rot270 => "rot270",
            Self::Transpose => "transpose",
            Self::Transverse => "transverse",
        }
    }
}

/// A side of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Edge {
    Left,
    Right,
    Top,
    Bottom,
}

/// What becomes of the corners of a freely rotated picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Corners {
    /// The canvas keeps its size, corners are lost.
    Cut,
    /// The canvas grows, what is uncovered is black.
    Black,
}

/// Transforms that belong together in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// The same pixels, or nearly, in another file format or at another quality.
    Reencoded,
    /// Another size, same proportions.
    Resized,
    /// Other proportions.
    Stretched,
    /// Other colours or tones.
    Recoloured,
    /// Softer, harsher or noisier.
    Filtered,
    /// Mirrored.
    Flipped,
    /// Turned by quarter turns, also with a mirror.
    Turned,
    /// Parts are missing.
    Cropped,
    /// Something stands around the picture.
    Framed,
    /// Turned freely or tilted.
    Rotated,
    /// Something covers part of the picture.
    Overlaid,
    /// The negative.
    Inverted,
}

impl Family {
    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reencoded => "re-encoded",
            Self::Resized => "resized",
            Self::Stretched => "stretched",
            Self::Recoloured => "recoloured",
            Self::Filtered => "filtered",
            Self::Flipped => "flipped",
            Self::Turned => "turned by quarter turns",
            Self::Cropped => "cropped",
            Self::Framed => "framed",
            Self::Rotated => "rotated or tilted",
            Self::Overlaid => "overlaid",
            Self::Inverted => "inverted",
        }
    }
}

/// A change of pixels with its strength. Names, parameters and results are stable.
///
/// ```
/// use hashward_synth::{Class, Transform, Turn, generate};
/// let picture = generate(Class::DeadLeaves, 1, 120, 90);
/// let turned = Transform::Turn(Turn::Rot90).apply(&picture, 0);
/// assert_eq!((turned.width(), turned.height()), (90, 120));
/// assert_eq!(Transform::Resize { percent: 50 }.name(), "resize-50");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Transform {
    /// Written in a format and read back.
    Reencode(Encoding),
    /// Both sides scaled (Lanczos).
    Resize {
        /// Per cent of the sides.
        percent: u16,
    },
    /// Shrunk until the longer side has this length.
    Thumbnail {
        /// Longer side in pixels.
        side: u16,
    },
    /// Width scaled, height kept.
    Stretch {
        /// Per cent of the width.
        percent: u16,
    },
    /// Colours to grey.
    Grey,
    /// Values multiplied by more than one, clipped.
    Brighter {
        /// Per cent added.
        percent: u16,
    },
    /// Values multiplied by less than one.
    Darker {
        /// Per cent taken away.
        percent: u16,
    },
    /// Values moved away from the middle grey, clipped.
    Contrast {
        /// Per cent; 100 changes nothing.
        percent: u16,
    },
    /// `255·(v/255)^γ`.
    Gamma {
        /// γ in hundredths; 160 darkens, 60 brightens.
        hundredths: u16,
    },
    /// Hue turned at the same luma.
    Hue {
        /// Degrees.
        degrees: i16,
    },
    /// Colours stronger or weaker.
    Saturate {
        /// Per cent; 100 changes nothing.
        percent: u16,
    },
    /// One warm tone.
    Sepia,
    /// Gaussian blur.
    Blur {
        /// Sigma in thousandths of the shorter side.
        per_mille: u16,
    },
    /// Independent noise.
    Noise {
        /// Standard deviation in grey levels.
        deviation: u8,
    },
    /// Unsharp mask.
    Sharpen {
        /// Per cent of the difference added.
        percent: u16,
    },
    /// Fewer levels per channel.
    Posterise {
        /// Levels, from 2.
        levels: u8,
    },
    /// Fewer colours (median cut).
    Palette {
        /// Colours, 2 to 256.
        colours: u16,
    },
    /// Mirrored or turned by quarter turns.
    Turn(Turn),
    /// The negative.
    Invert,
    /// The same share cut off all sides.
    CropCentre {
        /// Per cent of the area lost.
        percent: u8,
    },
    /// One side cut off.
    CropSide {
        /// Which side.
        edge: Edge,
        /// Per cent of that length lost.
        percent: u8,
    },
    /// A random share cut off each side.
    CropRandom {
        /// Most per cent of the length lost at each side.
        percent: u8,
    },
    /// A frame of one colour.
    Border {
        /// Per cent of the shorter side, at each side.
        percent: u8,
        /// Colour of the frame.
        colour: Rgb,
    },
    /// Black bars above and below.
    Letterbox {
        /// Per cent of the height, each.
        percent: u8,
    },
    /// A white band with text.
    Caption {
        /// Per cent of the height.
        percent: u8,
    },
    /// Shown in a window of a desktop.
    Screenshot,
    /// One tile among others.
    Collage {
        /// Tiles across and down, 2 to 4.
        across: u8,
    },
    /// Side by side with another picture.
    TwoPart {
        /// Per cent of the width that is this picture.
        percent: u8,
    },
    /// Small on another picture.
    Embed {
        /// Per cent of the sides.
        percent: u8,
    },
    /// Turned clockwise by any angle.
    Rotate {
        /// Tenths of a degree.
        tenths: i16,
        /// What becomes of the corners.
        corners: Corners,
    },
    /// One random side tilted away.
    Perspective {
        /// Per cent by which that side gets shorter.
        percent: u8,
    },
    /// An opaque box with text near the middle.
    Watermark {
        /// Per cent of the width (and twice that of the height's half).
        percent: u8,
    },
    /// An emblem in a corner.
    Logo {
        /// Per cent of the shorter side.
        percent: u8,
    },
    /// Large lines of text at top and bottom.
    Meme {
        /// Height of the letters in per cent of the height.
        percent: u8,
    },
    /// Half-transparent text all over.
    TextPattern {
        /// Opacity in per cent.
        percent: u8,
    },
}

impl Transform {
    /// A stable name with the strength, such as `crop-centre-5`.
    #[must_use]
    pub fn name(&self) -> String {
        match *self {
            Self::Reencode(encoding) => encoding.name(),
            Self::Resize { percent } => format!("resize-{percent}"),
            Self::Thumbnail { side } => format!("thumbnail-{side}"),
            Self::Stretch { percent } => format!("stretch-{percent}"),
            Self::Grey => "grey".to_owned(),
            Self::Brighter { percent } => format!("brighter-{percent}"),
            Self::Darker { percent } => format!("darker-{percent}"),
            Self::Contrast { percent } => format!("contrast-{percent}"),
            Self::Gamma { hundredths } => format!("gamma-{hundredths}"),
            Self::Hue { degrees } => format!("hue-{degrees}"),
            Self::Saturate { percent } => format!("saturate-{percent}"),
            Self::Sepia => "sepia".to_owned(),
            Self::Blur { per_mille } => format!("blur-{per_mille}"),
            Self::Noise { deviation } => format!("noise-{deviation}"),
            Self::Sharpen { percent } => format!("sharpen-{percent}"),
            Self::Posterise { levels } => format!("posterise-{levels}"),
            Self::Palette { colours } => format!("palette-{colours}"),
            Self::Turn(turn) => turn.name().to_owned(),
            Self::Invert => "invert".to_owned(),
            Self::CropCentre { percent } => format!("crop-centre-{percent}"),
            Self::CropSide { edge, percent } => {
                let edge = match edge {
                    Edge::Left => "left",
                    Edge::Right => "right",
                    Edge::Top => "top",
                    Edge::Bottom => "bottom",
                };
                format!("crop-{edge}-{percent}")
            }
            Self::CropRandom { percent } => format!("crop-random-{percent}"),
            Self::Border { percent, colour: [r, g, b] } => {
                format!("border-{percent}-{r:02x}{g:02x}{b:02x}")
            }
            Self::Letterbox { percent } => format!("letterbox-{percent}"),
            Self::Caption { percent } => format!("caption-{percent}"),
            Self::Screenshot => "screenshot".to_owned(),
            Self::Collage { across } => format!("collage-{across}x{across}"),
            Self::TwoPart { percent } => format!("two-part-{percent}"),
            Self::Embed { percent } => format!("embed-{percent}"),
            Self::Rotate { tenths, corners } => {
                let ending = if corners == Corners::Cut { "" } else { "-enlarged" };
                let (degrees, tenth) = (tenths / 10, (tenths % 10).abs());
                format!("rotate-{degrees}.{tenth}{ending}")
            }
            Self::Perspective { percent } => format!("perspective-{percent}"),
            Self::Watermark { percent } => format!("watermark-{percent}"),
            Self::Logo { percent } => format!("logo-{percent}"),
            Self::Meme { percent } => format!("meme-{percent}"),
            Self::TextPattern { percent } => format!("text-pattern-{percent}"),
        }
    }

    /// The family it belongs to in a report.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::Reencode(_) | Self::Palette { .. } => Family::Reencoded,
            Self::Resize { .. } | Self::Thumbnail { .. } => Family::Resized,
            Self::Stretch { .. } => Family::Stretched,
            Self::Grey
            | Self::Brighter { .. }
            | Self::Darker { .. }
            | Self::Contrast { .. }
            | Self::Gamma { .. }
            | Self::Hue { .. }
            | Self::Saturate { .. }
            | Self::Sepia
            | Self::Posterise { .. } => Family::Recoloured,
            Self::Blur { .. } | Self::Noise { .. } | Self::Sharpen { .. } => Family::Filtered,
            Self::Turn(Turn::FlipX | Turn::FlipY) => Family::Flipped,
            Self::Turn(_) => Family::Turned,
            Self::Invert => Family::Inverted,
            Self::CropCentre { .. } | Self::CropSide { .. } | Self::CropRandom { .. } => {
                Family::Cropped
            }
            Self::Border { .. }
            | Self::Letterbox { .. }
            | Self::Caption { .. }
            | Self::Screenshot
            | Self::Collage { .. }
            | Self::TwoPart { .. }
            | Self::Embed { .. } => Family::Framed,
            Self::Rotate { .. } | Self::Perspective { .. } => Family::Rotated,
            Self::Watermark { .. }
            | Self::Logo { .. }
            | Self::Meme { .. }
            | Self::TextPattern { .. } => Family::Overlaid,
        }
    }

    /// The changed picture. Where chance plays a part, the seed decides it; the same arguments
    /// give the same pixels on every platform, except through JPEG, whose pixels are the
    /// `image` crate's.
    #[must_use]
    pub fn apply(&self, picture: &Picture, seed: u64) -> Picture {
        let percent_of = |value: i32, percent: u16| value * i32::from(percent) / 100;
        match *self {
            Self::Reencode(encoding) => reencode(picture, encoding),
            Self::Resize { percent } => {
                let side = |length: u32| (length * u32::from(percent) + 50) / 100;
                resample::resize(picture, side(picture.width()), side(picture.height()))
            }
            Self::Thumbnail { side } => overlay::thumbnail(picture, side),
            Self::Stretch { percent } => {
                let width = (picture.width() * u32::from(percent) + 50) / 100;
                resample::resize(picture, width, picture.height())
            }
            Self::Grey => tone::per_pixel(picture, |pixel| [tone::luma(pixel); 3]),
            Self::Brighter { percent } => tone::per_value(picture, |v| v + percent_of(v, percent)),
            Self::Darker { percent } => tone::per_value(picture, |v| v - percent_of(v, percent)),
            Self::Contrast { percent } => {
                tone::per_value(picture, |v| 128 + percent_of(v - 128, percent))
            }
            Self::Gamma { hundredths } => tone::gamma(picture, hundredths),
            Self::Hue { degrees } => tone::hue(picture, degrees),
            Self::Saturate { percent } => tone::saturate(picture, percent),
            Self::Sepia => tone::sepia(picture),
            Self::Blur { per_mille } => filter::blur(picture, per_mille),
            Self::Noise { deviation } => filter::noise(picture, deviation, seed),
            Self::Sharpen { percent } => filter::sharpen(picture, percent),
            Self::Posterise { levels } => {
                let steps = i32::from(levels.max(2)) - 1;
                tone::per_value(picture, |v| (v * steps + 127) / 255 * 255 / steps)
            }
            Self::Palette { colours } => palette::reduce(picture, usize::from(colours)),
            Self::Turn(turn) => geometry::turn(picture, turn),
            Self::Invert => tone::per_value(picture, |v| 255 - v),
            Self::CropCentre { percent } => geometry::crop_centre(picture, percent),
            Self::CropSide { edge, percent } => geometry::crop_side(picture, edge, percent),
            Self::CropRandom { percent } => geometry::crop_random(picture, percent, seed),
            Self::Border { percent, colour } => overlay::border(picture, percent, colour),
            Self::Letterbox { percent } => overlay::letterbox(picture, percent),
            Self::Caption { percent } => overlay::caption(picture, percent, seed),
            Self::Screenshot => overlay::screenshot(picture, seed),
            Self::Collage { across } => overlay::collage(picture, across, seed),
            Self::TwoPart { percent } => overlay::two_part(picture, percent, seed),
            Self::Embed { percent } => overlay::embed(picture, percent, seed),
            Self::Rotate { tenths, corners } => geometry::rotate(picture, tenths, corners),
            Self::Perspective { percent } => geometry::perspective(picture, percent, seed),
            Self::Watermark { percent } => overlay::watermark(picture, percent, seed),
            Self::Logo { percent } => overlay::logo(picture, percent, seed),
            Self::Meme { percent } => overlay::meme(picture, percent, seed),
            Self::TextPattern { percent } => overlay::text_pattern(picture, percent, seed),
        }
    }
}

fn reencode(picture: &Picture, encoding: Encoding) -> Picture {
    // Formats with smaller limits than ours keep the picture as it is, as a refusing tool would.
    encoding
        .encode(picture)
        .and_then(|bytes| encoding.decode(&bytes))
        .unwrap_or_else(|_| picture.clone())
}
