//! The supervisor's side: hands jobs to workers, watches them, and says what became of each.

use crate::budget::{Attempt, Budget, Grant, Share};
use crate::frame::{self, HEADER_BYTES, PIECE_BYTES};
use crate::limits::PoolLimits;
use crate::os;
use crate::process::{Message, PoolError, Process, Silence, WorkerCommand};
use crate::watchdog::Watchdog;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often a worker that dies at its start is tried again before the pool gives up for good.
const START_ATTEMPTS: u32 = 3;

/// Bytes that are collected before they go down the pipe, so that a small file is one write.
const SEND_BYTES: usize = 64 << 10;

/// What became of a job that got no reply. `phase` is what the worker last said it was doing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The worker was stopped at its deadline.
    #[error("stopped after {seconds} s{}", during(phase))]
    Timeout {
        /// Time that the worker was given, in seconds.
        seconds: u64,
        /// What the worker last said it was doing.
        phase: String,
    },
    /// The worker needed more memory than it was granted.
    #[error("needed more memory than was granted{}{}", allocation_text(*allocation), during(phase))]
    Memory {
        /// Size in bytes of the allocation that failed, where that is how it showed.
        allocation: Option<u64>,
        /// What the worker last said it was doing.
        phase: String,
    },
    /// The worker died or broke the protocol.
    #[error("the worker {detail}{}", during(phase))]
    Crash {
        /// The signal that ended it, where the system says so.
        signal: Option<i32>,
        /// How it died.
        detail: String,
        /// What the worker last said it was doing.
        phase: String,
    },
}

fn during(phase: &str) -> String {
    if phase.is_empty() { String::new() } else { format!(" during: {phase}") }
}

fn allocation_text(bytes: Option<u64>) -> String {
    bytes.map_or_else(String::new, |bytes| format!(" (an allocation of {bytes} bytes failed)"))
}

/// What became of a file that was given to [`Pool::run`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The worker's reply. It comes from a process that works on hostile input: check it.
    Reply(Vec<u8>),
    /// The worker failed on it twice, the second time alone in a fresh process.
    Failed(Failure),
    /// The caller gave up while it sent the file.
    Abandoned,
}

/// Worker processes and their shared budget. Dropping it ends them all.
pub struct Pool {
    command: WorkerCommand,
    limits: PoolLimits,
    budget: Budget,
    idle: Mutex<Idle>,
    watchdog: Watchdog,
}

#[derive(Default)]
struct Idle {
    processes: Vec<Process>,
    broken: Option<PoolError>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("command", &self.command).finish_non_exhaustive()
    }
}

impl Pool {
    /// A pool that has started no process yet.
    ///
    /// # Errors
    /// [`PoolError::Start`] when the system refuses a thread.
    pub fn new(command: WorkerCommand, limits: PoolLimits) -> Result<Self, PoolError> {
        let watchdog = Watchdog::new().map_err(|error| PoolError::Start {
            program: command.program.clone(),
            error: std::sync::Arc::new(error),
        })?;
        let budget = Budget::new(limits.workers(), limits.encoded_bytes, limits.decode_bytes);
        Ok(Self { command, limits, budget, idle: Mutex::default(), watchdog })
    }

    /// The bounds of this pool.
    #[must_use]
    pub fn limits(&self) -> &PoolLimits {
        &self.limits
    }

    /// Starts one worker, so that a program that cannot work is known before any file is read.
    ///
    /// # Errors
    /// When the worker program cannot be started or used.
    pub fn probe(&self) -> Result<(), PoolError> {
        let process = self.process(Attempt::First)?;
        self.idle().processes.push(process);
        Ok(())
    }

    /// Gives one file of `encoded` bytes to a worker, and if the worker fails on it, once more
    /// alone. `feed` sends the file's bytes with [`Job::send`]; it is called for each attempt,
    /// and returns false to give up.
    ///
    /// The calling thread must not be inside another call of `run` on the same pool.
    ///
    /// # Errors
    /// When the worker program cannot be started, or the file could never fit the pool.
    pub fn run(
        &self,
        header: &[u8],
        encoded: u64,
        mut feed: impl FnMut(&mut Job<'_>, Attempt) -> bool,
    ) -> Result<Outcome, PoolError> {
        for attempt in [Attempt::First, Attempt::Alone] {
            let mut job = self.start(header, encoded, attempt)?;
            if !feed(&mut job, attempt) {
                return Ok(Outcome::Abandoned);
            }
            match job.finish() {
                Ok(reply) => return Ok(Outcome::Reply(reply)),
                Err(failure) if attempt == Attempt::Alone => return Ok(Outcome::Failed(failure)),
                Err(_) => {}
            }
        }
        unreachable!("the second attempt returns")
    }

    /// Begins one attempt at a file of `encoded` bytes; see [`Pool::run`] for the usual way.
    ///
    /// # Errors
    /// When the worker program cannot be started, or the file could never fit the pool.
    pub fn start(
        &self,
        header: &[u8],
        encoded: u64,
        attempt: Attempt,
    ) -> Result<Job<'_>, PoolError> {
        assert!(header.len() <= HEADER_BYTES, "a job's header is a few fields");
        let limit = self.limits.encoded_bytes;
        if encoded > limit {
            return Err(PoolError::TooLarge { encoded, limit });
        }
        let share = self.budget.start(encoded, attempt);
        let mut process = self.process(attempt)?;
        process.job += 1;
        let mut unsent = Vec::with_capacity(SEND_BYTES.min(encoded as usize + header.len() + 64));
        let payload = [&encoded.to_le_bytes()[..], header].concat();
        frame::append(&mut unsent, frame::JOB, process.job, &payload);
        Ok(Job {
            pool: self,
            share,
            process: Some(process),
            unsent,
            encoded,
            left: encoded,
            granted: 0,
            phases: 0,
            used: Duration::ZERO,
            failure: None,
            phase: String::new(),
            reusable: false,
        })
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        // Nothing panics while it holds the lock.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn process(&self, attempt: Attempt) -> Result<Process, PoolError> {
        let mut idle = self.idle();
        if let Some(error) = &idle.broken {
            return Err(error.clone());
        }
        if attempt == Attempt::First
            && let Some(process) = idle.processes.pop()
        {
            return Ok(process);
        }
        // A lone attempt also ends the idle workers: they hold memory of their own.
        let retired = std::mem::take(&mut idle.processes);
        drop(idle);
        drop(retired);
        let mut started = Process::start(&self.watchdog, &self.command);
        for _ in 1..START_ATTEMPTS {
            if started.is_err() {
                started = Process::start(&self.watchdog, &self.command);
            }
        }
        if let Err(error) = &started {
            self.idle().broken = Some(error.clone());
        }
        started
    }
}

/// One attempt at one file. Dropping it unfinished ends its worker.
pub struct Job<'a> {
    pool: &'a Pool,
    // Declared before `share`: the process must be gone before its memory is given to another.
    process: Option<Process>,
    share: Share<'a>,
    unsent: Vec<u8>,
    encoded: u64,
    /// Bytes of the file that were not sent yet.
    left: u64,
    granted: u64,
    phases: u32,
    /// Time that the worker has had so far.
    used: Duration,
    failure: Option<Failure>,
    phase: String,
    reusable: bool,
}

impl std::fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("left", &self.left).finish_non_exhaustive()
    }
}

impl Job<'_> {
    /// Sends the next bytes of the file. Bytes beyond the length given at the start are dropped.
    /// A worker that fails shows in [`Job::finish`]; what is sent to it afterwards is dropped.
    pub fn send(&mut self, bytes: &[u8]) {
        let wanted = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= wanted as u64;
        for piece in bytes[..wanted].chunks(PIECE_BYTES) {
            let Some(process) = &self.process else { return };
            frame::append(&mut self.unsent, frame::DATA, process.job, piece);
            if self.unsent.len() >= SEND_BYTES {
                self.flush();
            }
        }
    }

    /// True when the worker has failed already, so that sending more is useless.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.process.is_none()
    }

    /// Waits for the reply.
    ///
    /// # Errors
    /// What became of the worker instead.
    pub fn finish(mut self) -> Result<Vec<u8>, Failure> {
        if let Some(process) = &self.process {
            frame::append(&mut self.unsent, frame::END, process.job, &[]);
            self.flush();
        }
        self.unsent = Vec::new();
        let reply = self.converse();
        match (reply, self.failure.take()) {
            (Some(reply), None) => {
                self.retire_or_keep();
                Ok(reply)
            }
            (_, failure) => Err(failure.unwrap_or_else(|| Failure::Crash {
                signal: None,
                detail: "ended without a reply".to_owned(),
                phase: std::mem::take(&mut self.phase),
            })),
        }
    }

    /// Lets the process run against its remaining time while `act` waits for it.
    fn timed<T>(&mut self, act: impl FnOnce(&mut Process) -> T) -> Option<T> {
        let process = self.process.as_mut()?;
        let begin = Instant::now();
        let deadline = self.pool.limits.deadline(self.encoded, self.granted, self.phases);
        self.pool.watchdog.arm(&process.watched, deadline.saturating_sub(self.used));
        let result = act(process);
        let in_time = self.pool.watchdog.disarm(&process.watched);
        self.used += begin.elapsed();
        if !in_time {
            self.fail(Cause::Deadline);
            return None;
        }
        Some(result)
    }

    fn flush(&mut self) {
        let messages = std::mem::take(&mut self.unsent);
        let sent = self.timed(|process| process.send(&messages));
        self.unsent = messages;
        self.unsent.clear();
        if sent == Some(false) {
            self.last_words();
        }
    }

    /// The worker no longer listens, but what it said before it died is still in the pipe.
    fn last_words(&mut self) {
        if self.converse().is_some() {
            self.fail(Cause::Protocol("answered before it had the file"));
        }
    }

    /// Takes messages until the reply (`Some`) or a failure (`None`).
    fn converse(&mut self) -> Option<Vec<u8>> {
        let mut starved = None;
        let mut panicked = None;
        let reply_bytes = self.pool.limits.reply_bytes;
        loop {
            match self.timed(|process| process.receive(reply_bytes))? {
                Ok(Message::Phase(text)) => {
                    self.phase = text;
                    self.phases = self.phases.saturating_add(1);
                }
                Ok(Message::NoMemory(bytes)) => starved = Some(bytes),
                Ok(Message::Panic(place)) => panicked = Some(place),
                Ok(Message::Need(bytes)) => self.grant(bytes)?,
                Ok(Message::Reply(reply, reusable)) => {
                    self.reusable = reusable;
                    return Some(reply);
                }

                Err(Silence::Garbage(what)) => {
                    self.fail(Cause::Protocol(what));
                    return None;
                }
                Err(Silence::Closed) => {
                    self.fail(match (starved, panicked) {
                        (Some(bytes), _) => Cause::Starved(Some(bytes)),
                        (None, Some(place)) => Cause::Panic(place),
                        (None, None) => Cause::Died,
                    });
                    return None;
                }
            }
        }
    }

    /// Answers a demand for memory. Waiting for it does not count against the deadline. A demand
    /// that only failed because of others ends the attempt: it is repeated alone.
    fn grant(&mut self, bytes: u64) -> Option<()> {
        let tag = match self.share.need(bytes) {
            Grant::Given => {
                self.granted = self.granted.max(bytes);
                frame::GRANT
            }
            Grant::Never => frame::DENY,
            Grant::Contended => {
                self.fail(Cause::Starved(None));
                return None;
            }
        };
        let mut message = Vec::new();
        frame::append(&mut message, tag, self.process.as_ref()?.job, &[]);
        // A worker that died meanwhile shows when the next message is read.
        self.timed(|process| process.send(&message)).map(|_| ())
    }

    fn fail(&mut self, cause: Cause) {
        let Some(mut process) = self.process.take() else { return };
        let phase = self.phase.clone();
        let crash =
            |signal, detail: String| Failure::Crash { signal, detail, phase: phase.clone() };
        let timeout = || Failure::Timeout { seconds: self.used.as_secs(), phase: phase.clone() };
        self.failure = Some(match cause {
            Cause::Deadline => timeout(),
            Cause::Starved(allocation) => Failure::Memory { allocation, phase: phase.clone() },
            Cause::Protocol(what) => crash(None, what.to_owned()),
            Cause::Panic(place) => crash(None, format!("panicked at {place}")),
            Cause::Died => {
                let status = process.end();
                match status.and_then(os::signal) {
                    // Nobody but the kernel sends this uninvited, and it does so to free memory.
                    Some(os::SIGKILL) => Failure::Memory { allocation: None, phase: phase.clone() },
                    Some(signal) if os::is_processor_time_signal(signal) => timeout(),
                    Some(signal) => crash(Some(signal), format!("died by signal {signal}")),
                    None => crash(None, "ended without a reply".to_owned()),
                }
            }
        });
    }

    fn retire_or_keep(&mut self) {
        let Some(process) = self.process.take() else { return };
        if self.reusable && process.job < self.pool.limits.jobs_per_worker && !process.has_unread()
        {
            self.pool.idle().processes.push(process);
        }
    }
}

/// Why a job ended without a reply.
enum Cause {
    Deadline,
    Starved(Option<u64>),
    Protocol(&'static str),
    Panic(String),
    Died,
}
