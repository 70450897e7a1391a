//! Synthetic pictures from seeds, the transforms they suffer, and whole collections with a manifest.
//!
//! Recall and false matches cannot be shown on real abuse material, so everything here is drawn
//! from numbers: [`generate`] makes a picture of a [`Class`], [`Transform`] changes one,
//! [`FileKind`] makes what lies beside pictures, and [`Collection`] writes a whole folder of them
//! with the hash lists that know some.
//!
//! ```
//! use hashward_synth::{Class, Encoding, Transform, generate};
//! let picture = generate(Class::Landscape, 42, 320, 240);
//! let copy = Transform::Stretch { percent: 140 }.apply(&picture, 0);
//! assert_eq!((copy.width(), copy.height()), (448, 240));
//! let file = Encoding::Jpeg(85).encode(&copy)?;
//! assert!(file.starts_with(&[0xff, 0xd8]));
//! # Ok::<(), hashward_synth::SynthError>(())
//! ```
//!
//! **Guarantees:** the same seed gives the same pixels on every platform, for ever: only integers
//! and the operations that IEEE 754 fixes are used, and `fixtures/synth` pins the digests. A seed
//! is a scene, so other sizes of the same shape show the same scene.
//! **Does not:** promise the bytes of encoded files, which are the `image` crate's; or look like
//! photographs to a person. It has their statistics: occlusion, shading and a 1/f spectrum.
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
pub use encode::{Encoding, requantised};
pub use error::SynthError;
pub use files::FileKind;
pub use picture::{Picture, Rgb};
pub use rng::Rng;
pub use scene::{Class, generate};
pub use transform::{Corners, Edge, Family, Transform, Turn};
