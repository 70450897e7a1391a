//! Bare hexadecimal hashes, one on each line, all of one kind.

use super::{LineReader, Parsed, is_comment};
use crate::columns::parse_hash;
use crate::error::{OpenError, RowError};
use crate::row::ListRow;
use hashward_hash::HashKind;

/// Reads bare hashes of one kind: the one that was named, else the one that the first line's
/// length tells.
#[derive(Debug)]
pub(crate) struct HexReader {
    kind: Option<HashKind>,
}

impl HexReader {
    /// `first` is the first line with content; it must settle the kind where none is named.
    pub(crate) fn new(kind: Option<HashKind>, first: &[u8]) -> Result<Self, OpenError> {
        match (kind, first.trim_ascii().len()) {
            (None, 64) => Err(OpenError::Ambiguous),
            (kind, digits) => Ok(Self { kind: kind.or(kind_by_length(digits)) }),
        }
    }
}

/// The kind that a number of digits tells without doubt.
fn kind_by_length(digits: usize) -> Option<HashKind> {
    match digits {
        32 => Some(HashKind::Md5),
        40 => Some(HashKind::Sha1),
        _ => None,
    }
}

impl LineReader for HexReader {
    fn read(&mut self, line: &[u8], row: &mut ListRow) -> Result<Parsed, RowError> {
        if is_comment(line) {
            return Ok(Parsed::Nothing);
        }
        let text = line.trim_ascii();
        let kind = match self.kind.or(kind_by_length(text.len())) {
            Some(kind) => kind,
            None if text.len() == 64 => return Err(RowError::Ambiguous),
            None => return Err(RowError::UnknownLength { digits: text.len() }),
        };
        row.hashes.push(parse_hash(kind, text)?);
        self.kind = Some(kind);
        Ok(Parsed::Row)
    }
}
