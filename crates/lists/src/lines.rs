//! Lines of a source in bounded memory, with their numbers.

use std::io::{self, BufRead};

/// The longest record that is read, in bytes; longer ones are bad rows.
pub const MAX_RECORD: usize = 1 << 20;

/// What stood at the next place of the source.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// The line is in [`Lines::line`].
    Whole,
    /// The line was longer than [`MAX_RECORD`] and has been passed over.
    TooLong,
    /// The source has ended.
    End,
}

/// Reads lines that end with LF or CR LF; the last one may lack its end.
pub(crate) struct Lines<R> {
    source: R,
    buffer: Vec<u8>,
    number: u64,
    crlf: bool,
    /// The source gave an error; nothing that follows can be trusted.
    failed: bool,
}

impl<R: BufRead> Lines<R> {
    /// Lines of a source from which a byte-order mark has been taken.
    pub(crate) fn new(source: R) -> Self {
        Self { source, buffer: Vec::new(), number: 0, crlf: false, failed: false }
    }

    /// Number of the last line, counted from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The last line, without its end.
    pub(crate) fn line(&self) -> &[u8] {
        &self.buffer
    }

    /// True when the last line ended with CR LF.
    pub(crate) fn ended_with_crlf(&self) -> bool {
        self.crlf
    }

    /// Reads the next line.
    pub(crate) fn advance(&mut self) -> io::Result<Line> {
        self.buffer.clear();
        if self.failed {
            return Ok(Line::End);
        }
        self.number += 1;
        let mut too_long = false;
        let mut any = false;
        loop {
            let chunk = match self.source.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.failed = true;
                    return Err(error);
                }
            };
            if chunk.is_empty() {
                break;
            }
            any = true;
            let end = memchr::memchr(b'\n', chunk);
            let taken = end.map_or(chunk.len(), |end| end + 1);
            let part = &chunk[..end.unwrap_or(chunk.len())];
            if too_long || self.buffer.len() + part.len() > MAX_RECORD {
                too_long = true;
                self.buffer.clear();
            } else {
                self.buffer.extend_from_slice(part);
            }
            self.source.consume(taken);
            if end.is_some() {
                break;
            }
        }
        if !any {
            self.number -= 1;
            return Ok(Line::End);
        }
        if too_long {
            return Ok(Line::TooLong);
        }
        self.crlf = self.buffer.last() == Some(&b'\r');
        if self.crlf {
            self.buffer.pop();
        }
        Ok(Line::Whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_takes_both_ends() {
        let mut lines = Lines::new(&b"a\r\n\nb\rc\nlast"[..]);
        let mut seen = Vec::new();
        while lines.advance().unwrap() == Line::Whole {
            seen.push((lines.number(), lines.line().to_vec()));
        }
        let expected: [(u64, &[u8]); 4] = [(1, b"a"), (2, b""), (3, b"b\rc"), (4, b"last")];
        assert_eq!(seen, expected.map(|(n, line)| (n, line.to_vec())));
        assert_eq!(lines.number(), 4);
    }

    #[test]
    fn passes_over_a_line_that_is_too_long() {
        let mut text = vec![b'x'; MAX_RECORD + 1];
        text.extend_from_slice(b"\nnext\n");
        let mut lines = Lines::new(io::BufReader::new(&text[..]));
        assert_eq!(lines.advance().unwrap(), Line::TooLong);
        assert_eq!(lines.advance().unwrap(), Line::Whole);
        assert_eq!((lines.number(), lines.line()), (2, &b"next"[..]));
        let text = vec![b'x'; MAX_RECORD];
        let mut lines = Lines::new(io::BufReader::new(&text[..]));
        assert_eq!(lines.advance().unwrap(), Line::Whole);
        assert_eq!(lines.line().len(), MAX_RECORD);
    }
}
