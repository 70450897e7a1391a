//! One file per format; each turns the lines of a source into rows.

pub(crate) mod bsd;
pub(crate) mod csv;
pub(crate) mod hashdeep;
pub(crate) mod hex;
pub(crate) mod jsonl;
pub(crate) mod md5sum;
pub(crate) mod pdq;
pub(crate) mod threatexchange;

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

/// A format whose rows are single lines.
pub(crate) trait LineReader {
    /// Reads a line into a row that is empty but for its line number.
    fn read(&mut self, line: &[u8], row: &mut ListRow) -> Result<Parsed, RowError>;
}

/// Blank lines and lines that start with `#` say nothing in the text formats.
pub(crate) fn is_comment(line: &[u8]) -> bool {
    matches!(line.trim_ascii().first(), None | Some(b'#'))
}
