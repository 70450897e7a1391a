//! What a built collection holds, file by file.

use super::Fingerprint;
use crate::files::FileKind;
use crate::scene::Class;
use crate::transform::Transform;
use serde::Serialize;
use std::path::PathBuf;

/// How a planted file differs from the known picture's own file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The same bytes under a usual name.
    Exact,
    /// The same bytes under a misleading or missing extension.
    Renamed,
    /// Changed pixels, written as a new file.
    Transform(Transform),
}

impl Change {
    /// A stable name: `exact`, `renamed` or the transform's.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Exact => "exact".to_owned(),
            Self::Renamed => "renamed".to_owned(),
            Self::Transform(transform) => transform.name(),
        }
    }
}

/// What a file of the collection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A known picture, by its number, in some form.
    Known {
        /// Index into [`Manifest::known`].
        known: u32,
        /// How the file differs.
        change: Change,
    },
    /// A picture that no list knows.
    Decoy {
        /// Its class.
        class: Class,
        /// Its seed.
        seed: u64,
        /// The ignore list holds it.
        ignored: bool,
    },
    /// A file that is no whole picture.
    Other(FileKind),
}

/// One file of the collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlantedFile {
    /// Path below the folder of files.
    pub path: PathBuf,
    /// What it is.
    pub content: Content,
}

/// A picture that the lists know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPicture {
    /// How every list names it, such as `known-0007`.
    pub id: String,
    /// Its class.
    pub class: Class,
    /// The seed it was drawn from.
    pub seed: u64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Size of its own file in bytes.
    pub bytes: u64,
    /// Extension of its own file.
    pub extension: &'static str,
    /// Hashes of its own file.
    pub fingerprint: Fingerprint,
}

/// A hash list that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListFile {
    /// Path below the collection's folder.
    pub path: PathBuf,
    /// Name to import it under.
    pub name: &'static str,
    /// True for known-good files that are to be ignored.
    pub ignore: bool,
    /// Category to give where the rows have none.
    pub category: Option<&'static str>,
    /// Rows written.
    pub rows: u64,
}

/// Everything that was built. Paths of files are relative to [`super::Collection::FILES`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Every file, known pictures first.
    pub files: Vec<PlantedFile>,
    /// The known pictures, by number.
    pub known: Vec<KnownPicture>,
    /// The lists.
    pub lists: Vec<ListFile>,
}

/// One line of the manifest on disk.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Known {
        id: &'a str,
        class: Class,
        seed: u64,
        width: u32,
        height: u32,
    },
    List {
        list: &'a ListFile,
    },
    File {
        path: String,
        content: &'static str,
        known: Option<&'a str>,
        change: Option<String>,
        class: Option<&'static str>,
        ignored: bool,
    },
}

impl Manifest {
    /// The manifest as JSON Lines. Paths that are not UTF-8 are shown with replacement characters.
    pub(super) fn to_json_lines(&self) -> String {
        let known = self.known.iter().map(|k| Line::Known {
            id: &k.id,
            class: k.class,
            seed: k.seed,
            width: k.width,
            height: k.height,
        });
        let lists = self.lists.iter().map(|list| Line::List { list });
        let files = self.files.iter().map(|file| self.line(file));
        let mut text = String::new();
        for line in known.chain(lists).chain(files) {
            text.push_str(&serde_json::to_string(&line).expect("plain fields always serialise"));
            text.push('\n');
        }
        text
    }

    fn line(&self, file: &PlantedFile) -> Line<'_> {
        let path = file.path.to_string_lossy().into_owned();
        match file.content {
            Content::Known { known, change } => Line::File {
                path,
                content: "known",
                known: self.known.get(known as usize).map(|k| k.id.as_str()),
                change: Some(change.name()),
                class: None,
                ignored: false,
            },
            Content::Decoy { class, ignored, .. } => Line::File {
                path,
                content: "decoy",
                known: None,
                change: None,
                class: Some(class.name()),
                ignored,
            },
            Content::Other(kind) => Line::File {
                path,
                content: "other",
                known: None,
                change: None,
                class: Some(kind.name()),
                ignored: false,
            },
        }
    }
}
