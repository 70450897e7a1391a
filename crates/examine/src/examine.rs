//! Reads a file once and lets the digests, the sniffing and a worker share that one read.

use crate::{EXAMINATION_VERSION, Examination, Pictures, Plan, worker};
use hashward_digest::Hasher;
use hashward_evidence::ReadAt;
use hashward_hash::{DigestKinds, Digests};
use hashward_media::{
    Class, Effort, HEAD_BYTES, Limits, PictureFormat, PictureReport, Reason, Sniffed, TAIL_BYTES,
    Trouble, sniff,
};
use hashward_sandbox::{Attempt, Failure, Outcome, Pool, PoolError};
use std::io;

/// Bytes that are read at a time.
const CHUNK: usize = 256 << 10;
const _: () = assert!(CHUNK >= HEAD_BYTES);

/// Examines one file: digests, and if its content is a picture, the perceptual hashes of its
/// frames, decoded in a worker of `workers`.
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
    let mut reading = Reading {
        source,
        size: source.len(),
        read: 0,
        first: None,
        hasher: Hasher::new(plan.digests),
        error: None,
    };
    let sniffed = match reading.begin() {
        Ok(sniffed) => sniffed,
        Err(error) => return Ok(reading.failed("application/octet-stream", &error)),
    };
    let found = if plan.perceptual {
        pictures(&mut reading, sniffed.class, plan, limits, workers)?
    } else {
        Found::only(Pictures::NotAsked)
    };
    if reading.error.is_none() && plan.digests != DigestKinds::default() {
        reading.run_through(&mut |_| {});
    }
    if let Some(error) = reading.error.take() {
        return Ok(reading.failed(sniffed.media_type, &error));
    }
    Ok(reading.record(sniffed.media_type, found))
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
    let plan = Plan { digests: DigestKinds::default(), perceptual: true, effort: Effort::Full };
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

fn pictures(
    reading: &mut Reading<'_>,
    class: Class,
    plan: &Plan,
    limits: &Limits,
    workers: &Pool,
) -> Result<Found, PoolError> {
    let format = match class {
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

fn decode(
    reading: &mut Reading<'_>,
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

/// The one pass over the file.
struct Reading<'a> {
    source: &'a dyn ReadAt,
    size: u64,
    read: u64,
    /// The first chunk, needed before it is known who else wants it; gone once the pass began.
    first: Option<Vec<u8>>,
    hasher: Hasher,
    error: Option<io::Error>,
}

impl Reading<'_> {
    /// Reads the first chunk and the tail, and tells what the content is.
    fn begin(&mut self) -> io::Result<Sniffed> {
        let mut first = vec![0; chunk_length(self.size)];
        let count = fill(self.source, &mut first, 0)?;
        first.truncate(count);
        let mut tail = [0; TAIL_BYTES];
        let tail_start = self.size.saturating_sub(TAIL_BYTES as u64);
        let tail = if self.size <= first.len() as u64 {
            &first[tail_start as usize..]
        } else {
            let count = fill(self.source, &mut tail, tail_start)?;
            &tail[..count]
        };
        let sniffed = sniff(&first[..first.len().min(HEAD_BYTES)], tail, self.size);
        self.first = Some(first);
        Ok(sniffed)
    }

    /// Makes the pass, unless it was made: digests every chunk and hands it to `also`. An error
    /// is kept.
    fn run_through(&mut self, also: &mut dyn FnMut(&[u8])) {
        let Some(first) = self.first.take() else { return };
        let (read, hasher) = (&mut self.read, &mut self.hasher);
        let result = each_chunk(self.source, self.size, first, |bytes| {
            *read += bytes.len() as u64;
            hasher.update(bytes);
            also(bytes);
        });
        self.error = result.err();
    }

    /// Reads the whole file once more for `also` alone.
    fn again(&mut self, also: &mut dyn FnMut(&[u8])) {
        self.error = each_chunk(self.source, self.size, Vec::new(), also).err();
    }

    fn failed(&self, media_type: &str, error: &io::Error) -> Examination {
        let detail = format!("reading failed after {} bytes: {error}", self.read);
        let trouble = Trouble::new(Reason::Io, detail);
        self.build(self.read, media_type, Digests::default(), Found::only(not_examined(trouble)))
    }

    fn record(self, media_type: &str, mut found: Found) -> Examination {
        let passed = self.first.is_none();
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
        Examination {
            version: EXAMINATION_VERSION,
            size,
            media_type: media_type.to_owned(),
            digests,
            pictures: found.pictures,
            width,
            height,
            frames_examined: report.as_ref().map_or(0, |r| r.frames_examined),
            frames_total: report.as_ref().and_then(|r| r.frames_total),
            hashes: report.map_or_else(Vec::new, |r| r.hashes),
            opaque: Vec::new(),
        }
    }
}

/// Bytes to read when so many are left.
fn chunk_length(left: u64) -> usize {
    usize::try_from(left).unwrap_or(CHUNK).min(CHUNK)
}

/// Calls `each` with the first chunk, if there is one, and then with all further chunks up to
/// `size` or the end of the file.
fn each_chunk(
    source: &dyn ReadAt,
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
fn fill(source: &dyn ReadAt, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
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
