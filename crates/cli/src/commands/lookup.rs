//! `hashward lookup`: match hashes given as text.

use crate::commands::key::KeyArgs;
use crate::commands::scan::{open, warn_about_lists};
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::text;
use anyhow::Context;
use hashward_engine::Generation;
use hashward_engine::lookup::{lookup, lookup_rows, parse};
use hashward_engine::matching::{Findings, Policy};
use hashward_engine::scan::expired_lists;
use hashward_engine::settings::Day;
use hashward_engine::verdict::{EntryName, Finding, Match};
use hashward_hash::{Distance, HashKind, HashValue};
use hashward_lists::{DatabaseReader, ListRow, ReadError, ReadOptions, Reader};
use serde::Serialize;
use std::fs::File;
use std::io::{BufRead, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Match hashes given as hexadecimal text.
///
/// Bare 32, 40, 64 and 128 digits mean MD5, SHA-1, SHA-256 and SHA-512. Other kinds are named in
/// front of the digits (`pdq:…`, `blake3:…`, `ed2k:…`, `tth:…`, `crc32:…:SIZE`, `photodna:…`,
/// `phash64:…`, `dhash64:…`, `ahash64:…`) or by --hash-kind. TTH is base32 or hexadecimal, PhotoDNA
/// hexadecimal or base64. With --from, the hashes of a list or case file are matched, those of a
/// row as those of one file; matches are named by the row and the entry, never by the hash.
/// Exit code 0: nothing matched, 1: something did; 3 and 4 the same, but rows could not be read.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LookupArgs {
    /// The database folder.
    #[arg(long, value_name = "DB")]
    db: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    /// Largest distance between perceptual hashes, in bits of 256 [default: the list's, else 31].
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u16).range(0..=256))]
    radius: Option<u16>,
    /// Independent sources that must vouch for a hash, in every list; fewer give a match for review
    /// [default: the list's, else 1].
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u8).range(1..=100))]
    requires_sources: Option<u8>,
    /// The day for which it is decided which lists have expired [default: today].
    #[arg(long, value_name = "DAY")]
    as_of: Option<Day>,
    /// The kind of bare hashes: md5, sha1, sha256, blake3, sha512, ed2k, tth, crc32, pdq, photodna,
    /// phash64, dhash64, ahash64.
    #[arg(long, value_name = "K", value_parser = super::hash::parse_kind)]
    hash_kind: Option<HashKind>,
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    /// A list or case file, in any format that `list import` reads, whose rows are matched.
    #[arg(long = "from", value_name = "FILE", conflicts_with = "hashes")]
    files: Vec<PathBuf>,
    /// Format of the files of --from.
    #[arg(long, value_name = "NAME", default_value = "auto", requires = "files",
          value_parser = super::list::parse_format)]
    format: super::list::FormatChoice,
    /// Hashes; `-` reads them from standard input, one a line.
    #[arg(required_unless_present = "files", value_name = "HASH")]
    hashes: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  hashward lookup --db known.db 900150983cd24fb0d6963f7d28e17f72
  hashward lookup --db known.db --from case.json --json";

/// The answer to one row of a file.
#[derive(Serialize)]
struct RowAnswer<'a> {
    r#type: &'static str,
    file: &'a str,
    /// Line or record in the file.
    row: u64,
    /// The row's own identifier, else its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<&'a str>,
    hash_kinds: Vec<HashKind>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    matches: &'a [Match],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    findings: &'a [Finding],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    vetoed: &'a [Match],
}

/// What became of all rows.
#[derive(Debug, Default, Serialize)]
struct RowSummary {
    rows: u64,
    matched: u64,
    bad_rows: u64,
}

/// The answer to one hash.
#[derive(Serialize)]
struct Answer<'a> {
    r#type: &'static str,
    query: &'a str,
    hash_kind: HashKind,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    matches: &'a [Match],
    /// The same by material.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    findings: &'a [Finding],
    /// Matches that lists with a veto take away.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    vetoed: &'a [Match],
    /// Entries of ignore lists; they are no match.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    ignored_by: &'a [EntryName],
    /// Entries of known lists that say that the material is of no concern.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    denied_by: &'a [EntryName],
    /// Lists that were not asked because their last day has passed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expired_lists: Vec<String>,
}

pub(crate) fn run(args: &LookupArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let database = open(&args.db, &args.key)?;
    let generation = database.generation();
    let policy = Policy {
        radius: args.radius.map(Distance),
        requires_sources: args.requires_sources.unwrap_or_default(),
        day: args.as_of.unwrap_or_else(Day::today),
        ..Policy::default()
    };
    warn_about_lists(printer, &generation, &policy);
    if !args.files.is_empty() {
        return match_files(args, printer, &generation, &policy);
    }
    let mut matched = false;
    let mut answer = |text: &str, place: &dyn std::fmt::Display| {
        let value = parse(text, args.hash_kind).with_context(|| place.to_string())?;
        matched |= print(args, printer, &generation, &policy, text, &value)?;
        anyhow::Ok(())
    };
    for (index, text) in args.hashes.iter().enumerate() {
        if text != "-" {
            answer(text, &format_args!("hash {}", index + 1))?;
            continue;
        }
        for (number, line) in (1..).zip(std::io::stdin().lock().lines()) {
            let line = line.with_context(|| format!("standard input, line {number}"))?;
            let text = line.trim();
            if !text.is_empty() {
                answer(text, &format_args!("standard input, line {number}"))?;
            }
        }
    }
    Ok(ExitStatus::of(matched, false))
}

/// Rows that are matched together.
const TOGETHER: usize = 64;

/// Matches every row of the files.
fn match_files(
    args: &LookupArgs,
    printer: &mut Printer,
    generation: &Generation,
    policy: &Policy,
) -> anyhow::Result<ExitStatus> {
    let (format, hash_kind) = (args.format.0, args.hash_kind);
    let options = ReadOptions { format, hash_kind, ..ReadOptions::default() };
    let summary = RowSummary::default();
    let mut asked = Asked { args, printer, generation, policy, summary, rows: Vec::new() };
    for path in &args.files {
        let name = path.to_string_lossy();
        match_file(path, &name, &options, &mut asked).with_context(|| text::printable(&name))?;
    }
    let Asked { printer, summary, .. } = asked;
    if args.json {
        printer.json(&super::db::Typed::new("summary", &summary))?;
    } else {
        let RowSummary { rows, matched, bad_rows } = summary;
        printer
            .line(format_args!("{rows} rows, {matched} matched, {bad_rows} could not be read"))?;
    }
    Ok(ExitStatus::of(summary.matched > 0, summary.bad_rows > 0))
}

/// Matches every row of a file, whichever way it is read; what was read before a fault, too.
fn match_file(
    path: &Path,
    name: &str,
    options: &ReadOptions,
    asked: &mut Asked<'_>,
) -> anyhow::Result<()> {
    let mut file = File::open(path)?;
    let mut head = Vec::new();
    // A pipe is no database, and must not be looked into.
    if file.metadata()?.is_file() {
        file.by_ref().take(64).read_to_end(&mut head)?;
        file.seek(SeekFrom::Start(0))?;
    }
    if DatabaseReader::is_database(&head) {
        let mut taken = Ok(());
        let read = DatabaseReader::open(path, options)?.for_each(&mut |row| {
            taken = match row {
                Ok(row) => asked.take(name, std::mem::take(row)),
                Err(fault) => {
                    asked.bad_row(name, &fault);
                    Ok(())
                }
            };
            if taken.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        taken?;
        asked.answer(name)?;
        return Ok(read?);
    }
    for row in Reader::open(file, options)? {
        match row {
            Ok(row) => asked.take(name, row)?,
            Err(ReadError::Row(fault)) => asked.bad_row(name, &fault),
            Err(error) => {
                asked.answer(name)?;
                return Err(error.into());
            }
        }
    }
    asked.answer(name)
}

/// Rows that are matched together.
struct Asked<'a> {
    args: &'a LookupArgs,
    printer: &'a mut Printer,
    generation: &'a Generation,
    policy: &'a Policy,
    summary: RowSummary,
    rows: Vec<ListRow>,
}

impl Asked<'_> {
    fn take(&mut self, file: &str, row: ListRow) -> anyhow::Result<()> {
        self.rows.push(row);
        if self.rows.len() < TOGETHER { Ok(()) } else { self.answer(file) }
    }

    fn bad_row(&mut self, file: &str, fault: &dyn std::fmt::Display) {
        self.summary.bad_rows += 1;
        self.printer.warn(format_args!("{}: {fault}", text::printable(file)));
    }

    fn answer(&mut self, file: &str) -> anyhow::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        let found = lookup_rows(self.generation, &rows, self.policy);
        for (row, found) in rows.iter().zip(&found.context("the database is damaged")?) {
            self.summary.rows += 1;
            self.summary.matched += u64::from(!found.matches.is_empty());
            print_row(self.args, self.printer, file, row, found)?;
        }
        Ok(())
    }
}

/// Prints what matches a row; nothing where nothing does.
fn print_row(
    args: &LookupArgs,
    printer: &mut Printer,
    file: &str,
    row: &ListRow,
    found: &Findings,
) -> anyhow::Result<()> {
    if found.matches.is_empty() && found.vetoed.is_empty() {
        return Ok(());
    }
    let entry = row.source_id.as_deref().or(row.name.as_deref());
    if args.json {
        let r#type = if found.matches.is_empty() { "no_match" } else { "match" };
        printer.json(&RowAnswer {
            r#type,
            file,
            row: row.line,
            entry,
            hash_kinds: row.hashes.iter().map(HashValue::kind).collect(),
            matches: &found.matches,
            findings: &found.findings,
            vetoed: &found.vetoed,
        })?;
        return Ok(());
    }
    let entry = entry.map(|entry| format!(" ({})", text::printable(entry)));
    let place = format!("{}:{}{}", text::printable(file), row.line, entry.unwrap_or_default());
    for line in text::match_lines(&place, &found.matches) {
        printer.line(line)?;
    }
    for line in text::vetoed_lines(&place, &found.vetoed) {
        printer.line(line)?;
    }
    Ok(())
}

/// Prints the answer to one hash, and says whether it is a match.
fn print(
    args: &LookupArgs,
    printer: &mut Printer,
    generation: &Generation,
    policy: &Policy,
    query: &str,
    value: &hashward_hash::HashValue,
) -> anyhow::Result<bool> {
    let findings = lookup(generation, value, policy)
        .context("the database is damaged and must not be trusted")?;
    let matched = !findings.matches.is_empty();
    if args.json {
        printer.json(&Answer {
            r#type: if matched { "match" } else { "no_match" },
            query,
            hash_kind: value.kind(),
            matches: &findings.matches,
            findings: &findings.findings,
            vetoed: &findings.vetoed,
            ignored_by: &findings.ignored_by,
            denied_by: &findings.denied_by,
            expired_lists: expired_lists(generation, policy),
        })?;
        return Ok(matched);
    }
    for line in text::match_lines(query, &findings.matches) {
        printer.line(line)?;
    }
    for line in text::vetoed_lines(query, &findings.vetoed) {
        printer.line(line)?;
    }
    if !matched {
        let ignored = findings.ignored_by.first().map(|by| {
            format!(
                "  (on the ignore list {}: {})",
                text::printable(&by.list),
                text::printable(&by.entry)
            )
        });
        printer.line(format_args!("no match  {query}{}", ignored.unwrap_or_default()))?;
    }
    Ok(matched)
}
