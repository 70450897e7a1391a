//! A disk that seals what passes through it.

use crate::key::{Vault, random};
use crate::memory;
use crate::names::digest_of;
use crate::seal::{
    CHUNK_BYTES, FileKind, HEADER_BYTES, Header, TAG_BYTES, content_length, invalid, open_all,
};
use crate::spool::SealedSpool;
use hashward_store::{Bytes, ContentDigest, Disk, DiskFile, SpoolFile};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

/// Files up to this size are opened without a look at how much memory there is.
const SMALL: u64 = 16 << 20;
/// Memory that is left to the rest of the program and of the machine.
const RESERVE: u64 = 128 << 20;

impl Vault {
    /// Seals what is written to a disk, and opens what is read from it.
    #[must_use]
    pub fn disk(self, inner: Arc<dyn Disk>) -> Arc<dyn Disk> {
        Arc::new(SealedDisk { vault: Arc::new(self), inner, available: memory::available })
    }
}

#[derive(Debug)]
struct SealedDisk {
    vault: Arc<Vault>,
    inner: Arc<dyn Disk>,
    /// Bytes of memory that can still be had.
    available: fn() -> Option<u64>,
}

/// The catalogue is the one file whose name is not the digest of its content.
fn kind(path: &Path) -> FileKind {
    let catalogue = path.file_stem().is_some_and(|stem| stem == "catalogue");
    if catalogue { FileKind::Catalogue } else { FileKind::Named }
}

impl SealedDisk {
    fn open(&self, path: &Path, stored: &Path) -> io::Result<Bytes> {
        let mut file = File::open(stored)?;
        let length = content_length(file.metadata()?.len())?;
        if length > SMALL
            && let Some(available) = (self.available)()
            && length.saturating_add(RESERVE) > available
        {
            let mebibytes = |bytes: u64| bytes >> 20;
            return Err(io::Error::new(
                io::ErrorKind::OutOfMemory,
                format!(
                    "an encrypted file is opened in memory; this one needs {} MiB beside a reserve of {} MiB, and {} MiB can be had; end other programs, use a machine with more memory, or keep the lists in several databases",
                    mebibytes(length),
                    mebibytes(RESERVE),
                    mebibytes(available)
                ),
            ));
        }
        let mut header = [0; HEADER_BYTES];
        file.read_exact(&mut header)?;
        let header = Header::read(kind(path), header)?;
        let length = usize::try_from(length).map_err(io::Error::other)?;
        let bytes = Bytes::secret(length, |out| open_all(header, &self.vault.files, file, out))?;
        let named = digest_of(path);
        if named.is_some_and(|digest| ContentDigest::of(&bytes).0 != digest) {
            return Err(invalid("the file has the name of another".to_owned()));
        }
        Ok(bytes)
    }
}

impl Disk for SealedDisk {
    fn read(&self, path: &Path) -> io::Result<Bytes> {
        let stored = self.vault.names.stored(path);
        self.open(path, &stored).map_err(|error| {
            let name = stored.file_name().unwrap_or_default().to_string_lossy();
            io::Error::new(error.kind(), format!("{error} (stored as {name})"))
        })
    }

    fn conceals(&self) -> bool {
        true
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.inner.create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = self.inner.create(&self.vault.names.stored(path))?;
        let header = Header::new(kind(path), random().map_err(io::Error::other)?);
        let (vault, chunk) = (Arc::clone(&self.vault), header.bytes().to_vec());
        Ok(Box::new(SealedFile {
            file,
            vault,
            header,
            chunk,
            start: HEADER_BYTES,
            number: Some(0),
        }))
    }

    fn spool(&self, dir: &Path) -> io::Result<Box<dyn SpoolFile>> {
        Ok(Box::new(SealedSpool::new(self.inner.spool(dir)?)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(&self.vault.names.stored(from), &self.vault.names.stored(to))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.inner.sync_dir(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.inner.remove(&self.vault.names.stored(path))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let names = self.inner.list(path)?;
        let mut names: Vec<_> = names.iter().map(|name| self.vault.names.told(name)).collect();
        names.sort_unstable();
        Ok(names)
    }
}

/// A new file; [`DiskFile::sync`] seals its last chunk.
struct SealedFile {
    file: Box<dyn DiskFile>,
    vault: Arc<Vault>,
    header: Header,
    /// What is not yet written: the header until it is, then what is not yet a chunk.
    chunk: Vec<u8>,
    /// Where the chunk begins behind the header.
    start: usize,
    /// The next chunk; `None` once the last one is sealed.
    number: Option<u32>,
}

impl SealedFile {
    fn seal(&mut self, last: bool) -> io::Result<()> {
        let Some(number) = self.number else {
            return Err(io::Error::other(
                "an encrypted file is not written to after it was synced",
            ));
        };
        let mut chunk = self.chunk.split_off(self.start);
        self.header.seal(&self.vault.files, number, last, &mut chunk)?;
        // The header goes with the first chunk, in one write.
        self.chunk.append(&mut chunk);
        self.file.write_all(&self.chunk)?;
        self.chunk.clear();
        self.start = 0;
        let next = number.checked_add(1).ok_or_else(|| io::Error::other("the file is too long"))?;
        self.number = (!last).then_some(next);
        Ok(())
    }
}

impl Write for SealedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.number.is_none() {
            return Err(io::Error::other(
                "an encrypted file is not written to after it was synced",
            ));
        }
        // A full chunk waits until it is known not to be the last.
        if self.chunk.len() - self.start == CHUNK_BYTES && !bytes.is_empty() {
            self.seal(false)?;
        }
        let size = bytes.len().min(CHUNK_BYTES - (self.chunk.len() - self.start));
        self.chunk.extend_from_slice(&bytes[..size]);
        Ok(size)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl DiskFile for SealedFile {
    fn sync(&mut self) -> io::Result<()> {
        if self.number.is_some() {
            self.seal(true)?;
        }
        self.file.sync()
    }
}

const _: () = assert!(CHUNK_BYTES > HEADER_BYTES + TAG_BYTES);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cost, Key};
    use hashward_store::RealDisk;

    fn disk(available: fn() -> Option<u64>) -> SealedDisk {
        let key = Key::file(&[3; 32]).unwrap();
        let vault = Vault::unlock(&Vault::create(&key, Cost::CHEAP).unwrap().1, &key).unwrap();
        SealedDisk { vault: Arc::new(vault), inner: Arc::new(RealDisk), available }
    }

    fn write(disk: &SealedDisk, path: &Path, content: &[u8]) {
        let mut file = disk.create(path).unwrap();
        content.chunks(100_001).for_each(|piece| file.write_all(piece).unwrap());
        file.sync().unwrap();
        assert!(file.write_all(b"x").is_err());
    }

    fn named(folder: &Path, content: &[u8]) -> std::path::PathBuf {
        folder.join(format!("{}.seg", ContentDigest::of(content)))
    }

    #[test]
    fn files_come_back_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(|| None);
        for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 5 * CHUNK_BYTES + 3] {
            let content = vec![7; length];
            let (passing, path) = (folder.path().join("1-2.new"), named(folder.path(), &content));
            write(&disk, &passing, &content);
            disk.rename(&passing, &path).unwrap();
            assert_eq!(&*disk.read(&path).unwrap(), &content[..], "{length}");
            assert_eq!(disk.list(folder.path()).unwrap(), [path.file_name().unwrap()]);
            assert!(!path.exists());
            disk.remove(&path).unwrap();
        }
        let gone = disk.read(&named(folder.path(), b"gone")).unwrap_err();
        assert_eq!(gone.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_file_under_the_name_of_another_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(|| None);
        let (a, b) = (named(folder.path(), b"aaaa"), named(folder.path(), b"bbbb"));
        write(&disk, &a, b"aaaa");
        write(&disk, &b, b"bbbb");
        disk.rename(&a, &b).unwrap();
        let text = disk.read(&b).unwrap_err().to_string();
        assert!(text.starts_with("the file has the name of another (stored as "), "{text}");
        let catalogue = folder.path().join("catalogue.sealed");
        disk.rename(&b, &catalogue).unwrap();
        let text = disk.read(&catalogue).unwrap_err().to_string();
        assert!(text.starts_with("the file is here in the place of another"), "{text}");
        // Half a file has no last chunk.
        let half = named(folder.path(), b"cccc");
        disk.create(&half).unwrap().write_all(b"cccc").unwrap();
        assert!(disk.read(&half).is_err());
    }

    #[test]
    fn more_than_the_memory_holds_is_refused_with_advice() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(|| Some(140 << 20));
        let content = vec![1; 17 << 20];
        let path = named(folder.path(), &content);
        write(&disk, &path, &content);
        let error = disk.read(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::OutOfMemory);
        let text = error.to_string();
        assert!(text.contains("needs 17 MiB") && text.contains("140 MiB can be had"), "{text}");
        let disk = SealedDisk { available: || Some(150 << 20), ..disk };
        assert_eq!(disk.read(&path).unwrap().len(), content.len());
    }
}
