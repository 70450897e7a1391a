//! Text, and the formats written as text that can hold pictures.

use super::{Ends, Sniffed};

pub(super) fn probe(ends: &Ends<'_>) -> Option<Sniffed> {
    let head = ends.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(ends.head);
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Some(Sniffed::no_picture("text/plain"));
    }
    if !looks_like_text(head) {
        return None;
    }
    let start = head.trim_ascii_start();
    if let Some(root) = root_element(start) {
        if root.eq_ignore_ascii_case(b"svg") || root.ends_with(b":svg") {
            return Some(Sniffed::unsupported("image/svg+xml", "picture"));
        }
        if root.eq_ignore_ascii_case(b"html") {
            return Some(embedded(head).unwrap_or(Sniffed::no_picture("text/html")));
        }
        if start.starts_with(b"<?xml") {
            return Some(embedded(head).unwrap_or(Sniffed::no_picture("application/xml")));
        }
    }
    if is_mail(head) {
        return Some(Sniffed::unsupported("message/rfc822", "mail"));
    }
    if start.starts_with(b"#define ") && is_x_bitmap(start) {
        return Some(Sniffed::unsupported("image/x-xbitmap", "picture"));
    }
    if start.starts_with(b"! XPM2") || start.starts_with(b"/* XPM") {
        return Some(Sniffed::unsupported("image/x-xpixmap", "picture"));
    }
    Some(embedded(head).unwrap_or(Sniffed::no_picture("text/plain")))
}

/// No NUL, hardly any control characters: UTF-8 or one of the old 8-bit sets.
fn looks_like_text(head: &[u8]) -> bool {
    let control =
        |&b: &u8| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x08 | 0x0c | 0x1b) || b == 0x7f;
    if head.is_empty() || head.contains(&0) {
        return false;
    }
    let controls = head.iter().filter(|b| control(b)).count();
    match std::str::from_utf8(head) {
        // The head may end inside a character.
        Ok(_) => controls * 50 <= head.len(),
        Err(error) if error.error_len().is_none() => controls * 50 <= head.len(),
        Err(_) => controls == 0,
    }
}

/// Name of the first element, behind declarations and comments.
fn root_element(mut text: &[u8]) -> Option<&[u8]> {
    let after = |text: &'static [u8], hay: &[u8]| {
        hay.windows(text.len()).position(|window| window == text).map(|at| at + text.len())
    };
    loop {
        text = text.trim_ascii_start();
        let rest = text.strip_prefix(b"<")?;
        let skip = if rest.starts_with(b"?") {
            after(b"?>", rest)?
        } else if rest.starts_with(b"!--") {
            after(b"-->", rest)?
        } else if rest.starts_with(b"!") {
            doctype_end(rest)?
        } else {
            let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | b'_' | b'.');
            let end = rest.iter().take_while(|b| name(b)).count();
            return (end > 0).then_some(&rest[..end]);
        };
        text = &rest[skip..];
    }
}

/// The end of a document type declaration, which may hold declarations of its own in brackets.
fn doctype_end(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b'>' if depth == 0 => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Pictures inside a text as `data:image/…;base64,` with at least a few bytes behind it.
fn embedded(head: &[u8]) -> Option<Sniffed> {
    const MARK: &[u8] = b"data:image/";
    let base64 = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    let holds = head.windows(MARK.len()).enumerate().any(|(at, window)| {
        if window != MARK {
            return false;
        }
        let rest = &head[at + MARK.len()..];
        let rest = &rest[..rest.len().min(160)];
        let coded = rest.windows(8).position(|window| window == b";base64,");
        coded.is_some_and(|at| rest[at + 8..].iter().take_while(base64).count() >= 64)
    });
    holds.then_some(Sniffed::unsupported("text/plain", "text with embedded pictures"))
}

/// Mail and mail boxes: a block of header lines in which typical ones stand.
fn is_mail(head: &[u8]) -> bool {
    const NAMES: [&str; 12] = [
        "received",
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "content-type",
        "return-path",
        "delivered-to",
        "reply-to",
        "x-mailer",
    ];
    let mut found = [false; NAMES.len()];
    for (number, line) in head.split(|&b| b == b'\n').take(200).enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if matches!(line[0], b' ' | b'\t') && number > 0
            || number == 0 && line.starts_with(b"From ")
        {
            continue;
        }
        let Some(colon) = line.iter().position(|&b| b == b':') else { return false };
        let name = &line[..colon];
        let token = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if name.is_empty() || !name.iter().all(token) {
            return false;
        }
        if let Some(at) = NAMES.iter().position(|known| name.eq_ignore_ascii_case(known.as_bytes()))
        {
            found[at] = true;
        }
    }
    let [received, from, to, subject, date, id, mime, ..] = found;
    let count = found.iter().filter(|&&hit| hit).count();
    count >= 3 && (received || id || mime || (from && date && (to || subject)))
}

/// `#define name_width 16` and its height, as X bitmaps begin.
fn is_x_bitmap(start: &[u8]) -> bool {
    let mut lines = start.split(|&b| b == b'\n');
    let mut define = |suffix: &[u8]| {
        let line = lines.next().unwrap_or(&[]).trim_ascii_end();
        let mut words = line.split(|&b| b == b' ' || b == b'\t').filter(|word| !word.is_empty());
        words.next() == Some(b"#define")
            && words.next().is_some_and(|name| name.ends_with(suffix))
            && words.next().is_some_and(|number| number.iter().all(u8::is_ascii_digit))
    };
    define(b"width") && define(b"height")
}
