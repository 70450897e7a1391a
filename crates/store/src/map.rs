//! The bytes of a file: mapped into memory, or read where a map is not worth it or not possible, or
//! made of what the file holds.
//!
//! The only module of this crate with unsafe code.

use memmap2::{Mmap, MmapMut};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Files up to this size are read: a map costs a page table entry and a whole page each, and a
/// database may have thousands of small segments.
const READ_UP_TO: u64 = 64 * 1024;

/// Bytes that stay the same for as long as they are held.
pub struct Bytes(Held);

enum Held {
    Mapped(Mmap),
    Memory(Vec<u8>),
    /// Memory of no file.
    Secret(Mmap),
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bytes({})", self.len())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Held::Memory(bytes))
    }
}

impl Bytes {
    /// `length` bytes that must not reach a disk, as `fill` writes them into zeros. They stand in
    /// memory of no file, which is neither swapped out nor part of a core dump where the system
    /// grants that: Linux locks as much as `ulimit -l` says.
    ///
    /// # Errors
    /// When there is not so much memory, or what `fill` says.
    pub fn secret(
        length: usize,
        fill: impl FnOnce(&mut [u8]) -> io::Result<()>,
    ) -> io::Result<Self> {
        if length == 0 {
            fill(&mut [])?;
            return Ok(Vec::new().into());
        }
        let mut map = MmapMut::map_anon(length)?;
        // Before locking, which makes all of it present.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        #[cfg(unix)]
        let _ = map.lock();
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::DontDump);
        fill(&mut map)?;
        Ok(Self(Held::Secret(map.make_read_only()?)))
    }

    /// The content of a file that is never written to again.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
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
                return Ok(Self(Held::Mapped(map)));
            }
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes.into())
    }

    /// Asks for bytes that are about to be read one after the other. Any range will do.
    pub(crate) fn will_read(&self, bytes: std::ops::Range<usize>) {
        #[cfg(unix)]
        if let Held::Mapped(map) = &self.0 {
            let _ = map.advise_range(memmap2::Advice::WillNeed, bytes.start, bytes.len());
        }
        #[cfg(not(unix))]
        let _ = bytes;
    }

    /// Says that all of it is about to be read and then in use. Of what is not in memory yet, Linux
    /// then reads huge pages where the file system has them (ext4 and XFS from 6.16 on): a search is
    /// all over the tables, and a page of 2 MiB needs one address translation instead of 512.
    pub(crate) fn in_use(&self) {
        #[cfg(unix)]
        if let Held::Mapped(map) = &self.0 {
            let _ = map.advise(memmap2::Advice::Normal);
            #[cfg(target_os = "linux")]
            let _ = map.advise(memmap2::Advice::HugePage);
        }
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Held::Mapped(map) | Held::Secret(map) => map,
            Held::Memory(bytes) => bytes,
        }
    }
}
