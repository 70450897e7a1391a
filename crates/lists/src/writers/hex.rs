//! Bare hashes of one kind, one on each line.

use crate::row::ListRow;
use crate::writer::{RowWriter, Written};
use hashward_hash::HashKind;
use std::io::{self, Write};

pub(crate) struct HexWriter {
    pub(crate) kind: HashKind,
}

impl RowWriter for HexWriter {
    fn begin(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &ListRow, out: &mut dyn Write) -> io::Result<Written> {
        let Some(hash) = row.hash(self.kind) else { return Ok(Written::LeftOut) };
        writeln!(out, "{}", hash.to_text())?;
        Ok(Written::Row)
    }
}
