//! Recognising a format by the first bytes of a file.

use crate::error::OpenError;
use crate::format::ListFormat;
use crate::readers::{
    bsd, csv, encase, hashdeep, hex, is_comment, links, rhash, threatexchange, tsk,
};
use memchr::memmem;

/// The mark that some programs put before UTF-8 text.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// How an `.idx2` starts, unless the list has a digest that starts with twelve zero bits: there is
/// no position for it.
const NO_POSITION: &[u8] = &[0xff; 8];
/// What an SQLite database starts with.
pub(crate) const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";

/// The format of a list by its first bytes: a few kibibytes, or all of it where it is shorter.
///
/// # Errors
/// [`OpenError`] with advice when the bytes are like no format, or like several. Of an SQLite
/// database it is [`OpenError::NeedsFile`]: its format shows when [`crate::DatabaseReader`] opens
/// it.
///
/// ```
/// use hashward_lists::{ListFormat, detect};
/// let head = b"MD5 (a.jpg) = 0123456789abcdef0123456789abcdef\n";
/// assert_eq!(detect(head).unwrap(), ListFormat::Bsd);
/// ```
pub fn detect(head: &[u8]) -> Result<ListFormat, OpenError> {
    if head.starts_with(encase::MAGIC) {
        return Ok(ListFormat::EnCase);
    }
    let text = text(head)?;
    if text.starts_with(hashdeep::MAGIC) {
        return Ok(ListFormat::Hashdeep);
    }
    match text.trim_ascii_start().first() {
        Some(b'{' | b'[') => return by_json(text.trim_ascii_start()),
        Some(b'<') => return by_xml(text),
        // Only rhash and its kin have comments of this form.
        Some(b';') => return Ok(ListFormat::Rhash),
        _ => {}
    }
    let lines = text.split(|byte| *byte == b'\n');
    let Some(line) = lines.map(<[u8]>::trim_ascii_end).find(|line| !is_comment(line)) else {
        return Err(OpenError::Empty);
    };
    by_first_line(line)
}

/// As [`detect`] where the user says what columns mean: then any text is separated values, of
/// which those with names of their own keep them.
pub(crate) fn detect_mapped(head: &[u8]) -> Result<ListFormat, OpenError> {
    text(head)?;
    let known = detect(head).ok().filter(|format| crate::reader::is_separated(*format));
    Ok(known.unwrap_or(ListFormat::Csv))
}

/// The bytes as text without its mark.
fn text(head: &[u8]) -> Result<&[u8], OpenError> {
    if head.starts_with(SQLITE_MAGIC) {
        return Err(OpenError::NeedsFile);
    }
    if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
        return Err(OpenError::Utf16);
    }
    let text = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    if text.trim_ascii().is_empty() {
        return Err(OpenError::Empty);
    }
    if text.contains(&0) || text.starts_with(NO_POSITION) {
        return Err(OpenError::Binary);
    }
    Ok(text)
}

/// JSON is told by the names in its first bytes: documents by what surrounds their records,
/// JSON Lines by a first line that is a whole object.
fn by_json(text: &[u8]) -> Result<ListFormat, OpenError> {
    let has = |part: &[u8]| memmem::find(text, part).is_some();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let whole = serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
    let object = line.first() == Some(&b'{');
    let vics = has(b"\"odata.metadata\"") || has(b"\"@odata.context\"");
    let media = has(b"\"MediaID\"") || has(b"\"CaseID\"") || has(b"\"MediaFiles\"");
    if vics || media && (has(b"\"value\"") || !object) {
        let new = has(b"\"@odata.context\"") || has(b"DataModels/2");
        return Ok(if new { ListFormat::Vics20 } else { ListFormat::Vics13 });
    }
    if has(b"\"hashRecords\"") && object {
        return Ok(ListFormat::StopNcii);
    }
    // A line that is longer than what is looked at, or damaged, is left to the reader to judge.
    let long = line.len() == text.len() && line.len() >= crate::reader::HEAD / 2;
    let ends = line.trim_ascii_end();
    if object && (whole || long || ends.len() > 1 && !ends.ends_with(b"[") && !ends.ends_with(b","))
    {
        return Ok(ListFormat::Jsonl);
    }
    Err(OpenError::UnknownJson)
}

fn by_xml(text: &[u8]) -> Result<ListFormat, OpenError> {
    let has = |part: &[u8]| memmem::find(text, part).is_some();
    if has(b"queryResult") { Ok(ListFormat::Ncmec) } else { Err(OpenError::UnknownXml) }
}

/// How statements begin that make or change a database.
const STATEMENTS: [&[u8]; 7] = [
    b"begin transaction",
    b"create table",
    b"delete from ",
    b"drop table",
    b"drop view",
    b"insert into ",
    b"insert or ",
];

fn by_first_line(line: &[u8]) -> Result<ListFormat, OpenError> {
    let begins = |statement: &&[u8]| {
        line.get(..statement.len()).is_some_and(|part| part.eq_ignore_ascii_case(statement))
    };
    if STATEMENTS.iter().any(begins) {
        return Err(OpenError::Sql);
    }
    if tsk::is_header(line) {
        return Ok(ListFormat::TskIndex);
    }
    if links::is_link(line) {
        return Ok(ListFormat::Links);
    }
    if hex::kind_by_title(line).is_some() {
        return Ok(ListFormat::XWays);
    }
    let unescaped = line.strip_prefix(b"\\").unwrap_or(line).trim_ascii_start();
    let digits = unescaped.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    // 32 is the shortest hash; 8 digits and more could be a damaged one, whose row will be named.
    match unescaped.get(digits) {
        None if digits >= 8 => return Ok(ListFormat::Hex),
        Some(b' ' | b'\t') if digits >= 32 => return Ok(ListFormat::Md5sum),
        Some(b'|') if digits >= 32 => return Ok(ListFormat::TskIndex),
        Some(b',') if digits == 64 && is_pdq_tail(&unescaped[digits + 1..]) => {
            return Ok(ListFormat::Pdq);
        }
        Some(b',' | b';') if digits >= 32 => return Err(OpenError::NoHeader),
        _ => {}
    }
    if let Some(format) = by_header(line)? {
        Ok(format)
    } else if bsd::is_sum(line) {
        Ok(ListFormat::Bsd)
    } else if csv::looks_like_header(line) {
        Ok(ListFormat::Csv)
    } else if threatexchange::is_signal(line) {
        Ok(ListFormat::ThreatExchange)
    } else if rhash::split(line).is_some() {
        Ok(ListFormat::Rhash)
    } else {
        Err(OpenError::Unknown)
    }
}

/// Formats of separated values with a header of their own, and their parts without hashes.
fn by_header(line: &[u8]) -> Result<Option<ListFormat>, OpenError> {
    let Some(names) = csv::header_names(line) else { return Ok(None) };
    let has = |name: &str| names.iter().any(|it| it.trim().eq_ignore_ascii_case(name));
    let all = |names: &[&str]| names.iter().all(|name| has(name));
    if all(&["SHA-1", "FileName", "FileSize", "ProductCode", "SpecialCode"]) {
        return Ok(Some(ListFormat::Nsrl));
    }
    if all(&["file_id", "hashset_id", "file_name", "hash"]) {
        return Ok(Some(ListFormat::HashKeeper));
    }
    if all(&["MD5", "Image ID", "Baseline"]) {
        return Ok(Some(ListFormat::Icse));
    }
    let nsrl = all(&["ProductCode", "ProductName"])
        || all(&["OpSystemCode", "OpSystemName"])
        || all(&["MfgCode", "MfgName"]);
    if nsrl {
        return Err(OpenError::Companion { format: "the NSRL", instead: "NSRLFile.txt" });
    }
    if all(&["hashset_id", "name", "vendor"]) {
        return Err(OpenError::Companion { format: "HashKeeper", instead: "the .hsh file" });
    }
    Ok(None)
}

/// A quality from 0 to 100, then nothing or a name.
fn is_pdq_tail(tail: &[u8]) -> bool {
    let quality = tail.split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
    std::str::from_utf8(quality)
        .ok()
        .and_then(|text| text.parse::<u8>().ok())
        .is_some_and(|quality| quality <= 100)
}
