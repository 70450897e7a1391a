//! eD2k and magnet links, one on each line.

use super::{Parsed, RowReader, is_comment};
use crate::columns::parse_hash;
use crate::error::RowError;
use crate::row::ListRow;
use data_encoding::BASE32_NOPAD;
use hashward_hash::{Crc32, HashKind, HashValue, decode_hex};
use serde_json::Value;

const FORM: RowError =
    RowError::Form { form: "`ed2k://|file|name|size|hex|/` or `magnet:?xt=urn:…`" };

/// Reads links; counts magnet links without any hash that is known here.
#[derive(Debug, Default)]
pub(crate) struct LinksReader {
    others: u64,
}

impl RowReader for LinksReader {
    fn read(&mut self, line: &[u8], row: &mut ListRow) -> Result<Parsed, RowError> {
        if is_comment(line) {
            return Ok(Parsed::Nothing);
        }
        let line = line.trim_ascii();
        if let Some(rest) = strip(line, ED2K) {
            ed2k(rest, row)?;
        } else {
            magnet(strip(line, MAGNET).ok_or(FORM)?, row)?;
            if row.hashes.is_empty() {
                self.others += 1;
                return Ok(Parsed::Nothing);
            }
        }
        Ok(Parsed::Row)
    }

    fn notes(&self) -> Vec<String> {
        super::passed_over(self.others, "links without a hash of a kind that is known here")
    }
}

const ED2K: &[u8] = b"ed2k://|file|";
const MAGNET: &[u8] = b"magnet:?";

/// True for a line that is a link.
pub(crate) fn is_link(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    strip(line, ED2K).is_some() || strip(line, MAGNET).is_some()
}

fn strip<'a>(line: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = line.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// `name|size|hex|`, then parts such as `h=` (AICH) and sources, of which AICH is kept.
fn ed2k(rest: &[u8], row: &mut ListRow) -> Result<(), RowError> {
    let mut parts = rest.split(|byte| *byte == b'|');
    let name = parts.next().ok_or(FORM)?;
    let size = parts.next().and_then(number).ok_or(FORM)?;
    row.hashes.push(parse_hash(HashKind::Ed2k, parts.next().ok_or(FORM)?)?);
    // The bar behind the hash must be there: without it, the link has been cut.
    let mut more = parts.peekable();
    more.peek().ok_or(FORM)?;
    row.name = row.text("name", &unescape(name, false));
    row.attributes.insert("size".to_owned(), Value::String(size.to_string()));
    for part in more {
        if let Some(aich) = strip(part, b"h=") {
            keep("aich", aich, row);
        }
    }
    Ok(())
}

fn magnet(rest: &[u8], row: &mut ListRow) -> Result<(), RowError> {
    let parts = || {
        rest.split(|byte| *byte == b'&').map(|part| {
            let equals = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
            (&part[..equals], part.get(equals + 1..).unwrap_or_default())
        })
    };
    let size = parts().find(|(key, _)| *key == b"xl").and_then(|(_, value)| number(value));
    let mut others = Vec::new();
    for (key, value) in parts() {
        let value = unescape(value, true);
        // Several topics are numbered: xt.1, xt.2.
        let key = key.split(|byte| *byte == b'.').next().unwrap_or_default();
        match key {
            b"xt" => {
                let known = topic(&value, size, row)?;
                if !known {
                    others.push(Value::String(String::from_utf8_lossy(&value).into_owned()));
                }
            }
            b"dn" => row.name = row.text("name", &value),
            _ => {}
        }
    }
    if let Some(size) = size {
        row.attributes.insert("size".to_owned(), Value::String(size.to_string()));
    }
    if !others.is_empty() {
        row.attributes.insert("xt".to_owned(), Value::Array(others));
    }
    Ok(())
}

/// Takes a topic; false when its kind is not known here.
fn topic(value: &[u8], size: Option<u64>, row: &mut ListRow) -> Result<bool, RowError> {
    let Some(rest) = strip(value, b"urn:") else { return Ok(false) };
    let colon = rest.iter().rposition(|byte| *byte == b':').unwrap_or(0);
    let (name, text) = (rest[..colon].to_ascii_lowercase(), &rest[rest.len().min(colon + 1)..]);
    let kind = match &name[..] {
        b"md5" => HashKind::Md5,
        b"sha1" => return sha1(text, row),
        b"sha256" | b"sha-256" => HashKind::Sha256,
        b"sha512" | b"sha-512" => HashKind::Sha512,
        b"ed2k" | b"ed2khash" => HashKind::Ed2k,
        b"tree:tiger" | b"tree:tiger/" => HashKind::Tth,
        b"crc32" => {
            let mut checksum = [0; 4];
            let text = std::str::from_utf8(text).map_err(|_| RowError::NotUtf8)?;
            let Some(size) = size.filter(|_| decode_hex(text, &mut checksum).is_ok()) else {
                return Ok(false);
            };
            let checksum = u32::from_be_bytes(checksum);
            return Ok(row.push(HashValue::Crc32(Crc32 { checksum, size })));
        }
        b"bitprint" => {
            let dot = text.iter().position(|byte| *byte == b'.').ok_or(FORM)?;
            let tth = parse_hash(HashKind::Tth, &text[dot + 1..])?;
            return Ok(sha1(&text[..dot], row)? & row.push(tth));
        }
        _ => return Ok(false),
    };
    Ok(row.push(parse_hash(kind, text)?))
}

/// SHA-1 stands in links in base32, seldom in hexadecimal digits.
fn sha1(text: &[u8], row: &mut ListRow) -> Result<bool, RowError> {
    if text.len() != 32 {
        return Ok(row.push(parse_hash(HashKind::Sha1, text)?));
    }
    let decoded = BASE32_NOPAD.decode(&text.to_ascii_uppercase()).ok();
    let form = RowError::Form { form: "`urn:sha1:` with 32 base32 characters" };
    let digest = decoded.and_then(|bytes| bytes.try_into().ok()).ok_or(form)?;
    Ok(row.push(HashValue::Sha1(digest)))
}

fn keep(name: &str, value: &[u8], row: &mut ListRow) {
    if let Some(text) = row.text(name, value) {
        row.attributes.insert(name.to_owned(), Value::String(text));
    }
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok().filter(|text| !text.starts_with('+'))?.parse().ok()
}

/// Takes back `%41`, and in queries `+` for a space; an escape that is none stays as it is.
fn unescape(text: &[u8], query: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let escaped = (text[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let mut byte = [0];
        let digits = escaped.and_then(|digits| std::str::from_utf8(digits).ok());
        if digits.is_some_and(|digits| decode_hex(digits, &mut byte).is_ok()) {
            out.push(byte[0]);
            at += 3;
            continue;
        }
        out.push(if query && text[at] == b'+' { b' ' } else { text[at] });
        at += 1;
    }
    out
}
