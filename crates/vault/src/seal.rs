//! The form of a sealed file: a header, then chunks that are encrypted and authenticated each.
//!
//! A chunk's nonce is the file's random prefix, the chunk's number and whether it is the last one
//! (the STREAM construction), and the header is authenticated with every chunk. So chunks cannot be
//! changed, exchanged, left out or taken from another file, and a file cannot be cut short.

use chacha20poly1305::aead::AeadInPlace;
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use rayon::prelude::*;
use std::io::{self, Read};

/// First bytes of a sealed file.
pub const MAGIC: [u8; 8] = *b"\x89HWVLT\r\n";
/// Version of the form.
pub const VERSION: u32 = 1;
/// Bytes of a chunk before it is encrypted; the last one may be shorter.
pub const CHUNK_BYTES: usize = 64 * 1024;
/// Bytes of the header.
pub const HEADER_BYTES: usize = 40;
/// Bytes by which a chunk grows.
pub const TAG_BYTES: usize = 16;

const PREFIX: usize = 19;
const PREFIX_AT: usize = 20;
/// Chunks that are decrypted at once.
const BATCH: usize = 64;

/// What a file is for. It is authenticated, so that none takes another's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum FileKind {
    /// A file whose name is the digest of its content.
    Named = 1,
    /// The catalogue.
    Catalogue = 2,
    /// A passing file without a name.
    Spool = 3,
}

/// The header of one file.
#[derive(Clone, Copy)]
pub(crate) struct Header([u8; HEADER_BYTES]);

impl Header {
    pub(crate) fn new(kind: FileKind, prefix: [u8; PREFIX]) -> Self {
        let mut bytes = [0; HEADER_BYTES];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&(kind as u32).to_le_bytes());
        bytes[16..20].copy_from_slice(&(CHUNK_BYTES as u32).to_le_bytes());
        bytes[PREFIX_AT..PREFIX_AT + PREFIX].copy_from_slice(&prefix);
        Self(bytes)
    }

    pub(crate) const fn bytes(&self) -> &[u8; HEADER_BYTES] {
        &self.0
    }

    /// Reads a header of a kind of file.
    pub(crate) fn read(kind: FileKind, bytes: [u8; HEADER_BYTES]) -> io::Result<Self> {
        let number = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        if bytes[..8] != MAGIC {
            return Err(invalid("these are not the first bytes of an encrypted file".to_owned()));
        }
        if number(8) != VERSION || number(16) != CHUNK_BYTES as u32 {
            return Err(invalid(format!(
                "the file is encrypted in version {}, this program reads {VERSION}; use the version that wrote it",
                number(8)
            )));
        }
        if number(12) != kind as u32 {
            return Err(invalid("the file is here in the place of another".to_owned()));
        }
        Ok(Self(bytes))
    }

    fn nonce(&self, chunk: u32, last: bool) -> XNonce {
        let mut nonce = [0; 24];
        nonce[..PREFIX].copy_from_slice(&self.0[PREFIX_AT..PREFIX_AT + PREFIX]);
        nonce[PREFIX..PREFIX + 4].copy_from_slice(&chunk.to_be_bytes());
        nonce[23] = u8::from(last);
        nonce.into()
    }

    /// Encrypts a chunk in its place and appends its tag.
    pub(crate) fn seal(
        &self,
        cipher: &XChaCha20Poly1305,
        number: u32,
        last: bool,
        chunk: &mut Vec<u8>,
    ) -> io::Result<()> {
        let tag = cipher
            .encrypt_in_place_detached(&self.nonce(number, last), &self.0, chunk)
            .map_err(|_| io::Error::other("the chunk cannot be encrypted"))?;
        chunk.extend_from_slice(&tag);
        Ok(())
    }

    /// Decrypts a chunk, with its tag behind it, into `out`, which is as long as what was encrypted.
    pub(crate) fn open(
        &self,
        cipher: &XChaCha20Poly1305,
        number: u32,
        last: bool,
        sealed: &[u8],
        out: &mut [u8],
    ) -> io::Result<()> {
        let (content, tag) = sealed.split_at(out.len());
        out.copy_from_slice(content);
        let nonce = self.nonce(number, last);
        cipher
            .decrypt_in_place_detached(&nonce, &self.0, out, Tag::from_slice(tag))
            .map_err(|_| {
                let at = HEADER_BYTES as u64
                    + u64::from(number) * (CHUNK_BYTES + TAG_BYTES) as u64;
                invalid(format!(
                    "the encrypted file is damaged, was changed or cut short at byte {at} or within {} KiB behind it; restore it from a backup",
                    CHUNK_BYTES / 1024
                ))
            })
    }
}

/// The length of what was sealed in a file of a length.
pub(crate) fn content_length(sealed: u64) -> io::Result<u64> {
    let short = || invalid("the encrypted file was cut short".to_owned());
    let body = sealed.checked_sub(HEADER_BYTES as u64).ok_or_else(short)?;
    let chunks = body.div_ceil((CHUNK_BYTES + TAG_BYTES) as u64).max(1);
    if chunks > u64::from(u32::MAX) {
        return Err(invalid("no encrypted file is so long".to_owned()));
    }
    let last = body - (chunks - 1) * (CHUNK_BYTES + TAG_BYTES) as u64;
    if last < TAG_BYTES as u64 {
        return Err(short());
    }
    Ok(body - chunks * TAG_BYTES as u64)
}

/// Decrypts the chunks that follow a header into `out`, which is as long as their content.
pub(crate) fn open_all(
    header: Header,
    cipher: &XChaCha20Poly1305,
    mut source: impl Read,
    out: &mut [u8],
) -> io::Result<()> {
    if out.is_empty() {
        let mut tag = [0; TAG_BYTES];
        source.read_exact(&mut tag)?;
        return header.open(cipher, 0, true, &tag, out);
    }
    let chunks = out.len().div_ceil(CHUNK_BYTES);
    let mut sealed = vec![0; BATCH.min(chunks) * (CHUNK_BYTES + TAG_BYTES)];
    for (batch, out) in out.chunks_mut(BATCH * CHUNK_BYTES).enumerate() {
        let count = out.len().div_ceil(CHUNK_BYTES);
        let sealed = &mut sealed[..out.len() + count * TAG_BYTES];
        source.read_exact(sealed)?;
        let pairs = out.par_chunks_mut(CHUNK_BYTES).zip(sealed.par_chunks(CHUNK_BYTES + TAG_BYTES));
        pairs.enumerate().try_for_each(|(within, (out, sealed))| {
            let number = batch * BATCH + within;
            header.open(cipher, number as u32, number + 1 == chunks, sealed, out)
        })?;
    }
    Ok(())
}

pub(crate) fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::cipher;

    /// The reference: chunk by chunk, by the text of FORMAT.md.
    fn sealed(content: &[u8]) -> Vec<u8> {
        let header = Header::new(FileKind::Named, [5; PREFIX]);
        let mut out = header.bytes().to_vec();
        let empty: &[&[u8]] = &[&[]];
        let pieces: Vec<&[u8]> = content.chunks(CHUNK_BYTES).collect();
        let pieces = if pieces.is_empty() { empty } else { &pieces };
        for (number, piece) in pieces.iter().enumerate() {
            let mut chunk = piece.to_vec();
            let last = number + 1 == pieces.len();
            header.seal(&cipher(&[1; 32]), number as u32, last, &mut chunk).unwrap();
            out.extend(chunk);
        }
        out
    }

    fn opened(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let length = content_length(bytes.len() as u64)?;
        let (head, rest) = bytes.split_at(HEADER_BYTES);
        let header = Header::read(FileKind::Named, head.try_into().unwrap())?;
        let mut out = vec![0; length as usize];
        open_all(header, &cipher(&[1; 32]), rest, &mut out)?;
        Ok(out)
    }

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at * 31 % 251) as u8).collect()
    }

    #[test]
    fn every_length_comes_back() {
        let sizes = [0, 1, 2, CHUNK_BYTES, 2 * CHUNK_BYTES, (BATCH + 1) * CHUNK_BYTES];
        for size in sizes {
            for length in [size.saturating_sub(1), size, size + 1] {
                assert!(opened(&sealed(&content(length))).unwrap() == content(length), "{length}");
            }
        }
    }

    #[test]
    fn no_bit_can_be_changed_and_nothing_cut_off() {
        let whole = sealed(&content(3 * CHUNK_BYTES + 100));
        let step = 997;
        for at in (0..HEADER_BYTES).chain((HEADER_BYTES..whole.len()).step_by(step)) {
            let mut changed = whole.clone();
            changed[at] ^= 1 << (at % 8);
            assert!(opened(&changed).is_err(), "byte {at}");
        }
        let full = CHUNK_BYTES + TAG_BYTES;
        let cuts = (0..4).map(|chunks| HEADER_BYTES + chunks * full);
        for cut in cuts.chain((0..whole.len()).step_by(step)).chain([whole.len() - 1]) {
            assert!(opened(&whole[..cut]).is_err(), "cut at {cut}");
        }
        let mut more = whole.clone();
        more.push(0);
        assert!(opened(&more).is_err());
        let mut exchanged = whole.clone();
        exchanged[HEADER_BYTES..HEADER_BYTES + 2 * full].rotate_left(full);
        assert!(opened(&exchanged).is_err());
    }
}
