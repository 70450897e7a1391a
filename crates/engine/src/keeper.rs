//! Keeps a run's examinations and findings in a case, and finds again what was kept.
//!
//! One thread writes. It gathers what comes and commits it twice a second, so that a crash costs
//! half a second's work and not every file a wait for the disk.

use crate::examiner::Looked;
use crate::hasher::HasherCommand;
use crate::progress::Stop;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use hashward_case::{Case, CaseError, Item, Outcome, Reader, RunId, Settings, Stamp};
use hashward_examine::{EXAMINATION_VERSION, Examination, Pictures, Plan};
use hashward_media::{LabelledHash, Limits, Reason};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Notes that wait for the writer: each is a kilobyte or two, at most a megabyte.
const WAITING: usize = 16;
/// Bytes of notes, and time, after which the writer commits.
const BATCH_BYTES: usize = 4 << 20;
const INTERVAL: Duration = Duration::from_millis(500);

/// Everything besides its bytes that decides what examining a file gives.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Method {
    program: String,
    examination: u16,
    pub(crate) plan: Plan,
    limits: Limits,
    /// Kinds and programs of what other programs computed.
    hashers: Vec<(String, PathBuf)>,
}

impl Method {
    pub(crate) fn new(plan: Plan, limits: Limits, hashers: &[HasherCommand]) -> Self {
        let program = env!("CARGO_PKG_VERSION").to_owned();
        let hashers = hashers.iter().map(|it| (it.kind.name().to_owned(), it.program.clone()));
        let hashers = hashers.collect();
        Self { program, examination: EXAMINATION_VERSION, plan, limits, hashers }
    }
}

enum Note {
    Item(Box<Item>),
    Finding(String),
}

/// The threads' side of a case.
pub(crate) struct Keeper {
    settings: Settings,
    reader: Mutex<Reader>,
    notes: Sender<Note>,
    /// Files that were found again and not read.
    reused: AtomicU64,
    /// The first thing that went wrong with the case.
    failed: Mutex<Option<CaseError>>,
}

/// The writer's side.
pub(crate) struct Notes {
    notes: Receiver<Note>,
    run: RunId,
}

impl Keeper {
    /// Begins a run that was asked for in these words, or takes it up again.
    pub(crate) fn begin(
        case: &mut Case,
        method: &Method,
        asked: &str,
    ) -> Result<(Self, Notes), CaseError> {
        let method = serde_json::to_string(method).unwrap_or_default();
        let (sender, receiver) = bounded(WAITING);
        let keeper = Self {
            settings: case.settings(&method)?,
            reader: Mutex::new(case.reader()?),
            notes: sender,
            reused: AtomicU64::new(0),
            failed: Mutex::new(None),
        };
        Ok((keeper, Notes { notes: receiver, run: case.begin_run(asked)? }))
    }

    /// The examination of a file that is still what it was when it was examined in the same way.
    pub(crate) fn find(&self, path: &Path, stamp: &Stamp, stop: &Stop) -> Option<Box<Examination>> {
        let found = {
            let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
            reader.find(path, stamp, self.settings)
        };
        match found {
            Ok(Some(Outcome::Examined(examination))) => {
                self.reused.fetch_add(1, Ordering::Relaxed);
                Some(examination)
            }
            Ok(_) => None,
            Err(error) => {
                self.fail(error, stop);
                None
            }
        }
    }

    /// Keeps what became of an object. Without a stamp a later scan looks again.
    pub(crate) fn keep(&self, looked: &Looked, stamp: Option<Stamp>) {
        let (path, outcome) = match looked {
            Looked::Interrupted => return,
            Looked::Skipped { path, reason } => (path, Outcome::Skipped { reason: reason.clone() }),
            Looked::Failed { path, reason, detail, is_file } => {
                let (reason, is_file) = (*reason, *is_file);
                (path, Outcome::Failed { reason, detail: detail.clone(), is_file })
            }
            Looked::Examined { path, examination } => {
                (path, Outcome::Examined(examination.clone()))
            }
        };
        let lasting = matches!(looked, Looked::Examined { examination, .. } if lasts(examination));
        let stamp = stamp.filter(|_| lasting);
        let (path, settings) = (path.clone(), self.settings);
        // Nobody listens any more when the writer has failed, which is told at the end.
        let _ = self.notes.send(Note::Item(Box::new(Item { path, stamp, settings, outcome })));
    }

    /// Keeps a finding. They come in the order in which they are shown.
    pub(crate) fn keep_finding(&self, record: String) {
        let _ = self.notes.send(Note::Finding(record));
    }

    fn fail(&self, error: CaseError, stop: &Stop) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        stop.stop();
    }

    /// No more notes will come. Gives the number of files that were not read again.
    pub(crate) fn end(self) -> Result<u64, CaseError> {
        match self.failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(self.reused.into_inner()),
        }
    }
}

/// True for what the same bytes would always give: no accident of this run.
fn lasts(examination: &Examination) -> bool {
    use Reason::{Changed, Crash, Io, Memory, Timeout};
    !matches!(
        &examination.pictures,
        Pictures::NotExamined { reason: Changed | Crash | Io | Memory | Timeout, .. }
    )
}

/// About how many bytes of memory an item takes.
fn weight(item: &Item) -> usize {
    let hashes = match &item.outcome {
        Outcome::Examined(examination) => examination.hashes.len(),
        _ => 0,
    };
    500 + item.path.as_os_str().len() + hashes * size_of::<LabelledHash>()
}

/// Does `work`, with a keeper and a thread that writes where there is a case. Gives the number of
/// the run and of the files that were not read again.
pub(crate) fn keeping<T, E: From<CaseError>>(
    case: Option<&mut Case>,
    begin: impl FnOnce(&mut Case) -> Result<(Keeper, Notes), CaseError>,
    stop: &Stop,
    work: impl FnOnce(Option<&Keeper>) -> Result<T, E>,
) -> Result<(T, Option<(RunId, u64)>), E> {
    let Some(case) = case else { return Ok((work(None)?, None)) };
    let (keeper, notes) = begin(case)?;
    std::thread::scope(move |scope| {
        let writer = scope.spawn(move || notes.write(case, stop));
        let result = work(Some(&keeper));
        let reused = keeper.end();
        // A case that failed is why the run ended, so it is told first.
        let run = writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok((result?, Some((run, reused?))))
    })
}

impl Notes {
    /// Writes notes until no more can come. After an error the rest is dropped, and the run is
    /// asked to stop.
    pub(crate) fn write(self, case: &mut Case, stop: &Stop) -> Result<RunId, CaseError> {
        let mut number = 0;
        let mut ended = false;
        while !ended {
            let (mut items, mut findings) = (Vec::new(), Vec::new());
            let begin = Instant::now();
            let mut bytes = 0;
            while bytes < BATCH_BYTES {
                match self.notes.recv_timeout(INTERVAL.saturating_sub(begin.elapsed())) {
                    Ok(Note::Item(item)) => {
                        bytes += weight(&item);
                        items.push(*item);
                    }
                    Ok(Note::Finding(record)) => {
                        bytes += record.len();
                        findings.push((number, record));
                        number += 1;
                    }
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => {
                        ended = true;
                        break;
                    }
                }
            }
            if items.is_empty() && findings.is_empty() {
                continue;
            }
            if let Err(error) = case.write(&items, Some(self.run), &findings) {
                stop.stop();
                return Err(error);
            }
        }
        Ok(self.run)
    }
}
