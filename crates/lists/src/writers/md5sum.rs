//! `<hex>  name` as md5sum and its kin write, with their escapes.

use crate::row::ListRow;
use crate::writer::{RowWriter, Written};
use hashward_hash::HashKind;
use std::io::{self, Write};

pub(crate) struct Md5sumWriter {
    pub(crate) kind: HashKind,
}

impl RowWriter for Md5sumWriter {
    fn begin(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &ListRow, out: &mut dyn Write) -> io::Result<Written> {
        let Some(hash) = row.hash(self.kind) else { return Ok(Written::LeftOut) };
        // A lone dash is what the tools write where there is no name.
        let name = row.name_bytes().unwrap_or_else(|| b"-".to_vec());
        let escaped = name.iter().any(|byte| matches!(byte, b'\\' | b'\n' | b'\r'));
        if escaped {
            out.write_all(b"\\")?;
        }
        write!(out, "{}  ", hash.to_text())?;
        for byte in name {
            match byte {
                b'\\' => out.write_all(b"\\\\")?,
                b'\n' => out.write_all(b"\\n")?,
                b'\r' => out.write_all(b"\\r")?,
                byte => out.write_all(&[byte])?,
            }
        }
        out.write_all(b"\n")?;
        Ok(Written::Row)
    }
}
