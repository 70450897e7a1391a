//! A disk that loses power: what was written is kept in a log, and any moment of it can be looked
//! at as the disk would have it then.
//!
//! ```text
//! of a file:    what was written before its last sync is there; of what was written since, each
//!               sector of each write is there or not
//! of a folder:  names that were made, moved or removed before its last sync are; of later changes
//!               each is or is not
//! ```
//! This is harder than any real file system: nothing is kept in order but by a sync.

use crate::Codes;
use hashward_store::{Disk, DiskFile, RealDisk, SpoolFile};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is written or kept whole: a torn write is torn between sectors.
const SECTOR: usize = 512;

/// Number of a file, whatever its name.
type FileId = usize;

/// A step that changed the disk. Paths are below the recorded folder.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Folder(PathBuf),
    Create(PathBuf, FileId),
    Write(FileId, u64, Vec<u8>),
    Truncate(FileId, u64),
    Sync(FileId),
    /// From where to where, and which file: its name may reach the disk before its making does.
    Rename(PathBuf, PathBuf, FileId),
    Remove(PathBuf),
    SyncFolder(PathBuf),
}

/// What becomes of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// All of it is there, as when only the program is killed.
    Kept,
    /// None of it is.
    Lost,
    /// Each sector and each name is there or not, as the seed decides.
    Torn(u64),
}

/// The folder of a database, on the system's file system, with a record of every change. SQLite's
/// own files are recorded too while the recorder lives.
#[derive(Debug, Clone)]
pub struct Recorder {
    state: Arc<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) root: PathBuf,
    /// Fails the step with this number, and all after it if so wished.
    fail_at: u64,
    forever: bool,
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    /// The files at the start, all of them on the disk.
    first: Image,
    steps: Vec<Step>,
    /// Steps that were tried, the failed ones included.
    tried: u64,
    names: BTreeMap<PathBuf, FileId>,
    next: FileId,
}

/// Folders and files of one moment.
#[derive(Debug, Clone, Default)]
struct Image {
    folders: BTreeSet<PathBuf>,
    names: BTreeMap<PathBuf, FileId>,
    files: BTreeMap<FileId, Vec<u8>>,
}

impl Recorder {
    /// Records what happens in a folder from now on.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(folder: &Path) -> io::Result<Self> {
        Self::failing(folder, u64::MAX, false)
    }

    /// As [`Recorder::new`], but the step with a given number fails: as a full disk where it is a
    /// write, as a broken one where it is anything else. With `forever`, all later ones fail too.
    ///
    /// # Errors
    /// What the system says.
    pub fn failing(folder: &Path, fail_at: u64, forever: bool) -> io::Result<Self> {
        let root = folder.canonicalize()?;
        let mut log = Log::default();
        log.first.read(&root, Path::new(""))?;
        log.names.clone_from(&log.first.names);
        log.next = log.names.len();
        let state = Arc::new(State { root, fail_at, forever, log: Mutex::new(log) });
        crate::vfs::register(&state);
        Ok(Self { state })
    }

    /// The recorded disk, for a store.
    #[must_use]
    pub fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(RecordedDisk { state: Arc::clone(&self.state) })
    }

    /// Number of steps so far, failed ones left out.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.state.log().steps.len()
    }

    /// Number of steps that were tried so far.
    #[must_use]
    pub fn tried(&self) -> u64 {
        self.state.log().tried
    }

    /// Writes into `folder`, which must not be there, what the disk has when power is lost after
    /// the first `steps` steps.
    ///
    /// # Errors
    /// What the system says.
    pub fn crash(&self, steps: usize, fate: Fate, folder: &Path) -> io::Result<()> {
        let log = self.state.log();
        let mut model = Model { disk: log.first.clone(), data: BTreeMap::new(), names: Vec::new() };
        log.steps[..steps].iter().for_each(|step| model.step(step));
        model.crash(fate).write(folder)
    }
}

impl State {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The path below the folder; `None` where it is outside.
    fn inner(&self, path: &Path) -> Option<PathBuf> {
        let parent = path.parent()?.canonicalize().ok()?;
        let full = parent.join(path.file_name()?);
        full.strip_prefix(&self.root).ok().map(Path::to_owned)
    }

    fn admit(&self) -> io::Result<()> {
        let mut log = self.log();
        let number = log.tried;
        log.tried += 1;
        let fails = number == self.fail_at || (self.forever && number > self.fail_at);
        if fails { Err(io::Error::other("the disk fails on purpose")) } else { Ok(()) }
    }

    /// Does a step unless it is to fail, and records it where it was done.
    pub(crate) fn run<T>(
        &self,
        act: impl FnOnce() -> io::Result<T>,
        step: impl FnOnce() -> Step,
    ) -> io::Result<T> {
        self.admit()?;
        let done = act()?;
        self.log().record(step());
        Ok(done)
    }

    /// The number of a file that is open under a name; one that nobody has seen is new.
    pub(crate) fn open(&self, inner: &Path) -> FileId {
        let mut log = self.log();
        if let Some(known) = log.names.get(inner) {
            return *known;
        }
        let id = log.next;
        log.record(Step::Create(inner.to_owned(), id));
        id
    }

    pub(crate) fn is_known(&self, inner: &Path) -> bool {
        self.log().names.contains_key(inner)
    }
}

impl Log {
    fn record(&mut self, step: Step) {
        match &step {
            Step::Create(path, id) => {
                self.names.insert(path.clone(), *id);
                self.next = self.next.max(id + 1);
            }
            Step::Rename(from, to, id) => {
                self.names.remove(from);
                self.names.insert(to.clone(), *id);
            }
            Step::Remove(path) => drop(self.names.remove(path)),
            _ => {}
        }
        self.steps.push(step);
    }
}

/// The disk and what has not reached it.
struct Model {
    disk: Image,
    data: BTreeMap<FileId, Vec<Step>>,
    names: Vec<Step>,
}

impl Model {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Write(file, ..) | Step::Truncate(file, _) => {
                self.data.entry(*file).or_default().push(step.clone());
            }
            Step::Sync(file) => {
                for step in self.data.remove(file).unwrap_or_default() {
                    self.disk.change(&step, &mut |_| true);
                }
            }
            Step::Folder(_) | Step::Create(..) | Step::Rename(..) | Step::Remove(_) => {
                self.names.push(step.clone());
            }
            Step::SyncFolder(folder) => {
                let own = |path: &Path| path.parent() == Some(folder);
                for step in std::mem::take(&mut self.names) {
                    let reached = match &step {
                        Step::Folder(path) | Step::Create(path, _) | Step::Remove(path) => {
                            own(path)
                        }
                        Step::Rename(_, to, _) => own(to),
                        _ => false,
                    };
                    if reached {
                        self.disk.change(&step, &mut |_| true);
                    } else {
                        self.names.push(step);
                    }
                }
            }
        }
    }

    fn crash(mut self, fate: Fate) -> Image {
        let mut source = match fate {
            Fate::Torn(seed) => Some(Codes::seeded(seed)),
            Fate::Kept | Fate::Lost => None,
        };
        let mut survives = |_: usize| match &mut source {
            Some(source) => source.below(2) == 1,
            None => fate == Fate::Kept,
        };
        for step in &self.names {
            if survives(0) {
                self.disk.change(step, &mut |_| true);
            }
        }
        for step in self.data.values().flatten() {
            self.disk.change(step, &mut survives);
        }
        self.disk
    }
}

impl Image {
    /// Does a step, of a write only the sectors that survive.
    fn change(&mut self, step: &Step, survives: &mut dyn FnMut(usize) -> bool) {
        match step {
            Step::Folder(path) => drop(self.folders.insert(path.clone())),
            Step::Create(path, id) => {
                self.names.insert(path.clone(), *id);
            }
            Step::Rename(from, to, id) => {
                self.names.remove(from);
                self.names.insert(to.clone(), *id);
            }
            Step::Remove(path) => drop(self.names.remove(path)),
            Step::Truncate(file, length) => {
                if survives(0) {
                    self.files.entry(*file).or_default().resize(*length as usize, 0);
                }
            }
            Step::Write(file, offset, bytes) => {
                let content = self.files.entry(*file).or_default();
                let mut at = *offset as usize;
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    let (now, later) = rest.split_at(rest.len().min(SECTOR - at % SECTOR));
                    if survives(at) {
                        content.resize(content.len().max(at + now.len()), 0);
                        content[at..at + now.len()].copy_from_slice(now);
                    }
                    at += now.len();
                    rest = later;
                }
            }
            Step::Sync(_) | Step::SyncFolder(_) => {}
        }
    }

    fn read(&mut self, root: &Path, inner: &Path) -> io::Result<()> {
        for entry in std::fs::read_dir(root.join(inner))? {
            let entry = entry?;
            let path = inner.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                self.folders.insert(path.clone());
                self.read(root, &path)?;
            } else {
                let id = self.names.len();
                self.files.insert(id, std::fs::read(entry.path())?);
                self.names.insert(path, id);
            }
        }
        Ok(())
    }

    fn write(&self, folder: &Path) -> io::Result<()> {
        std::fs::create_dir(folder)?;
        for inner in &self.folders {
            std::fs::create_dir_all(folder.join(inner))?;
        }
        for (inner, id) in &self.names {
            let path = folder.join(inner);
            // A folder that was lost has taken its files with it. SQLite's shared memory is never
            // brought to the disk.
            let gone = path.parent().is_none_or(|parent| !parent.is_dir());
            if !gone && path.extension().is_none_or(|name| name != "sqlite-shm") {
                let content = self.files.get(id).map(Vec::as_slice).unwrap_or_default();
                std::fs::write(path, content)?;
            }
        }
        Ok(())
    }
}

#[derive(Debug)]
struct RecordedDisk {
    state: Arc<State>,
}

impl RecordedDisk {
    fn path(&self, path: &Path) -> PathBuf {
        self.state.inner(path).unwrap_or_else(|| path.to_owned())
    }
}

impl Disk for RecordedDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.state.run(|| RealDisk.create_dir(path), || Step::Folder(self.path(path)))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let id = self.state.log().next;
        let file =
            self.state.run(|| RealDisk.create(path), || Step::Create(self.path(path), id))?;
        Ok(Box::new(RecordedFile { file, id, end: 0, state: Arc::clone(&self.state) }))
    }

    fn spool(&self, dir: &Path) -> io::Result<Box<dyn SpoolFile>> {
        // Without a name it is gone after a crash, whatever was written.
        self.state.admit()?;
        RealDisk.spool(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (inner, target) = (self.path(from), self.path(to));
        let id = self.state.open(&inner);
        let step = || Step::Rename(inner, target, id);
        self.state.run(|| RealDisk.rename(from, to), step)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        // The folder itself is the empty path below it.
        let inner = path.canonicalize().ok();
        let inner =
            inner.and_then(|full| full.strip_prefix(&self.state.root).ok().map(Path::to_owned));
        let step = || Step::SyncFolder(inner.unwrap_or_else(|| path.to_owned()));
        self.state.run(|| RealDisk.sync_dir(path), step)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.state.run(|| RealDisk.remove(path), || Step::Remove(self.path(path)))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        self.state.admit()?;
        RealDisk.list(path)
    }
}

struct RecordedFile {
    file: Box<dyn DiskFile>,
    id: FileId,
    end: u64,
    state: Arc<State>,
}

impl Write for RecordedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let step = Step::Write(self.id, self.end, bytes.to_vec());
        self.state.run(|| self.file.write_all(bytes), || step)?;
        self.end += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl DiskFile for RecordedFile {
    fn sync(&mut self) -> io::Result<()> {
        self.state.run(|| self.file.sync(), || Step::Sync(self.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(folder: &Path, name: &str) -> Option<Vec<u8>> {
        std::fs::read(folder.join(name)).ok()
    }

    #[test]
    fn what_was_not_synced_may_be_lost_in_parts() {
        let dir = tempfile::tempdir().expect("a folder");
        let (root, images) = (dir.path().join("db"), dir.path().join("images"));
        std::fs::create_dir(&root).expect("a folder");
        std::fs::create_dir(&images).expect("a folder");
        let recorder = Recorder::new(&root).expect("an empty folder");
        let disk = recorder.disk();
        let mut file = disk.create(&root.join("new")).expect("a file");
        file.write_all(&[1; 1200]).expect("a write");
        disk.rename(&root.join("new"), &root.join("name")).expect("a rename");
        let unsynced = recorder.steps();
        file.sync().expect("a sync");
        disk.sync_dir(&root).expect("a sync");
        let synced = recorder.steps();
        disk.remove(&root.join("name")).expect("a removal");
        let image = |steps: usize, fate: Fate| {
            let folder = images.join(format!("{steps} {fate:?}"));
            recorder.crash(steps, fate, &folder).expect("an image");
            content(&folder, "name")
        };
        assert_eq!(image(unsynced, Fate::Kept), Some(vec![1; 1200]));
        assert_eq!(image(unsynced, Fate::Lost), None);
        assert_eq!(image(synced, Fate::Lost), Some(vec![1; 1200]));
        assert_eq!(image(synced + 1, Fate::Lost), Some(vec![1; 1200]));
        assert_eq!(image(synced + 1, Fate::Kept), None);
        let torn: BTreeSet<_> = (0..40).map(|seed| image(unsynced, Fate::Torn(seed))).collect();
        assert!(torn.len() > 5, "named and torn in different places");
        assert!(torn.iter().flatten().any(|bytes| bytes.contains(&0) && bytes.contains(&1)));
    }

    #[test]
    fn a_step_can_fail() {
        let dir = tempfile::tempdir().expect("a folder");
        let recorder = Recorder::failing(dir.path(), 1, false).expect("an empty folder");
        let disk = recorder.disk();
        let mut file = disk.create(&dir.path().join("a")).expect("a file");
        assert!(file.write_all(b"x").is_err());
        assert!(file.write_all(b"x").is_ok());
        assert_eq!((recorder.tried(), recorder.steps()), (3, 2));
    }
}
