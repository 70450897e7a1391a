//! JSON Lines of our own: the only format that holds every row unchanged.

use crate::row::ListRow;
use crate::writer::{RowWriter, Written};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::io::{self, Write};

pub(crate) struct JsonlWriter;

impl RowWriter for JsonlWriter {
    fn begin(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &ListRow, mut out: &mut dyn Write) -> io::Result<Written> {
        serde_json::to_writer(&mut out, &Object(row))?;
        out.write_all(b"\n")?;
        Ok(Written::Row)
    }
}

struct Object<'a>(&'a ListRow);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = self.0;
        let mut map = serializer.serialize_map(None)?;
        let texts = [("id", &row.source_id), ("name", &row.name), ("category", &row.category)];
        for (field, text) in texts {
            if let Some(text) = text {
                map.serialize_entry(field, text)?;
            }
        }
        for hash in &row.hashes {
            map.serialize_entry(hash.kind().name(), &hash.to_text())?;
        }
        if let Some(quality) = row.quality {
            map.serialize_entry("quality", &quality)?;
        }
        if row.deleted {
            map.serialize_entry("deleted", &true)?;
        }
        for (name, value) in &row.attributes {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
