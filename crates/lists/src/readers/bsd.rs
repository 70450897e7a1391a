//! `MD5 (name) = <hex>`, as the BSD tools, `--tag` and `openssl dgst` write.

use super::md5sum::unescape;
use super::{LineReader, Parsed, is_comment};
use crate::columns::parse_hash;
use crate::error::RowError;
use crate::row::ListRow;
use hashward_hash::HashKind;

const FORM: RowError =
    RowError::Form { form: "`MD5 (name) = hex` with MD5, SHA1, SHA256 or BLAKE3" };

/// Reads tagged sums; each line names its own kind.
#[derive(Debug)]
pub(crate) struct BsdReader;

impl LineReader for BsdReader {
    fn read(&mut self, line: &[u8], row: &mut ListRow) -> Result<Parsed, RowError> {
        if is_comment(line) {
            return Ok(Parsed::Nothing);
        }
        let (kind, name, hex) = split(line).ok_or(FORM)?;
        row.hashes.push(parse_hash(kind, hex)?);
        if name != b"-" && name != b"stdin" {
            row.name = match line.first() {
                Some(b'\\') => row.text("name", &unescape(name)),
                _ => row.text("name", name),
            };
        }
        Ok(Parsed::Row)
    }
}

/// Kind, name and digits of a line; the name may hold brackets and equals signs.
pub(crate) fn split(line: &[u8]) -> Option<(HashKind, &[u8], &[u8])> {
    let line = line.strip_prefix(b"\\").unwrap_or(line);
    let open = line.iter().position(|byte| *byte == b'(')?;
    let tag = std::str::from_utf8(line[..open].trim_ascii()).ok()?;
    // OpenSSL 3 writes SHA2-256.
    let kind = match tag {
        "SHA2-256" => HashKind::Sha256,
        _ => HashKind::from_name(tag)?,
    };
    let equals = line.iter().rposition(|byte| *byte == b'=')?;
    let name = line.get(open + 1..equals)?.trim_ascii_end().strip_suffix(b")")?;
    Some((kind, name, line[equals + 1..].trim_ascii()))
}
