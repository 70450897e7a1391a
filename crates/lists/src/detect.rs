//! Recognising a format by the first bytes of a file.

use crate::error::OpenError;
use crate::format::ListFormat;
use crate::readers::{bsd, csv, hashdeep, is_comment, threatexchange};

/// The mark that some programs put before UTF-8 text.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The format of a list by its first bytes: a few kibibytes, or all of it where it is shorter.
///
/// # Errors
/// [`OpenError`] with advice when the bytes are like no format, or like several.
///
/// ```
/// use hashward_lists::{ListFormat, detect};
/// let head = b"MD5 (a.jpg) = 0123456789abcdef0123456789abcdef\n";
/// assert_eq!(detect(head).unwrap(), ListFormat::Bsd);
/// ```
pub fn detect(head: &[u8]) -> Result<ListFormat, OpenError> {
    if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
        return Err(OpenError::Utf16);
    }
    let text = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    if text.trim_ascii().is_empty() {
        return Err(OpenError::Empty);
    }
    if text.contains(&0) {
        return Err(OpenError::Binary);
    }
    if text.starts_with(hashdeep::MAGIC) {
        return Ok(ListFormat::Hashdeep);
    }
    let lines = text.split(|byte| *byte == b'\n');
    let Some(line) = lines.map(<[u8]>::trim_ascii_end).find(|line| !is_comment(line)) else {
        return Err(OpenError::Empty);
    };
    by_first_line(line)
}

fn by_first_line(line: &[u8]) -> Result<ListFormat, OpenError> {
    let trimmed = line.trim_ascii();
    match trimmed.first() {
        Some(b'{') if trimmed.len() > 1 && !trimmed.ends_with(b"[") => {
            return Ok(ListFormat::Jsonl);
        }
        Some(b'{' | b'[') => return Err(OpenError::NotJsonLines),
        _ => {}
    }
    let unescaped = line.strip_prefix(b"\\").unwrap_or(line).trim_ascii_start();
    let digits = unescaped.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    // 32 is the shortest hash; 8 digits and more could be a damaged one, whose row will be named.
    match unescaped.get(digits) {
        None if digits >= 8 => return Ok(ListFormat::Hex),
        Some(b' ' | b'\t') if digits >= 32 => return Ok(ListFormat::Md5sum),
        Some(b',') if digits == 64 && is_pdq_tail(&unescaped[digits + 1..]) => {
            return Ok(ListFormat::Pdq);
        }
        Some(b',' | b';') if digits >= 32 => return Err(OpenError::NoHeader),
        _ => {}
    }
    if bsd::split(line).is_some() {
        Ok(ListFormat::Bsd)
    } else if csv::looks_like_header(line) {
        Ok(ListFormat::Csv)
    } else if threatexchange::split(line).is_some() || trimmed.starts_with(b"pdq ") {
        Ok(ListFormat::ThreatExchange)
    } else {
        Err(OpenError::Unknown)
    }
}

/// A quality from 0 to 100, then nothing or a name.
fn is_pdq_tail(tail: &[u8]) -> bool {
    let quality = tail.split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
    std::str::from_utf8(quality)
        .ok()
        .and_then(|text| text.parse::<u8>().ok())
        .is_some_and(|quality| quality <= 100)
}
