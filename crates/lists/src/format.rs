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
    /// `MD5 (name) = <hex>`, as the BSD tools, `--tag` and `rhash --bsd` write.
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
    /// VICS (Project VIC, CAID) JSON with the data models 1.0 to 1.3.
    #[serde(rename = "vics-1.3")]
    Vics13,
    /// VICS JSON with the data model 2.0.
    #[serde(rename = "vics-2.0")]
    Vics20,
    /// Pages of NCMEC's hash sharing, version 2, in XML.
    Ncmec,
    /// Pages of StopNCII in JSON.
    StopNcii,
    /// INTERPOL's ICSE list, separated by semicolons.
    Icse,
    /// NSRL RDS 2, the text `NSRLFile.txt`.
    Nsrl,
    /// NSRL RDS 3, an SQLite database.
    #[serde(rename = "nsrl-db")]
    NsrlDb,
    /// HashKeeper's `.hsh`.
    HashKeeper,
    /// EnCase's binary `.hash`.
    EnCase,
    /// The Sleuth Kit's text index `.idx`.
    #[serde(rename = "tsk-idx")]
    TskIndex,
    /// Autopsy's and hfind's SQLite database `.kdb`.
    Kdb,
    /// X-Ways text: the kind on the first line, then bare hashes.
    XWays,
    /// rhash's own text with the name first, `.sfv` included.
    Rhash,
    /// eD2k and magnet links, one on each line.
    Links,
}

impl ListFormat {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 22] = [
        Self::Hex,
        Self::Md5sum,
        Self::Bsd,
        Self::Hashdeep,
        Self::Csv,
        Self::Pdq,
        Self::ThreatExchange,
        Self::Jsonl,
        Self::Vics13,
        Self::Vics20,
        Self::Ncmec,
        Self::StopNcii,
        Self::Icse,
        Self::Nsrl,
        Self::NsrlDb,
        Self::HashKeeper,
        Self::EnCase,
        Self::TskIndex,
        Self::Kdb,
        Self::XWays,
        Self::Rhash,
        Self::Links,
    ];

    /// The formats that can be written.
    pub const WRITABLE: [Self; 9] = [
        Self::Csv,
        Self::Jsonl,
        Self::Hashdeep,
        Self::Md5sum,
        Self::Hex,
        Self::Vics13,
        Self::Vics20,
        Self::Kdb,
        Self::XWays,
    ];

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
            Self::Vics13 => "vics-1.3",
            Self::Vics20 => "vics-2.0",
            Self::Ncmec => "ncmec",
            Self::StopNcii => "stopncii",
            Self::Icse => "icse",
            Self::Nsrl => "nsrl",
            Self::NsrlDb => "nsrl-db",
            Self::HashKeeper => "hashkeeper",
            Self::EnCase => "encase",
            Self::TskIndex => "tsk-idx",
            Self::Kdb => "kdb",
            Self::XWays => "xways",
            Self::Rhash => "rhash",
            Self::Links => "links",
        }
    }

    /// The format with this name; `vics` is the newest data model, and reads all of them.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if name == "vics" {
            return Some(Self::Vics20);
        }
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// True for the formats that are SQLite databases, which [`crate::DatabaseReader`] reads.
    #[must_use]
    pub const fn is_database(self) -> bool {
        matches!(self, Self::NsrlDb | Self::Kdb)
    }

    /// True for lists of software that is known to be harmless, which belong into lists of the
    /// kind `ignore`.
    #[must_use]
    pub const fn is_known_good(self) -> bool {
        matches!(self, Self::Nsrl | Self::NsrlDb)
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
