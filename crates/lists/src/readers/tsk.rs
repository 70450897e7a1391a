//! The Sleuth Kit's text index `.idx`: sorted digests, each with an offset into the list that was
//! indexed.

use super::{Parsed, RowReader, is_comment};
use crate::columns::parse_hash;
use crate::error::RowError;
use crate::row::ListRow;
use hashward_hash::HashKind;

const FORM: RowError = RowError::Form { form: "`hex|offset`" };
/// Digits of the keys under which the index says what it is of: one more than any digest has.
const HEADER_DIGITS: usize = 41;

/// Reads index lines.
#[derive(Debug)]
pub(crate) struct TskIndexReader;

impl RowReader for TskIndexReader {
    fn read(&mut self, line: &[u8], row: &mut ListRow) -> Result<Parsed, RowError> {
        if is_comment(line) || is_header(line) {
            return Ok(Parsed::Nothing);
        }
        let bar = line.iter().position(|byte| *byte == b'|').ok_or(FORM)?;
        let (hex, offset) = (&line[..bar], line[bar + 1..].trim_ascii());
        if offset.is_empty() || !offset.iter().all(u8::is_ascii_digit) {
            return Err(FORM);
        }
        let kind = match hex.len() {
            32 => HashKind::Md5,
            40 => HashKind::Sha1,
            digits => return Err(RowError::UnknownLength { digits }),
        };
        row.hashes.push(parse_hash(kind, hex)?);
        Ok(Parsed::Row)
    }
}

/// True for the lines that name the type and the file of the list that was indexed.
pub(crate) fn is_header(line: &[u8]) -> bool {
    line.get(HEADER_DIGITS) == Some(&b'|')
        && line[..HEADER_DIGITS - 1].iter().all(|byte| *byte == b'0')
        && line[HEADER_DIGITS - 1].is_ascii_digit()
}
