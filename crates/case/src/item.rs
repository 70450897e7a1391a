//! What is kept of one file, and its form in the case.

use hashward_evidence::Stamp;
use hashward_examine::Examination;
use hashward_media::Reason;
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Number of the settings under which a file was examined; see [`crate::Case::settings`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings(pub(crate) i64);

/// What became of one object that a scan came across.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its path as the scan gave it.
    pub path: PathBuf,
    /// The state of the file; nothing where a later scan must look again in any case.
    pub stamp: Option<Stamp>,
    /// How it was examined.
    pub settings: Settings,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of an object. The order of the variants is part of the case's format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// A file that was examined, as far as that went.
    Examined(Box<Examination>),
    /// Something that could not be opened or read at all.
    Failed {
        /// Why, in a word.
        reason: Reason,
        /// Why, for people.
        detail: String,
        /// A file, as opposed to a folder or something that is not there.
        is_file: bool,
    },
    /// Something that is not read.
    Skipped {
        /// What it is.
        reason: String,
    },
}

impl Outcome {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("writing to memory; every field is serialisable")
    }

    /// Reads back what [`Outcome::to_bytes`] gave, and nothing else.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (outcome, rest) = postcard::take_from_bytes::<Self>(bytes).ok()?;
        let is_ours = match &outcome {
            Self::Examined(examination) => {
                examination.version == hashward_examine::EXAMINATION_VERSION
            }
            _ => true,
        };
        (rest.is_empty() && is_ours).then_some(outcome)
    }
}

/// What is under a path's name in the table: its components with zeros between them, so that the
/// order of bytes is the order in which folders are walked.
pub(crate) fn key(path: &Path) -> Vec<u8> {
    let mut key = Vec::with_capacity(path.as_os_str().len() + 1);
    for component in path.components() {
        key.extend_from_slice(component.as_os_str().as_encoded_bytes());
        key.push(0);
    }
    key
}

/// The bytes of a path.
pub(crate) fn path_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// The path with these bytes.
pub(crate) fn path_of(bytes: &[u8]) -> PathBuf {
    #[cfg(unix)]
    let name = <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes);
    // Elsewhere names are text, but for broken halves of characters.
    #[cfg(not(unix))]
    let text = String::from_utf8_lossy(bytes);
    #[cfg(not(unix))]
    let name = OsStr::new(text.as_ref());
    PathBuf::from(name)
}

/// A checksum over everything that is kept of an item.
pub(crate) fn checksum(path: &[u8], stamp: Option<&[u8]>, settings: i64, outcome: &[u8]) -> i64 {
    let mut state = xxhash_rust::xxh3::Xxh3::new();
    for part in [path, stamp.unwrap_or(b""), &settings.to_le_bytes(), outcome] {
        state.update(&(part.len() as u64).to_le_bytes());
        state.update(part);
    }
    state.digest().cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_folders_are_walked() {
        let order = ["a", "a/b", "a/b/c", "a/b.jpg", "a.txt", "a.txt/x", "b"];
        let keys: Vec<Vec<u8>> = order.iter().map(|path| key(Path::new(path))).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        assert_eq!(key(Path::new("a//b/./c")), key(Path::new("a/b/c")));
        assert_ne!(key(Path::new("/a")), key(Path::new("a")));
    }
}
