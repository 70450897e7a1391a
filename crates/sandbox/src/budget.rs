//! Who may run and who gets memory: one gate for all workers of a pool.
//!
//! A job takes its share of the encoded pool when it starts and keeps it to the end; nothing is
//! ever added to that share. From the decoding pool it may ask again and again. Whoever holds a
//! decoding grant and has to wait for a larger one waits ahead of everybody else, and at most one
//! such job waits: a second one is refused (and tried again alone), because the two could wait
//! for each other for ever. A job that waits with empty hands blocks nobody.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How a job runs beside others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Beside other jobs.
    First,
    /// With no other job running in any worker, in a fresh process.
    Alone,
}

/// The answer to a demand for decoding memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grant {
    /// Granted.
    Given,
    /// More than the pool ever has.
    Never,
    /// Refused because waiting could deadlock.
    Contended,
}

#[derive(Debug, Default)]
struct State {
    running: usize,
    alone: bool,
    alone_waiting: usize,
    encoded: u64,
    decode: u64,
    raising: bool,
    /// Tickets of jobs that want to start, oldest first.
    starting: VecDeque<u64>,
    /// Tickets of running jobs that wait for their first grant, oldest first.
    asking: VecDeque<u64>,
    next_ticket: u64,
}

impl State {
    fn ticket(&mut self) -> u64 {
        self.next_ticket += 1;
        self.next_ticket
    }
}

/// The gate.
#[derive(Debug)]
pub(crate) struct Budget {
    workers: usize,
    encoded: u64,
    decode: u64,
    state: Mutex<State>,
    changed: Condvar,
}

/// What one running job holds. Everything goes back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share<'a> {
    budget: &'a Budget,
    encoded: u64,
    decode: u64,
    alone: bool,
}

impl Budget {
    pub(crate) fn new(workers: usize, encoded: u64, decode: u64) -> Self {
        Self { workers, encoded, decode, state: Mutex::default(), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock, so the state behind a poisoned one is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a job with a file of this size may run. `encoded` must fit the pool.
    pub(crate) fn start(&self, encoded: u64, attempt: Attempt) -> Share<'_> {
        debug_assert!(encoded <= self.encoded, "the caller refuses what can never fit");
        let mut state = self.lock();
        let alone = attempt == Attempt::Alone;
        if alone {
            state.alone_waiting += 1;
            while state.alone || state.running > 0 {
                state = self.wait(state);
            }
            state.alone_waiting -= 1;
            state.alone = true;
        } else {
            let ticket = state.ticket();
            state.starting.push_back(ticket);
            while state.starting.front() != Some(&ticket)
                || state.alone
                || state.alone_waiting > 0
                || state.running >= self.workers
                || state.encoded + encoded > self.encoded
            {
                state = self.wait(state);
            }
            state.starting.pop_front();
        }
        state.running += 1;
        state.encoded += encoded;
        drop(state);
        self.changed.notify_all();
        Share { budget: self, encoded, decode: 0, alone }
    }
}

impl Share<'_> {
    /// Waits until the job may hold `wanted` bytes for decoding in all.
    pub(crate) fn need(&mut self, wanted: u64) -> Grant {
        if wanted <= self.decode {
            return Grant::Given;
        }
        if wanted > self.budget.decode {
            return Grant::Never;
        }
        let more = wanted - self.decode;
        let budget = self.budget;
        let mut state = budget.lock();
        if self.decode > 0 {
            if state.decode + more > budget.decode {
                if state.raising {
                    return Grant::Contended;
                }
                state.raising = true;
                while state.decode + more > budget.decode {
                    state = budget.wait(state);
                }
                state.raising = false;
            }
        } else {
            let ticket = state.ticket();
            state.asking.push_back(ticket);
            while state.asking.front() != Some(&ticket)
                || state.raising
                || state.decode + more > budget.decode
            {
                state = budget.wait(state);
            }
            state.asking.pop_front();
        }
        state.decode += more;
        self.decode = wanted;
        drop(state);
        budget.changed.notify_all();
        Grant::Given
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut state = self.budget.lock();
        state.running -= 1;
        state.encoded -= self.encoded;
        state.decode -= self.decode;
        state.alone &= !self.alone;
        drop(state);
        self.budget.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

    #[test]
    fn what_never_fits_is_refused_at_once() {
        let budget = Budget::new(1, 10, 100);
        let mut share = budget.start(10, Attempt::First);
        assert_eq!(share.need(101), Grant::Never);
        assert_eq!(share.need(100), Grant::Given);
        assert_eq!(share.need(50), Grant::Given);
    }

    /// Many threads, random demands: the pools are never overdrawn, jobs that must be alone are,
    /// and everybody gets through.
    #[test]
    fn nobody_overdraws_and_nobody_starves() {
        let budget = Budget::new(3, 100, 1000);
        let (encoded, decode) = (AtomicU64::new(0), AtomicU64::new(0));
        let (running, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for seed in 0..8_u64 {
                let (budget, encoded, decode) = (&budget, &encoded, &decode);
                let (running, done) = (&running, &done);
                scope.spawn(move || {
                    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
                    let mut below = |bound: u64| {
                        random ^= random << 13;
                        random ^= random >> 7;
                        random ^= random << 17;
                        random % bound
                    };
                    for _ in 0..200 {
                        let size = below(101);
                        let alone = below(10) == 0;
                        let attempt = if alone { Attempt::Alone } else { Attempt::First };
                        let mut share = budget.start(size, attempt);
                        let others = running.fetch_add(1, Ordering::SeqCst);
                        assert!(others < if alone { 1 } else { 3 });
                        assert!(encoded.fetch_add(size, Ordering::SeqCst) + size <= 100);
                        let mut held = 0;
                        for _ in 0..below(4) {
                            let wanted = below(1001);
                            if share.need(wanted) == Grant::Given && wanted > held {
                                let before = decode.fetch_add(wanted - held, Ordering::SeqCst);
                                assert!(before + (wanted - held) <= 1000);
                                held = wanted;
                            }
                        }
                        decode.fetch_sub(held, Ordering::SeqCst);
                        encoded.fetch_sub(size, Ordering::SeqCst);
                        running.fetch_sub(1, Ordering::SeqCst);
                        drop(share);
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(done.into_inner(), 8 * 200);
    }
}
