//! What can go wrong: one enum for reading, one for writing.

use std::io;
use std::path::{Path, PathBuf};

/// Why a file of the store cannot be opened, verified or queried.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The bytes are not those that were written.
    #[error(
        "{}: {section} is damaged at byte {offset}: {what}; restore the file from a backup or \
         import its list again",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The part of the file.
        section: String,
        /// Where in the file.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// The file has another format version.
    #[error(
        "{}: has format version {found}, this program reads version {}; use the version of the \
         program that wrote it, or import the lists again",
        path.display(),
        crate::FORMAT_VERSION
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The file needs something that this program does not know.
    #[error("{}: holds {what}, which this program does not know; use a newer one", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it needs.
        what: String,
    },
    /// A generation has no list or segment with this number.
    #[error("generation {generation} has no {what}")]
    NoSuchPlace {
        /// Digest of the generation, in hexadecimal.
        generation: String,
        /// What was asked for.
        what: String,
    },
}

impl ReadError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

/// Why a file of the store cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The system refused. Nothing that was already there has changed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Reading what is to be merged failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A row did not follow the one before.
    #[error("row {row} of a segment does not follow the row before it in the order of keys")]
    KeyOrder {
        /// Number of the row, from 0.
        row: u64,
    },
    /// A text of a row is too long.
    #[error("{field} of source row {source_row} is longer than {limit} bytes; shorten it")]
    FieldTooLong {
        /// Which text.
        field: &'static str,
        /// Row of the source.
        source_row: u64,
        /// The limit.
        limit: usize,
    },
    /// More than a segment can number.
    #[error("a segment cannot hold more than {} {what}; split the list", u32::MAX)]
    TooMany {
        /// What there is too much of.
        what: &'static str,
    },
    /// Rows given as dead that the segment lacks, or not in ascending order.
    #[error("tombstones must be ascending rows of their segment")]
    Tombstones,
    /// A key or record that the sorter cannot take.
    #[error("a record to sort has a key of the wrong length, or is longer than {} bytes", u32::MAX)]
    Record,
}

impl WriteError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
