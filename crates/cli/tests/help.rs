//! What the program says about itself and about wrong arguments.

mod common;

use common::{hashward, run};

#[test]
fn help_texts() {
    for command in [
        "",
        "hash",
        "lookup",
        "scan",
        "register",
        "rematch",
        "bench search",
        "bench hash",
        "bench digest",
        "bench scan",
        "eval",
        "calibrate",
    ] {
        let args: Vec<&str> =
            command.split(' ').chain(["--help"]).filter(|a| !a.is_empty()).collect();
        let ran = run(&args);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
        let name = if command.is_empty() { "hashward" } else { command }.replace(' ', "_");
        insta::assert_snapshot!(format!("help_{name}"), ran.out);
    }
}

#[test]
fn wrong_arguments_exit_with_2_and_say_why() {
    let cases: &[(&str, &[&str])] = &[
        ("no_command", &[]),
        ("no_path", &["hash"]),
        ("unknown_kind", &["hash", "--kinds", "md4", "x"]),
        ("no_database", &["scan", "x"]),
        ("wide_radius", &["scan", "--db", "db", "--radius", "300", "x"]),
        ("no_threads", &["scan", "--db", "db", "-j", "0", "x"]),
        ("missing_database", &["scan", "--db", "/no/such/db", "x"]),
        ("lookup_missing_database", &["lookup", "--db", "/no/such/db", "00"]),
    ];
    for (name, args) in cases {
        let ran = run(*args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{name}");
        insta::assert_snapshot!(format!("error_{name}"), ran.err);
    }
}

#[test]
fn bench_search_prints_what_scripts_rely_on() {
    for method in ["auto", "linear", "prefix", "bktree", "mih"] {
        let args =
            format!("bench search --n 3000 --radius 31 --queries 20 --method {method} --json");
        let ran = run(args.split(' '));
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
        let line: serde_json::Value = serde_json::from_str(&ran.out).expect("one line of JSON");
        for (field, value) in [("type", "bench"), ("method", method)] {
            assert_eq!(line[field], value);
        }
        for (field, value) in [("n", 3000), ("radius", 31), ("checked", 20)] {
            assert_eq!(line[field], value);
        }
        for field in ["median_us", "p99_us", "visited", "bytes_per_hash", "build_seconds"] {
            assert!(line[field].is_number(), "{field} of {method}");
        }
        assert!(line["matches"].as_u64() >= Some(10));
        assert!(line["visited"].as_f64() <= Some(1.0), "{method} compares no pair twice");
    }
}

#[test]
fn version() {
    let ran = run(["--version"]);
    assert_eq!(ran.out, format!("hashward {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_pinned_backend_that_is_not_there_is_refused() {
    for pin in ["neo", if cfg!(target_arch = "aarch64") { "avx2" } else { "neon" }] {
        let mut command = hashward();
        command.env("HASHWARD_BACKEND", pin).args(["hash", "x"]);
        let ran = common::finish(&mut command, "");
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
        assert!(ran.err.starts_with("error: HASHWARD_BACKEND"), "{}", ran.err);
    }
}

#[test]
fn a_worker_without_a_supervisor_ends() {
    let worker = hashward().arg("__worker").stdin(std::process::Stdio::null()).output().unwrap();
    assert!(worker.status.code().is_some());
}
