//! Separated values with a header: quoting of RFC 4180, any of `,` `;` and tab between fields.

use crate::columns::{ATTRIBUTE_PREFIX, Column, ColumnMap, Columns, JSON_PREFIX, join_checksum};
use crate::error::{BadRow, OpenError, Place, ReadError, RowError};
use crate::format::ListFormat;
use crate::lines::{Line, Lines, MAX_RECORD};
use crate::reader::MAX_FIELDS;
use crate::row::ListRow;
use hashward_hash::HashKind;
use std::io::BufRead;

/// The separators that are recognised.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Reads records, which may span lines, by the columns of the header.
#[derive(Debug)]
pub(crate) struct CsvReader {
    format: ListFormat,
    delimiter: u8,
    columns: Columns,
    record: Record,
    /// The first line where it is a record and no header.
    pending: Option<(u64, Vec<u8>)>,
}

impl CsvReader {
    /// `first` is the first line with content and its number: the header, unless the map gives
    /// every column by its number.
    pub(crate) fn new(
        format: ListFormat,
        first: (u64, Vec<u8>),
        kind: Option<HashKind>,
        map: &ColumnMap,
    ) -> Result<Self, OpenError> {
        let delimiter = delimiter(&first.1);
        let names = split(&first.1, delimiter).ok_or(OpenError::Unknown)?;
        let mut names: Vec<String> =
            names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let headless = map.is_by_number();
        if headless {
            names.iter_mut().for_each(String::clear);
        }
        let mut columns = column_names(format, &names);
        map.apply(&names, &mut columns)?;
        let columns = Columns::settle(columns, kind)?;
        let pending = headless.then_some(first);
        Ok(Self { format, delimiter, columns, record: Record::default(), pending })
    }

    /// Reads the next record; `None` at the end, `Some(false)` at a blank line.
    pub(crate) fn read<R: BufRead>(
        &mut self,
        lines: &mut Lines<R>,
        row: &mut ListRow,
    ) -> Result<Option<bool>, ReadError> {
        let io = |line| move |source| ReadError::Io { place: Place::Line(line), source };
        self.record.clear();
        let (start, mut open) = if let Some((number, line)) = self.pending.take() {
            row.clear(number);
            (number, self.record.push(&line, self.delimiter))
        } else {
            let start = lines.number() + 1;
            row.clear(start);
            match lines.advance().map_err(io(start))? {
                Line::End => return Ok(None),
                Line::TooLong => return Err(open_record(start)),
                Line::Whole if lines.line().is_empty() => return Ok(Some(false)),
                Line::Whole => (start, self.record.push(lines.line(), self.delimiter)),
            }
        };
        while open {
            self.record.line_end(lines.ended_with_crlf());
            let next = lines.advance().map_err(io(start))?;
            let size = self.record.bytes.len() + lines.line().len();
            if next != Line::Whole || size > MAX_RECORD {
                return Err(open_record(start));
            }
            open = self.record.push(lines.line(), self.delimiter);
        }
        self.fill(row).map_err(|error| BadRow { place: Place::Line(start), error })?;
        Ok(Some(true))
    }

    fn fill(&self, row: &mut ListRow) -> Result<(), RowError> {
        let (found, expected) = (self.record.ends.len(), self.columns.0.len());
        // ICSE lists leave out empty fields at the end, or have a separator too many.
        let icse = self.format == ListFormat::Icse;
        let excess = self.record.fields().skip(expected);
        if found != expected && !(icse && excess.into_iter().all(|field| field.is_empty())) {
            return Err(RowError::FieldCount { found, expected });
        }
        for (index, field) in self.record.fields().enumerate() {
            self.columns.fill(index, field, row)?;
        }
        row.material = icse;
        join_checksum(row)
    }
}

fn open_record(line: u64) -> ReadError {
    ReadError::OpenRecord { place: Place::Line(line), limit: MAX_RECORD }
}

/// The columns of a header line that is like CSV with hashes; `None` otherwise.
pub(crate) fn looks_like_header(line: &[u8]) -> bool {
    header_names(line)
        .is_some_and(|names| column_names(ListFormat::Csv, &names).iter().any(Column::is_hash))
}

/// The names of a header line; `None` for a line that is none.
pub(crate) fn header_names(line: &[u8]) -> Option<Vec<String>> {
    let names = split(line, delimiter(line))?;
    Some(names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect())
}

/// The separator that occurs most outside quotes; a comma where there is none.
pub(crate) fn delimiter(header: &[u8]) -> u8 {
    let count = |delimiter: u8| {
        let mut quoted = false;
        header
            .iter()
            .filter(|byte| {
                quoted ^= **byte == b'"';
                !quoted && **byte == delimiter
            })
            .count()
    };
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

fn column_names(format: ListFormat, names: &[String]) -> Vec<Column> {
    let column = |(index, name): (usize, &String)| {
        // A name that our writer marked is kept with its spaces.
        if name.starts_with(ATTRIBUTE_PREFIX) || name.starts_with(JSON_PREFIX) {
            return Column::from_name(name);
        }
        match name.trim() {
            "" => Column::Text(format!("column {}", index + 1)),
            name => Column::of_format(format, name),
        }
    };
    names.iter().enumerate().map(column).collect()
}

/// The fields of a record that is one line; `None` when a quote stays open or there are too many.
fn split(line: &[u8], delimiter: u8) -> Option<Vec<Vec<u8>>> {
    let mut record = Record::default();
    if record.push(line, delimiter) || record.ends.len() > MAX_FIELDS {
        return None;
    }
    Some(record.fields().map(<[u8]>::to_vec).collect())
}

/// The fields of one record, end to end.
#[derive(Debug, Default)]
struct Record {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// The last field is quoted and not closed yet.
    open: bool,
}

impl Record {
    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.open = false;
    }

    /// Adds the end of a line that stands inside quotes.
    fn line_end(&mut self, crlf: bool) {
        self.bytes.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
    }

    fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }

    /// Adds a line; true when a quoted field goes on in the next one.
    ///
    /// Outside quotes only the separator means something. A field that starts with a quote ends
    /// at the next single quote; what then follows up to the separator is taken as it is.
    fn push(&mut self, line: &[u8], delimiter: u8) -> bool {
        let mut rest = line;
        if self.open {
            match self.quoted(rest) {
                Some(after) => rest = after,
                None => return true,
            }
        } else if let Some(inner) = rest.strip_prefix(b"\"") {
            match self.quoted(inner) {
                Some(after) => rest = after,
                None => return true,
            }
        }
        loop {
            match memchr::memchr(delimiter, rest) {
                None => {
                    self.bytes.extend_from_slice(rest);
                    self.ends.push(self.bytes.len());
                    return false;
                }
                Some(end) => {
                    self.bytes.extend_from_slice(&rest[..end]);
                    self.ends.push(self.bytes.len());
                    rest = &rest[end + 1..];
                }
            }
            if let Some(inner) = rest.strip_prefix(b"\"") {
                match self.quoted(inner) {
                    Some(after) => rest = after,
                    None => return true,
                }
            }
        }
    }

    /// Takes the inside of a quoted field; what follows its end, or `None` when it has none here.
    fn quoted<'a>(&mut self, mut rest: &'a [u8]) -> Option<&'a [u8]> {
        loop {
            let Some(quote) = memchr::memchr(b'"', rest) else {
                self.bytes.extend_from_slice(rest);
                self.open = true;
                return None;
            };
            self.bytes.extend_from_slice(&rest[..quote]);
            rest = &rest[quote + 1..];
            match rest.strip_prefix(b"\"") {
                Some(after) => {
                    self.bytes.push(b'"');
                    rest = after;
                }
                None => {
                    self.open = false;
                    return Some(rest);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ours(text: &[u8]) -> Option<Vec<Vec<Vec<u8>>>> {
        let mut lines = Lines::new(text);
        let mut out = Vec::new();
        let mut record = Record::default();
        while lines.advance().unwrap() == Line::Whole {
            if lines.line().is_empty() {
                continue;
            }
            record.clear();
            while record.push(lines.line(), b',') {
                record.line_end(lines.ended_with_crlf());
                if lines.advance().unwrap() != Line::Whole {
                    return None;
                }
            }
            out.push(record.fields().map(<[u8]>::to_vec).collect());
        }
        Some(out)
    }

    proptest! {
        /// Where a record is well-formed, fields are those of the csv crate.
        #[test]
        fn splits_like_the_csv_crate(
            rows in prop::collection::vec(prop::collection::vec("[a\",; \r\n\té]{0,6}", 1..4), 0..5)
        ) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = writer.into_inner().unwrap();
            let theirs: Vec<Vec<Vec<u8>>> = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(&text[..])
                .byte_records()
                .map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect())
                .collect();
            prop_assert_eq!(ours(&text), Some(theirs));
        }

        #[test]
        fn any_bytes_are_split_without_panic(text in prop::collection::vec(
            prop::sample::select(b"\",;\n\ra ".to_vec()), 0..64)) {
            ours(&text);
        }
    }

    #[test]
    fn finds_the_separator_outside_quotes() {
        assert_eq!(delimiter(b"md5;name;\"a,b,c,d\""), b';');
        assert_eq!(delimiter(b"md5\tname"), b'\t');
        assert_eq!(delimiter(b"md5"), b',');
    }
}
