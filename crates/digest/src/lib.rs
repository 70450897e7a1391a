//! Bytes to exact digests in one pass.
//!
//! A [`Hasher`] is fed the bytes of a file once, in chunks of any size, and computes every kind
//! that was asked for and no other.
//!
//! ```
//! use hashward_digest::Hasher;
//! use hashward_hash::{DigestKinds, HashKind};
//! let mut hasher = Hasher::new(DigestKinds::default().with(HashKind::Md5));
//! hasher.update(b"a");
//! hasher.update(b"bc");
//! let digests = hasher.finalize();
//! let md5 = digests.values().next().expect("MD5 was asked for");
//! assert_eq!(md5.to_hex(), "900150983cd24fb0d6963f7d28e17f72");
//! assert_eq!(digests.sha256, None);
//! ```
//!
//! **Guarantees:** MD5 as in RFC 1321, SHA-1 and SHA-256 as in FIPS 180-4, BLAKE3 with its default
//! output of 256 bits; how the bytes were split into chunks never shows; constant memory.
//! **Does not:** read files or start threads.
#![forbid(unsafe_code)]

use hashward_hash::{DigestKinds, Digests};
use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::Sha256;

/// Bytes hashed by one kind before the next kind takes its turn on them: small enough that they
/// are still in the first-level cache when the last kind reads them.
const TURN: usize = 16 * 1024;

/// Computes the digests of one file from its bytes in order.
#[derive(Clone, Default)]
pub struct Hasher {
    md5: Option<Md5>,
    sha1: Option<Sha1>,
    sha256: Option<Sha256>,
    // Boxed because its state is far larger than all the others together.
    blake3: Option<Box<blake3::Hasher>>,
}

impl Hasher {
    /// A hasher for exactly the kinds asked for.
    #[must_use]
    pub fn new(kinds: DigestKinds) -> Self {
        Self {
            md5: kinds.md5.then(Md5::new),
            sha1: kinds.sha1.then(Sha1::new),
            sha256: kinds.sha256.then(Sha256::new),
            blake3: kinds.blake3.then(|| Box::new(blake3::Hasher::new())),
        }
    }

    /// Takes the next bytes of the file.
    pub fn update(&mut self, bytes: &[u8]) {
        for turn in bytes.chunks(TURN) {
            if let Some(md5) = &mut self.md5 {
                md5.update(turn);
            }
            if let Some(sha1) = &mut self.sha1 {
                sha1.update(turn);
            }
            if let Some(sha256) = &mut self.sha256 {
                sha256.update(turn);
            }
            if let Some(blake3) = &mut self.blake3 {
                blake3.update(turn);
            }
        }
    }

    /// The digests of all bytes taken so far.
    #[must_use]
    pub fn finalize(self) -> Digests {
        Digests {
            md5: self.md5.map(|state| state.finalize().into()),
            sha1: self.sha1.map(|state| state.finalize().into()),
            sha256: self.sha256.map(|state| state.finalize().into()),
            blake3: self.blake3.map(|state| state.finalize().into()),
        }
    }
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hasher(…)")
    }
}
