//! The audit chain as a log: checked, shown, and fixed by checkpoints that are kept elsewhere.

use super::{Database, DatabaseError};
use hashward_catalogue::{AuditReport, verify_audit};
use hashward_hash::encode_hex;
use hashward_signature::{Checkpoint, MerkleTree};

impl Database {
    /// Walks the audit chain and compares it with the catalogue.
    ///
    /// # Errors
    /// [`DatabaseError::Audit`] with the first fault.
    pub fn verify_audit(&self) -> Result<AuditReport, DatabaseError> {
        self.audit_records(&mut |_| {})
    }

    /// As [`Database::verify_audit`]; hands each record, one line of JSON with its line end, to
    /// `visit`, the oldest first.
    ///
    /// # Errors
    /// [`DatabaseError::Audit`] with the first fault.
    pub fn audit_records(
        &self,
        visit: &mut dyn FnMut(&[u8]),
    ) -> Result<AuditReport, DatabaseError> {
        Ok(verify_audit(&self.folder, self.store.disk(), &self.catalogue, visit)?)
    }

    /// How the audit chain stands now, to be signed and kept elsewhere.
    ///
    /// # Errors
    /// [`DatabaseError::Audit`] when the chain is not sound.
    pub fn checkpoint(&self) -> Result<Checkpoint, DatabaseError> {
        let mut tree = MerkleTree::default();
        let report = self.audit_records(&mut |record| tree.push(record))?;
        Ok(Checkpoint { origin: report.origin, size: tree.size(), root: tree.root() })
    }

    /// Checks the audit chain, and that it continues the one that a checkpoint was made of: not a
    /// record of it may be gone, changed or elsewhere.
    ///
    /// # Errors
    /// [`DatabaseError::Audit`] with the first fault, [`DatabaseError::Checkpoint`] when the chain
    /// is another one or was cut short or rewritten.
    pub fn verify_audit_since(&self, kept: &Checkpoint) -> Result<AuditReport, DatabaseError> {
        let mut tree = MerkleTree::default();
        let report = self.audit_records(&mut |record| {
            if tree.size() < kept.size {
                tree.push(record);
            }
        })?;
        let fault = |detail: String| Err(DatabaseError::Checkpoint { detail });
        if report.origin != kept.origin {
            return fault("it is of another database, or its first record was replaced".to_owned());
        }
        if report.records < kept.size {
            let (now, then) = (report.records, kept.size);
            return fault(format!("the chain had {then} records and has {now}: its end is gone"));
        }
        if tree.root() != kept.root {
            return fault("records from before it were changed, removed or reordered".to_owned());
        }
        Ok(report)
    }
}

/// A name for a new database that no other has, so that their audit chains differ from the first
/// record on.
pub(super) fn database_name() -> String {
    use std::hash::{BuildHasher, Hasher};
    // The standard library seeds its hash maps from the system's random numbers.
    let random = || std::collections::hash_map::RandomState::new().build_hasher().finish();
    encode_hex(&[random().to_le_bytes(), random().to_le_bytes()].concat())
}
