//! minisign: <https://jedisct1.github.io/minisign/>.

use crate::{PublicKey, SignatureError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use std::io::Read;

/// Bytes of a secret key: two bytes for each of three algorithms, salt, two limits, number, key,
/// checksum.
const SECRET_BYTES: usize = 6 + 32 + 16 + 8 + 64 + 32;
/// Where the key proper begins; its first half is the seed.
const SECRET_AT: usize = 6 + 32 + 16 + 8;
const TRUSTED: &str = "trusted comment: ";

/// A signature of minisign.
pub(crate) struct Minisig {
    pub(crate) number: [u8; 8],
    signature: [u8; 64],
    comment: String,
    comment_signature: [u8; 64],
}

impl Minisig {
    /// Reads the four lines: a comment, algorithm with number and signature, a comment that is
    /// signed, and its signature.
    pub(crate) fn parse(text: &str) -> Result<Self, SignatureError> {
        let mut lines = text.lines().map(|line| line.trim_end_matches('\r'));
        let mut line = || lines.next().ok_or(SignatureError::Format);
        let decode = |line: &str| STANDARD.decode(line.trim()).map_err(|_| SignatureError::Format);
        if !line()?.starts_with("untrusted comment:") {
            return Err(SignatureError::Format);
        }
        let signature = decode(line()?)?;
        let comment = line()?.strip_prefix(TRUSTED).ok_or(SignatureError::Format)?.to_owned();
        let comment_signature = decode(line()?)?;
        let (algorithm, rest) = signature.split_first_chunk::<2>().ok_or(SignatureError::Format)?;
        match algorithm {
            b"ED" => {}
            b"Ed" => {
                let what =
                    "is of minisign's legacy kind; sign again with a minisign of 2022 or newer";
                return Err(SignatureError::Unsupported { what });
            }
            _ => return Err(SignatureError::Format),
        }
        let (number, signature) = rest.split_first_chunk::<8>().ok_or(SignatureError::Format)?;
        Ok(Self {
            number: *number,
            signature: signature.try_into().map_err(|_| SignatureError::Format)?,
            comment,
            comment_signature: comment_signature.try_into().map_err(|_| SignatureError::Format)?,
        })
    }

    /// Does the signature hold for a file with the BLAKE2b digest, and for its own comment?
    pub(crate) fn holds(&self, key: &PublicKey, digest: &[u8]) -> bool {
        let comment = [&self.signature[..], self.comment.as_bytes()].concat();
        key.verify(digest, &self.signature) && key.verify(&comment, &self.comment_signature)
    }
}

pub(crate) fn sign(key: &minisign::SecretKey, file: impl Read) -> Result<String, SignatureError> {
    let (trusted, untrusted) = ("signed by hashward", "signature from hashward");
    let signed = minisign::sign(None, key, file, Some(trusted), Some(untrusted));
    let signed = signed.map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(signed.into_string())
}

/// The private half of a key that was decrypted.
pub(crate) fn seed(key: &minisign::SecretKey) -> Option<[u8; 32]> {
    let bytes = key.to_bytes();
    bytes.get(SECRET_AT..SECRET_AT + 32)?.try_into().ok()
}

/// What the file of a secret key holds, in the form that the library takes.
pub(crate) struct SecretFile {
    pub(crate) boxed: minisign::SecretKeyBox,
    pub(crate) encrypted: bool,
}

impl SecretFile {
    pub(crate) fn parse(text: &str) -> Result<Self, SignatureError> {
        let line = text.lines().find(|line| !line.starts_with("untrusted comment:"));
        let decoded = line.and_then(|line| STANDARD.decode(line.trim()).ok());
        let mut bytes = decoded
            .filter(|bytes| bytes.len() == SECRET_BYTES && bytes.starts_with(b"Ed"))
            .ok_or(SignatureError::SecretKey)?;
        let encrypted = bytes[2..4] != [0, 0];
        let checksum_at = SECRET_BYTES - 32;
        // minisign leaves the checksum of a key without a passphrase out; the library demands it.
        if !encrypted && bytes[checksum_at..].iter().all(|byte| *byte == 0) {
            let mut digest = Blake2b::<U32>::new();
            digest.update(&bytes[..2]);
            digest.update(&bytes[SECRET_AT - 8..checksum_at]);
            bytes[checksum_at..].copy_from_slice(&digest.finalize());
        }
        let text = format!("untrusted comment: secret key\n{}\n", STANDARD.encode(bytes));
        Ok(Self { boxed: text.into(), encrypted })
    }
}
