//! Luma planes to perceptual hashes: PDQ, its quality and its eight orientations; no I/O.
