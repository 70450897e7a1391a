//! The files that need a second look, likeliest first: records stay in the order of paths, this
//! stands before the summary.

use crate::text::{by_finding, count, printable, tier};
use hashward_engine::verdict::{Match, MatchRecord, Tier};
use std::collections::BTreeSet;

/// Files that are named; of the rest only the number is told.
const NAMED: usize = 20;

/// The likeliest files for review, and how many there are. Its size is bounded.
#[derive(Default)]
pub(crate) struct Ranking {
    /// Chance, as bits that order as it does, and path.
    likeliest: BTreeSet<(u64, String)>,
    files: u64,
}

impl Ranking {
    /// Takes note of a file if anything of it is for review.
    pub(crate) fn note(&mut self, record: &MatchRecord) {
        let findings = by_finding(&record.matches);
        let doubted = findings.values().filter(|found| tier(found) == Tier::Review);
        let Some(chance) = doubted.flatten().map(|found| chance(found)).reduce(f64::min) else {
            return;
        };
        self.files += 1;
        // Numbers that are not negative are ordered as their bits.
        self.likeliest.insert((chance.to_bits(), record.name.path.clone()));
        if self.likeliest.len() > NAMED {
            self.likeliest.pop_last();
        }
    }

    /// The lines for people; none for a single file, which needs no order.
    pub(crate) fn lines(&self) -> Vec<String> {
        if self.files < 2 {
            return Vec::new();
        }
        let mut lines = vec!["For review, likeliest first:".to_owned()];
        for (bits, path) in &self.likeliest {
            let chance = match f64::from_bits(*bits) {
                0.0 => "equal".to_owned(),
                chance if chance.is_finite() => format!("chance {chance:.0e}"),
                _ => "unknown".to_owned(),
            };
            lines.push(format!("  {chance:<13} {}", printable(path)));
        }
        let more = self.files - self.likeliest.len() as u64;
        if more > 0 {
            lines.push(format!("  and {} less likely ones", count(more)));
        }
        lines
    }
}

/// Unrelated entries that are as near by chance: none for equal digests, unknown where nothing was
/// measured.
fn chance(found: &Match) -> f64 {
    let measured = found.chance.filter(|chance| *chance > 0.0).unwrap_or(f64::INFINITY);
    if found.by.is_exact() { 0.0 } else { measured }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(path: &str, tier: &str, by: &str, chance: Option<f64>) -> MatchRecord {
        let mut found = json!({
            "list": "a", "version": 1, "entry": "#1", "by": by, "distance": 40, "radius": 42,
            "variant": "original", "rendition": "full", "frame": 0, "frames": 1, "area": null,
            "tier": tier, "quality": 90, "entry_quality": null, "category": null, "finding": 1,
        });
        if let Some(chance) = chance {
            found["chance"] = chance.into();
        }
        let record = json!({
            "path": path, "size": 9, "sha256": null, "matches": [found], "findings": [],
        });
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn the_likeliest_come_first_and_better_matches_not_at_all() {
        let mut ranking = Ranking::default();
        ranking.note(&record("b", "review", "pdq", Some(2e-3)));
        assert!(ranking.lines().is_empty());
        ranking.note(&record("c", "review", "pdq", Some(4e-5)));
        ranking.note(&record("d", "near", "pdq", Some(1e-9)));
        ranking.note(&record("e\n", "review", "photodna", None));
        ranking.note(&record("f", "review", "md5", None));
        let lines = ranking.lines();
        let paths: Vec<&str> = lines[1..].iter().map(|line| line[16..].trim()).collect();
        assert_eq!(paths, ["f", "c", "b", "e\\n"]);
        assert!(lines[2].contains("chance 4e-5"), "{}", lines[2]);
    }

    #[test]
    fn few_are_named_and_the_rest_counted() {
        let mut ranking = Ranking::default();
        for number in (0..50_u32).rev() {
            let chance = f64::from(number + 1) / 1e3;
            ranking.note(&record(&format!("{number:02}"), "review", "pdq", Some(chance)));
        }
        let lines = ranking.lines();
        assert_eq!(lines.len(), NAMED + 2);
        assert!(lines[1].ends_with(" 00") && lines[NAMED].ends_with(" 19"));
        assert_eq!(lines[NAMED + 1], "  and 30 less likely ones");
    }
}
