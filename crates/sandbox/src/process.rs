//! One worker process as the supervisor sees it: start, greeting, sending, receiving, the end.

use crate::frame::{self, GREETING, HELLO, Head};
use crate::os;
use crate::watchdog::{Started, Watchdog, Watched};
use std::ffi::OsString;
use std::io::{BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

/// Time for a process to start and greet, generous because the machine may be busy.
const GREETING_TIME: Duration = Duration::from_secs(20);
/// Time for a process that has closed its pipe to die by its own signal.
const DYING_TIME: Duration = Duration::from_secs(2);

/// The program that is started as a worker. It must call [`crate::serve`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

impl WorkerCommand {
    /// The running program itself with these arguments, by a path that stays right even when the
    /// program's file is replaced.
    ///
    /// # Errors
    /// When the system does not say where the program is.
    pub fn this_program(
        args: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> std::io::Result<Self> {
        let args = args.into_iter().map(Into::into).collect();
        Ok(Self { program: os::own_program()?, args })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).env_clear();
        // One heap. It keeps freed blocks below 4 MiB for the next file, up to a little more than
        // that in all; larger blocks are mappings of their own, which go back to the system when
        // they are freed, in huge pages where the system has them because each fault costs.
        command.env("MALLOC_ARENA_MAX", "1");
        command.env("MALLOC_MMAP_THRESHOLD_", "4194304");
        command.env("MALLOC_TRIM_THRESHOLD_", "5242880");
        command.env("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
        os::detach(&mut command);
        command
    }
}

/// Why a pool cannot work at all. Nothing about a single file is an error of this kind.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// The worker program could not be started.
    #[error("cannot start the worker program {program}: {error}")]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system said.
        error: Arc<std::io::Error>,
    },
    /// The worker program starts but ends, or does not speak the protocol.
    #[error(
        "the worker program {program} does not work: {detail}. It must be this same program; \
         check its permissions, and limits on processes and memory"
    )]
    Unusable {
        /// The program.
        program: PathBuf,
        /// How it failed.
        detail: String,
    },
    /// The file could never fit the pool's memory.
    #[error("the file has {encoded} bytes; the workers together hold at most {limit}")]
    TooLarge {
        /// Bytes of the file.
        encoded: u64,
        /// [`crate::PoolLimits::encoded_bytes`].
        limit: u64,
    },
}

/// A message from a worker, checked.
#[derive(Debug)]
pub(crate) enum Message {
    Phase(String),
    Need(u64),
    /// The reply, and whether the process can take another job.
    Reply(Vec<u8>, bool),
    NoMemory(u64),
    Panic(String),
}

/// Why no further message can be had.
#[derive(Debug)]
pub(crate) enum Silence {
    /// The pipe is closed: the process has died or is dying.
    Closed,
    /// The process broke the protocol.
    Garbage(&'static str),
}

/// A started worker.
pub(crate) struct Process {
    pub(crate) watched: Arc<Watched>,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    /// Jobs begun in this process; the number of the job in the messages.
    pub(crate) job: u32,
}

impl Process {
    /// Starts a process and waits for its greeting.
    pub(crate) fn start(watchdog: &Watchdog, command: &WorkerCommand) -> Result<Self, PoolError> {
        let Started { watched, stdin, stdout } =
            watchdog.spawn(command.command()).map_err(|error| PoolError::Start {
                program: command.program.clone(),
                error: Arc::new(error),
            })?;
        os::widen(&stdin);
        let stdout = BufReader::with_capacity(4096, stdout);
        let mut process = Self { watched, stdin, stdout, job: 0 };
        watchdog.arm(&process.watched, GREETING_TIME);
        let greeted = process.greeting();
        let in_time = watchdog.disarm(&process.watched);
        let detail = match greeted {
            Ok(()) if in_time => return Ok(process),
            _ if !in_time => "it did not greet in time".to_owned(),
            Err(Silence::Garbage(what)) => format!("it {what}"),
            _ => match process.end() {
                Some(status) => format!("it ended at once ({status})"),
                None => "it ended at once".to_owned(),
            },
        };
        Err(PoolError::Unusable { program: command.program.clone(), detail })
    }

    fn greeting(&mut self) -> Result<(), Silence> {
        let head = Head::read(&mut self.stdout).map_err(|_| Silence::Closed)?;
        let head = head.ok_or(Silence::Closed)?;
        if head != (Head { tag: HELLO, job: 0, length: GREETING.len() as u32 }) {
            return Err(Silence::Garbage("does not speak the worker protocol"));
        }
        let mut greeting = GREETING;
        self.stdout.read_exact(&mut greeting).map_err(|_| Silence::Closed)?;
        if greeting != GREETING {
            return Err(Silence::Garbage("speaks another version of the worker protocol"));
        }
        Ok(())
    }

    /// Sends prepared messages; false when the process no longer listens.
    pub(crate) fn send(&mut self, messages: &[u8]) -> bool {
        self.stdin.write_all(messages).is_ok()
    }

    /// The next message about the current job.
    pub(crate) fn receive(&mut self, reply_bytes: usize) -> Result<Message, Silence> {
        let head = Head::read(&mut self.stdout).map_err(|_| Silence::Closed)?;
        let head = head.ok_or(Silence::Closed)?;
        let bound = match head.tag {
            frame::PHASE | frame::PANIC => frame::TEXT_BYTES,
            frame::NEED | frame::NO_MEMORY => 8,
            frame::REPLY | frame::LAST_REPLY => reply_bytes,
            _ => return Err(Silence::Garbage("sent an unknown message")),
        };
        if head.job != self.job {
            return Err(Silence::Garbage("spoke about another job"));
        }
        if head.length as usize > bound {
            return Err(Silence::Garbage("sent a message that is too long"));
        }
        let bytes = frame::payload(&mut self.stdout, head.length).map_err(|_| Silence::Closed)?;
        let number = || {
            let bytes = bytes.as_slice().try_into();
            bytes.map(u64::from_le_bytes).map_err(|_| Silence::Garbage("sent a short number"))
        };
        Ok(match head.tag {
            frame::PHASE => Message::Phase(readable(&bytes)),
            frame::PANIC => Message::Panic(readable(&bytes)),
            frame::NEED => Message::Need(number()?),
            frame::NO_MEMORY => Message::NoMemory(number()?),
            tag => Message::Reply(bytes, tag == frame::REPLY),
        })
    }

    /// True when the process has sent more than it was asked for.
    pub(crate) fn has_unread(&self) -> bool {
        !self.stdout.buffer().is_empty()
    }

    /// Ends the process and says how it ended.
    pub(crate) fn end(&mut self) -> Option<ExitStatus> {
        self.watched.reap(DYING_TIME)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.watched.reap(Duration::ZERO);
    }
}

/// Text of a worker that may have been taken over: no control characters reach a terminal.
fn readable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
