//! What to compute on a file.

use hashward_hash::DigestKinds;
use hashward_media::{Corners, Effort, Guesses};
use serde::{Deserialize, Serialize};

/// What to compute on a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Which digests.
    pub digests: DigestKinds,
    /// Whether pictures are decoded and hashed. Without it no worker process is ever started.
    pub perceptual: bool,
    /// How much is tried on a picture.
    pub effort: Effort,
    /// Which guesses are hashed besides the whole picture.
    pub guesses: Guesses,
    /// Which local features are extracted.
    pub corners: Corners,
}

impl Default for Plan {
    /// The usual digests, and the canonical hashes of every frame.
    fn default() -> Self {
        Self {
            digests: DigestKinds::USUAL,
            perceptual: true,
            effort: Effort::Full,
            guesses: Guesses::None,
            corners: Corners::None,
        }
    }
}
