//! Synthetic pictures from seeds, the transforms they suffer, and whole collections with a manifest.
