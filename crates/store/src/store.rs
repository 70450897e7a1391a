//! The folder of a database: where its files stand, how new ones get there and old ones go.

use crate::disk::{Disk, DiskFile, RealDisk};
use crate::manifest::{Manifest, SegmentRef};
use crate::{
    BuildOptions, Bytes, ContentDigest, ReadError, SegmentBuilder, WriteError, tombstones,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The folder of a database, for writing.
///
/// Every file is written under a passing name in `tmp/`, brought to the disk, given the SHA-256 of
/// its content as its name, and the name is brought to the disk. A named file is never truncated
/// or written to again. New files do not matter before a manifest names them and the caller makes
/// that manifest current.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
    disk: Arc<dyn Disk>,
}

impl Store {
    /// Makes the folders of a new database; those that are already there stay.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create(dir: &Path) -> Result<Self, WriteError> {
        let store = Self::at(dir);
        store.make_folders()?;
        Ok(store)
    }

    /// The store in a folder, on the system's file system. Looks at nothing, writes nothing.
    #[must_use]
    pub fn at(dir: &Path) -> Self {
        Self::with_disk(dir, RealDisk::shared())
    }

    /// The store in a folder, on a given disk. Looks at nothing, writes nothing.
    #[must_use]
    pub fn with_disk(dir: &Path, disk: Arc<dyn Disk>) -> Self {
        Self { dir: dir.to_owned(), disk }
    }

    /// Makes the folders where they are missing.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn make_folders(&self) -> Result<(), WriteError> {
        for dir in [self.dir.clone(), self.segments_dir(), self.generations_dir(), self.temp_dir()]
        {
            self.disk.create_dir(&dir).map_err(WriteError::io(&dir))?;
        }
        self.disk.sync_dir(&self.dir).map_err(WriteError::io(&self.dir))?;
        // The folder's own name stands in its parent.
        let parent = self.dir.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        match self.disk.sync_dir(parent) {
            // It may be a folder that the user can write to but not read.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            result => result.map_err(WriteError::io(parent)),
        }
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where passing files go; on the file system of the database.
    #[must_use]
    pub fn temp_dir(&self) -> PathBuf {
        self.dir.join("tmp")
    }

    /// Where segments and tombstones stand.
    #[must_use]
    pub fn segments_dir(&self) -> PathBuf {
        self.dir.join("segments")
    }

    /// Where manifests stand.
    #[must_use]
    pub fn generations_dir(&self) -> PathBuf {
        self.dir.join("generations")
    }

    /// The disk that everything is written to.
    #[must_use]
    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// Starts a new segment.
    ///
    /// # Errors
    /// When memory for compression cannot be had.
    pub fn builder(&self, options: BuildOptions) -> Result<SegmentBuilder, WriteError> {
        SegmentBuilder::new(self, options)
    }

    /// Writes which rows of a segment are dead, in ascending order.
    ///
    /// # Errors
    /// When the rows are not ascending rows of the segment, or the system refuses.
    pub fn write_tombstones(
        &self,
        segment: &SegmentRef,
        dead: &[u32],
    ) -> Result<ContentDigest, WriteError> {
        let bytes = tombstones::encode(segment, dead).ok_or(WriteError::Tombstones)?;
        self.publish(&bytes, &self.segments_dir(), "tomb")
    }

    /// Writes a manifest; its digest names the generation.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<ContentDigest, WriteError> {
        self.publish(&manifest.to_bytes(), &self.generations_dir(), "gen")
    }

    fn publish(
        &self,
        bytes: &[u8],
        dir: &Path,
        extension: &str,
    ) -> Result<ContentDigest, WriteError> {
        let mut file = self.new_file()?;
        file.write(bytes)?;
        file.publish(dir, extension)
    }

    pub(crate) fn new_file(&self) -> Result<NewFile, WriteError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let dir = self.temp_dir();
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = dir.join(format!("{}-{number}.new", std::process::id()));
            match self.disk.create(&path) {
                Ok(file) => {
                    return Ok(NewFile {
                        disk: self.disk.clone(),
                        path,
                        file: Some(file),
                        buffer: Vec::new(),
                        digest: Sha256::new(),
                        length: 0,
                    });
                }
                // Left behind by a program of the same number that was killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(WriteError::Io { path, source }),
            }
        }
    }

    /// Removes every file of the store that is not in `keep`, and what interrupted writers left in
    /// `tmp/`. Files that cannot be removed, as an open one on some systems, are left for the next
    /// time. Names that are not the store's are not touched.
    ///
    /// The caller must hold whatever lock keeps other writers out: files that another writer has
    /// written but not yet made current look like left-overs.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn sweep(&self, keep: &Referenced) -> Result<Swept, WriteError> {
        let mut swept = Swept::default();
        let kept = |set: &BTreeSet<ContentDigest>, digest: Option<ContentDigest>| {
            digest.is_none_or(|digest| set.contains(&digest))
        };
        for dir in [self.segments_dir(), self.generations_dir(), self.temp_dir()] {
            for name in self.disk.list(&dir).map_err(WriteError::io(&dir))? {
                let path = dir.join(&name);
                let digest = path
                    .file_stem()
                    .and_then(|stem| stem.to_str())
                    .filter(|stem| !stem.contains(|c: char| c.is_ascii_uppercase()))
                    .and_then(|stem| stem.parse().ok());
                let stays = match path.extension().and_then(|extension| extension.to_str()) {
                    Some("seg") => kept(&keep.segments, digest),
                    Some("tomb") => kept(&keep.tombstones, digest),
                    Some("gen") => kept(&keep.generations, digest),
                    Some("new") => dir != self.temp_dir(),
                    _ => true,
                };
                if !stays {
                    match self.disk.remove(&path) {
                        Ok(()) => swept.removed += 1,
                        Err(_) => swept.kept_back += 1,
                    }
                }
            }
        }
        Ok(swept)
    }
}

/// Files that [`Store::sweep`] must keep.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Referenced {
    /// Manifests.
    pub generations: BTreeSet<ContentDigest>,
    /// Segments.
    pub segments: BTreeSet<ContentDigest>,
    /// Tombstones.
    pub tombstones: BTreeSet<ContentDigest>,
}

impl Referenced {
    /// The given generations and all that they name.
    pub fn by<'a>(generations: impl IntoIterator<Item = (ContentDigest, &'a Manifest)>) -> Self {
        let mut referenced = Self::default();
        for (digest, manifest) in generations {
            referenced.generations.insert(digest);
            for segment in manifest.lists.iter().flat_map(|list| &list.segments) {
                referenced.segments.insert(segment.digest);
                referenced.tombstones.extend(segment.tombstones);
            }
        }
        referenced
    }
}

/// What [`Store::sweep`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files removed.
    pub removed: u64,
    /// Files that should go but could not be removed.
    pub kept_back: u64,
}

/// A file that has no lasting name yet; dropping it removes it.
pub(crate) struct NewFile {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: Option<Box<dyn DiskFile>>,
    buffer: Vec<u8>,
    digest: Sha256,
    length: u64,
}

/// Bytes that are collected before they are written.
const BUFFER: usize = 1 << 20;

impl NewFile {
    pub(crate) const fn len(&self) -> u64 {
        self.length
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.digest.update(bytes);
        self.length += bytes.len() as u64;
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush()?;
        }
        if bytes.len() > BUFFER {
            return self.write_through(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        let buffer = std::mem::take(&mut self.buffer);
        self.write_through(&buffer)?;
        self.buffer = buffer;
        self.buffer.clear();
        Ok(())
    }

    fn write_through(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(bytes).map_err(WriteError::io(&self.path))
    }

    /// Brings the content to the disk, names it by its digest in `dir`, and brings the name there.
    pub(crate) fn publish(
        mut self,
        dir: &Path,
        extension: &str,
    ) -> Result<ContentDigest, WriteError> {
        self.flush()?;
        if let Some(mut file) = self.file.take() {
            // Closed by the end of this block: not every system renames an open file.
            file.sync().map_err(WriteError::io(&self.path))?;
        }
        let digest = ContentDigest(std::mem::take(&mut self.digest).finalize().into());
        let name = dir.join(format!("{digest}.{extension}"));
        // The same content may be there already, and in use. It is replaced only if it is damaged.
        if self.disk.read(&name).is_ok_and(|bytes| ContentDigest::of(&bytes) == digest) {
            let _ = self.disk.remove(&self.path);
        } else {
            self.disk.rename(&self.path, &name).map_err(WriteError::io(&name))?;
        }
        self.path = PathBuf::new();
        self.disk.sync_dir(dir).map_err(WriteError::io(dir))?;
        Ok(digest)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            self.file = None;
            // What cannot be removed now is swept later.
            let _ = self.disk.remove(&self.path);
        }
    }
}

/// Reads a whole file that is named by its digest, and checks that it is.
pub(crate) fn read_named(
    disk: &dyn Disk,
    path: &Path,
    digest: ContentDigest,
) -> Result<Bytes, ReadError> {
    let bytes = disk.read(path).map_err(ReadError::io(path))?;
    if ContentDigest::of(&bytes) != digest {
        return Err(ReadError::Damaged {
            path: path.to_owned(),
            section: "the file".to_owned(),
            offset: 0,
            what: "the content is not that of its name",
        });
    }
    Ok(bytes)
}
