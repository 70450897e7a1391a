//! Any bytes as segment, tombstones or manifest: opening, every method of search, walking and
//! verifying end without a panic, and where checksums were not put right, with the right answer.

use hashward_hash::{Digests, Distance, HashValue, OpaqueRadii, Quality, VectorRadius};
use hashward_store::{
    By, ContentDigest, Generation, Hit, List, Manifest, Method, Opaque, OpaqueHash, Query,
    QueryHash, Reach, ReadError, Referenced, SegmentRef, Store,
};
use hashward_testkit::{seal_segment, seal_tombstones};
use std::path::{Path, PathBuf};

/// A golden store, copied to where its files may be replaced.
#[derive(Debug)]
pub(crate) struct Sample {
    folder: PathBuf,
    store: Store,
    lists: Vec<List>,
    files: Vec<(SegmentRef, Vec<u8>, Option<Vec<u8>>)>,
    manifest: Vec<u8>,
    questions: Vec<Question>,
    answers: Vec<Vec<Said>>,
}

/// What a hit says: list, row, kind and distance.
type Said = (u32, u32, By, u16);

#[derive(Debug)]
struct Question {
    digests: Digests,
    perceptual: Vec<QueryHash>,
    opaque: Vec<OpaqueHash>,
}

const METHODS: [Method; 5] =
    [Method::Auto, Method::Linear, Method::BkTree, Method::Prefix, Method::MultiIndex];

impl Sample {
    /// Copies a golden store into `folder`, which is there and empty.
    ///
    /// # Panics
    /// When the store cannot be read or the folder not be written.
    #[must_use]
    pub(crate) fn new(golden: &Path, folder: &Path) -> Self {
        let must = "a golden store and a folder to write in";
        let store = Store::create(folder).expect(must);
        let current = std::fs::read_to_string(golden.join("current")).expect(must);
        let digest: ContentDigest = current.trim().parse().expect(must);
        let manifest = std::fs::read(golden.join(format!("generations/{digest}.gen"))).expect(must);
        let generation = Generation::open(golden, digest).expect(must);
        let read = |name: String| std::fs::read(golden.join("segments").join(name)).expect(must);
        let mut files = Vec::new();
        for segment in generation.lists().iter().flat_map(|list| &list.segments) {
            let dead = segment.tombstones.map(|dead| read(format!("{dead}.tomb")));
            files.push((*segment, read(format!("{}.seg", segment.digest)), dead));
        }
        let entries = generation.entries(0).expect(must);
        let questions = entries.step_by(9).map(|row| Question::of(&row.expect(must).hashes));
        let mut sample = Self {
            folder: folder.to_owned(),
            store,
            lists: generation.lists().to_vec(),
            files,
            manifest,
            questions: questions.collect(),
            answers: Vec::new(),
        };
        sample.answers = sample.ask(&generation).map(|answer| answer.expect(must)).collect();
        sample
    }

    /// Makes a file of the bytes and uses it in every way.
    ///
    /// The first byte chooses the file, the second how the others are taken: bit 0 as the content
    /// itself, else as changes of the golden file (three bytes of place, one of value); bit 1 puts
    /// the checksums right again, so that what lies behind them is reached.
    ///
    /// # Panics
    /// When an answer is wrong, or the store panics.
    pub(crate) fn check(&self, data: &[u8]) {
        self.check_file(data);
        let golden = Manifest { lists: self.lists.clone(), ..Manifest::empty() };
        let keep = Referenced::by([(ContentDigest([0; 32]), &golden)]);
        self.store.sweep(&keep).expect("a folder to write in");
    }

    fn check_file(&self, data: &[u8]) {
        let [chosen, how, rest @ ..] = data else { return };
        let chosen = usize::from(*chosen) % (2 * self.files.len() + 1);
        let (raw, sealed) = (how & 1 == 1, how & 2 == 2);
        let number = chosen / 2 % self.files.len();
        let (reference, segment, dead) = &self.files[number];
        if chosen == 2 * self.files.len() {
            return self.check_manifest(&changed(&self.manifest, rest, raw));
        }
        let (mut segment, mut dead) = (segment.clone(), dead.clone());
        if let (1, Some(bytes)) = (chosen % 2, &mut dead) {
            *bytes = changed(bytes, rest, raw);
            if sealed {
                seal_tombstones(bytes);
            }
        } else {
            segment = changed(&segment, rest, raw);
            if sealed {
                seal_segment(&mut segment);
            }
        }
        let same = (&segment, &dead) == (&self.files[number].1, &self.files[number].2);
        // The manifest names the file by what it should hold, as after damage, unless the checksums
        // were put right: then somebody made it so.
        let mut named = *reference;
        if sealed {
            let Ok(opened) = hashward_store::Segment::from_bytes(&segment) else { return };
            let (bytes, rows) = (segment.len() as u64, u64::from(opened.rows()));
            named = SegmentRef { digest: ContentDigest::of(&segment), bytes, rows, ..named };
        }
        self.write(named.digest, "seg", &segment);
        if let (Some(digest), Some(bytes)) = (named.tombstones, &dead) {
            self.write(digest, "tomb", bytes);
        }
        let manifest = Manifest { lists: self.lists_with(number, named), ..Manifest::empty() };
        let digest = self.store.write_manifest(&manifest).expect("a folder to write in");
        let Ok(generation) = self.open(digest, number) else { return };
        for (answer, right) in self.ask(&generation).zip(&self.answers) {
            match answer {
                // Damage costs no match: what is answered is right.
                Ok(answer) if !sealed => assert!(answer == *right, "a wrong answer"),
                Err(_) => assert!(!same, "a sound file was refused"),
                Ok(_) => {}
            }
        }
        for list in 0..generation.lists().len() {
            if let Ok(entries) = generation.entries(list) {
                entries.for_each(drop);
            }
        }
        let _ = generation.verify();
        let deep = generation.verify_deep();
        assert!(sealed || same == deep.is_ok(), "deep verification misses a change");
    }

    fn check_manifest(&self, bytes: &[u8]) {
        let digest = ContentDigest::of(bytes);
        let path = self.store.generations_dir().join(format!("{digest}.gen"));
        std::fs::write(&path, bytes).expect("a folder to write in");
        if let Ok(generation) = Generation::open(&self.folder, digest) {
            self.ask(&generation).for_each(drop);
            let _ = generation.verify_deep();
        }
        std::fs::remove_file(path).expect("a folder to write in");
    }

    fn lists_with(&self, number: usize, named: SegmentRef) -> Vec<List> {
        let mut lists = self.lists.clone();
        let mut segments = lists.iter_mut().flat_map(|list| &mut list.segments);
        if let Some(segment) = segments.nth(number) {
            *segment = named;
        }
        lists
    }

    /// Puts the other files in place and opens what is there.
    fn open(&self, digest: ContentDigest, but: usize) -> Result<Generation, ReadError> {
        for (number, (segment, bytes, dead)) in self.files.iter().enumerate() {
            if number != but {
                self.write(segment.digest, "seg", bytes);
                if let (Some(digest), Some(bytes)) = (segment.tombstones, dead) {
                    self.write(digest, "tomb", bytes);
                }
            }
        }
        Generation::open(&self.folder, digest)
    }

    fn write(&self, digest: ContentDigest, extension: &str, bytes: &[u8]) {
        let path = self.store.segments_dir().join(format!("{digest}.{extension}"));
        std::fs::write(path, bytes).expect("a folder to write in");
    }

    /// The answers to all questions by all methods, in the same order each time.
    fn ask<'a>(
        &'a self,
        generation: &'a Generation,
    ) -> impl Iterator<Item = Result<Vec<Said>, ReadError>> + 'a {
        let said = |hit: &Hit| (hit.place.list, hit.place.row, hit.by, hit.distance.0);
        self.questions.iter().flat_map(move |question| {
            METHODS.map(|method| {
                let photodna = VectorRadius::parse("l1:100").expect("a radius");
                let opaque = Opaque {
                    hashes: &question.opaque,
                    radii: OpaqueRadii { photodna, bits64: Distance(8) },
                };
                let (radius, min_quality) = (Distance(31), Quality(0));
                let (digests, perceptual) = (&question.digests, &question.perceptual[..]);
                let query = Query { digests, perceptual, opaque, radius, min_quality, method };
                let hits = generation.query(&query)?;
                for hit in &hits {
                    generation.entry(hit.place)?;
                }
                Ok(hits.iter().map(said).collect())
            })
        })
    }
}

impl Question {
    fn of(hashes: &[HashValue]) -> Self {
        let mut own = Self { digests: Digests::default(), perceptual: vec![], opaque: vec![] };
        for (label, hash) in (0..).zip(hashes) {
            match hash {
                HashValue::Pdq(hash) => {
                    let (hash, reach) = (*hash, Reach::default());
                    own.perceptual.push(QueryHash { hash, label, quality: None, margin: 0, reach });
                }
                hash if own.digests.set(*hash) => {}
                hash => own.opaque.push(OpaqueHash { value: *hash, label }),
            }
        }
        own
    }
}

/// The bytes themselves, or the changes that they tell of.
fn changed(base: &[u8], data: &[u8], raw: bool) -> Vec<u8> {
    if raw {
        return data.to_vec();
    }
    let mut bytes = base.to_vec();
    for change in data.as_chunks::<4>().0 {
        let at = u32::from_le_bytes([change[0], change[1], change[2], 0]) as usize;
        if let Some(byte) = bytes.get_mut(at) {
            *byte = change[3];
        } else {
            // Places behind the end cut it short.
            bytes.truncate(at % (bytes.len() + 1));
        }
    }
    bytes
}
