//! A case keeps what it was given, and nothing that is stale or damaged.
#![allow(clippy::unwrap_used)]

use hashward_case::{Case, CaseError, FILE_NAME, Item, Outcome, Settings, Stamp};
use hashward_media::Reason;
use std::path::Path;

fn stamp(size: u64) -> Stamp {
    Stamp { size, file: 7, modified: 123_456_789_000_000_000, changed: 123_456_789_000_000_001 }
}

fn item(path: &str, size: u64, settings: Settings) -> Item {
    let detail = format!("{path} has {size} bytes");
    let outcome = Outcome::Failed { reason: Reason::Limit, detail, is_file: true };
    Item { path: path.into(), stamp: Some(stamp(size)), settings, outcome }
}

#[test]
fn items_come_back_in_the_order_of_a_walk() {
    let folder = tempfile::tempdir().unwrap();
    let mut case = Case::open_or_create(folder.path()).unwrap();
    let settings = case.settings("one").unwrap();
    let paths = ["b", "a.txt", "a/z", "a/b/c", "a/b.jpg"];
    // More than a page of further items.
    let more: Vec<String> = (0..100).map(|i| format!("z/{i:03}")).collect();
    let all: Vec<Item> = paths
        .into_iter()
        .chain(more.iter().map(String::as_str))
        .map(|path| item(path, 1, settings))
        .collect();
    case.write(&all, None, &[]).unwrap();
    drop(case);
    let case = Case::open(folder.path()).unwrap();
    let found: Vec<Item> = case.items().unwrap().map(Result::unwrap).collect();
    let order: Vec<&str> = found.iter().map(|item| item.path.to_str().unwrap()).collect();
    assert_eq!(order[..5], ["a/b/c", "a/b.jpg", "a/z", "a.txt", "b"]);
    assert_eq!(order[5..], more);
    assert!(all.iter().all(|item| found.contains(item)));
}

#[test]
fn only_the_same_file_under_the_same_settings_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut case = Case::open_or_create(folder.path()).unwrap();
    let (one, other) = (case.settings("one").unwrap(), case.settings("other").unwrap());
    assert_eq!(case.settings("one").unwrap(), one);
    let kept = item("a/b", 5, one);
    let again = Item { stamp: None, ..item("a/c", 5, one) };
    case.write(&[kept.clone(), again], None, &[]).unwrap();
    let reader = case.reader().unwrap();
    let find = |path: &str, stamp: &Stamp, settings| {
        reader.find(Path::new(path), stamp, settings).unwrap()
    };
    assert_eq!(find("a/b", &stamp(5), one), Some(kept.outcome.clone()));
    assert_eq!(find("a//b", &stamp(5), one), Some(kept.outcome));
    assert_eq!(find("a/b", &stamp(6), one), None);
    assert_eq!(find("a/b", &stamp(5), other), None);
    assert_eq!(find("a/c", &stamp(5), one), None);
    for changed in [
        Stamp { file: 8, ..stamp(5) },
        Stamp { modified: 0, ..stamp(5) },
        Stamp { changed: 0, ..stamp(5) },
    ] {
        assert_eq!(find("a/b", &changed, one), None);
    }
    // A newer examination takes the place of the older one.
    let newer = item("a/b", 6, other);
    case.write(std::slice::from_ref(&newer), None, &[]).unwrap();
    assert_eq!(find("a/b", &stamp(5), one), None);
    assert_eq!(find("a/b", &stamp(6), other), Some(newer.outcome));
    assert_eq!(case.settings_in_use().unwrap(), ["one", "other"]);
}

#[test]
fn an_unfinished_run_is_taken_up_again_and_a_finished_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut case = Case::open_or_create(folder.path()).unwrap();
    let findings = |case: &Case| {
        let mut lines = Vec::new();
        let summary = case.last_findings(|line| lines.push(line.to_owned())).unwrap();
        (lines, summary)
    };
    let run = case.begin_run("question").unwrap();
    case.write(&[], Some(run), &[(0, "half".into())]).unwrap();
    assert_eq!(findings(&case), (vec![], None));
    assert_eq!(case.begin_run("question").unwrap(), run);
    case.write(&[], Some(run), &[(0, "first".into()), (1, "second".into())]).unwrap();
    case.finish_run(run, "all").unwrap();
    let other = case.begin_run("question").unwrap();
    assert_ne!(other, run);
    case.write(&[], Some(other), &[(0, "later".into())]).unwrap();
    assert_ne!(case.begin_run("another question").unwrap(), other);
    assert_eq!(findings(&case), (vec!["first".into(), "second".into()], Some("all".into())));
}

#[test]
fn one_process_writes_and_other_folders_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case");
    assert!(matches!(Case::open(&path), Err(CaseError::Missing { .. })));
    let case = Case::open_or_create(&path).unwrap();
    assert!(matches!(Case::open(&path), Err(CaseError::Busy { .. })));
    drop(case);
    assert!(Case::open(&path).is_ok());
    std::fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    assert!(matches!(Case::open_or_create(folder.path()), Err(CaseError::NotACase { .. })));
    let foreign = folder.path().join("foreign");
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join(FILE_NAME), "no database at all, whatever its name says").unwrap();
    assert!(matches!(Case::open(&foreign), Err(CaseError::Damaged { .. })));
}

#[test]
fn damage_is_an_error_and_never_another_finding() {
    let folder = tempfile::tempdir().unwrap();
    let mut case = Case::open_or_create(folder.path()).unwrap();
    let settings = case.settings("one").unwrap();
    case.write(&[item("some/path", 5, settings)], None, &[]).unwrap();
    drop(case);
    let file = folder.path().join(FILE_NAME);
    let bytes = std::fs::read(&file).unwrap();
    // The last digit of "has 5 bytes" in the kept record.
    let at = bytes.windows(11).position(|text| text == b"has 5 bytes").unwrap() + 4;
    let mut damaged = bytes;
    damaged[at] = b'6';
    std::fs::write(&file, damaged).unwrap();
    let case = Case::open(folder.path()).unwrap();
    let error = case.items().unwrap().next().unwrap().unwrap_err();
    assert!(matches!(error, CaseError::Damaged { .. }), "{error}");
    let found = case.reader().unwrap().find(Path::new("some/path"), &stamp(5), settings);
    assert!(matches!(found, Err(CaseError::Damaged { .. })));
}
