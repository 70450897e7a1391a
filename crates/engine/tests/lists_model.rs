//! Random histories of a list against a plain model of what they mean.

#![allow(clippy::unwrap_used)] // a test that cannot go on may panic

use hashward_catalogue::Counts;
use hashward_engine::database::{Access, Database};
use hashward_engine::import::{ImportError, ImportInput, ImportRequest};
use hashward_hash::HashValue;
use hashward_store::{EntryKey, EntryRow};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A row: identifier 0 to 9, hash, whether it is deleted.
type Row = (u8, u8, bool);

#[derive(Debug, Clone)]
enum Step {
    Whole(Vec<Row>),
    Delta(Vec<Row>),
    Withdraw,
    Compact,
    Reopen,
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((0..10u8, 0..4u8, prop::bool::weighted(0.2)), 1..12)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => rows().prop_map(Step::Whole),
        4 => rows().prop_map(Step::Delta),
        1 => Just(Step::Withdraw),
        1 => Just(Step::Compact),
        1 => Just(Step::Reopen),
    ]
}

/// What the list should hold: the hashes of each identifier and its number.
#[derive(Default)]
struct Model {
    entries: BTreeMap<u8, (Vec<u8>, u64)>,
    active: bool,
    withdrawn: bool,
    given: u64,
}

impl Model {
    fn import(&mut self, rows: &[Row], delta: bool) {
        // The rows of each identifier after the last one that deletes it.
        let mut told: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
        for (id, hash, deleted) in rows {
            let hashes = told.entry(*id).or_default();
            if *deleted { hashes.clear() } else { hashes.push(*hash) }
        }
        let mut new: BTreeMap<u8, (Vec<u8>, u64)> = BTreeMap::new();
        if delta {
            new = self.entries.clone();
        }
        for (id, mut hashes) in told {
            hashes.sort_unstable();
            hashes.dedup();
            if hashes.is_empty() {
                new.remove(&id);
            } else {
                // Zero marks a number that is still to be given.
                let number = self.entries.get(&id).map_or(0, |(_, number)| *number);
                new.insert(id, (hashes, number));
            }
        }
        self.entries = new;
        self.active = true;
        self.withdrawn = false;
    }
}

/// A row of a list whose rows say more: identifier, hash, name, quality, whether it is deleted.
type Told = (u8, u8, Option<u8>, Option<u8>, bool);

fn told() -> impl Strategy<Value = Told> {
    let (name, quality) = (prop::option::of(0..3u8), prop::option::weighted(0.2, 40..42u8));
    (0..12u8, 0..3u8, name, quality, prop::bool::weighted(0.05))
}

/// Two versions of a list that have most rows in common, perhaps more than once and with others of
/// the same entry between them.
fn versions() -> impl Strategy<Value = (Vec<Told>, Vec<Told>)> {
    let old = prop::collection::vec(told(), 1..20);
    let how = prop::collection::vec((0..10u8, any::<prop::sample::Index>()), 1..40);
    (old, how, prop::collection::vec(told(), 0..4)).prop_map(|(old, how, fresh)| {
        let mut new: Vec<Told> =
            old.iter().zip(&how).filter(|(_, how)| how.0 > 0).map(|(row, _)| *row).collect();
        for ((how, at), extra) in how.iter().zip(old.iter().chain(&fresh)) {
            if *how > 7 || fresh.contains(extra) {
                new.insert(at.index(new.len() + 1), *extra);
            }
        }
        (old, new)
    })
}

fn told_text(rows: &[Told]) -> String {
    let row = |(id, hash, name, quality, deleted): &Told| {
        let mut row = serde_json::json!({
            "id": id.to_string(), "md5": format!("{:032x}", u32::from(*hash) + 1), "deleted": deleted,
        });
        if let Some(name) = name {
            row["name"] = format!("name {name}").into();
        }
        if let Some(quality) = quality {
            row["pdq"] = "0123456789abcdef".repeat(4).into();
            row["quality"] = (*quality).into();
        }
        format!("{row}\n")
    };
    rows.iter().map(row).collect()
}

fn import(database: &mut Database, text: String) -> Result<Counts, ImportError> {
    let reader = Box::new(std::io::Cursor::new(text.into_bytes()));
    let inputs = vec![ImportInput::Stream { name: "rows".into(), reader }];
    let request = ImportRequest { inputs, ..ImportRequest::new("list") };
    Ok(database.import(request, &mut |_| {})?.counts)
}

/// All that the list says, by key.
fn whole(database: &Database) -> BTreeMap<EntryKey, EntryRow> {
    let rows = database.generation();
    let rows = rows.entries(0).unwrap().map(|row| row.unwrap());
    rows.map(|row| (row.key, row)).collect()
}

fn text(rows: &[Row]) -> String {
    let row = |(id, hash, deleted): &Row| {
        format!(
            "{{\"id\":\"{id}\",\"md5\":\"{:032x}\",\"deleted\":{deleted}}}\n",
            u32::from(*hash) + 1
        )
    };
    rows.iter().map(row).collect()
}

fn contents(database: &Database) -> BTreeMap<u8, (Vec<u8>, u64)> {
    let generation = database.generation();
    if generation.lists().is_empty() {
        return BTreeMap::new();
    }
    let mut found = BTreeMap::new();
    for row in generation.entries(0).unwrap() {
        let row = row.unwrap();
        let hash = |hash: &HashValue| hash.with_bytes(|bytes| bytes[15] - 1);
        let mut hashes: Vec<u8> = row.hashes.iter().map(hash).collect();
        hashes.sort_unstable();
        found.insert(row.source_id.unwrap().parse().unwrap(), (hashes, row.entry.0));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_version_is_the_same_whatever_was_there_before((old, new) in versions()) {
        let folder = tempfile::tempdir().unwrap();
        let mut fresh = Database::create(&folder.path().join("fresh")).unwrap();
        let mut after = Database::create(&folder.path().join("after")).unwrap();
        prop_assume!(import(&mut after, told_text(&old)).is_ok());
        let before = whole(&after);
        let Ok(expected) = import(&mut fresh, told_text(&new)) else {
            prop_assert!(import(&mut after, told_text(&new)).is_err());
            return Ok(());
        };
        let counts = import(&mut after, told_text(&new)).unwrap();
        let (expected_rows, rows) = (whole(&fresh), whole(&after));
        prop_assert!(rows.keys().eq(expected_rows.keys()));
        let mut told = Counts { added: 0, ..expected };
        for (key, row) in &rows {
            let expected = &expected_rows[key];
            let same = before.get(key).filter(|old| old.payload_digest() == row.payload_digest());
            match (same, before.contains_key(key)) {
                (Some(_), _) => told.unchanged += 1,
                (None, true) => told.changed += 1,
                (None, false) => told.added += 1,
            }
            let source_row = same.map_or(expected.source_row, |old| old.source_row);
            let entry = before.get(key).map_or(row.entry, |old| old.entry);
            prop_assert_eq!((row.entry, row.source_row), (entry, source_row));
            let numbers = (expected.entry, expected.source_row);
            let row = EntryRow { entry: numbers.0, source_row: numbers.1, ..row.clone() };
            prop_assert!(row == *expected);
        }
        told.removed = before.keys().filter(|key| !rows.contains_key(key)).count() as u64;
        prop_assert_eq!(counts, told);
        after.verify().unwrap();
    }

    #[test]
    fn every_history_means_what_the_model_says(steps in prop::collection::vec(step(), 1..9)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let mut database = Database::create(&path).unwrap();
        let mut model = Model::default();
        for step in steps {
            match &step {
                Step::Whole(rows) | Step::Delta(rows) => {
                    let delta = matches!(step, Step::Delta(_));
                    let reader = Box::new(std::io::Cursor::new(text(rows).into_bytes()));
                    let inputs = vec![ImportInput::Stream { name: "rows".into(), reader }];
                    let request = ImportRequest { inputs, delta, ..ImportRequest::new("list") };
                    let imported = database.import(request, &mut |_| {});
                    if delta && model.withdrawn {
                        prop_assert!(imported.is_err());
                        continue;
                    }
                    if !delta && rows.iter().all(|row| row.2) {
                        prop_assert!(imported.is_err());
                        continue;
                    }
                    let counts = imported.unwrap().counts;
                    let before = model.entries.clone();
                    model.import(rows, delta);
                    prop_assert_eq!(counts.entries, model.entries.len() as u64);
                    let gone = before.keys().filter(|id| !model.entries.contains_key(id)).count();
                    prop_assert_eq!(counts.removed, gone as u64);
                }
                Step::Withdraw => {
                    let withdrawn = database.withdraw("list");
                    prop_assert_eq!(withdrawn.is_ok(), model.active);
                    model.withdrawn |= model.active;
                    model.active = false;
                }
                Step::Compact => drop(database.compact().unwrap()),
                Step::Reopen => database = Database::open(&path, Access::ReadWrite).unwrap(),
            }
            let found = contents(&database);
            if !model.active {
                prop_assert!(found.is_empty());
                continue;
            }
            // New numbers are higher than all that were given before; old ones stay.
            let highest = model.given;
            for (id, (hashes, number)) in &mut model.entries {
                let (found_hashes, found_number) = &found[id];
                prop_assert_eq!(&*hashes, found_hashes);
                if *number == 0 {
                    prop_assert!(*found_number > highest);
                    *number = *found_number;
                }
                prop_assert_eq!(*number, *found_number);
                model.given = model.given.max(*number);
            }
            prop_assert_eq!(found.len(), model.entries.len());
        }
        database.verify().unwrap();
        drop(database);
        Database::open(&path, Access::ReadOnly).unwrap().verify().unwrap();
    }
}
