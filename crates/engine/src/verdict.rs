//! What a scan says: one record per finding, in exactly the form in which scripts read it.
//!
//! The serde form of [`Record`] is one JSON object with a `type`; fields are in a fixed order.

use base64::Engine as _;
use hashward_hash::HashKind;
use hashward_media::{Reason, Rectangle};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// One line of a scan's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Record {
    /// First: what was asked and with what.
    Run(Run),
    /// An input that known material matches.
    Match(MatchRecord),
    /// An input of which not everything could be examined.
    NotExamined(NotExamined),
    /// An object that is not read: a link, a socket, a device.
    Skipped(Skipped),
    /// Last but one: the counts.
    Summary(Summary),
    /// Last: everything that depends on clocks; comparisons leave this line out.
    Timing(Timing),
}

/// What a scan was asked to do and what decided its verdicts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Version of the program.
    pub version: String,
    /// SHA-256 of the running program's file; `None` where the system does not show it.
    pub binary_sha256: Option<String>,
    /// Digest of the generation, which names the known material bit by bit.
    pub generation: String,
    /// The lists in it.
    pub lists: Vec<RunList>,
    /// Radius for PDQ where a list has none of its own.
    pub radius: u16,
    /// Least PDQ quality, on both sides, where a list has none of its own.
    pub gate: u8,
    /// True when the radius and the gate were asked for and therefore also narrow lists that have
    /// their own.
    pub narrowed: bool,
    /// How hard pictures are looked at.
    pub effort: Effort,
    /// Bounds within which a picture is decoded.
    pub limits: serde_json::Value,
    /// The inputs as they were given, in the order in which they are walked.
    pub paths: Vec<PathName>,
}

/// A hash list of a generation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunList {
    /// Its name.
    pub name: String,
    /// `known` or `ignore`.
    pub kind: String,
    /// Its version.
    pub version: u64,
    /// SHA-256 of the files that were imported.
    pub digests: Vec<String>,
    /// Its own radius.
    pub radius: Option<u16>,
    /// Its own quality gate.
    pub gate: Option<u8>,
}

/// How hard pictures are looked at. All levels see the same digests and the same canonical
/// perceptual hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// As little work as gives every verdict for whole pictures.
    Fast,
    /// The usual.
    #[default]
    Normal,
    /// Everything this version knows.
    Thorough,
}

impl Effort {
    /// The word used in options and outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Normal => "normal",
            Self::Thorough => "thorough",
        }
    }
}

/// A path for people, and its bytes where the text is lossy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathName {
    /// The path as text; what is no Unicode is replaced.
    pub path: String,
    /// Base64 of the path's bytes, only where `path` lost some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_raw: Option<String>,
}

impl From<&Path> for PathName {
    fn from(path: &Path) -> Self {
        let raw = path.as_os_str().as_encoded_bytes();
        let lossy = path.to_str().is_none();
        Self {
            path: path.to_string_lossy().into_owned(),
            path_raw: lossy.then(|| base64::engine::general_purpose::STANDARD.encode(raw)),
        }
    }
}

/// An input that known material matches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MatchRecord {
    /// The input.
    #[serde(flatten)]
    pub name: PathName,
    /// Its bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Option<String>,
    /// Every match, by list, entry and kind of hash.
    pub matches: Vec<Match>,
}

/// One entry of one list that matches by one kind of hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Match {
    /// Name of the list.
    pub list: String,
    /// Version of the list.
    pub version: u64,
    /// The source's identifier of the entry, else its name, else `#row`.
    pub entry: String,
    /// The kind of hash that matched.
    pub by: HashKind,
    /// Bits that differ; 0 for digests.
    pub distance: u16,
    /// The radius that applied; 0 for digests.
    pub radius: u16,
    /// Which turned or mirrored form of the input matched; `original` for digests.
    pub variant: String,
    /// Which rendition of the picture was hashed: `full` or `square512`; `None` for digests.
    pub rendition: Option<String>,
    /// The frame or page that matched best, counted from 0; `None` for digests.
    pub frame: Option<u32>,
    /// How many frames matched; 0 for digests.
    pub frames: u32,
    /// The part of the frame that was hashed; `None` for digests.
    pub area: Option<Rectangle>,
    /// What the match is worth.
    pub tier: Tier,
    /// PDQ quality of the input; `None` for digests.
    pub quality: Option<u8>,
    /// PDQ quality of the entry, as far as the list says.
    pub entry_quality: Option<u8>,
    /// Category of the entry.
    pub category: Option<String>,
    /// The input's own hash that matched; only where hash values were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// What speaks against the match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Conflict>,
}

/// What a match is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The same bytes, by a digest.
    Exact,
    /// The whole picture, in any of the eight orientations, within the radius.
    Near,
    /// Needs a second look before anything is done: the list's hash has hardly any content.
    Review,
}

impl Tier {
    /// The word used in outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Near => "near",
            Self::Review => "review",
        }
    }
}

/// What speaks against a match. The match stands: known always beats ignore, and a single digest
/// is enough.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Conflict {
    /// Kinds of digest that the entry lists with other values than the input has.
    pub digests: Vec<HashKind>,
    /// Entries of ignore lists that match the same input.
    pub ignored_by: Vec<IgnoredBy>,
}

/// An entry of an ignore list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IgnoredBy {
    /// Name of the list.
    pub list: String,
    /// Version of the list.
    pub version: u64,
    /// The entry, as in [`Match::entry`].
    pub entry: String,
    /// The kind of hash that matched.
    pub by: HashKind,
}

/// An input of which not everything could be examined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotExamined {
    /// The input.
    #[serde(flatten)]
    pub name: PathName,
    /// Why, in a word.
    pub reason: Reason,
    /// Why, for people.
    pub detail: String,
}

/// An object that is not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The object.
    #[serde(flatten)]
    pub name: PathName,
    /// What it is: `link`, `socket`, `fifo`, `device`, `excluded`, `other`.
    pub reason: String,
}

/// The counts of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Files that were come across, readable or not.
    pub files: u64,
    /// Their bytes, as far as they were read.
    pub bytes: u64,
    /// Files with at least one match.
    pub matched: u64,
    /// The same by the best tier of each file.
    pub matched_by_tier: BTreeMap<Tier, u64>,
    /// Files that only ignore lists know.
    pub ignored: u64,
    /// Inputs of which not everything was examined.
    pub not_examined: u64,
    /// The same by reason.
    pub not_examined_by_reason: BTreeMap<String, u64>,
    /// Objects that are not read.
    pub skipped: u64,
    /// The same by reason.
    pub skipped_by_reason: BTreeMap<String, u64>,
    /// True when the user stopped the run, so that inputs are missing from all counts.
    pub interrupted: bool,
    /// True when the run came to its end and everything was examined. Only then does silence
    /// about a file mean that nothing known matched it.
    pub complete: bool,
}

/// What depends on clocks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Wall clock from the first file to the last.
    pub seconds: f64,
    /// Wall clock for checking the known material beforehand.
    pub verify_seconds: f64,
    /// Files per second.
    pub files_per_second: f64,
    /// Bytes per second.
    pub bytes_per_second: f64,
    /// Threads that examined files.
    pub threads: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_json_objects_with_a_type_and_come_back() {
        let skipped = Record::Skipped(Skipped {
            name: PathName::from(Path::new("a/b")),
            reason: "link".into(),
        });
        let text = serde_json::to_string(&skipped).unwrap();
        assert_eq!(text, r#"{"type":"skipped","path":"a/b","reason":"link"}"#);
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), skipped);
        let summary = Record::Summary(Summary {
            matched_by_tier: BTreeMap::from([(Tier::Near, 2)]),
            ..Summary::default()
        });
        let text = serde_json::to_string(&summary).unwrap();
        assert!(text.contains(r#""matched_by_tier":{"near":2}"#), "{text}");
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), summary);
    }

    #[cfg(unix)]
    #[test]
    fn bytes_of_a_name_that_is_no_text_are_kept() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"caf\xe9"));
        let name = PathName::from(path);
        assert_eq!(name.path, "caf\u{fffd}");
        assert_eq!(name.path_raw.as_deref(), Some("Y2Fm6Q=="));
        assert_eq!(PathName::from(Path::new("plain")).path_raw, None);
    }
}
