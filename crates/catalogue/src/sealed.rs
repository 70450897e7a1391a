//! A catalogue on a disk that conceals what is written. SQLite would write to the medium itself, so
//! the database stands in memory; each change writes all of it anew, through that disk. It is small:
//! it grows with lists and versions, not with their rows.

use crate::error::CatalogueError;
use crate::open::{Catalogue, PATIENCE, check, damaged, in_memory};
use hashward_store::{Disk, replace_file};
use rusqlite::{Connection, MAIN_DB};
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Name of a sealed catalogue in the folder of a database.
pub const SEALED_FILE_NAME: &str = "catalogue.sealed";
/// Whoever changes a sealed catalogue holds a lock on this file, which is empty.
const LOCK_FILE_NAME: &str = "catalogue.lock";

/// Where a sealed catalogue is kept.
#[derive(Debug)]
pub(crate) struct Sealed {
    folder: PathBuf,
    disk: Arc<dyn Disk>,
}

impl Sealed {
    pub(crate) fn new(folder: &Path, disk: &Arc<dyn Disk>) -> Self {
        Self { folder: folder.to_owned(), disk: Arc::clone(disk) }
    }

    fn path(&self) -> PathBuf {
        self.folder.join(SEALED_FILE_NAME)
    }

    /// Keeps other writers out until the file is dropped.
    pub(crate) fn lock(&self) -> Result<File, CatalogueError> {
        let path = self.folder.join(LOCK_FILE_NAME);
        let io = |source| CatalogueError::Io { path: path.clone(), source };
        let mut options = File::options();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(io)?;
        let begin = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(source)) => return Err(io(source)),
                Err(TryLockError::WouldBlock) if begin.elapsed() > PATIENCE => {
                    return Err(CatalogueError::Busy);
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// The catalogue as it is on the disk.
    fn load(&self, writable: bool) -> Result<Connection, CatalogueError> {
        let path = self.path();
        let bytes = self.disk.read(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => CatalogueError::Unfinished { path: self.folder.clone() },
            io::ErrorKind::InvalidData => {
                let detail = source.to_string();
                CatalogueError::Damaged { path: path.clone(), detail }
            }
            _ => CatalogueError::Io { path: path.clone(), source },
        })?;
        let connection = in_memory(Some((bytes.to_vec(), !writable)));
        let connection = connection.map_err(|error| damaged(&path, error))?;
        check(&connection, &self.folder, &path)?;
        Ok(connection)
    }

    fn store(&self, connection: &mut Connection) -> Result<(), CatalogueError> {
        let path = self.path();
        let bytes = connection.serialize(MAIN_DB)?;
        let passing = self.folder.join("tmp").join("catalogue.new");
        let stored = replace_file(&*self.disk, &passing, &path, &bytes);
        stored.map_err(|source| CatalogueError::Io { path, source })
    }
}

impl Catalogue {
    pub(crate) fn open_sealed(
        folder: &Path,
        disk: &Arc<dyn Disk>,
        writable: bool,
    ) -> Result<Self, CatalogueError> {
        let sealed = Sealed::new(folder, disk);
        let connection = sealed.load(writable)?;
        Ok(Self { connection, writable, _copy: None, sealed: Some(sealed) })
    }

    /// Looks again at what is on the disk. A catalogue that is being created is not there yet.
    pub(crate) fn reload(&mut self) -> Result<(), CatalogueError> {
        let Some(sealed) = &self.sealed else { return Ok(()) };
        match sealed.load(true) {
            Ok(connection) => self.connection = connection,
            Err(CatalogueError::Unfinished { .. }) if !sealed.path().exists() => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Writes a sealed catalogue after a commit in memory. After a failure what is on the disk
    /// counts, and where that cannot be told either, nothing.
    pub(crate) fn keep(&mut self) -> Result<(), CatalogueError> {
        let Some(sealed) = &self.sealed else { return Ok(()) };
        let Err(error) = sealed.store(&mut self.connection) else { return Ok(()) };
        self.connection = match sealed.load(true) {
            Ok(connection) => connection,
            Err(_) => Connection::open_in_memory()?,
        };
        Err(error)
    }
}
