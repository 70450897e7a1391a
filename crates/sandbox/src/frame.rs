//! The messages between supervisor and worker: a tag, a job number, a length, and that many bytes.
//!
//! All numbers are little-endian. The supervisor speaks first about a job ([`JOB`], [`DATA`]…,
//! [`END`]), the worker then sends [`PHASE`] and [`NEED`] as it likes and ends with [`REPLY`].
//! Each side checks the other's tag, job number and length before it reads on.

use std::io::{self, Read};

/// What a worker says first: a name and the version of the messages. Both ends are the same
/// program, so it guards against mix-ups only.
pub(crate) const GREETING: [u8; 12] = *b"hashward\x01\x00\x00\x00";

/// Supervisor: a new job. Payload: declared length u64, then the job's header.
pub(crate) const JOB: u8 = 0x01;
/// Supervisor: the next bytes of the file.
pub(crate) const DATA: u8 = 0x02;
/// Supervisor: the file is complete.
pub(crate) const END: u8 = 0x03;
/// Supervisor: the memory asked for is granted.
pub(crate) const GRANT: u8 = 0x04;
/// Supervisor: the memory asked for is refused.
pub(crate) const DENY: u8 = 0x05;

/// Worker: ready. Payload: [`GREETING`].
pub(crate) const HELLO: u8 = 0x81;
/// Worker: what it does next, as text.
pub(crate) const PHASE: u8 = 0x82;
/// Worker: asks for memory. Payload: bytes in all, u64.
pub(crate) const NEED: u8 = 0x83;
/// Worker: the result.
pub(crate) const REPLY: u8 = 0x84;
/// Worker: the result, after which it ends because it could not give all its memory back.
pub(crate) const LAST_REPLY: u8 = 0x87;
/// Worker: an allocation has failed. Payload: its size, u64.
pub(crate) const NO_MEMORY: u8 = 0x85;
/// Worker: it panicked. Payload: the place in the source, as text.
pub(crate) const PANIC: u8 = 0x86;

/// Longest phase or panic text in bytes.
pub(crate) const TEXT_BYTES: usize = 200;
/// Longest header of a job in bytes.
pub(crate) const HEADER_BYTES: usize = 64 << 10;
/// Longest piece of a file in one message.
pub(crate) const PIECE_BYTES: usize = 256 << 10;

/// Length of a message's head.
pub(crate) const HEAD: usize = 9;

/// The head of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) tag: u8,
    pub(crate) job: u32,
    pub(crate) length: u32,
}

impl Head {
    pub(crate) fn to_bytes(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[0] = self.tag;
        bytes[1..5].copy_from_slice(&self.job.to_le_bytes());
        bytes[5..9].copy_from_slice(&self.length.to_le_bytes());
        bytes
    }

    /// Reads a head; `None` at the end of the stream.
    pub(crate) fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
        let mut bytes = [0; HEAD];
        let mut filled = 0;
        while filled < HEAD {
            match from.read(&mut bytes[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| bytes[at + i]));
        Ok(Some(Self { tag: bytes[0], job: word(1), length: word(5) }))
    }
}

/// Appends a message to a buffer that is sent in one go.
pub(crate) fn append(to: &mut Vec<u8>, tag: u8, job: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("callers bound their payloads far below");
    to.extend_from_slice(&Head { tag, job, length }.to_bytes());
    to.extend_from_slice(payload);
}

/// Reads a payload of exactly `length` bytes, which the caller has checked against its bound.
pub(crate) fn payload(from: &mut impl Read, length: u32) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length as usize];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A text cut to [`TEXT_BYTES`] at a character boundary.
pub(crate) fn bounded(text: &str) -> &str {
    let end = (0..=text.len().min(TEXT_BYTES)).rev().find(|&i| text.is_char_boundary(i));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_round_trip() {
        let mut buffer = Vec::new();
        append(&mut buffer, PHASE, 7, b"decode");
        let mut from = &buffer[..];
        let head = Head::read(&mut from).unwrap().unwrap();
        assert_eq!(head, Head { tag: PHASE, job: 7, length: 6 });
        assert_eq!(payload(&mut from, head.length).unwrap(), b"decode");
        assert_eq!(Head::read(&mut from).unwrap(), None);
        assert!(Head::read(&mut &buffer[..4]).is_err());
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let text = "é".repeat(TEXT_BYTES);
        assert_eq!(bounded(&text).len(), TEXT_BYTES);
        assert_eq!(bounded(&format!("a{text}")).len(), TEXT_BYTES - 1);
    }
}
