//! `<signal> <hex>`, as python-threatexchange keeps in local files.

use super::{Parsed, RowReader, is_comment};
use crate::columns::parse_hash;
use crate::error::RowError;
use crate::row::ListRow;
use hashward_hash::HashKind;

/// Signals of the tool that are no hashes of files or pictures.
const OTHERS: [&[u8]; 8] =
    [b"raw_text", b"url", b"url_md5", b"trend_query", b"text_tlsh", b"pdq_ocr", b"vpdq", b"clip"];

/// Reads signals that are hashes; counts the others. A file configured for one signal has bare
/// hashes, whose kind must be named.
#[derive(Debug)]
pub(crate) struct ThreatExchangeReader {
    kind: Option<HashKind>,
    others: u64,
}

impl ThreatExchangeReader {
    pub(crate) fn new(kind: Option<HashKind>) -> Self {
        Self { kind, others: 0 }
    }
}

impl RowReader for ThreatExchangeReader {
    fn read(&mut self, line: &[u8], row: &mut ListRow) -> Result<Parsed, RowError> {
        if is_comment(line) {
            return Ok(Parsed::Nothing);
        }
        let form = RowError::Form { form: "`signal hex` with pdq, video_md5 or video_sha256" };
        let (kind, hex) = match split(line) {
            Some((signal, hex)) => match kind_of(signal) {
                Some(kind) => (kind, hex),
                None if OTHERS.contains(&signal) => {
                    self.others += 1;
                    return Ok(Parsed::Nothing);
                }
                None => return Err(form),
            },
            None => (self.kind.ok_or(form)?, line.trim_ascii()),
        };
        row.hashes.push(parse_hash(kind, hex)?);
        Ok(Parsed::Row)
    }

    fn notes(&self) -> Vec<String> {
        super::passed_over(self.others, "signals that are no hashes")
    }
}

/// True for a line with a signal of the tool.
pub(crate) fn is_signal(line: &[u8]) -> bool {
    split(line).is_some_and(|(signal, _)| kind_of(signal).is_some() || OTHERS.contains(&signal))
}

fn kind_of(signal: &[u8]) -> Option<HashKind> {
    match signal {
        b"video_md5" => Some(HashKind::Md5),
        b"video_sha256" => Some(HashKind::Sha256),
        signal => HashKind::from_name(std::str::from_utf8(signal).ok()?),
    }
}

/// Signal and digits of a line.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.trim_ascii();
    let space = line.iter().position(u8::is_ascii_whitespace)?;
    Some((&line[..space], line[space..].trim_ascii()))
}
