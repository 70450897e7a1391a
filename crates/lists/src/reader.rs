//! The one streaming reader over all formats that are streams of bytes.

use crate::columns::ColumnMap;
use crate::detect::{BYTE_ORDER_MARK, detect, detect_mapped};
use crate::error::{BadRow, OpenError, Place, ReadError, RowError};
use crate::format::ListFormat;
use crate::lines::{Line, Lines, MAX_RECORD};
use crate::readers::{self, Parsed, RowReader, is_comment};
use crate::row::ListRow;
use hashward_hash::HashKind;
use std::io::{BufRead, BufReader, Chain, Cursor, Read};

/// The most fields of a record.
pub const MAX_FIELDS: usize = 1024;

/// Bytes that recognising a format looks at.
pub(crate) const HEAD: usize = 1 << 16;

/// How to read a list.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The format; recognised by content when not given.
    pub format: Option<ListFormat>,
    /// The kind of hashes whose kind the format leaves open.
    pub hash_kind: Option<HashKind>,
    /// What the columns of separated values mean, where their names do not say it.
    pub map: ColumnMap,
}

type Source<R> = BufReader<Chain<Cursor<Vec<u8>>, R>>;

enum Format<R> {
    Lines {
        lines: Lines<Source<R>>,
        /// A line that opening has taken and that still must be read.
        pending: Option<(u64, Vec<u8>)>,
        reader: Box<dyn RowReader + Send>,
    },
    Csv {
        lines: Lines<Source<R>>,
        reader: Box<readers::csv::CsvReader>,
    },
    Json {
        records: Box<readers::json::JsonRecords<Source<R>>>,
        reader: Box<dyn RowReader + Send>,
    },
    EnCase(Box<readers::encase::EnCaseReader<Source<R>>>),
    Ncmec(Box<readers::ncmec::NcmecReader<Source<R>>>),
}

/// Reads the rows of a list one after the other.
///
/// As an iterator it gives rows and errors; after [`ReadError::Row`] reading can go on, after any
/// other error it ends. [`Reader::read_into`] does the same without new memory for each row.
/// Lists that are databases are read by [`crate::DatabaseReader`].
pub struct Reader<R> {
    format: Format<R>,
    name: ListFormat,
    /// Where the last row stands.
    place: Place,
    records: u64,
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
            None if options.map.is_empty() => detect(&head)?,
            None => detect_mapped(&head)?,
        };
        let mark = if head.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        head.drain(..mark);
        let source = BufReader::with_capacity(HEAD, Cursor::new(head).chain(source));
        let format = open_format(name, source, mark as u64, options)?;
        Ok(Self { format, name, place: Place::Line(0), records: 0, empty_digests: 0, ended: false })
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

    /// What the user should know of what was read, without any content of rows; complete at the
    /// end of the list.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        match &self.format {
            Format::Lines { reader, .. } => reader.notes(),
            Format::Json { records, reader } => [records.notes(), reader.notes()].concat(),
            Format::EnCase(_) | Format::Csv { .. } => Vec::new(),
            Format::Ncmec(reader) => reader.notes(),
        }
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
                Ok(Some(true)) => match row.settle() {
                    Ok(left_out) => {
                        self.empty_digests += left_out;
                        if row.says_something() {
                            return Ok(true);
                        }
                    }
                    Err(error) => return Err(BadRow { place: self.place, error }.into()),
                },
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

    /// One row, nothing (`Some(false)`) or the end, as the format has it.
    fn next_raw(&mut self, row: &mut ListRow) -> Result<Option<bool>, ReadError> {
        let parsed = match &mut self.format {
            Format::Csv { lines, reader } => {
                let read = reader.read(lines, row);
                self.place = Place::Line(row.line);
                return read;
            }
            Format::EnCase(reader) => {
                self.place = reader.place();
                return reader.read(row);
            }
            Format::Ncmec(reader) => {
                let read = reader.read(row);
                self.place = reader.place();
                return read;
            }
            Format::Json { records, reader } => {
                let Some(record) = records.next_record()? else { return Ok(None) };
                self.records += 1;
                self.place = Place::Byte(records.start());
                row.clear(self.records);
                record.and_then(|()| reader.read(records.record(), row))
            }
            Format::Lines { lines, pending, reader } => {
                if let Some((number, line)) = pending.take() {
                    row.clear(number);
                    self.place = Place::Line(number);
                    reader.read(&line, row)
                } else {
                    let number = lines.number() + 1;
                    self.place = Place::Line(number);
                    row.clear(number);
                    match lines.advance() {
                        Err(source) => return Err(ReadError::Io { place: self.place, source }),
                        Ok(Line::End) => return Ok(None),
                        Ok(Line::TooLong) => Err(RowError::TooLong { limit: MAX_RECORD }),
                        Ok(Line::Whole) => reader.read(lines.line(), row),
                    }
                }
            }
        };
        match parsed {
            Ok(parsed) => Ok(Some(parsed == Parsed::Row)),
            Err(error) => Err(BadRow { place: self.place, error }.into()),
        }
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

/// Reads what stands before the first row. `mark` bytes of the file are not in `source`.
fn open_format<R: Read>(
    name: ListFormat,
    source: Source<R>,
    mark: u64,
    options: &ReadOptions,
) -> Result<Format<R>, OpenError> {
    let kind = options.hash_kind;
    if !options.map.is_empty() && !is_separated(name) {
        return Err(OpenError::MapFormat { format: name });
    }
    match name {
        ListFormat::Vics13 | ListFormat::Vics20 => {
            let reader = Box::new(readers::vics::VicsReader);
            return Ok(json(source, mark, readers::vics::FORM, reader));
        }
        ListFormat::StopNcii => {
            let reader = Box::new(readers::stopncii::StopNciiReader::default());
            return Ok(json(source, mark, readers::stopncii::FORM, reader));
        }
        ListFormat::NsrlDb | ListFormat::Kdb => return Err(OpenError::NeedsFile),
        ListFormat::EnCase => {
            return Ok(Format::EnCase(Box::new(readers::encase::EnCaseReader::new(source)?)));
        }
        ListFormat::Ncmec => {
            return Ok(Format::Ncmec(Box::new(readers::ncmec::NcmecReader::new(source, mark))));
        }
        _ => {}
    }
    let mut lines = Lines::new(source);
    if is_separated(name) {
        let (number, header) = first_line(&mut lines)?.ok_or(OpenError::Empty)?;
        let reader = readers::csv::CsvReader::new(name, (number, header), kind, &options.map)?;
        return Ok(Format::Csv { lines, reader: Box::new(reader) });
    }
    let mut pending = None;
    let reader: Box<dyn RowReader + Send> = match name {
        ListFormat::Hex => {
            pending = first_line(&mut lines)?;
            let first = pending.as_ref().map(|(_, line)| &line[..]).unwrap_or_default();
            Box::new(readers::hex::HexReader::new(kind, first)?)
        }
        ListFormat::XWays => {
            let first = first_line(&mut lines)?.ok_or(OpenError::Empty)?;
            Box::new(readers::hex::HexReader::with_title(first.0, &first.1)?)
        }
        ListFormat::Md5sum => Box::new(readers::md5sum::Md5sumReader { kind }),
        ListFormat::Bsd => Box::new(readers::bsd::BsdReader::default()),
        ListFormat::Pdq => Box::new(readers::pdq::PdqReader),
        ListFormat::ThreatExchange => {
            Box::new(readers::threatexchange::ThreatExchangeReader::new(kind))
        }
        ListFormat::TskIndex => Box::new(readers::tsk::TskIndexReader),
        ListFormat::Rhash => Box::new(readers::rhash::RhashReader { kind }),
        ListFormat::Links => Box::new(readers::links::LinksReader::default()),
        ListFormat::Hashdeep => {
            advance(&mut lines)?;
            let first = lines.line().to_vec();
            advance(&mut lines)?;
            Box::new(readers::hashdeep::HashdeepReader::new(&first, lines.line())?)
        }
        _ => Box::new(readers::jsonl::JsonlReader),
    };
    Ok(Format::Lines { lines, pending, reader })
}

fn json<R: Read>(
    source: Source<R>,
    mark: u64,
    form: readers::json::JsonForm,
    reader: Box<dyn RowReader + Send>,
) -> Format<R> {
    let records = Box::new(readers::json::JsonRecords::new(source, mark, form));
    Format::Json { records, reader }
}

/// The formats that are separated values with a header.
pub(crate) const fn is_separated(format: ListFormat) -> bool {
    matches!(format, ListFormat::Csv | ListFormat::Icse | ListFormat::Nsrl | ListFormat::HashKeeper)
}

fn advance<R: BufRead>(lines: &mut Lines<R>) -> Result<Line, OpenError> {
    let line = lines.advance()?;
    if line == Line::TooLong {
        let error = RowError::TooLong { limit: MAX_RECORD };
        return Err(ReadError::Row(BadRow { place: Place::Line(lines.number()), error }).into());
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
