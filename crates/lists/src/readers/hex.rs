//! Bare hexadecimal hashes, one on each line, all of one kind.

use super::{Parsed, RowReader, is_comment};
use crate::columns::parse_hash;
use crate::error::{OpenError, RowError};
use crate::format::ListFormat;
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

    /// X-Ways names the kind on the first line.
    pub(crate) fn with_title(line: u64, title: &[u8]) -> Result<Self, OpenError> {
        let detail = "the first line must name the kind of hash, such as MD5 or SHA-1";
        let fault = OpenError::Header { line, format: ListFormat::XWays, detail };
        kind_by_title(title).map(|kind| Self { kind: Some(kind) }).ok_or(fault)
    }
}

/// The kind that the first line of an X-Ways list names, written as X-Ways does.
pub(crate) fn kind_by_title(title: &[u8]) -> Option<HashKind> {
    TITLES.into_iter().find(|(_, known)| title.trim_ascii() == known.as_bytes()).map(|it| it.0)
}

/// How X-Ways names the kinds of hash that it knows.
pub(crate) const TITLES: [(HashKind, &str); 6] = [
    (HashKind::Md5, "MD5"),
    (HashKind::Sha1, "SHA-1"),
    (HashKind::Sha256, "SHA-256"),
    (HashKind::Sha512, "SHA-512"),
    (HashKind::Ed2k, "ed2k"),
    (HashKind::Tth, "TTH"),
];

/// The kind that a number of digits tells without doubt.
fn kind_by_length(digits: usize) -> Option<HashKind> {
    match digits {
        32 => Some(HashKind::Md5),
        40 => Some(HashKind::Sha1),
        128 => Some(HashKind::Sha512),
        _ => None,
    }
}

impl RowReader for HexReader {
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
