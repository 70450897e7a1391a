//! SIMD kernels on plain slices, each with a scalar twin, chosen at run time.
//!
//! Every kernel comes as two functions: `x(..)`, which runs on the best instruction set of this
//! machine, and `x_with(backend, ..)`, which runs on a given one. The scalar twin is the
//! specification: short, plain and correct. The other backends return **the same bits**, floating
//! point included, because they do the same operations in the same order on independent lanes.
//!
//! ```
//! use hashward_kernels::{Backend, backend};
//! assert!(Backend::available().any(|candidate| candidate == backend()));
//! assert_eq!(Backend::available().next(), Some(Backend::Scalar));
//! ```
//!
//! **Guarantees:** safe to call with any slices (lengths are checked; a mismatch panics before
//! anything is read), no allocation beyond what a kernel's documentation says, no threads, no I/O.
//! **Does not:** know what the numbers mean. Hashes and pictures live in the crates above.
//!
//! The environment variable [`PIN`] pins the backend, so that tests and benchmarks can run each
//! one that the machine has.

pub mod bandwidth;
pub mod columns;
pub mod compress;
mod dispatch;
pub mod gather;
pub mod hamming;
pub mod prefetch;
pub mod scan128;
pub mod tent;
pub mod vector;

pub use dispatch::{Backend, BadPin, PIN, backend};
