//! The only place that writes to the terminal: results to standard output, the rest to stderr.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::time::Duration;

/// Owns standard output and decides what of progress and notes is shown.
pub(crate) struct Printer {
    out: BufWriter<Stdout>,
    quiet: bool,
    /// Somebody watches: lines are flushed at once.
    interactive: bool,
    /// Drawn on stderr while a command works; lines of results step around it.
    bar: ProgressBar,
}

/// Standard output was closed by its reader, as `head` does: no error, but nothing more to do.
#[derive(Debug, thiserror::Error)]
#[error("standard output was closed")]
struct ClosedPipe;

/// True when an error means only that nobody reads the results any more.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.is::<ClosedPipe>() || cause.downcast_ref::<io::Error>().is_some_and(is_closed)
    })
}

/// An error and its causes on one line. Many of our errors tell their cause themselves; it is not
/// told twice.
pub(crate) fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// The same for the error of a write.
pub(crate) fn is_closed(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<ClosedPipe>())
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
        Self {
            out: BufWriter::with_capacity(1 << 16, stdout),
            quiet,
            interactive,
            bar: ProgressBar::hidden(),
        }
    }

    /// One line of results.
    pub(crate) fn line(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.out, "{text}").map_err(mark_closed)?;
        if !self.interactive {
            return Ok(());
        }
        self.bar.suspend(|| self.out.flush()).map_err(mark_closed)
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

    /// Draws progress on stderr until the returned handle is dropped; hidden where nobody would
    /// see it, so that it may always be called.
    pub(crate) fn progress(&mut self, total: Option<u64>, unit: &'static str) -> Progress {
        let target = if self.shows_progress() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        self.bar = ProgressBar::with_draw_target(total, target);
        let template = match total {
            Some(_) => "{spinner} {elapsed_precise} {human_pos} of {human_len} {prefix}{msg}",
            None => "{spinner} {elapsed_precise} {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.set_prefix(unit);
        self.bar.enable_steady_tick(Duration::from_millis(200));
        Progress(self.bar.clone())
    }

    /// A remark for people, on stderr, kept back by `--quiet`.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.quiet {
            self.bar.suspend(|| to_stderr(text));
        }
    }

    /// A warning, on stderr, also under `--quiet`.
    pub(crate) fn warn(&self, text: impl Display) {
        self.bar.suspend(|| warn(text));
    }

    /// Why the command could not run, on stderr.
    pub(crate) fn error(&self, text: impl Display) {
        to_stderr(format_args!("error: {text}"));
    }
}

/// A warning before any progress is shown, where there is no printer.
pub(crate) fn warn(text: impl Display) {
    to_stderr(format_args!("warning: {text}"));
}

/// Progress as long as it lives.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// How much is done.
    pub(crate) fn set(&self, done: u64) {
        self.0.set_position(done);
    }

    /// What else there is to say.
    pub(crate) fn message(&self, text: String) {
        self.0.set_message(text);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Where stderr is gone there is nobody left to tell.
fn to_stderr(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
