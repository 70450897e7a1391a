//! `hashward scan` and `hashward lookup` on small collections whose answers are known.
#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use common::{HEADER, Lab, finish, hash, hashward, jpeg, picture, png, row, run};
use hashward_synth::{FileKind, Transform, Turn};
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// A collection with one of everything, and a database that knows some of it.
fn collection(lab: &Lab) -> std::path::PathBuf {
    let known = picture(1, 640, 480);
    let original = lab.write("originals/known.png", png(&known));
    let text = lab.write("originals/known.txt", "a known text");
    let good = lab.write("originals/good.jpg", jpeg(&picture(2, 300, 300)));

    lab.write("tree/a/renamed.dat", std::fs::read(&original).unwrap());
    lab.write("tree/a/reencoded.jpg", jpeg(&known));
    lab.write("tree/b/turned.jpg", jpeg(&Transform::Turn(Turn::Rot90).apply(&known, 0)));
    lab.write("tree/b/other.jpg", jpeg(&picture(3, 640, 480)));
    lab.write("tree/c/copy of text", "a known text");
    lab.write("tree/c/good.jpg", std::fs::read(&good).unwrap());
    lab.write("tree/c/innocent.txt", "nobody knows this");
    lab.write("tree/d/archive.zip", FileKind::Zip.bytes(1).unwrap());
    lab.write("tree/d/cut.jpg", FileKind::TruncatedJpeg.bytes(1).unwrap());
    lab.write("tree/d/empty", "");

    let known = row("k-1", &hash(&original)) + &row("k-2", &hash(&text));
    let good = row("g-1", &hash(&good));
    lab.database(&[
        ("known", "known", format!("{HEADER}{known}")),
        ("good", "ignore", format!("{HEADER}{good}")),
    ])
}

fn scan(db: &Path, tree: &Path, more: &[&str]) -> common::Ran {
    let mut args: Vec<OsString> = vec!["scan".into(), "--json".into(), "--db".into(), db.into()];
    args.extend(more.iter().map(Into::into));
    args.push(tree.into());
    run(args)
}

/// Path below the tree and what is said about it.
fn short(tree: &Path, object: &Value) -> String {
    let path = object["path"].as_str().unwrap_or("");
    let path = Path::new(path).strip_prefix(tree).unwrap_or(Path::new(path)).display();
    let matches = object["matches"].as_array().into_iter().flatten().map(|m| {
        format!(
            " {}/{}/{}/{}",
            m["entry"].as_str().unwrap(),
            m["by"].as_str().unwrap(),
            m["tier"].as_str().unwrap(),
            m["variant"].as_str().unwrap()
        )
    });
    let reason = object["reason"].as_str().map(|reason| format!(" {reason}"));
    format!(
        "{} {path}{}{}",
        object["type"].as_str().unwrap(),
        reason.unwrap_or_default(),
        matches.collect::<String>()
    )
}

#[test]
fn everything_planted_is_found_and_nothing_else() {
    let lab = Lab::new();
    let db = collection(&lab);
    let tree = lab.path("tree");
    let ran = scan(&db, &tree, &[]);
    assert_eq!(ran.code, Some(4), "{}{}", ran.out, ran.err);
    let objects = ran.json();
    let said: Vec<String> = objects
        .iter()
        .filter(|object| object.get("path").is_some())
        .map(|object| short(&tree, object))
        .collect();
    assert_eq!(
        said,
        [
            "match a/reencoded.jpg k-1/pdq/near/original",
            "match a/renamed.dat k-1/md5/exact/original k-1/sha256/exact/original k-1/pdq/near/original",
            "match b/turned.jpg k-1/pdq/near/rot270",
            "match c/copy of text k-2/md5/exact/original k-2/sha256/exact/original",
            "not_examined d/archive.zip unsupported",
            "not_examined d/cut.jpg truncated",
        ]
    );
    let types: Vec<&str> = objects.iter().map(|object| object["type"].as_str().unwrap()).collect();
    assert_eq!((types[0], &types[types.len() - 2..]), ("run", &["summary", "timing"][..]));

    let first = &ran.of("match")[1];
    assert_eq!(first["sha256"], hash(&lab.path("originals/known.png"))["sha256"]);
    let found = &first["matches"][2];
    assert_eq!(found["list"], "known");
    assert_eq!(
        (&found["version"], &found["distance"], &found["radius"]),
        (&1.into(), &0.into(), &31.into())
    );
    assert_eq!((&found["frame"], &found["category"]), (&0.into(), &"A1".into()));
    assert!(found["quality"].as_u64().unwrap() >= 50);
    assert_eq!(found["quality"], found["entry_quality"]);
    assert!(found.get("hash").is_none(), "hash values are not printed unasked");

    let summary = ran.summary();
    assert_eq!(
        (&summary["files"], &summary["matched"], &summary["ignored"]),
        (&10.into(), &4.into(), &1.into())
    );
    assert_eq!(
        summary["not_examined_by_reason"],
        serde_json::json!({"truncated": 1, "unsupported": 1})
    );
    assert_eq!((&summary["complete"], &summary["interrupted"]), (&false.into(), &false.into()));

    let run = &objects[0];
    assert_eq!(run["binary_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(run["generation"].as_str().unwrap().len(), 64);
    assert_eq!(
        (&run["radius"], &run["gate"], &run["effort"]),
        (&31.into(), &50.into(), &"normal".into())
    );
    assert_eq!(run["lists"].as_array().unwrap().len(), 2);
}

#[test]
fn the_same_bytes_for_any_thread_count_and_backend() {
    let lab = Lab::new();
    let db = collection(&lab);
    for number in 10..30 {
        lab.write(
            format!("tree/more/{number}.jpg"),
            jpeg(&picture(number % 4, 200 + number as u32, 200)),
        );
    }
    let tree = lab.path("tree");
    let one = scan(&db, &tree, &["-j", "1"]);
    assert_eq!(one.code, Some(4), "{}", one.err);
    for jobs in ["2", "4", "32"] {
        assert_eq!(scan(&db, &tree, &["-j", jobs]).timeless(), one.timeless(), "-j {jobs}");
    }
    for backend in ["scalar", "avx2", "avx512", "neon"] {
        let mut command = hashward();
        command
            .env("HASHWARD_BACKEND", backend)
            .args(["scan", "--json", "--db"])
            .arg(&db)
            .arg(&tree);
        let ran = finish(&mut command, "");
        // A backend that this machine lacks is refused.
        if ran.code != Some(2) {
            assert_eq!(ran.timeless(), one.timeless(), "{backend}");
        }
    }
    let mut found: Vec<String> = scan(&db, &tree, &["--order", "found", "-j", "4"])
        .timeless()
        .lines()
        .map(str::to_owned)
        .collect();
    let mut sorted: Vec<String> = one.timeless().lines().map(str::to_owned).collect();
    found.sort();
    sorted.sort();
    assert_eq!(found, sorted);
}

#[test]
fn a_smaller_radius_and_a_higher_gate_find_less() {
    let lab = Lab::new();
    let db = collection(&lab);
    let tree = lab.path("tree");
    let matches = |more: &[&str]| scan(&db, &tree, more).of("match").len();
    assert_eq!(matches(&[]), 4);
    assert_eq!(matches(&["--radius", "3"]), 3, "the turned picture is farther away");
    let shown = scan(&db, &tree, &["--show-hashes"]);
    assert_eq!(shown.of("match")[0]["matches"][0]["hash"].as_str().unwrap().len(), 64);
}

#[test]
fn known_beats_ignore_and_disagreeing_digests_are_told() {
    let lab = Lab::new();
    let path = lab.write("tree/both.jpg", jpeg(&picture(5, 200, 200)));
    let hashes = hash(&path);
    let mut wrong = hashes.clone();
    wrong["sha256"] = "11".repeat(32).into();
    let db = lab.database(&[
        ("good", "ignore", format!("{HEADER}{}", row("g", &hashes))),
        ("known", "known", format!("{HEADER}{}", row("k", &wrong))),
    ]);
    let ran = scan(&db, &lab.path("tree"), &[]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let matches = &ran.of("match")[0]["matches"];
    assert_eq!(matches[0]["by"], "md5");
    assert_eq!(matches[0]["conflict"]["digests"], serde_json::json!(["sha256"]));
    assert_eq!(matches[0]["conflict"]["ignored_by"][0]["list"], "good");
    assert_eq!(matches[1]["by"], "pdq");
    assert_eq!(matches[1]["conflict"]["digests"], serde_json::json!([]));
    assert_eq!((&ran.summary()["ignored"], &ran.summary()["complete"]), (&0.into(), &true.into()));
}

#[test]
fn what_a_known_good_file_holds_needs_no_second_look() {
    let lab = Lab::new();
    let zip = lab.write("tree/good.zip", FileKind::Zip.bytes(1).unwrap());
    let db = lab.database(&[("good", "ignore", format!("{HEADER}{}", row("g", &hash(&zip))))]);
    let ran = scan(&db, &lab.path("tree"), &[]);
    assert_eq!((ran.code, &ran.summary()["ignored"]), (Some(0), &1.into()), "{}", ran.out);
}

#[test]
fn a_database_of_digests_only_still_names_what_it_cannot_look_into() {
    let lab = Lab::new();
    let text = lab.write("tree/t.txt", "text");
    lab.write("tree/z.zip", FileKind::Zip.bytes(1).unwrap());
    lab.write("tree/p.jpg", jpeg(&picture(1, 100, 100)));
    let sha256 = hash(&text)["sha256"].as_str().unwrap().to_owned();
    let db = lab.database(&[("digests", "known", format!("id,sha256\nt,{sha256}\n"))]);
    let ran = scan(&db, &lab.path("tree"), &[]);
    assert_eq!(ran.code, Some(4), "{}", ran.out);
    let tree = lab.path("tree");
    let said: Vec<String> =
        ran.json().iter().filter(|o| o.get("path").is_some()).map(|o| short(&tree, o)).collect();
    assert_eq!(said, ["match t.txt t/sha256/exact/original", "not_examined z.zip unsupported"]);
}

#[test]
fn the_database_inside_the_tree_is_left_out() {
    let lab = Lab::new();
    let db = collection(&lab);
    let ran = scan(&db, lab.root(), &[]);
    let skipped = ran.of("skipped");
    assert_eq!(skipped.len(), 1);
    assert_eq!(skipped[0]["reason"], "excluded");
    assert!(skipped[0]["path"].as_str().unwrap().ends_with("/db"));
}

#[test]
fn nothing_matched_is_exit_code_0_and_complete() {
    let lab = Lab::new();
    let db = collection(&lab);
    lab.write("other/x.txt", "x");
    lab.write("other/y.jpg", jpeg(&picture(77, 200, 200)));
    let ran = scan(&db, &lab.path("other"), &[]);
    assert_eq!((ran.code, &ran.summary()["complete"]), (Some(0), &true.into()));
    let ran = scan(&db, &lab.path("missing"), &[]);
    assert_eq!((ran.code, &ran.of("not_examined")[0]["reason"]), (Some(3), &"io".into()));
}

#[test]
fn text_for_people() {
    let lab = Lab::new();
    collection(&lab);
    lab.write(OsStr::new("tree/d/forged\nmatch"), "x");
    let mut command = hashward();
    command.args(["scan", "--db", "db", "tree"]).current_dir(lab.root());
    let ran = finish(&mut command, "");
    assert_eq!((ran.code, ran.err.as_str()), (Some(4), ""));
    insta::with_settings!({filters => vec![(r"pdq [0-9]+/", "pdq N/"), (r"[0-9.]+ [kM]B", "N kB")]}, {
        insta::assert_snapshot!(ran.out);
    });
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8_keep_their_bytes() {
    use std::os::unix::ffi::OsStrExt;
    let lab = Lab::new();
    let db = collection(&lab);
    lab.write(OsStr::from_bytes(b"odd/caf\xe9.txt"), "a known text");
    let ran = scan(&db, &lab.path("odd"), &[]);
    let found = &ran.of("match")[0];
    assert!(found["path"].as_str().unwrap().ends_with("caf\u{fffd}.txt"));
    use base64::Engine as _;
    let raw = base64::engine::general_purpose::STANDARD
        .decode(found["path_raw"].as_str().unwrap())
        .unwrap();
    assert!(raw.ends_with(b"/odd/caf\xe9.txt"));
}

#[test]
fn damage_anywhere_in_the_store_is_exit_code_2_and_names_the_section() {
    let lab = Lab::new();
    let db = collection(&lab);
    let segments: Vec<_> =
        std::fs::read_dir(db.join("segments")).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(!segments.is_empty());
    let known = hash(&lab.path("originals/known.png"))["md5"].as_str().unwrap().to_owned();
    let sound = scan(&db, &lab.path("tree"), &[]).timeless();
    let mut refused = 0;
    for segment in segments {
        let whole = std::fs::read(&segment).unwrap();
        for part in 0..24 {
            let mut bytes = whole.clone();
            let position = (whole.len() - 1) * part / 23;
            bytes[position] ^= 0x10;
            replace(&segment, &bytes);
            let ran = scan(&db, &lab.path("tree"), &[]);
            let look = |hash: &str| {
                run(["lookup".as_ref(), "--db".as_ref(), db.as_os_str(), hash.as_ref()]).code
            };
            let looked = (look(&"00".repeat(16)), look(&known));
            if ran.code == Some(4) {
                // A byte between two sections means nothing, and so nothing changes with it.
                assert_eq!(ran.timeless(), sound, "byte {position}");
                assert_eq!(looked, (Some(0), Some(1)), "byte {position}");
                continue;
            }
            assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "byte {position}");
            assert!(ran.err.contains(" damaged at byte "), "{}", ran.err);
            // A look-up verifies what it needs: it is refused, or the answer is the right one.
            assert!(matches!(looked.0, Some(0 | 2)), "byte {position}");
            assert!(matches!(looked.1, Some(1 | 2)), "byte {position}");
            refused += 1;
        }
        replace(&segment, &whole[..whole.len() / 2]);
        assert_eq!(scan(&db, &lab.path("tree"), &[]).code, Some(2));
        replace(&segment, &whole);
    }
    assert!(refused > 24, "{refused}");
    assert_eq!(scan(&db, &lab.path("tree"), &[]).timeless(), sound);
}

/// Puts other bytes in a file's place, read-only or not.
fn replace(path: &Path, bytes: &[u8]) {
    let other = path.with_extension("other");
    std::fs::write(&other, bytes).unwrap();
    std::fs::rename(&other, path).unwrap();
}

#[test]
fn lookup_by_length_prefix_option_and_standard_input() {
    let lab = Lab::new();
    let db = collection(&lab);
    let known = hash(&lab.path("originals/known.png"));
    let text = |kind: &str| known[kind].as_str().unwrap().to_owned();
    let lookup = |args: &[&str], input: &str| {
        finish(hashward().args(["lookup", "--json", "--db"]).arg(&db).args(args), input)
    };
    for (args, kind) in
        [(vec![text("md5")], "md5"), (vec![text("sha256").to_uppercase()], "sha256")]
    {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let ran = lookup(&args, "");
        assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
        let answer = &ran.of("match")[0];
        assert_eq!((&answer["hash_kind"], &answer["query"]), (&kind.into(), &args[0].into()));
        assert_eq!(answer["matches"][0]["entry"], "k-1");
    }
    let pdq = known["pdq"]["hash"].as_str().unwrap();
    assert_eq!(lookup(&[pdq], "").code, Some(0), "bare 64 digits are SHA-256");
    let mut near = hashward_hash::Pdq::from_hex(pdq).unwrap();
    near.0[2] ^= 0b1_1111;
    let near = near.to_hex();
    let found = lookup(&["--hash-kind", "pdq", &near], "");
    assert_eq!(found.of("match")[0]["matches"][0]["distance"], 5);
    assert_eq!(lookup(&["--radius", "4", &format!("pdq:{near}")], "").code, Some(0));

    let input = format!("{}\n\n  {}  \n{}\n", text("md5"), "00".repeat(20), text("sha256"));
    let ran = lookup(&["-"], &input);
    let types: Vec<String> =
        ran.json().iter().map(|o| o["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        (ran.code, types),
        (Some(1), vec!["match".into(), "no_match".into(), "match".into()])
    );
    assert!(ran.of("no_match")[0].get("matches").is_none());

    let ran = lookup(&["-"], "00\nzz");
    assert_eq!(ran.code, Some(2));
    insta::assert_snapshot!("lookup_bad_line", ran.err);
    let secret = "0123456789abcdeg0123456789abcdeg";
    let ran = lookup(&[secret], "");
    assert!(!ran.err.contains("0123456789"), "{}", ran.err);
    insta::assert_snapshot!("lookup_bad_hash", ran.err);

    let mut people = hashward();
    people.args(["lookup", "--db"]).arg(&db).args([&text("md5"), &"00".repeat(16)]);
    insta::assert_snapshot!(
        "lookup_text",
        finish(&mut people, "").out.replace(&text("md5"), "<md5>")
    );
}
