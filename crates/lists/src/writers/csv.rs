//! Comma-separated values with a header.

use crate::row::ListRow;
use crate::writer::{Layout, RowWriter, Written};
use serde_json::Value;
use std::io::{self, Write};

pub(crate) struct CsvWriter {
    layout: Layout,
}

impl CsvWriter {
    pub(crate) fn new(layout: &Layout) -> Self {
        Self { layout: layout.clone() }
    }
}

impl RowWriter for CsvWriter {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let layout = &self.layout;
        let mut record = Record::new(out);
        let texts = [(layout.id, "id"), (layout.name, "name"), (layout.category, "category")];
        for (_, name) in texts.into_iter().filter(|(present, _)| *present) {
            record.field(name)?;
        }
        for kind in &layout.kinds {
            record.field(kind.name())?;
        }
        // A list without any row still needs a header that is recognised.
        if layout.kinds.is_empty() {
            record.field("md5")?;
        }
        for (present, name) in [(layout.quality, "quality"), (layout.deleted, "deleted")] {
            if present {
                record.field(name)?;
            }
        }
        for (name, typed) in &layout.attributes {
            record.field(&Layout::column_name(name, *typed))?;
        }
        record.end()
    }

    fn row(&mut self, row: &ListRow, out: &mut dyn Write) -> io::Result<Written> {
        let layout = &self.layout;
        let mut record = Record::new(out);
        let texts = [
            (layout.id, &row.source_id),
            (layout.name, &row.name),
            (layout.category, &row.category),
        ];
        for (_, text) in texts.into_iter().filter(|(present, _)| *present) {
            record.field(text.as_deref().unwrap_or_default())?;
        }
        for kind in &layout.kinds {
            record.field(&row.hash(*kind).map(|hash| hash.to_text()).unwrap_or_default())?;
        }
        if layout.kinds.is_empty() {
            record.field("")?;
        }
        if layout.quality {
            record.field(&row.quality.map(|quality| quality.0.to_string()).unwrap_or_default())?;
        }
        if layout.deleted {
            record.field(if row.deleted { "true" } else { "" })?;
        }
        for (name, typed) in &layout.attributes {
            match row.attributes.get(name) {
                None => record.field("")?,
                Some(Value::String(text)) if !typed => record.field(text)?,
                Some(value) => record.field(&value.to_string())?,
            }
        }
        record.end()?;
        Ok(Written::Row)
    }
}

/// One record in the making.
struct Record<'a> {
    out: &'a mut dyn Write,
    fields: usize,
    /// The record so far is one empty field, which alone would be a blank line.
    blank: bool,
}

impl<'a> Record<'a> {
    fn new(out: &'a mut dyn Write) -> Self {
        Self { out, fields: 0, blank: false }
    }

    fn field(&mut self, text: &str) -> io::Result<()> {
        if self.fields > 0 {
            self.out.write_all(b",")?;
        }
        self.blank = self.fields == 0 && text.is_empty();
        self.fields += 1;
        let special = |byte: u8| matches!(byte, b'"' | b',' | b';' | b'\t' | b'\n' | b'\r');
        // Spaces at the edges are quoted too, because other programs strip them.
        let quoted = text.bytes().any(special)
            || text.starts_with([' ', '#', '\u{feff}'])
            || text.ends_with(' ');
        if !quoted {
            return self.out.write_all(text.as_bytes());
        }
        write!(self.out, "\"{}\"", text.replace('"', "\"\""))
    }

    fn end(self) -> io::Result<()> {
        self.out.write_all(if self.blank { b"\"\"\n" } else { b"\n" })
    }
}
