//! How a run tells the outside how far it is, and how the outside tells it to stop.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counters that a run keeps and anybody may read while it goes on.
#[derive(Debug, Default)]
pub struct Progress {
    pub(crate) files: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) matched: AtomicU64,
    pub(crate) not_examined: AtomicU64,
    totals: OnceLock<(u64, u64)>,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Files done.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Files with a match.
    pub matched: u64,
    /// Inputs of which not everything was examined.
    pub not_examined: u64,
    /// Files and bytes in all, once they are known.
    pub totals: Option<(u64, u64)>,
}

impl Progress {
    /// Counters at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells how many files and bytes there are in all.
    pub fn set_totals(&self, files: u64, bytes: u64) {
        let _ = self.totals.set((files, bytes));
    }

    /// The counters now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            files: self.files.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            matched: self.matched.load(Ordering::Relaxed),
            not_examined: self.not_examined.load(Ordering::Relaxed),
            totals: self.totals.get().copied(),
        }
    }
}

/// A wish to stop, which runs look at between and during files.
#[derive(Debug, Default)]
pub struct Stop(AtomicBool);

impl Stop {
    /// Nobody wishes to stop yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Wishes to stop.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Does anybody wish to stop?
    #[must_use]
    pub fn is_wished(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
