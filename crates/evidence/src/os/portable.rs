//! Any system, with nothing but the standard library: paths instead of descriptors. Access times
//! and swapped links are then in the system's hands.

use super::EntryKind;
use crate::Stamp;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

/// Which file or folder this is: its path with every link resolved.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Identity(PathBuf);

impl Identity {
    /// The identity behind a path, links followed.
    pub(crate) fn of_path(path: &Path) -> io::Result<Self> {
        fs::canonicalize(path).map(Self)
    }
}

/// A folder.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    identity: Identity,
}

impl Directory {
    /// What a path given by the user is; the last component is not followed.
    pub(crate) fn kind_of_path(path: &Path) -> io::Result<EntryKind> {
        Ok(kind(&fs::symlink_metadata(path)?))
    }

    /// Opens a folder given by the user.
    pub(crate) fn open_path(path: &Path) -> io::Result<Self> {
        fs::read_dir(path)?;
        Ok(Self { path: path.to_path_buf(), identity: Identity::of_path(path)? })
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Opens a folder in this folder.
    pub(crate) fn child(&self, name: &OsStr) -> io::Result<Self> {
        Self::open_path(&self.path.join(name))
    }

    /// Opens the folder above again, provided that it is still the one from which we came.
    pub(crate) fn parent(&self, expected: &Identity) -> io::Result<Self> {
        match self.path.parent().map(Self::open_path).transpose()? {
            Some(parent) if parent.identity == *expected => Ok(parent),
            _ => Err(io::Error::other("the folder was moved while it was walked")),
        }
    }

    /// Lists the folder, in no particular order.
    pub(crate) fn list(&self, mut each: impl FnMut(&OsStr, EntryKind)) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            // Without descriptors the kind of the listing is as good as a later look.
            let kind = entry.metadata().map_or(EntryKind::Unknown, |metadata| kind(&metadata));
            each(&entry.file_name(), kind);
        }
        Ok(())
    }

    /// What a name in this folder is, and for files the size.
    pub(crate) fn stat(&self, name: &OsStr) -> io::Result<(EntryKind, u64)> {
        let metadata = fs::symlink_metadata(self.path.join(name))?;
        Ok((kind(&metadata), metadata.len()))
    }

    /// Opens a file in this folder. What turns out to be something else is not read.
    pub(crate) fn open_file(&self, name: &OsStr) -> io::Result<Result<Opened, EntryKind>> {
        Opened::open_path(&self.path.join(name))
    }
}

/// A file opened for reading.
#[derive(Debug)]
pub(crate) struct Opened {
    file: Mutex<File>,
    path: PathBuf,
    size: u64,
    modified: Option<SystemTime>,
}

impl Opened {
    /// Opens a file given by the user.
    pub(crate) fn open_path(path: &Path) -> io::Result<Result<Self, EntryKind>> {
        // Looked at before it is opened, because opening a pipe would wait for its writer.
        match kind(&fs::symlink_metadata(path)?) {
            EntryKind::File => {}
            other => return Ok(Err(other)),
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        Ok(Ok(Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
            file: Mutex::new(file),
            path: path.to_path_buf(),
        }))
    }

    pub(crate) fn len(&self) -> u64 {
        self.size
    }

    #[cfg_attr(unix, expect(dead_code, reason = "only tested there"))]
    pub(crate) fn stamp(&self) -> Stamp {
        let since = |time: SystemTime| match time.duration_since(UNIX_EPOCH) {
            Ok(after) => after.as_nanos() as i128,
            Err(before) => -(before.duration().as_nanos() as i128),
        };
        let modified = self.modified.map_or(0, since);
        Stamp { size: self.size, file: 0, modified, changed: modified }
    }

    pub(crate) fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut file = self.file.lock().map_err(|_| io::Error::other("a reader panicked"))?;
        file.seek(SeekFrom::Start(offset))?;
        loop {
            match file.read(buf) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    pub(crate) fn changed(&self) -> io::Result<bool> {
        // By name, so that a replaced file is noticed as well.
        let metadata = fs::symlink_metadata(&self.path)?;
        Ok(metadata.len() != self.size || metadata.modified().ok() != self.modified)
    }
}

fn kind(metadata: &Metadata) -> EntryKind {
    let file_type = metadata.file_type();
    if file_type.is_symlink() {
        EntryKind::Link
    } else if file_type.is_dir() {
        EntryKind::Directory
    } else if file_type.is_file() {
        EntryKind::File
    } else {
        EntryKind::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fallback_lists_opens_and_notices_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "before").unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        let directory = Directory::open_path(folder.path()).unwrap();
        let mut seen = Vec::new();
        directory.list(|name, kind| seen.push((name.to_os_string(), kind))).unwrap();
        seen.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(
            seen,
            [("file".into(), EntryKind::File), ("inner".into(), EntryKind::Directory)]
        );
        let inner = directory.child(OsStr::new("inner")).unwrap();
        assert!(inner.parent(directory.identity()).is_ok());
        assert!(inner.parent(inner.identity()).is_err());
        assert_eq!(directory.stat(OsStr::new("file")).unwrap(), (EntryKind::File, 6));
        assert!(matches!(directory.open_file(OsStr::new("inner")), Ok(Err(EntryKind::Directory))));
        assert_eq!(Directory::kind_of_path(&path).unwrap(), EntryKind::File);

        let opened = directory.open_file(OsStr::new("file")).unwrap().unwrap();
        let mut buf = [0; 3];
        assert_eq!((opened.len(), opened.read_at(&mut buf, 3).unwrap()), (6, 3));
        assert_eq!(&buf, b"ore");
        assert!(!opened.changed().unwrap());
        fs::write(&path, "afterwards").unwrap();
        assert!(opened.changed().unwrap());
    }
}
