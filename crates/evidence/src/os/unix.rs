//! Unix: everything is opened relative to its folder's descriptor, so that neither long paths nor
//! links swapped in during the walk lead anywhere else.

use super::EntryKind;
use crate::Stamp;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Flags for everything: read-only, no link followed, no waiting for a writer of a pipe, no
/// terminal taken over, nothing inherited by worker processes.
const COMMON: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

#[cfg(any(target_os = "linux", target_os = "android"))]
const NO_ACCESS_TIME: OFlags = OFlags::NOATIME;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const NO_ACCESS_TIME: OFlags = OFlags::empty();

/// Which file or folder this is, whatever its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(stat: &Stat) -> Self {
        // The widths of these fields differ between systems.
        #[allow(clippy::unnecessary_cast)]
        Self { device: stat.st_dev as u64, inode: stat.st_ino as u64 }
    }

    /// The identity behind a path, links followed.
    pub(crate) fn of_path(path: &Path) -> io::Result<Self> {
        Ok(Self::of(&rustix::fs::stat(path)?))
    }
}

/// An open folder.
#[derive(Debug)]
pub(crate) struct Directory {
    fd: OwnedFd,
    identity: Identity,
}

impl Directory {
    /// What a path given by the user is; the last component is not followed unless the path ends
    /// with a slash.
    pub(crate) fn kind_of_path(path: &Path) -> io::Result<EntryKind> {
        stat_kind(&rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Opens a folder given by the user.
    pub(crate) fn open_path(path: &Path) -> io::Result<Self> {
        Self::open_at(CWD, path)
    }

    fn open_at(at: impl rustix::fd::AsFd, path: impl rustix::path::Arg + Copy) -> io::Result<Self> {
        let fd = open(&at, path, OFlags::DIRECTORY)?;
        let identity = Identity::of(&rustix::fs::fstat(&fd)?);
        Ok(Self { fd, identity })
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Opens a folder in this folder.
    pub(crate) fn child(&self, name: &OsStr) -> io::Result<Self> {
        Self::open_at(&self.fd, name)
    }

    /// Opens the folder above again, provided that it is still the one from which we came.
    pub(crate) fn parent(&self, expected: &Identity) -> io::Result<Self> {
        let parent = Self::open_at(&self.fd, "..")?;
        if parent.identity == *expected {
            Ok(parent)
        } else {
            Err(io::Error::other("the folder was moved while it was walked"))
        }
    }

    /// Lists the folder, in no particular order.
    pub(crate) fn list(&self, mut each: impl FnMut(&OsStr, EntryKind)) -> io::Result<()> {
        // A descriptor of its own: a duplicate would share its position with other listings.
        let fd = open(&self.fd, ".", OFlags::DIRECTORY)?;
        for entry in Dir::new(fd)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                each(OsStr::from_bytes(name), kind(entry.file_type()));
            }
        }
        Ok(())
    }

    /// What a name in this folder is, and for files the size.
    pub(crate) fn stat(&self, name: &OsStr) -> io::Result<(EntryKind, u64)> {
        let stat = rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok((stat_kind(&stat)?, size(&stat)))
    }

    /// Opens a file in this folder. What turns out to be something else is not read.
    pub(crate) fn open_file(&self, name: &OsStr) -> io::Result<Result<Opened, EntryKind>> {
        Opened::open_at(&self.fd, name)
    }
}

/// A file opened for reading.
#[derive(Debug)]
pub(crate) struct Opened {
    fd: OwnedFd,
    state: State,
}

/// What changes when somebody writes to a file or replaces it: its size, its times, and, through
/// the change time of its inode, its names.
#[derive(Debug, PartialEq, Eq)]
struct State {
    identity: Identity,
    size: u64,
    modified: (i128, i128),
    changed: (i128, i128),
}

impl State {
    // The widths of these fields differ between systems.
    #[allow(clippy::unnecessary_cast, clippy::cast_lossless)]
    fn of(stat: &Stat) -> Self {
        Self {
            identity: Identity::of(stat),
            size: size(stat),
            modified: (stat.st_mtime as i128, stat.st_mtime_nsec as i128),
            changed: (stat.st_ctime as i128, stat.st_ctime_nsec as i128),
        }
    }
}

impl Opened {
    /// Opens a file given by the user.
    pub(crate) fn open_path(path: &Path) -> io::Result<Result<Self, EntryKind>> {
        Self::open_at(CWD, path)
    }

    fn open_at(
        at: impl rustix::fd::AsFd,
        path: impl rustix::path::Arg + Copy,
    ) -> io::Result<Result<Self, EntryKind>> {
        let fd = match open(&at, path, OFlags::empty()) {
            // No link is followed, and what is no file cannot always be opened.
            Err(Errno::LOOP) => return Ok(Err(EntryKind::Link)),
            Err(Errno::NXIO) => return Ok(Err(EntryKind::Socket)),
            other => other?,
        };
        let stat = rustix::fs::fstat(&fd)?;
        match stat_kind(&stat)? {
            EntryKind::File => {
                let opened = Self { fd, state: State::of(&stat) };
                opened.fetch_ahead();
                Ok(Ok(opened))
            }
            other => Ok(Err(other)),
        }
    }

    /// Has the system fetch the file's start from the disk while others are still being read.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(clippy::unused_self, reason = "only Linux is asked")
    )]
    fn fetch_ahead(&self) {
        /// Bytes.
        #[cfg(target_os = "linux")]
        const AHEAD: u64 = 4 << 20;
        // Only a wish: without it the file is read all the same.
        #[cfg(target_os = "linux")]
        let _ = rustix::fs::fadvise(
            &self.fd,
            0,
            std::num::NonZeroU64::new(AHEAD.min(self.state.size)),
            rustix::fs::Advice::WillNeed,
        );
    }

    pub(crate) fn len(&self) -> u64 {
        self.state.size
    }

    pub(crate) fn stamp(&self) -> Stamp {
        let nanoseconds = |(seconds, rest): (i128, i128)| 1_000_000_000 * seconds + rest;
        Stamp {
            size: self.state.size,
            file: self.state.identity.inode,
            modified: nanoseconds(self.state.modified),
            changed: nanoseconds(self.state.changed),
        }
    }

    pub(crate) fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match rustix::io::pread(&self.fd, &mut *buf, offset) {
                Err(Errno::INTR) => {}
                other => return Ok(other?),
            }
        }
    }

    pub(crate) fn changed(&self) -> io::Result<bool> {
        Ok(State::of(&rustix::fs::fstat(&self.fd)?) != self.state)
    }
}

/// Opens without touching the access time; the system grants that for one's own files only.
fn open(
    at: impl rustix::fd::AsFd,
    path: impl rustix::path::Arg + Copy,
    flags: OFlags,
) -> Result<OwnedFd, Errno> {
    let at = at.as_fd();
    match rustix::fs::openat(at, path, COMMON | NO_ACCESS_TIME | flags, Mode::empty()) {
        Err(Errno::PERM) => rustix::fs::openat(at, path, COMMON | flags, Mode::empty()),
        other => other,
    }
}

fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}

fn stat_kind(stat: &Stat) -> io::Result<EntryKind> {
    Ok(kind(FileType::from_raw_mode(stat.st_mode)))
}

fn kind(file_type: FileType) -> EntryKind {
    match file_type {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::Link,
        FileType::Socket => EntryKind::Socket,
        FileType::Fifo => EntryKind::Fifo,
        FileType::BlockDevice => EntryKind::BlockDevice,
        FileType::CharacterDevice => EntryKind::CharDevice,
        FileType::Unknown => EntryKind::Unknown,
    }
}
