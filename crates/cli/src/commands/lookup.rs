//! `hashward lookup`: match hashes given as text.

use crate::commands::scan::{open, warn_about_lists};
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::text;
use anyhow::Context;
use hashward_engine::Generation;
use hashward_engine::lookup::{lookup, parse};
use hashward_engine::matching::Policy;
use hashward_engine::scan::expired_lists;
use hashward_engine::settings::Day;
use hashward_engine::verdict::{EntryName, Finding, Match};
use hashward_hash::{Distance, HashKind};
use serde::Serialize;
use std::io::BufRead;
use std::path::PathBuf;

/// Match hashes given as hexadecimal text.
///
/// Bare 32, 40, 64 and 128 digits mean MD5, SHA-1, SHA-256 and SHA-512. Other kinds are named in
/// front of the digits (`pdq:…`, `blake3:…`, `ed2k:…`, `tth:…`, `crc32:…:SIZE`, `photodna:…`,
/// `phash64:…`, `dhash64:…`, `ahash64:…`) or by --hash-kind. TTH is base32 or hexadecimal, PhotoDNA
/// hexadecimal or base64. Exit code 0: nothing matched, 1: something did.
#[derive(Debug, clap::Args)]
pub(crate) struct LookupArgs {
    /// The database folder.
    #[arg(long, value_name = "DB")]
    db: PathBuf,
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
    /// Hashes; `-` reads them from standard input, one a line.
    #[arg(required = true, value_name = "HASH")]
    hashes: Vec<String>,
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
    let database = open(&args.db)?;
    let generation = database.generation();
    let policy = Policy {
        radius: args.radius.map(Distance),
        requires_sources: args.requires_sources.unwrap_or_default(),
        day: args.as_of.unwrap_or_else(Day::today),
        ..Policy::default()
    };
    warn_about_lists(printer, &generation, &policy);
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
