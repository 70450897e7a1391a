//! Bytes to exact digests in one pass.
