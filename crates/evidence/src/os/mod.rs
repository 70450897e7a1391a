//! What differs between systems: how folders are listed and files opened.

#[cfg(any(not(unix), test))]
mod portable;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(crate) use portable::{Directory, Identity, Opened};
#[cfg(unix)]
pub(crate) use unix::{Directory, Identity, Opened};

/// What a name in a folder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    File,
    Directory,
    Link,
    Socket,
    Fifo,
    BlockDevice,
    CharDevice,
    /// The listing does not say, or the system has kinds of its own.
    Unknown,
}
