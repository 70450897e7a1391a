use super::*;
use crate::files::FileKind;
use crate::scene::Class;
use std::collections::{BTreeMap, HashSet};

/// A made-up hasher: digests are sums, quality depends on the file.
fn hasher(bytes: &[u8]) -> Result<Fingerprint, String> {
    let sum = bytes.iter().fold(7_u64, |sum, b| crate::rng::mix(sum ^ u64::from(*b)));
    let hex = |width: usize| format!("{sum:016x}").repeat(4)[..width].to_owned();
    let quality = (sum % 100) as u8;
    Ok(Fingerprint { md5: hex(32), sha1: hex(40), sha256: hex(64), pdq: Some((hex(64), quality)) })
}

fn build(threads: usize) -> (tempfile::TempDir, Manifest) {
    let dir = tempfile::tempdir().unwrap();
    let recipe = Recipe { threads, ..Recipe::small(3) };
    let manifest = Collection::build(dir.path(), &recipe, &hasher, &|_, _| true).unwrap();
    (dir, manifest)
}

fn contents(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_path_buf();
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn the_manifest_tells_every_file_and_the_threads_do_not_matter() {
    let (dir, manifest) = build(1);
    let (again, same) = build(3);
    assert_eq!(manifest, same);
    let files = contents(dir.path());
    assert_eq!(files, contents(again.path()));
    let listed: HashSet<PathBuf> =
        manifest.files.iter().map(|f| Path::new(Collection::FILES).join(&f.path)).collect();
    assert_eq!(listed.len(), manifest.files.len(), "no path twice");
    let lists = manifest.lists.iter().map(|list| list.path.clone());
    let all: HashSet<PathBuf> =
        listed.iter().cloned().chain(lists).chain([PathBuf::from(Collection::MANIFEST)]).collect();
    assert_eq!(all, files.keys().cloned().collect());
    assert_eq!(manifest.files.len() as u64, Recipe::small(3).files());
    let text = String::from_utf8(files[Path::new(Collection::MANIFEST)].clone()).unwrap();
    let lines = manifest.files.len() + manifest.known.len() + manifest.lists.len();
    assert_eq!(text.lines().count(), lines);
    assert!(text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
}

#[test]
fn plants_what_it_says() {
    let (dir, manifest) = build(0);
    let files = dir.path().join(Collection::FILES);
    let read = |file: &PlantedFile| std::fs::read(files.join(&file.path)).unwrap();
    let mut classes = HashSet::new();
    for file in &manifest.files {
        let bytes = read(file);
        match file.content {
            Content::Known { known, change: Change::Exact | Change::Renamed } => {
                let own = &manifest.known[known as usize];
                assert_eq!(hasher(&bytes).unwrap(), own.fingerprint);
                assert_eq!(bytes.len() as u64, own.bytes);
            }
            Content::Known { known, change: Change::Transform(_) } => {
                assert_ne!(hasher(&bytes).unwrap(), manifest.known[known as usize].fingerprint);
            }
            Content::Decoy { class, .. } => {
                classes.insert(class);
                assert!(!bytes.is_empty());
            }
            Content::Other(kind) => assert_eq!(bytes.is_empty(), kind == FileKind::Empty),
        }
    }
    assert_eq!(classes.len(), Class::ALL.len());
    let qualities = manifest.known.iter().filter_map(|k| k.fingerprint.pdq.as_ref());
    assert!(qualities.clone().all(|pdq| pdq.1 >= 50));
    assert_eq!(qualities.count(), 6);
    // Half of each expected transform, as the recipe says.
    let grey = Change::Transform(Transform::Grey);
    let planted = manifest
        .files
        .iter()
        .filter(|file| matches!(file.content, Content::Known { change, .. } if change == grey));
    assert_eq!(planted.count(), 3);
}

#[test]
fn lists_hold_the_known_pictures() {
    let (dir, manifest) = build(0);
    let read = |name: &str| {
        let list = manifest.lists.iter().find(|list| list.name == name).unwrap();
        (list, std::fs::read_to_string(dir.path().join(&list.path)).unwrap())
    };
    for known in &manifest.known {
        assert!(read("hotline").1.contains(&known.id));
        let digests = read("agency-north").1.contains(&known.fingerprint.md5)
            || read("agency-south").1.contains(&known.fingerprint.sha1);
        assert!(digests, "{} is in one of the lists of digests", known.id);
    }
    assert_eq!(read("hotline").0.rows, 6);
    assert_eq!(read("agency-south").0.rows, 3 + 400);
    let (list, text) = read("known-good");
    assert!(list.ignore && text.starts_with("%%%% HASHDEEP-1.0\n"));
    assert!(text.contains(&manifest.known[0].fingerprint.md5), "a conflict to settle");
}

#[test]
fn errors_stop_the_work() {
    let dir = tempfile::tempdir().unwrap();
    let recipe = Recipe::small(1);
    let stopped = Collection::build(dir.path(), &recipe, &hasher, &|done, _| done < 10);
    assert!(matches!(stopped, Err(SynthError::Stopped)));
    let failing = |_: &[u8]| Err("no worker".to_owned());
    let failed = Collection::build(dir.path(), &recipe, &failing, &|_, _| true);
    assert!(matches!(failed, Err(SynthError::Hash(text)) if text == "no worker"));
    let empty = Recipe { known: 0, ..recipe };
    let refused = Collection::build(dir.path(), &empty, &hasher, &|_, _| true);
    assert!(matches!(refused, Err(SynthError::Recipe(_))));
}

#[test]
fn the_demo_is_as_large_as_promised() {
    let recipe = Recipe::demo(1);
    assert!(recipe.files() >= 1500 && recipe.decoys >= 500);
}
