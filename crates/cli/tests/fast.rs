//! `scan --effort fast` finds what `scan` finds, through the binary, on a collection most of which lies
//! around the boundary: near known hashes and near the quality gate.
#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use common::{Lab, Ran, run};
use hashward_hash::{Orientation, Pdq};
use hashward_synth::{Class, Encoding, Rng, generate, requantised};
use std::collections::BTreeMap;
use std::ffi::OsStr;

/// Pictures above the size at which reduced decodings propose, each in so many contrasts.
const PICTURES: usize = 9;
const CONTRASTS: usize = 32;

/// Writes the collection: large JPEG files from full contrast to hardly any, progressive ones among
/// them, and what is decoded in full whatever the effort: small, truncated, other formats.
fn write_collection(lab: &Lab) {
    let mut random = Rng::for_purpose(5, 1);
    let mut write = |picture: usize, file: &[u8]| {
        for contrast in 0..CONTRASTS {
            // Half of them around the gate, the others above.
            let percent =
                if contrast % 2 == 0 { 6 + random.below(20) } else { 20 + random.below(80) };
            let other = requantised(file, percent, &mut random);
            lab.write(format!("tree/{picture}/{contrast:02}.jpg"), other);
        }
    };
    for number in 0..PICTURES - 3 {
        let class = Class::PHOTO_LIKE[number % Class::PHOTO_LIKE.len()];
        let (width, height) = (1024 + 8 * number as u32, 1056 - 5 * number as u32);
        let picture = generate(class, 400 + number as u64, width, height);
        write(number, &Encoding::Jpeg(50 + 4 * number as u8).encode(&picture).unwrap());
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/progressive/");
    for (number, name) in (PICTURES - 3..).zip(["cgi", "figure", "landscape"]) {
        write(number, &std::fs::read(format!("{folder}{name}.jpg")).unwrap());
    }
    for (number, encoding) in Encoding::ALL.into_iter().enumerate() {
        let picture = generate(Class::Figure, 500 + number as u64, 300, 260);
        let file = encoding.encode(&picture).unwrap();
        lab.write(format!("tree/small/{number}.{}", encoding.extension()), &file);
        lab.write(format!("tree/cut/{number}"), &file[..file.len() / 2]);
    }
    let large = Encoding::Jpeg(80).encode(&generate(Class::Texture, 600, 1100, 1030)).unwrap();
    lab.write("tree/cut/large.jpg", &large[..large.len() * 2 / 3]);
    lab.write("tree/cut/words.txt", b"no picture");
}

/// A hash with `count` bits changed.
fn near(hash: Pdq, count: u32, random: &mut Rng) -> Pdq {
    let mut changed = hash;
    while changed.distance(hash).0 < count as u16 {
        let bit = random.below(256) as usize;
        changed.0[bit / 64] ^= 1 << (bit % 64);
    }
    changed
}

/// Hashes of all pictures as the binary prints them, by path.
fn hashes(tree: &OsStr, effort: &str) -> BTreeMap<String, (Pdq, u64)> {
    let args = ["hash", "--json", "--quiet", "--kinds", "pdq", "--dihedral", "--effort", effort];
    let ran = run(args.map(OsStr::new).into_iter().chain([tree]));
    let mut random = Rng::for_purpose(5, 2);
    let mut hash = |line: &serde_json::Value| {
        let orientation = Orientation::ALL[random.below(8) as usize];
        let pdq = &line["pdq"];
        let text = match orientation {
            Orientation::Original => pdq["hash"].as_str()?,
            turned => pdq["dihedral"][turned.name()].as_str()?,
        };
        Some((Pdq::from_hex(text).unwrap(), pdq["quality"].as_u64()?))
    };
    let path = |line: &serde_json::Value| line["path"].as_str().unwrap().to_owned();
    ran.of("file").iter().filter_map(|line| Some((path(line), hash(line)?))).collect()
}

/// What is found of whole pictures: `normal` also guesses what they were, which `fast` does not.
fn findings(ran: &Ran) -> String {
    let whole = |found: &serde_json::Value| {
        matches!(found["rendition"].as_str(), None | Some("full" | "square512"))
    };
    let mut lines = String::new();
    for mut line in ran.json() {
        match line["type"].as_str() {
            Some("match") => {
                let matches = line["matches"].as_array().unwrap().clone().into_iter();
                let mut matches: Vec<_> = matches.filter(whole).collect();
                // Numbers of findings count those of guesses too.
                matches.iter_mut().for_each(|found| found["finding"] = 0.into());
                if matches.is_empty() {
                    continue;
                }
                line["matches"] = matches.into();
                line["findings"] = serde_json::Value::Null;
            }
            Some("run" | "timing") => continue,
            Some("summary") => {
                for counts in ["matched", "matched_by_tier", "expected_by_tier"] {
                    line[counts] = serde_json::Value::Null;
                }
            }
            _ => {}
        }
        lines += &format!("{line}\n");
    }
    lines
}

#[test]
fn fast_and_normal_find_the_same_of_whole_pictures() {
    let lab = Lab::new();
    write_collection(&lab);
    let tree = lab.path("tree");
    let canonical = hashes(tree.as_os_str(), "full");
    let proposed = hashes(tree.as_os_str(), "fast");
    let differ = canonical.iter().filter(|(path, hash)| proposed.get(*path) != Some(hash)).count();
    let around_gate = canonical.values().filter(|(_, quality)| (40..60).contains(quality)).count();
    assert!(canonical.len() > PICTURES * CONTRASTS);
    // A reduced decoding is what is tried here, and many pictures are near the gate.
    assert!(differ > 50, "only {differ} proposals differ from the canonical hash");
    assert!(around_gate > 20, "only {around_gate} pictures have a quality near the gate");

    let mut random = Rng::for_purpose(5, 3);
    let mut rows = String::new();
    for (number, (path, (hash, _))) in canonical.iter().enumerate() {
        // Contrasts of one picture are near each other: a third of the pictures get a hash right
        // at the radius of one contrast, a third hashes beyond the margins, the others nothing.
        let picture = path.rsplit('/').nth(1).and_then(|folder| folder.parse::<usize>().ok());
        let apart = match picture.map(|picture| picture % 3) {
            Some(0) if number % 8 == 0 => 30 + random.below(6),
            Some(1) => 40 + random.below(50),
            _ => continue,
        };
        rows += &format!("{},100,known-{number}\n", near(*hash, apart, &mut random).to_hex());
    }
    let list = lab.write("list.txt", rows);
    let db = lab.path("db");
    assert_eq!(run([OsStr::new("db"), "create".as_ref(), db.as_os_str()]).code, Some(0));
    let import = ["list", "import", "--format", "pdq", "--name", "known"].map(OsStr::new);
    let ran = run(import.into_iter().chain([db.as_os_str(), list.as_os_str()]));
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);

    let scan = |args: &[&str]| {
        let args = ["scan", "--json", "--quiet", "--db"].map(OsStr::new).into_iter().chain(
            [db.as_os_str(), tree.as_os_str()].into_iter().chain(args.iter().map(OsStr::new)),
        );
        let ran = run(args);
        assert_eq!(ran.code, Some(4), "{}", ran.err);
        ran
    };
    for (gate, jobs) in [("0", &["2"][..]), ("50", &["1", "2"])] {
        let normal = scan(&["--min-quality", gate, "-j", "2"]);
        let matched = normal.of("match").len();
        assert!((20..canonical.len() * 2 / 3).contains(&matched), "{matched} files matched");
        assert!(normal.of("not_examined").len() > 3);
        let expected = findings(&normal);
        for jobs in jobs {
            let fast = scan(&["--min-quality", gate, "-j", jobs, "--effort", "fast"]);
            assert!(findings(&fast) == expected, "gate {gate}, {jobs} threads");
        }
    }
}
