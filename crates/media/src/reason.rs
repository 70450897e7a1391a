//! Why content that can hold pictures was not, or not fully, examined.

use serde::{Deserialize, Serialize};

/// Why a file counts as not examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The content can hold pictures, but this build does not open it.
    Unsupported,
    /// The picture breaks the rules of its format.
    Corrupt,
    /// The picture ends before its data does.
    Truncated,
    /// The content is encrypted.
    Encrypted,
    /// The picture is larger than the limits allow.
    Limit,
    /// Decoding took longer than the deadline.
    Timeout,
    /// Decoding needed more memory than was granted.
    Memory,
    /// The decoder crashed.
    Crash,
    /// The file could not be read.
    Io,
    /// The file changed while it was read.
    Changed,
}

impl Reason {
    /// All reasons, in the order in which outputs list them.
    pub const ALL: [Self; 10] = [
        Self::Unsupported,
        Self::Corrupt,
        Self::Truncated,
        Self::Encrypted,
        Self::Limit,
        Self::Timeout,
        Self::Memory,
        Self::Crash,
        Self::Io,
        Self::Changed,
    ];

    /// The word used in outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported",
            Self::Corrupt => "corrupt",
            Self::Truncated => "truncated",
            Self::Encrypted => "encrypted",
            Self::Limit => "limit",
            Self::Timeout => "timeout",
            Self::Memory => "memory",
            Self::Crash => "crash",
            Self::Io => "io",
            Self::Changed => "changed",
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
