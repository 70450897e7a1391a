//! `hash,quality,name` without a header, as the PDQ reference's tools write.

use super::{Parsed, RowReader, is_comment};
use crate::columns::{parse_hash, parse_quality};
use crate::error::RowError;
use crate::row::ListRow;
use hashward_hash::HashKind;

/// Reads PDQ lines; quality and name may be missing.
#[derive(Debug)]
pub(crate) struct PdqReader;

impl RowReader for PdqReader {
    fn read(&mut self, line: &[u8], row: &mut ListRow) -> Result<Parsed, RowError> {
        if is_comment(line) {
            return Ok(Parsed::Nothing);
        }
        let mut fields = line.splitn(3, |byte| *byte == b',');
        let hash = fields.next().unwrap_or_default();
        row.hashes.push(parse_hash(HashKind::Pdq, hash.trim_ascii())?);
        row.quality = parse_quality(fields.next().unwrap_or_default())?;
        let name = fields.next().unwrap_or_default();
        row.name = match unquote(name) {
            Some(name) => row.text("name", &name),
            None => row.text("name", name),
        };
        Ok(Parsed::Row)
    }
}

/// The content of a field that is quoted as a whole, as CSV writers do with names that hold a
/// comma or a quote.
fn unquote(field: &[u8]) -> Option<Vec<u8>> {
    let inner = field.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte == b'"' && bytes.next() != Some(b'"') {
            return None;
        }
        out.push(byte);
    }
    Some(out)
}
