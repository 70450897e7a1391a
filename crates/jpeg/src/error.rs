//! Why a file is left to the ordinary decoder.

use std::fmt;

/// The file is left to the ordinary decoder, which judges it.
///
/// Rows that the sink has already received are to be thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// What was met.
    pub reason: Reason,
    /// Where in the bytes it was noticed, which may be some way behind where it lies.
    pub offset: usize,
}

/// What this decoder met and does not decide upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// A JPEG that this decoder does not fully understand.
    Unsupported(&'static str),
    /// Bytes that break the format.
    Malformed(&'static str),
    /// The bytes end before the picture does.
    Truncated,
    /// A limit of the caller's forbids going on.
    Limit(&'static str),
    /// The sink asked to stop.
    Stopped,
}

impl Reason {
    pub(crate) fn at(self, offset: usize) -> Fallback {
        Fallback { reason: self, offset }
    }
}

impl fmt::Display for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            Reason::Unsupported(what) => write!(f, "not decoded here: {what}")?,
            Reason::Malformed(what) => write!(f, "malformed: {what}")?,
            Reason::Truncated => f.write_str("the bytes end before the picture does")?,
            Reason::Limit(what) => write!(f, "beyond the limit: {what}")?,
            Reason::Stopped => f.write_str("stopped by the receiver of the rows")?,
        }
        write!(f, " (near byte {}); use the ordinary decoder", self.offset)
    }
}

impl std::error::Error for Fallback {}

/// What can go wrong inside entropy-coded data: small, so that it travels in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A bit pattern that is no code of the table, or a symbol without meaning.
    Code,
    /// More coefficients than a block holds.
    Overrun,
    /// A coefficient that no 8-bit picture gives.
    Range,
    /// The segment ended within an MCU.
    Truncated,
    /// Bytes left over between the last MCU and the next marker.
    Extra,
    /// The restart marker that is due does not follow.
    Restart,
}

impl From<Fault> for Reason {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Code => Reason::Malformed("unknown Huffman code"),
            Fault::Overrun => Reason::Malformed("too many coefficients in a block"),
            Fault::Range => Reason::Malformed("coefficient out of range"),
            Fault::Truncated => Reason::Truncated,
            Fault::Extra => Reason::Malformed("bytes left over behind the last block"),
            Fault::Restart => Reason::Malformed("restart marker missing or out of order"),
        }
    }
}
