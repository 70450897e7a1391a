//! One file per format; each turns the lines of a source into rows.

pub(crate) mod bsd;
pub(crate) mod csv;
pub(crate) mod encase;
pub(crate) mod hashdeep;
pub(crate) mod hex;
pub(crate) mod json;
pub(crate) mod jsonl;
pub(crate) mod links;
pub(crate) mod md5sum;
pub(crate) mod ncmec;
pub(crate) mod pdq;
pub(crate) mod rhash;
pub(crate) mod stopncii;
pub(crate) mod threatexchange;
pub(crate) mod tsk;
pub(crate) mod vics;
pub(crate) mod xml;

use crate::error::RowError;
use crate::row::ListRow;

/// What a line held.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// A row.
    Row,
    /// Nothing: a blank line or a comment.
    Nothing,
}

/// A format whose records are told apart before they are read: lines, or objects of an array.
pub(crate) trait RowReader {
    /// Reads a record into a row that is empty but for its number.
    fn read(&mut self, record: &[u8], row: &mut ListRow) -> Result<Parsed, RowError>;

    /// What the user should know of what was read so far, without any content of rows.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Blank lines and lines that start with `#` say nothing in the text formats.
pub(crate) fn is_comment(line: &[u8]) -> bool {
    matches!(line.trim_ascii().first(), None | Some(b'#'))
}

/// The note for rows that were passed over because they hold nothing that is read here.
pub(crate) fn passed_over(count: u64, what: &str) -> Vec<String> {
    if count == 0 { Vec::new() } else { vec![format!("{count} {what} were passed over")] }
}
