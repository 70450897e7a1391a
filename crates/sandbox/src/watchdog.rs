//! The one thread of a pool that starts processes and stops those that run over their deadline.
//!
//! It starts them too because on Linux a worker asks to die with the *thread* that started it:
//! this one lives as long as the pool does.

use std::collections::VecDeque;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often deadlines are looked at, and thus how much a worker may overrun.
const TICK: Duration = Duration::from_millis(100);
/// Ticks without any deadline after which the thread sleeps until it is woken.
const IDLE_TICKS: u32 = 20;

/// No deadline.
const DISARMED: u64 = 0;
/// The deadline has passed and the process was killed.
const EXPIRED: u64 = u64::MAX;

/// A running process and its deadline.
#[derive(Debug)]
pub(crate) struct Watched {
    child: Mutex<Child>,
    /// Milliseconds since the watchdog's start, plus 1; or a mark.
    deadline: AtomicU64,
}

impl Watched {
    /// Ends the process if it still runs and says how it ended. A process that has closed its
    /// pipe is given a moment to die on its own, so that its own signal is seen.
    pub(crate) fn reap(&self, patience: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + patience;
        loop {
            let mut child = lock(&self.child);
            match child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < until => {}
                _ => {
                    let _ = child.kill();
                    return child.wait().ok();
                }
            }
            drop(child);
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    fn kill(&self) {
        let _ = lock(&self.child).kill();
    }
}

/// A process that was just started, and the two ends of its pipes.
pub(crate) struct Started {
    pub(crate) watched: Arc<Watched>,
    pub(crate) stdin: ChildStdin,
    pub(crate) stdout: ChildStdout,
}

struct Request {
    command: Command,
    answer: SyncSender<std::io::Result<Started>>,
}

#[derive(Default)]
struct State {
    requests: VecDeque<Request>,
    watched: Vec<Weak<Watched>>,
    asleep: bool,
    closing: bool,
}

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    start: Instant,
}

/// Handle to the thread; dropping it ends the thread.
pub(crate) struct Watchdog {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it holds one of these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watchdog {
    pub(crate) fn new() -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            wake: Condvar::new(),
            start: Instant::now(),
        });
        let own = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("watchdog".into())
            .stack_size(256 << 10)
            .spawn(move || run(&own))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Starts a process, with pipes for its input and output, on the watchdog's thread.
    pub(crate) fn spawn(&self, command: Command) -> std::io::Result<Started> {
        let (answer, answers) = sync_channel(1);
        lock(&self.shared.state).requests.push_back(Request { command, answer });
        self.shared.wake.notify_all();
        answers.recv().map_err(|_| std::io::Error::other("the watchdog thread has ended"))?
    }

    /// From now on the process may run for `time` until it is killed.
    pub(crate) fn arm(&self, watched: &Watched, time: Duration) {
        let end = self.shared.start.elapsed().saturating_add(time).as_millis();
        let end = u64::try_from(end).unwrap_or(EXPIRED - 2) + 1;
        watched.deadline.store(end.min(EXPIRED - 1), Ordering::SeqCst);
        let asleep = lock(&self.shared.state).asleep;
        if asleep {
            self.shared.wake.notify_all();
        }
    }

    /// Takes the deadline away. False when it has passed: the process has been killed.
    pub(crate) fn disarm(&self, watched: &Watched) -> bool {
        let before = watched.deadline.load(Ordering::SeqCst);
        before != EXPIRED
            && watched
                .deadline
                .compare_exchange(before, DISARMED, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok()
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        lock(&self.shared.state).closing = true;
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(shared: &Shared) {
    let mut idle = 0;
    let mut state = lock(&shared.state);
    while !state.closing {
        while let Some(mut request) = state.requests.pop_front() {
            drop(state);
            let started = start(&mut request.command);
            let watched = started.as_ref().ok().map(|started| Arc::downgrade(&started.watched));
            state = lock(&shared.state);
            state.watched.extend(watched);
            // Nobody waits any more when the pool is being dropped; then nothing is lost.
            let _ = request.answer.send(started);
        }
        let now = u64::try_from(shared.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut armed = false;
        state.watched.retain(|watched| {
            let Some(watched) = watched.upgrade() else { return false };
            armed |= expire(&watched, now);
            true
        });
        idle = if armed { 0 } else { idle + 1 };
        state.asleep = idle > IDLE_TICKS;
        state = if state.asleep {
            shared.wake.wait(state).unwrap_or_else(PoisonError::into_inner)
        } else {
            shared.wake.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner).0
        };
        state.asleep = false;
    }
}

/// Kills a process whose deadline has passed; true while one is still to come.
fn expire(watched: &Watched, now: u64) -> bool {
    let deadline = watched.deadline.load(Ordering::SeqCst);
    if deadline == DISARMED || deadline == EXPIRED {
        return false;
    }
    // Only whoever swaps the mark in may kill: the job may have ended meanwhile, and the process
    // then already works on the next one.
    if deadline <= now
        && watched
            .deadline
            .compare_exchange(deadline, EXPIRED, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
    {
        watched.kill();
    }
    true
}

fn start(command: &mut Command) -> std::io::Result<Started> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let pipes = child.stdin.take().zip(child.stdout.take());
    let (stdin, stdout) = pipes.ok_or_else(|| std::io::Error::other("the process has no pipes"))?;
    let watched =
        Arc::new(Watched { child: Mutex::new(child), deadline: AtomicU64::new(DISARMED) });
    Ok(Started { watched, stdin, stdout })
}
