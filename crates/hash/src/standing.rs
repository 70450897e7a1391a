//! What a list says of the material that an entry names.

use serde::{Deserialize, Serialize};

/// What an entry says of its hashes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// They belong to known material.
    #[default]
    Known,
    /// Somebody doubts that they do.
    Disputed,
    /// They do not: the material was looked at and is of no concern.
    Negative,
}

impl Standing {
    /// The word in files and outputs: `known`, `disputed`, `negative`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Disputed => "disputed",
            Self::Negative => "negative",
        }
    }
}
