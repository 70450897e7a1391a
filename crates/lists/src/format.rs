//! The names of the formats.

use serde::{Deserialize, Serialize};

/// A format of hash lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ListFormat {
    /// One bare hexadecimal hash on each line.
    Hex,
    /// `<hex>  name`, as md5sum, sha1sum, sha256sum and b3sum write.
    Md5sum,
    /// `MD5 (name) = <hex>`, as the BSD tools and `--tag` write.
    Bsd,
    /// hashdeep 1.0 with its header of columns.
    Hashdeep,
    /// Separated values with a header that names the columns.
    Csv,
    /// `hash,quality,name` without a header, as the PDQ reference's tools write.
    Pdq,
    /// `<signal> <hex>`, as python-threatexchange keeps in local files.
    ThreatExchange,
    /// One JSON object on each line.
    Jsonl,
}

impl ListFormat {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::Hex,
        Self::Md5sum,
        Self::Bsd,
        Self::Hashdeep,
        Self::Csv,
        Self::Pdq,
        Self::ThreatExchange,
        Self::Jsonl,
    ];

    /// The formats that can be written.
    pub const WRITABLE: [Self; 5] =
        [Self::Csv, Self::Jsonl, Self::Hashdeep, Self::Md5sum, Self::Hex];

    /// The name in options and outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Md5sum => "md5sum",
            Self::Bsd => "bsd",
            Self::Hashdeep => "hashdeep",
            Self::Csv => "csv",
            Self::Pdq => "pdq",
            Self::ThreatExchange => "threatexchange",
            Self::Jsonl => "jsonl",
        }
    }

    /// The format with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// All names, for messages.
    pub(crate) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl std::fmt::Display for ListFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
