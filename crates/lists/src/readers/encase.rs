//! EnCase's binary `.hash`: a header of 1,152 bytes, then MD5 digests, two bytes behind each.

use crate::error::{OpenError, Place, ReadError};
use crate::format::ListFormat;
use crate::row::ListRow;
use hashward_hash::HashValue;
use std::io::{self, BufRead, Read};

/// What the file starts with.
pub(crate) const MAGIC: &[u8; 8] = b"HASH\r\n\xFF\0";
const HEADER: usize = 1152;
const RECORD: usize = 18;

/// Reads records.
#[derive(Debug)]
pub(crate) struct EnCaseReader<B> {
    source: B,
    records: u64,
}

impl<B: BufRead> EnCaseReader<B> {
    pub(crate) fn new(mut source: B) -> Result<Self, OpenError> {
        let detail = "it must have 1,152 bytes and start with `HASH`";
        let fault = OpenError::Header { line: 1, format: ListFormat::EnCase, detail };
        let mut header = Vec::new();
        source.by_ref().take(HEADER as u64).read_to_end(&mut header)?;
        if header.len() < HEADER || !header.starts_with(MAGIC) {
            return Err(fault);
        }
        Ok(Self { source, records: 0 })
    }

    /// Where the next record starts.
    pub(crate) fn place(&self) -> Place {
        Place::Byte(HEADER as u64 + self.records * RECORD as u64)
    }

    /// Reads the next record; `None` at the end.
    pub(crate) fn read(&mut self, row: &mut ListRow) -> Result<Option<bool>, ReadError> {
        let place = self.place();
        let mut record = [0; RECORD];
        let mut filled = 0;
        while filled < RECORD {
            match self.source.read(&mut record[filled..]) {
                Ok(0) => break,
                Ok(length) => filled += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(ReadError::Io { place, source }),
            }
        }
        match filled {
            0 => return Ok(None),
            RECORD => {}
            _ => {
                return Err(ReadError::Structure { place, form: "an EnCase record", cut: true });
            }
        }
        self.records += 1;
        row.clear(self.records);
        if let Some(digest) = record.first_chunk() {
            row.hashes.push(HashValue::Md5(*digest));
        }
        Ok(Some(true))
    }
}
