//! Importing a version of a hash list: read, sort, compare with what is there, make it current.

mod categories;
mod error;
mod merge;
mod read;
mod signatures;
pub(crate) mod sorted;
mod unchanged;

pub use error::ImportError;
pub use hashward_lists::{ColumnMap, ListFormat};
pub use hashward_store::ListKind;

use crate::database::{Database, DatabaseError, Draft, ListChange, NewVersion, parse_digest};
use crate::settings::{self, ListSettings, Scheme, SettingsChange};
use categories::Categories;
use hashward_catalogue::{Counts, ListRecord, SourceRecord, VersionRecord};
use hashward_hash::HashKind;
use hashward_store::{ContentDigest, Generation, List};
use merge::Merged;
use read::Input;
use serde::Serialize;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use unchanged::Unchanged;

/// What to do with rows that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BadRows {
    /// Refuse the whole import and say which rows they are.
    #[default]
    Refuse,
    /// Import the rest and say which rows were left out.
    Skip,
}

/// Where rows come from.
pub enum ImportInput {
    /// A file.
    File(PathBuf),
    /// Anything else that can be read, with a name for messages.
    Stream {
        /// Name for messages and the record.
        name: String,
        /// The bytes.
        reader: Box<dyn Read + Send>,
    },
}

/// What to import, and how.
pub struct ImportRequest {
    /// Name of the list.
    pub list: String,
    /// Kind of the list; `None` keeps what it is, and makes a new list a known one.
    pub kind: Option<ListKind>,
    /// The files; together they are the version.
    pub inputs: Vec<ImportInput>,
    /// Their format; `None` recognises each by its content.
    pub format: Option<ListFormat>,
    /// Kind of hashes whose kind the format leaves open.
    pub hash_kind: Option<HashKind>,
    /// What the columns of separated values mean, where their names do not say it.
    pub map: ColumnMap,
    /// Adds to the active version instead of replacing it.
    pub delta: bool,
    /// What to do with rows that cannot be used.
    pub bad_rows: BadRows,
    /// How the list is used from this version on.
    pub settings: SettingsChange,
    /// Signatures of the files, in their order, as they stand in the files of minisign or
    /// ssh-keygen. A list with trusted keys demands them.
    pub signatures: Vec<Vec<u8>>,
}

impl ImportRequest {
    /// A request without files and with the usual settings.
    #[must_use]
    pub fn new(list: impl Into<String>) -> Self {
        Self {
            list: list.into(),
            kind: None,
            inputs: Vec::new(),
            format: None,
            hash_kind: None,
            map: ColumnMap::default(),
            delta: false,
            bad_rows: BadRows::Refuse,
            settings: SettingsChange::default(),
            signatures: Vec::new(),
        }
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.inputs.push(ImportInput::File(path.into()));
        self
    }

    /// Sets the kind of the list.
    #[must_use]
    pub fn kind(mut self, kind: ListKind) -> Self {
        self.kind = Some(kind);
        self
    }
}

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportProgress {
    /// Rows and bytes that were read.
    Reading {
        /// Rows of all files so far.
        rows: u64,
        /// Bytes of all files so far.
        bytes: u64,
    },
    /// Entries that were compared with the version before and written.
    Writing {
        /// Rows so far.
        rows: u64,
        /// Rows in all.
        of: u64,
    },
    /// The segment is being finished and brought to the disk.
    Finishing,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportSummary {
    /// Name of the list.
    pub list: String,
    /// `known` or `ignore`.
    pub kind: ListKind,
    /// Number of the new version.
    pub version: u64,
    /// Digest over what was imported and how, chained to the version before.
    pub digest: String,
    /// Digest of the new generation, in hexadecimal.
    pub generation: String,
    /// True when it added to the version before.
    pub delta: bool,
    /// What was counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// The first rows that could not be used: file, line and reason.
    pub bad_row_examples: Vec<String>,
    /// What the user should know about how the files were read.
    pub notes: Vec<String>,
    /// The files.
    pub files: Vec<SourceRecord>,
}

impl Database {
    /// Imports a new version of a list, all of it or nothing.
    ///
    /// An entry is the same as in the version before when it has the same identifier of its
    /// source or, without one, the same hash (the first that it has of SHA-256, BLAKE3, SHA-1,
    /// MD5 and PDQ); it then keeps its number. Rows of one entry are joined.
    ///
    /// # Errors
    /// [`ImportError`]; the database is then as it was.
    pub fn import(
        &mut self,
        mut request: ImportRequest,
        progress: &mut dyn FnMut(ImportProgress),
    ) -> Result<ImportSummary, ImportError> {
        check_name(&request.list)?;
        let draft = Draft::new(&mut self.catalogue, &self.store)?;
        let current = draft.current(&self.generation)?;
        let base = Base::find(&draft, &current, &request)?;
        let schemes = draft.change.schemes().map_err(DatabaseError::from)?;
        let settings = base.settings(&request.settings, &schemes)?;
        let inputs = std::mem::take(&mut request.inputs);
        let categories = Categories::new(&settings, &schemes)?;
        let checks = signatures::checks(&base, &request, &settings, inputs.len())?;
        let ignore = base.kind(&request) == ListKind::Ignore;
        let old = base.generation.as_deref().filter(|_| !request.delta);
        let mut unchanged = old.map(Unchanged::new).transpose()?;
        let rules = read::Rules { checks, translation: categories, ignore };
        let input = read::read(inputs, &request, rules, unchanged.as_mut(), &self.store, progress)?;
        let next_entry = draft.state.as_ref().map_or(1, |state| state.next_entry);
        let merged = merge::merge(
            &base,
            input.sorter,
            unchanged.as_ref(),
            &request,
            &settings,
            &self.store,
            next_entry,
            progress,
        )?;
        let counts = Counts { bad_rows: input.bad_rows, ..merged.counts };
        let counts = Counts { empty_digests: input.empty_digests, ..counts };
        if counts.rows == 0 && !request.delta {
            return Err(ImportError::NothingLeft);
        }
        let version = base.next_version();
        let mut list = new_list(&base, &request, version, &input.files, &merged)?;
        settings::compile(&settings, &schemes, &mut list)?;
        let digest = version_digest(&request, &base, &list, &settings, &input.files, &counts);
        let details = serde_json::json!({
            "version": version, "digest": digest, "delta": request.delta, "counts": counts,
            "bad_rows": request.bad_rows, "files": input.files, "kind": list.kind,
            "settings": settings,
        });
        let mut manifest = current.manifest().clone();
        manifest.lists.retain(|other| other.id != list.id);
        manifest.lists.push(list.clone());
        manifest.lists.sort_by(|a, b| a.name.cmp(&b.name));
        let kind = list.kind;
        let Input { files, notes, bad_row_examples, categories, .. } = input;
        let new = NewVersion {
            delta: request.delta,
            counts,
            sources: files.clone(),
            categories,
            digest: digest.clone(),
            next_entry: merged.next_entry,
            settings,
        };
        let changes = [ListChange::Version(Box::new(new), list)];
        let dropped = base.dropped();
        let generation =
            draft.publish("import", Some(&request.list), details, manifest, &changes, &dropped)?;
        self.advance(generation)?;
        // The import is made. Merging is for speed alone: what fails here is tried again next time.
        let _ = self.settle(&request.list);
        Ok(ImportSummary {
            list: request.list,
            kind,
            version,
            digest,
            generation: self.generation.digest().to_string(),
            delta: request.delta,
            counts,
            bad_row_examples,
            notes,
            files,
        })
    }
}

/// The version on which an import builds.
struct Base {
    id: u64,
    record: Option<ListRecord>,
    newest: Option<VersionRecord>,
    /// Numbers of the versions before that are kept, too.
    older: Vec<u64>,
    /// A generation that holds the newest version alone, also that of a withdrawn list.
    generation: Option<Arc<Generation>>,
}

impl Base {
    fn find(
        draft: &Draft<'_>,
        current: &Arc<Generation>,
        request: &ImportRequest,
    ) -> Result<Self, ImportError> {
        let lists = draft.change.lists().map_err(DatabaseError::from)?;
        let next = lists.iter().map(|list| list.id + 1).max().unwrap_or(1);
        let Some(record) = lists.into_iter().find(|list| list.name == request.list) else {
            let (record, newest, older, generation) = (None, None, Vec::new(), None);
            return Ok(Self { id: next, record, newest, older, generation });
        };
        if request.kind.is_some_and(|kind| crate::database::kind_name(kind) != record.kind) {
            return Err(ImportError::OtherKind { list: record.name, kind: record.kind });
        }
        if request.delta && !record.active {
            return Err(ImportError::DeltaOfWithdrawn { list: record.name });
        }
        let newest = draft.change.newest(record.id).map_err(DatabaseError::from)?;
        let kept = draft.change.kept().map_err(DatabaseError::from)?;
        let number = newest.as_ref().map_or(0, |newest| newest.number);
        let older = kept.iter().filter(|kept| kept.list == record.id && kept.number < number);
        let older = older.map(|kept| kept.number).collect();
        // The manifest of the newest version alone: it is there for a withdrawn list, too, and
        // reading it does not touch other lists.
        let kept = newest.as_ref().and_then(|version| version.manifest.as_deref());
        let kept = kept.map(parse_digest).transpose()?;
        let open = |digest| current.reload(digest).map_err(DatabaseError::from);
        let generation = kept.map(open).transpose()?.map(Arc::new);
        if generation.is_none() {
            let detail = format!("the newest version of `{}` is not kept", record.name);
            return Err(DatabaseError::Disagree { detail }.into());
        }
        Ok(Self { id: record.id, record: Some(record), newest, older, generation })
    }

    /// The kind of the list, which never changes.
    fn kind(&self, request: &ImportRequest) -> ListKind {
        match self.record.as_ref().map(|record| record.kind.as_str()) {
            Some("ignore") => ListKind::Ignore,
            Some(_) => ListKind::Known,
            None => request.kind.unwrap_or(ListKind::Known),
        }
    }

    fn list(&self) -> Option<&List> {
        self.generation.as_ref().and_then(|generation| generation.lists().first())
    }

    /// How the list is used with the new version.
    fn settings(
        &self,
        change: &SettingsChange,
        schemes: &[Scheme],
    ) -> Result<ListSettings, ImportError> {
        let record = self.record.as_ref();
        let mut settings = record.map(|record| record.settings.clone()).unwrap_or_default();
        change.apply(&mut settings);
        settings::settle(&mut settings, schemes).map_err(DatabaseError::from)?;
        Ok(settings)
    }

    fn next_version(&self) -> u64 {
        self.newest.as_ref().map_or(1, |version| version.number + 1)
    }

    /// The newest version is kept for comparison with the new one; older ones no longer.
    fn dropped(&self) -> Vec<(u64, u64)> {
        self.older.iter().map(|number| (self.id, *number)).collect()
    }
}

fn new_list(
    base: &Base,
    request: &ImportRequest,
    version: u64,
    files: &[SourceRecord],
    merged: &Merged,
) -> Result<List, ImportError> {
    let kind = base.kind(request);
    let digest = |file: &SourceRecord| -> Result<ContentDigest, DatabaseError> {
        parse_digest(&file.sha256)
    };
    Ok(List {
        id: base.id,
        name: request.list.clone(),
        kind,
        version,
        sources: files.iter().map(digest).collect::<Result<_, _>>()?,
        segments: merged.segments.clone(),
        ..List::default()
    })
}

/// A digest over what was imported and how. It does not depend on when, where or on how the
/// segments were laid out, so that two databases with the same history agree.
fn version_digest(
    request: &ImportRequest,
    base: &Base,
    list: &List,
    settings: &ListSettings,
    files: &[SourceRecord],
    counts: &Counts,
) -> String {
    let files: Vec<_> = files.iter().map(|file| (&file.sha256, file.bytes, &file.format)).collect();
    let mut content = serde_json::json!({
        "list": list.name, "kind": list.kind, "version": list.version,
        "previous": base.newest.as_ref().map(|version| &version.digest),
        "delta": request.delta, "bad_rows": request.bad_rows, "hash_kind": request.hash_kind,
        "settings": settings, "files": files, "counts": counts,
    });
    if !request.map.is_empty() {
        content["map"] = request.map.to_string().into();
    }
    ContentDigest::of(content.to_string().as_bytes()).to_string()
}

/// Names stand in commands, outputs and messages, so they must be short and of one line.
fn check_name(name: &str) -> Result<(), ImportError> {
    let bad = name.is_empty()
        || name.len() > 200
        || name.starts_with('-')
        || name.trim() != name
        || name.chars().any(char::is_control);
    if bad { Err(ImportError::Name) } else { Ok(()) }
}
