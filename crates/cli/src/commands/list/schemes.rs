//! `hashward list schemes`: the schemes of categories.

use crate::commands::db::open;
use crate::commands::key::KeyArgs;
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::text::printable;
use anyhow::Context;
use hashward_engine::database::Access;
use hashward_engine::settings::Scheme;
use hashward_hash::Standing;
use std::path::PathBuf;

/// Show the schemes of categories, or add one.
///
/// A list names its scheme with `--scheme`. A scheme is a JSON file with name, title and
/// categories; each category has a code, a name, aliases (other ways in which lists write it) and a
/// standing: known material, disputed (matches for review), negative (no match).
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hashward list schemes
  hashward list schemes --json | head -1 > own.json
  hashward list schemes known.db --add own.json
  hashward list import known.db list.csv --name agency --scheme own --map-category 'level 1=A'")]
pub(super) struct SchemesArgs {
    /// Print JSON Lines, in the form of the files.
    #[arg(long)]
    json: bool,
    /// The file of a scheme to add; it does not change any more.
    #[arg(long, value_name = "FILE", requires = "db")]
    add: Option<PathBuf>,
    /// The database folder; without it only the built-in schemes are shown.
    #[arg(value_name = "DB")]
    db: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArgs,
}

pub(super) fn run(args: &SchemesArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let schemes = match (&args.db, &args.add) {
        (None, _) => Scheme::built_in(),
        (Some(db), None) => open(db, Access::ReadOnly, &args.key)?.schemes()?,
        (Some(db), Some(file)) => {
            let read = || -> anyhow::Result<Scheme> { Ok(Scheme::parse(&std::fs::read(file)?)?) };
            let scheme = read().with_context(|| file.display().to_string())?;
            let mut database = open(db, Access::ReadWrite, &args.key)?;
            database.add_scheme(&scheme).context("the scheme was not added")?;
            vec![scheme]
        }
    };
    for scheme in &schemes {
        if args.json {
            printer.json(scheme)?;
        } else {
            describe(scheme, printer)?;
        }
    }
    Ok(ExitStatus::Done)
}

fn describe(scheme: &Scheme, printer: &mut Printer) -> anyhow::Result<()> {
    let (name, title) = (printable(&scheme.name), printable(&scheme.title));
    let count = scheme.categories.len() as u64;
    let categories = if count == 1 { "category" } else { "categories" };
    printer.line(format_args!("{name}  {title}  {count} {categories}"))?;
    for category in &scheme.categories {
        let (code, name) = (printable(&category.code), printable(&category.name));
        let standing = match category.standing {
            Standing::Known => String::new(),
            Standing::Disputed => "  (matches for review)".to_owned(),
            Standing::Negative => "  (no match)".to_owned(),
        };
        printer.line(format_args!("  {code}  {name}{standing}"))?;
    }
    Ok(())
}
