//! What can go wrong while material is made.

use std::path::PathBuf;

/// Why synthetic material could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// The bytes do not fill the stated shape.
    #[error("{bytes} bytes are no RGB picture of {width}×{height} pixels")]
    Shape {
        /// Stated width.
        width: u32,
        /// Stated height.
        height: u32,
        /// Bytes given.
        bytes: usize,
    },
    /// A codec refused the picture.
    #[error("cannot encode or decode a synthetic picture as {format}: {source}")]
    Codec {
        /// Name of the format.
        format: &'static str,
        /// What the codec said.
        source: image::ImageError,
    },
    /// A file or folder could not be written.
    #[error("cannot write {}: {source}; is there space and permission?", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The caller could not hash a file that was made.
    #[error("cannot hash a synthetic picture: {0}")]
    Hash(String),
    /// Whoever watches asked to stop.
    #[error("stopped before everything was made")]
    Stopped,
    /// The recipe asks for something that cannot be made.
    #[error("the recipe cannot be made: {0}")]
    Recipe(&'static str),
}
