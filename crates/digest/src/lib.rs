//! Bytes to exact digests in one pass.
//!
//! A [`Hasher`] is fed the bytes of a file once, in chunks of any size, and computes every kind
//! that was asked for and no other. [`update_together`] feeds several hashers at once, which is
//! many times faster: the files go side by side through the lanes of vector registers.
//!
//! ```
//! use hashward_digest::Hasher;
//! use hashward_hash::{DigestKinds, HashKind};
//! let mut hasher = Hasher::new(DigestKinds::default().with(HashKind::Md5));
//! hasher.update(b"a");
//! hasher.update(b"bc");
//! let digests = hasher.finalize();
//! let md5 = digests.values().next().expect("MD5 was asked for");
//! assert_eq!(md5.to_text(), "900150983cd24fb0d6963f7d28e17f72");
//! assert_eq!(digests.sha256, None);
//! ```
//!
//! **Guarantees:** MD5 as in RFC 1321, SHA-1, SHA-256 and SHA-512 as in FIPS 180-4, BLAKE3 with its
//! default output of 256 bits, eD2k as eMule has it, the Tiger tree hash of THEX, CRC-32 as in zip;
//! how the bytes were split into chunks never shows; constant memory.
//! **Does not:** read files or start threads.
#![forbid(unsafe_code)]

mod blocks;
mod shared;
mod together;

pub use together::update_together;

use blocks::Blocks;
use hashward_hash::{DigestKinds, Digests};
use shared::Shared;

/// Computes the digests of one file from its bytes in order.
#[derive(Clone, Default)]
pub struct Hasher {
    /// The kinds that several files compute side by side.
    blocks: Blocks,
    // Boxed because its state is far larger than all the others together.
    blake3: Option<Box<blake3::Hasher>>,
    shared: Option<Box<Shared>>,
}

impl Hasher {
    /// A hasher for exactly the kinds asked for.
    #[must_use]
    pub fn new(kinds: DigestKinds) -> Self {
        Self {
            blocks: Blocks::new(kinds),
            blake3: kinds.blake3.then(|| Box::new(blake3::Hasher::new())),
            shared: Shared::new(kinds),
        }
    }

    /// Takes the next bytes of the file.
    pub fn update(&mut self, bytes: &[u8]) {
        update_together(&mut [(self, bytes)]);
    }

    /// The digests of all bytes taken so far.
    #[must_use]
    pub fn finalize(self) -> Digests {
        let blocks = self.blocks.finalize();
        let digests =
            Digests { blake3: self.blake3.map(|state| state.finalize().into()), ..blocks };
        match self.shared {
            Some(shared) => shared.finalize(digests),
            None => digests,
        }
    }

    /// The part of [`update_together`] that each file does on its own.
    fn update_alone(&mut self, bytes: &[u8]) {
        if let Some(blake3) = &mut self.blake3 {
            blake3.update(bytes);
        }
        if let Some(shared) = &mut self.shared {
            shared.update(bytes);
        }
    }
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hasher(…)")
    }
}
