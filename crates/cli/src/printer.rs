//! The only place that writes to the terminal: results to standard output, the rest to stderr.

use serde::Serialize;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

/// Owns standard output and decides what of progress and notes is shown.
pub(crate) struct Printer {
    out: BufWriter<Stdout>,
    quiet: bool,
    /// Somebody watches: lines are flushed at once.
    interactive: bool,
}

/// Standard output was closed by its reader, as `head` does: no error, but nothing more to do.
#[derive(Debug, thiserror::Error)]
#[error("standard output was closed")]
struct ClosedPipe;

/// True when an error means only that nobody reads the results any more.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.is::<ClosedPipe>()
            || cause
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref)
                .is_some_and(|inner| inner.is::<ClosedPipe>())
    })
}

/// Marks a broken pipe on standard output, so that no other broken pipe is mistaken for it.
fn mark_closed(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => io::Error::new(io::ErrorKind::BrokenPipe, ClosedPipe),
        _ => error,
    }
}

impl Printer {
    /// A printer for this process's standard output.
    pub(crate) fn new(quiet: bool) -> Self {
        let stdout = io::stdout();
        let interactive = stdout.is_terminal();
        Self { out: BufWriter::with_capacity(1 << 16, stdout), quiet, interactive }
    }

    /// One line of results.
    pub(crate) fn line(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.out, "{text}").map_err(mark_closed)?;
        if self.interactive { self.flush() } else { Ok(()) }
    }

    /// One object of results as a JSON line.
    pub(crate) fn json(&mut self, object: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, object)
            .map_err(|error| mark_closed(io::Error::from(error)))?;
        self.line("")
    }

    /// Passes everything on that was printed; call it before a long wait.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush().map_err(mark_closed)
    }

    /// True when progress may be drawn: stderr is a terminal and the user wants it.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// A remark for people, on stderr, kept back by `--quiet`.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.quiet {
            to_stderr(text);
        }
    }

    /// A warning, on stderr, also under `--quiet`.
    pub(crate) fn warn(&self, text: impl Display) {
        to_stderr(format_args!("warning: {text}"));
    }

    /// Why the command could not run, on stderr.
    pub(crate) fn error(&self, text: impl Display) {
        to_stderr(format_args!("error: {text}"));
    }
}

/// Where stderr is gone there is nobody left to tell.
fn to_stderr(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
