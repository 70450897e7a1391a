//! Hash values of lists stay in the database: no output and no error of anything that fails shows
//! one, and nobody but the owner can read the files.
#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use common::{Lab, hashward, run};
use std::ffi::{OsStr, OsString};
use std::path::Path;

const MD5: &str = "5e1f0c5a9b7d3e8642a1c0ffee123456";
const LONG: &str = "0b5c9d8e7f6a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071829304";

/// Fails where a text shows as much of a hash as nobody guesses.
fn assert_no_hash(text: &str, of: &str) {
    let lower = text.to_lowercase();
    for hash in [MD5, LONG] {
        for start in 0..hash.len() - 8 {
            assert!(!lower.contains(&hash[start..start + 8]), "{of}: {text}");
        }
    }
}

#[test]
fn no_failing_import_or_look_up_shows_a_hash() {
    let lab = Lab::new();
    let db = lab.database(&[("fine", "known", format!("id,md5,sha256\na,{MD5},{LONG}\n"))]);
    let photo = LONG.repeat(4);
    let files = [
        ("short.md5", format!("{MD5}\n{MD5}00\n")),
        ("letter.md5", format!("{MD5}\n{}x\n", &MD5[1..])),
        ("kinds.hex", format!("{LONG}\n")),
        ("sums.txt", format!("{MD5}  a.jpg\n{MD5}zz  b.jpg\n")),
        ("bad.csv", format!("id,md5,tth,photodna,crc32\n1,{MD5}0,,,\n2,,{LONG},,\n3,,,{photo},\n")),
        ("crc.csv", format!("id,md5,crc32\n1,{MD5},{}:x\n", &LONG[..8])),
        ("fields.csv", format!("id,md5\n1,{MD5},2\n")),
        ("quote.csv", format!("id,md5\n1,\"{MD5}\n")),
        ("twice.csv", format!("md5,md5\n{MD5},{MD5}\n")),
        ("bad.jsonl", format!("{{\"md5\":\"{MD5}\",\"pdq\":\"{MD5}\"}}\n")),
        ("cut.jsonl", format!("{{\"md5\":\"{MD5}\",\"sha256\":\"{LONG}")),
        ("type.jsonl", format!("{{\"md5\":[\"{MD5}\"]}}\n")),
        ("bsd.txt", format!("MD5 (a) = {MD5}\nMD5 (b) = {LONG}\n")),
        ("te.txt", format!("pdq {LONG}\npdq {MD5}\n")),
        ("deep.txt", format!("%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n3,{MD5}\n")),
        ("none.bin", format!("\u{0}\u{1}{MD5}\u{2}")),
    ];
    for (name, content) in &files {
        let file = lab.write(format!("lists/{name}"), content);
        let arguments = |more: &[&str]| -> Vec<OsString> {
            let mut all: Vec<OsString> =
                ["list", "import"].map(OsString::from).into_iter().collect();
            all.extend([db.clone().into(), file.clone().into(), "--name".into(), "new".into()]);
            all.extend(more.iter().map(Into::into));
            all
        };
        let refused = run(arguments(&[]));
        assert_eq!(refused.code, Some(2), "{name}: {}{}", refused.out, refused.err);
        assert_no_hash(&(refused.out + &refused.err), name);
        let skipped = run(arguments(&["--bad-rows", "skip", "--json"]));
        assert_no_hash(&(skipped.out + &skipped.err), name);
        let mut command = hashward();
        command.args(["lookup", "--db"]).arg(&db).arg("--from").arg(&file);
        let matched = common::finish(&mut command, "");
        assert_no_hash(&(matched.out + &matched.err), name);
    }
    let db = db.as_os_str();
    for query in
        [format!("md5:{LONG}"), format!("tth:{LONG}"), format!("{MD5}0"), format!("x:{MD5}")]
    {
        let ran = run([OsStr::new("lookup"), "--db".as_ref(), db, query.as_ref()]);
        assert_eq!(ran.code, Some(2), "{}", ran.out);
        assert_no_hash(&(ran.out + &ran.err), "lookup");
    }
    for command in [&["list", "show"][..], &["db", "info"], &["db", "verify"], &["db", "compact"]] {
        let mut all: Vec<&OsStr> = command.iter().map(OsStr::new).collect();
        all.push(db);
        let ran = run(all);
        assert_no_hash(&(ran.out + &ran.err), command[1]);
    }
}

#[cfg(unix)]
#[test]
fn nobody_else_can_enter_the_folder_or_read_a_file() {
    use std::os::unix::fs::PermissionsExt;
    fn check(folder: &Path, seen: &mut u32) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let metadata = entry.metadata().unwrap();
            let wanted = if metadata.is_dir() { 0o700 } else { 0o600 };
            let mode = metadata.permissions().mode() & 0o777;
            assert_eq!(mode, wanted, "{}", entry.path().display());
            *seen += 1;
            if metadata.is_dir() {
                check(&entry.path(), seen);
            }
        }
    }
    let lab = Lab::new();
    let list = lab.write("list.csv", format!("id,md5\na,{MD5}\n"));
    let db = lab.path("db");
    // The most careless setting of the user's shell.
    let script = format!(
        "umask 000; '{0}' db create '{1}' && '{0}' list import '{1}' '{2}' --name x",
        env!("CARGO_BIN_EXE_hashward"),
        db.display(),
        list.display()
    );
    let mut command = std::process::Command::new("/bin/sh");
    let ran = common::finish(command.arg("-c").arg(script), "");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let mode = std::fs::metadata(&db).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
    let mut seen = 0;
    check(&db, &mut seen);
    assert!(seen >= 7, "{seen} files and folders");
}
