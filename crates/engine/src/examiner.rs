//! Turns what a walk comes across into examinations, with the pool of workers behind it.

use crate::hasher::{Hasher, read_whole};
use crate::keeper::Keeper;
use crate::progress::{Progress, Stop};
use hashward_evidence::{File, FileSource, Item, OpenError, ReadAt, Stamp};
use hashward_examine::{Examination, Pictures, Plan, confirm};
use hashward_media::{Class, HEAD_BYTES, Limits, Reason, TAIL_BYTES, sniff};
use hashward_sandbox::{Pool, PoolError, PoolLimits, WorkerCommand};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

/// The argument under which the program serves as a worker.
pub const WORKER_ARGUMENT: &str = "__worker";

/// Threads beyond which more would only take memory: each has its own buffers and open files.
const MOST_THREADS: usize = 64;

/// The number of threads for a wish of the user; 0 means one per core.
#[must_use]
pub fn threads(wish: usize) -> usize {
    let threads = match wish {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        wish => wish,
    };
    threads.min(MOST_THREADS)
}

/// A pool for this many threads, whose workers are this program (or `command`).
pub(crate) fn pool(threads: usize, command: Option<WorkerCommand>) -> Result<Pool, PoolError> {
    let mut limits = PoolLimits::default();
    limits.workers = threads;
    let command = match command {
        Some(command) => command,
        None => WorkerCommand::this_program([WORKER_ARGUMENT]).map_err(|error| {
            PoolError::Start { program: PathBuf::from("hashward"), error: Arc::new(error) }
        })?,
    };
    Pool::new(command, limits)
}

/// Examines what a walk yields.
pub(crate) struct Examiner<'a> {
    pub(crate) plan: Plan,
    pub(crate) limits: Limits,
    pub(crate) pool: &'a Pool,
    pub(crate) progress: &'a Progress,
    pub(crate) stop: &'a Stop,
    /// Programs that compute opaque hashes of pictures.
    pub(crate) hashers: &'a [Hasher],
    /// Whether what a quick look proposes has to be examined canonically; without it nothing is.
    pub(crate) wants_proof: Option<&'a (dyn Fn(&Examination) -> bool + Sync)>,
    /// Where examinations are kept, if they are.
    pub(crate) keeper: Option<&'a Keeper>,
}

/// What became of an item.
pub(crate) enum Looked {
    /// The user stopped the run before the file was read to its end.
    Interrupted,
    Skipped {
        path: PathBuf,
        /// What it is, in a word.
        reason: String,
    },
    Failed {
        path: PathBuf,
        reason: Reason,
        detail: String,
        /// A file, as opposed to a folder or something that is not there.
        is_file: bool,
    },
    Examined {
        path: PathBuf,
        examination: Box<Examination>,
    },
}

/// An item, opened as far as it can be.
pub(crate) enum Opening<'a> {
    /// A file to be examined.
    File(PathBuf, Watched<'a>),
    /// There is nothing to examine.
    Done(Looked),
}

impl<'a> Examiner<'a> {
    /// Opens one item, unless what is kept of it in a case says all there is to say.
    pub(crate) fn open(&self, item: Item) -> Opening<'a> {
        let looked = match item {
            Item::Skipped { path, reason } => {
                Looked::Skipped { path, reason: reason.name().to_owned() }
            }
            Item::Failed { path, error } => {
                let detail = error.to_string();
                Looked::Failed { path, reason: Reason::Io, detail, is_file: false }
            }
            Item::File(file) => match self.open_file(&file) {
                Ok(source) => {
                    let path = file.path().to_path_buf();
                    return match self.find(&path, &source) {
                        Some(examination) => Opening::Done(Looked::Examined { path, examination }),
                        None => Opening::File(path, source),
                    };
                }
                Err(looked) => looked,
            },
        };
        if let Some(keeper) = self.keeper {
            keeper.keep(&looked, None);
        }
        Opening::Done(looked)
    }

    fn find(&self, path: &Path, source: &Watched<'_>) -> Option<Box<Examination>> {
        let found = self.keeper?.find(path, &source.source.stamp(), self.stop)?;
        self.progress.files.fetch_add(1, Ordering::Relaxed);
        self.progress.bytes.fetch_add(found.size, Ordering::Relaxed);
        Some(found)
    }

    fn open_file(&self, file: &File) -> Result<Watched<'a>, Looked> {
        match file.open() {
            Ok(source) => Ok(Watched::new(source, self.progress, self.stop)),
            Err(error) => {
                let reason = match error {
                    OpenError::Io(_) => Reason::Io,
                    OpenError::NotAFile(_) => Reason::Changed,
                };
                let path = file.path().to_path_buf();
                Err(Looked::Failed { path, reason, detail: error.to_string(), is_file: true })
            }
        }
    }

    /// Says what became of a file, from what was `examined` in it and the file itself.
    pub(crate) fn conclude(
        &self,
        path: PathBuf,
        source: &Watched<'_>,
        examined: std::thread::Result<Result<Examination, PoolError>>,
    ) -> Result<Looked, PoolError> {
        let settled = examined
            .and_then(|examined| catch_unwind(AssertUnwindSafe(|| self.settle(source, examined?))));
        self.progress.files.fetch_add(1, Ordering::Relaxed);
        if source.interrupted() {
            return Ok(Looked::Interrupted);
        }
        let looked = match settled {
            Err(_) => Looked::failed_ourselves(path),
            Ok(examination) => Looked::Examined { path, examination: Box::new(examination?) },
        };
        if let Some(keeper) = self.keeper {
            keeper.keep(&looked, source.settled);
        }
        Ok(looked)
    }
}

impl Looked {
    /// Examining is written not to panic; should it do so all the same, it costs one file.
    pub(crate) fn failed_ourselves(path: PathBuf) -> Self {
        Self::Failed {
            path,
            reason: Reason::Crash,
            detail: "the program failed on this file; please report it".to_owned(),
            is_file: true,
        }
    }
}

impl Examiner<'_> {
    /// Completes an examination with what takes another look at the file.
    fn settle(
        &self,
        source: &dyn ReadAt,
        mut examination: Examination,
    ) -> Result<Examination, PoolError> {
        let wants_proof = |wants: &(dyn Fn(&Examination) -> bool + Sync)| wants(&examination);
        if examination.proposes() && self.wants_proof.is_some_and(wants_proof) {
            examination = confirm(examination, source, &self.limits, self.pool)?;
        }
        if examination.pictures == Pictures::NotAsked {
            examination.pictures = classify(source);
        }
        self.ask_hashers(source, &mut examination);
        Ok(examination)
    }

    /// Lets other programs hash a picture. What one of them cannot do makes the file not examined,
    /// unless it is that already.
    fn ask_hashers(&self, source: &dyn ReadAt, examination: &mut Examination) {
        let readable = match &examination.pictures {
            Pictures::NotExamined { reason, .. } => {
                !matches!(reason, Reason::Io | Reason::Changed | Reason::Encrypted)
            }
            _ => true,
        };
        let is_picture = examination.media_type.starts_with("image/");
        if self.hashers.is_empty() || !is_picture || !readable {
            return;
        }
        let limit = self.limits.encoded_bytes;
        let hashed = read_whole(source, limit).and_then(|bytes| {
            self.hashers.iter().try_for_each(|hasher| {
                examination.opaque.extend(hasher.hash(&bytes)?);
                Ok(())
            })
        });
        if let Err((reason, detail)) = hashed
            && !matches!(examination.pictures, Pictures::NotExamined { .. })
        {
            examination.pictures = Pictures::NotExamined { reason, detail };
        }
    }
}

/// Where no picture is decoded, what may hold pictures that nobody looked at must still be named.
fn classify(source: &dyn ReadAt) -> Pictures {
    let size = source.len();
    let part = |offset: u64, length: usize| {
        let mut bytes = vec![0; length];
        let mut filled = 0;
        while filled < length {
            match source.read_at(&mut bytes[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    };
    let head = part(0, HEAD_BYTES);
    let tail = part(size.saturating_sub(TAIL_BYTES as u64), TAIL_BYTES);
    let (head, tail) = match (head, tail) {
        (Ok(head), Ok(tail)) => (head, tail),
        (Err(error), _) | (_, Err(error)) => {
            return Pictures::NotExamined { reason: Reason::Io, detail: error.to_string() };
        }
    };
    match sniff(&head, &tail, size).class {
        Class::Unsupported(kind) => {
            Pictures::NotExamined { reason: Reason::Unsupported, detail: kind.to_owned() }
        }
        Class::Encrypted(kind) => {
            Pictures::NotExamined { reason: Reason::Encrypted, detail: kind.to_owned() }
        }
        Class::Picture(_) | Class::NoPicture => Pictures::NotAsked,
    }
}

/// A file that counts what is read and that can be taken away from its reader.
pub(crate) struct Watched<'a> {
    source: FileSource,
    /// Its state when it was opened, if any later change is sure to show.
    settled: Option<Stamp>,
    /// End of what was read: what is read twice counts once.
    end: AtomicU64,
    interrupted: AtomicBool,
    progress: &'a Progress,
    stop: &'a Stop,
}

impl<'a> Watched<'a> {
    fn new(source: FileSource, progress: &'a Progress, stop: &'a Stop) -> Self {
        let settled = Some(source.stamp()).filter(|stamp| stamp.is_settled(SystemTime::now()));
        let (end, interrupted) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { source, settled, end, interrupted, progress, stop }
    }

    fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

impl ReadAt for Watched<'_> {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        if self.stop.is_wished() {
            self.interrupted.store(true, Ordering::Relaxed);
            return Err(io::Error::other("the run was interrupted"));
        }
        let count = self.source.read_at(buf, offset)?;
        let end = self.end.load(Ordering::Relaxed);
        // A look at the end of the file is not counted: the rest is still to be read.
        if offset <= end && offset + count as u64 > end {
            self.end.store(offset + count as u64, Ordering::Relaxed);
            self.progress.bytes.fetch_add(offset + count as u64 - end, Ordering::Relaxed);
        }
        Ok(count)
    }

    fn changed(&self) -> io::Result<bool> {
        self.source.changed()
    }
}
