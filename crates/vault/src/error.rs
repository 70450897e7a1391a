//! What can go wrong with keys, with advice.

/// Why a vault cannot be made or opened. None of the texts holds a key.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key does not open the vault.
    #[error(
        "this is not the key of the database; an encrypted database cannot be read without its own"
    )]
    WrongKey,
    /// The vault takes the other sort of key.
    #[error("the database is locked with a {wanted}, not with a {given}")]
    OtherKey {
        /// What it takes.
        wanted: &'static str,
        /// What was given.
        given: &'static str,
    },
    /// A key that nobody should use.
    #[error("{what}")]
    WeakKey {
        /// What is wrong with it, and what to do.
        what: &'static str,
    },
    /// The file with the master key is not one.
    #[error(
        "`{}` is damaged ({detail}); restore it from a backup: without it nobody can read the database",
        crate::FILE_NAME
    )]
    Damaged {
        /// In what.
        detail: String,
    },
    /// The file with the master key is of another format.
    #[error(
        "`{}` has format {found}, this program reads {}; use the program's version that wrote it",
        crate::FILE_NAME,
        crate::key::FORMAT
    )]
    Format {
        /// Its format.
        found: u32,
    },
    /// The system gave no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
    /// The passphrase could not be turned into a key.
    #[error("the key cannot be computed: {0}; it needs as much memory as the vault says")]
    Derivation(String),
}
