//! Measures how fast this machine searches and hashes. Searching: synthetic codes from a seed, every
//! method checked against brute force before it is timed. Hashing: one picture, stage by stage.
//!
//! ```
//! use hashward_bench::{Codes, Method, Run, measure};
//! let run = Run { count: 2000, radius: 31, queries: 20, batch: 1, codes: Codes::Random, seed: 1 };
//! let measured = measure(&run, Method::Linear)?;
//! assert_eq!((measured.visited, measured.bytes_per_hash), (1.0, 36.0));
//! # Ok::<(), hashward_bench::Wrong>(())
//! ```
//!
//! **Guarantees:** the same seed gives the same codes and queries for ever; a method that gives any
//! other answer than brute force is [`Wrong`] and not timed. **Does not:** keep other programs from
//! disturbing the clock; compare times of one run, and look at medians.
#![forbid(unsafe_code)]

mod bandwidth;
mod codes;
mod grid;
mod oracle;
mod picture;
mod pictures;
mod run;
mod tables;

pub use bandwidth::{Bandwidth, bandwidth};
pub use codes::{Codes, codes, queries};
pub use grid::{Cell, GRID_METHODS, RADII, SIZES, Timed, grid};
pub use hashward_index::{Match, Method, Target};
pub use oracle::{Wrong, brute_force};
pub use picture::picture;
pub use pictures::{Picture, PictureError, Stage, hash_stages};
pub use run::{LARGE_ANSWER, Measured, Run, measure, measure_in, name};
pub use tables::{Tables, Wanted};
