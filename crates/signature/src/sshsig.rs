//! Signatures of `ssh-keygen -Y sign`: PROTOCOL.sshsig of OpenSSH.

use crate::file::Hashing;
use crate::{PublicKey, SecretKey, SignatureError};
use ssh_key::{Algorithm, HashAlg, LineEnding, SshSig};
use std::io::Read;

/// What the signature is for; `ssh-keygen -Y` demands the same on both sides.
pub(crate) const NAMESPACE: &str = "file";

/// A signature of ssh-keygen.
pub(crate) struct Sshsig {
    pub(crate) key: [u8; 32],
    pub(crate) hash: HashAlg,
    signature: [u8; 64],
}

impl Sshsig {
    pub(crate) fn parse(text: &str) -> Result<Self, SignatureError> {
        let parsed = SshSig::from_pem(text.trim()).map_err(|_| SignatureError::Format)?;
        let unsupported = |what| SignatureError::Unsupported { what };
        if parsed.namespace() != NAMESPACE {
            return Err(unsupported(
                "is for another purpose; sign with `ssh-keygen -Y sign -n file`",
            ));
        }
        let key = parsed.public_key().ed25519().map(|key| key.0);
        let key = key.ok_or(unsupported("is of another kind of key than Ed25519"))?;
        let signature = parsed.signature_bytes().try_into().map_err(|_| SignatureError::Format)?;
        Ok(Self { key, hash: parsed.hash_alg(), signature })
    }

    /// Does the signature hold for a file with the digest?
    pub(crate) fn holds(&self, key: &PublicKey, digest: &[u8]) -> bool {
        key.verify(&signed(self.hash, digest), &self.signature)
    }
}

pub(crate) fn sign(key: &SecretKey, mut file: impl Read) -> Result<String, SignatureError> {
    let mut hashing = Hashing::ssh(HashAlg::Sha512)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            length => hashing.update(&buffer[..length]),
        }
    }
    let signature = key.sign(&signed(HashAlg::Sha512, &hashing.finish())).to_vec();
    let format = |_| SignatureError::Format;
    let signature = ssh_key::Signature::new(Algorithm::Ed25519, signature).map_err(format)?;
    let public = ssh_key::public::Ed25519PublicKey(key.public().bytes);
    let signed = SshSig::new(public.into(), NAMESPACE, HashAlg::Sha512, signature);
    signed.and_then(|signed| signed.to_pem(LineEnding::LF)).map_err(format)
}

/// What is signed in place of the file.
fn signed(hash: HashAlg, digest: &[u8]) -> Vec<u8> {
    let mut message = b"SSHSIG".to_vec();
    for part in [NAMESPACE.as_bytes(), b"", hash.as_str().as_bytes(), digest] {
        push(&mut message, part);
    }
    message
}

/// Adds a string of the SSH protocol: its length in four bytes, then it.
pub(crate) fn push(message: &mut Vec<u8>, part: &[u8]) {
    message.extend((part.len() as u32).to_be_bytes());
    message.extend(part);
}
