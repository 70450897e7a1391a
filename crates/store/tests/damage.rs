//! Truncated, flipped and made-up files: an error or the right answer, never a panic.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use hashward_hash::{Digests, Distance, HashValue, Quality};
use hashward_store::format::{BLOCK_BYTES, HEADER_BYTES, SECTION_BYTES, Table};
use hashward_store::{
    EntryId, EntryKey, EntryRow, Generation, Hit, Method, Opaque, Query, QueryHash, Reach,
    ReadError, Segment, Store,
};
use hashward_testkit::{Codes, seal_directory, seal_segment};
use proptest::prelude::*;
use std::path::PathBuf;
use std::sync::OnceLock;

struct Sample {
    dir: tempfile::TempDir,
    store: Store,
    path: PathBuf,
    bytes: Vec<u8>,
    generation: hashward_store::ContentDigest,
}

fn sample() -> Sample {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path()).unwrap();
    let mut source = Codes::seeded(11);
    let pool = source.clustered(150);
    let rows = support::rows(&mut source, 150, &pool);
    let segment = support::build(&store, &rows, support::options(true));
    let (generation, _) = support::open(&store, vec![support::list(1, vec![segment])]);
    let path = dir.path().join("segments").join(format!("{}.seg", segment.digest));
    let bytes = std::fs::read(&path).unwrap();
    Sample { dir, store, path, bytes, generation }
}

/// The same question by every method.
fn ask(generation: &Generation) -> Vec<Result<Vec<Hit>, ReadError>> {
    let mut source = Codes::seeded(11);
    let pool = source.clustered(150);
    let perceptual: Vec<QueryHash> = (0..8)
        .map(|label| QueryHash {
            hash: pool[label as usize * 9],
            label,
            quality: None,
            margin: 0,
            reach: Reach::default(),
        })
        .collect();
    let digests = support::digests(&mut source);
    let methods =
        [Method::Auto, Method::Linear, Method::BkTree, Method::Prefix, Method::MultiIndex];
    let (radius, min_quality) = (Distance(31), Quality(0));
    let ask = methods.map(|method| {
        let query = Query {
            digests: &digests,
            perceptual: &perceptual,
            opaque: Opaque::NONE,
            radius,
            min_quality,
            method,
        };
        generation.query(&query)
    });
    ask.into()
}

/// Every way of reading, on whatever the segment has become. Must not panic.
fn use_everything(generation: &Generation) -> Option<Vec<Hit>> {
    let mut hits = ask(generation);
    let entries = generation.entries(0).map(|entries| entries.filter(Result::is_ok).count());
    let live = generation.live(0).map(|live| live.filter(Result::is_ok).count());
    let first = hits.pop()?.ok()?;
    for hit in &first {
        let _ = generation.entry(hit.place);
    }
    (entries.ok()? == live.ok()?).then_some(first)
}

/// Writes the bytes where the segment is expected, opens and uses them.
fn try_bytes(sample: &Sample, bytes: &[u8]) -> Result<Option<Vec<Hit>>, ReadError> {
    std::fs::write(&sample.path, bytes).unwrap();
    let generation = Generation::open(sample.dir.path(), sample.generation)?;
    let unverified = use_everything(&generation);
    let verified = generation.verify();
    let deep = generation.verify_deep();
    assert!(deep.is_err() || bytes == sample.bytes, "no change escapes a deep verification");
    verified.map(|_| unverified)
}

#[test]
fn every_truncation_is_an_error() {
    let sample = sample();
    for length in (0..sample.bytes.len()).step_by(37).chain(0..HEADER_BYTES * 3) {
        assert!(Segment::from_bytes(&sample.bytes[..length]).is_err(), "{length}");
    }
    let mut longer = sample.bytes.clone();
    longer.push(0);
    assert!(Segment::from_bytes(&longer).is_err());
}

#[test]
fn flipped_bits_are_found_or_harmless() {
    let sample = sample();
    let right = try_bytes(&sample, &sample.bytes).unwrap().unwrap();
    assert!(!right.is_empty());
    let mut source = Codes::seeded(5);
    let mut found = 0;
    let cases = 600;
    for case in 0..cases {
        let mut bytes = sample.bytes.clone();
        // Half of them in the header and the directory.
        let limit = if case % 2 == 0 { HEADER_BYTES + 20 * SECTION_BYTES } else { bytes.len() };
        let at = source.below(limit as u64) as usize;
        bytes[at] ^= 1 << source.below(8);
        match try_bytes(&sample, &bytes) {
            Err(_) => found += 1,
            Ok(answer) => assert_eq!(answer.as_ref(), Some(&right), "flip at {at}"),
        }
        // What nobody verified beforehand is verified before its first use.
        std::fs::write(&sample.path, &bytes).unwrap();
        if let Ok(generation) = Generation::open(sample.dir.path(), sample.generation) {
            for hits in ask(&generation).into_iter().flatten() {
                assert_eq!(hits, right, "flip at {at}");
            }
        }
    }
    assert!(found > cases * 8 / 10, "{found} of {cases} flips found");
}

#[test]
fn a_search_verifies_what_it_reads_and_not_much_more() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path()).unwrap();
    let mut source = Codes::seeded(12);
    let codes = source.random(20_000);
    let mut rows: Vec<EntryRow> = (1u64..)
        .zip(&codes)
        .map(|(number, code)| {
            let hashes = vec![HashValue::Pdq(*code)];
            let (key, entry) = (EntryKey::of(None, &hashes), EntryId(number));
            let (quality, source_id, name, category, attributes) = (None, None, None, None, None);
            let source_row = number;
            EntryRow {
                key,
                entry,
                source_row,
                hashes,
                quality,
                source_id,
                name,
                category,
                attributes,
                signature: None,
            }
        })
        .collect();
    rows.sort_by_key(|row| row.key);
    let segment = support::build(&store, &rows, support::options(true));
    let (digest, _) = support::open(&store, vec![support::list(1, vec![segment])]);
    let path = dir.path().join("segments").join(format!("{}.seg", segment.digest));
    let sound = std::fs::read(&path).unwrap();
    let ask = |number: usize| {
        let generation = Generation::open(dir.path(), digest)?;
        let hash = source.clone().near(codes[number], 6);
        let reach = Reach::default();
        generation.query(&Query {
            digests: &Digests::default(),
            perceptual: &[QueryHash { hash, label: 0, quality: None, margin: 0, reach }],
            opaque: Opaque::NONE,
            radius: Distance(8),
            min_quality: Quality(0),
            method: Method::MultiIndex,
        })
    };
    let mut flips = Codes::seeded(13);
    let (mut unnoticed, mut found) = (0, 0);
    for case in 0..150 {
        let at = flips.below(sound.len() as u64) as usize;
        let mut bytes = sound.clone();
        bytes[at] ^= 1 << flips.below(8);
        std::fs::write(&path, &bytes).unwrap();
        match ask(case) {
            Ok(hits) => {
                assert_eq!(hits.len(), 1, "flip at {at}");
                assert_eq!(hits[0].entry, EntryId(case as u64 + 1), "flip at {at}");
                unnoticed += 1;
            }
            Err(_) => found += 1,
        }
    }
    assert!(unnoticed > 50 && found > 10, "{unnoticed} flips did not matter, {found} were found");
}

/// Where the first section of a table begins.
fn section_of(bytes: &[u8], table: u16) -> usize {
    let entries = bytes[HEADER_BYTES..].chunks(SECTION_BYTES);
    let mut own = entries.filter(|entry| u16::from_le_bytes([entry[0], entry[1]]) == table);
    u64::from_le_bytes(own.next().unwrap()[24..32].try_into().unwrap()) as usize
}

#[test]
fn damage_names_the_section_and_not_its_content() {
    let sample = sample();
    for (table, name) in [
        (1, "keys"),
        (18, "names"),
        (32, "digests of md5"),
        (48, "codes of pdq"),
        (54, "multi-index tables of pdq"),
    ] {
        let mut bytes = sample.bytes.clone();
        let at = section_of(&bytes, table);
        bytes[at + 3] ^= 4;
        let error = try_bytes(&sample, &bytes).unwrap_err();
        assert!(matches!(&error, ReadError::Damaged { section, .. } if section == name));
        let text = error.to_string();
        assert!(text.contains(name) && text.contains("import its list again"), "{text}");
    }
}

#[test]
fn a_look_up_verifies_the_blocks_that_it_needs_and_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path()).unwrap();
    let md5 = |number: u32| HashValue::Md5((u128::from(number) << 112).to_be_bytes());
    let row = |number: u32| EntryRow {
        key: EntryKey::of(None, &[md5(number)]),
        entry: EntryId(u64::from(number)),
        source_row: 1,
        hashes: vec![md5(number)],
        quality: None,
        source_id: None,
        name: None,
        category: None,
        attributes: None,
        signature: None,
    };
    let mut rows: Vec<EntryRow> = (0..40_000).map(row).collect();
    rows.sort_by_key(|row| row.key);
    let reference = support::build(&store, &rows, support::options(true));
    let (digest, _) = support::open(&store, vec![support::list(1, vec![reference])]);
    let path = store.segments_dir().join(format!("{}.seg", reference.digest));
    let mut bytes = std::fs::read(&path).unwrap();
    let start = section_of(&bytes, 32);
    // The third block of the digests, where those from 8192 on stand.
    bytes[start + 2 * BLOCK_BYTES + 5] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let generation = Generation::open(dir.path(), digest).unwrap();
    for number in [0, 8191, 20_000, 39_999] {
        let hits = generation.lookup_digest(&md5(number)).unwrap();
        assert_eq!(hits.iter().map(|hit| hit.entry.0).collect::<Vec<_>>(), [u64::from(number)]);
    }
    for number in [8192, 9000, 12_287] {
        let error = generation.lookup_digest(&md5(number)).unwrap_err();
        let ReadError::Damaged { offset, .. } = error else { panic!("{error}") };
        assert_eq!(offset as usize, start + 2 * BLOCK_BYTES);
    }
    assert!(generation.find(0, rows[7].key).unwrap().is_some(), "keys are sound");
    assert!(generation.find(0, EntryKey([0xff; 16])).unwrap().is_none());
    assert!(generation.entries(0).is_err() && generation.verify().is_err());
}

#[test]
fn missing_files_and_other_versions_are_errors() {
    let sample = sample();
    let mut bytes = sample.bytes.clone();
    bytes[8] = 9;
    assert!(matches!(try_bytes(&sample, &bytes), Err(ReadError::Version { found: 9, .. })));
    std::fs::remove_file(&sample.path).unwrap();
    let error = Generation::open(sample.dir.path(), sample.generation).unwrap_err();
    assert!(matches!(&error, ReadError::Io { path, .. } if *path == sample.path));
    let manifest = sample.store.generations_dir().join(format!("{}.gen", sample.generation));
    let mut json = std::fs::read(&manifest).unwrap();
    json[20] ^= 1;
    std::fs::write(&manifest, json).unwrap();
    let error = Generation::open(sample.dir.path(), sample.generation).unwrap_err();
    assert!(matches!(error, ReadError::Damaged { .. }));
}

#[test]
fn a_sealed_directory_that_contradicts_itself_is_refused() {
    let sample = sample();
    let sections = u32::from_le_bytes(sample.bytes[12..16].try_into().unwrap()) as usize;
    let entry = |number: usize| HEADER_BYTES + number * SECTION_BYTES;
    assert!({
        let mut bytes = sample.bytes.clone();
        seal_directory(&mut bytes);
        Segment::from_bytes(&bytes).is_ok()
    });
    let refused = |change: &dyn Fn(&mut Vec<u8>), what: &str| {
        let mut bytes = sample.bytes.clone();
        change(&mut bytes);
        seal_directory(&mut bytes);
        assert!(Segment::from_bytes(&bytes).is_err(), "{what}");
    };
    refused(&|bytes| bytes[24] ^= 1, "rows of the header");
    for number in 0..sections {
        let at = entry(number);
        refused(&|bytes| bytes[at + 16] ^= 1, "elements");
        refused(&|bytes| bytes[at + 4] ^= 8, "width");
        refused(&|bytes| bytes[at + 6] ^= 3, "metric");
        refused(&|bytes| bytes[at + 24] ^= 1, "alignment");
        refused(&|bytes| bytes[at + 30] = 1, "offset behind the file");
        refused(&|bytes| bytes[at + 46] = 1, "checksums behind the file");
        refused(&|bytes| bytes[at + 31..at + 32].fill(0xff), "offset that overflows");
        refused(&|bytes| bytes.copy_within(entry(0)..entry(1), at.max(entry(1))), "twice");
        let required = sample.bytes[at + 7] & 1 == 1;
        for (field, value) in [(1, 0x70), (8, 1)] {
            // An unknown table or version may be skipped only if it is not required. Those that
            // are not need each other, so they are all unknown together.
            let mut bytes = sample.bytes.clone();
            bytes[at + field] = value;
            for other in (0..sections).map(entry) {
                if !required && sample.bytes[other + 7] & 1 == 0 {
                    bytes[other + field] = value;
                }
            }
            seal_directory(&mut bytes);
            assert_eq!(Segment::from_bytes(&bytes).is_err(), required, "section {number}");
        }
    }
}

#[test]
fn a_deep_verification_finds_signature_rows_that_do_not_ascend() {
    let sample = sample();
    let mut bytes = sample.bytes.clone();
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let mut entries = (HEADER_BYTES..).step_by(SECTION_BYTES);
    let table = Table::SignatureRows.id().to_le_bytes();
    let entry = entries.find(|at| bytes[*at..at + 2] == table).unwrap();
    let (rows, start) = (number(entry + 16), number(entry + 24));
    assert!(rows > 1, "there is something to exchange");
    // The last one twice, and the first two exchanged: with checksums that hold, as only a writer
    // can make them.
    let (first, last) = (start, start + 4 * (rows - 1));
    for (from, to) in [(last, last - 4), (first, first + 4)] {
        let mut changed = bytes.clone();
        let kept = bytes[to..to + 4].to_vec();
        changed.copy_within(from..from + 4, to);
        if from == first {
            changed[from..from + 4].copy_from_slice(&kept);
        }
        seal_segment(&mut changed);
        let segment = Segment::from_bytes(&changed).unwrap();
        segment.verify().unwrap();
        let error = segment.check_order().unwrap_err().to_string();
        assert!(error.contains("signature rows") && error.contains("do not ascend"), "{error}");
    }
    seal_segment(&mut bytes);
    Segment::from_bytes(&bytes).unwrap().check_order().unwrap();
}

fn shared_sample() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    SAMPLE.get_or_init(sample)
}

/// Opens and uses bytes of the length that the manifest of the shared sample expects, through a
/// folder of their own.
fn use_sealed(bytes: &[u8]) {
    if Segment::from_bytes(bytes).is_err() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path()).unwrap();
    let segment = Segment::from_bytes(bytes).unwrap();
    let _ = segment.verify();
    let _ = segment.check_order();
    let digest = hashward_store::ContentDigest::of(bytes);
    std::fs::write(store.segments_dir().join(format!("{digest}.seg")), bytes).unwrap();
    let (bytes, rows) = (bytes.len() as u64, u64::from(segment.rows()));
    let reference =
        hashward_store::SegmentRef { digest, bytes, rows, tombstones: None, held: false };
    let (_, generation) = support::open(&store, vec![support::list(1, vec![reference])]);
    let _ = use_everything(&generation);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_behind_a_valid_header(
        sections in 0u32..6, rows in 0u64..50, mut body in prop::collection::vec(any::<u8>(), 0..2000),
        small: bool,
    ) {
        if small {
            // Small numbers reach further than random ones.
            body.iter_mut().for_each(|byte| *byte %= 60);
        }
        let mut bytes = shared_sample().bytes[..HEADER_BYTES].to_vec();
        bytes[12..16].copy_from_slice(&sections.to_le_bytes());
        bytes[24..32].copy_from_slice(&rows.to_le_bytes());
        bytes.extend(body);
        seal_segment(&mut bytes);
        use_sealed(&bytes);
    }

    #[test]
    fn changed_fields_of_a_sealed_directory(
        at in any::<prop::sample::Index>(), value: [u8; 8], width in 1usize..=8, small: bool,
    ) {
        let mut bytes = shared_sample().bytes.clone();
        let sections = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
        let at = HEADER_BYTES + at.index(sections * SECTION_BYTES - 8);
        let value = if small { [value[0] % 70, 0, 0, 0, 0, 0, 0, 0] } else { value };
        bytes[at..at + width].copy_from_slice(&value[..width]);
        seal_segment(&mut bytes);
        use_sealed(&bytes);
    }

    #[test]
    fn changed_content_of_any_section(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let mut bytes = shared_sample().bytes.clone();
        let sections = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
        let content = HEADER_BYTES + sections * SECTION_BYTES;
        for (at, value) in changes {
            let at = content + at.index(bytes.len() - content);
            bytes[at] = value;
        }
        seal_segment(&mut bytes);
        use_sealed(&bytes);
    }
}
