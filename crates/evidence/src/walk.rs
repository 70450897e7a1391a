//! Walks files and folders in byte order of path components, without following links.

use crate::names::{Listing, Names};
use crate::os::{Directory, EntryKind, Identity, Opened};
use crate::{ReadAt, Stamp};
use std::collections::{HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Folders held open at once; those above are opened again on the way back.
const OPEN_FOLDERS: usize = 32;
/// Memory for the names of all folders between a root and the current one.
const NAME_BYTES: usize = 48 << 20;
/// What every folder may take of it, however deep it lies.
const NAME_BYTES_FLOOR: usize = 16 << 10;

/// What a walk comes across.
#[derive(Debug)]
pub enum Item {
    /// A regular file, not opened yet.
    File(File),
    /// Something that is no file and no folder, or that was excluded.
    Skipped {
        /// Its path below the root as the user gave it.
        path: PathBuf,
        /// What it is.
        reason: SkipReason,
    },
    /// A file or folder that could not be looked at.
    Failed {
        /// Its path below the root as the user gave it.
        path: PathBuf,
        /// What the system reported.
        error: io::Error,
    },
}

/// Why something is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// A symbolic link (or, on Windows, a junction).
    Link,
    /// A socket.
    Socket,
    /// A named pipe.
    Fifo,
    /// A block or character device.
    Device,
    /// A folder that the caller excluded.
    Excluded,
    /// A kind of object that this program does not know.
    Other,
}

impl SkipReason {
    /// The word used in outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Socket => "socket",
            Self::Fifo => "fifo",
            Self::Device => "device",
            Self::Excluded => "excluded",
            Self::Other => "other",
        }
    }

    fn of(kind: EntryKind) -> Self {
        match kind {
            EntryKind::Link => Self::Link,
            EntryKind::Socket => Self::Socket,
            EntryKind::Fifo => Self::Fifo,
            EntryKind::BlockDevice | EntryKind::CharDevice => Self::Device,
            EntryKind::File | EntryKind::Directory | EntryKind::Unknown => Self::Other,
        }
    }
}

/// A file that a walk found. It holds its folder open, not itself, so that it can wait in a queue
/// and be opened by another thread.
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    /// The folder and the name in it; nothing for a file that is a root itself.
    place: Option<(Arc<Directory>, OsString)>,
}

/// Why a file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is no file any more; something else took its name during the walk.
    #[error("it became a {} during the walk", .0.name())]
    NotAFile(SkipReason),
}

impl File {
    /// The path below the root as the user gave it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file for reading.
    ///
    /// # Errors
    /// [`OpenError`] when the system refuses or the file was replaced by something else.
    pub fn open(&self) -> Result<FileSource, OpenError> {
        let opened = match &self.place {
            Some((directory, name)) => directory.open_file(name)?,
            None => Opened::open_path(&self.path)?,
        };
        opened.map(FileSource).map_err(|kind| OpenError::NotAFile(SkipReason::of(kind)))
    }

    /// The size without opening the file.
    fn size(&self) -> io::Result<u64> {
        match &self.place {
            Some((directory, name)) => directory.stat(name).map(|(_, size)| size),
            None => std::fs::symlink_metadata(&self.path).map(|metadata| metadata.len()),
        }
    }
}

/// An open file.
#[derive(Debug)]
pub struct FileSource(Opened);

impl FileSource {
    /// The state of the file when it was opened.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.0.stamp()
    }
}

impl ReadAt for FileSource {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buf, offset)
    }

    fn changed(&self) -> io::Result<bool> {
        self.0.changed()
    }
}

/// An iterator over everything below some roots, in byte order of path components.
///
/// A root may be a file. A root that is a link is skipped like any other link, because shells
/// expand `*` to links as well; a trailing slash (`link/`) means the folder behind it. Roots are
/// walked in byte order too, equal ones once; roots inside one another are walked as often as
/// they are named.
#[derive(Debug)]
pub struct Walk {
    roots: std::vec::IntoIter<PathBuf>,
    excluded: HashSet<Identity>,
    /// The folders from the root to the current one.
    stack: Vec<Level>,
    /// Their identities: a folder that is its own ancestor would never end.
    ancestors: HashSet<Identity>,
    /// The path of the folder on top of the stack.
    path: PathBuf,
    name_bytes: usize,
    pending: VecDeque<Item>,
}

#[derive(Debug)]
struct Level {
    name: OsString,
    identity: Identity,
    /// Nothing while it is closed to save descriptors.
    directory: Option<Arc<Directory>>,
    names: std::vec::IntoIter<(OsString, EntryKind)>,
    name_bytes: usize,
    resume_after: Option<OsString>,
}

impl Walk {
    /// A walk over `roots`.
    pub fn new<P: Into<PathBuf>>(roots: impl IntoIterator<Item = P>) -> Self {
        let mut roots: Vec<PathBuf> = roots.into_iter().map(Into::into).collect();
        roots.sort_by(|a, b| components(a).cmp(components(b)));
        roots.dedup();
        Self {
            roots: roots.into_iter(),
            excluded: HashSet::new(),
            stack: Vec::new(),
            ancestors: HashSet::new(),
            path: PathBuf::new(),
            name_bytes: 0,
            pending: VecDeque::new(),
        }
    }

    /// Leaves out a folder wherever the walk meets it.
    ///
    /// # Errors
    /// What the system reports when it is asked which folder that is.
    pub fn exclude(mut self, folder: &Path) -> io::Result<Self> {
        self.excluded.insert(Identity::of_path(folder)?);
        Ok(self)
    }

    fn enter_root(&mut self, root: PathBuf) -> Option<Item> {
        let kind = match Directory::kind_of_path(&root) {
            Ok(kind) => kind,
            Err(error) => return Some(Item::Failed { path: root, error }),
        };
        match kind {
            EntryKind::File => Some(Item::File(File { path: root, place: None })),
            EntryKind::Directory => {
                let opened = Directory::open_path(&root);
                self.path = root;
                self.enter(opened, OsString::new())
            }
            other => Some(Item::Skipped { path: root, reason: SkipReason::of(other) }),
        }
    }

    /// Goes down into the folder at `self.path`, or leaves `self.path` where it was before.
    fn enter(&mut self, opened: io::Result<Directory>, name: OsString) -> Option<Item> {
        let directory = match opened {
            Ok(directory) => directory,
            Err(error) => return Some(Item::Failed { path: self.leave_path(), error }),
        };
        let identity = directory.identity().clone();
        if self.excluded.contains(&identity) {
            let path = self.leave_path();
            return Some(Item::Skipped { path, reason: SkipReason::Excluded });
        }
        if !self.ancestors.insert(identity.clone()) {
            let error = io::Error::other("the folder lies inside itself");
            return Some(Item::Failed { path: self.leave_path(), error });
        }
        self.stack.push(Level {
            name,
            identity,
            directory: Some(Arc::new(directory)),
            names: Vec::new().into_iter(),
            name_bytes: 0,
            resume_after: None,
        });
        // The root stays open, so that there is always a way down again.
        if let Some(above @ 1..) = self.stack.len().checked_sub(OPEN_FOLDERS + 1) {
            self.stack[above].directory = None;
        }
        self.list(None);
        None
    }

    /// The path of a folder that is not entered; the walk is back in the folder above.
    fn leave_path(&mut self) -> PathBuf {
        let path = self.path.clone();
        self.path.pop();
        path
    }

    /// Lists the folder on top of the stack from the name behind `after`.
    fn list(&mut self, after: Option<OsString>) {
        let Some(level) = self.stack.last_mut() else { return };
        self.name_bytes -= level.name_bytes;
        let limit = (NAME_BYTES.saturating_sub(self.name_bytes) / 2).max(NAME_BYTES_FLOOR);
        let mut names = Names::new(limit, after);
        let listed = match &level.directory {
            Some(directory) => directory.list(|name, kind| names.push(name, kind)),
            None => Ok(()),
        };
        if let Err(error) = listed {
            self.pending.push_back(Item::Failed { path: self.path.clone(), error });
        }
        let Listing { names, bytes, resume_after } = names.finish();
        level.names = names;
        level.name_bytes = bytes;
        level.resume_after = resume_after;
        self.name_bytes += bytes;
    }

    /// Leaves the folder on top of the stack, and sees to it that the one above is open.
    fn leave(&mut self) {
        let Some(left) = self.stack.pop() else { return };
        self.ancestors.remove(&left.identity);
        self.name_bytes -= left.name_bytes;
        self.path.pop();
        let Some(level) = self.stack.last() else { return };
        if level.directory.is_some() {
            return;
        }
        let reopened = match left.directory.map(|directory| directory.parent(&level.identity)) {
            Some(Ok(directory)) => Ok(directory),
            _ => self.descend_again(),
        };
        let Some(level) = self.stack.last_mut() else { return };
        match reopened {
            Ok(directory) => level.directory = Some(Arc::new(directory)),
            Err(error) => {
                // What is left in this folder cannot be reached any more: say so.
                level.names = Vec::new().into_iter();
                level.resume_after = None;
                self.pending.push_back(Item::Failed { path: self.path.clone(), error });
            }
        }
    }

    /// Opens the folder on top of the stack by way of every folder above it.
    fn descend_again(&self) -> io::Result<Directory> {
        let moved = || io::Error::other("the folder was moved while it was walked");
        let mut levels = self.stack.iter();
        let root = levels.next().and_then(|level| level.directory.clone()).ok_or_else(moved)?;
        let mut current: Option<Directory> = None;
        for level in levels {
            let child = current.as_ref().unwrap_or(&root).child(&level.name)?;
            if *child.identity() != level.identity {
                return Err(moved());
            }
            current = Some(child);
        }
        current.ok_or_else(moved)
    }

    /// Takes the next name of the folder on top of the stack.
    fn step(&mut self) -> Option<Item> {
        let level = self.stack.last_mut()?;
        let Some((name, listed)) = level.names.next() else {
            match level.resume_after.take() {
                Some(after) => self.list(Some(after)),
                None => self.leave(),
            }
            return None;
        };
        let directory = Arc::clone(level.directory.as_ref()?);
        let kind = match listed {
            EntryKind::Unknown => directory.stat(&name).map(|(kind, _)| kind),
            known => Ok(known),
        };
        let path = self.path.join(&name);
        match kind {
            Err(error) => Some(Item::Failed { path, error }),
            Ok(EntryKind::File) => Some(Item::File(File { path, place: Some((directory, name)) })),
            Ok(EntryKind::Directory) => {
                let opened = directory.child(&name);
                self.path = path;
                self.enter(opened, name)
            }
            Ok(other) => Some(Item::Skipped { path, reason: SkipReason::of(other) }),
        }
    }
}

impl Iterator for Walk {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.pending.pop_front() {
                return Some(item);
            }
            let item = if self.stack.is_empty() {
                let root = self.roots.next()?;
                self.enter_root(root)
            } else {
                self.step()
            };
            if item.is_some() {
                return item;
            }
        }
    }
}

fn components(path: &Path) -> impl Iterator<Item = &[u8]> {
    path.components().map(|component| OsStr::as_encoded_bytes(component.as_os_str()))
}

/// How much lies below some roots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Regular files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Counts what a walk will come across, without opening files; `None` when `go_on` said no.
pub fn measure(walk: Walk, mut go_on: impl FnMut() -> bool) -> Option<Totals> {
    let mut totals = Totals::default();
    for item in walk {
        if !go_on() {
            return None;
        }
        if let Item::File(file) = item {
            totals.files += 1;
            totals.bytes += file.size().unwrap_or(0);
        }
    }
    Some(totals)
}
