//! Reading the files of an import into the sorter, hashing them on the way.

use super::categories::Categories;
use super::sorted::{encode, entry_key, payload};
use super::unchanged::Unchanged;
use super::{BadRows, ImportError, ImportInput, ImportProgress, ImportRequest, ListKind};
use hashward_catalogue::SourceRecord;
use hashward_hash::{HashKind, encode_hex};
use hashward_lists::{
    BadRow, DatabaseReader, ListFormat, ListRow, Place, ReadError, ReadOptions, Reader,
};
use hashward_signature::FileCheck;
use hashward_store::{EntryKey, ExternalSorter, KnownRow, KnownRows, Store, WriteError};
use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;
use std::time::SystemTime;

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

/// What the list demands of its files and rows.
pub(crate) struct Rules<'a> {
    /// The signature of each file, where the list demands one.
    pub(crate) checks: Vec<Option<FileCheck>>,
    pub(crate) translation: Categories<'a>,
    /// The list is of the kind ignore.
    pub(crate) ignore: bool,
}

/// Reads all files of a request. Rows that say what the version before says are passed over.
pub(crate) fn read(
    inputs: Vec<ImportInput>,
    request: &ImportRequest,
    rules: Rules<'_>,
    unchanged: Option<&mut Unchanged<'_>>,
    store: &Store,
    progress: &mut dyn FnMut(ImportProgress),
) -> Result<Input, ImportError> {
    let Rules { checks, translation, ignore } = rules;
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
        ignore,
        categories: BTreeSet::new(),
        unchanged,
        batch: Batch::default(),
        format: ListFormat::Jsonl,
        value: Vec::new(),
        rows: 0,
        bytes: 0,
        progress,
    };
    for (input, check) in inputs.into_iter().zip(checks) {
        reading.file(input, check)?;
        reading.settle_batch()?;
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

/// Rows that are keyed and compared with the version before together, on all threads.
const BATCH_ROWS: usize = 4096;
/// Rows of one task among them.
const TASK_ROWS: usize = 256;
/// Bytes of a batch at most, roughly, whatever its rows hold.
const BATCH_BYTES: usize = 4 << 20;

/// Rows on their way to the sorter.
#[derive(Default)]
struct Batch {
    /// Those behind the number of used ones are only memory that is used again.
    rows: Vec<ListRow>,
    used: usize,
    /// Bytes of their texts.
    bytes: usize,
}

/// What a row is compared by.
struct Judged {
    key: EntryKey,
    /// 0 without a version before.
    payload: u64,
    old: Option<KnownRow>,
}

struct Reading<'a, 'g> {
    input: Input,
    request: &'a ImportRequest,
    translation: Categories<'a>,
    /// The list is of the kind ignore.
    ignore: bool,
    categories: BTreeSet<String>,
    unchanged: Option<&'a mut Unchanged<'g>>,
    batch: Batch,
    /// The format of the file whose rows are in the batch.
    format: ListFormat,
    /// A row as the sorter takes it.
    value: Vec<u8>,
    rows: u64,
    bytes: u64,
    progress: &'a mut dyn FnMut(ImportProgress),
}

impl Reading<'_, '_> {
    fn file(&mut self, input: ImportInput, check: Option<FileCheck>) -> Result<(), ImportError> {
        let (name, file_name) = names(&input);
        let options = ReadOptions {
            format: self.request.format,
            hash_kind: self.request.hash_kind,
            map: self.request.map.clone(),
        };
        let seen = Seen { check, ..Seen::default() };
        let (format, seen) = match input {
            ImportInput::File(path) => {
                let file = |source| ImportError::File { file: name.clone(), source };
                let mut opened = open(&path).map_err(file)?;
                if is_database(&mut opened).map_err(file)? {
                    self.database(&path, opened, &name, &options, seen)?
                } else {
                    self.stream(Box::new(opened), &name, &options, seen)?
                }
            }
            ImportInput::Stream { reader, .. } => self.stream(reader, &name, &options, seen)?,
        };
        if format.is_known_good() && self.request.kind != Some(ListKind::Ignore) {
            self.input.notes.push(format!(
                "{name}: the list names harmless software; unless the list `{}` is of the kind ignore, such files are reported as known material",
                self.request.list
            ));
        }
        self.bytes += seen.bytes;
        // Until here nothing that was read has taken effect.
        let signer = seen.check.map(FileCheck::finish).transpose();
        let signer = signer.map_err(|source| ImportError::Signature { file: name, source })?;
        self.input.files.push(SourceRecord {
            name: file_name,
            sha256: encode_hex(&seen.digest.finalize()),
            bytes: seen.bytes,
            format: format.name().to_owned(),
            signer: signer.map(|key| key.fingerprint()),
        });
        Ok(())
    }

    /// Reads a list that is a stream of bytes.
    fn stream(
        &mut self,
        source: Box<dyn Read>,
        name: &str,
        options: &ReadOptions,
        seen: Seen,
    ) -> Result<(ListFormat, Seen), ImportError> {
        let seen = Rc::new(RefCell::new(seen));
        let source = Shared(Rc::new(RefCell::new(source)));
        let mut rest = Tee { source: source.clone(), seen: Rc::clone(&seen) };
        let tee = Tee { source, seen: Rc::clone(&seen) };
        let mut reader = Reader::open(tee, options)
            .map_err(|source| ImportError::Open { file: name.to_owned(), source })?;
        let format = reader.format();
        self.format = format;
        let guessed = format == ListFormat::Md5sum && options.hash_kind.is_none();
        let mut guesses = 0u64;
        let mut row = ListRow::default();
        loop {
            match reader.read_into(&mut row) {
                Ok(true) => {}
                Ok(false) => break,
                Err(ReadError::Row(bad)) => {
                    self.bad_row(name, &bad);
                    continue;
                }
                Err(source) => return Err(ImportError::Read { file: name.to_owned(), source }),
            }
            guesses += u64::from(guessed && row.hash(HashKind::Sha256).is_some());
            self.row(&mut row, name, &|| seen.borrow().bytes)?;
        }
        if guesses > 0 {
            self.input.notes.push(format!(
                "{name}: hashes of 64 digits were read as SHA-256; if b3sum made the list, import it with --hash-kind blake3"
            ));
        }
        self.input.notes.extend(reader.notes().iter().map(|note| format!("{name}: {note}")));
        self.input.empty_digests += reader.empty_digests();
        drop(reader);
        // The digest and the signature are those of the whole file, also where its list ends before.
        io::copy(&mut rest, &mut io::sink())
            .map_err(|source| ImportError::File { file: name.to_owned(), source })?;
        Ok((format, seen.take()))
    }

    /// Reads a list that is an SQLite database: first its bytes for their digest, then its rows.
    fn database(
        &mut self,
        path: &Path,
        mut file: File,
        name: &str,
        options: &ReadOptions,
        seen: Seen,
    ) -> Result<(ListFormat, Seen), ImportError> {
        let opened = |source| ImportError::Open { file: name.to_owned(), source };
        let failed = |source| ImportError::File { file: name.to_owned(), source };
        let before = state(path).map_err(failed)?;
        let seen = Rc::new(RefCell::new(seen));
        io::copy(&mut Tee { source: &mut file, seen: Rc::clone(&seen) }, &mut io::sink())
            .map_err(failed)?;
        let mut reader = DatabaseReader::open(path, options).map_err(opened)?;
        self.format = reader.format();
        let mut result = Ok(());
        reader
            .for_each(&mut |row| {
                result = match row {
                    Ok(row) => self.row(row, name, &|| 0),
                    Err(bad) => {
                        self.bad_row(name, &bad);
                        Ok(())
                    }
                };
                if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })
            .map_err(|source| ImportError::Read { file: name.to_owned(), source })?;
        result?;
        // What was hashed must be what was read.
        if state(path).map_err(failed)? != before {
            return Err(failed(io::Error::other("the file has changed while it was read")));
        }
        self.input.empty_digests += reader.empty_digests();
        Ok((reader.format(), seen.take()))
    }

    fn bad_row(&mut self, name: &str, bad: &BadRow) {
        self.input.bad_rows += 1;
        if self.input.bad_row_examples.len() < EXAMPLES {
            let example = match bad.place {
                Place::Line(line) => format!("{name}:{line}: {}", bad.error),
                place => format!("{name}: {place}: {}", bad.error),
            };
            self.input.bad_row_examples.push(example);
        }
    }

    /// Takes a row; `bytes` tells how much of its file has been read.
    fn row(
        &mut self,
        row: &mut ListRow,
        name: &str,
        bytes: &dyn Fn() -> u64,
    ) -> Result<(), ImportError> {
        if row.material && self.ignore {
            return Err(ImportError::Material { file: name.to_owned() });
        }
        self.rows += 1;
        self.translation.translate(row);
        if let Some(category) = &row.category
            && self.categories.len() < CATEGORIES
            && !self.categories.contains(category)
        {
            self.categories.insert(category.clone());
        }
        self.batch.push(row);
        if self.batch.used == BATCH_ROWS || self.batch.bytes >= BATCH_BYTES {
            self.settle_batch()?;
        }
        if self.rows.is_multiple_of(STEP) {
            let bytes = self.bytes + bytes();
            (self.progress)(ImportProgress::Reading { rows: self.rows, bytes });
        }
        Ok(())
    }
}

impl Reading<'_, '_> {
    /// Hands the rows of the batch on to the sorter, those that are unchanged left out.
    fn settle_batch(&mut self) -> Result<(), ImportError> {
        let Batch { mut rows, used, bytes } = std::mem::take(&mut self.batch);
        let first = self.rows + 1 - used as u64;
        // Once the import is bound to be refused, only the bad rows still matter.
        if self.input.bad_rows == 0 || self.request.bad_rows == BadRows::Skip {
            let (format, unchanged) = (self.format, self.unchanged.as_ref());
            let known = unchanged.map(|unchanged| unchanged.known());
            let tasks = rows[..used].par_chunks(TASK_ROWS).map(|rows| judge(rows, format, known));
            let judged: Vec<Vec<Judged>> = tasks.collect::<Result<_, ImportError>>()?;
            let judged = judged.into_iter().flatten();
            for (number, (row, judged)) in (first..).zip(rows[..used].iter().zip(judged)) {
                let Judged { key, payload, old } = judged;
                let unchanged = self.unchanged.as_mut();
                if unchanged.is_some_and(|it| it.passes_over(row, number, payload, old)) {
                    continue;
                }
                encode(row, format, number, &mut self.value)?;
                self.input.sorter.push(&key.0, &self.value)?;
            }
        }
        // Long texts are not kept for their memory.
        if bytes >= BATCH_BYTES {
            rows.clear();
        }
        self.batch.rows = rows;
        Ok(())
    }
}

impl Batch {
    /// Takes a row and leaves one whose memory may be used again.
    fn push(&mut self, row: &mut ListRow) {
        let texts = [&row.source_id, &row.name, &row.category].into_iter().flatten();
        self.bytes += texts.map(String::len).sum::<usize>();
        // Close enough for values that are texts or numbers.
        self.bytes += row
            .attributes
            .iter()
            .map(|(name, value)| name.len() + 16 + value.as_str().map_or(64, str::len))
            .sum::<usize>();
        if self.used == self.rows.len() {
            self.rows.push(ListRow::default());
        }
        std::mem::swap(&mut self.rows[self.used], row);
        self.used += 1;
    }
}

/// The keys of rows, and where the version before has them.
fn judge(
    rows: &[ListRow],
    format: ListFormat,
    known: Option<&KnownRows<'_>>,
) -> Result<Vec<Judged>, ImportError> {
    let keys: Vec<EntryKey> = rows.iter().map(entry_key).collect();
    let Some(known) = known else {
        let judged = |key| Judged { key, payload: 0, old: None };
        return Ok(keys.into_iter().map(judged).collect());
    };
    let mut found = Vec::new();
    known.find(&keys, &mut found).map_err(WriteError::from)?;
    let judged = keys.into_iter().zip(found).zip(rows).map(|((key, old), row)| {
        // Only where there is something to compare it with.
        let payload = if old.is_some() { payload(row, format)? } else { 0 };
        Ok(Judged { key, payload, old })
    });
    judged.collect()
}

/// True for a file that is an SQLite database; what has been looked at is read again. A pipe is
/// none, and must not be looked into.
fn is_database(file: &mut File) -> io::Result<bool> {
    if !file.metadata()?.is_file() {
        return Ok(false);
    }
    let mut head = Vec::new();
    file.take(64).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(DatabaseReader::is_database(&head))
}

/// What changes when somebody writes to a file.
fn state(path: &Path) -> io::Result<(u64, SystemTime)> {
    let metadata = path.metadata()?;
    Ok((metadata.len(), metadata.modified()?))
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
    check: Option<FileCheck>,
}

/// A source that can be read on once its reader is done.
#[derive(Clone)]
struct Shared(Rc<RefCell<Box<dyn Read>>>);

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(buffer)
    }
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
        if let Some(check) = &mut seen.check {
            check.update(&buffer[..length]);
        }
        seen.bytes += length as u64;
        Ok(length)
    }
}
