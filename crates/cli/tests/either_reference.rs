//! The two programs that make PDQ lists disagree on large pictures: one hashes them at full
//! resolution, the other drops pixels until they are 512×512. Copies are found by lists of either.

mod common;

use common::{Lab, run};
use hashward_hash::Orientation;
use hashward_phash::{Pixels, pdq, pdq_square512};
use hashward_synth::{Class, Encoding, Picture, Transform, Turn, generate};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

/// Pictures; more than half have fine detail, on which dropping pixels matters most.
const PICTURES: u64 = 24;

fn known(number: u64) -> Picture {
    let classes =
        [Class::DeadLeaves, Class::Texture, Class::Landscape, Class::Screenshot, Class::Cgi];
    let class = classes[(number % classes.len() as u64) as usize];
    generate(class, 7000 + number, 700 + 40 * (number % 9) as u32, 620 + 30 * (number % 7) as u32)
}

/// How a picture comes back.
fn copies() -> Vec<(Transform, Encoding)> {
    let jpeg = Encoding::Jpeg(85);
    vec![
        (Transform::Reencode(Encoding::Jpeg(60)), Encoding::Jpeg(60)),
        (Transform::Resize { percent: 75 }, jpeg),
        (Transform::Stretch { percent: 140 }, jpeg),
        (Transform::Gamma { hundredths: 160 }, jpeg),
        (Transform::Turn(Turn::FlipX), jpeg),
        (Transform::Thumbnail { side: 320 }, jpeg),
    ]
}

#[test]
fn recall_is_the_same_for_lists_made_by_either_reference() {
    let lab = Lab::new();
    let (mut full, mut square) = (String::new(), String::new());
    let mut apart = Vec::new();
    for number in 0..PICTURES {
        let picture = known(number);
        let (width, height) = (picture.width(), picture.height());
        let pixels = Pixels::rgb8(picture.rgb(), width, height, 3 * width as usize).unwrap();
        let of = |result: &hashward_phash::PdqResult| result.hashes[Orientation::Original as usize];
        let (one, other) = (pdq(&pixels), pdq_square512(&pixels).unwrap());
        assert!(one.quality.0 >= 50, "picture {number} is too flat to be a test");
        apart.push(of(&one).distance(of(&other)).0);
        for (list, result) in [(&mut full, one), (&mut square, other)] {
            *list += &format!("{},{},known-{number}\n", of(&result).to_hex(), result.quality.0);
        }
        for (transform, encoding) in copies() {
            let copy = transform.apply(&picture, number);
            let name = format!("tree/{}/known-{number}.img", transform.name());
            lab.write(name, encoding.encode(&copy).unwrap());
        }
    }
    let db = lab.path("db");
    assert_eq!(run([OsStr::new("db"), "create".as_ref(), db.as_os_str()]).code, Some(0));
    for (name, content) in [("full", &full), ("square", &square)] {
        let file = lab.write(format!("{name}.txt"), content);
        let import = ["list", "import"].map(OsStr::new);
        let args = [db.as_os_str(), file.as_os_str(), "--name".as_ref(), name.as_ref()];
        let ran = run(import.into_iter().chain(args));
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    }
    let tree = lab.path("tree");
    let args = ["scan", "--json", "--quiet", "--db"].map(OsStr::new);
    let ran = run(args.into_iter().chain([db.as_os_str(), tree.as_os_str()]));
    assert_eq!(ran.code, Some(1), "{}", ran.err);

    // Of each transform and list the pictures that were found as themselves.
    let mut found: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for line in ran.of("match") {
        let path = line["path"].as_str().unwrap();
        let (folder, file) = path.rsplit_once('/').unwrap();
        let transform = folder.rsplit('/').next().unwrap();
        for hit in line["matches"].as_array().unwrap() {
            let entry = hit["entry"].as_str().unwrap();
            assert_eq!(file, format!("{entry}.img"), "a picture matched another one: {line}");
            let list = hit["list"].as_str().unwrap().to_owned();
            found.entry((transform.to_owned(), list)).or_default().insert(entry.to_owned());
        }
    }
    apart.sort_unstable();
    println!("the references differ by {} bits in the median, {apart:?}", apart[apart.len() / 2]);
    for (transform, _) in copies() {
        for list in ["full", "square"] {
            let found = found.get(&(transform.name(), list.to_owned())).map_or(0, BTreeSet::len);
            println!("{:16} {list:6} {found} of {PICTURES}", transform.name());
            assert!(found as u64 * 100 >= PICTURES * 90, "{} by `{list}`", transform.name());
        }
    }
}
