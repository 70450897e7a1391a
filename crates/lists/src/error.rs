//! What can be wrong with a list or one of its rows, told without showing any of its content.

use crate::ListFormat;
use hashward_hash::{HashKind, ValueError};

/// Why a row cannot be used. Never holds a hash or other content of the row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// A hash is not written as its kind demands.
    #[error("the {kind} value {error}")]
    Hash {
        /// Kind that was expected.
        kind: HashKind,
        /// What is wrong with the text.
        error: ValueError,
    },
    /// There is no hash in the row.
    #[error("the row has no hash")]
    NoHash,
    /// The digits fit no kind of hash.
    #[error(
        "{digits} hexadecimal digits are no kind of hash that is read here (md5 has 32, sha1 40, sha256, blake3 and pdq 64)"
    )]
    UnknownLength {
        /// Digits found.
        digits: usize,
    },
    /// 64 digits whose kind nobody can tell.
    #[error(
        "64 hexadecimal digits can be SHA-256, BLAKE3 or PDQ: say which with --hash-kind sha256, --hash-kind blake3 or --hash-kind pdq"
    )]
    Ambiguous,
    /// A quality is no whole number from 0 to 100.
    #[error("the quality is no whole number from 0 to 100")]
    Quality,
    /// A truth value is neither true nor false.
    #[error("the field `deleted` is neither true nor false")]
    Deleted,
    /// A row has another number of fields than the header.
    #[error("the row has {found} fields, the header has {expected}")]
    FieldCount {
        /// Fields of the row.
        found: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// A record has more fields than permitted.
    #[error("the record has more than {limit} fields")]
    TooManyFields {
        /// Fields permitted.
        limit: usize,
    },
    /// A line is longer than permitted.
    #[error("the line is longer than {limit} bytes")]
    TooLong {
        /// Bytes permitted.
        limit: usize,
    },
    /// A text that must be UTF-8 is not.
    #[error("the row is not valid UTF-8")]
    NotUtf8,
    /// A line is no JSON object.
    #[error("the line is no JSON object (column {column})")]
    Json {
        /// Where the parser stopped, counted from 1.
        column: usize,
    },
    /// A field of a JSON object has another type than it must have.
    #[error("the field `{field}` must be {expected}")]
    JsonType {
        /// Name of the field.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A field is given more than once.
    #[error("a field of the object is given twice")]
    FieldTwice,
    /// The line has not the form of its format.
    #[error("the line has not the form {form}")]
    Form {
        /// The form that was expected.
        form: &'static str,
    },
}

/// A row that cannot be used: where, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {error}")]
pub struct BadRow {
    /// Line at which the row starts, counted from 1.
    pub line: u64,
    /// What is wrong.
    pub error: RowError,
}

/// What a reader can meet instead of a row.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// One row is bad; reading can go on.
    #[error(transparent)]
    Row(#[from] BadRow),
    /// A record does not end; what follows cannot be told apart.
    #[error(
        "line {line}: the record that starts here does not end within {limit} bytes or before the end of the file; a quote is not closed, or the file is cut short"
    )]
    OpenRecord {
        /// Line at which the record starts.
        line: u64,
        /// Bytes permitted.
        limit: usize,
    },
    /// The source could not be read on.
    #[error("line {line}: cannot read on: {source}")]
    Io {
        /// Line that was being read.
        line: u64,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Why a list cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is nothing in the file.
    #[error(
        "the file holds no rows; to take a list out of use, withdraw it instead of importing nothing"
    )]
    Empty,
    /// UTF-16, as some Windows programs write.
    #[error("the file is UTF-16 text; save it as UTF-8 and import it again")]
    Utf16,
    /// Not text.
    #[error("the file is not text and in no format that is read here ({})", ListFormat::names())]
    Binary,
    /// The content is like no known format.
    #[error(
        "the format of the file is not recognised; name it with --format ({}), or give a CSV file a header with a column named after the kind of hash, such as md5",
        ListFormat::names()
    )]
    Unknown,
    /// JSON, but not one object on each line.
    #[error(
        "the file is JSON, but not JSON Lines: each line must be one object such as {{\"id\":\"…\",\"md5\":\"…\"}}"
    )]
    NotJsonLines,
    /// Comma-separated rows start at once.
    #[error(
        "the file looks like CSV without a header; put a first line above it that names the columns, such as `md5,name`"
    )]
    NoHeader,
    /// 64 digits whose kind nobody can tell.
    #[error(
        "the file holds bare lines of 64 hexadecimal digits, which can be SHA-256, BLAKE3 or PDQ: say which with --hash-kind sha256, --hash-kind blake3 or --hash-kind pdq"
    )]
    Ambiguous,
    /// The header names no hash.
    #[error(
        "the header has no column with hashes; name one md5, sha1, sha256, blake3 or pdq, or `hash` together with --hash-kind"
    )]
    NoHashColumn,
    /// The header has a column `hash` whose kind is not known.
    #[error("the kind of the column `hash` is not known: name it with --hash-kind")]
    HashColumn,
    /// The header has two columns for the same thing.
    #[error("the header has two columns for `{field}`; rename or remove one of them")]
    ColumnTwice {
        /// The field.
        field: String,
    },
    /// The first lines are not those that the format demands.
    #[error("line {line}: the header is not that of the format {format}: {detail}")]
    Header {
        /// Line of the fault, counted from 1.
        line: u64,
        /// The format.
        format: ListFormat,
        /// What is wrong.
        detail: &'static str,
    },
    /// The source could not be read.
    #[error("cannot read the list: {0}")]
    Io(#[from] std::io::Error),
    /// The header cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}
