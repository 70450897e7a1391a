//! What can be wrong with keys and signatures, with advice.

/// Why a key cannot be used or a signature does not hold. Never holds any part of a key.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// A text holds no public key that can be used.
    #[error(
        "this is no public key of Ed25519; give the .pub file of minisign, or one line `ssh-ed25519 …`"
    )]
    PublicKey,
    /// A text is no secret key that can be used.
    #[error(
        "this is no secret key of Ed25519; make one with `minisign -G` or `ssh-keygen -t ed25519`"
    )]
    SecretKey,
    /// The secret key is encrypted and no passphrase was given.
    #[error("the secret key is encrypted; give its passphrase with --passphrase-file")]
    Encrypted,
    /// The passphrase is wrong.
    #[error("the passphrase does not open the secret key")]
    Passphrase,
    /// A text is no signature.
    #[error("this is no signature of minisign or `ssh-keygen -Y sign`")]
    Format,
    /// The signature is of a kind that cannot be checked.
    #[error("the signature {what}")]
    Unsupported {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The signature is of a key that was not named as trusted.
    #[error("the signature is by another key than the trusted ones")]
    UnknownKey,
    /// The signature does not belong to these bytes.
    #[error("the signature does not hold: what was signed is not what is here")]
    Wrong,
    /// The text is no checkpoint.
    #[error("this is no checkpoint of an audit log: {what}")]
    Note {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The name of a key in a checkpoint cannot be used.
    #[error("the name of a key must have 1 to 100 characters without spaces and +")]
    KeyName,
    /// What is to be signed cannot be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
