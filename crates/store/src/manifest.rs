//! The manifest of a generation: everything besides the segments that decides a verdict.

use crate::format::FORMAT_VERSION;
use crate::store::read_named;
use crate::{ContentDigest, Day, ReadError, Store};
use hashward_hash::{Distance, Quality, Standing, VectorRadius};
use serde::{Deserialize, Serialize};

/// The hash lists of a generation and the segments that hold them.
///
/// A manifest is canonical JSON: fields in this order, no white space. Fields that a program does
/// not know are refused, because they may decide a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the format.
    pub format: u32,
    /// Counts up with each generation of a database.
    pub sequence: u64,
    /// The lists, in the order in which matches name them.
    pub lists: Vec<List>,
}

/// What a match with an entry of a list means.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum ListKind {
    /// Known material: reported.
    #[default]
    Known,
    /// Known to be of no interest: suppresses.
    Ignore,
}

/// One version of a hash list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The catalogue's number of the list.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// What a match means.
    pub kind: ListKind,
    /// Number of the version.
    pub version: u64,
    /// What the source calls the version.
    #[serde(default)]
    pub label: Option<String>,
    /// Who vouches for the entries. Lists of one source count as one attestation.
    #[serde(default)]
    pub source: Option<String>,
    /// Category of entries that have none of their own.
    #[serde(default)]
    pub category: Option<String>,
    /// What the categories of entries mean.
    #[serde(default)]
    pub scheme: Option<Scheme>,
    /// Radius of perceptual matches; `None` takes the query's.
    #[serde(default)]
    pub radius: Option<Distance>,
    /// Radius for the 64-bit kinds; `None` takes the query's.
    #[serde(default)]
    pub radius64: Option<Distance>,
    /// Measure and radius for PhotoDNA; `None` takes the query's.
    #[serde(default)]
    pub photodna: Option<VectorRadius>,
    /// Lowest quality of perceptual matches; `None` takes the query's.
    #[serde(default)]
    pub min_quality: Option<Quality>,
    /// The last day, in UTC, on which the list may be used.
    #[serde(default)]
    pub expires: Option<Day>,
    /// Independent sources that must vouch for a hash before a match with it counts.
    #[serde(default)]
    pub requires_sources: Option<u8>,
    /// True when its disputed and negative entries (all of them in an ignore list) take away
    /// matches with known lists.
    #[serde(default)]
    pub veto: bool,
    /// What is to be done about a match; the words are handed on.
    #[serde(default)]
    pub actions: Vec<String>,
    /// SHA-256 of the imported files.
    #[serde(default)]
    pub sources: Vec<ContentDigest>,
    /// The segments, oldest first.
    pub segments: Vec<SegmentRef>,
}

/// The categories of a list: which there are, and what an entry of each says of its hashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// Its name.
    pub name: String,
    /// The categories, in the order of the scheme.
    pub categories: Vec<Category>,
}

impl Scheme {
    /// The category with a code.
    #[must_use]
    pub fn category(&self, code: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.code == code)
    }
}

/// A category of a [`Scheme`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// What stands in the entries.
    pub code: String,
    /// What it means, for people.
    pub name: String,
    /// What an entry of the category says of its hashes.
    pub standing: Standing,
}

/// A segment of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentRef {
    /// The SHA-256 that names the file.
    pub digest: ContentDigest,
    /// Bytes of the file.
    pub bytes: u64,
    /// Rows, dead ones included.
    pub rows: u64,
    /// Which rows are dead.
    #[serde(default)]
    pub tombstones: Option<ContentDigest>,
    /// True while its entries wait for a review; they then match for review only.
    #[serde(default)]
    pub held: bool,
}

impl Manifest {
    /// A generation without lists, the first of a database.
    #[must_use]
    pub const fn empty() -> Self {
        Self { format: FORMAT_VERSION, sequence: 0, lists: Vec::new() }
    }

    /// Reads the manifest of a generation, and checks that its content is that of its name.
    ///
    /// # Errors
    /// When it cannot be read, is damaged, or says what this program does not know.
    pub fn read(store: &Store, digest: ContentDigest) -> Result<Self, ReadError> {
        let path = store.generations_dir().join(format!("{digest}.gen"));
        let bytes = read_named(&**store.disk(), &path, digest)?;
        let version = serde_json::from_slice::<Version>(&bytes).map(|version| version.format);
        match version {
            Ok(FORMAT_VERSION) => {}
            Ok(found) => return Err(ReadError::Version { path, found }),
            Err(_) => {
                let what = "what is no manifest".to_owned();
                return Err(ReadError::Unsupported { path, what });
            }
        }
        // The name has proved the bytes, so what cannot be read is not damaged but unknown.
        serde_json::from_slice(&bytes)
            .map_err(|error| ReadError::Unsupported { path, what: error.to_string() })
    }

    /// The canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a manifest has no maps with keys other than texts")
    }
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_is_pinned() {
        let digest = ContentDigest([0xab; 32]);
        let list = List {
            id: 3,
            name: "x".into(),
            kind: ListKind::Ignore,
            version: 2,
            label: None,
            source: Some("y".into()),
            category: None,
            scheme: Some(Scheme {
                name: "s".into(),
                categories: vec![Category {
                    code: "5".into(),
                    name: "n".into(),
                    standing: Standing::Negative,
                }],
            }),
            radius: Some(Distance(31)),
            radius64: Some(Distance(6)),
            photodna: VectorRadius::parse("l2:150"),
            min_quality: Some(Quality(50)),
            expires: Some("2027-01-31".parse().unwrap()),
            requires_sources: Some(2),
            veto: true,
            actions: vec!["block".into()],
            sources: vec![digest],
            segments: vec![SegmentRef { digest, bytes: 1, rows: 2, tombstones: None, held: true }],
        };
        let manifest = Manifest { lists: vec![list], ..Manifest::empty() };
        let hex = digest.to_string();
        let json = format!(
            "{{\"format\":1,\"sequence\":0,\"lists\":[{{\"id\":3,\"name\":\"x\",\
             \"kind\":\"ignore\",\"version\":2,\"label\":null,\"source\":\"y\",\
             \"category\":null,\"scheme\":{{\"name\":\"s\",\"categories\":[{{\"code\":\"5\",\
             \"name\":\"n\",\"standing\":\"negative\"}}]}},\"radius\":31,\"radius64\":6,\
             \"photodna\":{{\"metric\":\"l2\",\"radius\":150}},\"min_quality\":50,\
             \"expires\":\"2027-01-31\",\"requires_sources\":2,\"veto\":true,\
             \"actions\":[\"block\"],\"sources\":[\"{hex}\"],\
             \"segments\":[{{\"digest\":\"{hex}\",\"bytes\":1,\"rows\":2,\"tombstones\":null,\
             \"held\":true}}]}}]}}"
        );
        assert_eq!(String::from_utf8(manifest.to_bytes()).unwrap(), json);
        assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), manifest);
        let more = json.replace("\"id\":3", "\"id\":3,\"unless\":true");
        assert!(serde_json::from_str::<Manifest>(&more).is_err(), "an unknown field is refused");
    }
}
