//! Checkpoints of a log: C2SP `tlog-checkpoint`, a `signed-note` with Ed25519.

use crate::{PublicKey, SecretKey, SignatureError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Begins the line of a signature: an em dash and a space.
const DASH: &str = "\u{2014} ";
/// The kind of signature that Ed25519 is in a note.
const ED25519: u8 = 1;
/// Bytes of a note that are read.
const MAX_NOTE: usize = 1 << 16;

/// How a log stood at some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log it is.
    pub origin: String,
    /// Number of its records.
    pub size: u64,
    /// Root of the [`MerkleTree`](crate::MerkleTree) of its records.
    pub root: [u8; 32],
}

impl Checkpoint {
    /// The note, signed by a key that is called `name` in it.
    ///
    /// # Errors
    /// [`SignatureError::KeyName`] when a key cannot be called that.
    pub fn sign(&self, key: &SecretKey, name: &str) -> Result<String, SignatureError> {
        let good = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
        if name.is_empty() || name.chars().count() > 100 || !name.chars().all(good) {
            return Err(SignatureError::KeyName);
        }
        let text = self.text();
        let signature = [&id(name, &key.public())[..], &key.sign(text.as_bytes())].concat();
        Ok(format!("{text}\n{DASH}{name} {}\n", STANDARD.encode(signature)))
    }

    /// Reads a note and checks that one of the trusted keys has signed it.
    ///
    /// # Errors
    /// [`SignatureError`] when it is none, or no signature of a trusted key holds.
    pub fn open(note: &str, trusted: &[PublicKey]) -> Result<Self, SignatureError> {
        let fault = |what| SignatureError::Note { what };
        if note.len() > MAX_NOTE {
            return Err(fault("it is too long"));
        }
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(fault("it is not signed"))?;
        let text = format!("{text}\n");
        let mut outcome = SignatureError::UnknownKey;
        for line in signatures.lines() {
            let line = line.strip_prefix(DASH).ok_or(fault("a signature is not one"))?;
            let (name, signature) = line.split_once(' ').ok_or(fault("a signature is not one"))?;
            let Ok(signature) = STANDARD.decode(signature) else {
                return Err(fault("a signature is not one"));
            };
            // Signatures of other kinds and keys may stand beside ours.
            let Some((number, signature)) = signature.split_first_chunk::<4>() else { continue };
            let Ok(signature) = signature.try_into() else { continue };
            for key in trusted.iter().filter(|key| id(name, key) == *number) {
                if key.verify(text.as_bytes(), signature) {
                    return Self::parse(&text);
                }
                outcome = SignatureError::Wrong;
            }
        }
        Err(outcome)
    }

    fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    fn parse(text: &str) -> Result<Self, SignatureError> {
        let fault = |what| SignatureError::Note { what };
        let mut lines = text.lines();
        let mut line = || lines.next().ok_or(fault("a line is missing"));
        let origin = line()?.to_owned();
        let size = line()?.parse().map_err(|_| fault("the second line is no number"))?;
        let root = STANDARD.decode(line()?).ok().and_then(|root| root.try_into().ok());
        let root = root.ok_or(fault("the third line is no digest"))?;
        Ok(Self { origin, size, root })
    }
}

/// By which a note knows a key: it binds the name to the key.
fn id(name: &str, key: &PublicKey) -> [u8; 4] {
    let mut digest = Sha256::new();
    digest.update(name);
    digest.update(b"\n");
    digest.update([ED25519]);
    digest.update(key.bytes);
    let digest: [u8; 32] = digest.finalize().into();
    [digest[0], digest[1], digest[2], digest[3]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_of_a_note_can_change() {
        let (key, other) = (SecretKey::from_seed([1; 32]), SecretKey::from_seed([2; 32]));
        let checkpoint = Checkpoint { origin: "log/1".into(), size: 17, root: [3; 32] };
        let note = checkpoint.sign(&key, "examiner").unwrap();
        assert_eq!(Checkpoint::open(&note, &[other.public(), key.public()]).unwrap(), checkpoint);
        let unknown = Checkpoint::open(&note, &[other.public()]);
        assert!(matches!(unknown, Err(SignatureError::UnknownKey)));
        for position in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[position] ^= 1;
            let Ok(text) = String::from_utf8(bytes) else { continue };
            // The bits of base64 behind the last byte mean nothing, and a line end may be missing.
            let opened = Checkpoint::open(&text, &[key.public()]);
            assert!(opened.is_err() || opened.is_ok_and(|same| same == checkpoint), "{position}");
        }
        let changed = note.replacen("17", "18", 1);
        assert!(matches!(Checkpoint::open(&changed, &[key.public()]), Err(SignatureError::Wrong)));
    }

    #[test]
    fn a_second_witness_does_not_harm() {
        let (key, other) = (SecretKey::from_seed([1; 32]), SecretKey::from_seed([2; 32]));
        let checkpoint = Checkpoint { origin: "log".into(), size: 0, root: [0; 32] };
        let note = checkpoint.sign(&key, "examiner").unwrap();
        let second = checkpoint.sign(&other, "witness").unwrap();
        let both = format!("{note}{}\n", second.lines().last().unwrap());
        for key in [key, other] {
            assert_eq!(Checkpoint::open(&both, &[key.public()]).unwrap(), checkpoint);
        }
        for name in ["", "a b", "a+b"] {
            let key = SecretKey::from_seed([1; 32]);
            assert!(matches!(checkpoint.sign(&key, name), Err(SignatureError::KeyName)));
        }
    }
}
