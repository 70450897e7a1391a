//! How well registered material is found, how often by mistake, and how fast among how many.
//!
//! `cargo bench -p hashward-benches --bench registered -- recall 600 1000000` registers so many
//! synthetic pictures, from that seed on, and looks for each after every transform;
//! `… -- negatives FOLDER` registers every picture of a folder and looks for every one, so that
//! all that is found besides itself is a false match or a near-duplicate; `… -- scale 1000000 FOLDER`
//! writes a store with so many signatures into a new folder and times queries; a folder that it
//! wrote before is only asked.
//! `benches/results/registered.md` tells what came out.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is the bench's output")]

use hashward_features::{
    Budget, Damaged, Features, Finding, KEY_TABLES, Luma, Signature, TableBuilder, Tables, View,
    extract, key, search, search_all, verify,
};
use hashward_hash::HashValue;
use hashward_media::{Class as Content, Corners, Limits, Plan, Unguarded, examine_picture, sniff};
use hashward_phash::Pixels;
use hashward_phash::variants::Reduced;
use hashward_store::{
    BuildOptions, ContentDigest, EntryId, EntryKey, EntryRow, Generation, List, Manifest, Store,
};
use hashward_synth::{Class, Corners as Turned, Picture, Rng, Transform, generate};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Classes that count as pictures.
const PICTURES: [Class; 6] = [
    Class::DeadLeaves,
    Class::Landscape,
    Class::Texture,
    Class::Figure,
    Class::LineDrawing,
    Class::Cgi,
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let number = |at: usize, default: u64| {
        arguments.get(at).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    match arguments.first().map(String::as_str) {
        Some("recall") => recall(number(1, 60) as usize, number(2, 0)),
        Some("negatives") => negatives(Path::new(arguments.get(1).map_or(".", |path| path))),
        Some("scale") => {
            let folder = arguments.get(2).map_or("registered-scale", |path| path);
            scale(number(1, 100_000), Path::new(folder));
        }
        // Run by `cargo bench` without a wish: a small one of each.
        _ => recall(12, 0),
    }
}

fn features(picture: &Picture, budget: Budget) -> Features {
    let (width, height) = (picture.width(), picture.height());
    let pixels = Pixels::rgb8(picture.rgb(), width, height, 3 * width as usize);
    let pixels = pixels.expect("a picture holds all its pixels");
    let Some(reduced) = Reduced::of(&pixels) else { return Features::default() };
    let (cells, across, down) = reduced.cells();
    let luma = Luma::new(cells, across, down).expect("a reduced copy is whole");
    extract(luma, (width, height), budget)
}

/// Calls `work` with 0 to `count`, on all cores, and gives what came of each, in order.
fn each<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut made: Vec<(usize, T)> = std::thread::scope(|scope| {
        let worker = || {
            let mut made = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return made;
                }
                made.push((number, work(number)));
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    made.sort_by_key(|(number, _)| *number);
    made.into_iter().map(|(_, made)| made).collect()
}

/// The tables of signatures, as a segment has them.
fn tables(signatures: &[Signature]) -> Vec<u8> {
    TableBuilder::whole(signatures).expect("not too many for an index")
}

/// What became of one query of the recall measurement.
#[derive(Clone, Copy, Default)]
struct Outcome {
    /// The registered picture was verified, looking at it alone.
    verified: bool,
    /// It was found by the index among all.
    found: bool,
    /// Others were found.
    false_matches: usize,
    inliers: u16,
    /// Inliers and number of the other that was found with most.
    worst: (u16, u32),
}

fn recall(count: usize, seed: u64) {
    let sides = [(1024, 768), (768, 1024), (1280, 720), (800, 800)];
    let picture = |number: usize| {
        let (width, height) = sides[number % sides.len()];
        generate(PICTURES[number % PICTURES.len()], seed + number as u64, width, height)
    };
    let start = Instant::now();
    let known = each(count, |n| Signature::new(&features(&picture(n), Budget::REGISTERED)));
    let bytes = tables(&known);
    let index = Tables::new(&bytes).expect("just built");
    let transforms = Transform::catalogue();
    eprintln!("{count} registered in {:.0} s", start.elapsed().as_secs_f64());
    let outcomes = each(count, |number| {
        let original = picture(number);
        let one = |transform: &Transform| {
            let query = features(&transform.apply(&original, seed + number as u64), Budget::QUERY);
            let found = found(&index, &known, &query, &View::ALL);
            let verified = View::ALL
                .iter()
                .filter_map(|view| verify(&known[number], &query, *view))
                .max_by_key(|v| v.inliers);
            Outcome {
                verified: verified.is_some(),
                worst: found
                    .iter()
                    .filter(|found| found.signature != number as u32)
                    .map(|found| (found.inliers, found.signature))
                    .max()
                    .unwrap_or_default(),
                inliers: verified.map_or(0, |verified| verified.inliers),
                found: found.iter().any(|found| found.signature == number as u32),
                false_matches: found
                    .iter()
                    .filter(|found| found.signature != number as u32)
                    .count(),
            }
        };
        transforms.iter().map(one).collect::<Vec<_>>()
    });
    println!("transform verified found false median-inliers | found by class {PICTURES:?}");
    for (column, transform) in transforms.iter().enumerate() {
        let of: Vec<Outcome> = outcomes.iter().map(|row| row[column]).collect();
        let share = |n: usize| n as f64 / count as f64;
        let mut inliers: Vec<u16> = of.iter().map(|outcome| outcome.inliers).collect();
        inliers.sort_unstable();
        let found = of.iter().filter(|outcome| outcome.found).count();
        let (low, high) = wilson(found, count);
        let classes: Vec<String> = (0..PICTURES.len())
            .map(|class| {
                let of: Vec<_> = of.iter().skip(class).step_by(PICTURES.len()).collect();
                let found = of.iter().filter(|outcome| outcome.found).count();
                format!("{:.2}", found as f64 / of.len().max(1) as f64)
            })
            .collect();
        println!(
            "{:22} {:.3} {:.3} [{low:.3}, {high:.3}] {:4} {:3} | {}",
            transform.name(),
            share(of.iter().filter(|outcome| outcome.verified).count()),
            share(found),
            of.iter().map(|outcome| outcome.false_matches).sum::<usize>(),
            inliers[inliers.len() / 2],
            classes.join(" "),
        );
    }
    for (number, row) in outcomes.iter().enumerate() {
        for (transform, outcome) in transforms.iter().zip(row).filter(|(_, it)| it.worst.0 > 0) {
            let (inliers, other) = outcome.worst;
            let classes = [number, other as usize].map(|n| PICTURES[n % PICTURES.len()]);
            println!(
                "false: {number} as {other}, {inliers} inliers, {classes:?}, {}",
                transform.name()
            );
        }
    }
    println!("features: {}", skew(&known));
    let wrong: usize = outcomes.iter().flatten().map(|outcome| outcome.false_matches).sum();
    println!("false matches: {wrong} of {} queries, {count} registered", count * transforms.len());
    eprintln!("{:.0} s", start.elapsed().as_secs_f64());
}

fn found(
    index: &Tables<'_>,
    known: &[Signature],
    query: &Features,
    views: &[View],
) -> Vec<Finding> {
    let read = |number: u32| -> Result<Signature, Damaged> {
        known.get(number as usize).cloned().ok_or(Damaged("no such signature"))
    };
    search(index, query, views, read).expect("the tables are whole")
}

/// How evenly descriptors use their bits: the mean share of the more frequent value, and the mean
/// number of others with which a feature shares 16 bits, of those that chance would give.
fn skew(known: &[Signature]) -> String {
    let codes: Vec<[u8; 32]> =
        known.iter().flat_map(|known| known.descriptors()).copied().collect();
    let count = codes.len() as f64;
    let share = |bit: usize| {
        let set = codes.iter().filter(|code| code[bit / 8] >> (bit % 8) & 1 == 1).count() as f64;
        (set / count).max(1.0 - set / count)
    };
    let mean = (0..256).map(share).sum::<f64>() / 256.0;
    let crowd = |table: usize| {
        let mut sizes = vec![0_u32; 1 << 16];
        codes.iter().for_each(|code| sizes[(key(code, table) & 0xffff) as usize] += 1);
        sizes.iter().map(|size| f64::from(*size) * f64::from(*size)).sum::<f64>() / count
    };
    let crowds: Vec<String> = (0..KEY_TABLES)
        .map(|table| format!("{:.1}", crowd(table) / (1.0 + count / 65_536.0)))
        .collect();
    format!("more frequent value of a bit {mean:.3}; crowding of 16 bits {}", crowds.join(" "))
}

/// The 95 % interval of a share, by Wilson's score.
fn wilson(hits: usize, of: usize) -> (f64, f64) {
    let (n, z) = (of as f64, 1.96);
    let share = hits as f64 / n;
    let centre = share + z * z / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    ((centre - half) / scale, (centre + half) / scale)
}

/// Pictures whose features the many signatures are mixed from, and that are looked for.
const POOL: u64 = 240;

/// Times queries in a store of one segment, which is made where the folder is not there: the
/// signatures of the pool's pictures among made ones, which take each feature from a picture of the
/// pool and change 48 bits of its descriptor.
fn scale(count: u64, folder: &Path) {
    let picture = |n: u64| generate(PICTURES[n as usize % PICTURES.len()], 5_000_000 + n, 800, 600);
    let step = count / POOL;
    let made = folder.join("made");
    if !made.exists() {
        let pool: Vec<Features> =
            each(POOL as usize, |n| features(&picture(n as u64), Budget::REGISTERED));
        let digest = build(count, folder, &pool);
        std::fs::write(&made, digest.to_string()).expect("room on the disk");
    }
    let digest = std::fs::read_to_string(&made).expect("just written");
    let generation = Generation::open(folder, digest.parse().expect("a digest")).expect("whole");
    let start = Instant::now();
    generation.verify().expect("whole");
    println!("verified in {:.1} s", start.elapsed().as_secs_f64());
    let transforms = [
        Transform::CropCentre { percent: 20 },
        Transform::CropCentre { percent: 50 },
        Transform::Rotate { tenths: 200, corners: Turned::Black },
        Transform::TwoPart { percent: 60 },
        Transform::Screenshot,
    ];
    let changed = |n: u64| transforms[n as usize % transforms.len()].apply(&picture(n), n);
    let queries = each(POOL as usize, |n| features(&changed(n as u64), Budget::QUERY));
    for views in [&View::POSITIVE[..], &View::ALL] {
        let (mut times, mut found, mut others) = (Vec::new(), [0; 5], 0);
        for (number, query) in (0..POOL).zip(&queries) {
            let start = Instant::now();
            let hits = generation.query_local(query, views, |_| true).expect("a whole store");
            times.push(start.elapsed().as_secs_f64() * 1000.0);
            let own = |row: u32| u64::from(row) == number * step;
            let own = hits.iter().filter(|hit| own(hit.hit.place.row)).count();
            found[number as usize % 5] += own;
            others += hits.len() - own;
        }
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[(share * times.len() as f64) as usize];
        println!(
            "a query in {} views: median {:.1} ms, p90 {:.1} ms, p99 {:.1} ms",
            views.len(),
            at(0.5),
            at(0.9),
            at(0.99)
        );
        let names = transforms.map(|transform| transform.name());
        println!("found of {} each: {names:?} {found:?}; {others} others", POOL / 5);
    }
}

/// Writes the store and gives the digest of its manifest.
fn build(count: u64, folder: &Path, pool: &[Features]) -> ContentDigest {
    let start = Instant::now();
    let mut random = Rng::for_purpose(7, 1);
    let store = Store::create(folder).expect("a folder that can be made");
    let mut builder = store.builder(BuildOptions::default()).expect("memory");
    let step = count / POOL;
    for number in 0..count {
        let made = if number % step == 0 && number / step < POOL {
            pool[(number / step) as usize].clone()
        } else {
            mixed(pool, &mut random)
        };
        let mut key = [0; 16];
        key[..8].copy_from_slice(&number.to_be_bytes());
        let row = EntryRow {
            key: EntryKey(key),
            entry: EntryId(number + 1),
            source_row: number + 1,
            hashes: vec![HashValue::Md5(key)],
            quality: None,
            source_id: None,
            name: None,
            category: None,
            attributes: None,
            signature: Some(Box::new(Signature::new(&made))),
        };
        builder.push(&row).expect("room on the disk");
    }
    let segment = builder.finish().expect("room on the disk");
    let mut manifest = Manifest::empty();
    let segments = vec![segment.to_ref()];
    manifest.lists.push(List {
        id: 1,
        name: "made".into(),
        version: 1,
        segments,
        ..List::default()
    });
    let digest = store.write_manifest(&manifest).expect("room on the disk");
    println!(
        "{count} signatures: {:.0} bytes each in all, built in {:.0} s",
        segment.bytes as f64 / count as f64,
        start.elapsed().as_secs_f64()
    );
    digest
}

/// Features of many pictures, changed, as those of one.
fn mixed(pool: &[Features], random: &mut Rng) -> Features {
    let features = (0..Budget::REGISTERED.features).filter_map(|_| {
        let of = &pool[random.below(pool.len() as u32) as usize].features;
        if of.is_empty() {
            return None;
        }
        let mut feature = of[random.below(of.len() as u32) as usize];
        for _ in 0..48 {
            let bit = random.below(256) as usize;
            feature.descriptor[bit / 8] ^= 1 << (bit % 8);
        }
        Some(feature)
    });
    let features = features.collect();
    Features { width: 800, height: 600, side: 400, features }
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() { files(&path, into) } else { into.push(path) }
    }
}

fn features_of(path: &Path, corners: Corners) -> Option<Features> {
    let bytes = std::fs::read(path).ok()?;
    let tail = &bytes[bytes.len().saturating_sub(hashward_media::TAIL_BYTES)..];
    let head = &bytes[..bytes.len().min(hashward_media::HEAD_BYTES)];
    let Content::Picture(format) = sniff(head, tail, bytes.len() as u64).class else { return None };
    let plan = Plan { corners, ..Plan::default() };
    let report = examine_picture(&bytes, format, &Limits::default(), &plan, &mut Unguarded);
    report.features.into_iter().next().map(|frame| frame.features)
}

fn negatives(folder: &Path) {
    let mut paths = Vec::new();
    files(folder, &mut paths);
    let start = Instant::now();
    let both = each(paths.len(), |n| {
        let known = features_of(&paths[n], Corners::Registered)?;
        Some((Signature::new(&known), features_of(&paths[n], Corners::Query)?))
    });
    let (paths, both): (Vec<_>, Vec<_>) =
        paths.into_iter().zip(both).filter_map(|(path, both)| Some((path, both?))).unzip();
    let (known, queries): (Vec<Signature>, Vec<Features>) = both.into_iter().unzip();
    let bytes = tables(&known);
    let index = Tables::new(&bytes).expect("just built");
    let extracted = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let outcomes = each(queries.len(), |n| found(&index, &known, &queries[n], &View::POSITIVE));
    let searched = start.elapsed().as_secs_f64();
    let (mut own, mut pairs, mut with) = (0, 0, 0);
    for (number, found) in outcomes.iter().enumerate() {
        let others = || found.iter().filter(|found| found.signature != number as u32);
        own += usize::from(others().count() < found.len());
        pairs += others().count();
        with += usize::from(others().count() > 0);
        for other in others() {
            println!(
                "{} {:?} {} {}",
                other.inliers,
                other.view,
                paths[number].display(),
                paths[other.signature as usize].display()
            );
        }
    }
    println!(
        "{} pictures; {own} found themselves; {with} found others, {pairs} pairs of {}",
        paths.len(),
        paths.len() * (paths.len() - 1)
    );
    eprintln!("extracted in {extracted:.0} s, searched in {searched:.0} s");
    // What the index does not propose the exact search would still find.
    let sample: Vec<usize> = (0..queries.len()).step_by(queries.len().div_ceil(40)).collect();
    let exact =
        each(sample.len(), |n| search_all(&known, &queries[sample[n]], &View::POSITIVE).len());
    let indexed: usize = sample.iter().map(|n| outcomes[*n].len()).sum();
    println!(
        "of {} queries: {indexed} by the index, {} by the exact search",
        sample.len(),
        exact.iter().sum::<usize>()
    );
}
