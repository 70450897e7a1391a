//! Something that can be read at any offset, and the plainest such thing.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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

impl<T: ReadAt + ?Sized> ReadAt for &T {
    fn len(&self) -> u64 {
        (**self).len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        (**self).read_at(buf, offset)
    }

    fn changed(&self) -> io::Result<bool> {
        (**self).changed()
    }
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

/// The state of a file: whoever writes to it or replaces it changes this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Length in bytes.
    pub size: u64,
    /// Number of the file in its file system (the inode); 0 where the system has none.
    pub file: u64,
    /// Time of the last change of its content, in nanoseconds since 1970.
    pub modified: i128,
    /// Time of the last change of its content or its names, which no user can set; the same as
    /// `modified` where the system has none.
    pub changed: i128,
}

/// Clocks of file systems are coarse: a file may change twice within this without showing it.
const COARSE: Duration = Duration::from_secs(2);

impl Stamp {
    /// True when a change from now on is sure to give another stamp, because the last one is long
    /// enough ago.
    #[must_use]
    pub fn is_settled(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.changed.saturating_add(COARSE.as_nanos() as i128) < now.as_nanos() as i128
    }

    /// The stamp as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 48] {
        let mut bytes = [0; 48];
        bytes[..8].copy_from_slice(&self.size.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.file.to_le_bytes());
        bytes[16..32].copy_from_slice(&self.modified.to_le_bytes());
        bytes[32..].copy_from_slice(&self.changed.to_le_bytes());
        bytes
    }

    /// Reads back what [`Stamp::to_bytes`] gave.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 48] = bytes.try_into().ok()?;
        let part = |start: usize| std::array::from_fn(|i| bytes[start + i]);
        let long = |start: usize| std::array::from_fn(|i| bytes[start + i]);
        Some(Self {
            size: u64::from_le_bytes(part(0)),
            file: u64::from_le_bytes(part(8)),
            modified: i128::from_le_bytes(long(16)),
            changed: i128::from_le_bytes(long(32)),
        })
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
    fn stamps_come_back_and_settle_with_time() {
        let second = 1_000_000_000;
        let stamp = Stamp { size: 1, file: 2, modified: -3, changed: 100 * second };
        assert_eq!(Stamp::from_bytes(&stamp.to_bytes()), Some(stamp));
        assert_eq!(Stamp::from_bytes(&[0; 47]), None);
        assert!(!stamp.is_settled(UNIX_EPOCH + Duration::from_secs(102)));
        assert!(stamp.is_settled(UNIX_EPOCH + Duration::from_secs(103)));
    }

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
