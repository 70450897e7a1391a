//! Encrypted databases by the binary: keys from options and the environment, the same verdicts, and
//! errors that say what to do.
#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use common::{HEADER, Lab, Ran, finish, hash, hashward, jpeg, picture, png, row, run};
use std::path::Path;

fn with(key: &Path, args: &[&str]) -> Ran {
    finish(hashward().args(args).arg("--key-file").arg(key), "")
}

#[test]
fn verdicts_are_the_same_and_every_command_takes_the_key() {
    let lab = Lab::new();
    let key = lab.write("known.key", [7; 32]);
    let known = lab.write("files/a.jpg", jpeg(&picture(1, 300, 200)));
    let other = lab.write("files/b.png", png(&picture(2, 300, 200)));
    let list = [row("k-1", &hash(&known)), row("k-2", &hash(&other))].concat();
    let list = lab.write("list.csv", format!("{HEADER}{list}"));
    let (plain, sealed) = (lab.path("plain"), lab.path("sealed"));
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (plain, sealed, list) = (text(&plain), text(&sealed), text(&list));
    assert_eq!(run(["db", "create", &plain]).code, Some(0));
    assert_eq!(run(["list", "import", &plain, &list, "--name", "agency"]).code, Some(0));
    let refused = with(&key, &["db", "create", &sealed]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("not --encrypt"), "{}", refused.err);
    assert_eq!(with(&key, &["db", "create", &sealed, "--encrypt"]).code, Some(0));
    assert_eq!(with(&key, &["list", "import", &sealed, &list, "--name", "agency"]).code, Some(0));

    let files = text(&lab.path("files"));
    let md5 = hash(&known)["md5"].as_str().unwrap().to_owned();
    let case = [text(&lab.path("case-p")), text(&lab.path("case-s"))];
    for args in [
        vec!["scan", "--json", &files, "--db"],
        vec!["lookup", "--json", &md5, "--db"],
        vec!["list", "show", "--json", "agency"],
        vec!["list", "diff", "agency"],
        vec!["db", "audit", "verify"],
        vec!["db", "verify"],
        vec!["db", "compact"],
    ] {
        let call = |db: &String| -> Vec<String> {
            let mut args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            let at = match args.last().unwrap().as_str() {
                "--db" => args.len(),
                "agency" => 2,
                _ => args.len(),
            };
            args.insert(at, db.clone());
            args
        };
        let open = run(call(&plain));
        let mut command = hashward();
        let closed = finish(command.args(call(&sealed)).env("HASHWARD_KEY_FILE", &key), "");
        assert_eq!(open.code, closed.code, "{args:?}: {}", closed.err);
        let verdicts = |ran: &Ran| -> Vec<String> {
            let lines = ran.timeless();
            let kinds = ["\"type\":\"match\"", "\"type\":\"summary\"", "no_match"];
            let of = |line: &&str| kinds.iter().any(|kind| line.contains(kind));
            lines.lines().filter(of).map(str::to_owned).collect()
        };
        assert_eq!(verdicts(&open), verdicts(&closed), "{args:?}");
        let locked = run(call(&sealed));
        assert_eq!(locked.code, Some(2), "{args:?}");
        assert!(locked.err.contains("give its key with --key-file"), "{}", locked.err);
    }
    let scan = with(&key, &["scan", "--db", &sealed, "--case", &case[1], &files, "--json"]);
    assert_eq!((scan.code, scan.of("match").len()), (Some(1), 2), "{}", scan.err);
    assert_eq!(with(&key, &["rematch", &case[1], "--db", &sealed]).code, Some(1));
    let out = text(&lab.path("out.csv"));
    let args = ["list", "export", &sealed, "agency", "--format", "csv", "--out", &out];
    assert_eq!(with(&key, &args).code, Some(0));
    assert!(std::fs::read_to_string(&out).unwrap().contains(&md5));
    assert_eq!(with(&key, &["list", "set", &sealed, "agency", "--radius", "20"]).code, Some(0));
    assert_eq!(with(&key, &["list", "withdraw", &sealed, "agency"]).code, Some(0));
    let nothing = with(&key, &["lookup", "--db", &sealed, &md5]);
    assert_eq!(nothing.code, Some(0), "{}{}", nothing.out, nothing.err);
    let explicit = with(&key, &["db", "info", &plain]);
    assert_eq!(explicit.code, Some(2));
    assert!(explicit.err.contains("is not encrypted, though"), "{}", explicit.err);
    assert!(with(&key, &["db", "info", &sealed]).out.contains("(encrypted)"));
}

#[test]
fn passphrases_and_new_keys() {
    let lab = Lab::new();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let db = text(&lab.path("db"));
    let first = text(&lab.write("first", "a passphrase of the lab\nmore lines do not count\n"));
    let short = text(&lab.write("short", "short\n"));
    let key = text(&lab.write("key", [1; 32]));
    let weak = run(["db", "create", &db, "--encrypt", "--passphrase-file", &short]);
    assert_eq!(weak.code, Some(2));
    assert!(weak.err.contains("shorter than 8 characters"), "{}", weak.err);
    assert_eq!(
        run(["db", "create", &text(&lab.path("db2")), "--encrypt"]).err,
        "error: the new key is missing: give --key-file or --passphrase-file, or name a file in HASHWARD_KEY_FILE or HASHWARD_PASSPHRASE_FILE\n"
    );
    let db = text(&lab.path("db3"));
    assert_eq!(run(["db", "create", &db, "--encrypt", "--passphrase-file", &first]).code, Some(0));
    // The variable names the key that there is, not the new one.
    let mut same = hashward();
    same.args(["db", "rekey", &db]).env("HASHWARD_PASSPHRASE_FILE", &first);
    let same = finish(&mut same, "");
    assert_eq!(same.code, Some(2), "{}", same.err);
    let advice = "the new key is missing: give --new-key-file or --new-passphrase-file\n";
    assert!(same.err.contains(advice), "{}", same.err);
    let changed = run(["db", "rekey", &db, "--passphrase-file", &first, "--new-key-file", &key]);
    assert_eq!(changed.code, Some(0), "{}", changed.err);
    let old = run(["db", "info", &db, "--passphrase-file", &first]);
    assert_eq!(old.code, Some(2));
    assert!(old.err.contains("locked with a key file, not with a passphrase"), "{}", old.err);
    assert_eq!(run(["db", "audit", "verify", &db, "--key-file", &key]).code, Some(0));
    let inside = text(&lab.write("db3/key", [1; 32]));
    let refused = run(["db", "rekey", &db, "--key-file", &key, "--new-key-file", &inside]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("keep it elsewhere"), "{}", refused.err);
}

#[test]
fn one_key_that_others_cannot_read() {
    let lab = Lab::new();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (db, other) = (text(&lab.path("db")), text(&lab.path("other")));
    let key = lab.write("key", [1; 32]);
    let phrase = lab.write("phrase", "a passphrase of the lab\n");
    private(&key, 0o600);
    private(&phrase, 0o640);
    let made = with(&key, &["db", "create", &db, "--encrypt"]);
    assert_eq!((made.code, made.err.as_str()), (Some(0), ""));
    // Which of two keys is meant is not guessed.
    for args in [vec!["db", "info", &db], vec!["db", "create", &other, "--encrypt"]] {
        let mut both = hashward();
        both.args(&args).env("HASHWARD_KEY_FILE", &key).env("HASHWARD_PASSPHRASE_FILE", &phrase);
        let both = finish(&mut both, "");
        assert_eq!(both.code, Some(2), "{args:?}");
        assert!(both.err.contains("are both set, and a database has one key"), "{}", both.err);
        // An option says it.
        let mut said = hashward();
        said.args(&args).arg("--key-file").arg(&key);
        said.env("HASHWARD_KEY_FILE", &key).env("HASHWARD_PASSPHRASE_FILE", &phrase);
        assert_eq!(finish(&mut said, "").code, Some(0), "{args:?}");
    }
    if cfg!(unix) {
        let open = run([
            "db",
            "rekey",
            &db,
            "--key-file",
            &text(&key),
            "--new-passphrase-file",
            &text(&phrase),
        ]);
        assert_eq!(open.code, Some(0), "{}", open.err);
        let warning = format!(
            "warning: {}: others may read this key (mode 0640); keep them out with `chmod 600`\n",
            phrase.display()
        );
        assert_eq!(open.err, warning);
    }
}

/// Sets who may read a file, where the system has such a notion.
fn private(path: &Path, mode: u32) {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(path, mode).unwrap();
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
}
