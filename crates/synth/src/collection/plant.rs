//! Making the files of one known picture, one decoy or one other file.

use super::lists::Ignored;
use super::manifest::{Change, Content, KnownPicture, PlantedFile};
use super::names::Names;
use super::{Hasher, Recipe, write};
use crate::encode::Encoding;
use crate::files::FileKind;
use crate::picture::Picture;
use crate::rng::Rng;
use crate::scene::{Class, generate};
use crate::transform::Transform;
use crate::{SynthError, rng};
use std::path::{Path, PathBuf};

/// Times a known picture is drawn anew to reach the quality asked for.
const ATTEMPTS: u64 = 12;
/// One decoy in so many stands on the ignore list.
const IGNORED_EACH: u32 = 8;

/// A piece of work that one thread does.
pub(super) struct Job {
    seed: u64,
    task: Task,
}

enum Task {
    Known {
        known: u32,
        encoding: Encoding,
        exact: PathBuf,
        renamed: PathBuf,
        changed: Vec<Planned>,
    },
    Decoy {
        class: Class,
        encoding: Encoding,
        path: PathBuf,
        ignored: bool,
    },
    Other {
        kind: FileKind,
        path: PathBuf,
    },
}

/// A changed copy of a known picture that is to be made.
struct Planned {
    transform: Transform,
    encoding: Encoding,
    path: PathBuf,
}

/// What one job made.
#[derive(Default)]
pub(super) struct Product {
    pub(super) files: Vec<PlantedFile>,
    pub(super) known: Option<KnownPicture>,
    pub(super) ignored: Option<Ignored>,
}

impl Job {
    pub(super) fn known(
        known: u32,
        transforms: Vec<Transform>,
        seed: u64,
        names: &mut Names,
    ) -> Self {
        let mut random = Rng::for_purpose(seed, 1);
        // Known files are JPEGs, so that no lossless copy is the same file by accident.
        let encoding = Encoding::Jpeg(random.between(82, 95) as u8);
        let wrong = ["txt", "dat", "", "mp4", "docx", "png", "exe", "tmp"];
        let exact = names.next(encoding.extension());
        let renamed = names.next(random.pick::<&str>(&wrong));
        let changed = transforms
            .into_iter()
            .map(|transform| {
                let encoding = match transform {
                    Transform::Reencode(encoding) => encoding,
                    _ if random.chance(12) => Encoding::Png,
                    _ => Encoding::Jpeg(random.between(78, 94) as u8),
                };
                Planned { transform, encoding, path: names.next(encoding.extension()) }
            })
            .collect();
        Self { seed, task: Task::Known { known, encoding, exact, renamed, changed } }
    }

    pub(super) fn decoy(index: u32, seed: u64, names: &mut Names) -> Self {
        let mut random = Rng::for_purpose(seed, 2);
        let class = Class::ALL[index as usize % Class::ALL.len()];
        let drawn = matches!(class, Class::Document | Class::Screenshot | Class::LineDrawing);
        let encoding = match random.below(12) {
            0 => Encoding::Gif,
            1 => Encoding::Webp,
            2 => Encoding::Bmp,
            3 => Encoding::Tiff,
            4 => *random.pick(&[Encoding::Tga, Encoding::Pnm, Encoding::Qoi, Encoding::Ico]),
            5 | 6 => Encoding::Png,
            _ if drawn => Encoding::Png,
            _ => Encoding::Jpeg(random.between(60, 95) as u8),
        };
        let path = names.next(encoding.extension());
        let ignored = index.is_multiple_of(IGNORED_EACH);
        Self { seed, task: Task::Decoy { class, encoding, path, ignored } }
    }

    pub(super) fn other(index: u32, seed: u64, names: &mut Names) -> Self {
        let kind = FileKind::ALL[index as usize % FileKind::ALL.len()];
        Self { seed, task: Task::Other { kind, path: names.next(kind.extension()) } }
    }

    /// Makes and writes the job's files.
    pub(super) fn make(
        &self,
        folder: &Path,
        recipe: &Recipe,
        hasher: &Hasher<'_>,
    ) -> Result<Product, SynthError> {
        match &self.task {
            Task::Known { known, encoding, exact, renamed, changed } => {
                let (picture, bytes, own) = self.original(*known, *encoding, recipe, hasher)?;
                let mut product = Product::default();
                let mut plant = |path: &PathBuf, change: Change, bytes: &[u8]| {
                    let content = Content::Known { known: *known, change };
                    product.files.push(PlantedFile { path: path.clone(), content });
                    write(&folder.join(path), bytes)
                };
                plant(exact, Change::Exact, &bytes)?;
                plant(renamed, Change::Renamed, &bytes)?;
                for (number, planned) in (0..).zip(changed) {
                    let bytes = planned.encode(&picture, rng::mix(self.seed ^ number))?;
                    plant(&planned.path, Change::Transform(planned.transform), &bytes)?;
                }
                product.known = Some(own);
                Ok(product)
            }
            Task::Decoy { class, encoding, path, ignored } => {
                let (width, height) = size(self.seed, (recipe.sides.0 / 2, recipe.sides.1));
                let bytes = encoding.encode(&generate(*class, self.seed, width, height))?;
                let (class, seed, ignored) = (*class, self.seed, *ignored);
                let mut product =
                    written(folder, path, &bytes, Content::Decoy { class, seed, ignored })?;
                if ignored {
                    let name = path.to_string_lossy().into_owned();
                    let fingerprint = hasher(&bytes).map_err(SynthError::Hash)?;
                    let bytes = bytes.len() as u64;
                    product.ignored = Some(Ignored { name, bytes, fingerprint });
                }
                Ok(product)
            }
            Task::Other { kind, path } => {
                written(folder, path, &kind.bytes(self.seed)?, Content::Other(*kind))
            }
        }
    }

    /// The known picture as others see it (decoded again), its file and its description.
    fn original(
        &self,
        known: u32,
        encoding: Encoding,
        recipe: &Recipe,
        hasher: &Hasher<'_>,
    ) -> Result<(Picture, Vec<u8>, KnownPicture), SynthError> {
        let class = Class::PHOTO_LIKE[known as usize % Class::PHOTO_LIKE.len()];
        let (width, height) = size(self.seed, recipe.sides);
        let mut attempt = 0;
        loop {
            let seed = rng::mix(self.seed.wrapping_add(attempt));
            let bytes = encoding.encode(&generate(class, seed, width, height))?;
            let fingerprint = hasher(&bytes).map_err(SynthError::Hash)?;
            attempt += 1;
            let poor = fingerprint.pdq.as_ref().is_some_and(|pdq| pdq.1 < recipe.min_quality);
            if poor && attempt < ATTEMPTS {
                continue;
            }
            let own = KnownPicture {
                id: format!("known-{known:04}"),
                class,
                seed,
                width,
                height,
                bytes: bytes.len() as u64,
                extension: encoding.extension(),
                fingerprint,
            };
            return Ok((encoding.decode(&bytes)?, bytes, own));
        }
    }
}

impl Planned {
    fn encode(&self, picture: &Picture, seed: u64) -> Result<Vec<u8>, SynthError> {
        match self.transform {
            // The file itself is the transform; reading it back first would do it twice.
            Transform::Reencode(encoding) => encoding.encode(picture),
            transform => self.encoding.encode(&transform.apply(picture, seed)),
        }
    }
}

fn written(
    folder: &Path,
    path: &Path,
    bytes: &[u8],
    content: Content,
) -> Result<Product, SynthError> {
    write(&folder.join(path), bytes)?;
    let files = vec![PlantedFile { path: path.to_path_buf(), content }];
    Ok(Product { files, ..Product::default() })
}

/// Width and height in common proportions, the longer side within the bounds.
fn size(seed: u64, (least, most): (u32, u32)) -> (u32, u32) {
    let mut random = Rng::for_purpose(seed, 3);
    let longer = random.between(least as i32, most as i32) as u32;
    let (a, b) = *random.pick(&[(4, 3), (3, 2), (16, 9), (1, 1), (5, 4)]);
    let shorter = longer * b / a;
    if random.chance(35) { (shorter, longer) } else { (longer, shorter) }
}
