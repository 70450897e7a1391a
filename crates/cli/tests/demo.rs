//! The demo as a user runs it: it passes, it fails when matching is off, and it cleans up.

mod common;

use common::{Lab, Ran, run};
use serde_json::Value;
use std::ffi::OsStr;

fn number(object: &Value, field: &str) -> u64 {
    object[field].as_u64().unwrap_or_else(|| panic!("{field} in {object}"))
}

fn last<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    let found = objects.iter().rfind(|object| object["type"] == kind);
    found.unwrap_or_else(|| panic!("no {kind}"))
}

fn demo(args: &[&OsStr]) -> Ran {
    run([OsStr::new("demo"), OsStr::new("--quiet")].into_iter().chain(args.iter().copied()))
}

#[test]
fn finds_what_was_planted_and_nothing_else() {
    let ran = demo(&["--json".as_ref()]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let objects = ran.json();
    let planted: u64 = ran.of("planted").iter().map(|line| number(line, "planted")).sum();
    let innocent = last(&objects, "innocent");
    assert!(planted + number(innocent, "files") >= 1500);
    assert!(number(innocent, "files") >= 500);
    assert_eq!(number(innocent, "matched"), 0);
    assert!(number(innocent, "ignored") > 50);
    let groups = ran.of("group");
    for (name, least) in [
        ("exact", 100),
        ("renamed", 100),
        ("reencoded", 95),
        ("resized", 95),
        ("stretched", 95),
        ("recoloured", 95),
        ("flipped", 90),
        ("turned", 90),
    ] {
        let group = groups.iter().find(|group| group["group"] == name).unwrap();
        assert_eq!(number(group, "required_percent"), least);
        assert!(number(group, "planted") >= 64, "{group}");
        assert!(number(group, "found") * 100 >= number(group, "planted") * least, "{group}");
    }
    assert_eq!(last(&objects, "demo")["passed"], true);
    assert_eq!(number(last(&objects, "demo"), "mistaken"), 0);
    assert_eq!(objects.last().unwrap()["type"], "timing");
}

/// The fenced block of the README whose first line begins so, without its fences.
fn readme_block<'a>(readme: &'a str, fence: &str) -> &'a str {
    let block = readme.split_once(fence).unwrap_or_else(|| panic!("no {fence} in the README")).1;
    block.split_once("```").map_or(block, |(text, _)| text)
}

#[test]
fn the_readme_shows_what_its_command_prints() {
    let readme = include_str!("../../../README.md");
    let command = readme_block(readme, "```sh\n").trim_end();
    let args = command.strip_prefix("cargo run --release -- ").unwrap();
    let ran = run(args.split(' '));
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert_eq!(readme_block(readme, "```text\n"), ran.out);
}

#[test]
fn fails_when_matching_is_off() {
    let ran = demo(&["--json", "--small", "--without-matching"].map(OsStr::new));
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    let objects = ran.json();
    assert_eq!(last(&objects, "demo")["passed"], false);
    assert_eq!(last(&objects, "demo")["failures"].as_array().unwrap().len(), 8);
    assert!(ran.of("group").iter().all(|group| group["found"] == 0));
    assert!(
        ran.err.starts_with("error: the demo failed: exact copies: found 0 of 6"),
        "{}",
        ran.err
    );
}

#[test]
fn says_what_it_does_and_what_it_found() {
    insta::assert_snapshot!("help", run(["demo", "--help"]).out);
    let ran = demo(&["--small".as_ref()]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    insta::assert_snapshot!("text_for_people", ran.out);
}

#[test]
fn keeps_a_folder_that_was_named_and_the_commands_it_prints_work() {
    let lab = Lab::new();
    let dir = lab.path("new/folder");
    let ran = demo(&["--small".as_ref(), "--dir".as_ref(), dir.as_os_str()]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("nothing innocent matched"), "{}", ran.out);
    for name in ["collection", "lists", "database", "manifest.jsonl"] {
        assert!(dir.join(name).exists(), "{name}");
    }
    // What it says it ran gives the same generation and finds something.
    let scan = ran.out.lines().find_map(|line| line.trim().strip_prefix("hashward scan ")).unwrap();
    let again = run(["scan", "--quiet"].into_iter().chain(scan.split(' ')));
    assert!(matches!(again.code, Some(1 | 4)), "{}{}", again.out, again.err);
    let refused = demo(&["--dir".as_ref(), dir.as_os_str()]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("is not empty"), "{}", refused.err);
}

#[test]
fn the_same_seed_gives_the_same_outcome_for_any_number_of_threads() {
    let one = demo(&["--json", "--small", "-j", "1"].map(OsStr::new));
    let three = demo(&["--json", "--small", "-j", "3"].map(OsStr::new));
    assert_eq!(one.timeless(), three.timeless());
    let other = demo(&["--json", "--small", "--seed", "9"].map(OsStr::new));
    assert_eq!(other.code, Some(0), "{}{}", other.out, other.err);
}
