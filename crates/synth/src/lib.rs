//! Synthetic pictures from seeds, the transforms they suffer, and whole collections with a manifest.
#![forbid(unsafe_code)]

mod canvas;
mod collection;
mod encode;
mod error;
mod files;
mod font;
mod math;
mod noise;
mod palette;
mod picture;
mod rng;
mod scene;
mod transform;

pub use collection::{
    Change, Collection, Content, Fingerprint, Hasher, KnownPicture, ListFile, Manifest,
    PlantedFile, Recipe, Watcher,
};
pub use encode::Encoding;
pub use error::SynthError;
pub use files::FileKind;
pub use picture::{Picture, Rgb};
pub use rng::Rng;
pub use scene::{Class, generate};
pub use transform::{Corners, Edge, Family, Transform, Turn};
