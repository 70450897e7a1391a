//! A disk that fails at a chosen operation.

use hashward_store::{Disk, DiskFile, RealDisk, SpoolFile};
use std::ffi::OsString;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// How a [`FaultyDisk`] fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// One operation fails; what is tried after it works, cleaning up included.
    Once,
    /// As `Once`, and a write that fails has written the first half of its bytes.
    Short,
    /// The operation and all after it fail, as when the process is killed at this point or the
    /// disk is gone. A write that fails has written the first half of its bytes.
    Forever,
}

/// The system's file system, except that the operation with a given number fails.
#[derive(Debug, Clone)]
pub struct FaultyDisk {
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    fault: Fault,
    fail_at: u64,
    operations: Mutex<Vec<Operation>>,
}

/// What a [`FaultyDisk`] was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Make a folder.
    CreateDir,
    /// Make a file.
    Create,
    /// Make a file without a name.
    Spool,
    /// Write to either.
    Write,
    /// Read a file without a name.
    Read,
    /// Move in it.
    Seek,
    /// Bring a file's content to the disk.
    Sync,
    /// Name a file.
    Rename,
    /// Bring a folder's names to the disk.
    SyncDir,
    /// Remove a file.
    Remove,
    /// List a folder.
    List,
}

impl FaultyDisk {
    /// Fails at operation `fail_at`, counted from 0. `u64::MAX` never fails, to count operations.
    #[must_use]
    pub fn new(fault: Fault, fail_at: u64) -> Self {
        Self { state: Arc::new(State { fault, fail_at, operations: Mutex::default() }) }
    }

    /// The operations so far, the failed ones included.
    #[must_use]
    pub fn log(&self) -> Vec<Operation> {
        self.state.operations.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Number of operations so far.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.log().len() as u64
    }
}

impl State {
    fn step(&self, operation: Operation) -> io::Result<()> {
        let mut operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        let number = operations.len() as u64;
        operations.push(operation);
        let fails = match self.fault {
            Fault::Once | Fault::Short => number == self.fail_at,
            Fault::Forever => number >= self.fail_at,
        };
        if fails { Err(io::Error::other("the disk fails on purpose")) } else { Ok(()) }
    }

    fn write(&self, file: &mut dyn Write, bytes: &[u8]) -> io::Result<usize> {
        if let Err(error) = self.step(Operation::Write) {
            if self.fault != Fault::Once {
                file.write_all(&bytes[..bytes.len() / 2])?;
            }
            return Err(error);
        }
        file.write(bytes)
    }
}

impl Disk for FaultyDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.state.step(Operation::CreateDir)?;
        RealDisk.create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.state.step(Operation::Create)?;
        let file = RealDisk.create(path)?;
        Ok(Box::new(Faulty { file, state: self.state.clone() }))
    }

    fn spool(&self, dir: &Path) -> io::Result<Box<dyn SpoolFile>> {
        self.state.step(Operation::Spool)?;
        let file = RealDisk.spool(dir)?;
        Ok(Box::new(Faulty { file, state: self.state.clone() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.state.step(Operation::Rename)?;
        RealDisk.rename(from, to)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.state.step(Operation::SyncDir)?;
        RealDisk.sync_dir(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.state.step(Operation::Remove)?;
        RealDisk.remove(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        self.state.step(Operation::List)?;
        RealDisk.list(path)
    }
}

struct Faulty<F> {
    file: F,
    state: Arc<State>,
}

impl Write for Faulty<Box<dyn DiskFile>> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.state.write(&mut self.file, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl DiskFile for Faulty<Box<dyn DiskFile>> {
    fn sync(&mut self) -> io::Result<()> {
        self.state.step(Operation::Sync)?;
        self.file.sync()
    }
}

impl Write for Faulty<Box<dyn SpoolFile>> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.state.write(&mut self.file, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Read for Faulty<Box<dyn SpoolFile>> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.state.step(Operation::Read)?;
        self.file.read(bytes)
    }
}

impl Seek for Faulty<Box<dyn SpoolFile>> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.state.step(Operation::Seek)?;
        self.file.seek(to)
    }
}

impl SpoolFile for Faulty<Box<dyn SpoolFile>> {}
