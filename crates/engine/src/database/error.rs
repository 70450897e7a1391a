//! What can go wrong with a database, with advice.

use crate::settings::SettingsError;
use hashward_catalogue::{AuditError, CatalogueError};
use hashward_store::{ReadError, WriteError};
use hashward_vault::VaultError;
use std::path::PathBuf;

/// Why a database cannot be opened, verified or changed.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The catalogue.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The audit chain.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// A setting of a list cannot be as it was asked for.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The audit chain does not continue what a checkpoint was made of.
    #[error("the audit chain does not fit the checkpoint: {detail}")]
    Checkpoint {
        /// In what.
        detail: String,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The database is encrypted and no key was given.
    #[error(
        "{}: the database is encrypted; give its key with --key-file or --passphrase-file",
        path.display()
    )]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// A key was given for a database that is not encrypted.
    #[error(
        "{}: the database is not encrypted, though a key was given: either leave the key out, or \
         somebody put another database in its place",
        path.display()
    )]
    NotEncrypted {
        /// The folder.
        path: PathBuf,
    },
    /// The key, or the file that holds the master key.
    #[error("{}: {source}", path.display())]
    Vault {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        source: VaultError,
    },
    /// The folder for a new database holds something.
    #[error("{}: the folder is not empty; choose a new one for the database", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// There is no such list.
    #[error("there is no list `{name}` in the database; {}", lists_there(names))]
    NoSuchList {
        /// The name.
        name: String,
        /// The names that there are.
        names: Vec<String>,
    },
    /// The list is out of use.
    #[error("the list `{name}` is withdrawn; import it again to bring it back")]
    Withdrawn {
        /// Its name.
        name: String,
    },
    /// Detail of a version is gone.
    #[error(
        "the version before version {version} of `{name}` is kept no longer, because the database was compacted; only its counts are known"
    )]
    NoPrevious {
        /// Name of the list.
        name: String,
        /// Its version.
        version: u64,
    },
    /// Parts of the database contradict each other.
    #[error("the parts of the database do not agree: {detail}; restore it from a backup")]
    Disagree {
        /// In what.
        detail: String,
    },
    /// A file operation failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

fn lists_there(names: &[String]) -> String {
    match names {
        [] => "it holds no lists yet".to_owned(),
        names => format!("it holds {}", names.join(", ")),
    }
}
