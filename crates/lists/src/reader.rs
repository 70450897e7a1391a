//! The one streaming reader over all formats.

use crate::detect::{BYTE_ORDER_MARK, detect};
use crate::error::{BadRow, OpenError, ReadError, RowError};
use crate::format::ListFormat;
use crate::lines::{Line, Lines, MAX_RECORD};
use crate::readers::{self, LineReader, Parsed, is_comment};
use crate::row::ListRow;
use hashward_hash::HashKind;
use std::io::{BufRead, BufReader, Cursor, Read};

/// The most fields of a record.
pub const MAX_FIELDS: usize = 1024;

/// Bytes that recognising a format looks at.
const HEAD: usize = 1 << 16;

/// How to read a list.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOptions {
    /// The format; recognised by content when not given.
    pub format: Option<ListFormat>,
    /// The kind of hashes whose kind the format leaves open.
    pub hash_kind: Option<HashKind>,
}

enum Format {
    Lines(Box<dyn LineReader + Send>),
    Csv(Box<readers::csv::CsvReader>),
}

type Source<R> = BufReader<std::io::Chain<Cursor<Vec<u8>>, R>>;

/// Reads the rows of a list one after the other.
///
/// As an iterator it gives rows and errors; after [`ReadError::Row`] reading can go on, after any
/// other error it ends. [`Reader::read_into`] does the same without new memory for each row.
pub struct Reader<R> {
    lines: Lines<Source<R>>,
    format: Format,
    name: ListFormat,
    /// Lines that opening has taken and that still must be read.
    pending: Option<(u64, Vec<u8>)>,
    empty_digests: u64,
    ended: bool,
}

impl<R: Read> Reader<R> {
    /// Opens a list: recognises its format and reads its header.
    ///
    /// # Errors
    /// [`OpenError`] when the format is not recognised, ambiguous, or the header is not right.
    pub fn open(mut source: R, options: &ReadOptions) -> Result<Self, OpenError> {
        let mut head = Vec::new();
        source.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
        let name = match options.format {
            Some(format) => format,
            None => detect(&head)?,
        };
        let mark = if head.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        head.drain(..mark);
        let source = BufReader::with_capacity(HEAD, Cursor::new(head).chain(source));
        let mut lines = Lines::new(source);
        let mut pending = None;
        let kind = options.hash_kind;
        let format: Format = match name {
            ListFormat::Hex => {
                pending = first_line(&mut lines)?;
                let first = pending.as_ref().map(|(_, line)| &line[..]).unwrap_or_default();
                line_format(readers::hex::HexReader::new(kind, first)?)
            }
            ListFormat::Md5sum => line_format(readers::md5sum::Md5sumReader { kind }),
            ListFormat::Bsd => line_format(readers::bsd::BsdReader),
            ListFormat::Pdq => line_format(readers::pdq::PdqReader),
            ListFormat::ThreatExchange => {
                line_format(readers::threatexchange::ThreatExchangeReader)
            }
            ListFormat::Jsonl => line_format(readers::jsonl::JsonlReader),
            ListFormat::Hashdeep => {
                advance(&mut lines)?;
                let first = lines.line().to_vec();
                advance(&mut lines)?;
                line_format(readers::hashdeep::HashdeepReader::new(&first, lines.line())?)
            }
            ListFormat::Csv => {
                let header = first_line(&mut lines)?.ok_or(OpenError::Empty)?.1;
                Format::Csv(Box::new(readers::csv::CsvReader::new(&header, kind)?))
            }
        };
        Ok(Self { lines, format, name, pending, empty_digests: 0, ended: false })
    }

    /// The format that is being read.
    #[must_use]
    pub fn format(&self) -> ListFormat {
        self.name
    }

    /// Digests of the empty file that were left out so far; they say nothing about any file.
    #[must_use]
    pub fn empty_digests(&self) -> u64 {
        self.empty_digests
    }

    /// Reads the next row into `row`; false at the end of the list.
    ///
    /// Rows of which nothing is left without the digests of the empty file are passed over.
    ///
    /// # Errors
    /// [`ReadError`]; after [`ReadError::Row`] the next call reads on behind the bad row.
    pub fn read_into(&mut self, row: &mut ListRow) -> Result<bool, ReadError> {
        while !self.ended {
            match self.next_raw(row) {
                Ok(Some(true)) => {
                    if self.finish(row)? {
                        return Ok(true);
                    }
                }
                Ok(Some(false)) => {}
                Ok(None) => self.ended = true,
                Err(error) => {
                    self.ended = !matches!(error, ReadError::Row(_));
                    return Err(error);
                }
            }
        }
        Ok(false)
    }

    /// One row, blank line (`Some(false)`) or the end, as the format has it.
    fn next_raw(&mut self, row: &mut ListRow) -> Result<Option<bool>, ReadError> {
        let reader = match &mut self.format {
            Format::Csv(reader) => return reader.read(&mut self.lines, row),
            Format::Lines(reader) => reader,
        };
        let parsed = if let Some((number, line)) = self.pending.take() {
            row.clear(number);
            reader.read(&line, row)
        } else {
            let number = self.lines.number() + 1;
            match self.lines.advance() {
                Err(source) => return Err(ReadError::Io { line: number, source }),
                Ok(Line::End) => return Ok(None),
                Ok(Line::TooLong) => {
                    row.clear(number);
                    Err(RowError::TooLong { limit: MAX_RECORD })
                }
                Ok(Line::Whole) => {
                    row.clear(number);
                    reader.read(self.lines.line(), row)
                }
            }
        };
        match parsed {
            Ok(parsed) => Ok(Some(parsed == Parsed::Row)),
            Err(error) => Err(BadRow { line: row.line, error }.into()),
        }
    }

    /// Takes out digests of the empty file; false when the row says nothing without them.
    fn finish(&mut self, row: &mut ListRow) -> Result<bool, BadRow> {
        if row.hashes.is_empty() && !(row.deleted && row.source_id.is_some()) {
            return Err(BadRow { line: row.line, error: RowError::NoHash });
        }
        let before = row.hashes.len();
        row.hashes.retain(|hash| !hash.is_digest_of_empty_file());
        self.empty_digests += (before - row.hashes.len()) as u64;
        row.hashes.sort_unstable_by_key(hashward_hash::HashValue::kind);
        Ok(!row.hashes.is_empty() || row.deleted && row.source_id.is_some())
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<ListRow, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut row = ListRow::default();
        match self.read_into(&mut row) {
            Ok(true) => Some(Ok(row)),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

fn line_format(reader: impl LineReader + Send + 'static) -> Format {
    Format::Lines(Box::new(reader))
}

fn advance<R: BufRead>(lines: &mut Lines<R>) -> Result<Line, OpenError> {
    let line = lines.advance()?;
    if line == Line::TooLong {
        let error = RowError::TooLong { limit: MAX_RECORD };
        return Err(ReadError::Row(BadRow { line: lines.number(), error }).into());
    }
    Ok(line)
}

/// The first line with content and its number.
fn first_line<R: BufRead>(lines: &mut Lines<R>) -> Result<Option<(u64, Vec<u8>)>, OpenError> {
    while advance(lines)? == Line::Whole {
        if !is_comment(lines.line()) {
            return Ok(Some((lines.number(), lines.line().to_vec())));
        }
    }
    Ok(None)
}
