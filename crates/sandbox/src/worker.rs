//! The worker's side: takes files from standard input, one after another, and answers each.

use crate::frame::{
    DATA, DENY, END, GRANT, GREETING, HEADER_BYTES, HELLO, Head, JOB, LAST_REPLY, NEED, PANIC,
    PHASE, PIECE_BYTES, REPLY, append, bounded, payload,
};
use crate::limits::HEAP_SLACK;
use crate::{allocator, os};
use std::io::{self, BufReader, Read};
use std::process::ExitCode;

/// Data that the program itself maps before it has read anything, where the system does not say.
const USUAL_BASE: u64 = 1 << 20;

/// Processor seconds beyond any deadline after which a job ends even without a supervisor.
const ORPHAN_SECONDS: u64 = 120;

/// The memory asked for is not given: more than the pool ever has, or more than it has now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{needed} bytes of memory were asked for and refused")]
pub struct Refused {
    /// Bytes asked for.
    pub needed: u64,
}

/// What a handler can ask of its supervisor.
pub struct Host {
    input: BufReader<io::Stdin>,
    message: Vec<u8>,
    job: u32,
    base: u64,
    encoded: u64,
    granted: u64,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Host(job {}, {} bytes granted)", self.job, self.granted)
    }
}

impl Host {
    /// Says what happens next: if the worker dies or is stopped, this text names the culprit.
    /// Never put file content into it. Texts are cut to 200 bytes.
    pub fn phase(&mut self, text: &str) {
        self.send(PHASE, bounded(text).as_bytes());
    }

    /// Asks for `bytes` in all for this job (not in addition to an earlier grant) and raises the
    /// process's limit to it. Blocks while others hold what is needed.
    ///
    /// # Errors
    /// [`Refused`] when the pool never has that much, or when waiting for it could deadlock; the
    /// job is then tried again alone.
    pub fn need_memory(&mut self, bytes: u64) -> Result<(), Refused> {
        if bytes <= self.granted {
            return Ok(());
        }
        self.send(NEED, &bytes.to_le_bytes());
        let head = Head::read(&mut self.input).ok().flatten();
        match head {
            Some(Head { tag: GRANT, job, length: 0 }) if job == self.job => {
                self.granted = bytes;
                self.apply_limit();
                Ok(())
            }
            Some(Head { tag: DENY, job, length: 0 }) if job == self.job => {
                Err(Refused { needed: bytes })
            }
            // The supervisor is gone or confused: there is nobody left to answer to.
            _ => std::process::exit(1),
        }
    }

    fn send(&mut self, tag: u8, payload: &[u8]) {
        self.message.clear();
        append(&mut self.message, tag, self.job, payload);
        os::write_to_supervisor(&self.message);
    }

    fn apply_limit(&self) {
        os::limit_data(self.base + HEAP_SLACK + self.encoded + self.granted);
    }

    /// Reads the job that `head` begins; `None` when the supervisor has gone.
    fn read_job(&mut self, head: Head) -> io::Result<(Vec<u8>, Vec<u8>)> {
        let broken = || io::Error::from(io::ErrorKind::InvalidData);
        if head.tag != JOB || head.length < 8 || head.length as usize > HEADER_BYTES + 8 {
            return Err(broken());
        }
        let mut header = payload(&mut self.input, head.length)?;
        let declared = header.drain(..8).rev().fold(0, |sum, byte| sum << 8 | u64::from(byte));
        self.job = head.job;
        self.encoded = declared;
        self.granted = 0;
        allocator::report_under(self.job);
        self.apply_limit();
        os::limit_processor_time(ORPHAN_SECONDS);
        let mut file = Vec::new();
        file.reserve_exact(usize::try_from(declared).map_err(|_| broken())?);
        loop {
            let head = Head::read(&mut self.input)?.ok_or_else(broken)?;
            match head.tag {
                _ if head.job != self.job => return Err(broken()),
                END => return Ok((header, file)),
                DATA if head.length as usize <= PIECE_BYTES
                    && file.len() as u64 + u64::from(head.length) <= declared =>
                {
                    let length = u64::from(head.length);
                    if (&mut self.input).take(length).read_to_end(&mut file)? as u64 != length {
                        return Err(broken());
                    }
                }
                _ => return Err(broken()),
            }
        }
    }
}

/// Runs a worker: answers jobs from standard input on standard output until the input ends.
///
/// `handler` gets a job's header, the file's bytes and the [`Host`], and returns the reply (at
/// most [`crate::PoolLimits::reply_bytes`]). A panic in it ends the process, which costs the
/// supervisor one file. Nothing else in the process may touch standard input or output.
pub fn serve(mut handler: impl FnMut(&[u8], &[u8], &mut Host) -> Vec<u8>) -> ExitCode {
    let gauge = os::DataGauge::new();
    os::restrict_worker();
    let mut host = Host {
        input: BufReader::with_capacity(64 << 10, io::stdin()),
        message: Vec::with_capacity(512),
        job: 0,
        base: 0,
        encoded: 0,
        granted: 0,
    };
    host.base = gauge.read().unwrap_or(USUAL_BASE);
    end_on_panic();
    host.send(HELLO, &GREETING);
    loop {
        let Ok(Some(head)) = Head::read(&mut host.input) else { return ExitCode::SUCCESS };
        let Ok((header, file)) = host.read_job(head) else { return ExitCode::FAILURE };
        let reply = handler(&header, &file, &mut host);
        // The file goes before the answer: with the answer the supervisor gives its memory to
        // another worker.
        drop(file);
        drop(header);
        let kept = gauge.read().unwrap_or(0);
        if kept > host.base + HEAP_SLACK {
            host.send(LAST_REPLY, &reply);
            return ExitCode::SUCCESS;
        }
        host.send(REPLY, &reply);
        host.message = Vec::with_capacity(512);
    }
}

/// A panic reports its place in the source, never its text (which may quote the file), and ends
/// the process at once.
fn end_on_panic() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |location| {
            let file = location.file();
            let start = file.rmatch_indices(['/', '\\']).nth(2).map_or(0, |(at, _)| at + 1);
            format!("{}:{}", &file[start..], location.line())
        });
        let mut message = Vec::with_capacity(256);
        append(&mut message, PANIC, allocator::current_job(), bounded(&place).as_bytes());
        os::write_to_supervisor(&message);
        std::process::abort();
    }));
}
