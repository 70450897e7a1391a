//! Lists that are not taken on trust: sources, expiry, floods, vetoes, schemes, signatures, audit.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // tests may panic, and say why they skip

mod common;

use common::{Lab, Ran, finish, hashward};
use serde_json::Value;
use std::process::Command;

const A: &str = "0123456789abcdef0123456789abcd01";
const B: &str = "0123456789abcdef0123456789abcd02";

fn at(lab: &Lab, line: &str) -> Ran {
    finish(hashward().current_dir(lab.root()).args(line.split_whitespace()), "")
}

fn done(ran: Ran) -> String {
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    ran.out
}

fn refused(ran: Ran) -> String {
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
    ran.err
}

fn lab(lists: &[(&str, String)]) -> Lab {
    let lab = Lab::new();
    done(at(&lab, "db create db"));
    for (name, content) in lists {
        lab.write(name, content);
    }
    lab
}

/// The answer to a look-up of one hash, whatever it is.
fn look_up(lab: &Lab, options: &str, hash: &str) -> Value {
    let ran = at(lab, &format!("lookup --db db --json {options} {hash}"));
    let mut answers = ran.json();
    let expected = if answers[0]["type"] == "match" { 1 } else { 0 };
    assert_eq!((answers.len(), ran.code), (1, Some(expected)), "{}{}", ran.out, ran.err);
    answers.remove(0)
}

fn tiers(answer: &Value) -> Vec<String> {
    let matches = answer["matches"].as_array().cloned().unwrap_or_default();
    matches.iter().map(|found| found["tier"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn several_lists_are_one_finding_and_sources_are_counted() {
    let row = format!("id,md5\nx,{A}\n");
    let lab = lab(&[("one.csv", row.clone()), ("two.csv", row.replace('x', "y"))]);
    done(at(&lab, "list import db one.csv --name worst-of --source Interpol --requires-sources 2"));
    let alone = look_up(&lab, "", A);
    assert_eq!(tiers(&alone), ["review"]);
    assert_eq!(alone["matches"][0]["doubts"][0], "too_few_sources");
    // The same body under another list, and in other letters, is no second source.
    done(at(&lab, "list import db two.csv --name again --source INTERPOL"));
    assert_eq!(tiers(&look_up(&lab, "", A)), ["exact", "review"]);
    done(at(&lab, "list import db two.csv --name hotline --source Hotline --action block,report"));
    let both = look_up(&lab, "", A);
    assert_eq!(tiers(&both), ["exact", "exact", "exact"]);
    let findings = both["findings"].as_array().unwrap();
    assert_eq!((findings.len(), &findings[0]["sources"]), (1, &2.into()));
    let lists: Vec<&Value> =
        findings[0]["attestations"].as_array().unwrap().iter().map(|it| &it["list"]).collect();
    assert_eq!(lists, ["again", "hotline", "worst-of"]);
    assert_eq!(both["matches"][1]["actions"], serde_json::json!(["block", "report"]));
    // The user can ask for more, of all lists.
    assert_eq!(tiers(&look_up(&lab, "--requires-sources 3", A)), ["review"; 3]);
    let text = at(&lab, &format!("lookup --db db {A}"));
    assert_eq!(text.out.lines().count(), 1, "{}", text.out);
    assert!(text.out.contains("again v1: y (md5); also hotline v1: y (md5); also worst-of"));
    let verified = done(at(&lab, "db verify db"));
    assert!(verified.starts_with("sound"), "{verified}");
}

#[test]
fn an_expired_list_matches_nothing_and_says_so() {
    let lab = lab(&[("one.csv", format!("id,md5\nx,{A}\n"))]);
    lab.write("evidence/file.txt", "nothing of interest");
    done(at(&lab, "list import db one.csv --name agency --expires 2026-03-31"));
    let now = at(&lab, &format!("lookup --db db --json {A}"));
    assert_eq!(now.code, Some(0), "{}", now.out);
    assert_eq!(now.json()[0]["expired_lists"], serde_json::json!(["agency"]));
    assert!(now.err.contains("expired after 2026-03-31"), "{}", now.err);
    assert_eq!(tiers(&look_up(&lab, "--as-of 2026-03-31", A)), ["exact"]);
    assert_eq!(tiers(&look_up(&lab, "--as-of 2026-04-01", A)).len(), 0);
    let scanned = at(&lab, "scan --db db --json evidence");
    assert!(scanned.err.contains("warning: the list `agency` expired"), "{}", scanned.err);
    let run = &scanned.of("run")[0];
    assert_eq!(run["lists"][0]["status"], "expired");
    assert!(run.get("as_of").is_none(), "the clock stands in no record: {run}");
    assert_eq!(scanned.of("summary")[0]["expired_lists"], serde_json::json!(["agency"]));
    let then = at(&lab, "scan --db db --json --as-of 2026-01-01 evidence");
    assert_eq!(then.of("run")[0]["lists"][0]["status"], "active");
    assert_eq!(then.of("run")[0]["as_of"], "2026-01-01");
    assert_eq!(then.of("summary")[0]["expired_lists"], serde_json::json!([]));
    assert!(done(at(&lab, "list show db")).contains("(expired)"));
    done(at(&lab, "list set db agency --expires 2999-12-31"));
    assert_eq!(tiers(&look_up(&lab, "", A)), ["exact"]);
    refused(at(&lab, "list set db agency --expires tomorrow"));
}

#[test]
fn a_flood_is_held_until_it_is_released() {
    let rows = |count: u32| -> String {
        let row = |n| format!("e{n},{:032x}\n", n + 1);
        "id,md5\n".to_owned() + &(0..count).map(row).collect::<String>()
    };
    let hash = |n: u32| format!("{:032x}", n + 1);
    let lab = lab(&[("10.csv", rows(10)), ("12.csv", rows(12)), ("30.csv", rows(30))]);
    let first = done(at(&lab, "list import db 10.csv --name agency --hold-above 20%"));
    assert!(!first.contains("held"), "the first version has nothing to compare with: {first}");
    let second = done(at(&lab, "list import db 12.csv --name agency"));
    assert!(!second.contains("held"), "{second}");
    let third = done(at(&lab, "list import db 30.csv --name agency"));
    assert!(third.contains("18 new and changed entries are held"), "{third}");
    let doubted = look_up(&lab, "", &hash(20));
    assert_eq!(tiers(&doubted), ["review"]);
    assert_eq!(doubted["matches"][0]["doubts"], serde_json::json!(["held"]));
    assert_eq!(tiers(&look_up(&lab, "", &hash(5))), ["exact"]);
    // Neither compacting nor another version lets them through.
    at(&lab, "db compact db");
    done(at(&lab, "list import db 30.csv --name agency"));
    assert_eq!(tiers(&look_up(&lab, "", &hash(20))), ["review"]);
    assert!(done(at(&lab, "list show db")).contains("(18 held for review)"));
    done(at(&lab, "db verify db"));
    let released = done(at(&lab, "list release db agency"));
    assert_eq!(released, "released 18 entries of `agency` version 4\n");
    assert_eq!(tiers(&look_up(&lab, "", &hash(20))), ["exact"]);
    at(&lab, "db compact db");
    assert_eq!(tiers(&look_up(&lab, "", &hash(20))), ["exact"]);
    done(at(&lab, "db verify db"));
}

#[test]
fn a_veto_takes_matches_away_and_is_told() {
    let disputed = format!("{{\"id\":\"d\",\"md5\":\"{A}\",\"opinion\":\"disputed\"}}\n");
    let lab = lab(&[
        ("known.csv", format!("id,md5\nx,{A}\ny,{B}\n")),
        ("false.csv", format!("id,md5\nf,{B}\n")),
        ("disputed.jsonl", disputed),
    ]);
    done(at(&lab, "list import db known.csv --name known"));
    done(at(&lab, "list import db false.csv --name false-positives --kind ignore"));
    done(at(&lab, "list import db disputed.jsonl --name exchange"));
    // Without a veto known beats ignore, and a disputed entry only doubts itself.
    assert_eq!(tiers(&look_up(&lab, "", B)), ["exact"]);
    assert_eq!(tiers(&look_up(&lab, "", A)), ["review", "exact"]);
    done(at(&lab, "list set db false-positives --veto"));
    done(at(&lab, "list set db exchange --veto"));
    for (hash, by) in [(A, "exchange"), (B, "false-positives")] {
        let answer = look_up(&lab, "", hash);
        assert_eq!(answer["type"], "no_match", "{answer}");
        assert_eq!(answer["vetoed"][0]["vetoed_by"][0]["list"], by, "{answer}");
    }
    let text = at(&lab, &format!("lookup --db db {B}")).out;
    assert!(text.starts_with(&format!("vetoed  {B}  known v1: y (md5)")), "{text}");
    // A file of which the veto list knows the bytes.
    let file = lab.write("evidence/file.txt", "some content");
    let md5 = common::hash(&file)["md5"].as_str().unwrap().to_owned();
    for (name, list) in [("more.csv", "known"), ("clear.csv", "false-positives")] {
        lab.write(name, format!("id,md5\nz,{md5}\n"));
        done(at(&lab, &format!("list import db {name} --name {list} --delta")));
    }
    let scanned = at(&lab, "scan --db db --json evidence");
    assert_eq!(scanned.code, Some(0), "{}", scanned.out);
    assert_eq!(scanned.of("vetoed")[0]["matches"][0]["entry"], "z");
    let summary = &scanned.of("summary")[0];
    assert_eq!((&summary["vetoed"], &summary["matched"]), (&1.into(), &0.into()));
    done(at(&lab, "list withdraw db false-positives"));
    assert_eq!(at(&lab, "scan --db db evidence").code, Some(1));
    done(at(&lab, "db verify db"));
}

#[test]
fn categories_are_those_of_a_scheme() {
    let rows = format!(
        "id,md5,category,Series,VictimIdentified,IsDistributed,Tags\n\
         x,{A},cam,S1,true,False,\"a, b\"\ny,{B},Level 9,,,,\n"
    );
    let lab = lab(&[("list.csv", rows)]);
    let import = "list import db list.csv --name agency --scheme us-vics --map-category";
    let told = finish(
        hashward().current_dir(lab.root()).args(import.split(' ')).arg("Level 9=non-pertinent"),
        "",
    );
    done(told);
    let found = look_up(&lab, "", A)["matches"][0].clone();
    let fields = ["category", "scheme", "category_name", "series", "victim_identified"];
    let values: Vec<&Value> = fields.iter().map(|field| &found[field]).collect();
    let expected = serde_json::json!(["1", "us-vics", "child abuse material", "S1", true]);
    assert_eq!(serde_json::json!(values), expected);
    assert_eq!(
        (&found["distributed"], &found["tags"]),
        (&false.into(), &serde_json::json!(["a", "b"]))
    );
    let negative = look_up(&lab, "", B);
    assert_eq!(negative["type"], "no_match");
    assert_eq!(negative["denied_by"][0]["entry"], "y");
    // What the list said comes out again.
    let exported = done(at(&lab, "list export db agency --format jsonl --out -"));
    assert!(exported.contains("\"source_category\":\"Level 9\""), "{exported}");
    // A scheme of one's own.
    let own = r#"{"name":"own","title":"Ours","categories":[{"code":"K","name":"known","aliases":["cam"]}]}"#;
    lab.write("own.json", own);
    done(at(&lab, "list schemes db --add own.json"));
    assert!(refused(at(&lab, "list schemes db --add own.json")).contains("already"));
    assert!(done(at(&lab, "list schemes db")).contains("own  Ours  1 category"));
    let ran = at(&lab, "list import db list.csv --name second --scheme own");
    assert!(
        ran.err.contains("1 rows have categories that the scheme `own` lacks: Level 9"),
        "{}",
        ran.err
    );
    let second = look_up(&lab, "", A);
    assert_eq!(second["matches"][1]["category"], "K");
    assert!(refused(at(&lab, "list set db agency --scheme nothing")).contains("us-vics"));
    done(at(&lab, "db verify db"));
}

fn there_is(program: &str) -> bool {
    let there = Command::new(program).arg("-?").output().is_ok();
    if !there {
        println!("skipped: {program} is not installed here");
    }
    there
}

/// Makes a key `name` and `name.pub` in the lab.
fn make_key(lab: &Lab, name: &str) {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", "ed25519", "-N", "", "-f", name]).current_dir(lab.root());
    assert!(command.status().unwrap().success());
}

#[test]
fn a_list_with_a_trusted_key_takes_only_what_is_signed() {
    if !there_is("ssh-keygen") {
        return;
    }
    let lab =
        lab(&[("list.csv", format!("id,md5\nx,{A}\n")), ("other.csv", format!("id,md5\ny,{B}\n"))]);
    make_key(&lab, "agency");
    make_key(&lab, "stranger");
    done(at(&lab, "list sign list.csv --key agency"));
    done(at(&lab, "list sign other.csv --key agency"));
    done(at(&lab, "list sign list.csv --key stranger --out strange.sig"));
    assert!(refused(at(&lab, "list sign list.csv --key agency")).contains("list.csv.sig"));
    let import = "list import db list.csv --name agency";
    assert!(
        refused(at(&lab, &format!("{import} --signature list.csv.sig"))).contains("--trusted-key")
    );
    done(at(&lab, &format!("{import} --trusted-key agency.pub --signature list.csv.sig")));
    let shown = done(at(&lab, "list show db agency"));
    assert!(
        shown.contains("trusted keys: SHA256:") && shown.contains("signed by SHA256:"),
        "{shown}"
    );
    let before = done(at(&lab, "list show db agency --json"));
    let audit = done(at(&lab, "db audit show db --json"));
    // From now on the list demands it, and keeps its key.
    assert!(refused(at(&lab, import)).contains("came with 0 signatures"));
    let strange = at(&lab, &format!("{import} --signature strange.sig"));
    assert!(refused(strange).contains("another key"));
    let keys = format!("{import} --trusted-key stranger.pub --signature strange.sig");
    assert!(refused(at(&lab, &keys)).contains("other trusted keys"));
    let swapped = at(&lab, &format!("{import} --signature other.csv.sig"));
    assert!(refused(swapped).contains("does not hold"));
    let content = std::fs::read(lab.path("list.csv")).unwrap();
    for position in 0..content.len() {
        let mut changed = content.clone();
        changed[position] ^= 1;
        lab.write("changed.csv", &changed);
        let line =
            "list import db changed.csv --name agency --signature list.csv.sig --bad-rows skip";
        refused(at(&lab, line));
    }
    assert_eq!(done(at(&lab, "list show db agency --json")), before);
    assert_eq!(done(at(&lab, "db audit show db --json")), audit);
    done(at(&lab, "list import db other.csv --name agency --signature other.csv.sig"));
    done(at(&lab, "list set db agency --unset trusted-key"));
    done(at(&lab, import));
    done(at(&lab, "db verify db"));
}

#[test]
fn a_checkpoint_shows_what_was_cut_off() {
    if !there_is("ssh-keygen") {
        return;
    }
    let lab = lab(&[("list.csv", format!("id,md5\nx,{A}\n"))]);
    make_key(&lab, "lab");
    make_key(&lab, "stranger");
    let copied = Command::new("cp").args(["-r", "db", "older"]).current_dir(lab.root()).status();
    assert!(copied.unwrap().success());
    done(at(&lab, "list import db list.csv --name agency"));
    let made = done(at(&lab, "db audit checkpoint db --key lab --out monday.note"));
    assert!(made.starts_with("signed 2 audit records with SHA256:"), "{made}");
    done(at(&lab, "list withdraw db agency"));
    let verify = "db audit verify db --checkpoint monday.note --public-key";
    let verified = done(at(&lab, &format!("{verify} lab.pub")));
    assert!(verified.contains("continues the checkpoint of 2 records"), "{verified}");
    assert!(refused(at(&lab, &format!("{verify} stranger.pub"))).contains("another key"));
    let older = format!("{verify} lab.pub").replace(" db --", " older --");
    assert!(refused(at(&lab, &older)).contains("had 2 records and has 1"));
    let note = std::fs::read_to_string(lab.path("monday.note")).unwrap();
    lab.write("monday.note", note.replacen("\n2\n", "\n1\n", 1));
    assert!(refused(at(&lab, &format!("{verify} lab.pub"))).contains("does not hold"));
    let shown = done(at(&lab, "db audit show db"));
    assert_eq!(shown.lines().count(), 3, "{shown}");
    assert!(shown.contains("withdraw  `agency`  by "), "{shown}");
}
