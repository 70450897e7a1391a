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
    /// Two values that are as long as each other and name no kind.
    #[error(
        "two values of {digits} digits stand in the row and none names its kind; make the list with --bsd or --magnet"
    )]
    TwoOfLength {
        /// Their digits.
        digits: usize,
    },
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

/// Where a row stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The line at which it starts, counted from 1.
    Line(u64),
    /// The byte at which it starts, counted from 0, in formats whose rows need not begin a line.
    Byte(u64),
    /// Its number in a table of a database, counted from 1.
    Record(u64),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Byte(byte) => write!(f, "byte {byte}"),
            Self::Record(record) => write!(f, "record {record}"),
        }
    }
}

/// A row that cannot be used: where, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {error}")]
pub struct BadRow {
    /// Where it stands.
    pub place: Place,
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
        "{place}: the record that starts here does not end within {limit} bytes or before the end of the file; a quote or bracket is not closed, or the file is cut short"
    )]
    OpenRecord {
        /// Where the record starts.
        place: Place,
        /// Bytes permitted.
        limit: usize,
    },
    /// What stands between the records is not what the format demands.
    #[error("{place}: the file is not {form} here{}", advice_for(*cut))]
    Structure {
        /// Where.
        place: Place,
        /// What it should be.
        form: &'static str,
        /// True when the file ends there.
        cut: bool,
    },
    /// A database cannot be read on.
    #[error("{place}: the database cannot be read on: {detail}")]
    Database {
        /// The record behind the last one that could be read.
        place: Place,
        /// What SQLite said; never content of a row.
        detail: String,
    },
    /// The source could not be read on.
    #[error("{place}: cannot read on: {source}")]
    Io {
        /// What was being read.
        place: Place,
        /// What the system said.
        source: std::io::Error,
    },
}

fn advice_for(cut: bool) -> &'static str {
    if cut { "; it ends too early, so get it again whole" } else { "" }
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
    #[error(
        "the file is not text and in no format that is read here ({}); an .idx2 file holds only positions in its .idx, so import that",
        ListFormat::names()
    )]
    Binary,
    /// A script of SQL, as NSRL's deltas are.
    #[error(
        "the file is a script of SQL, as the deltas of NSRL's RDS 3 are: apply it to the database with `sqlite3 RDS.db < FILE` and import that"
    )]
    Sql,
    /// The content is like no known format.
    #[error(
        "the format of the file is not recognised; name it with --format ({}), or give a CSV file a header with a column named after the kind of hash, such as md5",
        ListFormat::names()
    )]
    Unknown,
    /// JSON, but neither lines of objects nor a form that is known.
    #[error(
        "the file is JSON, but neither VICS nor StopNCII nor JSON Lines, where each line is one object such as {{\"id\":\"…\",\"md5\":\"…\"}}"
    )]
    UnknownJson,
    /// XML, but not NCMEC's.
    #[error("the file is XML, but not a page of NCMEC's hash sharing (`queryResult`)")]
    UnknownXml,
    /// An SQLite database came as a stream.
    #[error(
        "the list is an SQLite database, which must be read from a file of its own: save it and name the file"
    )]
    NeedsFile,
    /// An SQLite database, but none that is known.
    #[error(
        "the file is an SQLite database, but neither NSRL RDS 3 (with a table or view FILE) nor a .kdb (with a table hashes)"
    )]
    UnknownDatabase,
    /// Another program has the database open, or left it unfinished.
    #[error(
        "the file `{beside}` beside it shows that another program writes to the database or did not finish: close it there, or copy the database with `sqlite3 FILE \".backup COPY\"`"
    )]
    DatabaseInUse {
        /// Name of the file beside it.
        beside: String,
    },
    /// SQLite refuses the file.
    #[error("the database cannot be read: {detail}")]
    Database {
        /// What SQLite said; never content of a row.
        detail: String,
    },
    /// A part of a list that holds no hashes.
    #[error("the file belongs to {format} but holds no hashes; import {instead} instead")]
    Companion {
        /// The list's format.
        format: &'static str,
        /// The part with the hashes.
        instead: &'static str,
    },
    /// A column of the map is not in the header.
    #[error("the header has no column `{column}`, which --map names")]
    MapColumn {
        /// The column.
        column: String,
    },
    /// A map for a format without columns.
    #[error("--map is for separated values with columns, not for the format {format}")]
    MapFormat {
        /// The format.
        format: ListFormat,
    },
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
