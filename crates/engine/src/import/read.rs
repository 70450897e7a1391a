//! Reading the files of an import into the sorter, hashing them on the way.

use super::categories::Categories;
use super::sorted::{encode, entry_key};
use super::{BadRows, ImportError, ImportInput, ImportProgress, ImportRequest};
use hashward_catalogue::SourceRecord;
use hashward_hash::{HashKind, encode_hex};
use hashward_lists::{ListFormat, ListRow, ReadError, ReadOptions, Reader};
use hashward_store::{ExternalSorter, Store};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

/// Bytes of memory for sorting rows before they go to the disk.
const SORT_MEMORY: usize = 192 << 20;
/// Bad rows that are told in full.
const EXAMPLES: usize = 20;
/// Categories of a list that the catalogue notes; a column of free text is no scheme.
const CATEGORIES: usize = 1000;
/// Rows between two reports of progress.
const STEP: u64 = 1 << 15;

/// What the files held.
pub(crate) struct Input {
    pub(crate) sorter: ExternalSorter,
    pub(crate) files: Vec<SourceRecord>,
    pub(crate) categories: Vec<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) bad_rows: u64,
    pub(crate) bad_row_examples: Vec<String>,
    pub(crate) empty_digests: u64,
}

/// Reads all files of a request.
pub(crate) fn read(
    inputs: Vec<ImportInput>,
    request: &ImportRequest,
    translation: Categories<'_>,
    store: &Store,
    progress: &mut dyn FnMut(ImportProgress),
) -> Result<Input, ImportError> {
    if inputs.is_empty() {
        return Err(ImportError::NoInput);
    }
    let sorter = ExternalSorter::new(store.disk().clone(), &store.temp_dir(), 16, SORT_MEMORY);
    let mut reading = Reading {
        input: Input {
            sorter,
            files: Vec::new(),
            categories: Vec::new(),
            notes: Vec::new(),
            bad_rows: 0,
            bad_row_examples: Vec::new(),
            empty_digests: 0,
        },
        request,
        translation,
        categories: BTreeSet::new(),
        rows: 0,
        bytes: 0,
        progress,
    };
    for input in inputs {
        reading.file(input)?;
    }
    let Reading { mut input, categories, translation, .. } = reading;
    input.notes.extend(translation.note());
    if input.bad_rows > 0 && request.bad_rows == BadRows::Refuse {
        let (count, examples) = (input.bad_rows, input.bad_row_examples);
        return Err(ImportError::BadRows { count, examples });
    }
    input.categories = categories.into_iter().collect();
    Ok(input)
}

struct Reading<'a> {
    input: Input,
    request: &'a ImportRequest,
    translation: Categories<'a>,
    categories: BTreeSet<String>,
    rows: u64,
    bytes: u64,
    progress: &'a mut dyn FnMut(ImportProgress),
}

impl Reading<'_> {
    fn file(&mut self, input: ImportInput) -> Result<(), ImportError> {
        let (name, file_name) = names(&input);
        let source: Box<dyn Read> = match input {
            ImportInput::File(path) => Box::new(
                open(&path).map_err(|source| ImportError::File { file: name.clone(), source })?,
            ),
            ImportInput::Stream { reader, .. } => reader,
        };
        let seen = Rc::new(RefCell::new(Seen::default()));
        let tee = Tee { source, seen: Rc::clone(&seen) };
        let options =
            ReadOptions { format: self.request.format, hash_kind: self.request.hash_kind };
        let mut reader = Reader::open(tee, &options)
            .map_err(|source| ImportError::Open { file: name.clone(), source })?;
        self.rows_of(&mut reader, &name, &seen)?;
        self.input.empty_digests += reader.empty_digests();
        let format = reader.format();
        drop(reader);
        let seen = seen.take();
        self.bytes += seen.bytes;
        self.input.files.push(SourceRecord {
            name: file_name,
            sha256: encode_hex(&seen.digest.finalize()),
            bytes: seen.bytes,
            format: format.name().to_owned(),
            signer: None,
        });
        Ok(())
    }

    fn rows_of<R: Read>(
        &mut self,
        reader: &mut Reader<R>,
        name: &str,
        seen: &RefCell<Seen>,
    ) -> Result<(), ImportError> {
        let mut row = ListRow::default();
        let mut value = Vec::new();
        let guessed = reader.format() == ListFormat::Md5sum && self.request.hash_kind.is_none();
        let mut guesses = 0u64;
        loop {
            match reader.read_into(&mut row) {
                Ok(true) => {}
                Ok(false) => break,
                Err(ReadError::Row(bad)) => {
                    self.input.bad_rows += 1;
                    if self.input.bad_row_examples.len() < EXAMPLES {
                        let example = format!("{name}:{}: {}", bad.line, bad.error);
                        self.input.bad_row_examples.push(example);
                    }
                    continue;
                }
                Err(source) => return Err(ImportError::Read { file: name.to_owned(), source }),
            }
            self.rows += 1;
            self.translation.translate(&mut row);
            guesses += u64::from(guessed && row.hash(HashKind::Sha256).is_some());
            if let Some(category) = &row.category
                && self.categories.len() < CATEGORIES
                && !self.categories.contains(category)
            {
                self.categories.insert(category.clone());
            }
            // Once the import is bound to be refused, only the bad rows still matter.
            if self.input.bad_rows == 0 || self.request.bad_rows == BadRows::Skip {
                encode(&row, self.rows, &mut value)?;
                self.input.sorter.push(&entry_key(&row).0, &value)?;
            }
            if self.rows.is_multiple_of(STEP) {
                let bytes = self.bytes + seen.borrow().bytes;
                (self.progress)(ImportProgress::Reading { rows: self.rows, bytes });
            }
        }
        if guesses > 0 {
            self.input.notes.push(format!(
                "{name}: hashes of 64 digits were read as SHA-256; if b3sum made the list, import it with --hash-kind blake3"
            ));
        }
        Ok(())
    }
}

/// How messages name an input, and how the record does: without folders, which say more than
/// they should.
fn names(input: &ImportInput) -> (String, String) {
    match input {
        ImportInput::File(path) => (
            path.display().to_string(),
            path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        ),
        ImportInput::Stream { name, .. } => (name.clone(), name.clone()),
    }
}

fn open(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a folder; name its files"));
    }
    Ok(file)
}

/// What has passed a [`Tee`].
#[derive(Default)]
struct Seen {
    digest: Sha256,
    bytes: u64,
}

/// Hashes what is read.
struct Tee<R> {
    source: R,
    seen: Rc<RefCell<Seen>>,
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        let mut seen = self.seen.borrow_mut();
        seen.digest.update(&buffer[..length]);
        seen.bytes += length as u64;
        Ok(length)
    }
}
