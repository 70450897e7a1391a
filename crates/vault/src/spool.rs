//! Passing files without a name, under a key that nobody keeps.

use crate::key::{cipher, random};
use crate::seal::{CHUNK_BYTES, FileKind, Header, TAG_BYTES};
use chacha20poly1305::XChaCha20Poly1305;
use hashward_store::SpoolFile;
use std::io::{self, Read, Seek, SeekFrom, Write};
use zeroize::Zeroizing;

/// Written from its beginning to its end, then read likewise, as often as it is wanted.
pub(crate) struct SealedSpool {
    inner: Box<dyn SpoolFile>,
    cipher: XChaCha20Poly1305,
    header: Header,
    /// Written: what is not yet a chunk. Read: the open chunk.
    chunk: Vec<u8>,
    /// Where in the open chunk reading stands.
    at: usize,
    /// The next chunk.
    number: u32,
    /// Bytes of the content.
    length: u64,
    reading: bool,
}

impl SealedSpool {
    pub(crate) fn new(inner: Box<dyn SpoolFile>) -> io::Result<Self> {
        let key = Zeroizing::new(random::<32>().map_err(io::Error::other)?);
        // The key is this file's alone, so the prefix of its nonces need not be.
        let header = Header::new(FileKind::Spool, [0; 19]);
        let (cipher, chunk) = (cipher(&key), Vec::new());
        Ok(Self { inner, cipher, header, chunk, at: 0, number: 0, length: 0, reading: false })
    }

    fn seal(&mut self, last: bool) -> io::Result<()> {
        self.header.seal(&self.cipher, self.number, last, &mut self.chunk)?;
        self.inner.write_all(&self.chunk)?;
        self.chunk.clear();
        self.number = self.number.checked_add(1).ok_or_else(|| io::Error::other("too long"))?;
        Ok(())
    }

    /// Opens the next chunk; false behind the last.
    fn advance(&mut self) -> io::Result<bool> {
        let before = u64::from(self.number) * CHUNK_BYTES as u64;
        let size = self.length.saturating_sub(before).min(CHUNK_BYTES as u64) as usize;
        if size == 0 {
            return Ok(false);
        }
        let mut sealed = vec![0; size + TAG_BYTES];
        self.inner.read_exact(&mut sealed)?;
        self.chunk.resize(size, 0);
        let last = before + size as u64 == self.length;
        self.header.open(&self.cipher, self.number, last, &sealed, &mut self.chunk)?;
        (self.number, self.at) = (self.number + 1, 0);
        Ok(true)
    }
}

impl Write for SealedSpool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.reading {
            return Err(io::Error::other("an encrypted passing file is written before it is read"));
        }
        // A full chunk waits until it is known not to be the last.
        if self.chunk.len() == CHUNK_BYTES && !bytes.is_empty() {
            self.seal(false)?;
        }
        let size = bytes.len().min(CHUNK_BYTES - self.chunk.len());
        self.chunk.reserve_exact(CHUNK_BYTES + TAG_BYTES - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..size]);
        self.length += size as u64;
        Ok(size)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for SealedSpool {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if to != SeekFrom::Start(0) {
            return Err(io::Error::other("an encrypted passing file is read from its beginning"));
        }
        if !self.reading && !self.chunk.is_empty() {
            self.seal(true)?;
        }
        self.inner.seek(to)?;
        // Many files may wait to be read; none keeps a buffer meanwhile.
        (self.chunk, self.at, self.number, self.reading) = (Vec::new(), 0, 0, true);
        Ok(0)
    }
}

impl Read for SealedSpool {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !self.reading {
            return Err(io::Error::other("an encrypted passing file is read from its beginning"));
        }
        if self.at == self.chunk.len() && !self.advance()? {
            return Ok(0);
        }
        let size = out.len().min(self.chunk.len() - self.at);
        out[..size].copy_from_slice(&self.chunk[self.at..self.at + size]);
        self.at += size;
        Ok(size)
    }
}

impl SpoolFile for SealedSpool {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 9] {
            let content: Vec<u8> = (0..length).map(|at| (at * 7 % 253) as u8).collect();
            let mut file = SealedSpool::new(Box::new(tempfile::tempfile().unwrap())).unwrap();
            for piece in content.chunks(10_007) {
                file.write_all(piece).unwrap();
            }
            for _ in 0..2 {
                file.seek(SeekFrom::Start(0)).unwrap();
                let mut read = Vec::new();
                file.read_to_end(&mut read).unwrap();
                assert!(read == content, "{length}");
            }
            assert!(file.write_all(b"more").is_err());
        }
    }

    #[test]
    fn the_medium_sees_nothing_and_its_changes_are_noticed() {
        let medium = tempfile::NamedTempFile::new().unwrap();
        let inner = medium.reopen().unwrap();
        let mut file = SealedSpool::new(Box::new(inner)).unwrap();
        file.write_all(&b"a name of a list ".repeat(10_000)).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let mut stored = std::fs::read(medium.path()).unwrap();
        assert!(stored.len() > 170_000 && !stored.windows(6).any(|bytes| bytes == b"a name"));
        stored[70_000] ^= 1;
        std::fs::write(medium.path(), stored).unwrap();
        let error = file.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
