//! `hashward list`: import, show, change, compare, withdraw and export hash lists.

mod diff;
mod export;
mod schemes;
pub(crate) mod settings;
pub(crate) mod sign;

use super::db::{Typed, count_entries, list_line, open, plural, short};
use super::key::KeyArgs;
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::text::printable;
use anyhow::Context;
use hashward_engine::database::{Access, ListInfo, VersionInfo, VersionState};
use hashward_engine::import::{
    BadRows, ColumnMap, ImportInput, ImportProgress, ImportRequest, ImportSummary, ListFormat,
    ListKind,
};
use hashward_hash::HashKind;
use std::path::{Path, PathBuf};

/// Import, show, change, compare, withdraw and export hash lists.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    #[command(subcommand)]
    command: ListCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ListCommand {
    Import(ImportArgs),
    Show(ShowArgs),
    Set(settings::SetArgs),
    Diff(diff::DiffArgs),
    Release(ReleaseArgs),
    Withdraw(WithdrawArgs),
    Schemes(schemes::SchemesArgs),
    Export(export::ExportArgs),
    Sign(sign::SignArgs),
}

/// Import a new version of a hash list.
///
/// The version replaces the list's active one; entries that are in both keep their numbers. With
/// `--delta` it adds to it: entries of the file are added or replaced, and those it calls deleted
/// are removed. An import is done whole or not at all.
///
/// The format is recognised by the content. Entries are the same from version to version when
/// they have the same identifier of their source (column `id`) or, without one, the same hash.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hashward list import known.db list.csv --name agency --source Agency --expires 2027-06-30
  hashward list import known.db *.md5 --name agency --category 1
  hashward list import known.db pdq.txt --name agency-pdq --hash-kind pdq --radius 24
  hashward list import known.db vics.json --name vic
  hashward list import known.db RDS_modern.db --name nsrl --kind ignore
  hashward list import known.db graded.csv --name graded --map md5=MD5,category=Grade
  hashward list import known.db changes.jsonl --name agency --delta
  hashward list import known.db list.csv --name agency --trusted-key agency.pub --signature list.csv.sig
  zcat list.csv.gz | hashward list import known.db - --name agency")]
struct ImportArgs {
    /// The database folder.
    #[arg(value_name = "DB")]
    db: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    /// Files of the list; together they are one version. `-` reads standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Name of the list.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// What a match means: `known` material is reported, `ignore` suppresses [default: known].
    #[arg(long, value_name = "KIND", value_parser = parse_list_kind)]
    kind: Option<ListKind>,
    /// Format of the files: auto, hex, md5sum, bsd, hashdeep, csv, pdq, threatexchange, jsonl,
    /// vics, ncmec, stopncii, icse, nsrl (RDS 2), nsrl-db (RDS 3), hashkeeper, encase, tsk-idx,
    /// kdb, xways, rhash, links (eD2k and magnet). `crates/lists/FORMATS.md` says what each keeps.
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = parse_format)]
    format: FormatChoice,
    /// Kind of hashes that do not say it themselves: md5, sha1, sha256, blake3, pdq.
    #[arg(long, value_name = "K", value_parser = super::hash::parse_kind)]
    hash_kind: Option<HashKind>,
    /// What the columns of separated values mean, such as `md5=MD5,category=Grade`; `#1` is the
    /// first column, and with numbers alone the file needs no header.
    #[arg(long, value_name = "MEANING=COLUMN,…", value_parser = parse_map)]
    map: Option<ColumnMap>,
    /// Add to the active version instead of replacing it.
    #[arg(long)]
    delta: bool,
    /// What to do when rows cannot be used.
    #[arg(long, value_enum, default_value_t, value_name = "ACTION")]
    bad_rows: BadRowsArg,
    /// The signature of a file, made by minisign, `ssh-keygen -Y sign` or `list sign`; one for each
    /// file, in their order. A list with --trusted-key demands them.
    #[arg(long = "signature", value_name = "FILE")]
    signatures: Vec<PathBuf>,
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: settings::SettingsArgs,
}

/// Show the lists, or the versions of one.
#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    /// The database folder.
    #[arg(value_name = "DB")]
    db: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    /// Name of a list.
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

/// Let entries match that were held for review.
///
/// An import whose new and changed entries pass the list's `--hold-above` holds them: they match
/// for review only. `list diff` shows them. Once they are looked at, this lets them match like all
/// others; `list withdraw` or a better version is the way to be rid of them.
#[derive(Debug, clap::Args)]
struct ReleaseArgs {
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    /// The database folder.
    #[arg(value_name = "DB")]
    db: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    /// Name of the list.
    #[arg(value_name = "NAME")]
    name: String,
}

/// Take a list out of use.
///
/// Its entries match no more, at once. Its history stays; a later import brings it back, and its
/// entries keep their numbers.
#[derive(Debug, clap::Args)]
struct WithdrawArgs {
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    /// The database folder.
    #[arg(value_name = "DB")]
    db: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    /// Name of the list.
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum BadRowsArg {
    /// Import nothing and say which rows they are.
    #[default]
    Refuse,
    /// Import the rest and say which rows were left out.
    Skip,
}

impl From<BadRowsArg> for BadRows {
    fn from(argument: BadRowsArg) -> Self {
        match argument {
            BadRowsArg::Refuse => Self::Refuse,
            BadRowsArg::Skip => Self::Skip,
        }
    }
}

/// `None` recognises the format by the content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FormatChoice(pub(crate) Option<ListFormat>);

pub(crate) fn parse_format(name: &str) -> Result<FormatChoice, String> {
    if name == "auto" {
        return Ok(FormatChoice(None));
    }
    let known = ListFormat::ALL.map(ListFormat::name).join(", ");
    let format = ListFormat::from_name(name);
    format.map(|format| FormatChoice(Some(format))).ok_or(format!("known are auto, vics, {known}"))
}

fn parse_map(text: &str) -> Result<ColumnMap, String> {
    ColumnMap::parse(text).map_err(|error| error.to_string())
}

fn parse_list_kind(name: &str) -> Result<ListKind, String> {
    match name {
        "known" => Ok(ListKind::Known),
        "ignore" => Ok(ListKind::Ignore),
        _ => Err("a list is of the kind known or ignore".to_owned()),
    }
}

pub(crate) fn run(args: &ListArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    match &args.command {
        ListCommand::Import(args) => import(args, printer),
        ListCommand::Show(args) => show(args, printer),
        ListCommand::Set(args) => settings::set(args, printer),
        ListCommand::Diff(args) => diff::run(args, printer),
        ListCommand::Release(args) => release(args, printer),
        ListCommand::Schemes(args) => schemes::run(args, printer),
        ListCommand::Withdraw(args) => withdraw(args, printer),
        ListCommand::Export(args) => export::run(args, printer),
        ListCommand::Sign(args) => sign::run(args, printer),
    }
}

/// A file, or standard input where the name is `-`.
fn input(path: &Path) -> ImportInput {
    if path.as_os_str() != "-" {
        return ImportInput::File(path.to_owned());
    }
    let reader = Box::new(std::io::stdin());
    ImportInput::Stream { name: "standard input".to_owned(), reader }
}

fn import(args: &ImportArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let signature =
        |path: &PathBuf| std::fs::read(path).with_context(|| printable(&path.to_string_lossy()));
    let request = ImportRequest {
        inputs: args.files.iter().map(|path| input(path)).collect(),
        kind: args.kind,
        format: args.format.0,
        hash_kind: args.hash_kind,
        map: args.map.clone().unwrap_or_default(),
        delta: args.delta,
        bad_rows: args.bad_rows.into(),
        settings: args.settings.change()?,
        signatures: args.signatures.iter().map(signature).collect::<Result<_, _>>()?,
        ..ImportRequest::new(&args.name)
    };
    let mut database = open(&args.db, Access::ReadWrite, &args.key)?;
    let bar = printer.progress(None, "");
    let summary = database.import(request, &mut |progress| {
        bar.message(import_message(progress));
    });
    drop(bar);
    let summary = summary.with_context(|| format!("`{}` was not imported", args.name))?;
    if args.json {
        for example in &summary.bad_row_examples {
            printer.warn(example);
        }
        printer.json(&Typed::new("import", summary))?;
    } else {
        report_import(&summary, printer)?;
    }
    Ok(ExitStatus::Done)
}

/// How far an import has come, in words.
pub(crate) fn import_message(progress: ImportProgress) -> String {
    match progress {
        ImportProgress::Reading { rows, bytes } => {
            format!("reading: {rows} rows, {}", super::db::size(bytes))
        }
        ImportProgress::Writing { rows, of } => format!("writing: {rows} of {of} rows"),
        ImportProgress::Finishing => "finishing".to_owned(),
    }
}

pub(crate) fn report_import(summary: &ImportSummary, printer: &mut Printer) -> anyhow::Result<()> {
    let ImportSummary { list, version, counts, .. } = summary;
    let formats: Vec<&str> = summary.files.iter().map(|file| file.format.as_str()).collect();
    let mut formats = formats;
    formats.dedup();
    printer.line(format_args!(
        "imported `{}` version {version}: {} {} ({})",
        printable(list),
        counts.rows,
        plural(counts.rows, "row"),
        formats.join(", ")
    ))?;
    printer.line(format_args!(
        "  {} added, {} changed, {} unchanged, {} removed; now {}",
        counts.added,
        counts.changed,
        counts.unchanged,
        counts.removed,
        count_entries(counts.entries)
    ))?;
    let remarks = [
        (
            counts.held,
            "new and changed entries are held, as they are too many: they match for review until `list release`",
        ),
        (counts.joined, "rows joined with another row of the same entry"),
        (counts.superseded, "rows left out for a later state of the same entry"),
        (counts.empty_digests, "digests of the empty file left out"),
        (
            counts.degenerate,
            "entries with a PDQ code that no picture with content gives; they match only for review",
        ),
        (counts.deletions_unmatched, "deletions of entries that were not there"),
        (counts.bad_rows, "rows that cannot be used were skipped"),
    ];
    for (count, remark) in remarks.into_iter().filter(|(count, _)| *count > 0) {
        printer.line(format_args!("  {count} {remark}"))?;
    }
    report_rows(summary, printer);
    Ok(())
}

/// What the user should know about how files were read.
fn report_rows(summary: &ImportSummary, printer: &Printer) {
    let ImportSummary { counts, .. } = summary;
    for note in &summary.notes {
        printer.note(format_args!("note: {}", printable(note)));
    }
    for example in &summary.bad_row_examples {
        printer.warn(printable(example));
    }
    let hidden = counts.bad_rows.saturating_sub(summary.bad_row_examples.len() as u64);
    if hidden > 0 {
        printer.warn(format_args!("and {hidden} more"));
    }
}

fn show(args: &ShowArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let database = open(&args.db, Access::ReadOnly, &args.key)?;
    let lists = database.lists()?;
    let Some(name) = &args.name else {
        for list in &lists {
            if args.json {
                printer.json(&Typed::new("list", list))?;
            } else {
                printer.line(list_line(list))?;
            }
        }
        if lists.is_empty() {
            printer.note("the database holds no lists yet; import one with `hashward list import`");
        }
        return Ok(ExitStatus::Done);
    };
    let versions = database.versions(name)?;
    for list in lists.iter().filter(|list| list.name == *name) {
        if args.json {
            printer.json(&Typed::new("list", list))?;
        } else {
            describe(list, printer)?;
        }
    }
    for version in &versions {
        if args.json {
            printer.json(&Typed::new("version", version))?;
        } else {
            describe_version(version, printer)?;
        }
    }
    Ok(ExitStatus::Done)
}

fn describe(list: &ListInfo, printer: &mut Printer) -> anyhow::Result<()> {
    printer.line(list_line(list))?;
    settings::describe(&list.settings, printer)?;
    if !list.categories.is_empty() {
        let categories = list.categories.join(", ");
        printer.line(format_args!("  categories: {}", printable(&categories)))?;
    }
    Ok(())
}

fn describe_version(version: &VersionInfo, printer: &mut Printer) -> anyhow::Result<()> {
    let VersionInfo { counts, .. } = version;
    let state = match version.state {
        VersionState::Active => "active",
        VersionState::Superseded => "superseded",
        VersionState::Withdrawn => "withdrawn",
    };
    printer.line(format_args!(
        "version {}  {state}  {}{}  {}: {} added, {} changed, {} removed  {}",
        version.version,
        version.imported_at,
        if version.delta { "  delta" } else { "" },
        count_entries(counts.entries),
        counts.added,
        counts.changed,
        counts.removed,
        short(&version.digest)
    ))?;
    for file in &version.files {
        let signer = file.signer.as_ref().map(|signer| format!("  signed by {signer}"));
        printer.line(format_args!(
            "  {}  {}  {}  sha256 {}{}",
            printable(&file.name),
            file.format,
            super::db::size(file.bytes),
            file.sha256,
            signer.unwrap_or_default()
        ))?;
    }
    Ok(())
}

fn release(args: &ReleaseArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let mut database = open(&args.db, Access::ReadWrite, &args.key)?;
    let summary = database
        .release(&args.name)
        .with_context(|| format!("nothing of `{}` was released", args.name))?;
    if args.json {
        printer.json(&Typed::new("release", summary))?;
    } else {
        printer.line(format_args!(
            "released {} of `{}` version {}",
            count_entries(summary.released),
            printable(&summary.list),
            summary.version
        ))?;
    }
    Ok(ExitStatus::Done)
}

fn withdraw(args: &WithdrawArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let mut database = open(&args.db, Access::ReadWrite, &args.key)?;
    let summary = database
        .withdraw(&args.name)
        .with_context(|| format!("`{}` was not withdrawn", args.name))?;
    if args.json {
        printer.json(&Typed::new("withdraw", summary))?;
    } else {
        printer.line(format_args!(
            "withdrew `{}` version {}; nothing matches its {} any more",
            printable(&summary.list),
            summary.version,
            count_entries(summary.entries)
        ))?;
    }
    Ok(ExitStatus::Done)
}
