//! The chain of audit records: one file for each change, each naming the one before it.

use crate::AUDIT_FOLDER;
use crate::error::{AuditError, CatalogueError};
use crate::open::Catalogue;
use hashward_store::Disk;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Digits of the first record's digest that name a log.
const ORIGIN: usize = 32;

/// What a change says of itself.
#[derive(Debug, Clone)]
pub struct NewAudit<'a> {
    /// What is done: `create`, `import`, `withdraw`, `compact` …
    pub action: &'a str,
    /// To which list.
    pub list: Option<&'a str>,
    /// Whatever else belongs on record; never hash values.
    pub details: serde_json::Value,
    /// Digest of the generation that becomes current.
    pub generation: &'a str,
}

/// One audit record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditRecord {
    /// Number of the change, from 1.
    pub seq: u64,
    /// When, UTC.
    pub time: String,
    /// Who: the user and the machine, as the system names them.
    pub who: String,
    /// Name and version of the program.
    pub tool: String,
    /// What was done.
    pub action: String,
    /// To which list.
    pub list: Option<String>,
    /// Whatever else belongs on record.
    pub details: serde_json::Value,
    /// Digest of the generation that became current.
    pub generation: String,
    /// Digest of the record before this one.
    pub prev: Option<String>,
}

impl AuditRecord {
    pub(crate) fn new(seq: u64, prev: Option<String>, new: &NewAudit<'_>, time: &str) -> Self {
        Self {
            seq,
            time: time.to_owned(),
            who: who(),
            tool: tool(),
            action: new.action.to_owned(),
            list: new.list.map(str::to_owned),
            details: new.details.clone(),
            generation: new.generation.to_owned(),
            prev,
        }
    }
}

/// A record with its bytes and their digest.
#[derive(Debug, Clone)]
pub struct SealedRecord {
    record: AuditRecord,
    bytes: Vec<u8>,
    digest: String,
}

impl SealedRecord {
    pub(crate) fn new(record: AuditRecord) -> Self {
        // Going through `Value` sorts the fields, so that the bytes depend on the content only.
        let value = serde_json::to_value(&record).expect("a record is plain JSON");
        let mut bytes = value.to_string().into_bytes();
        bytes.push(b'\n');
        let digest = digest(&bytes);
        Self { record, bytes, digest }
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> &AuditRecord {
        &self.record
    }

    /// What the file must hold.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the bytes, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Name of the file in [`AUDIT_FOLDER`].
    #[must_use]
    pub fn file_name(&self) -> String {
        file_name(&self.digest)
    }
}

/// The time now, UTC, to the second.
#[must_use]
pub fn current_time() -> String {
    let now = OffsetDateTime::now_utc();
    let now = now.replace_nanosecond(0).unwrap_or(now);
    now.format(&Rfc3339).unwrap_or_else(|_| now.unix_timestamp().to_string())
}

pub(crate) fn file_name(digest: &str) -> String {
    format!("{digest}.json")
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn tool() -> String {
    concat!("hashward ", env!("CARGO_PKG_VERSION")).to_owned()
}

/// User and machine as the system names them; the number of the user stands beside the name,
/// because the name may come from the environment.
fn who() -> String {
    let first = |names: &[&str]| {
        names.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    };
    #[cfg(target_os = "linux")]
    let uid = std::fs::metadata("/proc/self").ok();
    #[cfg(target_os = "linux")]
    let uid = uid.map(|own| std::os::unix::fs::MetadataExt::uid(&own));
    #[cfg(not(target_os = "linux"))]
    let uid: Option<u32> = None;
    // Services and containers have no login that would have set a name.
    let listed = || name_of(uid?, &std::fs::read_to_string("/etc/passwd").ok()?);
    let user = first(&["USER", "LOGNAME", "USERNAME"]).or_else(listed);
    let user = user.unwrap_or_else(|| "unknown".to_owned());
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .map(|name| name.trim().to_owned())
        .or_else(|| first(&["HOSTNAME", "COMPUTERNAME"]))
        .unwrap_or_else(|| "unknown".to_owned());
    match uid {
        Some(uid) => format!("{user}(uid {uid})@{machine}"),
        None => format!("{user}@{machine}"),
    }
}

/// The name of a user by a table in the form of `/etc/passwd`: name, password, number and more,
/// between colons.
fn name_of(uid: u32, table: &str) -> Option<String> {
    let name = |line: &str| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    };
    table.lines().find_map(name)
}

/// What a sound chain looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Records of the chain.
    pub records: u64,
    /// Digest of the last one, in hexadecimal; kept elsewhere it shows a chain that was cut short.
    pub head: String,
    /// Which log it is: the beginning of the first record's digest.
    pub origin: String,
    /// Files beside the chain, left behind by changes that were interrupted.
    pub orphans: u64,
}

/// Walks the audit chain of a database and compares it with the catalogue; hands the bytes of each
/// record to `visit`, the oldest first.
///
/// # Errors
/// [`AuditError`] for the first record that is missing, edited or out of order, or where the
/// catalogue says something else than the chain.
pub fn verify_audit(
    folder: &Path,
    disk: &Arc<dyn Disk>,
    catalogue: &Catalogue,
    visit: &mut dyn FnMut(&[u8]),
) -> Result<AuditReport, AuditError> {
    let rows = catalogue.audit()?;
    let state = catalogue.state()?;
    let disagree = |detail: String| AuditError::Disagree { detail };
    let audit = folder.join(AUDIT_FOLDER);
    let mut prev: Option<String> = None;
    for (expected, row) in (1..).zip(&rows) {
        let path = audit.join(file_name(&row.digest));
        let bytes = disk.read(&path).map_err(|source| AuditError::Missing {
            seq: row.seq,
            path: path.clone(),
            source,
        })?;
        if digest(&bytes) != row.digest {
            return Err(AuditError::Edited { seq: row.seq, path });
        }
        let record: AuditRecord = serde_json::from_slice(&bytes)
            .map_err(|_| AuditError::Unreadable { seq: row.seq, path })?;
        if row.seq != expected || record.seq != expected || record.prev != prev {
            return Err(AuditError::Order { seq: expected });
        }
        let same = record.generation == row.generation
            && record.action == row.action
            && record.list == row.list
            && record.time == row.time;
        if !same {
            return Err(disagree(format!("the catalogue tells record {} differently", row.seq)));
        }
        visit(&bytes);
        prev = Some(row.digest.clone());
    }
    let last = rows.last().ok_or_else(|| disagree("there is no audit record".to_owned()))?;
    if last.seq != state.audit_seq || last.generation != state.generation {
        return Err(disagree("the last record does not tell of the current generation".to_owned()));
    }
    for generation in catalogue.generations()? {
        let told =
            usize::try_from(generation.audit).ok().and_then(|seq| rows.get(seq.checked_sub(1)?));
        if told.is_none_or(|row| row.generation != generation.digest) {
            return Err(disagree(format!("no record tells of generation {}", generation.sequence)));
        }
    }
    let known: BTreeSet<String> = rows.iter().map(|row| file_name(&row.digest)).collect();
    let names = disk.list(&audit).map_err(|source| CatalogueError::Io { path: audit, source })?;
    let orphans =
        names.iter().filter(|name| name.to_str().is_none_or(|name| !known.contains(name)));
    let first = rows.first().and_then(|row| row.digest.get(..ORIGIN)).unwrap_or_default();
    Ok(AuditReport {
        records: rows.len() as u64,
        head: state.audit_head,
        origin: format!("hashward/audit/{first}"),
        orphans: orphans.count() as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_named_by_their_number() {
        let table =
            "root:x:0:0:root:/root:/bin/sh\n\nbroken\n:x:7::\nexaminer:x:1000:100::/home/e:\n";
        assert_eq!(name_of(0, table).as_deref(), Some("root"));
        assert_eq!(name_of(1000, table).as_deref(), Some("examiner"));
        assert_eq!([7, 100, 1].map(|uid| name_of(uid, table)), [None, None, None]);
    }
}
