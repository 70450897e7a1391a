//! Ed25519 signatures: of files as minisign and `ssh-keygen -Y` make them, and of checkpoints of a
//! log as C2SP signed notes.
//!
//! ```
//! use hashward_signature::{Checkpoint, FileCheck, PublicKey, SecretKey};
//! let key = SecretKey::from_seed([7; 32]);
//! let signature = key.sign_file(&b"a list"[..]).unwrap();
//! let trusted = PublicKey::parse_all(&key.public().to_text()).unwrap();
//! let mut check = FileCheck::new(signature.as_bytes(), &trusted).unwrap();
//! check.update(b"a list");
//! assert_eq!(check.finish().unwrap(), key.public());
//!
//! let checkpoint = Checkpoint { origin: "example".into(), size: 3, root: [1; 32] };
//! let note = checkpoint.sign(&key, "examiner").unwrap();
//! assert_eq!(Checkpoint::open(&note, &trusted).unwrap(), checkpoint);
//! ```
//!
//! **Guarantees:** a signature holds for exactly the bytes that were given to [`FileCheck::update`]
//! and for a key that was named; files are checked as a stream, whatever their size.
//! **Does not:** say when something was signed. Legacy signatures of minisign, which need the whole
//! file in memory, and keys other than Ed25519 are refused.
#![forbid(unsafe_code)]

mod error;
mod file;
mod key;
mod merkle;
mod minisig;
mod note;
mod sshsig;

pub use error::SignatureError;
pub use file::FileCheck;
pub use key::{PublicKey, SecretKey, SignatureFormat};
pub use merkle::MerkleTree;
pub use note::Checkpoint;
