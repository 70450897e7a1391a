//! What a decoder asks of the process around it.

/// The process around a decoder: told what goes on, and asked before memory is taken.
pub trait Host {
    /// Says what happens next, so that a crash or a timeout can name its culprit.
    fn phase(&mut self, text: &str);

    /// Asks for `bytes` of memory in all for this picture (not in addition to an earlier grant).
    /// May block until others have returned theirs.
    ///
    /// # Errors
    /// [`MemoryRefused`] when this much is never given.
    fn need_memory(&mut self, bytes: u64) -> Result<(), MemoryRefused>;
}

/// The memory asked for is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("decoding would need {needed} bytes of memory, which were refused")]
pub struct MemoryRefused {
    /// Bytes asked for.
    pub needed: u64,
}

/// A host for trusted bytes in the caller's own process: grants everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unguarded;

impl Host for Unguarded {
    fn phase(&mut self, _text: &str) {}

    fn need_memory(&mut self, _bytes: u64) -> Result<(), MemoryRefused> {
        Ok(())
    }
}
