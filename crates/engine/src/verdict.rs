//! What a scan says: one record per finding, in exactly the form in which scripts read it.
//!
//! The serde form of [`Record`] is one JSON object with a `type`; fields are in a fixed order.

mod summary;

pub use summary::{Summary, Timing};

use crate::radii::VariantRadii;
use base64::Engine as _;
use hashward_hash::{HashKind, VectorMetric};
use hashward_media::{Reason, Rectangle};
use hashward_store::{By, Day};
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
    /// An input whose matches, or some of them, are taken away by lists that have a veto.
    Vetoed(VetoedRecord),
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
    /// Independent sources that were asked for in every list.
    pub requires_sources: u8,
    /// The day for which it was decided which lists have expired, where the user named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Day>,
    /// Kinds of hash that the lists have and nobody computed of the inputs: entries that have no
    /// other hash cannot be found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_computed: Vec<HashKind>,
    /// How hard pictures are looked at.
    pub effort: Effort,
    /// Radii of the guesses that this effort makes, and where whole pictures are reported for
    /// review beyond their radius.
    pub radii: BTreeMap<String, VariantRadii>,
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
    /// Its own radius for 64-bit hashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radius64: Option<u16>,
    /// Its own measure and radius for PhotoDNA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photodna: Option<String>,
    /// Its own quality gate.
    pub gate: Option<u8>,
    /// Whether it was used.
    pub status: ListStatus,
    /// The last day on which it may be used.
    pub expires: Option<Day>,
    /// The body that vouches for it.
    pub source: Option<String>,
    /// Independent sources that must vouch for a hash.
    pub requires_sources: Option<u8>,
    /// True when its disputed and negative entries take matches away.
    pub veto: bool,
    /// Entries that wait for a review and match for review only.
    pub held: u64,
}

/// Whether a list was used. This stands on record instead of the clock that decided it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListStatus {
    /// It was.
    Active,
    /// It was not, as its last day had passed.
    Expired,
}

/// How hard pictures are looked at. All levels report the same digests and the same canonical
/// perceptual hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// As little work as gives every finding for whole pictures: large JPEG pictures are decoded
    /// at a reduced scale, and canonically only where that comes near known material.
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
    /// The same by material: what several lists say of the same hash is one finding.
    pub findings: Vec<Finding>,
}

/// An input whose matches lists with a veto take away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VetoedRecord {
    /// The input.
    #[serde(flatten)]
    pub name: PathName,
    /// Its bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Option<String>,
    /// The matches that do not count.
    pub matches: Vec<Match>,
}

/// One piece of known material and everybody who vouches for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its number among those of the input, as in [`Match::finding`].
    pub finding: u32,
    /// The best tier of its matches.
    pub tier: Tier,
    /// Independent sources that vouch for it; lists of one source are one.
    pub sources: u32,
    /// The entries that name it.
    pub attestations: Vec<Attestation>,
}

/// An entry of a list that names the material of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attestation {
    /// Name of the list.
    pub list: String,
    /// Version of the list.
    pub version: u64,
    /// The body that vouches for the list.
    pub source: Option<String>,
    /// The entry, as in [`Match::entry`].
    pub entry: String,
    /// Its category.
    pub category: Option<String>,
    /// What matched: kinds of hash, `features`.
    pub by: Vec<By>,
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
    /// What matched: a kind of hash, or `features` of registered material.
    pub by: By,
    /// How far apart the hashes are: bits that differ, or the measure of `metric`; 0 for digests.
    pub distance: u16,
    /// The radius that applied; 0 for digests.
    pub radius: u16,
    /// By which measure PhotoDNA was compared: `l1` or `l2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<VectorMetric>,
    /// Which turned or mirrored form of the input matched; `original` for digests.
    pub variant: String,
    /// Which rendition of the picture was hashed: `full` and `square512` are the whole picture,
    /// `inverted`, `trimmed`, `inside`, `uncropped` and `straightened` are guesses at what it was;
    /// `None` for digests and features, unless these are of the negative.
    pub rendition: Option<String>,
    /// The frame or page that matched best, counted from 0; `None` for digests.
    pub frame: Option<u32>,
    /// How many frames matched; 0 for digests.
    pub frames: u32,
    /// The part of the frame that was hashed, or that shows the registered picture; `None` for
    /// digests.
    pub area: Option<Rectangle>,
    /// Unrelated entries that one innocent picture is expected to be as near to by this rendition,
    /// given how many are listed: the smaller, the likelier is the match. `None` for what is no PDQ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chance: Option<f64>,
    /// Features that lie as in the registered picture, where these matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inliers: Option<u16>,
    /// What the match is worth.
    pub tier: Tier,
    /// PDQ quality of the input; `None` for digests.
    pub quality: Option<u8>,
    /// PDQ quality of the entry, as far as the list says.
    pub entry_quality: Option<u8>,
    /// Category of the entry.
    pub category: Option<String>,
    /// Number of the material among that of the input, from 1: matches with the same number are
    /// of one finding.
    pub finding: u32,
    /// What the source says besides.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// Why the match is for review only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<Doubt>,
    /// The entries that take the match away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vetoed_by: Vec<EntryName>,
    /// The input's own hash that matched; only where hash values were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// What speaks against the match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Conflict>,
}

/// What the source of an entry says of it, and its list of what to do. What is not said is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Provenance {
    /// The body that vouches for the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The scheme of its categories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// What the category means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_name: Option<String>,
    /// The series to which the material belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// Whether the victim is identified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub victim_identified: Option<bool>,
    /// Whether the offender is identified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offender_identified: Option<bool>,
    /// Whether the material is known to be passed around.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distributed: Option<bool>,
    /// The source's tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What the list's settings say is to be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
}

/// Why a match needs a second look before anything is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// The hash says little: it has hardly any content, or is of a kind whose hashes meet by
    /// chance.
    WeakHash,
    /// The hashes are farther apart than the variant's radius, but near enough for a look.
    Distant,
    /// The entry came with a flood of new ones that nobody has released.
    Held,
    /// The list itself says that the entry is disputed, or of a category that is none of material.
    Disputed,
    /// Fewer independent sources vouch for the hash than the list or the user demands.
    TooFewSources,
}

impl Doubt {
    /// In a few words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::WeakHash => "a weak hash",
            Self::Distant => "beyond the radius",
            Self::Held => "held until released",
            Self::Disputed => "disputed",
            Self::TooFewSources => "too few sources",
        }
    }
}

/// What a match is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The same bytes, by a digest.
    Exact,
    /// The whole picture, in any of the eight orientations, within the radius.
    Near,
    /// What the picture may have been before it was framed, cropped, inverted, embedded in another
    /// or tilted, within the radius of that guess.
    Variant,
    /// A part of it shows a registered picture or a part of that one, by local features whose
    /// geometry agrees.
    Local,
    /// Needs a second look before anything is done, for the reasons given as doubts; the smaller the
    /// chance of a match, the likelier it is.
    Review,
}

impl Tier {
    /// The word used in outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Near => "near",
            Self::Variant => "variant",
            Self::Local => "local",
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
    pub ignored_by: Vec<EntryName>,
    /// Entries of known lists that say that the same input is of no concern.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denied_by: Vec<EntryName>,
}

/// An entry that matches without being a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryName {
    /// Name of the list.
    pub list: String,
    /// Version of the list.
    pub version: u64,
    /// The entry, as in [`Match::entry`].
    pub entry: String,
    /// What matched: a kind of hash, or `features` of registered material.
    pub by: By,
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
