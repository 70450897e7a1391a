//! Whole collections on disk: known pictures planted in many forms among decoys, with the lists
//! that know them and a manifest that says what is where.

mod lists;
mod manifest;
mod names;
mod parallel;
mod plant;

use crate::SynthError;
use crate::transform::{Corners, Transform, Turn};
use crate::{Encoding, Rng};
use std::path::{Path, PathBuf};

use lists::Ignored;
pub use manifest::{Change, Content, KnownPicture, ListFile, Manifest, PlantedFile};
use names::Names;
use plant::{Job, Product};

/// Digests and perceptual hash of one file, as lower-case hexadecimal text for the rows of lists.
///
/// This crate computes no hashes; whoever builds a collection brings them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// MD5.
    pub md5: String,
    /// SHA-1.
    pub sha1: String,
    /// SHA-256.
    pub sha256: String,
    /// PDQ and its quality (0 to 100); `None` where there is none.
    pub pdq: Option<(String, u8)>,
}

/// Hashes the bytes of one file.
pub type Hasher<'a> = dyn Fn(&[u8]) -> Result<Fingerprint, String> + Sync + 'a;

/// Told of files done and files planned; `false` stops the work.
pub type Watcher<'a> = dyn Fn(u64, u64) -> bool + Sync + 'a;

/// What a collection is made of.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Decides everything that chance decides.
    pub seed: u64,
    /// Known pictures, each of which is planted in many forms.
    pub known: u32,
    /// Innocent pictures of every class.
    pub decoys: u32,
    /// Files that are no pictures, or broken ones.
    pub others: u32,
    /// Transforms of which every second known picture is planted.
    pub expected: Vec<Transform>,
    /// Transforms that PDQ is known to lose, planted for information with every fourth picture.
    pub hard: Vec<Transform>,
    /// Bounds of the longer side of known pictures and decoys, in pixels.
    pub sides: (u32, u32),
    /// Known pictures are drawn again until their PDQ quality reaches this, because lists hold
    /// PDQ hashes of such pictures only.
    pub min_quality: u8,
    /// Threads that generate; 0 for one per core.
    pub threads: usize,
}

impl Recipe {
    /// The demo's collection: over 1,800 files, of which 560 are decoys.
    #[must_use]
    pub fn demo(seed: u64) -> Self {
        Self {
            seed,
            known: 64,
            decoys: 560,
            others: 98,
            expected: expected(),
            hard: hard(),
            sides: (560, 1040),
            min_quality: 50,
            threads: 0,
        }
    }

    /// A collection of the same make-up that is quick to build, for tests.
    #[must_use]
    pub fn small(seed: u64) -> Self {
        Self { known: 6, decoys: 18, others: 14, sides: (480, 640), ..Self::demo(seed) }
    }

    /// Known picture `known` is planted in the form of expected transform `index`.
    fn plants_expected(known: u32, index: usize) -> bool {
        (known as usize + index).is_multiple_of(2)
    }

    fn plants_hard(known: u32, index: usize) -> bool {
        (known as usize + index).is_multiple_of(4)
    }

    /// Files that building this will write into the collection.
    #[must_use]
    pub fn files(&self) -> u64 {
        let planted: usize = (0..self.known).map(|known| 2 + self.changes(known).len()).sum();
        planted as u64 + u64::from(self.decoys) + u64::from(self.others)
    }

    fn changes(&self, known: u32) -> Vec<Transform> {
        let expected = self.expected.iter().enumerate();
        let hard = self.hard.iter().enumerate();
        expected
            .filter(|(index, _)| Self::plants_expected(known, *index))
            .chain(hard.filter(|(index, _)| Self::plants_hard(known, *index)))
            .map(|(_, transform)| *transform)
            .collect()
    }
}

/// Transforms that perceptual matching is held to.
fn expected() -> Vec<Transform> {
    let mut list: Vec<Transform> = [
        Encoding::Jpeg(60),
        Encoding::Jpeg(30),
        Encoding::Png,
        Encoding::Webp,
        Encoding::Bmp,
        Encoding::Tiff,
        Encoding::Gif,
    ]
    .map(Transform::Reencode)
    .into();
    list.extend([50, 75, 150].map(|percent| Transform::Resize { percent }));
    list.push(Transform::Thumbnail { side: 320 });
    list.extend([70, 140].map(|percent| Transform::Stretch { percent }));
    list.extend([
        Transform::Grey,
        Transform::Sepia,
        Transform::Brighter { percent: 20 },
        Transform::Darker { percent: 40 },
        Transform::Contrast { percent: 140 },
        Transform::Gamma { hundredths: 160 },
        Transform::Hue { degrees: 30 },
    ]);
    list.extend(Turn::ALL.map(Transform::Turn));
    list
}

/// Transforms that are planted to show what a perceptual hash alone does not find.
fn hard() -> Vec<Transform> {
    vec![
        Transform::Thumbnail { side: 128 },
        Transform::CropCentre { percent: 5 },
        Transform::CropCentre { percent: 20 },
        Transform::Border { percent: 5, colour: [255; 3] },
        Transform::Letterbox { percent: 12 },
        Transform::Caption { percent: 15 },
        Transform::Screenshot,
        Transform::Collage { across: 2 },
        Transform::Embed { percent: 50 },
        Transform::Rotate { tenths: 20, corners: Corners::Cut },
        Transform::Rotate { tenths: 100, corners: Corners::Black },
        Transform::Watermark { percent: 40 },
        Transform::Invert,
    ]
}

/// A built collection.
#[derive(Debug)]
pub struct Collection;

impl Collection {
    /// Folder of the planted files inside the collection's folder.
    pub const FILES: &'static str = "collection";
    /// Folder of the hash lists inside the collection's folder.
    pub const LISTS: &'static str = "lists";
    /// Name of the manifest inside the collection's folder.
    pub const MANIFEST: &'static str = "manifest.jsonl";

    /// Builds the collection of a recipe in `dir`, which is made if need be: files in
    /// [`Collection::FILES`], lists in [`Collection::LISTS`], and the manifest beside them.
    ///
    /// The same recipe and hasher give the same bytes for any number of threads. On systems that
    /// refuse names that are not UTF-8, those few names differ.
    ///
    /// # Errors
    /// [`SynthError`] when the recipe is empty, a file cannot be written, the hasher fails or
    /// the watcher stops the work. What was written until then stays.
    pub fn build(
        dir: &Path,
        recipe: &Recipe,
        hasher: &Hasher<'_>,
        watcher: &Watcher<'_>,
    ) -> Result<Manifest, SynthError> {
        if recipe.known == 0 || recipe.sides.0 < 16 || recipe.sides.0 > recipe.sides.1 {
            return Err(SynthError::Recipe("it needs known pictures and sides from 16 pixels up"));
        }
        let files = dir.join(Self::FILES);
        let jobs = jobs(recipe);
        for folder in Names::folders() {
            make_folder(&files.join(folder))?;
        }
        let total = recipe.files();
        let done = std::sync::atomic::AtomicU64::new(0);
        let products = parallel::map(&jobs, recipe.threads, |job| {
            let product = job.make(&files, recipe, hasher)?;
            let count = product.files.len() as u64;
            let before = done.fetch_add(count, std::sync::atomic::Ordering::Relaxed);
            if watcher(before + count, total) { Ok(product) } else { Err(SynthError::Stopped) }
        })?;
        let (mut manifest, ignored) = gather(products);
        manifest.lists = lists::write(dir, recipe.seed, &manifest.known, &ignored)?;
        write(&dir.join(Self::MANIFEST), manifest.to_json_lines().as_bytes())?;
        Ok(manifest)
    }
}

fn gather(products: Vec<Product>) -> (Manifest, Vec<Ignored>) {
    let mut manifest = Manifest::default();
    let mut ignored = Vec::new();
    for product in products {
        manifest.files.extend(product.files);
        manifest.known.extend(product.known);
        ignored.extend(product.ignored);
    }
    (manifest, ignored)
}

/// Known pictures first, because they take longest; every job knows its names beforehand.
fn jobs(recipe: &Recipe) -> Vec<Job> {
    let mut names = Names::new(recipe.seed);
    let mut random = Rng::for_purpose(recipe.seed, 0x006a_6f62);
    let mut jobs = Vec::new();
    for known in 0..recipe.known {
        jobs.push(Job::known(known, recipe.changes(known), random.next_u64(), &mut names));
    }
    for index in 0..recipe.decoys {
        jobs.push(Job::decoy(index, random.next_u64(), &mut names));
    }
    for index in 0..recipe.others {
        jobs.push(Job::other(index, random.next_u64(), &mut names));
    }
    jobs
}

fn make_folder(path: &Path) -> Result<(), SynthError> {
    std::fs::create_dir_all(path)
        .map_err(|source| SynthError::Write { path: PathBuf::from(path), source })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), SynthError> {
    std::fs::write(path, bytes)
        .map_err(|source| SynthError::Write { path: PathBuf::from(path), source })
}

#[cfg(test)]
mod tests;
