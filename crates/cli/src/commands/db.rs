//! `hashward db`: make, show, check and tidy a database of known material.

mod audit;

use super::key::KeyArgs;
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::text::printable;
use anyhow::Context;
use hashward_engine::database::{Access, Cost, Database, DatabaseError, DatabaseInfo, ListInfo};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Make, show, check and tidy a database of known material.
///
/// A database is a folder. Everything that changes it is done whole or not at all, and leaves a
/// record in an audit chain.
#[derive(Debug, clap::Args)]
pub(crate) struct DbArgs {
    #[command(subcommand)]
    command: DbCommand,
}

#[derive(Debug, clap::Subcommand)]
enum DbCommand {
    Create(CreateArgs),
    /// Show what is in a database.
    Info(FolderArgs),
    /// Check that catalogue, segments and audit chain are sound and agree.
    ///
    /// Reads every byte. Nothing is written.
    Verify(FolderArgs),
    /// Merge the segments of each list into one, without what is dead.
    ///
    /// Entries keep their numbers. What `list diff` could tell about older versions is given up.
    Compact(FolderArgs),
    Rekey(RekeyArgs),
    Audit(audit::AuditArgs),
}

/// Make a new, empty database.
///
/// The folder must not exist yet, or be empty. Only its owner may enter it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hashward db create known.db
  hashward list import known.db list.csv --name agency
  head -c 32 /dev/urandom > known.key && chmod 600 known.key
  hashward db create secret.db --encrypt --key-file known.key")]
struct CreateArgs {
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    /// The folder for the database.
    #[arg(value_name = "DB")]
    db: PathBuf,
    /// Encrypt everything in the folder. Without the key nobody can read it any more, you included.
    ///
    /// The key is asked for where none of its options is given.
    #[arg(long)]
    encrypt: bool,
    #[command(flatten)]
    key: KeyArgs,
}

/// Give an encrypted database another key.
///
/// The lists are not encrypted anew: whoever kept the old key and an old copy of the file
/// `vault.json` can still read them. Keys that are not given are asked for.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  hashward db rekey known.db --key-file old.key --new-key-file new.key")]
struct RekeyArgs {
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    /// The database folder.
    #[arg(value_name = "DB")]
    db: PathBuf,
    /// The new key: a file of at least 32 random bytes.
    #[arg(long, value_name = "FILE", conflicts_with = "new_passphrase_file")]
    new_key_file: Option<PathBuf>,
    /// The new key: a file whose first line is the passphrase.
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArgs,
}

#[derive(Debug, clap::Args)]
struct FolderArgs {
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    /// The database folder.
    #[arg(value_name = "DB")]
    db: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
}

/// An answer with the type that every object of `--json` has.
#[derive(Serialize)]
pub(crate) struct Typed<T: Serialize> {
    r#type: &'static str,
    #[serde(flatten)]
    content: T,
}

impl<T: Serialize> Typed<T> {
    pub(crate) const fn new(r#type: &'static str, content: T) -> Self {
        Self { r#type, content }
    }
}

pub(crate) fn run(args: &DbArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    match &args.command {
        DbCommand::Create(args) => create(args, printer),
        DbCommand::Info(args) => info(args, printer),
        DbCommand::Verify(args) => verify(args, printer),
        DbCommand::Compact(args) => compact(args, printer),
        DbCommand::Rekey(args) => rekey(args, printer),
        DbCommand::Audit(args) => audit::run(args, printer),
    }
}

/// Opens a database and says which one where it cannot.
pub(crate) fn open(path: &Path, access: Access, key: &KeyArgs) -> anyhow::Result<Database> {
    let action = if access == Access::ReadOnly { "open" } else { "open for writing" };
    Database::open_with(path, access, key.key(path)?.as_ref())
        .with_context(|| format!("cannot {action} the database {}", path.display()))
}

/// How to give the key of a new database.
const CREATE_ADVICE: &str = "give --key-file or --passphrase-file, or name a file in HASHWARD_KEY_FILE or HASHWARD_PASSPHRASE_FILE";

fn create(args: &CreateArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let created = if args.encrypt {
        let key = args.key.clone().or_environment()?;
        Database::create_encrypted(&args.db, &key.new_key(&args.db, CREATE_ADVICE)?)
    } else {
        args.key.refuse()?;
        Database::create(&args.db)
    };
    let database =
        created.with_context(|| format!("cannot create the database {}", args.db.display()))?;
    if args.json {
        let info = database.info()?;
        printer.json(&Typed::new("db", info))?;
    } else {
        printer.line(format_args!("created {}", args.db.display()))?;
    }
    Ok(ExitStatus::Done)
}

fn info(args: &FolderArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let database = open(&args.db, Access::ReadOnly, &args.key)?;
    let info = database.info()?;
    if args.json {
        printer.json(&Typed::new("db", info))?;
        return Ok(ExitStatus::Done);
    }
    let DatabaseInfo { generation, sequence, entries, segments, segment_bytes, .. } = &info;
    let encrypted = if info.encrypted { " (encrypted)" } else { "" };
    printer.line(format_args!("database    {}{encrypted}", args.db.display()))?;
    printer.line(format_args!("generation  {sequence} ({})", short(generation)))?;
    let kinds: Vec<&str> = info.hash_kinds.iter().map(|kind| kind.name()).collect();
    let of = if kinds.is_empty() { "" } else { " of " };
    printer.line(format_args!("entries     {entries}{of}{}", kinds.join(", ")))?;
    printer.line(format_args!("segments    {segments}, {}", size(*segment_bytes)))?;
    let (records, head) = (info.audit_records, short(&info.audit_head));
    printer
        .line(format_args!("audit       {records} {}, last {head}", plural(records, "record")))?;
    printer.line(format_args!("lists       {}", info.lists.len()))?;
    for list in &info.lists {
        printer.line(format_args!("  {}", list_line(list)))?;
    }
    Ok(ExitStatus::Done)
}

/// One line about a list.
pub(crate) fn list_line(list: &ListInfo) -> String {
    let ListInfo { kind, version, entries, imported_at, .. } = list;
    let state = super::list::settings::state(list);
    let name = printable(&list.name);
    let entries = count_entries(*entries);
    format!("{name}  {kind}  version {version} of {imported_at}  {entries}{state}")
}

fn verify(args: &FolderArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let database = open(&args.db, Access::ReadOnly, &args.key)?;
    let progress = printer.progress(None, "");
    progress.message("verifying".to_owned());
    let report = database.verify().context("the database is not sound")?;
    drop(progress);
    if args.json {
        printer.json(&Typed::new("verify", report))?;
    } else {
        printer.line(format_args!(
            "sound: {} in {} {} ({}), {} audit {}",
            count_entries(report.entries),
            report.segments,
            plural(report.segments, "segment"),
            size(report.segment_bytes),
            report.audit.records,
            plural(report.audit.records, "record"),
        ))?;
        printer.line(format_args!("generation {}", report.generation))?;
        printer.line(format_args!("audit head {}", report.audit.head))?;
    }
    Ok(ExitStatus::Done)
}

fn compact(args: &FolderArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let mut database = open(&args.db, Access::ReadWrite, &args.key)?;
    let progress = printer.progress(None, "");
    progress.message("merging segments".to_owned());
    let report = database.compact().context("the database was not compacted")?;
    drop(progress);
    if args.json {
        printer.json(&Typed::new("compact", report))?;
    } else if report.lists == 0 {
        printer.line("nothing to merge")?;
    } else {
        printer.line(format_args!(
            "{} {} before, {} now; {} before, {} now",
            report.segments_before,
            plural(report.segments_before, "segment"),
            report.segments_after,
            size(report.bytes_before),
            size(report.bytes_after),
        ))?;
    }
    Ok(ExitStatus::Done)
}

fn rekey(args: &RekeyArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let Some(old) = args.key.key(&args.db)? else {
        let path = args.db.clone();
        let encrypted = Database::is_encrypted(&args.db);
        let error = if encrypted {
            DatabaseError::Locked { path }
        } else {
            DatabaseError::NotEncrypted { path }
        };
        return Err(error.into());
    };
    let new = KeyArgs::of(args.new_key_file.clone(), args.new_passphrase_file.clone());
    let new = new.new_key(&args.db, "give --new-key-file or --new-passphrase-file")?;
    Database::rekey(&args.db, &old, &new, Cost::default()).context("the key was not changed")?;
    if args.json {
        let content = serde_json::json!({ "path": args.db.to_string_lossy() });
        printer.json(&Typed::new("rekey", content))?;
    } else {
        printer.line(format_args!("{} has a new key", args.db.display()))?;
    }
    Ok(ExitStatus::Done)
}

/// The first digits of a digest, enough for people.
pub(crate) fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// A word with the right ending.
pub(crate) fn plural(count: u64, word: &'static str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

/// Entries with their number.
pub(crate) fn count_entries(count: u64) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

/// Bytes for people.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} {}", plural(bytes, "byte"));
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}
