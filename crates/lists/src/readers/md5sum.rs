//! `<hex>  name` and `<hex> *name`, as md5sum, sha1sum, sha256sum and b3sum write.

use super::{Parsed, RowReader, is_comment};
use crate::columns::parse_hash;
use crate::error::RowError;
use crate::row::ListRow;
use hashward_hash::HashKind;

/// Reads sums; 64 digits are SHA-256 unless another kind is named.
#[derive(Debug)]
pub(crate) struct Md5sumReader {
    pub(crate) kind: Option<HashKind>,
}

impl RowReader for Md5sumReader {
    fn read(&mut self, line: &[u8], row: &mut ListRow) -> Result<Parsed, RowError> {
        if is_comment(line) {
            return Ok(Parsed::Nothing);
        }
        let (escaped, line) = match line.strip_prefix(b"\\") {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let digits = line.iter().position(|byte| *byte == b' ' || *byte == b'\t');
        let (hex, rest) = line.split_at(digits.unwrap_or(line.len()));
        let kind = match (self.kind, hex.len()) {
            (Some(kind), _) => kind,
            (None, 32) => HashKind::Md5,
            (None, 40) => HashKind::Sha1,
            (None, 64) => HashKind::Sha256,
            (None, 128) => HashKind::Sha512,
            (None, digits) => return Err(RowError::UnknownLength { digits }),
        };
        row.hashes.push(parse_hash(kind, hex)?);
        // One separator, then one flag for text or binary mode that older tools leave out.
        let name = rest.get(1..).unwrap_or_default();
        let name = match name.first() {
            Some(b' ' | b'*') => &name[1..],
            _ => name,
        };
        // A lone dash is standard input and no name.
        if name != b"-" {
            row.name =
                if escaped { row.text("name", &unescape(name)) } else { row.text("name", name) };
        }
        Ok(Parsed::Row)
    }
}

/// Takes back the escapes of names that hold line ends or backslashes.
pub(crate) fn unescape(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut bytes = name.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b'\\') | None => out.push(b'\\'),
            Some(other) => out.extend([b'\\', other]),
        }
    }
    out
}
