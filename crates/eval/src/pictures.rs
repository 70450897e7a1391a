//! The pictures that are measured on: synthetic ones from seeds, or the user's own.

use crate::parallel::map;
use crate::{Interrupted, Watcher};
use hashward_features::{Features, Signature};
use hashward_hash::{Orientation, Pdq, Quality};
use hashward_media::{
    Class as FileClass, Corners, Guesses, LabelledHash, Limits, PictureFormat, Plan, Unguarded,
    examine_picture, sniff,
};
use hashward_phash::{Pixels, pdq};
use hashward_synth::{Class, Encoding, Picture, Rng, Transform, generate};
use serde::Serialize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Least quality of a hash that takes part, on either side.
pub const GATE: Quality = Quality(50);

/// Most pixels of a picture of the user's own that is read.
const MOST_PIXELS: u32 = 40_000_000;

/// What a picture shows: false matches are told apart by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Like a photograph: leaves, landscapes, surfaces, people.
    Photo,
    /// Drawn with a pen.
    Drawing,
    /// Computer graphics.
    Cgi,
    /// A page of text.
    Document,
    /// A desktop.
    Screenshot,
    /// A photograph under large lines of text.
    Meme,
    /// Almost one colour.
    NearFlat,
}

impl Kind {
    /// Every kind, in a fixed order.
    pub const ALL: [Self; 7] = [
        Self::Photo,
        Self::Drawing,
        Self::Cgi,
        Self::Document,
        Self::Screenshot,
        Self::Meme,
        Self::NearFlat,
    ];

    /// The word used in outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Drawing => "drawing",
            Self::Cgi => "cgi",
            Self::Document => "document",
            Self::Screenshot => "screenshot",
            Self::Meme => "meme",
            Self::NearFlat => "near_flat",
        }
    }

    /// A picture of this kind whose longer side is about `side` pixels.
    fn draw(self, random: &mut Rng, side: u32) -> Picture {
        const PHOTOS: [Class; 4] =
            [Class::DeadLeaves, Class::Landscape, Class::Texture, Class::Figure];
        let class = match self {
            Self::Photo | Self::Meme => *random.pick(&PHOTOS),
            Self::Drawing => Class::LineDrawing,
            Self::Cgi => Class::Cgi,
            Self::Document => Class::Document,
            Self::Screenshot => Class::Screenshot,
            Self::NearFlat => Class::NearFlat,
        };
        let other = side * *random.pick(&[75_u32, 67, 56, 100]) / 100;
        let upright = random.chance(if self == Self::Document { 80 } else { 30 });
        let (width, height) = if upright { (other, side) } else { (side, other) };
        let picture = generate(class, random.next_u64(), width, height);
        match self {
            Self::Meme => Transform::Meme { percent: 9 }.apply(&picture, random.next_u64()),
            _ => picture,
        }
    }
}

/// For what a picture is drawn: pictures for different purposes are never the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be changed and found again.
    Original,
    /// To be on a list.
    Listed,
    /// To be asked for without being on a list.
    Innocent,
}

/// A picture with the hash that a list would hold.
pub struct Original {
    /// What it is called.
    pub name: String,
    /// What it shows, as far as that is known.
    pub kind: Option<Kind>,
    /// The pixels.
    pub picture: Picture,
    /// Its canonical hash.
    pub hash: Pdq,
}

/// Picture number `number` for a purpose, with the longer side between the two of `sides`; drawn
/// again, within limits, until its quality is what lists demand. The last attempt is taken as it is.
#[must_use]
pub fn synthetic(
    seed: u64,
    purpose: Purpose,
    number: u64,
    kind: Kind,
    sides: (u32, u32),
) -> (Picture, Pdq, Quality) {
    let attempts = if kind == Kind::NearFlat { 1 } else { 8 };
    let mut random = Rng::for_purpose(seed, (purpose as u64 + 1) << 40 | number);
    let side = sides.0 + random.below(sides.1 - sides.0 + 1);
    for _ in 1..attempts {
        let picture = kind.draw(&mut random, side);
        let (hash, quality) = canonical(&picture);
        if quality >= GATE {
            return (picture, hash, quality);
        }
    }
    let picture = kind.draw(&mut random, side);
    let (hash, quality) = canonical(&picture);
    (picture, hash, quality)
}

/// Originals from a seed: photographs, drawings and computer graphics, three of five photographs.
///
/// # Errors
/// [`Interrupted`].
pub fn synthetic_originals(
    seed: u64,
    count: usize,
    threads: usize,
    watcher: &Watcher<'_>,
) -> Result<Vec<Original>, Interrupted> {
    const KINDS: [Kind; 5] = [Kind::Photo, Kind::Photo, Kind::Photo, Kind::Drawing, Kind::Cgi];
    map(count, threads, watcher, |number| {
        let kind = KINDS[number % KINDS.len()];
        let sides = (360, 560);
        let (picture, hash, _) = synthetic(seed, Purpose::Original, number as u64, kind, sides);
        Original { name: format!("{}-{number:05}", kind.name()), kind: Some(kind), picture, hash }
    })
}

/// Why a picture of the user's own is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its path.
    pub path: PathBuf,
    /// Why, for people.
    pub why: String,
}

/// Reads pictures from files: what is no picture, cannot be decoded, or whose hash is of too low
/// a quality for a list, is left out by name. Large ones are shrunk to 1024 pixels first, which
/// changes no result by much and all times.
///
/// The decoders run in this process: meant for the user's own pictures, not for evidence.
///
/// # Errors
/// [`Interrupted`].
pub fn read_originals(
    files: &[PathBuf],
    threads: usize,
    watcher: &Watcher<'_>,
) -> Result<(Vec<Original>, Vec<LeftOut>), Interrupted> {
    let read = map(files.len(), threads, watcher, |index| {
        let path = &files[index];
        read_original(path).map_err(|why| LeftOut { path: path.clone(), why })
    })?;
    let (mut originals, mut left_out) = (Vec::new(), Vec::new());
    for result in read {
        match result {
            Ok(original) => originals.push(original),
            Err(left) => left_out.push(left),
        }
    }
    Ok((originals, left_out))
}

fn read_original(path: &Path) -> Result<Original, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let head = &bytes[..bytes.len().min(hashward_media::HEAD_BYTES)];
    let tail = &bytes[bytes.len().saturating_sub(hashward_media::TAIL_BYTES)..];
    let encoding = match sniff(head, tail, bytes.len() as u64).class {
        FileClass::Picture(PictureFormat::Jpeg) => Encoding::Jpeg(90),
        FileClass::Picture(PictureFormat::Png) => Encoding::Png,
        FileClass::Picture(PictureFormat::Gif) => Encoding::Gif,
        FileClass::Picture(PictureFormat::WebP) => Encoding::Webp,
        FileClass::Picture(PictureFormat::Bmp) => Encoding::Bmp,
        FileClass::Picture(PictureFormat::Tiff) => Encoding::Tiff,
        _ => return Err("it is no JPEG, PNG, GIF, WebP, BMP or TIFF".to_owned()),
    };
    let decoded = catch_unwind(AssertUnwindSafe(|| encoding.decode(&bytes)));
    let picture =
        decoded.map_err(|_| "its decoder failed".to_owned())?.map_err(|error| error.to_string())?;
    if picture.width().saturating_mul(picture.height()) > MOST_PIXELS {
        return Err("it has more than 40 million pixels".to_owned());
    }
    let picture = Transform::Thumbnail { side: 1024 }.apply(&picture, 0);
    let (hash, quality) = canonical(&picture);
    if quality < GATE {
        return Err(format!("its quality is {}, below {}", quality.0, GATE.0));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Original { name, kind: None, picture, hash })
}

/// The hash that a list would hold, with its quality.
fn canonical(picture: &Picture) -> (Pdq, Quality) {
    let (width, height) = (picture.width(), picture.height());
    let pixels = Pixels::rgb8(picture.rgb(), width, height, width as usize * 3);
    let result = pdq(&pixels.expect("a picture has all its pixels"));
    (result.hashes[Orientation::Original as usize], result.quality)
}

/// All hashes of a query that pass the gate: those of the file that a picture is saved as, opened
/// as a scan does.
#[must_use]
pub fn query(file: &[u8], format: PictureFormat, guesses: Guesses) -> Vec<LabelledHash> {
    gated(file, format, &Plan { guesses, ..Plan::default() }).0
}

/// [`query`], and the local features of the file's first frame.
#[must_use]
pub fn examined(
    file: &[u8],
    format: PictureFormat,
    guesses: Guesses,
) -> (Vec<LabelledHash>, Features) {
    gated(file, format, &Plan { guesses, corners: Corners::Query, ..Plan::default() })
}

/// What is kept of a picture when it is registered as a PNG file.
#[must_use]
pub fn signature(picture: &Picture) -> Signature {
    let file = Encoding::Png.encode(picture).unwrap_or_default();
    let plan = Plan { corners: Corners::Registered, ..Plan::default() };
    Signature::new(&gated(&file, PictureFormat::Png, &plan).1)
}

fn gated(file: &[u8], format: PictureFormat, plan: &Plan) -> (Vec<LabelledHash>, Features) {
    let report = examine_picture(file, format, &Limits::default(), plan, &mut Unguarded);
    let mut hashes = report.hashes;
    hashes.retain(|hash| hash.quality >= GATE);
    let features = report.features.into_iter().next();
    (hashes, features.map_or_else(Features::default, |frame| frame.features))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_and_numbers_never_share_a_picture() {
        let draw = |purpose, number| synthetic(7, purpose, number, Kind::Photo, (96, 128)).1;
        let mut all: Vec<Pdq> = (0..4).map(|number| draw(Purpose::Original, number)).collect();
        all.extend((0..4).map(|number| draw(Purpose::Listed, number)));
        all.extend((0..4).map(|number| draw(Purpose::Innocent, number)));
        let apart = |i: usize, j: usize| all[i].distance(all[j]).0 > 40;
        assert!((0..12).all(|i| (0..i).all(|j| apart(i, j))));
        assert_eq!(draw(Purpose::Listed, 2), all[6]);
    }

    #[test]
    fn own_pictures_are_read_and_others_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (picture, hash, _) = synthetic(3, Purpose::Original, 1, Kind::Photo, (200, 200));
        std::fs::write(at("a.png"), Encoding::Png.encode(&picture).unwrap()).unwrap();
        std::fs::write(at("b.txt"), "no picture").unwrap();
        let flat = Picture::filled(90, 90, [9; 3]);
        std::fs::write(at("c.png"), Encoding::Png.encode(&flat).unwrap()).unwrap();
        let files = [at("a.png"), at("b.txt"), at("c.png"), at("missing")];
        let (originals, left_out) = read_originals(&files, 2, &|_, _| true).unwrap();
        assert_eq!((originals.len(), originals[0].hash), (1, hash));
        assert_eq!(
            left_out.iter().map(|left| &left.path).collect::<Vec<_>>(),
            [&files[1], &files[2], &files[3]]
        );
        assert_eq!(read_originals(&files, 1, &|_, _| false).err(), Some(Interrupted));
    }
}
