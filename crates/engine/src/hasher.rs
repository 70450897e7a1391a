//! Other people's programs that compute opaque hashes of pictures, such as a licensed PhotoDNA.
//!
//! The program reads from its standard input and writes to its standard output; it never sees a
//! path and cannot touch the evidence. First it writes the line `hashward-hasher 1 KIND`. Then,
//! for each picture, it gets the line `hash NUMBER BYTES` and after it so many bytes, the file as
//! it is; and it answers with one line:
//!
//! - `NUMBER hash VALUE…`: one or several hashes, in hexadecimal or as the kind has it otherwise;
//! - `NUMBER none`: the picture has no hash, because it is too plain or too small;
//! - `NUMBER error REASON`: it cannot hash the picture; `REASON` is a word such as `unsupported`
//!   or `corrupt`, as in the records of a scan.
//!
//! It ends when its input ends. Every thread of a scan has a process of its own.

use hashward_evidence::ReadAt;
use hashward_hash::{HashKind, HashValue};
use hashward_media::Reason;
use hashward_sandbox::{Helper, HelperFailure};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Hashes that are taken from one answer.
const MAX_VALUES: usize = 64;
/// Time for one picture.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which program computes which kind of hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HasherCommand {
    /// The kind; an opaque one.
    pub kind: HashKind,
    /// The program.
    pub program: PathBuf,
    /// The time that it has for one picture; `None` is a minute.
    pub patience: Option<Duration>,
}

impl HasherCommand {
    /// Reads `KIND=PROGRAM`.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (kind, program) = text.split_once('=').ok_or("must be KIND=PROGRAM")?;
        let kind = HashKind::from_name(kind).filter(|kind| kind.is_opaque());
        let kind = kind.ok_or_else(|| {
            let opaque = HashKind::ALL.into_iter().filter(|kind| kind.is_opaque());
            let names: Vec<&str> = opaque.map(HashKind::name).collect();
            format!("programs compute {}", names.join(", "))
        })?;
        if program.is_empty() {
            return Err("must be KIND=PROGRAM".to_owned());
        }
        Ok(Self { kind, program: PathBuf::from(program), patience: None })
    }
}

/// A program at work.
pub(crate) struct Hasher {
    kind: HashKind,
    helper: Helper,
}

/// Why a picture has no hash of the kind.
pub(crate) type Failure = (Reason, String);

impl Hasher {
    /// Starts the program once, so that one that does not work stops the run at its beginning.
    pub(crate) fn new(command: &HasherCommand) -> Result<Self, HelperFailure> {
        let greeting = format!("hashward-hasher 1 {}", command.kind);
        let patience = command.patience.unwrap_or(PATIENCE);
        let program: &Path = &command.program;
        let hasher = Self { kind: command.kind, helper: Helper::new(program, &greeting, patience) };
        hasher.helper.probe()?;
        Ok(hasher)
    }

    /// The hashes of a picture.
    pub(crate) fn hash(&self, bytes: &Arc<Vec<u8>>) -> Result<Vec<HashValue>, Failure> {
        let failed = |reason, what: &str| (reason, format!("the {} program: {what}", self.kind));
        let answer = self.helper.ask("hash", bytes).map_err(|failure| match failure {
            HelperFailure::Timeout(_) => failed(Reason::Timeout, &failure.to_string()),
            failure => failed(Reason::Crash, &failure.to_string()),
        })?;
        // No word of the answer is repeated: it may hold a hash.
        let mut words = answer.split_ascii_whitespace();
        match words.next() {
            Some("none") => Ok(Vec::new()),
            Some("error") => {
                let word = words.next().unwrap_or_default();
                let known = Reason::ALL.into_iter().find(|reason| reason.name() == word);
                let reason = known.unwrap_or(Reason::Unsupported);
                Err(failed(reason, "it cannot hash this picture"))
            }
            Some("hash") => {
                let values: Vec<HashValue> = words
                    .take(MAX_VALUES + 1)
                    .map(|word| HashValue::parse(self.kind, word))
                    .collect::<Result<_, _>>()
                    .map_err(|fault| failed(Reason::Crash, &format!("its answer {fault}")))?;
                if values.is_empty() || values.len() > MAX_VALUES {
                    return Err(failed(Reason::Crash, "its answer has no hash or too many"));
                }
                Ok(values)
            }
            _ => Err(failed(Reason::Crash, "its answer breaks the protocol")),
        }
    }
}

/// The whole content of a file, for programs that want it at once.
pub(crate) fn read_whole(source: &dyn ReadAt, limit: u64) -> Result<Arc<Vec<u8>>, Failure> {
    let size = source.len();
    let io = |error: std::io::Error| (Reason::Io, error.to_string());
    if size > limit {
        let detail = format!("the file has {size} bytes; pictures are opened up to {limit}");
        return Err((Reason::Limit, detail));
    }
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
    let mut filled = 0;
    while filled < bytes.len() {
        match source.read_at(&mut bytes[filled..], filled as u64).map_err(io)? {
            0 => break,
            count => filled += count,
        }
    }
    if filled < bytes.len() || source.changed().map_err(io)? {
        return Err((Reason::Changed, "the file changed while it was read".to_owned()));
    }
    Ok(Arc::new(bytes))
}
