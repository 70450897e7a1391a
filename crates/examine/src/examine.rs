//! Reads a file once and lets the digests, the sniffing and a worker share that one read.

use crate::{EXAMINATION_VERSION, Examination, Pictures, Plan, worker};
use hashward_digest::Hasher;
use hashward_evidence::ReadAt;
use hashward_hash::{DigestKinds, Digests};
use hashward_media::{
    Class, Corners, Effort, Guesses, HEAD_BYTES, Limits, PictureFormat, PictureReport, Reason,
    Sniffed, TAIL_BYTES, Trouble, sniff,
};
use hashward_sandbox::{Attempt, Failure, Outcome, Pool, PoolError};
use std::io;

/// Bytes that are read at a time.
pub(crate) const CHUNK: usize = 68 << 10;
const _: () = assert!(CHUNK >= HEAD_BYTES && CHUNK.is_multiple_of(64));

/// Examines one file: digests, and if its content is a picture, the perceptual hashes of its
/// frames, decoded in a worker of `workers`. Many files are examined faster by
/// [`crate::ReadTogether`], with the same results.
///
/// The result depends on the bytes, the plan and the limits alone. Whatever is wrong with the
/// file is part of the record, never an error.
///
/// # Errors
/// [`PoolError`] when worker processes cannot be started at all: no further picture could be
/// examined either.
pub fn examine(
    source: &dyn ReadAt,
    plan: &Plan,
    limits: &Limits,
    workers: &Pool,
) -> Result<Examination, PoolError> {
    Reading::begin(source, plan).finish(plan, limits, workers)
}

/// Examines the pictures of a file again, canonically, after [`examine()`] with
/// [`Effort::Fast`](hashward_media::Effort::Fast) gave proposals: what it said about them is
/// replaced, the digests stay.
///
/// # Errors
/// As [`examine()`].
pub fn confirm(
    proposed: Examination,
    source: &dyn ReadAt,
    limits: &Limits,
    workers: &Pool,
) -> Result<Examination, PoolError> {
    let plan = Plan {
        digests: DigestKinds::default(),
        perceptual: true,
        effort: Effort::Full,
        guesses: Guesses::None,
        corners: Corners::None,
    };
    let canonical = examine(source, &plan, limits, workers)?;
    Ok(Examination { digests: proposed.digests, ..canonical })
}

/// What was found out about the pictures in the file.
struct Found {
    pictures: Pictures,
    report: Option<PictureReport>,
}

impl Found {
    fn only(pictures: Pictures) -> Self {
        Self { pictures, report: None }
    }

    fn not_examined(reason: Reason, detail: impl Into<String>) -> Self {
        Self::only(not_examined(Trouble::new(reason, detail)))
    }
}

fn not_examined(trouble: Trouble) -> Pictures {
    Pictures::NotExamined { reason: trouble.reason, detail: trouble.detail }
}

fn pictures<S: ReadAt>(
    reading: &mut Reading<S>,
    plan: &Plan,
    limits: &Limits,
    workers: &Pool,
) -> Result<Found, PoolError> {
    let format = match reading.sniffed.class {
        Class::NoPicture => return Ok(Found::only(Pictures::NotAPicture)),
        Class::Unsupported(kind) => {
            return Ok(Found::not_examined(
                Reason::Unsupported,
                format!("{kind}: may hold pictures, which this build does not open"),
            ));
        }
        Class::Encrypted(kind) => {
            return Ok(Found::not_examined(Reason::Encrypted, kind));
        }
        Class::Picture(format) => format,
    };
    let mut limits = *limits;
    limits.encoded_bytes = limits.encoded_bytes.min(workers.limits().encoded_bytes);
    limits.memory_bytes = limits.memory_bytes.min(workers.limits().decode_bytes);
    if reading.size > limits.encoded_bytes {
        return Ok(Found::not_examined(
            Reason::Limit,
            format!(
                "the file has {} bytes; pictures are opened up to {}",
                reading.size, limits.encoded_bytes
            ),
        ));
    }
    decode(reading, format, plan, &limits, workers)
}

fn decode<S: ReadAt>(
    reading: &mut Reading<S>,
    format: PictureFormat,
    plan: &Plan,
    limits: &Limits,
    workers: &Pool,
) -> Result<Found, PoolError> {
    let header = worker::header(format, limits, plan);
    let outcome = workers.run(&header, reading.size, |job, attempt| {
        if attempt == Attempt::First {
            reading.run_through(&mut |bytes| job.send(bytes));
        } else {
            reading.again(&mut |bytes| job.send(bytes));
        }
        reading.error.is_none()
    })?;
    Ok(match outcome {
        Outcome::Reply(reply) => match worker::report(&reply, limits) {
            Some(report) => {
                let pictures = match &report.status {
                    Ok(()) => Pictures::Examined,
                    Err(trouble) => not_examined(trouble.clone()),
                };
                Found { pictures, report: Some(report) }
            }
            None => Found::not_examined(Reason::Crash, "the worker's reply is damaged"),
        },
        Outcome::Failed(failure) => {
            let reason = match failure {
                Failure::Timeout { .. } => Reason::Timeout,
                Failure::Memory { .. } => Reason::Memory,
                _ => Reason::Crash,
            };
            Found::not_examined(reason, failure.to_string())
        }
        // The error is kept in `reading` and decides there.
        Outcome::Abandoned => Found::only(Pictures::NotAPicture),
    })
}

/// The one pass over a file.
pub(crate) struct Reading<S> {
    pub(crate) source: S,
    pub(crate) size: u64,
    /// Bytes that the pass has seen.
    pub(crate) read: u64,
    pub(crate) sniffed: Sniffed,
    pub(crate) hasher: Hasher,
    /// What was read last, or, where `whole` is set, everything that was read.
    pub(crate) buffer: Vec<u8>,
    pub(crate) whole: bool,
    /// How far the pass is.
    pub(crate) pass: Pass,
    pub(crate) error: Option<io::Error>,
}

/// How far the pass over a file is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Only the first chunk was read, in order to know what the content is. It lies in the buffer.
    First,
    /// Under way in [`crate::ReadTogether`].
    UnderWay,
    Done,
}

/// What a file counts as whose content could not be looked at.
const UNKNOWN: Sniffed =
    Sniffed { media_type: "application/octet-stream", class: Class::NoPicture };

impl<S: ReadAt> Reading<S> {
    /// Reads the first chunk and the tail, and finds out what the content is.
    pub(crate) fn begin(source: S, plan: &Plan) -> Self {
        let mut reading = Self {
            size: source.len(),
            source,
            read: 0,
            sniffed: UNKNOWN,
            hasher: Hasher::new(plan.digests),
            buffer: Vec::new(),
            whole: false,
            pass: Pass::First,
            error: None,
        };
        match reading.sniff() {
            Ok(sniffed) => reading.sniffed = sniffed,
            Err(error) => reading.error = Some(error),
        }
        reading
    }

    fn sniff(&mut self) -> io::Result<Sniffed> {
        let mut first = vec![0; chunk_length(self.size)];
        let count = fill(&self.source, &mut first, 0)?;
        first.truncate(count);
        let mut tail = [0; TAIL_BYTES];
        let tail_start = self.size.saturating_sub(TAIL_BYTES as u64);
        let tail = if self.size <= first.len() as u64 {
            &first[tail_start as usize..]
        } else {
            let count = fill(&self.source, &mut tail, tail_start)?;
            &tail[..count]
        };
        let sniffed = sniff(&first[..first.len().min(HEAD_BYTES)], tail, self.size);
        self.buffer = first;
        Ok(sniffed)
    }

    /// What examining the file gives, after whatever part of the pass is still to be made.
    pub(crate) fn finish(
        &mut self,
        plan: &Plan,
        limits: &Limits,
        workers: &Pool,
    ) -> Result<Examination, PoolError> {
        if let Some(error) = self.error.take() {
            return Ok(self.failed(self.sniffed.media_type, &error));
        }
        let found = if plan.perceptual {
            pictures(self, plan, limits, workers)?
        } else {
            Found::only(Pictures::NotAsked)
        };
        if self.error.is_none() && plan.digests != DigestKinds::default() {
            self.run_through(&mut |_| {});
        }
        if let Some(error) = self.error.take() {
            return Ok(self.failed(self.sniffed.media_type, &error));
        }
        Ok(self.record(found))
    }

    /// Makes the pass, unless it was made: digests every chunk and hands it to `also`. An error
    /// is kept.
    fn run_through(&mut self, also: &mut dyn FnMut(&[u8])) {
        if self.pass != Pass::First {
            if self.whole {
                also(&self.buffer);
            }
            return;
        }
        self.pass = Pass::Done;
        let first = std::mem::take(&mut self.buffer);
        let (read, hasher) = (&mut self.read, &mut self.hasher);
        let result = each_chunk(&self.source, self.size, first, |bytes| {
            *read += bytes.len() as u64;
            hasher.update(bytes);
            also(bytes);
        });
        self.error = result.err();
    }

    /// Hands the whole file to `also` alone once more.
    fn again(&mut self, also: &mut dyn FnMut(&[u8])) {
        if self.whole {
            return also(&self.buffer);
        }
        self.error = each_chunk(&self.source, self.size, Vec::new(), also).err();
    }

    fn failed(&self, media_type: &str, error: &io::Error) -> Examination {
        let detail = format!("reading failed after {} bytes: {error}", self.read);
        let trouble = Trouble::new(Reason::Io, detail);
        self.build(self.read, media_type, Digests::default(), Found::only(not_examined(trouble)))
    }

    fn record(&self, mut found: Found) -> Examination {
        let media_type = self.sniffed.media_type;
        let passed = self.pass != Pass::First;
        match self.source.changed() {
            Ok(false) if !passed || self.read == self.size => {}
            Ok(_) => {
                let detail = "the file changed while it was read";
                found.pictures = not_examined(Trouble::new(Reason::Changed, detail));
            }
            Err(error) => return self.failed(media_type, &error),
        }
        let size = if passed { self.read } else { self.size };
        let digests = self.hasher.clone().finalize();
        self.build(size, media_type, digests, found)
    }

    fn build(&self, size: u64, media_type: &str, digests: Digests, found: Found) -> Examination {
        let report = found.report;
        let (width, height) = report.as_ref().map_or((None, None), |r| (r.width, r.height));
        let frames_examined = report.as_ref().map_or(0, |r| r.frames_examined);
        let frames_total = report.as_ref().and_then(|r| r.frames_total);
        let (hashes, features) = report.map(|r| (r.hashes, r.features)).unwrap_or_default();
        Examination {
            version: EXAMINATION_VERSION,
            size,
            media_type: media_type.to_owned(),
            digests,
            pictures: found.pictures,
            width,
            height,
            frames_examined,
            frames_total,
            opaque: Vec::new(),
            hashes,
            features,
        }
    }
}

/// Bytes to read when so many are left.
pub(crate) fn chunk_length(left: u64) -> usize {
    usize::try_from(left).unwrap_or(CHUNK).min(CHUNK)
}

/// Calls `each` with the first chunk, if there is one, and then with all further chunks up to
/// `size` or the end of the file.
fn each_chunk(
    source: &impl ReadAt,
    size: u64,
    first: Vec<u8>,
    mut each: impl FnMut(&[u8]),
) -> io::Result<()> {
    let mut offset = first.len() as u64;
    let mut buffer = first;
    if !buffer.is_empty() {
        each(&buffer);
    }
    while offset < size {
        buffer.resize(chunk_length(size - offset), 0);
        let count = fill(source, &mut buffer, offset)?;
        if count == 0 {
            break;
        }
        each(&buffer[..count]);
        offset += count as u64;
    }
    Ok(())
}

/// Reads until the buffer is full or the file ends.
pub(crate) fn fill(source: &impl ReadAt, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
