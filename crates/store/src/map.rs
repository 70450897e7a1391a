//! The bytes of a file: mapped into memory, or read where a map is not worth it or not possible.
//!
//! The only module of this crate with unsafe code.

use memmap2::Mmap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Files up to this size are read: a map costs a page table entry and a whole page each, and a
/// database may have thousands of small segments.
const READ_UP_TO: u64 = 64 * 1024;

/// Bytes that stay the same for as long as they are held.
#[derive(Debug)]
pub(crate) enum Bytes {
    Mapped(Mmap),
    Memory(Vec<u8>),
}

impl Bytes {
    /// The content of a file that is never written to again.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        if length > READ_UP_TO {
            // SAFETY: the map is of a file that was complete before it got its name, and that no
            // program of ours truncates or writes to afterwards (new content gets a new name), so
            // the bytes do not change under the map. Somebody else may still do so with the rights
            // of the user: reads are then of changed bytes or end in SIGBUS, as the front page of
            // this crate says; every use of the bytes is bounds-checked and assumes nothing of them.
            if let Ok(map) = unsafe { Mmap::map(&file) } {
                // Most of a segment is never asked for in a look-up: without this the system reads
                // megabytes around every page. It is a hint, so it may fail.
                #[cfg(unix)]
                let _ = map.advise(memmap2::Advice::Random);
                return Ok(Self::Mapped(map));
            }
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(Self::Memory(bytes))
    }

    /// Asks for bytes that are about to be read one after the other. Any range will do.
    pub(crate) fn will_read(&self, bytes: std::ops::Range<usize>) {
        #[cfg(unix)]
        if let Self::Mapped(map) = self {
            let _ = map.advise_range(memmap2::Advice::WillNeed, bytes.start, bytes.len());
        }
        #[cfg(not(unix))]
        let _ = bytes;
    }

    /// Says that from now on all of it is in use.
    pub(crate) fn in_use(&self) {
        #[cfg(unix)]
        if let Self::Mapped(map) = self {
            let _ = map.advise(memmap2::Advice::Normal);
        }
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Memory(bytes) => bytes,
        }
    }
}
