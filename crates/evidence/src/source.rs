//! Something that can be read at any offset, and the plainest such thing.

use std::io;

/// Bytes that can be read at any offset, from several threads.
pub trait ReadAt: Send + Sync {
    /// Length in bytes when the source was opened.
    fn len(&self) -> u64;

    /// True for a source without bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads up to `buf.len()` bytes from `offset`; 0 means that nothing lies there.
    ///
    /// # Errors
    /// What the system reports.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// True when the source is no longer what was opened, so that what was read may be a mixture.
    ///
    /// # Errors
    /// What the system reports.
    fn changed(&self) -> io::Result<bool>;
}

impl ReadAt for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|start| self.get(start..)).unwrap_or(&[]);
        let count = rest.len().min(buf.len());
        buf[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn changed(&self) -> io::Result<bool> {
        Ok(false)
    }
}

/// Bytes in memory as a source.
#[derive(Debug, Clone, Default)]
pub struct MemorySource(pub Vec<u8>);

impl ReadAt for MemorySource {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.as_slice().read_at(buf, offset)
    }

    fn changed(&self) -> io::Result<bool> {
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_inside_across_and_behind_the_end() {
        let source = MemorySource(b"abcdef".to_vec());
        let mut buf = [0; 4];
        assert_eq!(source.read_at(&mut buf, 1).unwrap(), 4);
        assert_eq!(&buf, b"bcde");
        assert_eq!(source.read_at(&mut buf, 4).unwrap(), 2);
        assert_eq!(source.read_at(&mut buf, 6).unwrap(), 0);
        assert_eq!(source.read_at(&mut buf, u64::MAX).unwrap(), 0);
        assert_eq!(source.len(), 6);
    }
}
