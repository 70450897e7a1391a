//! Untrusted bytes to luma planes and labelled hashes, under limits.
