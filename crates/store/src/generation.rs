//! One state of a database, open for reading: a manifest, its segments and their tombstones.

use crate::format::Table;
use crate::manifest::{List, Manifest};
use crate::segment::Segment;
use crate::tombstones::{self, Tombstones};
use crate::{ContentDigest, EntryMeta, ReadError, Store};
use hashward_hash::{DigestKinds, HashKind};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// A generation: what is known at one moment. It never changes; threads share it in an [`Arc`].
#[derive(Debug)]
pub struct Generation {
    store: Store,
    digest: ContentDigest,
    manifest: Manifest,
    /// The segments of each list.
    members: Vec<Vec<Member>>,
}

/// A segment with its tombstones.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) segment: Arc<Segment>,
    pub(crate) dead: Arc<Tombstones>,
}

/// Where an entry stands in a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Position in [`Generation::lists`].
    pub list: u32,
    /// Position in the list's segments.
    pub segment: u32,
    /// Row of the segment.
    pub row: u32,
}

impl Generation {
    /// Opens the generation of a database that a digest names. Writes nothing. Checks manifest and
    /// tombstones wholly, and of the segments what [`Segment::open`] checks; call
    /// [`Generation::verify`] before an answer matters.
    ///
    /// # Errors
    /// When a file is missing, damaged or of another version.
    pub fn open(dir: &Path, digest: ContentDigest) -> Result<Self, ReadError> {
        Self::open_in(&Store::at(dir), digest)
    }

    /// As [`Generation::open`], on the disk of a store.
    ///
    /// # Errors
    /// As [`Generation::open`].
    pub fn open_in(store: &Store, digest: ContentDigest) -> Result<Self, ReadError> {
        Self::open_sharing(store, digest, &BTreeMap::new(), &BTreeMap::new())
    }

    /// Opens another generation of the same database; what both have is shared, and what this one
    /// has verified need not be verified again.
    ///
    /// # Errors
    /// As [`Generation::open`].
    pub fn reload(&self, digest: ContentDigest) -> Result<Self, ReadError> {
        let mut segments = BTreeMap::new();
        let mut dead = BTreeMap::new();
        for (list, members) in self.manifest.lists.iter().zip(&self.members) {
            for (reference, member) in list.segments.iter().zip(members) {
                segments.insert(reference.digest, member.segment.clone());
                if let Some(tombstones) = reference.tombstones {
                    dead.insert(tombstones, member.dead.clone());
                }
            }
        }
        Self::open_sharing(&self.store, digest, &segments, &dead)
    }

    fn open_sharing(
        store: &Store,
        digest: ContentDigest,
        segments: &BTreeMap<ContentDigest, Arc<Segment>>,
        dead: &BTreeMap<ContentDigest, Arc<Tombstones>>,
    ) -> Result<Self, ReadError> {
        let manifest = Manifest::read(store, digest)?;
        let disk = &**store.disk();
        let none_dead = Arc::new(Tombstones::default());
        let mut members = Vec::with_capacity(manifest.lists.len());
        for list in &manifest.lists {
            let mut own = Vec::with_capacity(list.segments.len());
            for reference in &list.segments {
                let path = store.segments_dir().join(format!("{}.seg", reference.digest));
                let segment = match segments.get(&reference.digest) {
                    Some(segment) => segment.clone(),
                    None => Arc::new(Segment::read(disk, &path)?),
                };
                if (segment.len(), u64::from(segment.rows())) != (reference.bytes, reference.rows) {
                    return Err(ReadError::Damaged {
                        path,
                        section: "the file".to_owned(),
                        offset: 0,
                        what: "it has not the length or the rows that the manifest says",
                    });
                }
                let dead = match reference.tombstones {
                    None => none_dead.clone(),
                    Some(digest) => match dead.get(&digest) {
                        Some(dead) => dead.clone(),
                        None => {
                            let path = tombstones::path(store.dir(), digest);
                            Arc::new(Tombstones::open(disk, &path, reference)?)
                        }
                    },
                };
                own.push(Member { segment, dead });
            }
            members.push(own);
        }
        Ok(Self { store: store.clone(), digest, manifest, members })
    }

    /// The digest that names the generation.
    #[must_use]
    pub const fn digest(&self) -> ContentDigest {
        self.digest
    }

    /// Its manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The lists; [`Place::list`] counts in them.
    #[must_use]
    pub fn lists(&self) -> &[List] {
        &self.manifest.lists
    }

    /// Number of live rows of all lists.
    #[must_use]
    pub fn rows(&self) -> u64 {
        (0..self.members.len()).map(|list| self.live_rows(list)).sum()
    }

    /// Number of live rows of a list.
    #[must_use]
    pub fn live_rows(&self, list: usize) -> u64 {
        self.live_rows_of_segments(list).into_iter().sum()
    }

    /// Number of live rows of each segment of a list, oldest first.
    #[must_use]
    pub fn live_rows_of_segments(&self, list: usize) -> Vec<u64> {
        let members = self.members.get(list).into_iter().flatten();
        members.map(|member| u64::from(member.segment.rows()) - member.dead.count()).collect()
    }

    /// Number of live rows of a list that wait for a review.
    #[must_use]
    pub fn held_rows(&self, list: usize) -> u64 {
        let references = self.manifest.lists.get(list).into_iter().flat_map(|list| &list.segments);
        let members = self.members.get(list).into_iter().flatten();
        let held = references.zip(members).filter(|(reference, _)| reference.held);
        held.map(|(reference, member)| reference.rows - member.dead.count()).sum()
    }

    /// Number of hashes of each kind of a list, those of dead rows included.
    #[must_use]
    pub fn hashes(&self, list: usize) -> BTreeMap<HashKind, u64> {
        let mut hashes = BTreeMap::new();
        for member in self.members.get(list).into_iter().flatten() {
            for kind in member.segment.kinds() {
                *hashes.entry(kind).or_default() += member.segment.hashes(kind);
            }
        }
        hashes
    }

    /// Kinds of hash that the segments hold: those that are worth computing of a file.
    #[must_use]
    pub fn kinds(&self) -> BTreeSet<HashKind> {
        self.all_members().flat_map(|(_, _, member)| member.segment.kinds()).collect()
    }

    /// The digests among [`Generation::kinds`].
    #[must_use]
    pub fn digest_kinds(&self) -> DigestKinds {
        self.kinds().into_iter().fold(DigestKinds::default(), DigestKinds::with)
    }

    /// The dead rows of a segment of a list, ascending; none where there is no such segment.
    #[must_use]
    pub fn dead_rows(&self, list: usize, segment: usize) -> Vec<u32> {
        let member = self.members.get(list).and_then(|members| members.get(segment));
        member.map(|member| member.dead.rows()).unwrap_or_default()
    }

    /// What the segment says about an entry besides its hashes.
    ///
    /// # Errors
    /// When there is no such place, or the segment is damaged.
    pub fn entry(&self, place: Place) -> Result<EntryMeta, ReadError> {
        let member = self.member(place)?;
        crate::rows::MetaReader::new(&member.segment)?.read(place.row)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn members(&self, list: usize) -> Result<&[Member], ReadError> {
        let members = self.members.get(list);
        members.map(Vec::as_slice).ok_or_else(|| self.no_such(format!("list {list}")))
    }

    pub(crate) fn member(&self, place: Place) -> Result<&Member, ReadError> {
        let member = self.members(place.list as usize)?.get(place.segment as usize);
        member
            .filter(|member| place.row < member.segment.rows())
            .ok_or_else(|| self.no_such(format!("{place:?}")))
    }

    /// Number of list, number of segment, segment.
    pub(crate) fn all_members(&self) -> impl Iterator<Item = (usize, usize, &Member)> {
        self.members.iter().enumerate().flat_map(|(list, members)| {
            members.iter().enumerate().map(move |(number, member)| (list, number, member))
        })
    }

    fn no_such(&self, what: String) -> ReadError {
        ReadError::NoSuchPlace { generation: self.digest.to_string(), what }
    }
}

/// The compressed columns in the order of [`EntryMeta`]'s fields.
pub(crate) const META_COLUMNS: [Table; 5] =
    [Table::SourceRows, Table::SourceIds, Table::Names, Table::Categories, Table::Attributes];
