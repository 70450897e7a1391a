//! rhash's own text: the name, then one value or several, and comments that start with `;`.

use super::{Parsed, RowReader};
use crate::columns::parse_hash;
use crate::error::RowError;
use crate::row::ListRow;
use hashward_hash::HashKind;

const FORM: RowError = RowError::Form { form: "`name  value  value …`" };

/// Reads lines whose values are told by their length, since nothing names their kinds.
#[derive(Debug)]
pub(crate) struct RhashReader {
    /// The kind of values of 32 digits where it is not MD5.
    pub(crate) kind: Option<HashKind>,
}

impl RowReader for RhashReader {
    fn read(&mut self, line: &[u8], row: &mut ListRow) -> Result<Parsed, RowError> {
        let line = line.trim_ascii_end();
        if is_comment(line) {
            return Ok(Parsed::Nothing);
        }
        let (name, values) = split(line).ok_or(FORM)?;
        for value in values.split(u8::is_ascii_whitespace).filter(|value| !value.is_empty()) {
            let kind = match (value.len(), self.kind) {
                (digits, Some(kind)) if digits == 2 * kind.bytes() => kind,
                (32, _) => HashKind::Md5,
                (39 | 48, _) => HashKind::Tth,
                (40, _) => HashKind::Sha1,
                (64, _) => HashKind::Sha256,
                (128, _) => HashKind::Sha512,
                // A CRC-32 without the size of its file says nothing.
                _ => continue,
            };
            if row.hash(kind).is_some() {
                return Err(RowError::TwoOfLength { digits: value.len() });
            }
            row.hashes.push(parse_hash(kind, value)?);
        }
        row.name = row.text("name", name);
        Ok(Parsed::Row)
    }
}

/// rhash and other programs that write `.sfv` start comments with a semicolon.
pub(crate) fn is_comment(line: &[u8]) -> bool {
    matches!(line.trim_ascii().first(), None | Some(b';'))
}

/// The name and what stands behind it: as many words that can be values as there are.
pub(crate) fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.trim_ascii_end();
    let mut end = line.len();
    while let Some(space) = line[..end].iter().rposition(u8::is_ascii_whitespace) {
        if !is_value(&line[space + 1..end]) {
            break;
        }
        end = line[..space].trim_ascii_end().len();
    }
    (end > 0 && end < line.len()).then(|| (&line[..end], &line[end..]))
}

fn is_value(word: &[u8]) -> bool {
    match word.len() {
        8 | 32 | 40 | 48 | 56 | 64 | 96 | 128 => {
            let base32 = |byte: &u8| byte.is_ascii_alphabetic() || (b'2'..=b'7').contains(byte);
            word.iter().all(u8::is_ascii_hexdigit) || word.len() == 32 && word.iter().all(base32)
        }
        39 => word.iter().all(|byte| byte.is_ascii_alphanumeric()),
        _ => false,
    }
}
