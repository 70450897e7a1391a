//! The facade: import, match, scan, verdict, progress.
