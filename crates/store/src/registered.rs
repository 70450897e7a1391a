//! Registered material: signatures of local features in segments, and the search for them.

use crate::build::section;
use crate::format::{Section, Table};
use crate::generation::{Generation, Place};
use crate::query::{By, Hit};
use crate::segment::{Segment, row_at};
use crate::spool::Spool;
use crate::{ContentDigest, ReadError, Store, WriteError};
use hashward_features::{
    Candidate, Damaged, Features, Finding, KEY_TABLES, SIGNATURE_BYTES, Signature, TableBuilder,
    Tables, View, examine, judge, key, propose,
};
use hashward_hash::Distance;

/// An entry whose picture a frame shows, or a part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalHit {
    /// The entry. Its hit has no distance and the rank of a guess.
    pub hit: Hit,
    /// What was found; the number of the signature means nothing here.
    pub finding: Finding,
}

impl Segment {
    /// The row of each signature.
    pub(crate) fn signature_rows(&self) -> &[[u8; 4]] {
        self.table(Table::SignatureRows, 0).as_chunks().0
    }

    /// Number of signatures.
    #[must_use]
    pub fn signatures(&self) -> u64 {
        self.signature_rows().len() as u64
    }

    /// Reads a signature, of which only the blocks that hold it are verified.
    pub(crate) fn signature(&self, number: u32) -> Result<Signature, ReadError> {
        let start = number as usize * SIGNATURE_BYTES;
        let range = start..start + SIGNATURE_BYTES;
        self.touch(Table::Signatures, 0, range.clone())?;
        let bytes = self.table(Table::Signatures, 0).get(range).unwrap_or_default();
        Signature::from_bytes(bytes)
            .map_err(|Damaged(what)| self.damaged(Table::Signatures, 0, what))
    }

    /// The tables over the features, verified; `None` where the segment lacks them.
    fn feature_tables(&self) -> Result<Option<Tables<'_>>, ReadError> {
        if self.section_number(Table::FeatureTables, 0).is_none() {
            return Ok(None);
        }
        self.touch_table(Table::FeatureTables, 0)?;
        let damaged = |what| self.damaged(Table::FeatureTables, 0, what);
        let tables = Tables::new(self.table(Table::FeatureTables, 0));
        let tables = tables.map_err(|Damaged(what)| damaged(what))?;
        if u64::from(tables.signatures()) != self.signatures() {
            return Err(damaged("they are not of as many signatures as there are"));
        }
        Ok(Some(tables))
    }

    /// The signatures that may show what the query shows. Without tables that is every one.
    fn proposed(&self, query: &Features, views: &[View]) -> Result<Vec<Candidate>, ReadError> {
        let Some(tables) = self.feature_tables()? else {
            let all = 0..self.signatures() as u32;
            let of = |signature| views.iter().map(move |&view| Candidate { signature, view });
            return Ok(all.flat_map(of).collect());
        };
        let read = |number| self.signature(number).map_err(Fault::Read);
        propose(&tables, query, views, read).map_err(|fault| match fault {
            Fault::Read(error) => error,
            Fault::Damaged(what) => self.damaged(Table::FeatureTables, 0, what),
        })
    }

    /// Checks what checksums cannot: rows, signatures and tables.
    pub(crate) fn check_signatures(&self) -> Result<(), ReadError> {
        let rows = self.signature_rows();
        if (0..rows.len()).any(|at| row_at(rows, at) >= self.rows()) {
            return Err(self.damaged(Table::SignatureRows, 0, "it names a row that is not there"));
        }
        if !(1..rows.len()).all(|at| row_at(rows, at - 1) < row_at(rows, at)) {
            return Err(self.damaged(Table::SignatureRows, 0, "rows do not ascend"));
        }
        for number in 0..rows.len() {
            self.signature(number as u32)?;
        }
        let Some(tables) = self.feature_tables()? else { return Ok(()) };
        let descriptor = |number: u32, feature: u8| {
            let known = self.signature(number).map_err(Fault::Read)?;
            let code = known.descriptors().get(usize::from(feature)).copied();
            code.ok_or(Fault::Damaged("a posting names a feature that is not there"))
        };
        tables.check(descriptor).map_err(|fault| match fault {
            Fault::Read(error) => error,
            Fault::Damaged(what) => self.damaged(Table::FeatureTables, 0, what),
        })
    }
}

/// What can go wrong in a search: damage that has no place yet, or an error that has one.
enum Fault {
    Damaged(&'static str),
    Read(ReadError),
}

impl From<Damaged> for Fault {
    fn from(Damaged(what): Damaged) -> Self {
        Self::Damaged(what)
    }
}

impl Generation {
    /// True when some entry has a signature, so that local features of an input are worth having.
    #[must_use]
    pub fn has_signatures(&self) -> bool {
        self.all_members().any(|(_, _, member)| member.segment.signatures() > 0)
    }

    /// Entries with a signature whose picture the frame shows, ordered by place, in the lists whose
    /// position `takes_part` admits. The search is approximate; see `hashward_features`.
    ///
    /// # Errors
    /// When a segment turns out to be damaged.
    pub fn query_local(
        &self,
        query: &Features,
        views: &[View],
        takes_part: impl Fn(usize) -> bool,
    ) -> Result<Vec<LocalHit>, ReadError> {
        let mut places: Vec<(Place, &Segment, u32)> = Vec::new();
        let mut verified = Vec::new();
        let seen = examine(query, views);
        for (list, position, member) in self.all_members() {
            let segment = &*member.segment;
            if segment.signatures() == 0 || !takes_part(list) {
                continue;
            }
            let mut candidates = segment.proposed(query, views)?;
            candidates.sort_unstable();
            for of_one in candidates.chunk_by(|a, b| a.signature == b.signature) {
                let number = of_one[0].signature;
                let at = number as usize * 4;
                segment.touch(Table::SignatureRows, 0, at..at + 4)?;
                let row = row_at(segment.signature_rows(), number as usize);
                if member.dead.has(row) {
                    continue;
                }
                let known = segment.signature(number)?;
                let views: Vec<View> = of_one.iter().map(|candidate| candidate.view).collect();
                let found = seen.verify(&known, &views);
                if !found.is_empty() {
                    let signature = places.len() as u32;
                    let place = Place { list: list as u32, segment: position as u32, row };
                    places.push((place, segment, number));
                    let of = |(view, found)| (Candidate { signature, view }, found);
                    verified.extend(found.into_iter().map(of));
                }
            }
        }
        let hit = |finding: Finding| {
            let (place, segment, number): (Place, &Segment, u32) =
                places[finding.signature as usize];
            let hit = Hit {
                place,
                entry: segment.entry(place.row)?,
                by: By::Features,
                distance: Distance(0),
                radius: Distance(0),
                metric: None,
                label: None,
                rank: 1,
                entry_quality: None,
                degenerate: false,
                kinds: segment.kind_mask(place.row)?,
                same: ContentDigest::of(segment.signature(number)?.as_bytes()),
            };
            Ok(LocalHit { hit, finding })
        };
        judge(query, verified).into_iter().map(hit).collect()
    }
}

/// Collects the signatures of a segment that is being written.
pub(crate) struct SignatureBuilder {
    signatures: Spool,
    rows: Spool,
    counts: Vec<u8>,
    /// The keys of all features for each table.
    keys: [Spool; KEY_TABLES],
    store: Store,
}

impl SignatureBuilder {
    pub(crate) fn new(store: &Store) -> Self {
        let spool = || Spool::new(store);
        Self {
            signatures: spool(),
            rows: spool(),
            counts: Vec::new(),
            keys: [(); KEY_TABLES].map(|()| spool()),
            store: store.clone(),
        }
    }

    pub(crate) fn push(&mut self, signature: &Signature, row: u32) -> Result<(), WriteError> {
        self.signatures.write(signature.as_bytes())?;
        self.rows.write(&row.to_le_bytes())?;
        self.counts.push(signature.len() as u8);
        for (table, keys) in self.keys.iter_mut().enumerate() {
            for descriptor in signature.descriptors() {
                keys.write(&key(descriptor, table).to_le_bytes())?;
            }
        }
        Ok(())
    }

    /// The sections; none where there are no signatures.
    pub(crate) fn finish(self) -> Result<Vec<(Section, Spool)>, WriteError> {
        let count = self.counts.len() as u64;
        if count == 0 {
            return Ok(Vec::new());
        }
        let mut sections = vec![
            section(Table::Signatures, None, count, self.signatures),
            section(Table::SignatureRows, None, count, self.rows),
        ];
        // More than fit one index are searched one by one; nobody has so many in one segment.
        if let Ok(builder) = TableBuilder::new(self.counts) {
            let mut tables = Spool::new(&self.store);
            tables.write(&builder.header())?;
            for keys in self.keys {
                let mut bytes = vec![[0; 4]; (keys.len() / 4) as usize];
                keys.read_all(bytes.as_flattened_mut())?;
                let keys: Vec<u32> = bytes.into_iter().map(u32::from_le_bytes).collect();
                builder.table(&keys, |piece| tables.write(piece))?;
            }
            let lines = tables.len() / 64;
            sections.push(section(Table::FeatureTables, None, lines, tables));
        }
        Ok(sections)
    }
}
