//! Encrypted databases: the file with the master key, and the store on a disk that it unlocks.

use super::{Database, DatabaseError, Draft};
use hashward_store::{Disk, Store, replace_file};
use hashward_vault::{Cost, FILE_NAME, Key, Vault, VaultError};
use std::io;
use std::path::Path;
use std::sync::Arc;

impl Database {
    /// True for the folder of an encrypted database.
    #[must_use]
    pub fn is_encrypted(path: &Path) -> bool {
        path.join(FILE_NAME).exists()
    }

    /// Gives an encrypted database another key. What is encrypted stays as it is: whoever kept the
    /// old key *and* an old copy of `vault.json` can still read it.
    ///
    /// # Errors
    /// As [`Database::open_with`], and [`VaultError::WeakKey`]; the key is then the old one.
    pub fn rekey(path: &Path, old: &Key, new: &Key, cost: Cost) -> Result<(), DatabaseError> {
        let disk: Arc<dyn Disk> = hashward_store::RealDisk::shared();
        let mut database = Self::open_on(path, &disk, Some(old))?;
        let failed = |source| DatabaseError::Vault { path: path.to_owned(), source };
        let draft = Draft::new(&mut database.catalogue, &database.store)?;
        // Somebody else may have changed the key before this had the write lock.
        let locked = read_vault(path, old)?.locked(new, cost).map_err(failed)?;
        let manifest = draft.current(&database.generation)?.manifest().clone();
        // It goes on record first: after a failure the old key is still the key. The lock is held
        // until the key is the new one, so that two changes of it are in the order of the record.
        let details = serde_json::json!({});
        let (digest, lock) = draft.publish_and_hold("rekey", None, details, manifest, &[], &[])?;
        write_vault(path, &disk, &locked)?;
        drop(lock);
        database.advance(digest)
    }
}

/// Makes the file with a new master key in the folder of a store, and the store encrypted.
pub(super) fn create(store: &Store, key: &Key, cost: Cost) -> Result<Store, DatabaseError> {
    let failed = |source| DatabaseError::Vault { path: store.dir().to_owned(), source };
    let (vault, file) = Vault::create(key, cost).map_err(failed)?;
    write_vault(store.dir(), store.disk(), &file)?;
    Ok(Store::with_disk(store.dir(), vault.disk(Arc::clone(store.disk()))))
}

/// The store in a folder, unlocked where it is encrypted.
pub(super) fn unlock(
    path: &Path,
    disk: &Arc<dyn Disk>,
    key: Option<&Key>,
) -> Result<Store, DatabaseError> {
    let disk = match (Database::is_encrypted(path), key) {
        (false, None) => Arc::clone(disk),
        (true, Some(key)) => read_vault(path, key)?.disk(Arc::clone(disk)),
        (true, None) => return Err(DatabaseError::Locked { path: path.to_owned() }),
        (false, Some(_)) => return Err(DatabaseError::NotEncrypted { path: path.to_owned() }),
    };
    Ok(Store::with_disk(path, disk))
}

fn read_vault(path: &Path, key: &Key) -> Result<Vault, DatabaseError> {
    let file = path.join(FILE_NAME);
    // Its content is a few hundred bytes.
    let bytes = std::fs::File::open(&file).and_then(|file| {
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(file, 64 << 10), &mut bytes)?;
        Ok(bytes)
    });
    let bytes = bytes.map_err(|source| DatabaseError::Io { path: file, source })?;
    let failed = |source: VaultError| DatabaseError::Vault { path: path.to_owned(), source };
    Vault::unlock(&bytes, key).map_err(failed)
}

fn write_vault(folder: &Path, disk: &Arc<dyn Disk>, content: &[u8]) -> Result<(), DatabaseError> {
    let path = folder.join(FILE_NAME);
    let passing = folder.join("tmp").join("vault.new");
    replace_file(&**disk, &passing, &path, content)
        .map_err(|source| DatabaseError::Io { path, source })
}
