//! X-Ways text: the kind on the first line, then bare hashes.

use crate::readers::hex::TITLES;
use crate::row::ListRow;
use crate::writer::{RowWriter, Written};
use hashward_hash::HashKind;
use std::io::{self, Write};

/// Lines end as on Windows, where the program runs.
pub(crate) struct XWaysWriter {
    kind: HashKind,
    title: &'static str,
}

impl XWaysWriter {
    /// `None` for kinds that X-Ways does not know.
    pub(crate) fn new(kind: HashKind) -> Option<Self> {
        TITLES.into_iter().find(|it| it.0 == kind).map(|(kind, title)| Self { kind, title })
    }
}

impl RowWriter for XWaysWriter {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{}\r\n", self.title)
    }

    fn row(&mut self, row: &ListRow, out: &mut dyn Write) -> io::Result<Written> {
        let hash = row.hash(self.kind).filter(|_| !row.deleted);
        let Some(hash) = hash else { return Ok(Written::LeftOut) };
        write!(out, "{}\r\n", hash.to_text())?;
        Ok(Written::Row)
    }
}
