//! A case: resuming an interrupted scan, and matching again without the evidence.
#![allow(clippy::unwrap_used)]

mod common;

use common::{HEADER, Lab, hash, hashward, jpeg, picture, png, row, run};
use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Waits until a change of a file is sure to show in its times.
fn let_settle() {
    std::thread::sleep(Duration::from_millis(2100));
}

fn scan_args<'a>(db: &'a Path, case: Option<&'a Path>, tree: &'a Path) -> Vec<&'a OsStr> {
    let mut args: Vec<&OsStr> = vec!["scan".as_ref(), "--json".as_ref(), "--db".as_ref()];
    args.push(db.as_ref());
    if let Some(case) = case {
        args.extend([OsStr::new("--case"), case.as_ref()]);
    }
    args.push(tree.as_ref());
    args
}

fn rematch(case: &Path, db: &Path) -> common::Ran {
    let (case, db) = (case.as_os_str(), db.as_os_str());
    run([OsStr::new("rematch"), "--json".as_ref(), case, "--db".as_ref(), db])
}

/// What a run found: everything but its question and its clocks.
fn findings(ran: &common::Ran) -> Vec<String> {
    let boring = ["{\"type\":\"run\"", "{\"type\":\"timing\""];
    let lines = ran.out.lines();
    lines.filter(|l| !boring.iter().any(|b| l.starts_with(b))).map(str::to_owned).collect()
}

fn reused(ran: &common::Ran) -> Option<u64> {
    ran.of("timing")[0]["reused"].as_u64()
}

/// Pictures, text, a link and something that is no picture although it says so; and a list that
/// knows some of them.
fn lab(pictures: u64) -> (Lab, std::path::PathBuf, std::path::PathBuf) {
    let lab = Lab::new();
    for number in 0..pictures {
        let bytes = jpeg(&picture(number, 320, 240));
        lab.write(format!("tree/{}/{number}.jpg", number % 3), bytes);
    }
    lab.write("tree/a.txt", "words");
    lab.write("tree/broken.png", &png(&picture(99, 64, 64))[..60]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("a.txt", lab.path("tree/link")).unwrap();
    let known = [0, 1, 2].map(|number| {
        let path = lab.path(format!("tree/{}/{number}.jpg", number % 3));
        row(&format!("known{number}"), &hash(&path))
    });
    let db = lab.database(&[("list", "known", format!("{HEADER}{}", known.concat()))]);
    let tree = lab.path("tree");
    (lab, db, tree)
}

#[test]
fn what_is_kept_gives_the_same_findings_and_is_not_read_again() {
    let (lab, db, tree) = lab(6);
    let_settle();
    let case = lab.path("case");
    let plain = run(scan_args(&db, None, &tree));
    let first = run(scan_args(&db, Some(&case), &tree));
    assert_eq!(first.code, Some(4), "{}", first.err);
    assert_eq!((first.timeless(), reused(&first)), (plain.timeless(), Some(0)));
    let second = run(scan_args(&db, Some(&case), &tree));
    assert_eq!((second.timeless(), reused(&second)), (plain.timeless(), Some(8)));

    // One file changes: it, and nothing else, is examined again.
    std::fs::write(tree.join("0/0.jpg"), jpeg(&picture(50, 320, 240))).unwrap();
    let third = run(scan_args(&db, Some(&case), &tree));
    assert_eq!(reused(&third), Some(7));
    assert_eq!(third.timeless(), run(scan_args(&db, None, &tree)).timeless());
    assert_eq!(third.of("match").len(), 2);
}

#[test]
fn a_rematch_needs_no_evidence_and_serves_new_lists() {
    let (lab, db, tree) = lab(6);
    let case = lab.path("case");
    let scanned = run(scan_args(&db, Some(&case), &tree));
    // A list that only comes now, with a kind of digest that no list had before.
    let new = hash(&tree.join("2/5.jpg"));
    let list = lab.write("new.csv", format!("id,sha1\nlate,{}\n", new["sha1"].as_str().unwrap()));
    let before = rematch(&case, &db);
    std::fs::remove_dir_all(&tree).unwrap();
    assert_eq!(before.code, Some(4), "{}", before.err);
    assert_eq!(findings(&before), findings(&scanned));
    let import = [OsStr::new("list"), "import".as_ref(), db.as_os_str(), list.as_os_str()];
    let ran = run(import.into_iter().chain(["--name".as_ref(), "new".as_ref()]));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let after = rematch(&case, &db);
    assert_eq!(after.of("match").len(), 4);
    assert!(after.out.contains("\"entry\":\"late\""), "{}", after.out);
    assert_eq!(after.summary()["files"], scanned.summary()["files"]);
    assert_eq!(after.summary()["not_examined"], 1);
}

#[test]
fn a_killed_scan_ends_with_the_same_bytes_when_it_is_run_again() {
    let (lab, db, tree) = lab(60);
    let_settle();
    let plain = run(scan_args(&db, None, &tree));
    let case = lab.path("case");
    let file = case.join("case.sqlite-wal");
    let mut reused_most = 0;
    for pause in [0, 150, 700] {
        let mut child = hashward()
            .args(scan_args(&db, Some(&case), &tree))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begin = Instant::now();
        while !file.exists() && begin.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    for _ in 0..2 {
        let resumed = run(scan_args(&db, Some(&case), &tree));
        assert_eq!(resumed.code, plain.code, "{}", resumed.err);
        assert_eq!(resumed.timeless(), plain.timeless());
        reused_most = reused_most.max(reused(&resumed).unwrap());
    }
    assert_eq!(reused_most, 62, "after a whole run everything is kept");
    assert_eq!(findings(&rematch(&case, &db)), findings(&plain));
}

#[test]
fn trouble_with_a_case_is_told() {
    let (lab, db, tree) = lab(3);
    let nowhere = rematch(&lab.path("nowhere"), &db);
    assert_eq!(nowhere.code, Some(2));
    assert!(nowhere.err.contains("there is no case here"), "{}", nowhere.err);
    let folder = lab.path("lists");
    let other = run(scan_args(&db, Some(&folder), &tree));
    assert_eq!(other.code, Some(2));
    assert!(other.err.contains("something that is no case"), "{}", other.err);
    // A case inside the tree is not evidence.
    let inside = tree.join("case");
    let first = run(scan_args(&db, Some(&inside), &tree));
    let second = run(scan_args(&db, Some(&inside), &tree));
    assert_eq!(first.timeless(), second.timeless());
    assert_eq!(first.summary()["skipped_by_reason"]["excluded"], 1);
}
