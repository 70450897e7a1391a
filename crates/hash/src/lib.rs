//! The vocabulary of the field: kinds of hash, their values, distances and text forms.
//!
//! Every other crate speaks in these types, so that a bare integer or a `Vec<u8>` never
//! stands for a hash. Nothing here computes a hash; see `hashward-digest` and `hashward-phash`.
//!
//! ```
//! use hashward_hash::{HashKind, HashValue};
//! let value = HashValue::parse(HashKind::Md5, "d41d8cd98f00b204e9800998ecf8427e").unwrap();
//! assert_eq!(value.kind(), HashKind::Md5);
//! assert!(value.is_digest_of_empty_file());
//! ```
//!
//! **Guarantees:** text forms round-trip; comparing, hashing and ordering look at the bytes only.
//! **Does not:** keep values secret. `Debug` of a value prints its kind, never its bytes, because
//! hash lists are confidential; whoever prints a value calls [`HashValue::to_text`] on purpose.
#![forbid(unsafe_code)]

mod digests;
mod hex;
mod kind;
mod opaque;
mod orientation;
mod pdq;
mod standing;
mod value;

pub use digests::{DigestKinds, Digests};
pub use hex::{HexError, decode_hex, encode_hex};
pub use kind::{HashKind, Metric};
pub use opaque::{OpaqueRadii, VectorMetric, VectorRadius};
pub use orientation::Orientation;
pub use pdq::{Distance, Pdq, Quality};
pub use standing::Standing;
pub use value::{Crc32, HashValue, ValueError};
