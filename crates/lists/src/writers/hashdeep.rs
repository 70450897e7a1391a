//! hashdeep 1.0.

use crate::row::ListRow;
use crate::writer::{Layout, RowWriter, Written};
use hashward_hash::HashKind;
use std::io::{self, Write};

/// The kinds of hash that hashdeep knows.
const KINDS: [HashKind; 3] = [HashKind::Md5, HashKind::Sha1, HashKind::Sha256];

pub(crate) struct HashdeepWriter {
    kinds: Vec<HashKind>,
    /// Rows whose size nobody knows.
    without_size: u64,
}

impl HashdeepWriter {
    pub(crate) fn new(layout: &Layout) -> Self {
        let mut kinds = KINDS.to_vec();
        kinds.retain(|kind| layout.kinds.contains(kind));
        // hashdeep refuses a header without any hash.
        if kinds.is_empty() {
            kinds.push(HashKind::Md5);
        }
        Self { kinds, without_size: 0 }
    }
}

impl RowWriter for HashdeepWriter {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let names: Vec<&str> = self.kinds.iter().map(|kind| kind.name()).collect();
        writeln!(out, "%%%% HASHDEEP-1.0\n%%%% size,{},filename\n##", names.join(","))
    }

    fn row(&mut self, row: &ListRow, out: &mut dyn Write) -> io::Result<Written> {
        if !self.kinds.iter().any(|kind| row.hash(*kind).is_some()) {
            return Ok(Written::LeftOut);
        }
        // hashdeep demands a number; nothing but the empty file has the size 0, so that it can
        // stand for a size that is not known.
        let size = match row.attributes.get("size") {
            Some(serde_json::Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_u64(),
            None => None,
        };
        self.without_size += u64::from(size.is_none());
        write!(out, "{}", size.unwrap_or(0))?;
        for kind in &self.kinds {
            let hex = row.hash(*kind).map(|hash| hash.to_text()).unwrap_or_default();
            write!(out, ",{hex}")?;
        }
        out.write_all(b",")?;
        // hashdeep has no escapes: it shows what would break a line as a question mark.
        let name = row.name_bytes().unwrap_or_default();
        let printable =
            name.into_iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b'?' } else { byte });
        out.write_all(&printable.collect::<Vec<u8>>())?;
        out.write_all(b"\n")?;
        Ok(Written::Row)
    }

    fn note(&self) -> Option<String> {
        (self.without_size > 0).then(|| {
            format!(
                "{} of the rows have no known size and stand with 0; hashdeep compares sizes, so with them it reports a collision instead of a match",
                self.without_size
            )
        })
    }
}
