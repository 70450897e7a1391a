//! Proposing from reduced decodings and deciding canonically finds what deciding canonically finds,
//! on files all around the boundary.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers of tests; counts tell how hard they were

use hashward_engine::matching::{Policy, evaluate};
use hashward_engine::propose::{is_near, least_pixels};
use hashward_examine::{EXAMINATION_VERSION, Examination, Pictures};
use hashward_hash::{Digests, HashValue, Orientation, Pdq, Quality};
use hashward_media::{
    Effort, LabelledHash, Limits, Margins, PictureFormat, Plan, Unguarded, Variant, examine_picture,
};
use hashward_store::{
    BuildOptions, EntryId, EntryKey, EntryRow, Generation, List, ListKind, Manifest, Store,
};
use hashward_synth::{Class, Encoding, Rng, generate, requantised};

fn examination(file: &[u8], effort: Effort) -> Examination {
    let plan = Plan { effort, ..Plan::default() };
    let limits = Limits::default();
    let report = examine_picture(file, PictureFormat::Jpeg, &limits, &plan, &mut Unguarded);
    assert_eq!(report.status, Ok(()));
    Examination {
        version: EXAMINATION_VERSION,
        size: file.len() as u64,
        media_type: "image/jpeg".to_owned(),
        digests: Digests::default(),
        pictures: Pictures::Examined,
        width: report.width,
        height: report.height,
        frames_examined: report.frames_examined,
        frames_total: report.frames_total,
        hashes: report.hashes,
        opaque: Vec::new(),
        features: Vec::new(),
    }
}

/// Files above the sizes at which reduced decodings propose.
fn files() -> Vec<Vec<u8>> {
    let mut random = Rng::for_purpose(4, 20);
    let mut files = Vec::new();
    for number in 0..10 {
        let class = Class::PHOTO_LIKE[number % Class::PHOTO_LIKE.len()];
        let picture = generate(class, number as u64, 1500, 1500);
        for _ in 0..50 {
            let (width, height) = (1024 + random.below(80), 1024 + random.below(80));
            let (left, top) = (random.below(1500 - width), random.below(1500 - height));
            let quality = 40 + random.below(55) as u8;
            let cut = picture.cut(left, top, width, height);
            let file = Encoding::Jpeg(quality).encode(&cut).unwrap();
            for _ in 0..3 {
                let percent = 8 + random.below(92);
                files.push(requantised(&file, percent, &mut random));
            }
            files.push(file);
        }
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/progressive/");
    for name in ["cgi", "figure", "landscape"] {
        let file = std::fs::read(format!("{folder}{name}.jpg")).unwrap();
        for _ in 0..40 {
            let percent = 8 + random.below(92);
            files.push(requantised(&file, percent, &mut random));
        }
    }
    files
}

/// A hash with `count` bits changed.
fn near(hash: Pdq, count: u32, random: &mut Rng) -> Pdq {
    let (mut changed, mut left) = (hash, count);
    while left > 0 {
        let bit = random.below(256) as usize;
        if (changed.0[bit / 64] ^ hash.0[bit / 64]) >> (bit % 64) & 1 == 0 {
            changed.0[bit / 64] ^= 1 << (bit % 64);
            left -= 1;
        }
    }
    changed
}

fn generation(dir: &std::path::Path, hashes: &[Pdq]) -> Generation {
    let store = Store::create(dir).unwrap();
    let mut rows: Vec<EntryRow> = (0..)
        .zip(hashes)
        .map(|(index, hash)| {
            let id = format!("{index}");
            let hashes = vec![HashValue::Pdq(*hash)];
            EntryRow {
                key: EntryKey::of(Some(&id), &hashes),
                entry: EntryId(index),
                source_row: index,
                hashes,
                quality: None,
                source_id: Some(id),
                name: None,
                category: None,
                attributes: None,
                signature: None,
            }
        })
        .collect();
    rows.sort_by_key(|row| row.key);
    let mut builder = store.builder(BuildOptions::default()).unwrap();
    rows.iter().for_each(|row| builder.push(row).unwrap());
    let mut manifest = Manifest::empty();
    manifest.lists.push(List {
        id: 0,
        name: "list".to_owned(),
        kind: ListKind::Known,
        version: 1,
        label: None,
        source: None,
        category: None,
        radius: None,
        min_quality: None,
        segments: vec![builder.finish().unwrap().to_ref()],
        ..List::default()
    });
    Generation::open(dir, store.write_manifest(&manifest).unwrap()).unwrap()
}

/// Differences of a proposal from the canonical hash: bits and quality.
fn error(
    fast: &Examination,
    full: &Examination,
    proposal: Variant,
    canonical: Variant,
) -> (u16, i32) {
    let find = |examination: &Examination, variant| -> LabelledHash {
        let is = |hash: &&LabelledHash| {
            hash.variant == variant && hash.orientation == Orientation::Original
        };
        *examination.hashes.iter().find(is).unwrap()
    };
    let (fast, full) = (find(fast, proposal), find(full, canonical));
    let quality = i32::from(fast.quality.0) - i32::from(full.quality.0);
    (fast.hash.distance(full.hash).0, quality.abs())
}

/// What came out, counted.
#[derive(Debug, Default)]
struct Counts {
    matched: usize,
    only_proposed: usize,
    neither: usize,
    near_gate: usize,
}

#[test]
fn proposals_lead_to_the_canonical_findings() {
    let files = files();
    assert!(files.len() > 2000);
    let mut random = Rng::for_purpose(4, 21);
    let examined: Vec<(Examination, Examination)> = files
        .iter()
        .map(|file| (examination(file, Effort::FAST), examination(file, Effort::Full)))
        .collect();
    within_margins(&examined);
    let mut planted = Vec::new();
    for (number, (fast, full)) in examined.iter().enumerate() {
        assert!(fast.proposes() && !full.proposes());
        // A third gets entries right at the radius, a third beyond the margins, a third none.
        for _ in 0..2 {
            let hash = full.hashes[random.below(16) as usize].hash;
            match number % 3 {
                0 => planted.push(near(hash, 20 + random.below(24), &mut random)),
                1 => planted.push(near(hash, 40 + random.below(50), &mut random)),
                _ => {}
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let generation = generation(dir.path(), &planted);
    // So short a list is searched in less time than any reduced decoding saves.
    assert!((1..1024 * 1024).contains(&least_pixels(&generation)));
    for min_quality in [None, Some(Quality(0)), Some(Quality(80))] {
        let policy = Policy { min_quality, ..Policy::default() };
        let mut counts = Counts::default();
        for (fast, full) in &examined {
            let is_near = is_near(fast, &generation, &policy).unwrap();
            let decided = if is_near { full } else { fast };
            let findings = evaluate(decided, &generation, &policy, false).unwrap();
            let expected = evaluate(full, &generation, &policy, false).unwrap();
            assert_eq!(findings.matches, expected.matches);
            let matched = !expected.matches.is_empty();
            counts.matched += usize::from(matched);
            counts.only_proposed += usize::from(is_near && !matched);
            counts.neither += usize::from(!is_near);
            let distance = full.hashes[0].quality.0.abs_diff(policy.min_quality().0);
            counts.near_gate += usize::from(distance <= 5);
        }
        println!("{min_quality:?}: {counts:?}");
        assert!(counts.matched > 200 && counts.near_gate > 20);
        assert!(counts.only_proposed > 100);
        assert!(counts.neither > 100 || min_quality == Some(Quality(0)));
    }
}

/// Asserts what the margins promise.
fn within_margins(examined: &[(Examination, Examination)]) {
    let mut worst = [(0, 0); 2];
    for (fast, full) in examined {
        let pairs = [(Variant::Fast, Variant::Full), (Variant::FastSquare512, Variant::Square512)];
        for (worst, (proposal, canonical)) in worst.iter_mut().zip(pairs) {
            let margins = proposal.margins().unwrap();
            let (bits, quality) = error(fast, full, proposal, canonical);
            if full.hashes[0].quality.0 >= Margins::LEAST_QUALITY {
                assert!(bits <= margins.bits, "{proposal:?} {bits}");
                *worst = (worst.0.max(bits), worst.1.max(quality));
            }
            assert!(quality <= i32::from(margins.quality), "{proposal:?} {quality}");
        }
    }
    println!("largest errors, full and 512×512: {worst:?}");
}
