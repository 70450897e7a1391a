//! Exact radius search and digest look-up over borrowed slices.
