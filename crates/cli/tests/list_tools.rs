//! Lists that public tools write are read, and what is written here those tools read: hfind,
//! hashdeep, rhash and sqlite3. A tool that is not there is skipped with the reason.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // a test that cannot go on may panic

mod common;

use common::{Lab, finish, hashward};
use std::process::Command;

/// True when the tool is there; otherwise the reason is printed.
fn has(tool: &str) -> bool {
    let there = Command::new(tool).arg("-version").output().is_ok();
    if !there {
        #[expect(clippy::print_stderr, reason = "a test that is skipped says why")]
        {
            eprintln!("skipped: {tool} is not installed here");
        }
    }
    there
}

/// Runs a tool in the lab's folder; its output.
fn tool(lab: &Lab, line: &[&str]) -> String {
    let ran = Command::new(line[0]).args(&line[1..]).current_dir(lab.root()).output().unwrap();
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{line:?}: {text}{}", String::from_utf8_lossy(&ran.stderr));
    text
}

fn ours(lab: &Lab, line: &str) -> String {
    let ran = finish(hashward().current_dir(lab.root()).args(line.split_whitespace()), "");
    assert_eq!(ran.code, Some(0), "{line}: {}{}", ran.out, ran.err);
    ran.out
}

/// Rows, joined and entries of an import.
fn import(lab: &Lab, file: &str, options: &str) -> (String, u64, u64) {
    let out = ours(lab, &format!("list import db {file} --name {file} --json {options}"));
    let summary: serde_json::Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    let format = summary["files"][0]["format"].as_str().unwrap().to_owned();
    (format, summary["rows"].as_u64().unwrap(), summary["entries"].as_u64().unwrap())
}

/// A lab with a database and three small files, whose digests a list of ours holds.
fn lab() -> Lab {
    let lab = Lab::new();
    for (name, content) in [("a.txt", "hello\n"), ("b c.txt", "world\n"), ("d.bin", "\0\u{1}\0")] {
        lab.write(name, content);
    }
    ours(&lab, "db create db");
    lab
}

const HELLO_MD5: &str = "b1946ac92492d2347c6235b4d2611184";
const HELLO_SHA1: &str = "f572d396fae9206628714fb2ce00f72e94f2258f";
const HELLO_SHA256: &str = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

/// The hashes of `a.txt` match list `name` by each of the kinds.
fn matches(lab: &Lab, name: &str, hashes: &[&str]) {
    for hash in hashes {
        let line = format!("lookup --db db --json {hash}");
        let ran = finish(hashward().current_dir(lab.root()).args(line.split_whitespace()), "");
        assert!(ran.out.contains(&format!("\"list\":\"{name}\"")), "{name} by {hash}: {}", ran.out);
    }
}

/// A list of ours with names and three kinds of hash.
fn list_of_ours(lab: &Lab) {
    lab.write(
        "ours.csv",
        format!(
            "md5,sha1,sha256,name,size\n{HELLO_MD5},{HELLO_SHA1},{HELLO_SHA256},a.txt,6\n\
             591785b794601e212b260e25925636fd,9591818c07e900db7e1e0bc4b884c945e6a61b24,,b c.txt,6\n"
        ),
    );
    import(lab, "ours.csv", "");
}

#[test]
fn hfind_and_its_indexes() {
    if !has("hfind") {
        return;
    }
    let lab = lab();
    list_of_ours(&lab);
    // A database of theirs.
    tool(&lab, &["hfind", "-c", "theirs.kdb"]);
    for hash in [HELLO_MD5, "591785b794601e212b260e25925636fd"] {
        tool(&lab, &["hfind", "-a", "theirs.kdb", hash]);
    }
    assert_eq!(import(&lab, "theirs.kdb", ""), ("kdb".to_owned(), 2, 2));
    matches(&lab, "theirs.kdb", &[HELLO_MD5]);
    // A database of ours.
    ours(&lab, "list export db ours.csv --format kdb --out ours.kdb");
    let found = tool(&lab, &["hfind", "ours.kdb", HELLO_MD5]);
    assert!(found.to_lowercase().contains(HELLO_MD5) && !found.contains("Not Found"), "{found}");
    let missing = tool(&lab, &["hfind", "ours.kdb", &"0".repeat(32)]);
    assert!(missing.contains("Not Found"), "{missing}");
    // Their index of a list of ours, and of an NSRL text.
    ours(&lab, "list export db ours.csv --format md5sum --hash-kind md5 --out ours.md5");
    tool(&lab, &["hfind", "-i", "md5sum", "ours.md5"]);
    let found = tool(&lab, &["hfind", "ours.md5", HELLO_MD5]);
    assert!(found.contains("a.txt"), "{found}");
    assert_eq!(import(&lab, "ours.md5-md5.idx", ""), ("tsk-idx".to_owned(), 2, 2));
    matches(&lab, "ours.md5-md5.idx", &[HELLO_MD5]);
    // Beside it hfind keeps positions in the index, which are no list.
    assert!(lab.path("ours.md5-md5.idx2").exists());
    let line = "list import db ours.md5-md5.idx2 --name positions";
    let ran = finish(hashward().current_dir(lab.root()).args(line.split_whitespace()), "");
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("holds only positions in its .idx, so import that"), "{}", ran.err);
    let nsrl = format!(
        "\"SHA-1\",\"MD5\",\"CRC32\",\"FileName\",\"FileSize\",\"ProductCode\",\"OpSystemCode\",\"SpecialCode\"\r\n\
         \"{}\",\"{}\",\"363A3020\",\"a.txt\",6,1,\"358\",\"\"\r\n",
        HELLO_SHA1.to_uppercase(),
        HELLO_MD5.to_uppercase()
    );
    lab.write("NSRLFile.txt", nsrl);
    tool(&lab, &["hfind", "-i", "nsrl-sha1", "NSRLFile.txt"]);
    assert_eq!(import(&lab, "NSRLFile.txt-sha1.idx", ""), ("tsk-idx".to_owned(), 1, 1));
    matches(&lab, "NSRLFile.txt-sha1.idx", &[HELLO_SHA1]);
}

#[test]
fn hashdeep_both_ways() {
    if !has("hashdeep") {
        return;
    }
    let lab = lab();
    list_of_ours(&lab);
    let known = tool(&lab, &["hashdeep", "-c", "md5,sha1,sha256,tiger", "a.txt", "b c.txt"]);
    lab.write("theirs.hashdeep", known);
    assert_eq!(import(&lab, "theirs.hashdeep", ""), ("hashdeep".to_owned(), 2, 2));
    matches(&lab, "theirs.hashdeep", &[HELLO_MD5, HELLO_SHA1, HELLO_SHA256]);
    ours(&lab, "list export db ours.csv --format hashdeep --out ours.hashdeep");
    let found = tool(&lab, &["hashdeep", "-m", "-b", "-k", "ours.hashdeep", "a.txt", "d.bin"]);
    assert!(found.contains("a.txt") && !found.contains("d.bin"), "{found}");
    // Where no size is known hashdeep does not call it a match, and the export says so.
    lab.write("bare.csv", format!("md5,sha1,sha256\n{HELLO_MD5},{HELLO_SHA1},{HELLO_SHA256}\n"));
    import(&lab, "bare.csv", "");
    let line = "list export db bare.csv --format hashdeep --out bare.hashdeep";
    let ran = finish(hashward().current_dir(lab.root()).args(line.split_whitespace()), "");
    assert!(ran.err.contains("1 of the rows have no known size and stand with 0"), "{}", ran.err);
    let found = tool(&lab, &["hashdeep", "-m", "-b", "-k", "bare.hashdeep", "a.txt"]);
    assert_eq!(found, "");
}

#[test]
fn rhash_both_ways() {
    if !has("rhash") {
        return;
    }
    let lab = lab();
    list_of_ours(&lab);
    for (name, options, format, rows) in [
        ("columns", &["--md5", "--sha1"][..], "rhash", 2),
        ("bsd", &["--bsd", "--md5", "--tth", "--whirlpool", "--ed2k"][..], "bsd", 6),
        ("magnet", &["--magnet", "-a"][..], "links", 2),
        ("ed2k", &["--ed2k-link"][..], "links", 2),
        ("simple", &["--simple", "--sha256"][..], "md5sum", 2),
    ] {
        let mut line = vec!["rhash"];
        line.extend(options);
        line.extend(["a.txt", "b c.txt"]);
        lab.write(name, tool(&lab, &line));
        let (seen, read, _) = import(&lab, name, "");
        assert_eq!((seen.as_str(), read), (format, rows), "{name}");
    }
    matches(&lab, "columns", &[HELLO_MD5, HELLO_SHA1]);
    matches(&lab, "magnet", &[HELLO_MD5, HELLO_SHA1, HELLO_SHA256]);
    let ed2k = "ed2k:63481c78ae04c201fa01ea9d2b1db56d";
    let tth = "tth:dctzg7v3jmt2jdj6vozu4yisnzvethe76v2goni";
    matches(&lab, "magnet", &[ed2k, tth]);
    matches(&lab, "bsd", &[ed2k, tth]);
    matches(&lab, "ed2k", &[ed2k]);
    // What we write, rhash checks against the files.
    ours(&lab, "list export db ours.csv --format md5sum --hash-kind sha1 --out ours.sha1");
    let checked = tool(&lab, &["rhash", "-c", "ours.sha1"]);
    assert!(checked.contains("Everything OK"), "{checked}");
}

#[test]
fn sqlite3_both_ways() {
    if !has("sqlite3") {
        return;
    }
    let lab = lab();
    list_of_ours(&lab);
    let sql = format!(
        "CREATE TABLE METADATA (sha256, sha1, md5, crc32, file_name, file_size, package_id);
         INSERT INTO METADATA VALUES ('{HELLO_SHA256}','{HELLO_SHA1}','{HELLO_MD5}','','a.txt',6,1);
         CREATE VIEW FILE AS SELECT upper(sha256) AS sha256, upper(sha1) AS sha1, upper(md5) AS md5,
         crc32, file_name, file_size, package_id FROM METADATA;"
    );
    tool(&lab, &["sqlite3", "nsrl.db", &sql]);
    assert_eq!(import(&lab, "nsrl.db", "--kind ignore"), ("nsrl-db".to_owned(), 1, 1));
    ours(&lab, "list export db ours.csv --format kdb --out ours.kdb");
    let check = tool(&lab, &["sqlite3", "ours.kdb", "PRAGMA integrity_check"]);
    assert_eq!(check, "ok\n");
    let query =
        "SELECT lower(hex(md5)) FROM hashes JOIN file_names ON id = hash_id WHERE name = 'a.txt'";
    assert_eq!(tool(&lab, &["sqlite3", "ours.kdb", query]), format!("{HELLO_MD5}\n"));
    assert!(!lab.path("ours.kdb-journal").exists());
}
