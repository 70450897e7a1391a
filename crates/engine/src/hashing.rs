//! Digests and perceptual hashes of files, without any known material.

use crate::crew::Errand;
use crate::examiner::Looked;
use crate::pipeline::Order;
use crate::progress::{Progress, Stop};
use crate::reorder::temporary;
use crate::scan::ScanError;
use crate::verdict::{PathName, Skipped};
use hashward_evidence::Walk;
use hashward_examine::{Examination, Plan};
use hashward_hash::{DigestKinds, Digests, HashKind, Orientation};
use hashward_media::{Reason, Variant};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

pub use hashward_media::Effort;

/// What to compute.
#[derive(Debug, Clone, Default)]
pub struct HashOptions {
    /// Digests.
    pub digests: DigestKinds,
    /// PDQ.
    pub pdq: bool,
    /// PDQ of the seven other orientations as well.
    pub dihedral: bool,
    /// How PDQ is computed: canonically, or near that and faster.
    pub effort: Effort,
    /// In which order records come.
    pub order: Order,
    /// Threads; 0 means one per core.
    pub threads: usize,
}

/// One line of the result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HashRecord {
    /// A file and its hashes.
    File(Box<FileHashes>),
    /// An object that is not read.
    Skipped(Skipped),
}

/// A file and its hashes. The outer `None` of a hash means that it was not asked for, the inner
/// one that the file could not be read or has none.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FileHashes {
    /// The path as text.
    pub path: String,
    /// Base64 of the path's bytes where the text is lossy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_raw: Option<String>,
    /// Bytes.
    pub size: Option<u64>,
    /// Media type by content.
    pub media_type: Option<String>,
    /// Width of the first frame as stored.
    pub width: Option<u32>,
    /// Height of the first frame as stored.
    pub height: Option<u32>,
    /// MD5.
    #[serde(default, with = "asked", skip_serializing_if = "Option::is_none")]
    pub md5: Option<Option<String>>,
    /// SHA-1.
    #[serde(default, with = "asked", skip_serializing_if = "Option::is_none")]
    pub sha1: Option<Option<String>>,
    /// SHA-256.
    #[serde(default, with = "asked", skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Option<String>>,
    /// BLAKE3.
    #[serde(default, with = "asked", skip_serializing_if = "Option::is_none")]
    pub blake3: Option<Option<String>>,
    /// SHA-512.
    #[serde(default, with = "asked", skip_serializing_if = "Option::is_none")]
    pub sha512: Option<Option<String>>,
    /// eD2k.
    #[serde(default, with = "asked", skip_serializing_if = "Option::is_none")]
    pub ed2k: Option<Option<String>>,
    /// Tiger tree hash, in base32.
    #[serde(default, with = "asked", skip_serializing_if = "Option::is_none")]
    pub tth: Option<Option<String>>,
    /// CRC-32, a colon and the size.
    #[serde(default, with = "asked", skip_serializing_if = "Option::is_none")]
    pub crc32: Option<Option<String>>,
    /// PDQ of the first frame.
    #[serde(default, with = "asked", skip_serializing_if = "Option::is_none")]
    pub pdq: Option<Option<PdqHashes>>,
    /// Why the file, or the picture in it, could not be examined.
    pub error: Option<String>,
}

/// PDQ of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PdqHashes {
    /// 64 hexadecimal digits.
    pub hash: String,
    /// 0 to 100.
    pub quality: u8,
    /// The seven other orientations, where asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dihedral: Option<Dihedral>,
}

/// PDQ of the seven other orientations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Dihedral {
    pub rot90: String,
    pub rot180: String,
    pub rot270: String,
    pub flip_x: String,
    pub flip_y: String,
    pub transpose: String,
    pub transverse: String,
}

/// Tells a value that is null from one that is not there.
mod asked {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[allow(clippy::option_option)]
    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &Option<Option<T>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(serializer)
    }

    #[allow(clippy::option_option)]
    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}

/// The counts of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HashSummary {
    /// Files with a record.
    pub files: u64,
    /// Files whose record has an error.
    pub errors: u64,
}

/// Hashes everything below `roots` and hands each record to `sink` in order.
///
/// # Errors
/// [`ScanError`]; what fails on a single file stands in its record instead.
pub fn hash_files(
    roots: &[PathBuf],
    options: &HashOptions,
    sink: &mut dyn FnMut(&HashRecord) -> io::Result<()>,
    progress: &Progress,
    stop: &Stop,
) -> Result<HashSummary, ScanError> {
    let (files, errors) = (AtomicU64::new(0), AtomicU64::new(0));
    let conclude = |looked| -> Result<Vec<u8>, ScanError> {
        let Some(record) = describe(looked, options) else { return Ok(Vec::new()) };
        if let HashRecord::File(file) = &record {
            files.fetch_add(1, Ordering::Relaxed);
            errors.fetch_add(u64::from(file.error.is_some()), Ordering::Relaxed);
        }
        serde_json::to_vec(&record).map_err(|error| ScanError::Sink(io::Error::from(error)))
    };
    let errand = Errand {
        plan: Plan {
            digests: options.digests,
            perceptual: options.pdq,
            effort: options.effort,
            ..Plan::default()
        },
        threads: options.threads,
        worker: None,
        order: options.order,
        spill: &temporary,
        progress,
        stop,
    };
    errand.run(Walk::new(roots), conclude, |line| sink(&serde_json::from_slice(line)?))?;
    Ok(HashSummary { files: files.into_inner(), errors: errors.into_inner() })
}

/// The record of one item; nothing where the run was interrupted.
pub(crate) fn describe(looked: Looked, options: &HashOptions) -> Option<HashRecord> {
    let asked = |asked: bool, value: Option<String>| asked.then_some(value);
    let kinds = &options.digests;
    let blank = |name: PathName, digests: &Digests| {
        let text = |kind| digests.get(kind).map(|digest| digest.to_text());
        FileHashes {
            path: name.path,
            path_raw: name.path_raw,
            md5: asked(kinds.md5, text(HashKind::Md5)),
            sha1: asked(kinds.sha1, text(HashKind::Sha1)),
            sha256: asked(kinds.sha256, text(HashKind::Sha256)),
            blake3: asked(kinds.blake3, text(HashKind::Blake3)),
            sha512: asked(kinds.sha512, text(HashKind::Sha512)),
            ed2k: asked(kinds.ed2k, text(HashKind::Ed2k)),
            tth: asked(kinds.tth, text(HashKind::Tth)),
            crc32: asked(kinds.crc32, text(HashKind::Crc32)),
            pdq: options.pdq.then_some(None),
            ..FileHashes::default()
        }
    };
    Some(match looked {
        Looked::Interrupted => return None,
        Looked::Skipped { path, reason } => {
            HashRecord::Skipped(Skipped { name: PathName::from(path.as_path()), reason })
        }
        Looked::Failed { path, reason, detail, .. } => HashRecord::File(Box::new(FileHashes {
            error: Some(format!("{}: {detail}", reason.name())),
            ..blank(PathName::from(path.as_path()), &Digests::default())
        })),
        Looked::Examined { path, examination } => {
            let blank = blank(PathName::from(path.as_path()), &examination.digests);
            HashRecord::File(Box::new(FileHashes {
                size: Some(examination.size),
                media_type: Some(examination.media_type.clone()),
                width: examination.width,
                height: examination.height,
                pdq: options.pdq.then(|| pdq(&examination, options.dihedral)),
                error: error(&examination, options.pdq),
                ..blank
            }))
        }
    })
}

/// The hash of the first frame: canonical, or what a quick look gave instead.
fn pdq(examination: &Examination, dihedral: bool) -> Option<PdqHashes> {
    let find = |orientation: Orientation| {
        examination.hashes.iter().find(|hash| {
            let whole = matches!(hash.variant, Variant::Full | Variant::Fast);
            hash.frame == 0 && whole && hash.orientation == orientation
        })
    };
    let hex = |orientation| find(orientation).map(|hash| hash.hash.to_hex());
    let original = find(Orientation::Original)?;
    let others = || {
        Some(Dihedral {
            rot90: hex(Orientation::Rot90)?,
            rot180: hex(Orientation::Rot180)?,
            rot270: hex(Orientation::Rot270)?,
            flip_x: hex(Orientation::FlipX)?,
            flip_y: hex(Orientation::FlipY)?,
            transpose: hex(Orientation::Transpose)?,
            transverse: hex(Orientation::Transverse)?,
        })
    };
    Some(PdqHashes {
        hash: original.hash.to_hex(),
        quality: original.quality.0,
        dihedral: if dihedral { others() } else { None },
    })
}

/// What went wrong with what was asked for. Digests cover any file, so a file that merely may
/// hold pictures (an archive, a video) is none of their business; a picture without PDQ is.
fn error(examination: &Examination, pdq: bool) -> Option<String> {
    let (reason, detail) = examination.not_examined()?;
    let concerns_picture = !matches!(reason, Reason::Io | Reason::Changed);
    let is_picture = examination.media_type.starts_with("image/");
    (!concerns_picture || (pdq && is_picture)).then(|| format!("{}: {detail}", reason.name()))
}
