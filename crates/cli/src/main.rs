//! The examiner's command line: parses the arguments and hands over to one command.
//!
//! Results go to standard output, progress and diagnostics to standard error. What each exit
//! code means stands in `exit.rs`; each command has a file of its own under `commands/`.
#![forbid(unsafe_code)]

mod args;
mod commands;
mod exit;
mod interrupt;
mod printer;
mod review;
mod text;

use clap::Parser;
use exit::ExitStatus;
use printer::Printer;

fn main() -> std::process::ExitCode {
    // Worker processes are this program again; they must not pay for, or trip over, the parser.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == commands::worker::ARGUMENT) {
        return commands::worker::run();
    }
    let args = args::Args::parse();
    let mut printer = Printer::new(args.quiet);
    // A pinned backend that is not there would otherwise only be noticed in the middle of a run.
    let result = hashward_engine::Backend::pinned()
        .map_err(anyhow::Error::from)
        .and_then(|_| commands::run(args.command, &mut printer));
    let result = result.and_then(|status| Ok(printer.flush().map(|()| status)?));
    match result {
        Ok(status) => status.into(),
        Err(error) if printer::is_closed_pipe(&error) => ExitStatus::Done.into(),
        Err(error) => {
            printer.error(printer::chain(&error));
            ExitStatus::Failed.into()
        }
    }
}
