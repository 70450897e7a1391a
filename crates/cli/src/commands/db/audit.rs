//! `hashward db audit`: the record of all changes, shown, checked and fixed by checkpoints.

use super::{FolderArgs, Typed, open, plural};
use crate::commands::list::sign::{public_keys, secret_key, write_new};
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::text::printable;
use anyhow::Context;
use hashward_engine::database::Access;
use hashward_signature::Checkpoint;
use serde::Serialize;
use std::path::PathBuf;

/// Look at the record of all changes.
#[derive(Debug, clap::Args)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AuditCommand {
    /// Show the records: who did what, when, and what became current.
    ///
    /// The chain is checked on the way. With `--json` the records come as they are kept, one a
    /// line.
    Show(FolderArgs),
    Verify(VerifyArgs),
    Checkpoint(CheckpointArgs),
}

/// Walk the chain of audit records and compare it with the catalogue.
///
/// Finds any record that was edited, removed, added or put elsewhere. Whoever can rewrite the whole
/// database can also cut off its end or make up another chain: that shows only against a checkpoint
/// that was kept elsewhere.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hashward db audit verify known.db
  hashward db audit verify known.db --checkpoint monday.note --public-key lab.pub")]
struct VerifyArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// A checkpoint that the chain must continue.
    #[arg(long, value_name = "FILE", requires = "public_keys")]
    checkpoint: Option<PathBuf>,
    /// The public key, of minisign or OpenSSH, that must have signed the checkpoint.
    #[arg(long = "public-key", value_name = "KEY", requires = "checkpoint")]
    public_keys: Vec<PathBuf>,
}

/// Sign how the chain stands now.
///
/// The checkpoint is a note in the form of C2SP (signed-note, tlog-checkpoint): the name of the log,
/// the number of records, the root of their Merkle tree (RFC 6962) and the signature. It holds no
/// hash values and nothing about lists. Keep it where nobody who can write to the database can: a
/// later `db audit verify --checkpoint` shows that nothing before it was touched or cut off.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  hashward db audit checkpoint known.db --key lab --out /media/usb/monday.note")]
struct CheckpointArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// The file of the secret key, of minisign or OpenSSH (Ed25519).
    #[arg(long, value_name = "KEY")]
    key: PathBuf,
    /// A file whose first line is the passphrase of the secret key.
    #[arg(long, value_name = "FILE")]
    signing_passphrase_file: Option<PathBuf>,
    /// What the key is called in the checkpoint.
    #[arg(long, value_name = "NAME", default_value = "examiner")]
    key_name: String,
    /// Where the checkpoint goes.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &AuditArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    match &args.command {
        AuditCommand::Show(args) => show(args, printer),
        AuditCommand::Verify(args) => verify(args, printer),
        AuditCommand::Checkpoint(args) => checkpoint(args, printer),
    }
}

fn show(args: &FolderArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let database = open(&args.db, Access::ReadOnly, &args.key)?;
    let mut failed = Ok(());
    let mut tell = |record: &[u8]| -> anyhow::Result<()> {
        let record: serde_json::Value = serde_json::from_slice(record)?;
        if args.json {
            return Ok(printer.json(&Typed::new("record", record))?);
        }
        let text = |field: &str| printable(record[field].as_str().unwrap_or_default());
        let list = record["list"].as_str().map(|list| format!("  `{}`", printable(list)));
        Ok(printer.line(format_args!(
            "{}  {}  {}{}  by {}",
            record["seq"],
            text("time"),
            text("action"),
            list.unwrap_or_default(),
            text("who")
        ))?)
    };
    let mut visit = |record: &[u8]| {
        if failed.is_ok() {
            failed = tell(record);
        }
    };
    let report = database.audit_records(&mut visit).context("the audit chain is not sound");
    failed?;
    report?;
    Ok(ExitStatus::Done)
}

fn verify(args: &VerifyArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let database = open(&args.folder.db, Access::ReadOnly, &args.folder.key)?;
    let kept = match &args.checkpoint {
        None => None,
        Some(path) => {
            let name = || printable(&path.to_string_lossy());
            let note = std::fs::read_to_string(path).with_context(name)?;
            Some(Checkpoint::open(&note, &public_keys(&args.public_keys)?).with_context(name)?)
        }
    };
    let report = match &kept {
        None => database.verify_audit(),
        Some(kept) => database.verify_audit_since(kept),
    };
    let report = report.context("the audit chain is not sound")?;
    if args.folder.json {
        printer.json(&Typed::new("audit", report))?;
        return Ok(ExitStatus::Done);
    }
    printer.line(format_args!(
        "sound: {} audit {}, last {}",
        report.records,
        plural(report.records, "record"),
        report.head
    ))?;
    if let Some(kept) = kept {
        printer.line(format_args!(
            "continues the checkpoint of {} {}",
            kept.size,
            plural(kept.size, "record")
        ))?;
    }
    if report.orphans > 0 {
        printer.note(format_args!(
            "{} {} of an interrupted change beside the chain; the next change removes it",
            report.orphans,
            plural(report.orphans, "file")
        ));
    }
    Ok(ExitStatus::Done)
}

/// What a checkpoint says, for scripts.
#[derive(Serialize)]
struct Fixed {
    origin: String,
    records: u64,
    key: String,
    out: PathBuf,
}

fn checkpoint(args: &CheckpointArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let key = secret_key(&args.key, args.signing_passphrase_file.as_deref())?;
    let database = open(&args.folder.db, Access::ReadOnly, &args.folder.key)?;
    let checkpoint = database.checkpoint().context("the audit chain is not sound")?;
    let note = checkpoint.sign(&key, &args.key_name)?;
    write_new(&args.out, note.as_bytes())?;
    let (records, key) = (checkpoint.size, key.public().fingerprint());
    if args.folder.json {
        let out = args.out.clone();
        let fixed = Fixed { origin: checkpoint.origin, records, key, out };
        printer.json(&Typed::new("checkpoint", fixed))?;
    } else {
        let (records, out) = (records, printable(&args.out.to_string_lossy()));
        printer.line(format_args!(
            "signed {records} audit {} with {key}: {out}",
            plural(records, "record")
        ))?;
    }
    Ok(ExitStatus::Done)
}
