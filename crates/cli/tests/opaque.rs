//! Hashes that this program carries and compares but does not compute: from lists, from case
//! files, and from other people's programs run over pictures. The program here is a stand-in: its
//! 144 bytes are the mean brightness of 12 × 12 fields, which is no PhotoDNA.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use common::{Lab, hashward, picture, run};
use serde_json::Value;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A picture as PPM, made brighter by so much.
fn ppm(number: u64, brighter: u8) -> Vec<u8> {
    let picture = picture(number, 240, 180);
    let mut bytes = format!("P6\n{} {}\n255\n", picture.width(), picture.height()).into_bytes();
    bytes.extend(picture.rgb().iter().map(|value| value.saturating_add(brighter)));
    bytes
}

/// The stand-in's vector of a PPM; `None` for anything else.
fn vector(bytes: &[u8]) -> Option<[u8; 144]> {
    let mut parts = bytes.splitn(4, |byte| *byte == b'\n');
    let (magic, size) = (parts.next()?, std::str::from_utf8(parts.next()?).ok()?);
    let (_, pixels) = (parts.next()?, parts.next()?);
    let (width, height) = size.split_once(' ')?;
    let (width, height): (usize, usize) = (width.parse().ok()?, height.parse().ok()?);
    if magic != b"P6" || pixels.len() != width * height * 3 {
        return None;
    }
    let mut sums = [(0u64, 0u64); 144];
    for (index, pixel) in pixels.chunks_exact(3).enumerate() {
        let (x, y) = (index % width * 12 / width, index / width * 12 / height);
        let field = &mut sums[y * 12 + x];
        field.0 += pixel.iter().map(|value| u64::from(*value)).sum::<u64>();
        field.1 += 3;
    }
    Some(sums.map(|(sum, count)| (sum / count.max(1)) as u8))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The stand-in itself, run in a process of its own by [`stand_in_program`].
#[test]
#[ignore = "is the stand-in program, which other tests start"]
fn stand_in() {
    let mut out = std::fs::OpenOptions::new().append(true).open("/dev/fd/3").unwrap();
    writeln!(out, "hashward-hasher 1 photodna").unwrap();
    let mut input = BufReader::new(std::io::stdin());
    let mut line = String::new();
    while input.read_line(&mut line).unwrap() > 0 {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["hash", number, size] = words[..] else { panic!("not the protocol") };
        let mut bytes = vec![0; size.parse().unwrap()];
        input.read_exact(&mut bytes).unwrap();
        match vector(&bytes) {
            Some(vector) => writeln!(out, "{number} hash {}", hex(&vector)).unwrap(),
            None => writeln!(out, "{number} error unsupported").unwrap(),
        }
        line.clear();
    }
}

fn script(lab: &Lab, name: &str, text: &str) -> PathBuf {
    let path = lab.write(name, format!("#!/bin/sh\n{text}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn stand_in_program(lab: &Lab) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let run = format!("exec 3>&1 1>/dev/null\nexec '{}' --exact stand_in --ignored", own.display());
    script(lab, "hasher", &run)
}

/// A database with a list of one PhotoDNA that nobody's picture is near to, and that of picture 1.
fn database(lab: &Lab) -> PathBuf {
    let known = vector(&ppm(1, 0)).unwrap();
    let far: Vec<u8> = known.iter().map(|value| value ^ 0x80).collect();
    let list = format!("id,photodna\np-1,{}\np-2,{}\n", hex(&known), hex(&far));
    lab.database(&[("photos", "known", list)])
}

fn scan(db: &Path, tree: &Path, hasher: Option<&Path>, jobs: &str) -> common::Ran {
    let mut command = hashward();
    command.args(["scan", "--json", "-j", jobs, "--db"]).arg(db);
    if let Some(hasher) = hasher {
        command.arg("--hasher").arg(format!("photodna={}", hasher.display()));
    }
    common::finish(command.arg(tree), "")
}

#[test]
fn a_program_hashes_pictures_that_are_then_matched() {
    let lab = Lab::new();
    let (db, hasher) = (database(&lab), stand_in_program(&lab));
    lab.write("tree/brighter.ppm", ppm(1, 3));
    lab.write("tree/other.ppm", ppm(2, 0));
    lab.write("tree/same.ppm", ppm(1, 0));
    lab.write("tree/words.txt", "no picture");
    lab.write("tree/z.png", common::png(&picture(1, 240, 180)));
    let tree = lab.path("tree");
    let ran = scan(&db, &tree, Some(&hasher), "1");
    assert_eq!(ran.code, Some(4), "{}{}", ran.out, ran.err);
    let found: Vec<(String, String, u64)> = ran
        .of("match")
        .iter()
        .map(|object| {
            let found = &object["matches"][0];
            assert_eq!((&found["by"], &found["tier"]), (&"photodna".into(), &"near".into()));
            assert_eq!(found["radius"], 200);
            let name = Path::new(object["path"].as_str().unwrap()).file_name().unwrap();
            let entry = found["entry"].as_str().unwrap().to_owned();
            (name.to_string_lossy().into_owned(), entry, found["distance"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("brighter.ppm", "p-1"));
    assert!((1..=36).contains(&found[0].2), "{found:?}");
    assert_eq!(found[1], ("same.ppm".to_owned(), "p-1".to_owned(), 0));
    let failed = ran.of("not_examined");
    assert_eq!(failed.len(), 1, "the stand-in knows no PNG");
    assert_eq!(failed[0]["reason"], "unsupported");
    assert_eq!(scan(&db, &tree, Some(&hasher), "2").timeless(), ran.timeless());
    // Without the program the run says what it did not look for.
    let without = scan(&db, &tree, None, "1");
    assert_eq!(without.of("run")[0]["not_computed"], serde_json::json!(["photodna"]));
    assert!(without.err.contains("--hasher"), "{}", without.err);
    assert_eq!(without.of("match").len(), 0);
}

#[test]
fn a_program_that_hangs_dies_or_lies_costs_one_file() {
    let lab = Lab::new();
    let (db, good) = (database(&lab), stand_in_program(&lab));
    lab.write("tree/1.ppm", ppm(1, 0));
    lab.write("tree/2.ppm", ppm(2, 0));
    lab.write("tree/3.ppm", ppm(1, 1));
    let tree = lab.path("tree");
    let second = ppm(2, 0).len();
    for (name, answer, reason) in [
        ("dies", "exit 1", "crash"),
        ("lies", "echo \"77 hash 00\"", "crash"),
        ("short", "echo \"$number hash 00\"", "crash"),
        ("chats", "echo \"$number what is it\"", "crash"),
    ] {
        // Bytes go through unchanged; the second picture meets the fault.
        let text = format!(
            "echo hashward-hasher 1 photodna\nwhile read verb number bytes; do\n\
             head -c \"$bytes\" > '{dir}/{name}.now'\n\
             if cmp -s '{dir}/{name}.now' '{dir}/tree/2.ppm'; then {answer}; continue; fi\n\
             ( echo \"hash 1 $bytes\"; cat '{dir}/{name}.now' ) | '{good}' | tail -n 1 \
             | sed \"s/^1 /$number /\"\ndone",
            dir = lab.root().display(),
            good = good.display()
        );
        let ran = scan(&db, &tree, Some(&script(&lab, name, &text)), "1");
        assert_eq!(ran.of("match").len(), 2, "{name}: {}{}", ran.out, ran.err);
        let failed = ran.of("not_examined");
        assert_eq!(failed.len(), 1, "{name}: {}", ran.out);
        assert!(failed[0]["path"].as_str().unwrap().ends_with("2.ppm"));
        assert_eq!(failed[0]["reason"], reason, "{name}");
    }
    assert!(second > 0);
    let begin = Instant::now();
    let broken = scan(&db, &tree, Some(Path::new("/bin/true")), "1");
    assert_eq!(broken.code, Some(2), "{}", broken.out);
    assert!(broken.err.contains("/bin/true"), "{}", broken.err);
    assert!(begin.elapsed().as_secs() < 60, "a program that does not work is told at once");
}

#[test]
fn a_list_has_its_own_measure_and_radius() {
    let lab = Lab::new();
    let db = database(&lab);
    let near = format!("photodna:{}", hex(&vector(&ppm(1, 2)).unwrap()));
    let lookup = || {
        let ran = run(["lookup", "--json", "--db", db.to_str().unwrap(), &near].map(OsStr::new));
        ran.json()[0]["matches"].as_array().cloned().unwrap_or_default()
    };
    let set = |radius: &str| {
        let db = db.to_str().unwrap();
        let ran = run(["list", "set", db, "photos", "--photodna-radius", radius].map(OsStr::new));
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    };
    let usual = &lookup()[0];
    assert_eq!((&usual["metric"], &usual["radius"]), (&"l2".into(), &200.into()));
    let l2 = usual["distance"].as_u64().unwrap();
    set("l1:2000");
    let summed = &lookup()[0];
    assert_eq!((&summed["metric"], &summed["radius"]), (&"l1".into(), &2000.into()));
    assert!(summed["distance"].as_u64().unwrap() > l2);
    set(&format!("l2:{}", l2 - 1));
    assert_eq!(lookup().len(), 0);
    set(&format!("l2:{l2}"));
    assert_eq!(lookup().len(), 1);
}

#[test]
fn a_case_file_is_matched_row_by_row() {
    let lab = Lab::new();
    let db = database(&lab);
    let near = hex(&vector(&ppm(1, 2)).unwrap());
    let other = hex(&vector(&ppm(2, 0)).unwrap());
    let case = format!(
        "{{\"id\":\"m-1\",\"photodna\":\"{near}\"}}\n{{\"id\":\"m-2\",\"photodna\":\"{other}\"}}\n\
         {{\"id\":\"m-3\",\"photodna\":\"00\"}}\n"
    );
    let case = lab.write("case.jsonl", case);
    let from = |json: bool| {
        let mut command = hashward();
        command.arg("lookup").arg("--db").arg(&db).arg("--from").arg(&case);
        if json {
            command.arg("--json");
        }
        common::finish(&mut command, "")
    };
    let ran = from(true);
    assert_eq!(ran.code, Some(4), "{}{}", ran.out, ran.err);
    let matches = ran.of("match");
    assert_eq!(matches.len(), 1);
    assert_eq!((&matches[0]["entry"], &matches[0]["row"]), (&"m-1".into(), &1.into()));
    assert_eq!(matches[0]["matches"][0]["entry"], "p-1");
    let summary = &ran.of("summary")[0];
    let count = |name: &str| summary[name].as_u64().unwrap();
    assert_eq!((count("rows"), count("matched"), count("bad_rows")), (2, 1, 1));
    let text = from(false);
    assert!(text.out.contains("2 rows, 1 matched, 1 could not be read"), "{}", text.out);
    for said in [ran.out + &ran.err, text.out + &text.err] {
        assert!(!said.contains(&near[..32]), "no hash is printed");
    }
}

#[test]
fn single_opaque_hashes_are_looked_up_and_hints_stay_hints() {
    let lab = Lab::new();
    let text = "id,crc32,phash64,sha1\nc-1,1a2b3c4d:4096,00ff00ff00ff00ff,\n\
                c-2,1a2b3c4d:4097,,da39a3ee5e6b4b0d3255bfef95601890afd80700\n";
    let db = lab.database(&[("mixed", "known", text.to_owned())]);
    let lookup = |hash: &str| -> Vec<Value> {
        let ran = run(["lookup", "--json", "--db", db.to_str().unwrap(), hash].map(OsStr::new));
        ran.json()[0]["matches"].as_array().cloned().unwrap_or_default()
    };
    let crc = lookup("crc32:1A2B3C4D:4096");
    assert_eq!((&crc[0]["entry"], &crc[0]["tier"]), (&"c-1".into(), &"review".into()));
    assert_eq!(lookup("crc32:1a2b3c4d:4095").len(), 0, "another size is another file");
    let bits = lookup("phash64:00ff00ff00ff000f");
    assert_eq!((&bits[0]["distance"], &bits[0]["tier"]), (&4.into(), &"review".into()));
    assert_eq!(lookup("phash64:00ff00ff00f000f0").len(), 1, "8 bits apart");
    assert_eq!(lookup("phash64:00ff00ff00f000e0").len(), 0, "9 bits apart");
    assert_eq!(lookup("dhash64:00ff00ff00ff00ff").len(), 0, "kinds are not mixed");
    assert_eq!(lookup("sha1:da39a3ee5e6b4b0d3255bfef95601890afd80700").len(), 1);
}
