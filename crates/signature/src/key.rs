//! Keys, in the text forms of minisign and OpenSSH.

use crate::{SignatureError, minisig, sshsig};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use std::io::Read;

/// Whose form a signature has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureFormat {
    /// minisign's, usually `FILE.minisig`.
    Minisign,
    /// That of `ssh-keygen -Y sign`, usually `FILE.sig`.
    Ssh,
}

impl SignatureFormat {
    /// What the format adds to the name of a file, with the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Minisign => ".minisig",
            Self::Ssh => ".sig",
        }
    }
}

/// A public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    pub(crate) bytes: [u8; 32],
    /// The number by which minisign knows the key; keys of OpenSSH have none.
    pub(crate) number: Option<[u8; 8]>,
}

impl PublicKey {
    /// Reads all keys of a text: a `.pub` file of minisign or OpenSSH, or a file of allowed signers.
    ///
    /// # Errors
    /// [`SignatureError::PublicKey`] when there is none, or something else stands there.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, SignatureError> {
        let lines = text.lines().map(str::trim).filter(|line| {
            !line.is_empty() && !line.starts_with('#') && !line.starts_with("untrusted comment:")
        });
        let keys = lines.map(Self::parse).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(SignatureError::PublicKey) } else { Ok(keys) }
    }

    fn parse(line: &str) -> Result<Self, SignatureError> {
        let key = match line.find("ssh-ed25519 ") {
            Some(start) => {
                let key = ssh_key::PublicKey::from_openssh(&line[start..]);
                let key = key.map_err(|_| SignatureError::PublicKey)?;
                let bytes = key.key_data().ed25519().ok_or(SignatureError::PublicKey)?.0;
                Self { bytes, number: None }
            }
            None => {
                let bytes = STANDARD.decode(line).map_err(|_| SignatureError::PublicKey)?;
                let parts = bytes.strip_prefix(b"Ed").and_then(|rest| rest.split_first_chunk());
                let (number, key) = parts.ok_or(SignatureError::PublicKey)?;
                let bytes = key.try_into().map_err(|_| SignatureError::PublicKey)?;
                Self { bytes, number: Some(*number) }
            }
        };
        // Not every 32 bytes are a key.
        VerifyingKey::from_bytes(&key.bytes).map_err(|_| SignatureError::PublicKey)?;
        Ok(key)
    }

    /// The key in one line, in the form in which it was read.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self.number {
            Some(number) => STANDARD.encode([b"Ed", &number[..], &self.bytes].concat()),
            None => format!("ssh-ed25519 {}", STANDARD.encode(self.wire())),
        }
    }

    /// Names the key as `ssh-keygen -l` does.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = STANDARD.encode(Sha256::digest(self.wire()));
        format!("SHA256:{}", digest.trim_end_matches('='))
    }

    fn wire(&self) -> Vec<u8> {
        let mut wire = Vec::new();
        for part in [&b"ssh-ed25519"[..], &self.bytes] {
            sshsig::push(&mut wire, part);
        }
        wire
    }

    /// Strict: keys and signatures that could stand for several are refused.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        VerifyingKey::from_bytes(&self.bytes)
            .is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
    }
}

/// A secret key. It is wiped from memory when it is dropped.
pub struct SecretKey {
    key: SigningKey,
    kind: Kind,
}

enum Kind {
    Minisign(Box<minisign::SecretKey>),
    Ssh,
}

/// Only its public half.
impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretKey({})", self.public().fingerprint())
    }
}

impl SecretKey {
    /// Reads the secret-key file of minisign or OpenSSH.
    ///
    /// # Errors
    /// [`SignatureError`] when it is none, or the passphrase is missing or wrong.
    pub fn parse(text: &str, passphrase: Option<&str>) -> Result<Self, SignatureError> {
        if text.contains("-----BEGIN OPENSSH PRIVATE KEY-----") {
            Self::parse_ssh(text, passphrase)
        } else {
            Self::parse_minisign(text, passphrase)
        }
    }

    /// The key whose private half is `seed`, as a key of OpenSSH.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self { key: SigningKey::from_bytes(&seed), kind: Kind::Ssh }
    }

    fn parse_ssh(text: &str, passphrase: Option<&str>) -> Result<Self, SignatureError> {
        let mut key =
            ssh_key::PrivateKey::from_openssh(text).map_err(|_| SignatureError::SecretKey)?;
        if key.is_encrypted() {
            let passphrase = passphrase.ok_or(SignatureError::Encrypted)?;
            key = key.decrypt(passphrase).map_err(|_| SignatureError::Passphrase)?;
        }
        let pair = key.key_data().ed25519().ok_or(SignatureError::SecretKey)?;
        Ok(Self::from_seed(pair.private.to_bytes()))
    }

    fn parse_minisign(text: &str, passphrase: Option<&str>) -> Result<Self, SignatureError> {
        let file = minisig::SecretFile::parse(text)?;
        let key = if file.encrypted {
            let passphrase = passphrase.ok_or(SignatureError::Encrypted)?;
            let key = file.boxed.into_secret_key(Some(passphrase.to_owned()));
            key.map_err(|_| SignatureError::Passphrase)?
        } else {
            let key = file.boxed.into_unencrypted_secret_key();
            key.map_err(|_| SignatureError::SecretKey)?
        };
        let seed = minisig::seed(&key).ok_or(SignatureError::SecretKey)?;
        let kind = Kind::Minisign(Box::new(key));
        Ok(Self { key: SigningKey::from_bytes(&seed), kind })
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let number = match &self.kind {
            Kind::Minisign(key) => key.keynum().try_into().ok(),
            Kind::Ssh => None,
        };
        PublicKey { bytes: self.key.verifying_key().to_bytes(), number }
    }

    /// The format of its signatures.
    #[must_use]
    pub fn format(&self) -> SignatureFormat {
        match self.kind {
            Kind::Minisign(_) => SignatureFormat::Minisign,
            Kind::Ssh => SignatureFormat::Ssh,
        }
    }

    /// Signs what `file` gives to its end; the signature is a text.
    ///
    /// # Errors
    /// [`SignatureError::Io`] when it cannot be read.
    pub fn sign_file(&self, file: impl Read) -> Result<String, SignatureError> {
        match &self.kind {
            Kind::Minisign(key) => minisig::sign(key, file),
            Kind::Ssh => sshsig::sign(self, file),
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_from_their_text() {
        let key = SecretKey::from_seed([9; 32]).public();
        let line = key.to_text();
        let texts = [
            line.clone(),
            format!("{line} examiner@lab\n"),
            format!("# ours\nexaminer@lab namespaces=\"file\" {line}\n"),
        ];
        for text in texts {
            assert_eq!(PublicKey::parse_all(&text).unwrap(), [key], "{text}");
        }
        let mini = PublicKey { number: Some([1; 8]), ..key };
        let text = format!("untrusted comment: x\n{}\n", mini.to_text());
        assert_eq!(PublicKey::parse_all(&text).unwrap(), [mini]);
        assert_eq!(mini.fingerprint(), key.fingerprint());
        assert_eq!(PublicKey::parse_all(&format!("{line}\n{line}")).unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let ecdsa = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY=";
        for text in ["", "# nothing\n", "hello", "RWQ=", "ssh-ed25519 AAAA", ecdsa] {
            assert!(matches!(PublicKey::parse_all(text), Err(SignatureError::PublicKey)), "{text}");
            assert!(matches!(SecretKey::parse(text, None), Err(SignatureError::SecretKey)));
        }
    }
}
