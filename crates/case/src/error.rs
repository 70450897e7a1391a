//! What can go wrong with a case, with advice.

use std::io;
use std::path::PathBuf;

/// Why a case cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaseError {
    /// There is no case in the folder.
    #[error("{}: there is no case here; `hashward scan --case` makes one", path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds something else.
    #[error("{}: the folder holds something that is no case; name another one", path.display())]
    NotACase {
        /// The folder.
        path: PathBuf,
    },
    /// Another process writes to the case.
    #[error("{}: another scan or rematch of this case is running; wait for its end", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// The case was written by another version.
    #[error(
        "{}: the case has format {found}, this program reads {expected}; use the program's \
         version that wrote it",
        path.display()
    )]
    Format {
        /// The folder.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// Ours.
        expected: i64,
    },
    /// The case is damaged.
    #[error("{}: the case is damaged: {detail}; restore it from a backup, or scan into a new case", path.display())]
    Damaged {
        /// The folder.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The files of the case cannot be used.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system reported.
        source: io::Error,
    },
    /// SQLite failed: most often the disk is full.
    #[error("{}: the case cannot be used: {source}", path.display())]
    Sqlite {
        /// The folder.
        path: PathBuf,
        /// What SQLite reported.
        source: rusqlite::Error,
    },
}
