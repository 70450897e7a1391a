//! Hashes of files that are still in memory, by the same code and workers as files on disk.

use crate::examiner::{Looked, pool, threads};
use crate::hashing::{FileHashes, HashOptions, HashRecord, describe};
use crate::scan::ScanError;
use hashward_evidence::MemorySource;
use hashward_examine::{Plan, examine};
use hashward_media::Limits;
use hashward_sandbox::Pool;
use std::path::PathBuf;

/// Hashes bytes in memory; may be shared by threads.
pub struct MemoryHasher {
    pool: Pool,
    options: HashOptions,
}

impl MemoryHasher {
    /// A hasher with workers for the options' number of threads.
    ///
    /// # Errors
    /// [`ScanError`] when no worker can be started.
    pub fn new(options: HashOptions) -> Result<Self, ScanError> {
        let pool = pool(threads(options.threads), None)?;
        if options.pdq {
            pool.probe()?;
        }
        Ok(Self { pool, options })
    }

    /// The hashes of one file's bytes, with an empty path.
    ///
    /// # Errors
    /// [`ScanError`] when no worker can be started; what fails on the bytes stands in the result.
    pub fn hash(&self, bytes: &[u8]) -> Result<FileHashes, ScanError> {
        let plan =
            Plan { digests: self.options.digests, perceptual: self.options.pdq, ..Plan::default() };
        let source = MemorySource(bytes.to_vec());
        let examination = Box::new(examine(&source, &plan, &Limits::default(), &self.pool)?);
        let looked = Looked::Examined { path: PathBuf::new(), examination };
        match describe(looked, &self.options) {
            Some(HashRecord::File(hashes)) => Ok(*hashes),
            Some(HashRecord::Skipped(_)) | None => Ok(FileHashes::default()),
        }
    }
}
