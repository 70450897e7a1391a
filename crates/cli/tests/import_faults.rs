//! Imports that are killed or cannot write: the database is the old one or the new one.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // a test that cannot go on may panic

mod common;

use common::{Lab, finish, hashward, run};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A list of rows that are spread over the whole range of hashes.
fn list(first: u64, rows: u64) -> String {
    let row = |number: u64| {
        let high = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!("{high:016x}{number:016x},{number},name of file {number}.jpg\n")
    };
    let rows: String = (first..first + rows).map(row).collect();
    format!("md5,id,name\n{rows}")
}

/// The same rows as VICS 2.0.
fn vics(first: u64, rows: u64) -> String {
    let row = |number: u64| {
        let high = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!(
            "{{\"MediaID\":{number},\"MD5\":\"{high:016X}{number:016X}\",\"Category\":1,\
             \"VictimIdentified\":\"false\",\"MediaFiles\":[{{\"FileName\":\"{number}.jpg\"}}]}}"
        )
    };
    let rows: Vec<String> = (first..first + rows).map(row).collect();
    let context =
        "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media";
    format!("\u{feff}{{\"@odata.context\":\"{context}\",\"value\":[{}]}}", rows.join(","))
}

/// Checks that catalogue, segments and audit chain agree; version and entries of the list.
fn state(db: &Path) -> (u64, u64) {
    let db = db.to_str().unwrap();
    let verified = run(["db", "verify", db]);
    assert_eq!(verified.code, Some(0), "{}", verified.err);
    let shown = run(["list", "show", db, "--json"]).of("list");
    shown.first().map_or((0, 0), |list| {
        (list["version"].as_u64().unwrap(), list["entries"].as_u64().unwrap())
    })
}

fn import(db: &Path, file: &Path) -> Command {
    let mut command = hashward();
    command.args(["list", "import", "--name", "agency"]).arg(db).arg(file);
    command
}

/// Names in the folders of a database, except those that SQLite keeps beside its file.
fn names(db: &Path) -> Vec<PathBuf> {
    let mut names = Vec::new();
    for folder in ["segments", "generations", "audit", "tmp"] {
        let entries = std::fs::read_dir(db.join(folder)).unwrap();
        names.extend(entries.map(|entry| entry.unwrap().path()));
    }
    names
}

#[test]
fn a_killed_import_leaves_the_old_state_or_the_new_one() {
    let lab = Lab::new();
    let db = lab.path("db");
    assert_eq!(run(["db", "create", db.to_str().unwrap()]).code, Some(0));
    // Two lists that share most entries: each import adds, removes and keeps.
    let files =
        [lab.write("even.json", vics(0, 30_000)), lab.write("odd.csv", list(2_000, 31_000))];
    let started = std::time::Instant::now();
    assert_eq!(finish(&mut import(&db, &files[1]), "").code, Some(0));
    let whole = started.elapsed();
    let mut known = state(&db);
    assert_eq!(known, (1, 31_000));
    let mut killed = 0;
    for attempt in 0u32..15 {
        let next =
            if known.0.is_multiple_of(2) { (known.0 + 1, 31_000) } else { (known.0 + 1, 30_000) };
        let file = &files[usize::from(next.1 == 31_000)];
        let mut child =
            import(&db, file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        if attempt % 3 == 2 {
            // As soon as the new audit record or segment is there, just before or after the commit.
            let folder = db.join(if attempt % 2 == 0 { "audit" } else { "segments" });
            let count = || std::fs::read_dir(&folder).map_or(0, Iterator::count);
            let before = count();
            while count() == before && child.try_wait().unwrap().is_none() {
                std::thread::yield_now();
            }
        } else {
            std::thread::sleep(whole * attempt / 14);
        }
        let ended = child.try_wait().unwrap().is_some();
        // SIGKILL; an import that has ended already does not mind.
        let _ = child.kill();
        child.wait().unwrap();
        killed += u32::from(!ended);
        let seen = state(&db);
        assert!(seen == known || seen == next, "{seen:?} after {known:?}, attempt {attempt}");
        known = seen;
    }
    assert!(killed >= 5, "only {killed} imports were killed before they ended");
    // The next change clears up, and everything goes on as if nothing had happened.
    let next = if known.0.is_multiple_of(2) { 1 } else { 0 };
    assert_eq!(finish(&mut import(&db, &files[next]), "").code, Some(0));
    assert_eq!(state(&db).0, known.0 + 1);
    assert!(!names(&db).iter().any(|name| name.extension().is_some_and(|e| e == "new")));
    let audit = run(["db", "audit", "verify", db.to_str().unwrap(), "--json"]);
    assert_eq!(audit.of("audit")[0]["orphans"], 0);
}

#[test]
fn a_list_that_is_cut_short_leaves_the_old_state() {
    let lab = Lab::new();
    let db = lab.path("db");
    assert_eq!(run(["db", "create", db.to_str().unwrap()]).code, Some(0));
    let whole = vics(0, 2_000);
    let file = lab.write("list.json", &whole);
    assert_eq!(finish(&mut import(&db, &file), "").code, Some(0));
    let before = names(&db);
    // In the middle of a record, between two, and just before the end.
    let between = whole.find("},{").unwrap() + 1;
    for end in [whole.len() / 2, whole.len() / 3, between, whole.len() - 2, whole.len() - 1] {
        let cut = lab.write("cut.json", &whole[..end]);
        for options in [&[][..], &["--bad-rows", "skip"], &["--delta"]] {
            let ran = finish(import(&db, &cut).args(options), "");
            assert_eq!(ran.code, Some(2), "{}", ran.out);
            assert!(ran.err.contains("cut.json: byte ") && ran.err.contains("end"), "{}", ran.err);
            assert_eq!(state(&db), (1, 2_000));
        }
    }
    assert_eq!(names(&db), before);
}

#[test]
fn an_import_that_cannot_write_leaves_the_old_state() {
    let lab = Lab::new();
    let base = lab.path("base");
    assert_eq!(run(["db", "create", base.to_str().unwrap()]).code, Some(0));
    let files = [lab.write("a.csv", list(0, 3_000)), lab.write("b.csv", list(1_000, 4_000))];
    assert_eq!(finish(&mut import(&base, &files[0]), "").code, Some(0));
    let (mut refused, mut done) = (0, 0);
    // The limit on the length of files, in blocks of 512 bytes; every file of the import meets
    // its own limits on the way up.
    let limits = (0..24).chain((24..160).step_by(8)).chain((160..1200).step_by(80));
    for limit in limits {
        let db = lab.path("db");
        let copied = Command::new("cp").arg("-r").args([&base, &db]).status().unwrap();
        assert!(copied.success());
        let mut command = Command::new("sh");
        // An ignored SIGXFSZ makes the write fail instead of killing the program.
        let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$@\"");
        command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_hashward")]);
        command.args(["list", "import", "--name", "agency"]).arg(&db).arg(&files[1]);
        let ran = finish(&mut command, "");
        let seen = state(&db);
        match ran.code {
            Some(0) => {
                assert_eq!(seen, (2, 4_000), "limit {limit}");
                done += 1;
            }
            Some(2) => {
                assert_eq!(seen, (1, 3_000), "limit {limit}: {}", ran.err);
                assert!(ran.err.starts_with("error: "), "{}", ran.err);
                refused += 1;
            }
            code => panic!("exit code {code:?} under limit {limit}: {}", ran.err),
        }
        std::fs::remove_dir_all(&db).unwrap();
    }
    assert!(refused > 10 && done > 2, "{refused} refused, {done} done");
}

#[test]
fn a_full_disk_refuses_the_import() {
    // A small file system in a mount namespace of our own, where the system permits one.
    let lab = Lab::new();
    let file = lab.write("list.csv", list(0, 200_000));
    lab.write("mnt/here", "");
    let program = env!("CARGO_BIN_EXE_hashward");
    let script = format!(
        "mount -t tmpfs -o size=3m tmpfs mnt || exit 77
         {program} db create mnt/db || exit 1
         {program} list import mnt/db {} --name agency; test $? -eq 2 || exit 1
         {program} db verify mnt/db || exit 1
         printf '%032x\\n' 5 | {program} list import mnt/db - --name agency || exit 1
         exec {program} db verify mnt/db",
        file.display()
    );
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", &script]).current_dir(lab.root());
    if Command::new("unshare").arg("--version").output().is_err() {
        println!("no mount namespace can be made here");
        return;
    }
    let ran = finish(&mut command, "");
    if ran.code == Some(77) || ran.err.starts_with("unshare:") {
        println!("no file system can be mounted here: {}", ran.err);
        return;
    }
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("No space left"), "{}", ran.err);
}

#[test]
fn an_interrupted_reader_of_a_crashed_database_writes_nothing() {
    let lab = Lab::new();
    let db = lab.path("db");
    assert_eq!(run(["db", "create", db.to_str().unwrap()]).code, Some(0));
    let file = lab.write("a.csv", list(0, 5_000));
    assert_eq!(finish(&mut import(&db, &file), "").code, Some(0));
    // Killed while it holds the write lock: SQLite's side files stay.
    let mut child = import(&db, Path::new("-")).stdin(Stdio::piped()).spawn().unwrap();
    while !db.join("catalogue.sqlite-shm").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let listing = || {
        let entries = std::fs::read_dir(&db).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| {
                let entry = entry.unwrap();
                let metadata = entry.metadata().unwrap();
                (entry.file_name(), metadata.len(), metadata.modified().unwrap())
            })
            .collect();
        names.sort();
        names
    };
    let before = listing();
    assert_eq!(state(&db), (1, 5_000));
    assert_eq!(listing(), before);
}
