//! The bounds of a pool, and the arithmetic that keeps all processes together within 1 GiB.
//!
//! | part | MiB |
//! |---|---|
//! | supervisor ([`SUPERVISOR_BYTES`]): all its threads, buffers, results waiting for their turn | 144 |
//! | encoded files in the workers ([`PoolLimits::encoded_bytes`]) | 208 |
//! | decoding in the workers ([`PoolLimits::decode_bytes`]) | 496 |
//! | [`MAX_WORKERS`] workers, each with [`WORKER_BYTES`] of its own | 16 × 11 = 176 |
//! | **sum of anonymous memory** | **1,024** |
//!
//! The encoded and the decoding share belong to the pool, not to a worker: a file takes its part
//! when it starts and gives it back when it ends, so the number of threads changes how many files
//! wait, not how much memory is taken. Each worker is held to its part by the system
//! (`RLIMIT_DATA`, `RLIMIT_STACK`) where the system can.

use std::time::Duration;

/// Memory that the supervisor's process may use for everything, mapped files not counted.
pub const SUPERVISOR_BYTES: u64 = 144 << 20;

/// Most workers of a pool, whatever is asked for.
pub const MAX_WORKERS: usize = 16;

/// Memory that one worker may hold beyond its file and its decoding grant: the program's own
/// data, [`HEAP_SLACK`] and [`STACK_BYTES`].
pub const WORKER_BYTES: u64 = 11 << 20;

/// Heap that a worker may use beyond what was granted: headers, tables, results, and freed blocks
/// kept for the next file. A worker that holds more than this after a file ends itself.
pub const HEAP_SLACK: u64 = 8 << 20;

/// Stack of a worker.
pub const STACK_BYTES: u64 = 2 << 20;

/// The bounds of a pool. The defaults keep the sum in the module's table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolLimits {
    /// Worker processes at most; default: one per available processor. Values are held to
    /// 1..=[`MAX_WORKERS`].
    pub workers: usize,
    /// Bytes of encoded files that all workers hold together. Default 208 MiB.
    pub encoded_bytes: u64,
    /// Bytes that are granted to all workers together for decoding. Default 496 MiB.
    pub decode_bytes: u64,
    /// Time for every file. Default 2 s.
    pub deadline_base: Duration,
    /// Time for each MiB of the encoded file besides. Default 1 s.
    pub deadline_per_mebibyte: Duration,
    /// Time for each 32 MiB of decoding memory granted besides: a small file can hold a large
    /// picture. Default 1 s.
    pub deadline_per_grant: Duration,
    /// Time for each phase that the worker reports besides: an animation has many frames, and a
    /// decoder that hangs reports nothing. Default 0.1 s.
    pub deadline_per_phase: Duration,
    /// Most time for a file, whatever was added. Default 30 s.
    pub deadline_cap: Duration,
    /// Files after which a worker is replaced by a fresh one. Default 1,000.
    pub jobs_per_worker: u32,
    /// Longest reply in bytes. Default 1 MiB.
    pub reply_bytes: usize,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(1, usize::from).min(MAX_WORKERS),
            encoded_bytes: 208 << 20,
            decode_bytes: 496 << 20,
            deadline_base: Duration::from_secs(2),
            deadline_per_mebibyte: Duration::from_secs(1),
            deadline_per_grant: Duration::from_secs(1),
            deadline_per_phase: Duration::from_millis(100),
            deadline_cap: Duration::from_secs(30),
            jobs_per_worker: 1000,
            reply_bytes: 1 << 20,
        }
    }
}

impl PoolLimits {
    /// Time that a worker gets for a file of this size, with so much memory granted and so many
    /// phases reported, not counting time spent waiting for the supervisor to read the file or
    /// for memory that others hold.
    #[must_use]
    pub fn deadline(&self, encoded: u64, granted: u64, phases: u32) -> Duration {
        let times = |unit: Duration, count: u64| {
            unit.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX))
        };
        self.deadline_base
            .saturating_add(times(self.deadline_per_mebibyte, encoded >> 20))
            .saturating_add(times(self.deadline_per_grant, granted >> 25))
            .saturating_add(times(self.deadline_per_phase, u64::from(phases)))
            .min(self.deadline_cap)
    }

    pub(crate) fn workers(&self) -> usize {
        self.workers.clamp(1, MAX_WORKERS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_add_up_to_one_gibibyte() {
        let limits = PoolLimits::default();
        let supervisor = SUPERVISOR_BYTES;
        let workers = MAX_WORKERS as u64 * WORKER_BYTES;
        assert_eq!(supervisor + limits.encoded_bytes + limits.decode_bytes + workers, 1 << 30);
        const { assert!(HEAP_SLACK + STACK_BYTES < WORKER_BYTES) };
    }

    #[test]
    fn the_deadline_grows_with_the_file_up_to_its_cap() {
        let limits = PoolLimits::default();
        let seconds = Duration::from_secs;
        assert_eq!(limits.deadline(0, 0, 0), seconds(2));
        assert_eq!(limits.deadline(5 << 20, 31 << 20, 0), seconds(7));
        assert_eq!(limits.deadline(0, 64 << 20, 10), seconds(5));
        assert_eq!(limits.deadline(u64::MAX, u64::MAX, u32::MAX), seconds(30));
    }
}
