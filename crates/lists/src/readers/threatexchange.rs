//! `<signal> <hex>`, as python-threatexchange keeps in local files.

use super::{LineReader, Parsed, is_comment};
use crate::columns::parse_hash;
use crate::error::RowError;
use crate::row::ListRow;
use hashward_hash::HashKind;

/// Reads signals that are hashes.
#[derive(Debug)]
pub(crate) struct ThreatExchangeReader;

impl LineReader for ThreatExchangeReader {
    fn read(&mut self, line: &[u8], row: &mut ListRow) -> Result<Parsed, RowError> {
        if is_comment(line) {
            return Ok(Parsed::Nothing);
        }
        let (kind, hex) = split(line)
            .ok_or(RowError::Form { form: "`signal hex` with pdq, video_md5 or video_sha256" })?;
        row.hashes.push(parse_hash(kind, hex)?);
        Ok(Parsed::Row)
    }
}

/// Kind and digits of a line.
pub(crate) fn split(line: &[u8]) -> Option<(HashKind, &[u8])> {
    let line = line.trim_ascii();
    let space = line.iter().position(u8::is_ascii_whitespace)?;
    let kind = match &line[..space] {
        b"video_md5" => HashKind::Md5,
        b"video_sha256" => HashKind::Sha256,
        signal => HashKind::from_name(std::str::from_utf8(signal).ok()?)?,
    };
    Some((kind, line[space..].trim_ascii()))
}
