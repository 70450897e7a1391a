//! The hidden command under which this program decodes pictures for its supervisor.

use std::process::ExitCode;

/// The argument that turns the program into a worker.
pub(crate) const ARGUMENT: &str = hashward_engine::WORKER_ARGUMENT;

/// Serves the supervisor on standard input and output until it goes away.
pub(crate) fn run() -> ExitCode {
    hashward_engine::worker_main()
}
