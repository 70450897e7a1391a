//! Worker processes for untrusted input: pool, budget, deadline, memory limit.
//!
//! A decoder that hangs, aborts or eats memory must cost one file and nothing else. So decoders
//! run in worker processes: the program starts itself again, with an empty environment and
//! nothing but two pipes, and such a worker answers one job after another ([`serve`]). The
//! supervisor ([`Pool`]) sends it the bytes of a file, grants it memory, stops it at its deadline,
//! and tries a file on which a worker failed once more, alone and in a fresh process.
//!
//! ```no_run
//! use hashward_sandbox::{Outcome, Pool, PoolLimits, WorkerCommand, serve};
//!
//! fn main() -> std::process::ExitCode {
//!     if std::env::args().nth(1).as_deref() == Some("worker") {
//!         return serve(|_header, input, host| {
//!             host.phase("count");
//!             input.len().to_le_bytes().to_vec()
//!         });
//!     }
//!     let command = WorkerCommand::this_program(["worker"]).expect("we know where we are");
//!     let pool = Pool::new(command, PoolLimits::default()).expect("a thread can be started");
//!     let file = b"untrusted bytes";
//!     let outcome = pool.run(b"", file.len() as u64, |job, _attempt| {
//!         job.send(file);
//!         true
//!     });
//!     assert_eq!(outcome.unwrap(), Outcome::Reply(15_usize.to_le_bytes().to_vec()));
//!     std::process::ExitCode::SUCCESS
//! }
//! ```
//!
//! **Guarantees:** a worker's death, silence, flood or lie ends one job with a [`Failure`] that
//! names what the worker was doing; later jobs go on; a worker that dies at its start is an error
//! at once, not a loop. Memory of all workers together stays within [`PoolLimits`] whatever the
//! number of threads (the sum stands in [`limits`]), enforced by the system on
//! Linux and by the grants alone elsewhere. No deadlock among jobs of different threads.
//! Workers end with the supervisor, however it ends (on Linux at once, elsewhere as soon as they
//! read or have used up their processor time).
//!
//! **Does not:** take away the worker's access to files or the network. A reply is bytes from a
//! process that may have been taken over: whoever reads it checks it.
//!
//! A [`Helper`] is another matter: a program of somebody else that answers line by line.
//!
//! This crate installs the program's global allocator: the system's own, extended by a report
//! when an allocation fails, which is how a lack of memory is told from a crash.
#![deny(unsafe_code)]

#[allow(unsafe_code)]
mod allocator;
mod budget;
mod frame;
mod helper;
pub mod limits;
mod os;
mod pool;
mod process;
mod watchdog;
mod worker;

pub use budget::Attempt;
pub use helper::{Helper, HelperFailure};
pub use limits::{MAX_WORKERS, PoolLimits};
pub use pool::{Failure, Job, Outcome, Pool};
pub use process::{PoolError, WorkerCommand};
pub use worker::{Host, Refused, serve};
