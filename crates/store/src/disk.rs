//! Everything that the store does to a file system, so that a failing disk can be put under it.

use crate::map::Bytes;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;

/// The operations that the store needs.
pub trait Disk: Send + Sync + std::fmt::Debug {
    /// The content of a file that has its lasting name; mapped, unless it is made something else of
    /// on the way.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::InvalidData`] where the disk can tell that the
    /// content is not what was written.
    fn read(&self, path: &Path) -> io::Result<Bytes> {
        Bytes::open(path)
    }
    /// True when the medium never sees what is written as it is. Whatever cannot be written through
    /// this disk must then not be written at all.
    fn conceals(&self) -> bool {
        false
    }
    /// Makes a folder, private to the user where the system can; none is made where one is.
    ///
    /// # Errors
    /// What the system says.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Makes a new file, private to the user where the system can.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::AlreadyExists`] where there is one.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Makes a file without a name in a folder; it vanishes when it is dropped.
    ///
    /// # Errors
    /// What the system says.
    fn spool(&self, dir: &Path) -> io::Result<Box<dyn SpoolFile>>;
    /// Gives a file its lasting name.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Brings the names in a folder to the disk.
    ///
    /// # Errors
    /// What the system says.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Removes a file.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// The names in a folder.
    ///
    /// # Errors
    /// What the system says.
    fn list(&self, path: &Path) -> io::Result<Vec<OsString>>;
}

/// A new file that is being written.
pub trait DiskFile: Write + Send {
    /// Brings the content to the disk.
    ///
    /// # Errors
    /// What the system says. After an error the content is unknown, and trying again proves
    /// nothing: the file must be given up.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file without a name for what does not fit into memory.
pub trait SpoolFile: Read + Write + Seek + Send {}

impl DiskFile for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

impl SpoolFile for File {}

/// Gives a file new content, all of it or nothing: it is written under the name `passing`, brought
/// to the disk and renamed.
///
/// # Errors
/// What the system says; which of the two contents the file then has shows when it is read.
pub fn replace_file(
    disk: &dyn Disk,
    passing: &Path,
    path: &Path,
    content: &[u8],
) -> io::Result<()> {
    // One that is there already is another writer's.
    let mut file = disk.create(passing)?;
    let written = file.write_all(content).and_then(|()| file.sync());
    if let Err(error) = written.and_then(|()| disk.rename(passing, path)) {
        // What cannot be removed now is swept later.
        let _ = disk.remove(passing);
        return Err(error);
    }
    disk.sync_dir(path.parent().unwrap_or(Path::new(".")))
}

/// The system's own file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl RealDisk {
    /// It, to be shared.
    #[must_use]
    pub fn shared() -> Arc<dyn Disk> {
        Arc::new(Self)
    }
}

impl Disk for RealDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            result => result,
        }
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Box::new(options.open(path)?))
    }

    fn spool(&self, dir: &Path) -> io::Result<Box<dyn SpoolFile>> {
        Ok(Box::new(tempfile::tempfile_in(dir)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        // Only Unix opens folders, and only there does a rename need this.
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let mut names: Vec<OsString> =
            fs::read_dir(path)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
        names.sort_unstable();
        Ok(names)
    }
}
