//! Databases and lists from the command line: outputs, exit codes, advice.

#![allow(clippy::unwrap_used)] // a test that cannot go on may panic

mod common;

use common::{Lab, Ran, finish, hashward, run};
use std::path::Path;

const A: &str = "0123456789abcdef0123456789abcd01";
const B: &str = "0123456789abcdef0123456789abcd02";
const C: &str = "0123456789abcdef0123456789abcd03";
const LONG: &str = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22";

fn done(ran: Ran) -> String {
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    ran.out
}

fn refused(ran: Ran) -> String {
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
    ran.err
}

/// Runs with the lab's folder as the working folder, so that outputs hold no absolute path.
fn at(lab: &Lab, line: &str) -> Ran {
    with_input(lab, line, "")
}

fn with_input(lab: &Lab, line: &str, input: &str) -> Ran {
    finish(hashward().current_dir(lab.root()).args(line.split_whitespace()), input)
}

fn lab() -> Lab {
    let lab = Lab::new();
    lab.write("first.csv", format!("id,md5,category\na,{A},1\nb,{B},1\n"));
    lab.write("second.csv", format!("id,md5,category\na,{A},2\nc,{C},1\n"));
    done(at(&lab, "db create db"));
    lab
}

#[test]
fn help_texts() {
    let commands = [
        "db",
        "db create",
        "db info",
        "db verify",
        "db compact",
        "db audit verify",
        "db audit show",
        "db audit checkpoint",
        "list",
        "list import",
        "list show",
        "list set",
        "list release",
        "list schemes",
        "list sign",
        "list diff",
        "list withdraw",
        "list export",
    ];
    for command in commands {
        let args = command.split(' ').chain(["--help"]);
        let ran = run(args);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
        insta::assert_snapshot!(format!("help_{}", command.replace(' ', "_")), ran.out);
    }
}

#[test]
fn a_list_from_import_to_withdrawal() {
    let lab = lab();
    let times = [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[time]"),
        // What depends on the format of the store, which has tests of its own.
        (r"\d+\.\d KiB", "[size]"),
        (r"(generation +)(\d+ \()?[0-9a-f]{12,64}", "$1$2[digest]"),
        // Digests of the audit chain depend on the time.
        (r"(last|audit head) [0-9a-f]{12,64}", "$1 [digest]"),
    ];
    insta::with_settings!({ filters => times }, {
        let steps = [
            "db info db",
            "list show db",
            "list import db first.csv --name agency --source An-agency --radius 20",
            "list import db second.csv --name agency",
            "list show db",
            "list show db agency",
            "list diff db agency",
            "db info db",
            "db verify db",
            "db audit verify db",
            "db compact db",
            "db compact db",
            "list export db agency --format csv --out -",
            "list export db agency --format hex --out out.txt",
            "list withdraw db agency",
            "list show db",
        ];
        let transcript: String = steps
            .iter()
            .map(|step| {
                let ran = at(&lab, step);
                assert_eq!(ran.code, Some(0), "{step}: {}", ran.err);
                format!("$ hashward {step}\n{}{}\n", ran.out, ran.err)
            })
            .collect();
        insta::assert_snapshot!("list_transcript", transcript);
    });
    assert_eq!(std::fs::read_to_string(lab.path("out.txt")).unwrap(), format!("{A}\n{C}\n"));
}

#[test]
fn refusals_exit_with_2_and_give_advice() {
    let lab = lab();
    done(at(&lab, "list import db first.csv --name agency"));
    lab.write("pdq.csv", format!("pdq,quality\n{LONG},80\n"));
    done(at(&lab, "list import db pdq.csv --name pdq"));
    let before = done(at(&lab, "list show db agency --json"));
    lab.write("bare.txt", format!("{LONG}\n"));
    lab.write("bad.txt", format!("{A}\nzz\n{B}\n{}\n", &B[1..]));
    lab.write("empty.txt", "");
    lab.write("many.txt", format!("{A}\n{}", "zz\n".repeat(30)));
    lab.write("utf16.txt", b"\xFF\xFEa\0");
    lab.write("twice.csv", "md5,MD5\n");
    lab.write("folder/file", "x");
    let lines = [
        ("bare_64_digits", "list import db bare.txt --name x"),
        ("bad_rows", "list import db bad.txt --name agency"),
        ("many_bad_rows", "list import db many.txt --name agency"),
        ("empty", "list import db empty.txt --name x"),
        ("utf16", "list import db utf16.txt --name x"),
        ("twice", "list import db twice.csv --name x"),
        ("folder", "list import db folder --name x"),
        ("missing", "list import db nowhere.txt --name x"),
        ("other_kind", "list import db first.csv --name agency --kind ignore"),
        ("no_database", "list import nowhere first.csv --name x"),
        ("no_name", "list import db first.csv"),
        ("unknown_format", "list import db first.csv --name x --format excel"),
        ("withdraw_unknown", "list withdraw db agancy"),
        ("diff_unknown", "list diff db agancy"),
        ("export_unknown", "list export db agancy --format csv --out x"),
        ("export_unwritable", "list export db agency --format pdq --out x"),
        ("export_nothing_held", "list export db pdq --format vics-2.0 --out x"),
        ("export_no_such_kind", "list export db agency --format hex --hash-kind pdq --out x"),
        ("create_again", "db create db"),
        ("create_in_full_folder", "db create folder"),
        ("verify_nothing", "db verify folder"),
    ];
    for (name, line) in lines {
        let text = refused(at(&lab, line));
        insta::assert_snapshot!(format!("error_list_{name}"), text);
        assert!(!text.contains(&A[..20]) && !text.contains(&LONG[..20]), "{text}");
    }
    assert_eq!(done(at(&lab, "list show db agency --json")), before);
    assert!(!lab.path("x").exists(), "a refused export leaves no file");
}

#[test]
fn an_export_tells_what_it_leaves_out_and_why() {
    let lab = lab();
    lab.write("mixed.csv", format!("id,md5,pdq\na,{A},\nb,,{LONG}\n"));
    done(at(&lab, "list import db mixed.csv --name mixed"));
    let ran = at(&lab, "list export db mixed --format vics-2.0 --out out.json --json");
    assert_eq!(
        ran.err,
        "warning: 1 entry left out, because vics-2.0 holds only entries that have md5; csv and jsonl hold every entry\n"
    );
    let summary = &ran.of("export")[0];
    assert_eq!((&summary["rows"], &summary["left_out"]), (&1.into(), &1.into()));
    assert_eq!(summary["demands"], serde_json::json!(["md5"]));
    let ran = at(&lab, "list export db mixed --format csv --out out.csv --json");
    assert_eq!((ran.err.as_str(), &ran.of("export")[0]["left_out"]), ("", &0.into()));
}

#[test]
fn skipped_rows_are_told_and_counted() {
    let lab = lab();
    lab.write("bad.txt", format!("{A}\nzz\n{B}\n{}\n", &B[1..]));
    let ran = at(&lab, "list import db bad.txt --name x --bad-rows skip --json");
    let object = ran.of("import").remove(0);
    assert_eq!((&object["rows"], &object["bad_rows"]), (&2.into(), &2.into()));
    assert_eq!(
        object["bad_row_examples"][1],
        "bad.txt:4: the md5 value has 31 hexadecimal digits, not 32"
    );
    assert!(ran.err.contains("bad.txt:2: the md5 value has 2 hexadecimal digits"), "{}", ran.err);
}

#[test]
fn several_files_and_standard_input_are_one_version() {
    let lab = lab();
    lab.write("more.txt", format!("{C}\n"));
    let line = "list import db more.txt - first.csv --name all --json";
    let ran = with_input(&lab, line, &format!("{LONG} *from stdin.jpg\n"));
    let object = ran.of("import").remove(0);
    assert_eq!((&object["added"], &object["entries"]), (&4.into(), &4.into()));
    let formats: Vec<_> =
        object["files"].as_array().unwrap().iter().map(|file| file["format"].clone()).collect();
    assert_eq!(formats, ["hex", "md5sum", "csv"]);
    assert!(object["notes"][0].as_str().unwrap().contains("--hash-kind blake3"));
    assert_eq!(object["files"][1]["name"], "standard input");
}

#[test]
fn json_objects_have_types_and_no_hashes() {
    let lab = lab();
    let lines = [
        ("list import db first.csv --name agency --json", vec!["import"]),
        ("list import db second.csv --name agency --delta --json", vec!["import"]),
        ("list show db --json", vec!["list"]),
        ("list show db agency --json", vec!["list", "version", "version"]),
        ("list diff db agency --json", vec!["entry", "entry", "diff"]),
        ("db info db --json", vec!["db"]),
        ("db verify db --json", vec!["verify"]),
        ("db audit verify db --json", vec!["audit"]),
        ("db compact db --json", vec!["compact"]),
        ("list export db agency --format jsonl --out out.jsonl --json", vec!["export"]),
        ("list withdraw db agency --json", vec!["withdraw"]),
    ];
    for (line, types) in lines {
        let ran = at(&lab, line);
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.err);
        let found: Vec<String> =
            ran.json().iter().map(|object| object["type"].as_str().unwrap().to_owned()).collect();
        assert_eq!(found, types, "{line}");
        assert!(!ran.out.contains(&A[..20]), "{line}");
    }
}

#[test]
fn exported_lists_are_private_and_replace_what_is_there() {
    let lab = lab();
    done(at(&lab, "list import db first.csv --name agency"));
    lab.write("out.csv", "older");
    done(at(&lab, "list export db agency --format csv --out out.csv"));
    let text = std::fs::read_to_string(lab.path("out.csv")).unwrap();
    assert!(text.starts_with("id,category,md5\n"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(lab.path("out.csv")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // A target that cannot be written leaves nothing behind.
    refused(at(&lab, "list export db agency --format csv --out nowhere/out.csv"));
    let left = std::fs::read_dir(lab.root()).unwrap();
    let left = left.filter(|entry| {
        entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".hashward")
    });
    assert_eq!(left.count(), 0);
}

/// On a medium that is truly read-only: a read-only bind mount in a mount namespace of our own,
/// which binds root as well. Where the system permits no such mount, the test says so and only
/// compares everything before and after.
#[cfg(target_os = "linux")]
#[test]
fn a_database_opens_on_read_only_media() {
    let lab = lab();
    done(at(&lab, "list import db first.csv --name agency"));
    let script = "mount --bind db db && mount -o remount,ro,bind db && ! touch db/x 2>/dev/null";
    let namespace = |script: &str| {
        let mut command = std::process::Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", script]).current_dir(lab.root());
        finish(&mut command, "")
    };
    let unshare = std::process::Command::new("unshare").arg("--version").output().is_ok();
    let mounts = unshare && namespace(script).code == Some(0);
    if !mounts {
        println!("no read-only mount can be made here; comparing before and after instead");
    }
    let program = env!("CARGO_BIN_EXE_hashward");
    let before = everything(&lab.path("db"));
    let lookup = format!("lookup --db db {A}");
    let lines = ["db info db", "db verify db", "list show db", "list diff db agency", &lookup];
    for line in lines {
        let expected = if line.starts_with("lookup") { 1 } else { 0 };
        let ran = if mounts {
            namespace(&format!("{script} && exec {program} {line}"))
        } else {
            at(&lab, line)
        };
        assert_eq!(ran.code, Some(expected), "{line}: {}", ran.err);
        assert_eq!(everything(&lab.path("db")), before, "{line}");
    }
    if mounts {
        let import = format!("{script} && exec {program} list import db second.csv --name agency");
        let ran = namespace(&import);
        assert_eq!(ran.code, Some(2), "{}", ran.err);
    }
}

/// Names, lengths and times of everything in a folder.
fn everything(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let times = std::fs::metadata(&folder).unwrap().modified().unwrap();
        lines.push(format!("{} {times:?}", folder.display()));
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                let (length, time) = (metadata.len(), metadata.modified().unwrap());
                lines.push(format!("{} {length} {time:?}", entry.path().display()));
            }
        }
    }
    lines.sort();
    lines
}

#[test]
fn files_are_compared_without_being_imported() {
    let lab = Lab::new();
    let row = |number: u32, name: &str| format!("{number},{number:032x},{name}\n");
    let text = |rows: &[String]| format!("id,md5,name\n{}", rows.concat());
    let old = text(&[row(1, "a"), row(2, "b"), row(3, "c")]);
    let db = lab.database(&[("agency", "known", old.clone())]);
    let db = db.to_str().unwrap();
    let new = lab.write("new.csv", text(&[row(1, "a"), row(2, "B"), row(4, "d")]));
    let before = run(["db", "info", db, "--json"]).out;
    let ran = run(["list", "diff", db, "agency", new.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let mut lines: Vec<&str> = ran.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines[..3],
        [
            "+ 4",
            "- 3",
            "`agency` with these files as version 2, against version 1: 1 added, 1 changed, \
             1 removed, 1 unchanged"
        ]
    );
    assert_eq!(lines[3..], ["~ 2"]);
    assert_eq!(run(["db", "info", db, "--json"]).out, before);
    // What the import then says is what was foretold.
    assert_eq!(
        run(["list", "import", db, new.to_str().unwrap(), "--name", "agency"]).code,
        Some(0)
    );
    let after = run(["list", "diff", db, "agency", "--counts"]);
    assert!(after.out.contains("1 added, 1 changed, 1 removed, 1 unchanged"), "{}", after.out);
    let bad = lab.write("bad.csv", "id,md5\n1,zz\n");
    let refused = run(["list", "diff", db, "agency", bad.to_str().unwrap()]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("bad.csv:2"), "{}", refused.err);
    let sql = lab.write("delta.sql", "BEGIN TRANSACTION;\nDELETE FROM FILE;\n");
    let refused = run(["list", "diff", db, "agency", sql.to_str().unwrap()]);
    assert!(refused.err.contains("sqlite3 RDS.db < FILE"), "{}", refused.err);
}

#[test]
fn the_rows_of_a_list_that_is_a_database_are_looked_up() {
    let lab = Lab::new();
    let row = |number: u32| format!("{number},{number:032x}\n");
    let list =
        |rows: std::ops::Range<u32>| format!("id,md5\n{}", rows.map(row).collect::<String>());
    let lists = [("agency", "known", list(1..300)), ("other", "known", list(290..1000))];
    let db = lab.database(&lists);
    let db = db.to_str().unwrap();
    let out = lab.path("other.kdb");
    let out = out.to_str().unwrap();
    done(run(["list", "export", db, "other", "--format", "kdb", "--out", out]));
    done(run(["list", "withdraw", db, "other"]));
    let found = run(["lookup", "--db", db, "--from", out, "--json"]);
    assert_eq!(found.code, Some(1), "{}", found.err);
    assert_eq!(found.of("match").len(), 10);
    let summary = found.summary();
    assert_eq!((summary["rows"].as_u64(), summary["matched"].as_u64()), (Some(710), Some(10)));
    let cut = lab.write("cut.kdb", &std::fs::read(out).unwrap()[..5000]);
    assert_eq!(run(["lookup", "--db", db, "--from", cut.to_str().unwrap()]).code, Some(2));
}
