//! The order of writes: everything is on the disk before one transaction makes it current.

use super::{Database, DatabaseError, parse_digest};
use hashward_catalogue::{
    AUDIT_FOLDER, Catalogue, CatalogueError, Change, Counts, KeptVersion, ListRecord, ListSettings,
    NewAudit, NewList, SealedRecord, SegmentRow, SourceRecord, State, VersionRecord, VersionState,
    WriteLock, current_time,
};
use hashward_store::{
    ContentDigest, Generation, List, ListKind, Manifest, Referenced, Store, replace_file,
};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A change of the database in the making; it holds the write lock.
pub(crate) struct Draft<'a> {
    pub(crate) change: Change<'a>,
    pub(crate) state: Option<State>,
    store: &'a Store,
    time: String,
}

/// A new version of a list.
pub(crate) struct NewVersion {
    pub(crate) delta: bool,
    pub(crate) counts: Counts,
    pub(crate) sources: Vec<SourceRecord>,
    pub(crate) categories: Vec<String>,
    pub(crate) digest: String,
    pub(crate) next_entry: u64,
    pub(crate) settings: ListSettings,
}

/// What happens to one list.
pub(crate) enum ListChange {
    /// It gets a new version.
    Version(Box<NewVersion>, List),
    /// It is used otherwise.
    Settings(Box<ListSettings>, List),
    /// Its segments were merged or released.
    Segments(List),
    /// It goes out of use.
    Withdrawn(u64),
}

impl<'a> Draft<'a> {
    /// Takes the write lock.
    pub(crate) fn new(
        catalogue: &'a mut Catalogue,
        store: &'a Store,
    ) -> Result<Self, DatabaseError> {
        let change = catalogue.begin()?;
        let state = change.state()?;
        Ok(Self { change, state, store, time: current_time() })
    }

    /// The generation on which the change builds; another process may have made it since `known`
    /// was opened.
    pub(crate) fn current(
        &self,
        known: &Arc<Generation>,
    ) -> Result<Arc<Generation>, DatabaseError> {
        let Some(state) = &self.state else { return Ok(Arc::clone(known)) };
        let digest = parse_digest(&state.generation)?;
        if digest == known.digest() {
            return Ok(Arc::clone(known));
        }
        Ok(Arc::new(known.reload(digest)?))
    }

    /// The list with a name.
    pub(crate) fn list(&self, name: &str) -> Result<Option<ListRecord>, DatabaseError> {
        Ok(self.change.list(name)?)
    }

    /// When the change is made, as it goes on record.
    pub(crate) fn time(&self) -> &str {
        &self.time
    }

    /// Brings the change to the disk and makes it current; returns the new generation's digest.
    ///
    /// Segments and tombstones are there already. Manifests and the audit record follow; only then
    /// the one transaction. A failure before it leaves files that nobody refers to; a failure of
    /// it is decided when the database is opened again, so nothing is removed here.
    pub(crate) fn publish(
        self,
        action: &str,
        list: Option<&str>,
        details: serde_json::Value,
        manifest: Manifest,
        changes: &[ListChange],
        dropped: &[(u64, u64)],
    ) -> Result<ContentDigest, DatabaseError> {
        Ok(self.publish_and_hold(action, list, details, manifest, changes, dropped)?.0)
    }

    /// As [`Draft::publish`]; other writers of an encrypted database wait until the lock is
    /// dropped.
    pub(crate) fn publish_and_hold(
        self,
        action: &str,
        list: Option<&str>,
        mut details: serde_json::Value,
        mut manifest: Manifest,
        changes: &[ListChange],
        dropped: &[(u64, u64)],
    ) -> Result<(ContentDigest, WriteLock), DatabaseError> {
        manifest.sequence = self.state.as_ref().map_or(0, |state| state.sequence + 1);
        let digest = self.store.write_manifest(&manifest)?;
        if let Some(details) = details.as_object_mut() {
            details.insert("sequence".to_owned(), manifest.sequence.into());
        }
        self.record_lists(&manifest, changes)?;
        for (list, version) in dropped {
            self.change.set_manifest(*list, *version, None)?;
        }
        self.record_segments(&manifest)?;
        let generation = digest.to_string();
        let audit = NewAudit { action, list, details, generation: &generation };
        let sealed = self.change.audit_record(&audit, &self.time)?;
        self.write_audit(&sealed)?;
        self.change.set_generation(&generation, manifest.sequence)?;
        self.change.add_audit(&sealed)?;
        Ok((digest, self.change.commit()?))
    }

    fn record_lists(
        &self,
        manifest: &Manifest,
        changes: &[ListChange],
    ) -> Result<(), DatabaseError> {
        let alone = |list: &List| -> Result<String, DatabaseError> {
            let alone = Manifest { lists: vec![list.clone()], ..manifest.clone() };
            Ok(self.store.write_manifest(&alone)?.to_string())
        };
        for change in changes {
            match change {
                ListChange::Withdrawn(list) => self.change.withdraw_list(*list)?,
                ListChange::Segments(list) => {
                    self.change.set_manifest(list.id, list.version, Some(&alone(list)?))?;
                }
                ListChange::Settings(settings, list) => {
                    self.change.set_list(&new_list(list, settings), &self.time)?;
                    self.change.set_manifest(list.id, list.version, Some(&alone(list)?))?;
                }
                ListChange::Version(version, list) => {
                    self.change.set_list(&new_list(list, &version.settings), &self.time)?;
                    let record = VersionRecord {
                        number: list.version,
                        state: VersionState::Active,
                        imported_at: self.time.clone(),
                        delta: version.delta,
                        counts: version.counts,
                        tool: concat!("hashward ", env!("CARGO_PKG_VERSION")).to_owned(),
                        digest: version.digest.clone(),
                        manifest: Some(alone(list)?),
                    };
                    let NewVersion { sources, categories, next_entry, .. } = &**version;
                    self.change.add_version(list.id, &record, sources, categories)?;
                    self.change.set_next_entry(*next_entry)?;
                }
            }
        }
        Ok(())
    }

    /// Notes the segments of the new generation and of every version that is kept.
    fn record_segments(&self, manifest: &Manifest) -> Result<(), DatabaseError> {
        let mut rows = BTreeMap::new();
        let kept = kept_manifests(self.store, &self.change)?;
        for list in kept.iter().flat_map(|(_, kept)| &kept.lists).chain(&manifest.lists) {
            for segment in &list.segments {
                let row = SegmentRow {
                    digest: segment.digest.to_string(),
                    list: list.id,
                    rows: segment.rows,
                    bytes: segment.bytes,
                };
                rows.insert(row.digest.clone(), row);
            }
        }
        Ok(self.change.set_segments(&rows.into_values().collect::<Vec<_>>())?)
    }

    fn write_audit(&self, sealed: &SealedRecord) -> Result<(), DatabaseError> {
        let path = self.store.dir().join(AUDIT_FOLDER).join(sealed.file_name());
        let passing = self.store.temp_dir().join(format!("{}.new", sealed.digest()));
        let written = replace_file(&**self.store.disk(), &passing, &path, sealed.bytes());
        written.map_err(|source| DatabaseError::Io { path, source })
    }
}

fn new_list<'a>(list: &'a List, settings: &'a ListSettings) -> NewList<'a> {
    NewList { name: &list.name, kind: kind_name(list.kind), settings }
}

/// The catalogue's word for a kind of list.
pub(crate) const fn kind_name(kind: ListKind) -> &'static str {
    match kind {
        ListKind::Known => "known",
        ListKind::Ignore => "ignore",
    }
}

/// The manifests of all versions that are kept.
fn kept_manifests(
    store: &Store,
    change: &Change<'_>,
) -> Result<Vec<(ContentDigest, Manifest)>, DatabaseError> {
    let read = |version: KeptVersion| {
        let digest = parse_digest(&version.manifest)?;
        Ok((digest, Manifest::read(store, digest)?))
    };
    change.kept()?.into_iter().map(read).collect()
}

impl Database {
    /// After a change: opens what is current now, and removes what nobody needs any more.
    pub(crate) fn advance(&mut self, digest: ContentDigest) -> Result<(), DatabaseError> {
        self.generation = Arc::new(self.generation.reload(digest)?);
        self.catalogue.checkpoint();
        // The change is made; left-overs that cannot be removed now do not undo it.
        let _ = self.sweep();
        Ok(())
    }

    /// Looks again at what is current; another process may have changed it.
    pub(crate) fn refresh(&mut self) -> Result<(), DatabaseError> {
        let digest = parse_digest(&self.catalogue.state()?.generation)?;
        if digest != self.generation.digest() {
            self.generation = Arc::new(Generation::open_in(&self.store, digest)?);
        }
        Ok(())
    }

    /// Removes what interrupted changes left behind. Files that another writer is about to make
    /// current look the same, so this needs the write lock; where somebody else has it, the next
    /// one will sweep.
    pub(crate) fn sweep(&mut self) -> Result<(), DatabaseError> {
        let change = match self.catalogue.begin() {
            Ok(change) => change,
            Err(CatalogueError::Busy) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let Some(state) = change.state()? else { return Ok(()) };
        let current = parse_digest(&state.generation)?;
        let mut kept = kept_manifests(&self.store, &change)?;
        kept.push((current, Manifest::read(&self.store, current)?));
        self.store.sweep(&Referenced::by(kept.iter().map(|(digest, kept)| (*digest, kept))))?;
        Ok(())
    }

    /// Removes audit records that interrupted changes left behind; as [`Database::sweep`].
    pub(crate) fn sweep_audit(&mut self) -> Result<(), DatabaseError> {
        let change = match self.catalogue.begin() {
            Ok(change) => change,
            Err(CatalogueError::Busy) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let audit = self.folder.join(AUDIT_FOLDER);
        let known = change.audit_names()?;
        let names = self.store.disk().list(&audit);
        let names = names.map_err(|source| DatabaseError::Io { path: audit.clone(), source })?;
        for name in names {
            let ours = name.to_str().filter(|name| name.len() == 69 && name.ends_with(".json"));
            if ours.is_some_and(|name| !known.contains(name)) {
                // What cannot be removed now is only a left-over.
                let _ = self.store.disk().remove(&audit.join(name));
            }
        }
        Ok(())
    }
}

/// Keeps everybody but the owner out of a folder, where the system can.
pub(crate) fn keep_private(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    return std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700));
    #[cfg(not(unix))]
    return path.metadata().map(drop);
}
