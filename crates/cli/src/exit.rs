//! The exit codes on which scripts rely.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitStatus {
    /// Done; where the command matches, nothing matched.
    Done = 0,
    /// Done, something matched.
    Matched = 1,
    /// Could not run: bad arguments, unreadable database, refused import.
    Failed = 2,
    /// Done, nothing matched, some input was not examined.
    Incomplete = 3,
    /// Done, something matched, some input was not examined.
    MatchedIncomplete = 4,
    /// The user stopped the run.
    Interrupted = 130,
}

impl ExitStatus {
    /// The code for a run that came to its end.
    pub(crate) const fn of(matched: bool, incomplete: bool) -> Self {
        match (matched, incomplete) {
            (false, false) => Self::Done,
            (true, false) => Self::Matched,
            (false, true) => Self::Incomplete,
            (true, true) => Self::MatchedIncomplete,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}
