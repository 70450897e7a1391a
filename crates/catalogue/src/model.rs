//! The records of the catalogue as other crates see them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is current.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Digest of the generation that answers queries, in hexadecimal.
    pub generation: String,
    /// Number of that generation.
    pub sequence: u64,
    /// The next entry number that has not been given out.
    pub next_entry: u64,
    /// Number of the last audit record.
    pub audit_seq: u64,
    /// Digest of the last audit record, in hexadecimal.
    pub audit_head: String,
}

/// A hash list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRecord {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// `known` or `ignore`.
    pub kind: String,
    /// How it is used.
    pub settings: ListSettings,
    /// False once it was withdrawn.
    pub active: bool,
    /// When it was first imported, UTC.
    pub created_at: String,
}

/// What an import sets for its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewList<'a> {
    /// Its name.
    pub name: &'a str,
    /// `known` or `ignore`.
    pub kind: &'a str,
    /// How it is used.
    pub settings: &'a ListSettings,
}

/// How a list is used. What decides a verdict is compiled into the generation as well.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListSettings {
    /// The body that vouches for the entries. Lists of one source count as one attestation.
    pub source: Option<String>,
    /// What its licence or agreement says, in the user's words.
    pub licence: Option<String>,
    /// Category of entries that have none of their own.
    pub category: Option<String>,
    /// Name of the [`Scheme`](crate::Scheme) of its categories.
    pub scheme: Option<String>,
    /// What its own categories are called in the scheme.
    pub category_map: BTreeMap<String, String>,
    /// Its own radius for PDQ.
    pub radius: Option<u16>,
    /// Its own radius for 64-bit hashes.
    pub radius64: Option<u16>,
    /// Its own measure and radius for PhotoDNA: `l1:N` or `l2:N`.
    pub photodna: Option<String>,
    /// Its own quality gate for PDQ.
    pub min_quality: Option<u8>,
    /// The last day, in UTC, on which it may be used: `2027-01-31`.
    pub expires: Option<String>,
    /// Independent sources that must vouch for a hash before a match with it counts.
    pub requires_sources: Option<u8>,
    /// True when its disputed and negative entries take matches away.
    pub veto: bool,
    /// New and changed entries of an import, in percent of the entries before, above which they
    /// are held for review.
    pub hold_above: Option<u32>,
    /// What is to be done about a match.
    pub actions: Vec<String>,
    /// Public keys of which one must have signed every file that is imported.
    pub trusted_keys: Vec<String>,
}

/// What one import counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Rows of the files that could be used.
    pub rows: u64,
    /// Entries that the version before did not have.
    pub added: u64,
    /// Entries whose content is another than in the version before.
    pub changed: u64,
    /// Entries that stayed as they were.
    pub unchanged: u64,
    /// Entries of the version before that are gone.
    pub removed: u64,
    /// Rows that were joined with another row of the same entry.
    pub joined: u64,
    /// Rows that a later state of the same entry took the place of.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub superseded: u64,
    /// Rows that say that an entry is deleted.
    pub deletions: u64,
    /// Of those, the ones whose entry was not there.
    pub deletions_unmatched: u64,
    /// Digests of the empty file that were left out.
    pub empty_digests: u64,
    /// Entries with PDQ codes that no picture with content gives.
    pub degenerate: u64,
    /// Rows that could not be used and were skipped.
    pub bad_rows: u64,
    /// Entries of the list with this version.
    pub entries: u64,
    /// New and changed entries that were held for a review, because they are too many.
    #[serde(default)]
    pub held: u64,
}

/// What is seldom counted is left out where it is zero.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// How a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VersionState {
    /// It is the one that matches.
    Active,
    /// A newer version took its place.
    Superseded,
    /// The list was withdrawn while it was active.
    Withdrawn,
}

impl VersionState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Active, Self::Superseded, Self::Withdrawn].into_iter().find(|s| s.name() == name)
    }
}

/// One version of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRecord {
    /// Its number, from 1.
    pub number: u64,
    /// How it stands.
    pub state: VersionState,
    /// When it was imported, UTC.
    pub imported_at: String,
    /// True when it added to the version before it instead of replacing it.
    pub delta: bool,
    /// What the import counted.
    pub counts: Counts,
    /// Name and version of the program that imported it.
    pub tool: String,
    /// Digest over what was imported and how, chained to the version before it.
    pub digest: String,
    /// Digest of the manifest that holds this version alone, while it is kept.
    pub manifest: Option<String>,
}

/// A file from which a version was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// Its name, without the folders.
    pub name: String,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// The format in which it was read.
    pub format: String,
    /// Fingerprint of the trusted key that has signed it.
    #[serde(default)]
    pub signer: Option<String>,
}

/// A segment that a kept generation or version uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentRow {
    /// Digest of the file, in hexadecimal.
    pub digest: String,
    /// Number of the list to which its rows belong.
    pub list: u64,
    /// Rows.
    pub rows: u64,
    /// Length of the file.
    pub bytes: u64,
}

/// A generation that was current at some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerationRow {
    /// Its number.
    pub sequence: u64,
    /// Its digest, in hexadecimal.
    pub digest: String,
    /// The audit record of the change that made it.
    pub audit: u64,
}

/// What the catalogue knows of an audit record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number, from 1.
    pub seq: u64,
    /// Digest of its file, in hexadecimal.
    pub digest: String,
    /// When, UTC.
    pub time: String,
    /// What was done.
    pub action: String,
    /// To which list.
    pub list: Option<String>,
    /// The generation that it made current.
    pub generation: String,
}

/// A version whose content is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptVersion {
    /// Number of the list.
    pub list: u64,
    /// Number of the version.
    pub number: u64,
    /// Digest of the manifest that has this version alone, in hexadecimal.
    pub manifest: String,
}
