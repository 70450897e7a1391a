//! One file per format that can be written.

pub(crate) mod csv;
pub(crate) mod hashdeep;
pub(crate) mod hex;
pub(crate) mod jsonl;
pub(crate) mod md5sum;
pub(crate) mod vics;
pub(crate) mod xways;
