//! The database of known material: opening it, and the change that makes a new state current.

mod audit;
mod commit;
mod diff;
mod encrypted;
mod error;
mod info;
mod maintain;
mod verify;

use commit::keep_private;
pub(crate) use commit::{Draft, ListChange, NewVersion, kind_name};
pub use diff::{DiffEntry, EntryChange, ListDiff};
pub use error::DatabaseError;
pub use hashward_catalogue::VersionState;
pub use hashward_vault::{Cost, Key, VaultError};
pub use info::{DatabaseInfo, ListInfo, VersionInfo};
pub use maintain::{CompactReport, ReleaseSummary, SetSummary, WithdrawSummary};
pub use verify::VerifyReport;

use hashward_catalogue::{AUDIT_FOLDER, Catalogue, CatalogueError, FILE_NAME, SEALED_FILE_NAME};
use hashward_store::{ContentDigest, Disk, Generation, Manifest, ReadError, RealDisk, Store};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Queries only. Nothing is written into the folder, whatever the medium.
    ReadOnly,
    /// Imports and other changes as well. What interrupted changes left behind is removed.
    ReadWrite,
}

/// An open database. It is not shared between threads: hand them [`Database::generation`].
#[derive(Debug)]
pub struct Database {
    folder: PathBuf,
    pub(crate) catalogue: Catalogue,
    pub(crate) store: Store,
    pub(crate) generation: Arc<Generation>,
}

impl Database {
    /// Makes a database in a folder that does not exist yet or is empty. Only its owner may enter
    /// the folder, where the system can say so.
    ///
    /// # Errors
    /// [`DatabaseError`] when the folder holds something or cannot be written.
    pub fn create(path: &Path) -> Result<Self, DatabaseError> {
        Self::create_on(path, &RealDisk::shared(), None)
    }

    /// Makes an encrypted database, which nobody can read without its key.
    ///
    /// # Errors
    /// As [`Database::create`], and [`DatabaseError::Vault`] for a key that is too weak.
    pub fn create_encrypted(path: &Path, key: &Key) -> Result<Self, DatabaseError> {
        Self::create_on(path, &RealDisk::shared(), Some((key, Cost::default())))
    }

    /// As [`Database::create`], on a given disk; with a key, and what it costs to try one, an
    /// encrypted database.
    ///
    /// # Errors
    /// As [`Database::create_encrypted`].
    pub fn create_on(
        path: &Path,
        disk: &Arc<dyn Disk>,
        key: Option<(&Key, Cost)>,
    ) -> Result<Self, DatabaseError> {
        let io = |source| DatabaseError::Io { path: path.to_owned(), source };
        match fs::read_dir(path).map(|mut entries| entries.next().is_some()) {
            Ok(true) => {
                let names = [FILE_NAME, SEALED_FILE_NAME];
                return Err(if names.iter().any(|name| path.join(name).exists()) {
                    CatalogueError::Exists { path: path.to_owned() }.into()
                } else {
                    DatabaseError::NotEmpty { path: path.to_owned() }
                });
            }
            Ok(false) => keep_private(path).map_err(io)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                disk.create_dir(path).map_err(io)?;
            }
            Err(source) => return Err(io(source)),
        }
        let mut store = Store::with_disk(path, Arc::clone(disk));
        store.make_folders()?;
        if let Some((key, cost)) = key {
            store = encrypted::create(&store, key, cost)?;
        }
        store.disk().create_dir(&path.join(AUDIT_FOLDER)).map_err(io)?;
        let mut catalogue = Catalogue::create(path, store.disk())?;
        let manifest = Manifest::empty();
        let digest = Draft::new(&mut catalogue, &store)?.publish(
            "create",
            None,
            serde_json::json!({ "database": audit::database_name() }),
            manifest,
            &[],
            &[],
        )?;
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            store.disk().sync_dir(parent).map_err(io)?;
        }
        store.disk().sync_dir(path).map_err(io)?;
        let generation = Arc::new(Generation::open_in(&store, digest)?);
        catalogue.checkpoint();
        Ok(Self { folder: path.to_owned(), catalogue, store, generation })
    }

    /// Opens a database.
    ///
    /// # Errors
    /// [`DatabaseError`] when there is none, it is damaged, or it cannot be written but shall be.
    pub fn open(path: &Path, access: Access) -> Result<Self, DatabaseError> {
        Self::open_with(path, access, None)
    }

    /// Opens a database that may be encrypted.
    ///
    /// # Errors
    /// As [`Database::open`]; [`DatabaseError::Locked`] when it is encrypted and no key is given,
    /// [`DatabaseError::NotEncrypted`] when one is given and it is not, [`DatabaseError::Vault`]
    /// when the key is another.
    pub fn open_with(
        path: &Path,
        access: Access,
        key: Option<&Key>,
    ) -> Result<Self, DatabaseError> {
        match access {
            Access::ReadOnly => Self::open_for_reading(path, key),
            Access::ReadWrite => Self::open_on(path, &RealDisk::shared(), key),
        }
    }

    /// As [`Database::open_with`] for reading and writing, on a given disk.
    ///
    /// # Errors
    /// As [`Database::open_with`].
    pub fn open_on(
        path: &Path,
        disk: &Arc<dyn Disk>,
        key: Option<&Key>,
    ) -> Result<Self, DatabaseError> {
        let store = encrypted::unlock(path, disk, key)?;
        let catalogue = Catalogue::open_for_writing(path, store.disk())?;
        let digest = parse_digest(&catalogue.state()?.generation)?;
        let generation = Arc::new(Generation::open_in(&store, digest)?);
        let mut database = Self { folder: path.to_owned(), catalogue, store, generation };
        database.sweep()?;
        database.sweep_audit()?;
        Ok(database)
    }

    fn open_for_reading(path: &Path, key: Option<&Key>) -> Result<Self, DatabaseError> {
        let store = encrypted::unlock(path, &RealDisk::shared(), key)?;
        let mut failed: Option<(ContentDigest, ReadError)> = None;
        loop {
            let catalogue = Catalogue::open_for_reading(path, store.disk())?;
            let digest = parse_digest(&catalogue.state()?.generation)?;
            // An import may end between the two steps and sweep what was current before.
            if let Some((_, error)) = failed.take_if(|(tried, _)| *tried == digest) {
                return Err(error.into());
            }
            match Generation::open_in(&store, digest) {
                Ok(generation) => {
                    let generation = Arc::new(generation);
                    return Ok(Self { folder: path.to_owned(), catalogue, store, generation });
                }
                Err(ReadError::Io { path, source }) if source.kind() == io::ErrorKind::NotFound => {
                    failed = Some((digest, ReadError::Io { path, source }));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// The generation that answers queries. Call [`Generation::verify`] before an answer matters.
    #[must_use]
    pub fn generation(&self) -> Arc<Generation> {
        Arc::clone(&self.generation)
    }

    /// The names of all lists, for advice in messages.
    pub(crate) fn no_such_list(&self, name: &str) -> DatabaseError {
        let names = self.catalogue.lists().unwrap_or_default();
        let names = names.into_iter().map(|list| list.name).collect();
        DatabaseError::NoSuchList { name: name.to_owned(), names }
    }
}

/// Reads a digest that the catalogue holds.
pub(crate) fn parse_digest(text: &str) -> Result<ContentDigest, DatabaseError> {
    text.parse().map_err(|_| DatabaseError::Disagree {
        detail: "the catalogue holds a digest that is none".to_owned(),
    })
}
