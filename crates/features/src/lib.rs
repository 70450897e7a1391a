//! Local features of pictures: compact signatures of registered material, an approximate index
//! over them, and matching that geometry verifies.
//!
//! A perceptual hash sees a picture as a whole, so it loses crops, collages and free rotations.
//! [`extract`] describes up to a few hundred corners instead, each by 256 comparisons of pixels in
//! a patch that is turned with the corner (the idea of ORB: Rublee and others, 2011). Of a
//! registered picture the [`Signature`] keeps 100 of them in 3,840 bytes, from which no picture can
//! be rebuilt that a person would recognise. [`Tables`] find signatures that share corners with a query,
//! and [`verify()`] asks whether these corners lie as they would if one picture showed the other.
//!
//! ```
//! use hashward_features::{Budget, Luma, Signature, View, extract, verify};
//! // Some boxes on grey.
//! let mut data = vec![90_u8; 300 * 200];
//! for (n, at) in (0..60).map(|n| (n, (n * 37 % 260) + 300 * (n * 53 % 170))) {
//!     for y in 0..14 {
//!         data[at + 300 * y..][..9 + n % 20].fill((n * 71 % 250) as u8);
//!     }
//! }
//! let luma = Luma::new(&data, 300, 200).expect("sides and length agree");
//! let known = Signature::new(&extract(luma, (3000, 2000), Budget::REGISTERED));
//! // The right half.
//! let half: Vec<u8> = data.chunks(300).flat_map(|row| &row[130..]).copied().collect();
//! let luma = Luma::new(&half, 170, 200).expect("sides and length agree");
//! let query = extract(luma, (170, 200), Budget::QUERY);
//! let found = verify(&known, &query, View::Original).expect("it is part of the picture");
//! assert!(found.inliers >= 10);
//! ```
//!
//! **Guarantees:** the same pixels give the same features, signatures and findings on every
//! machine: only integers and the operations that IEEE 754 fixes are used, in a fixed order.
//! Reading a signature or tables that anybody may have written gives an error or an answer, never
//! a panic.
//! **Does not:** find every signature that shares corners with the query: the index is approximate,
//! and `benches/results/registered.md` says how much it misses. [`search_all`] is the exact one.
#![forbid(unsafe_code)]

mod describe;
mod detect;
mod extract;
mod fit;
mod level;
mod same;
mod search;
mod signature;
mod tables;
mod verify;

pub use extract::{Budget, Feature, Features, Luma, extract};
pub use search::{Candidate, Finding, Seen, examine, judge, propose, search, search_all};
pub use signature::{Damaged, MAX_FEATURES, SIGNATURE_BYTES, Signature};
pub use tables::{KEY_TABLES, MAX_SIGNATURES, TableBuilder, Tables, key};
pub use verify::{Verified, View, verify};
