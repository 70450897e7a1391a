//! Results as lines for people: one compact line per finding, counts that read like a sentence.

use hashward_engine::Rectangle;
use hashward_engine::verdict::{Match, Record, Summary, Tier};
use std::collections::{BTreeMap, BTreeSet};

/// What silence about a file does not prove; printed below every scan.
pub(crate) const LIMITS: &str = "\
A file without a match may still show known material: large crops, collages, perspective and small \
turns are lost unless the picture is registered; --effort thorough finds more of them than normal, \
fast the fewest.";

/// A text that cannot play tricks on a terminal or forge a line: control characters are escaped.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        // Direction marks can make a path read as another one.
        let tricky = character.is_control()
            || matches!(character, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if tricky { out.extend(character.escape_default()) } else { out.push(character) }
    }
    out
}

/// The lines of a record, nothing where people need none.
pub(crate) fn lines(record: &Record) -> Vec<String> {
    match record {
        Record::Match(found) => match_lines(&printable(&found.name.path), &found.matches),
        Record::Vetoed(found) => vetoed_lines(&printable(&found.name.path), &found.matches),
        Record::NotExamined(record) => vec![format!(
            "not examined  {}  {}  ({})",
            record.reason.name(),
            printable(&record.name.path),
            printable(&record.detail)
        )],
        Record::Skipped(record) => {
            vec![format!("skipped  {}  {}", record.reason, printable(&record.name.path))]
        }
        Record::Summary(summary) => summary_lines(summary),
        Record::Run(_) | Record::Timing(_) => Vec::new(),
    }
}

/// One line per finding, with everybody who vouches for it and everything by which it matched.
pub(crate) fn match_lines(input: &str, matches: &[Match]) -> Vec<String> {
    by_finding(matches)
        .values()
        .map(|found| {
            let entries: Vec<String> = by_entry(found).into_iter().map(entry).collect();
            format!("match  {}  {input}  {}", tier(found).name(), entries.join("; also "))
        })
        .collect()
}

/// One line per entry whose match is taken away, and by whom.
pub(crate) fn vetoed_lines(input: &str, matches: &[Match]) -> Vec<String> {
    let matches: Vec<&Match> = matches.iter().collect();
    by_entry(&matches)
        .into_iter()
        .map(|found| {
            let by = found.iter().flat_map(|found| &found.vetoed_by).next();
            let by = by.map(|by| format!("{} v{}: {}", by.list, by.version, by.entry));
            let by = printable(&by.unwrap_or_default());
            format!("vetoed  {input}  {}  by {by}", entry(found))
        })
        .collect()
}

/// The matches of each finding, in the order of findings.
pub(crate) fn by_finding(matches: &[Match]) -> BTreeMap<u32, Vec<&Match>> {
    let mut findings: BTreeMap<u32, Vec<&Match>> = BTreeMap::new();
    for found in matches {
        findings.entry(found.finding).or_default().push(found);
    }
    findings
}

/// The matches of each entry together.
fn by_entry<'a, 'b>(matches: &'b [&'a Match]) -> Vec<&'b [&'a Match]> {
    matches.chunk_by(|a, b| (&a.list, &a.entry) == (&b.list, &b.entry)).collect()
}

/// The best tier.
pub(crate) fn tier(matches: &[&Match]) -> Tier {
    matches.iter().map(|found| found.tier).min().unwrap_or(Tier::Review)
}

/// What matched and by what: `list v2: entry [category] (sha256, pdq 12/31 rot90)`.
fn entry(matches: &[&Match]) -> String {
    let Some(first) = matches.first() else { return String::new() };
    let by: Vec<String> = matches.iter().map(|found| how(found)).collect();
    let category = first.category.as_deref().map(|category| format!(" [{}]", printable(category)));
    let mut text = format!(
        "{} v{}: {}{} ({})",
        printable(&first.list),
        first.version,
        printable(&first.entry),
        category.unwrap_or_default(),
        by.join(", ")
    );
    let doubts: BTreeSet<&str> =
        matches.iter().flat_map(|found| &found.doubts).map(|doubt| doubt.words()).collect();
    for doubt in doubts {
        text += &format!("  REVIEW: {doubt}");
    }
    if let Some(conflict) = matches.iter().find_map(|found| found.conflict.as_ref()) {
        if !conflict.digests.is_empty() {
            let kinds: Vec<&str> = conflict.digests.iter().map(|kind| kind.name()).collect();
            text += &format!("  CONFLICT: the entry's {} differs", kinds.join(", "));
        }
        if let Some(ignored) = conflict.ignored_by.first() {
            text += &format!("  CONFLICT: also on the ignore list {}", printable(&ignored.list));
        }
        if let Some(denied) = conflict.denied_by.first() {
            text += &format!("  CONFLICT: of no concern says the list {}", printable(&denied.list));
        }
    }
    text
}

/// By what an entry matched.
fn how(found: &Match) -> String {
    let mut text = found.by.name().to_owned();
    if let (Some(inliers), Some(area)) = (found.inliers, found.area) {
        let Rectangle { x, y, width, height } = area;
        text += &format!(" {inliers} in {width}x{height}+{x}+{y}");
        let changed = (found.variant != "original").then_some(found.variant.as_str());
        for word in changed.into_iter().chain(found.rendition.as_deref()) {
            text += &format!(" {word}");
        }
    } else if !found.by.is_exact() {
        text += &format!(" {}/{}", found.distance, found.radius);
        if found.variant != "original" {
            text += &format!(" {}", found.variant);
        }
        if let Some(guess) = found.rendition.as_deref()
            && !matches!(guess, "full" | "square512")
        {
            text += &format!(" {guess}");
            if let Some(area) = found.area.filter(|_| guess != "inverted") {
                let Rectangle { x, y, width, height } = area;
                text += &format!(" {width}x{height}+{x}+{y}");
            }
        }
        if let Some(chance) = found.chance.filter(|_| found.tier >= Tier::Variant) {
            text += &format!(" chance {chance:.0e}");
        }
    }
    if let Some(frame @ 1..) = found.frame {
        text += &format!(" frame {frame}");
    }
    if let Some(hash) = &found.hash {
        text += &format!(" {hash}");
    }
    text
}

fn summary_lines(summary: &Summary) -> Vec<String> {
    let tiers = summary.matched_by_tier.iter().map(|(tier, count)| (tier.name(), *count));
    let mut lines = vec![format!(
        "{} files, {}: {} matched{}, {} ignored, {} not examined{}, {} skipped{}",
        count(summary.files),
        bytes(summary.bytes),
        count(summary.matched),
        parts(tiers),
        count(summary.ignored),
        count(summary.not_examined),
        parts(words(&summary.not_examined_by_reason)),
        count(summary.skipped),
        parts(words(&summary.skipped_by_reason)),
    )];
    let expected = summary.expected_by_tier.iter().filter(|(_, expected)| **expected > 0.0);
    let expected: Vec<String> =
        expected.map(|(tier, expected)| format!("{expected:.0e} {}", tier.name())).collect();
    if !expected.is_empty() {
        let expected = expected.join(", ");
        lines.push(format!("False matches that chance lets expect: {expected}."));
    }
    if summary.vetoed > 0 {
        lines.push(format!("Vetoed: matches of {} files do not count.", count(summary.vetoed)));
    }
    if !summary.expired_lists.is_empty() {
        let lists = printable(&summary.expired_lists.join(", "));
        lines.push(format!("Expired, and not matched against: {lists}."));
    }
    if summary.interrupted {
        lines.push("Interrupted: the rest was not looked at.".to_owned());
    } else if summary.not_examined > 0 {
        lines.push("Not complete: the files listed as not examined may hold anything.".to_owned());
    }
    lines.push(LIMITS.to_owned());
    lines
}

fn words(counts: &BTreeMap<String, u64>) -> impl Iterator<Item = (&str, u64)> {
    counts.iter().map(|(word, count)| (word.as_str(), *count))
}

/// ` (3 exact, 2 near)`, or nothing.
fn parts<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> String {
    let parts: Vec<String> = counts.map(|(word, n)| format!("{} {word}", count(n))).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// A number with separators: `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}

/// A number of bytes in decimal units, as disks are sold: `5.6 GB`.
pub(crate) fn bytes(number: u64) -> String {
    indicatif::DecimalBytes(number).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_forge_lines_or_steer_the_terminal() {
        let text = printable("a\nmatch \u{1b}[2J\u{202e}gpj.exe é");
        assert_eq!(text, "a\\nmatch \\u{1b}[2J\\u{202e}gpj.exe é");
    }
}
