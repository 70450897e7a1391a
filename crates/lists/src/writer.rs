//! The one writer over all formats that can be written.

use crate::columns::Column;
use crate::format::ListFormat;
use crate::row::ListRow;
use crate::sqlite::KdbWriter;
use crate::writers;
use hashward_hash::HashKind;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

/// What the rows of a list hold, learnt in a first pass, because formats with a header must know
/// it before the first row.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    pub(crate) kinds: BTreeSet<HashKind>,
    pub(crate) quality: bool,
    pub(crate) id: bool,
    pub(crate) name: bool,
    pub(crate) category: bool,
    pub(crate) deleted: bool,
    /// True for attributes that plain text cannot give back unchanged.
    pub(crate) attributes: BTreeMap<String, bool>,
}

impl Layout {
    /// Takes note of a row.
    pub fn observe(&mut self, row: &ListRow) {
        self.kinds.extend(row.hashes.iter().map(hashward_hash::HashValue::kind));
        self.quality |= row.quality.is_some();
        self.id |= row.source_id.is_some();
        self.name |= row.name.is_some();
        self.category |= row.category.is_some();
        self.deleted |= row.deleted;
        for (name, value) in &row.attributes {
            let typed = !matches!(value, Value::String(text) if !text.is_empty());
            if let Some(seen) = self.attributes.get_mut(name) {
                *seen |= typed;
            } else {
                self.attributes.insert(name.clone(), typed);
            }
        }
    }

    /// The kinds of hash that occur.
    pub fn kinds(&self) -> impl Iterator<Item = HashKind> {
        self.kinds.iter().copied()
    }

    /// The column's name for an attribute: marked where it would read back as something else.
    pub(crate) fn column_name(name: &str, typed: bool) -> String {
        let plain = Column::from_name(name) == Column::Text(name.to_owned());
        let trimmed = name.trim() == name && !name.is_empty();
        match (typed, plain && trimmed) {
            (true, _) => format!("{}{name}", crate::columns::JSON_PREFIX),
            (false, true) => name.to_owned(),
            (false, false) => format!("{}{name}", crate::columns::ATTRIBUTE_PREFIX),
        }
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It was written.
    Row,
    /// The format cannot hold it: it has no hash of a kind that the format knows.
    LeftOut,
}

/// Why a list cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The format is read only.
    #[error("lists cannot be written as {format}; choose {}", ListFormat::WRITABLE.map(ListFormat::name).join(", "))]
    NotWritable {
        /// The format.
        format: ListFormat,
    },
    /// The format holds one kind of hash and the list has several.
    #[error(
        "{format} holds one kind of hash and the list has {}: choose one with --hash-kind",
        .kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
    )]
    SeveralKinds {
        /// The format.
        format: ListFormat,
        /// The kinds of the list.
        kinds: Vec<HashKind>,
    },
    /// The format does not know the kind of hash.
    #[error("{format} does not hold {kind}; choose another kind with --hash-kind")]
    Kind {
        /// The format.
        format: ListFormat,
        /// The kind.
        kind: HashKind,
    },
    /// The format holds no entry of the list.
    #[error(
        "nothing to write: the list has only {}, but {}",
        joined(.kinds, " and "),
        demand_text(*.format, .demands)
    )]
    NothingHeld {
        /// The format.
        format: ListFormat,
        /// The kinds of which an entry must have one.
        demands: Vec<HashKind>,
        /// The kinds of the list.
        kinds: Vec<HashKind>,
    },
    /// The target could not be written.
    #[error("cannot write the list: {0}")]
    Io(#[from] io::Error),
}

/// Why a format leaves entries out, from [`Writer::demands`], and what to do about it.
#[must_use]
pub fn demand_text(format: ListFormat, demands: &[HashKind]) -> String {
    let demands = joined(demands, " or ");
    let chosen = match format {
        ListFormat::Md5sum | ListFormat::Hex | ListFormat::XWays => {
            "; choose another kind with --hash-kind, or csv or jsonl, which hold every entry"
        }
        _ => "; csv and jsonl hold every entry",
    };
    format!("{format} holds only entries that have {demands}{chosen}")
}

fn joined(kinds: &[HashKind], last: &str) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    match names.split_last() {
        Some((end, [])) => (*end).to_owned(),
        Some((end, names)) => format!("{}{last}{end}", names.join(", ")),
        None => String::new(),
    }
}

/// A format that can be written.
pub(crate) trait RowWriter {
    /// Writes what stands before the first row.
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()>;
    /// Writes one row.
    fn row(&mut self, row: &ListRow, out: &mut dyn Write) -> io::Result<Written>;
    /// Writes what stands behind the last row.
    fn end(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
    /// What the user should know of how rows were written, without any content of them.
    fn note(&self) -> Option<String> {
        None
    }
}

/// Writes rows in one format.
pub struct Writer<W> {
    format: Box<dyn RowWriter>,
    demands: Vec<HashKind>,
    out: W,
}

impl<W: Write> Writer<W> {
    /// Starts a list. `layout` must have observed every row that will be written; `kind` chooses
    /// the hash for formats that hold one kind.
    ///
    /// # Errors
    /// [`WriteError`] when the format cannot be written, needs a kind, or holds no row of a list
    /// with these kinds.
    pub fn new(
        format: ListFormat,
        layout: &Layout,
        kind: Option<HashKind>,
        out: W,
    ) -> Result<Self, WriteError> {
        Self::with_scratch(format, layout, kind, out, &std::env::temp_dir())
    }

    /// As [`Writer::new`], with a folder for what must be a file of its own before it can be
    /// copied to `out`.
    ///
    /// # Errors
    /// As [`Writer::new`].
    pub fn with_scratch(
        format: ListFormat,
        layout: &Layout,
        kind: Option<HashKind>,
        mut out: W,
        scratch: &Path,
    ) -> Result<Self, WriteError> {
        let one_kind = || match kind {
            Some(kind) => Ok(kind),
            None if layout.kinds.len() > 1 => {
                Err(WriteError::SeveralKinds { format, kinds: layout.kinds().collect() })
            }
            None => Ok(layout.kinds().next().unwrap_or(HashKind::Md5)),
        };
        let demands = match format {
            ListFormat::Hashdeep | ListFormat::Kdb => {
                vec![HashKind::Md5, HashKind::Sha1, HashKind::Sha256]
            }
            ListFormat::Vics13 | ListFormat::Vics20 => vec![HashKind::Md5],
            ListFormat::Md5sum | ListFormat::Hex | ListFormat::XWays => vec![one_kind()?],
            _ => Vec::new(),
        };
        let mut writer: Box<dyn RowWriter> = match format {
            ListFormat::Csv => Box::new(writers::csv::CsvWriter::new(layout)),
            ListFormat::Jsonl => Box::new(writers::jsonl::JsonlWriter),
            ListFormat::Hashdeep => Box::new(writers::hashdeep::HashdeepWriter::new(layout)),
            ListFormat::Md5sum => Box::new(writers::md5sum::Md5sumWriter { kind: one_kind()? }),
            ListFormat::Hex => Box::new(writers::hex::HexWriter { kind: one_kind()? }),
            ListFormat::XWays => {
                let kind = one_kind()?;
                let writer = writers::xways::XWaysWriter::new(kind);
                Box::new(writer.ok_or(WriteError::Kind { format, kind })?)
            }
            ListFormat::Vics13 | ListFormat::Vics20 => {
                Box::new(writers::vics::VicsWriter::new(format))
            }
            ListFormat::Kdb => Box::new(KdbWriter::new(scratch)?),
            format => return Err(WriteError::NotWritable { format }),
        };
        let held = demands.is_empty() || demands.iter().any(|kind| layout.kinds.contains(kind));
        if !held && !layout.kinds.is_empty() {
            let kinds = layout.kinds().collect();
            return Err(WriteError::NothingHeld { format, demands, kinds });
        }
        writer.begin(&mut out)?;
        Ok(Self { format: writer, demands, out })
    }

    /// The kinds of hash of which a row must have one to be held; none where every row is.
    #[must_use]
    pub fn demands(&self) -> &[HashKind] {
        &self.demands
    }

    /// Writes one row.
    ///
    /// # Errors
    /// [`WriteError::Io`] when the target fails.
    pub fn row(&mut self, row: &ListRow) -> Result<Written, WriteError> {
        Ok(self.format.row(row, &mut self.out)?)
    }

    /// What the user should know of how the rows so far were written, without any content of them.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        self.format.note()
    }

    /// Passes everything on and gives the target back.
    ///
    /// # Errors
    /// [`WriteError::Io`] when the target fails.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.format.end(&mut self.out)?;
        self.out.flush()?;
        Ok(self.out)
    }
}
