//! Checking the signature of a file while it is read.

use crate::minisig::Minisig;
use crate::sshsig::Sshsig;
use crate::{PublicKey, SignatureError};
use blake2::Blake2b512;
use sha2::{Digest, Sha256, Sha512};
use ssh_key::HashAlg;

/// The check of one file against its signature.
pub struct FileCheck {
    signature: Parsed,
    key: PublicKey,
    hashing: Hashing,
}

enum Parsed {
    Minisign(Minisig),
    Ssh(Sshsig),
}

impl FileCheck {
    /// Begins a check: the signature, and the keys of which one must have made it.
    ///
    /// # Errors
    /// [`SignatureError`] when it is no signature, or by another key.
    pub fn new(signature: &[u8], trusted: &[PublicKey]) -> Result<Self, SignatureError> {
        let text = std::str::from_utf8(signature).map_err(|_| SignatureError::Format)?;
        let find = |is: &dyn Fn(&PublicKey) -> bool| {
            trusted.iter().copied().find(is).ok_or(SignatureError::UnknownKey)
        };
        if text.trim_start().starts_with("-----BEGIN SSH SIGNATURE-----") {
            let signature = Sshsig::parse(text)?;
            let key = find(&|key| key.bytes == signature.key)?;
            let hashing = Hashing::ssh(signature.hash)?;
            return Ok(Self { signature: Parsed::Ssh(signature), key, hashing });
        }
        let signature = Minisig::parse(text)?;
        let key = find(&|key| key.number == Some(signature.number))?;
        let hashing = Hashing::Blake2b(Blake2b512::new());
        Ok(Self { signature: Parsed::Minisign(signature), key, hashing })
    }

    /// The next bytes of the file.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hashing.update(bytes);
    }

    /// Ends the check; returns the key that has signed the file.
    ///
    /// # Errors
    /// [`SignatureError::Wrong`] when the signature is of other bytes.
    pub fn finish(self) -> Result<PublicKey, SignatureError> {
        let digest = self.hashing.finish();
        let holds = match &self.signature {
            Parsed::Minisign(signature) => signature.holds(&self.key, &digest),
            Parsed::Ssh(signature) => signature.holds(&self.key, &digest),
        };
        if holds { Ok(self.key) } else { Err(SignatureError::Wrong) }
    }
}

/// The digest that a signature signs in place of the file.
pub(crate) enum Hashing {
    Blake2b(Blake2b512),
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hashing {
    pub(crate) fn ssh(hash: HashAlg) -> Result<Self, SignatureError> {
        match hash {
            HashAlg::Sha256 => Ok(Self::Sha256(Sha256::new())),
            HashAlg::Sha512 => Ok(Self::Sha512(Sha512::new())),
            _ => Err(SignatureError::Format),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Blake2b(state) => state.update(bytes),
            Self::Sha256(state) => state.update(bytes),
            Self::Sha512(state) => state.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        match self {
            Self::Blake2b(state) => state.finalize().to_vec(),
            Self::Sha256(state) => state.finalize().to_vec(),
            Self::Sha512(state) => state.finalize().to_vec(),
        }
    }
}
