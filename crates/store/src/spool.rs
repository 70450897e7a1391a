//! The bytes of one section while a segment is being built, with the checksums of their blocks.

use crate::Store;
use crate::WriteError;
use crate::disk::SpoolFile;
use crate::format::BLOCK_BYTES;
use std::io::{Read, Seek, SeekFrom, Write};
use xxhash_rust::xxh3::xxh3_64;

/// Collects bytes: up to a block in memory, the blocks before it in an unnamed file, which small
/// sections never need.
pub(crate) struct Spool {
    store: Store,
    file: Option<Box<dyn SpoolFile>>,
    block: Vec<u8>,
    checksums: Vec<u64>,
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spool({} bytes)", self.len())
    }
}

impl Spool {
    pub(crate) fn new(store: &Store) -> Self {
        Self { store: store.clone(), file: None, block: Vec::new(), checksums: Vec::new() }
    }

    pub(crate) fn len(&self) -> u64 {
        (self.checksums.len() * BLOCK_BYTES + self.block.len()) as u64
    }

    pub(crate) fn write(&mut self, mut bytes: &[u8]) -> Result<(), WriteError> {
        while self.block.len() + bytes.len() >= BLOCK_BYTES {
            let (now, later) = bytes.split_at(BLOCK_BYTES - self.block.len());
            self.block.extend_from_slice(now);
            self.flush()?;
            bytes = later;
        }
        self.block.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        let dir = self.store.temp_dir();
        let mut write = || {
            let file = match &mut self.file {
                Some(file) => file,
                none => none.insert(self.store.disk().spool(&dir)?),
            };
            file.write_all(&self.block)
        };
        write().map_err(WriteError::io(&dir))?;
        self.checksums.push(xxh3_64(&self.block));
        self.block.clear();
        Ok(())
    }

    /// The checksums of all blocks, the last one perhaps short, as they stand in the file.
    pub(crate) fn checksums(&self) -> Vec<u8> {
        let last = (!self.block.is_empty()).then(|| xxh3_64(&self.block));
        self.checksums.iter().copied().chain(last).flat_map(u64::to_le_bytes).collect()
    }

    /// Gives the bytes to `sink`, piece by piece.
    pub(crate) fn drain(
        self,
        mut sink: impl FnMut(&[u8]) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        if let Some(mut file) = self.file {
            let dir = self.store.temp_dir();
            file.seek(SeekFrom::Start(0)).map_err(WriteError::io(&dir))?;
            let mut piece = vec![0; 16 * BLOCK_BYTES];
            let mut left = self.checksums.len() * BLOCK_BYTES;
            while left > 0 {
                let size = left.min(piece.len());
                file.read_exact(&mut piece[..size]).map_err(WriteError::io(&dir))?;
                sink(&piece[..size])?;
                left -= size;
            }
        }
        sink(&self.block)
    }

    /// Copies all bytes into `out`, which has their length.
    pub(crate) fn read_all(self, out: &mut [u8]) -> Result<(), WriteError> {
        let mut at = 0;
        self.drain(|piece| {
            out[at..at + piece.len()].copy_from_slice(piece);
            at += piece.len();
            Ok(())
        })
    }
}
