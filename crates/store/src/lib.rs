//! Versioned, checksummed, memory-mapped generations of known material.
