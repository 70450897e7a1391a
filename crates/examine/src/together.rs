//! Many files read in turns, so that their digests are computed side by side.

use crate::examine::{Pass, Reading, chunk_length, fill};
use crate::{Examination, Plan};
use hashward_digest::update_together;
use hashward_evidence::ReadAt;
use hashward_hash::DigestKinds;
use hashward_media::{Class, Limits};
use hashward_sandbox::{Pool, PoolError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Files in flight beyond which more make nothing faster: all lanes stay full although files end.
pub const MOST_FILES: usize = 24;

/// Memory for pictures that are kept from their pass to their decoding, shared by threads.
#[derive(Debug)]
pub struct Kept {
    left: AtomicU64,
    /// Most bytes of one picture.
    largest: u64,
}

impl Kept {
    /// Room for `bytes` in all. A single picture gets a quarter of it at most.
    #[must_use]
    pub fn new(bytes: u64) -> Arc<Self> {
        Arc::new(Self { left: AtomicU64::new(bytes), largest: bytes / 4 })
    }

    /// Takes room for a picture, unless there is none.
    fn reserve(self: &Arc<Self>, bytes: u64) -> Option<Room> {
        if bytes > self.largest {
            return None;
        }
        self.left
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(bytes))
            .ok()?;
        Some(Room { kept: Arc::clone(self), bytes })
    }
}

/// Room taken from [`Kept`], given back when it is dropped.
#[derive(Debug)]
struct Room {
    kept: Arc<Kept>,
    bytes: u64,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.kept.left.fetch_add(self.bytes, Ordering::AcqRel);
    }
}

/// Files whose passes are under way. Each carries a value of type `T` along.
///
/// Every turn reads the next 68 KiB of each file and hashes them all together: a large file takes
/// no longer turns than a small one, so it keeps none waiting. Memory is that much for each file,
/// and for pictures, which their decoder needs from the first byte on, their size, taken from
/// [`Kept`]. A picture for which there is no room makes its pass when it is decoded, straight
/// through to the worker.
pub struct ReadTogether<'a, S, T> {
    plan: &'a Plan,
    kept: &'a Arc<Kept>,
    most: usize,
    files: Vec<InFlight<S, T>>,
}

struct InFlight<S, T> {
    reading: Reading<S>,
    room: Option<Room>,
    value: T,
    /// Where in the buffer the bytes of this turn begin.
    fresh: usize,
}

/// A file that has made its pass, as far as it was to be made before its decoding.
pub struct Finished<S, T> {
    reading: Reading<S>,
    _room: Option<Room>,
    /// What came with the file.
    pub value: T,
}

impl<S, T> std::fmt::Debug for ReadTogether<'_, S, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReadTogether({} files)", self.files.len())
    }
}

impl<S, T> std::fmt::Debug for Finished<S, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Finished({} bytes)", self.reading.read)
    }
}

impl<'a, S: ReadAt, T> ReadTogether<'a, S, T> {
    /// Nothing in flight yet; up to `most` files (at most [`MOST_FILES`]) will be.
    #[must_use]
    pub fn new(plan: &'a Plan, kept: &'a Arc<Kept>, most: usize) -> Self {
        Self { plan, kept, most: most.clamp(1, MOST_FILES), files: Vec::new() }
    }

    /// True when no file is in flight.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// True when another file may be taken.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.files.len() < self.most
    }

    /// Takes a file: reads its first bytes and finds out what it is. A file with nothing to do
    /// before its decoding comes back at once.
    pub fn take(&mut self, source: S, value: T) -> Option<Finished<S, T>> {
        let mut reading = Reading::begin(source, self.plan);
        let is_picture = matches!(reading.sniffed.class, Class::Picture(_));
        let room =
            if self.plan.perceptual && is_picture { self.kept.reserve(reading.size) } else { None };
        let alone = self.plan.perceptual && is_picture && room.is_none();
        let nothing = self.plan.digests == DigestKinds::default() && !is_picture;
        if alone || nothing || reading.error.is_some() {
            return Some(Finished { reading, _room: room, value });
        }
        reading.whole = room.is_some();
        if reading.whole {
            let rest = reading.size - reading.buffer.len() as u64;
            reading.buffer.reserve_exact(usize::try_from(rest).unwrap_or(0));
        }
        reading.pass = Pass::UnderWay;
        self.files.push(InFlight { reading, room, value, fresh: 0 });
        None
    }

    /// One turn: hashes what was read, takes out the files that have come to their end, and reads
    /// on in the others.
    pub fn turn(&mut self) -> Vec<Finished<S, T>> {
        let mut feeds: Vec<_> = self
            .files
            .iter_mut()
            .map(|file| {
                let Reading { hasher, buffer, read, .. } = &mut file.reading;
                let bytes = &buffer[file.fresh..];
                *read += bytes.len() as u64;
                (hasher, bytes)
            })
            .collect();
        update_together(&mut feeds);
        for file in &mut self.files {
            file.read_on();
        }
        let ended = self.files.extract_if(.., |file| file.reading.pass == Pass::Done);
        let finished = |file: InFlight<S, T>| Finished {
            reading: file.reading,
            _room: file.room,
            value: file.value,
        };
        ended.map(finished).collect()
    }
}

impl<S: ReadAt, T> InFlight<S, T> {
    /// Reads the bytes of the next turn, or notes that there are none.
    fn read_on(&mut self) {
        let Reading { source, size, read, buffer, whole, pass, error, .. } = &mut self.reading;
        if !*whole {
            buffer.clear();
        }
        self.fresh = buffer.len();
        buffer.resize(self.fresh + chunk_length(*size - (*read).min(*size)), 0);
        match fill(source, &mut buffer[self.fresh..], *read) {
            Ok(count) => buffer.truncate(self.fresh + count),
            Err(failed) => {
                buffer.truncate(self.fresh);
                *error = Some(failed);
            }
        }
        if buffer.len() == self.fresh {
            *pass = Pass::Done;
        }
    }
}

impl<S: ReadAt, T> Finished<S, T> {
    /// True when nothing is left but to say what was found: no pass and no decoding.
    #[must_use]
    pub fn is_cheap(&self) -> bool {
        !matches!(self.reading.sniffed.class, Class::Picture(_))
    }

    /// What examining the file gives: what [`crate::examine()`] would have told. Called once.
    ///
    /// # Errors
    /// As [`crate::examine()`].
    pub fn finish(
        &mut self,
        plan: &Plan,
        limits: &Limits,
        workers: &Pool,
    ) -> Result<Examination, PoolError> {
        self.reading.finish(plan, limits, workers)
    }

    /// The file itself.
    pub fn source(&self) -> &S {
        &self.reading.source
    }
}
