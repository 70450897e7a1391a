//! Why an import is refused.

use crate::database::DatabaseError;
use hashward_lists::{OpenError, ReadError};

/// Why a list was not imported; the database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The name of the list cannot be used.
    #[error(
        "the name of a list must have 1 to 200 bytes on one line, without a space at either end or a dash at the start"
    )]
    Name,
    /// No file was given.
    #[error("there is nothing to import: name at least one file")]
    NoInput,
    /// A file cannot be opened.
    #[error("{file}: {source}")]
    File {
        /// The file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not a list that can be read.
    #[error("{file}: {source}")]
    Open {
        /// The file.
        file: String,
        /// Why.
        source: OpenError,
    },
    /// A file cannot be read to its end.
    #[error("{file}: {source}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: ReadError,
    },
    /// Files of a list with trusted keys come without signatures.
    #[error(
        "the list `{list}` takes only files that are signed by a trusted key, and {files} {} came with {signatures} {}; give each file its --signature",
        if *files == 1 { "file" } else { "files" },
        if *signatures == 1 { "signature" } else { "signatures" }
    )]
    Unsigned {
        /// Its name.
        list: String,
        /// How many files.
        files: usize,
        /// How many signatures.
        signatures: usize,
    },
    /// A signature cannot be checked.
    #[error("there is no key to check the signature by; name one with --trusted-key")]
    NoTrustedKey,
    /// An import would replace the keys by which it is checked.
    #[error(
        "the list `{list}` has other trusted keys; change them with `hashward list set --trusted-key` first, if that is meant"
    )]
    OtherKeys {
        /// Its name.
        list: String,
    },
    /// A signature does not hold.
    #[error("{file}: {source}")]
    Signature {
        /// The file.
        file: String,
        /// Why.
        source: hashward_signature::SignatureError,
    },
    /// Rows cannot be used.
    #[error(
        "{count} {} cannot be used:\n{}{}\ncorrect them, or import the rest with --bad-rows skip",
        if *count == 1 { "row" } else { "rows" },
        examples.join("\n"),
        if *count > examples.len() as u64 { "\n…" } else { "" }
    )]
    BadRows {
        /// How many.
        count: u64,
        /// The first of them: file, line and reason.
        examples: Vec<String>,
    },
    /// A list of material was to excuse files.
    #[error(
        "{file}: the list grades abuse material, so it cannot be of the kind ignore, which excuses the files that it names; import it as a list of its own of the kind known"
    )]
    Material {
        /// The file.
        file: String,
    },
    /// No row is left.
    #[error(
        "no row can be used, and a version without entries would take all of them out of use; withdraw the list if that is meant"
    )]
    NothingLeft,
    /// The list has another kind.
    #[error(
        "the list `{list}` is of the kind {kind}, which cannot change; import under another name, and withdraw this one"
    )]
    OtherKind {
        /// Its name.
        list: String,
        /// Its kind.
        kind: String,
    },
    /// A delta has nothing to add to.
    #[error(
        "the list `{list}` is withdrawn, and a delta would bring all of it back; import a whole version if that is meant"
    )]
    DeltaOfWithdrawn {
        /// Its name.
        list: String,
    },
    /// An identifier is not one.
    #[error(
        "row {row} has an identifier that more than {limit} hashes share, so it identifies nothing; import without the column, or choose another one"
    )]
    SharedIdentifier {
        /// One of the rows, counted over all files.
        row: u64,
        /// Hashes that an entry may have.
        limit: usize,
    },
    /// A row is too big to be stored.
    #[error("row {row}: the {field} is longer than {limit} bytes")]
    TooBig {
        /// The row, counted over all files.
        row: u64,
        /// What is too long.
        field: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A record on the disk cannot be read back.
    #[error(
        "a sorted record cannot be read back; the disk under the database's `tmp` may be failing"
    )]
    Sorting,
}

impl From<hashward_store::WriteError> for ImportError {
    fn from(error: hashward_store::WriteError) -> Self {
        Self::Database(error.into())
    }
}

impl From<hashward_store::ReadError> for ImportError {
    fn from(error: hashward_store::ReadError) -> Self {
        Self::Database(error.into())
    }
}
