//! Registering pictures that the user has in hand: digests, PDQ and local features become a
//! version of a list.
//!
//! The pictures are examined by the worker processes like those of a scan, and each becomes a row
//! in our own JSON Lines, in an unnamed file of the database's folder. That file is imported, so a
//! registered list is one like any other: it is compared, withdrawn, exported and merged, all of
//! it takes effect or nothing, and the catalogue names it by its digest.

use crate::crew::Errand;
use crate::database::Database;
use crate::examiner::Looked;
use crate::import::sorted::FEATURES;
use crate::import::{ImportError, ImportInput, ImportProgress, ImportRequest, ImportSummary};
use crate::pipeline::Order;
use crate::progress::{Progress, Stop};
use crate::reorder::Spill;
use crate::scan::ScanError;
use crate::settings::SettingsChange;
use crate::verdict::{NotExamined, PathName};
use hashward_evidence::Walk;
use hashward_examine::{Examination, Pictures, Plan};
use hashward_features::Signature;
use hashward_hash::{DigestKinds, HashKind, HashValue, Orientation, Quality, encode_hex};
use hashward_lists::{Layout, ListFormat, ListRow, WriteError, Writer};
use hashward_media::{Corners, Reason, Variant};
use hashward_sandbox::WorkerCommand;
use serde::{Deserialize, Serialize};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

/// Most frames of a film whose PDQ is kept.
const FRAMES: usize = 64;

/// What to register.
#[derive(Debug, Default)]
pub struct RegisterRequest {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// Name of the list.
    pub list: String,
    /// Adds to the active version instead of replacing it.
    pub delta: bool,
    /// How the list is used from this version on.
    pub settings: SettingsChange,
    /// Threads; 0 means one per core.
    pub threads: usize,
    /// What serves as a worker; `None` is this program.
    pub workers: Option<WorkerCommand>,
}

/// What registering did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RegisterSummary {
    /// Pictures that were registered; those with the same bytes are one entry.
    pub pictures: u64,
    /// Those of them that show too little for local features, and match by their hashes alone.
    pub without_features: u64,
    /// Inputs that were not registered; each was named.
    pub not_registered: u64,
    /// The version of the list.
    #[serde(flatten)]
    pub import: ImportSummary,
}

/// Why nothing was registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The pictures could not be examined.
    #[error(transparent)]
    Examine(#[from] ScanError),
    /// None of the inputs is a picture that can be examined.
    #[error("there is no picture to register")]
    NoPicture,
    /// The user stopped it.
    #[error("stopped before all pictures were examined")]
    Interrupted,
    /// The rows could not be kept.
    #[error("cannot keep what was found in {}", .path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system reported.
        source: io::Error,
    },
    /// The list was not imported.
    #[error(transparent)]
    Import(#[from] ImportError),
}

/// What became of one input, on its way to the calling thread.
#[derive(Serialize, Deserialize)]
enum Outcome {
    /// Rows of a list, and whether there are local features.
    Rows { rows: String, features: bool },
    /// It is not registered.
    Not(NotExamined),
}

impl Database {
    /// Registers the pictures below the paths as a new version of a list, all of it or nothing.
    /// Whatever is not registered goes to `sink`: what is no picture, and what cannot be examined
    /// completely.
    ///
    /// # Errors
    /// [`RegisterError`]; the database is then as it was.
    pub fn register(
        &mut self,
        request: RegisterRequest,
        sink: &mut dyn FnMut(&NotExamined) -> io::Result<()>,
        progress: &Progress,
        stop: &Stop,
        importing: &mut dyn FnMut(ImportProgress),
    ) -> Result<RegisterSummary, RegisterError> {
        let folder = self.store.temp_dir();
        let failed = |source| RegisterError::Io { path: folder.clone(), source };
        // What is to be encrypted at rest must not wait in the open either.
        let make = || self.store.disk().spool(&folder);
        let mut spool = make().map_err(failed)?;
        let (mut pictures, mut without_features, mut not_registered) = (0, 0, 0);
        examine(&request, progress, stop, &make, &mut |outcome| {
            match outcome {
                Outcome::Rows { rows, features } => {
                    pictures += 1;
                    without_features += u64::from(!features);
                    spool.write_all(rows.as_bytes())?;
                }
                Outcome::Not(record) => {
                    not_registered += 1;
                    sink(&record)?;
                }
            }
            Ok(())
        })?;
        if stop.is_wished() {
            return Err(RegisterError::Interrupted);
        }
        if pictures == 0 {
            return Err(RegisterError::NoPicture);
        }
        spool.rewind().map_err(failed)?;
        let name = "registered pictures".to_owned();
        let request = ImportRequest {
            inputs: vec![ImportInput::Stream { name, reader: Box::new(spool) }],
            format: Some(ListFormat::Jsonl),
            delta: request.delta,
            settings: request.settings,
            ..ImportRequest::new(request.list)
        };
        let import = self.import(request, importing)?;
        Ok(RegisterSummary { pictures, without_features, not_registered, import })
    }
}

/// Examines everything below the paths and hands on what became of it, in order.
fn examine(
    request: &RegisterRequest,
    progress: &Progress,
    stop: &Stop,
    spill: &Spill<'_>,
    sink: &mut dyn FnMut(Outcome) -> io::Result<()>,
) -> Result<(), ScanError> {
    let conclude = |looked| -> Result<Vec<u8>, ScanError> {
        let Some(outcome) = outcome(looked, &request.paths)? else { return Ok(Vec::new()) };
        serde_json::to_vec(&outcome).map_err(|error| ScanError::Sink(io::Error::from(error)))
    };
    let errand = Errand {
        plan: Plan { digests: DigestKinds::USUAL, corners: Corners::Registered, ..Plan::default() },
        threads: request.threads,
        worker: request.workers.clone(),
        order: Order::Path,
        spill,
        progress,
        stop,
    };
    errand.run(Walk::new(&request.paths), conclude, |line| sink(serde_json::from_slice(line)?))
}

/// What becomes of an item; nothing where the run was interrupted.
fn outcome(looked: Looked, roots: &[PathBuf]) -> Result<Option<Outcome>, ScanError> {
    let not = |path: &Path, reason, detail: String| {
        Ok(Some(Outcome::Not(NotExamined { name: PathName::from(path), reason, detail })))
    };
    match looked {
        Looked::Interrupted => Ok(None),
        Looked::Skipped { path, reason } => {
            not(&path, Reason::Unsupported, format!("it is not read: {reason}"))
        }
        Looked::Failed { path, reason, detail, .. } => not(&path, reason, detail),
        Looked::Examined { path, examination } => match &examination.pictures {
            Pictures::Examined => {
                let rows = rows(&name_of(&path, roots), &examination)?;
                Ok(Some(Outcome::Rows { rows, features: !examination.features.is_empty() }))
            }
            Pictures::NotExamined { reason, detail } => not(&path, *reason, detail.clone()),
            Pictures::NotAPicture | Pictures::NotAsked => {
                not(&path, Reason::Unsupported, "it is no picture".to_owned())
            }
        },
    }
}

/// The path below the root under which the file was found; of a root itself the last part.
fn name_of(path: &Path, roots: &[PathBuf]) -> String {
    let below = roots.iter().filter_map(|root| path.strip_prefix(root).ok());
    let below = below.min_by_key(|below| below.as_os_str().len());
    let below = below.filter(|below| !below.as_os_str().is_empty());
    let last = || path.file_name().map_or(path, Path::new);
    below.unwrap_or_else(last).to_string_lossy().into_owned()
}

/// The rows of a picture: one, and one more for each further frame of a film that differs. They
/// share their digests, so they are one entry.
fn rows(name: &str, examination: &Examination) -> Result<String, ScanError> {
    let digests: Vec<HashValue> = examination.digests.values().collect();
    let whole = examination
        .hashes
        .iter()
        .filter(|hash| hash.variant == Variant::Full && hash.orientation == Orientation::Original);
    let mut frames: Vec<(HashValue, Quality)> = Vec::new();
    for hash in whole {
        let value = HashValue::Pdq(hash.hash);
        if frames.len() < FRAMES && !frames.iter().any(|(known, _)| *known == value) {
            frames.push((value, hash.quality));
        }
    }
    let mut first = ListRow { name: Some(name.to_owned()), hashes: digests, ..ListRow::default() };
    let mut further = first.clone();
    if let Some(frame) = examination.features.first() {
        let signature = Signature::new(&frame.features);
        let text = encode_hex(signature.as_bytes());
        first.attributes.insert(FEATURES.to_owned(), text.into());
    }
    let mut out = Vec::new();
    let mut write = |rows: &[ListRow]| -> Result<(), WriteError> {
        let mut writer = Writer::new(ListFormat::Jsonl, &Layout::default(), None, &mut out)?;
        for row in rows {
            writer.row(row)?;
        }
        writer.finish().map(|_| ())
    };
    let mut frames = frames.into_iter();
    let mut with = |row: &mut ListRow| {
        let frame = frames.next();
        if let Some((hash, quality)) = frame {
            row.hashes.retain(|known| known.kind() != HashKind::Pdq);
            row.hashes.push(hash);
            row.quality = Some(quality);
        }
        frame.is_some()
    };
    with(&mut first);
    let mut all = vec![first];
    while with(&mut further) {
        all.push(further.clone());
    }
    write(&all).map_err(|error| ScanError::Sink(io::Error::other(error)))?;
    String::from_utf8(out).map_err(|_| ScanError::Sink(io::ErrorKind::InvalidData.into()))
}
