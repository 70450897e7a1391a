//! What was planted against what was found.

use hashward_engine::verdict::{MatchRecord, PathName, Summary, Tier};
use hashward_synth::{Change, Collection, Content, Family, Manifest, Recipe};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// What the planted copies of one kind have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Group {
    Exact,
    Renamed,
    Reencoded,
    Resized,
    Stretched,
    Recoloured,
    Flipped,
    Turned,
    /// Planted to show what a perceptual hash of the whole picture does not find.
    ForInformation,
}

impl Group {
    fn of(change: Change, recipe: &Recipe) -> Self {
        let transform = match change {
            Change::Exact => return Self::Exact,
            Change::Renamed => return Self::Renamed,
            Change::Transform(transform) => transform,
        };
        if recipe.hard.contains(&transform) {
            return Self::ForInformation;
        }
        match transform.family() {
            Family::Reencoded => Self::Reencoded,
            Family::Resized => Self::Resized,
            Family::Stretched => Self::Stretched,
            Family::Recoloured => Self::Recoloured,
            Family::Flipped => Self::Flipped,
            Family::Turned => Self::Turned,
            _ => Self::ForInformation,
        }
    }

    /// Per cent of the planted copies that must be found.
    pub(super) const fn required(self) -> Option<u64> {
        match self {
            Self::Exact | Self::Renamed => Some(100),
            Self::Reencoded | Self::Resized | Self::Stretched | Self::Recoloured => Some(95),
            Self::Flipped | Self::Turned => Some(90),
            Self::ForInformation => None,
        }
    }

    /// For people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact copies",
            Self::Renamed => "renamed copies",
            Self::Reencoded => "re-encoded",
            Self::Resized => "resized",
            Self::Stretched => "stretched",
            Self::Recoloured => "recoloured",
            Self::Flipped => "flipped",
            Self::Turned => "turned by quarter turns",
            Self::ForInformation => "for information",
        }
    }
}

/// Copies of one kind: how many there are and how many were found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) planted: u64,
    pub(super) found: u64,
}

impl Count {
    /// Whole per cent found, rounded to the nearest; but 100 means all, and 0 none.
    pub(super) fn percent(self) -> u64 {
        let nearest = (200 * self.found + self.planted).checked_div(2 * self.planted);
        match nearest {
            Some(percent) if self.found < self.planted => {
                percent.clamp(u64::from(self.found > 0), 99)
            }
            _ => 100,
        }
    }

    fn meets(self, percent: u64) -> bool {
        self.planted > 0 && self.found * 100 >= self.planted * percent
    }

    fn add(&mut self, found: bool) {
        self.planted += 1;
        self.found += u64::from(found);
    }
}

/// The result of a comparison.
pub(super) struct Outcome {
    pub(super) groups: BTreeMap<Group, Count>,
    /// By group, then transform in the order in which the recipe names them.
    pub(super) transforms: Vec<(Group, String, Count)>,
    /// Innocent files and how many of them matched.
    pub(super) innocent: Count,
    /// Files that matched an entry of another known picture.
    pub(super) mistaken: u64,
    /// The scan's own counts.
    pub(super) summary: Summary,
}

impl Outcome {
    pub(super) fn compare(
        folder: &Path,
        manifest: &Manifest,
        recipe: &Recipe,
        found: &[MatchRecord],
        summary: Summary,
    ) -> Self {
        let root = folder.join(Collection::FILES);
        let by_path: HashMap<(&str, Option<&str>), &MatchRecord> = found
            .iter()
            .map(|record| ((record.name.path.as_str(), record.name.path_raw.as_deref()), record))
            .collect();
        let mut outcome = Self {
            groups: BTreeMap::new(),
            transforms: Vec::new(),
            innocent: Count::default(),
            mistaken: 0,
            summary,
        };
        let mut transforms: BTreeMap<(Group, usize, String), Count> = BTreeMap::new();
        for file in &manifest.files {
            let name = PathName::from(root.join(&file.path).as_path());
            let record = by_path.get(&(name.path.as_str(), name.path_raw.as_deref()));
            let Content::Known { known, change } = file.content else {
                outcome.innocent.add(record.is_some());
                continue;
            };
            let id = manifest.known.get(known as usize).map_or("", |known| known.id.as_str());
            let group = Group::of(change, recipe);
            let found = record.is_some_and(|record| is_found(record, id, group));
            outcome.mistaken += u64::from(record.is_some_and(|record| names_another(record, id)));
            outcome.groups.entry(group).or_default().add(found);
            let place = place(change, recipe);
            transforms.entry((group, place, change.name())).or_default().add(found);
        }
        outcome.transforms =
            transforms.into_iter().map(|((group, _, name), count)| (group, name, count)).collect();
        outcome
    }

    /// What fell short, one sentence each; empty when all is well.
    pub(super) fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        for (group, count) in &self.groups {
            if let Some(required) = group.required()
                && !count.meets(required)
            {
                let (name, found, planted) = (group.name(), count.found, count.planted);
                failures.push(format!("{name}: found {found} of {planted}, needed {required} %"));
            }
        }
        if self.innocent.found > 0 {
            failures.push(format!("{} innocent files matched", self.innocent.found));
        }
        if self.mistaken > 0 {
            failures.push(format!("{} files matched another known picture", self.mistaken));
        }
        failures
    }
}

/// Position of a transform in the recipe, so that tables follow it.
fn place(change: Change, recipe: &Recipe) -> usize {
    let Change::Transform(transform) = change else { return 0 };
    let mut all = recipe.expected.iter().chain(&recipe.hard);
    all.position(|known| *known == transform).unwrap_or(usize::MAX)
}

/// The right entry matched: by a digest where the bytes are the same, else for the whole picture.
fn is_found(record: &MatchRecord, id: &str, group: Group) -> bool {
    record.matches.iter().filter(|found| found.entry == id).any(|found| match group {
        Group::Exact | Group::Renamed => found.by.is_exact(),
        Group::ForInformation => found.tier <= Tier::Variant,
        _ => found.tier <= Tier::Near,
    })
}

fn names_another(record: &MatchRecord, id: &str) -> bool {
    record.matches.iter().any(|found| found.entry != id)
}

#[cfg(test)]
mod tests {
    use super::Count;

    #[test]
    fn per_cent_are_rounded_but_all_and_none_mean_all_and_none() {
        let percent = |found, planted| Count { planted, found }.percent();
        assert_eq!((percent(31, 32), percent(1, 3), percent(2, 3)), (97, 33, 67));
        assert_eq!((percent(999, 1000), percent(1, 1000)), (99, 1));
        assert_eq!((percent(5, 5), percent(0, 5), percent(0, 0)), (100, 0, 100));
    }
}
