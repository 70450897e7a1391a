//! `eval` and `calibrate` through the binary: what they measure, write and refuse.

mod common;

use common::{Lab, Ran, run};
use serde_json::Value;
use std::ffi::OsStr;

fn words<'a>(line: &'a str, paths: &[&'a OsStr]) -> Vec<&'a OsStr> {
    line.split(' ').map(OsStr::new).chain(paths.iter().copied()).collect()
}

fn radius<'a>(lines: &'a [Value], kind: &str) -> &'a Value {
    let found = lines.iter().find(|line| line["type"] == "radius" && line["kind"] == kind);
    found.unwrap_or_else(|| panic!("no radius of {kind}"))
}

#[test]
fn what_is_measured_is_the_same_on_every_run_and_names_no_hash() {
    let lab = Lab::new();
    let out = lab.path("out");
    let line = "eval --quiet --json --seed 4 --pictures 6 --listed 60 --innocent 14 \
                --transforms grey,invert,letterbox-12 --out";
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let ran = run(words(&line, &[out.as_os_str(), "-j".as_ref(), "2".as_ref()]));
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    let again = run(words(&line, &[out.as_os_str(), "-j".as_ref(), "1".as_ref()]));
    assert_eq!(ran.out, again.out);
    let recall = ran.of("recall");
    let found = |row: usize, method: &str| recall[row][method]["found"].as_u64().unwrap();
    assert_eq!((found(0, "near"), found(1, "near"), found(1, "variant")), (6, 0, 6));
    assert!(found(2, "pdq") <= 1 && found(2, "review") >= 5, "{}", ran.out);
    assert_eq!(recall[1]["found_by"]["inverted"], 6);
    assert_eq!(ran.of("false_matches").len(), 7);
    assert_eq!(std::fs::read_to_string(out.join("eval.jsonl")).unwrap(), ran.out);
    let page = std::fs::read_to_string(out.join("eval.html")).unwrap();
    assert!(page.contains("<td>letterbox-12</td>") && page.contains("<svg"));
    for text in [&ran.out, &page] {
        let long = |word: &str| word.len() >= 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(!text.split(|c: char| !c.is_ascii_alphanumeric()).any(long));
    }
    let ran = run(["eval", "--transforms", "melt"]);
    assert_eq!((ran.code, ran.err.contains("no change `melt`")), (Some(2), true), "{}", ran.err);
}

/// Pictures of a small evaluation, and a database that knows the first of them.
fn database(lab: &Lab) -> Ran {
    let (pictures, db) = (lab.path("pictures"), lab.path("db"));
    let line =
        "eval --quiet --seed 9 --pictures 4 --listed 1 --innocent 0 --transforms invert --keep";
    assert_eq!(run(words(line, &[pictures.as_os_str()])).code, Some(0));
    let original = pictures.join("00000/original.png");
    let hashed = run(words("hash --json --kinds pdq", &[original.as_os_str()]));
    let hash = hashed.json()[0]["pdq"]["hash"].as_str().expect("a picture has a hash").to_owned();
    let mut rows = format!("{hash},100,known\n");
    for number in 1..40_u64 {
        let other = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        rows += &format!("{},100,other-{number}\n", format!("{other:016x}").repeat(4));
    }
    let list = lab.write("list.txt", rows);
    assert_eq!(run(words("db create", &[db.as_os_str()])).code, Some(0));
    let import = "list import --format pdq --name known";
    run(words(import, &[db.as_os_str(), list.as_os_str()]))
}

#[test]
fn own_negatives_give_radii_that_a_scan_uses() {
    let lab = Lab::new();
    let ran = database(&lab);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let (pictures, db, out) = (lab.path("pictures"), lab.path("db"), lab.path("out"));
    let args = ["--db".as_ref(), db.as_os_str(), "--out".as_ref(), out.as_os_str()];
    let calibrate = |last: &OsStr| {
        let args = words("calibrate --quiet --json --changed 2", &args).into_iter().chain([last]);
        run(args)
    };
    let ran = calibrate(pictures.as_os_str());
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    let lines = ran.json();
    // The known original is no innocent picture; its negative is not known as near.
    let listed: Vec<_> = ran.of("listed").iter().map(|l| l["path"].to_string()).collect();
    assert!(listed.len() == 1 && listed[0].contains("00000/original.png"), "{listed:?}");
    assert_eq!((&lines[0]["files"], &lines[0]["listed_hashes"]), (&8.into(), &40.into()));
    // The negative of the known picture lies at distance 0 or next to it.
    assert_eq!(radius(&lines, "inverted")["matched"]["counted"], 1);
    assert!(out.join("calibration.html").exists());

    let scan = |radii: &OsStr| {
        let args = ["--db".as_ref(), db.as_os_str(), "--radii".as_ref(), radii];
        run(words("scan --quiet --json", &args).into_iter().chain([pictures.as_os_str()]))
    };
    let radii = out.join("calibration.json");
    let ran = scan(radii.as_os_str());
    assert!(matches!(ran.code, Some(1)), "{}{}", ran.out, ran.err);
    let mut own: Value = serde_json::from_slice(&std::fs::read(&radii).unwrap()).unwrap();
    assert_eq!(ran.of("run")[0]["radii"]["inverted"]["matched"], own["inverted"]["matched"]);
    let found = ran.of("match");
    let inverted = found.iter().find(|m| m["matches"][0]["rendition"] == "inverted").unwrap();
    assert_eq!(inverted["matches"][0]["tier"], "variant");
    let chance = inverted["matches"][0]["chance"].as_f64().unwrap();
    assert!(chance > 0.0 && chance < 1e-6, "{chance}");
    let expected = &ran.of("summary")[0]["expected_by_tier"];
    assert!(expected["variant"].as_f64().unwrap() > 0.0, "{expected}");

    own["sideways"] = own["inverted"].clone();
    let wrong = lab.write("wrong.json", own.to_string());
    let ran = scan(wrong.as_os_str());
    assert_eq!((ran.code, ran.err.contains("no guess `sideways`")), (Some(2), true), "{}", ran.err);
    let ran = calibrate(lab.write("no-picture.txt", "text").as_os_str());
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(ran.err.contains("nothing could be compared"), "{}", ran.err);
}
