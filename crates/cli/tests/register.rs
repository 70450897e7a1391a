//! Registered material through the binary: what is found of it, and what is said about it.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::{Lab, hashward, jpeg, png, run};
use hashward_synth::{Class, Corners, Picture, Transform, Turn, generate};
use serde_json::Value;
use std::path::Path;

fn photo(number: u64) -> Picture {
    let classes = [Class::Landscape, Class::Figure, Class::Texture, Class::Cgi];
    generate(classes[number as usize % 4], 900 + number, 640, 480)
}

/// Six pictures, one more that is cut short, and a text.
fn lab() -> Lab {
    let lab = Lab::new();
    for number in 0..6 {
        lab.write(format!("known/{}/{number}.jpg", number % 2), jpeg(&photo(number)));
    }
    lab.write("known/cut.png", &png(&photo(7))[..5000]);
    lab.write("known/notes.txt", "words");
    let changed = [
        ("half.jpg", 0, Transform::CropCentre { percent: 50 }),
        ("mirrored.jpg", 1, Transform::Turn(Turn::FlipX)),
        ("turned.jpg", 3, Transform::Rotate { tenths: 370, corners: Corners::Black }),
    ];
    for (name, number, transform) in changed {
        lab.write(format!("seen/{name}"), jpeg(&transform.apply(&photo(number), 1)));
    }
    let cropped = Transform::CropCentre { percent: 30 }.apply(&photo(1), 1);
    let both = Transform::Turn(Turn::FlipX).apply(&cropped, 1);
    lab.write("seen/both.png", png(&both));
    for number in 20..24 {
        lab.write(format!("seen/other{number}.jpg"), jpeg(&photo(number)));
    }
    let db = lab.path("db");
    assert_eq!(run(["db", "create", db.to_str().unwrap()]).code, Some(0));
    lab
}

fn register(lab: &Lab, paths: &[&str], more: &[&str]) -> common::Ran {
    let db = lab.path("db");
    let paths: Vec<_> = paths.iter().map(|path| lab.path(path)).collect();
    let mut args = vec!["register", "--json", "--name", "own", db.to_str().unwrap()];
    args.extend(paths.iter().map(|path| path.to_str().unwrap()));
    args.extend(more);
    run(args)
}

fn scan(lab: &Lab, db: &Path, more: &[&str]) -> common::Ran {
    let seen = lab.path("seen");
    let mut args = vec!["scan", "--json", "--db", db.to_str().unwrap()];
    args.extend(more);
    args.push(seen.to_str().unwrap());
    run(args)
}

/// File, entry and inliers of each match by features.
fn local(ran: &common::Ran) -> Vec<(String, String, u64)> {
    let name = |record: &Value| {
        let path = record["path"].as_str().unwrap();
        path.rsplit(['/', '\\']).next().unwrap().to_owned()
    };
    let mut found = Vec::new();
    for record in ran.of("match") {
        for one in record["matches"].as_array().unwrap().iter().filter(|it| it["by"] == "features")
        {
            assert_eq!((&one["tier"], &one["list"]), (&"local".into(), &"own".into()));
            assert!(one["area"]["width"].as_u64() > Some(100));
            let inliers = one["inliers"].as_u64().unwrap();
            found.push((name(&record), one["entry"].as_str().unwrap().to_owned(), inliers));
        }
    }
    found
}

#[test]
fn what_is_registered_is_found_in_parts_turned_and_mirrored() {
    let lab = lab();
    let db = lab.path("db");
    let registered = register(&lab, &["known"], &["--category", "A"]);
    assert_eq!(registered.code, Some(3), "{}", registered.err);
    let refused = registered.of("not_registered");
    let said: Vec<_> = refused
        .iter()
        .map(|it| {
            (it["path"].as_str().unwrap().contains("cut.png"), it["reason"].as_str().unwrap())
        })
        .collect();
    assert_eq!(said, [(true, "truncated"), (false, "unsupported")]);
    let summary = &registered.of("register")[0];
    assert_eq!((&summary["pictures"], &summary["entries"]), (&6.into(), &6.into()));
    assert_eq!(summary["without_features"], 0);

    let ran = scan(&lab, &db, &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let found = local(&ran);
    let expected = [
        ("both.png", "1/1.jpg"),
        ("half.jpg", "0/0.jpg"),
        ("mirrored.jpg", "1/1.jpg"),
        ("turned.jpg", "1/3.jpg"),
    ];
    let pairs: Vec<_> =
        found.iter().map(|(path, entry, _)| (path.as_str(), entry.as_str())).collect();
    assert_eq!(pairs, expected);
    assert!(found.iter().all(|(_, _, inliers)| *inliers >= 10));
    let text = run(["scan", "--db", db.to_str().unwrap(), lab.path("seen").to_str().unwrap()]);
    assert!(text.out.contains("local") && text.out.contains("features "), "{}", text.out);

    // The same for any number of threads and on any instruction set.
    assert_eq!(scan(&lab, &db, &["-j", "1"]).timeless(), ran.timeless());
    let mut scalar = hashward();
    scalar.args(["scan", "--json", "--db"]).arg(&db).arg(lab.path("seen"));
    scalar.env("HASHWARD_BACKEND", "scalar");
    let scalar = common::finish(&mut scalar, "");
    assert_eq!(local(&scalar), found);
    // A fast scan does not look.
    assert_eq!(local(&scan(&lab, &db, &["--effort", "fast"])), []);

    let verified = run(["db", "verify", db.to_str().unwrap()]);
    assert_eq!(verified.code, Some(0), "{}", verified.err);
    assert_eq!(run(["list", "withdraw", db.to_str().unwrap(), "own"]).code, Some(0));
    assert_eq!(scan(&lab, &db, &[]).of("match"), Vec::<Value>::new());
}

#[test]
fn registered_lists_grow_are_exported_and_kept_in_cases() {
    let lab = lab();
    let (db, case) = (lab.path("db"), lab.path("case"));
    assert_eq!(register(&lab, &["known/0"], &[]).code, Some(0));
    let first = local(&scan(&lab, &db, &[]));
    assert_eq!(first.len(), 1, "{first:?}");
    let added = register(&lab, &["known/1"], &["--delta"]);
    assert_eq!((added.code, &added.of("register")[0]["entries"]), (Some(0), &6.into()));
    let all = scan(&lab, &db, &["--case", case.to_str().unwrap()]);
    let found = local(&all);
    assert_eq!(found.len(), 4, "{found:?}");
    // Registering the same again changes nothing.
    let again = register(&lab, &["known/1", "known/0"], &[]);
    let summary = &again.of("register")[0];
    assert_eq!((&summary["unchanged"], &summary["added"]), (&6.into(), &0.into()));

    let rematch = ["rematch", "--json", case.to_str().unwrap(), "--db", db.to_str().unwrap()];
    assert_eq!(local(&run(rematch)), found);

    let (out, copy) = (lab.path("own.jsonl"), lab.path("copy"));
    let (out, copy) = (out.to_str().unwrap(), copy.to_str().unwrap());
    let export = ["list", "export", db.to_str().unwrap(), "own", "--format", "jsonl", "--out", out];
    assert_eq!(run(export).code, Some(0));
    assert_eq!(run(["db", "create", copy]).code, Some(0));
    let import = run(["list", "import", copy, out, "--name", "own"]);
    assert_eq!(import.code, Some(0), "{}", import.err);
    assert_eq!(local(&scan(&lab, Path::new(copy), &[])), found);
    // In any other format the field is one like any other: kept, and no signature.
    let csv = lab.path("own.csv");
    let csv = csv.to_str().unwrap();
    let export = ["list", "export", copy, "own", "--format", "csv", "--out", csv];
    assert_eq!(run(export).code, Some(0));
    let text = std::fs::read_to_string(csv).unwrap();
    assert!(text.lines().next().unwrap().split(',').any(|name| name == "features"), "{text}");
    assert_eq!(run(["list", "import", copy, csv, "--name", "own"]).code, Some(0));
    assert_eq!(local(&scan(&lab, Path::new(copy), &[])), []);
    assert_eq!(run(export).code, Some(0));
    let again = std::fs::read_to_string(csv).unwrap();
    assert_eq!(again.lines().count(), text.lines().count());
    let width = |text: &str| text.lines().map(str::len).max();
    assert_eq!(width(&again), width(&text));
}

#[test]
fn without_a_picture_nothing_is_registered() {
    let lab = lab();
    let ran = register(&lab, &["known/notes.txt"], &[]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("no picture to register"), "{}", ran.err);
    assert_eq!(
        run(["list", "show", "--json", lab.path("db").to_str().unwrap()]).of("list").len(),
        0
    );
}
