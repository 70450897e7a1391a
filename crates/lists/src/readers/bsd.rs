//! `MD5 (name) = <hex>`, as the BSD tools, `--tag` and `openssl dgst` write.

use super::md5sum::unescape;
use super::{Parsed, RowReader, is_comment};
use crate::columns::parse_hash;
use crate::error::RowError;
use crate::row::ListRow;
use hashward_hash::HashKind;

const FORM: RowError = RowError::Form { form: "`MD5 (name) = hex`" };

/// Reads tagged sums; each line names its own kind. Counts those of kinds that are not known.
#[derive(Debug, Default)]
pub(crate) struct BsdReader {
    others: u64,
}

impl RowReader for BsdReader {
    fn read(&mut self, line: &[u8], row: &mut ListRow) -> Result<Parsed, RowError> {
        if is_comment(line) {
            return Ok(Parsed::Nothing);
        }
        let (tag, name, value) = split(line).ok_or(FORM)?;
        // A CRC-32 in this form lacks the size without which it says nothing.
        let Some(kind) = kind_of(tag).filter(|kind| *kind != HashKind::Crc32) else {
            self.others += 1;
            return Ok(Parsed::Nothing);
        };
        row.hashes.push(parse_hash(kind, value)?);
        if name != b"-" && name != b"stdin" {
            row.name = match line.first() {
                Some(b'\\') => row.text("name", &unescape(name)),
                _ => row.text("name", name),
            };
        }
        Ok(Parsed::Row)
    }

    fn notes(&self) -> Vec<String> {
        super::passed_over(self.others, "sums of kinds that are not known here")
    }
}

/// True for a line with the tag of a known kind.
pub(crate) fn is_sum(line: &[u8]) -> bool {
    split(line).is_some_and(|(tag, ..)| kind_of(tag).is_some())
}

fn kind_of(tag: &str) -> Option<HashKind> {
    match tag {
        // OpenSSL 3 writes SHA2-256.
        "SHA2-256" => Some(HashKind::Sha256),
        "SHA2-512" => Some(HashKind::Sha512),
        _ => HashKind::from_name(tag),
    }
}

/// Tag, name and digits of a line; the name may hold brackets and equals signs.
fn split(line: &[u8]) -> Option<(&str, &[u8], &[u8])> {
    let line = line.strip_prefix(b"\\").unwrap_or(line);
    let open = line.iter().position(|byte| *byte == b'(')?;
    let tag = std::str::from_utf8(line[..open].trim_ascii()).ok()?;
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/' | b'_');
    if tag.is_empty() || !tag.bytes().all(word) {
        return None;
    }
    let equals = line.iter().rposition(|byte| *byte == b'=')?;
    let name = line.get(open + 1..equals)?.trim_ascii_end().strip_suffix(b")")?;
    Some((tag, name, line[equals + 1..].trim_ascii()))
}
