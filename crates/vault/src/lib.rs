//! Encryption at rest: whoever has the folder of a database, or its disk, but not its key, learns
//! how many files of which sort there are, how long they are and when they changed, and by which
//! sort of key they are locked; nothing else.
//!
//! A random master key encrypts the files. It stands in a small file beside them ([`FILE_NAME`]),
//! encrypted by a key that is made of a passphrase (Argon2id) or of a key file, so that either can
//! be changed without encrypting the files again. [`Vault::disk`] puts the encryption under a
//! store: what passes through that disk is sealed on its way to the medium and opened into memory
//! of no file on its way back.
//!
//! ```
//! use hashward_store::{Disk, RealDisk};
//! use hashward_vault::{Cost, Key, Vault};
//! use std::sync::Arc;
//! let folder = tempfile::tempdir()?;
//! let key = Key::passphrase("correct horse battery staple")?;
//! let (vault, file) = Vault::create(&key, Cost::CHEAP)?; // `Cost::default()` where it matters
//! let disk = vault.disk(Arc::new(RealDisk));
//! let path = folder.path().join("catalogue.sealed");
//! let mut new = disk.create(&path)?;
//! new.write_all(b"what nobody else may read")?;
//! new.sync()?;
//! assert!(!std::fs::read(&path)?.windows(6).any(|bytes| bytes == b"nobody"));
//! assert_eq!(&*disk.read(&path)?, b"what nobody else may read");
//! let again = Vault::unlock(&file, &key)?.disk(Arc::new(RealDisk));
//! assert_eq!(&*again.read(&path)?, b"what nobody else may read");
//! assert!(Vault::unlock(&file, &Key::passphrase("something else")?).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Guarantees:** a file that was changed in any bit, cut short, put together from others or given
//! another's name is refused when it is read; keys are wiped when they are dropped.
//! **Does not:** hide lengths, numbers and times of files; notice that a file which may change (the
//! catalogue, and the file with the master key) was put back to an older state as a whole; protect
//! what is in memory against somebody with the rights of the user.
#![forbid(unsafe_code)]

mod disk;
mod error;
mod key;
mod memory;
mod names;
mod seal;
mod spool;

pub use error::VaultError;
pub use key::{Cost, FILE_NAME, Key, Vault};
pub use seal::{CHUNK_BYTES, HEADER_BYTES, MAGIC, TAG_BYTES, VERSION};
