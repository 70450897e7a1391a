//! Options that say how a list is used, and `list set`, which changes them.

use crate::commands::db::{Typed, open};
use crate::commands::key::KeyArgs;
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::text::printable;
use anyhow::Context;
use hashward_engine::database::{Access, ListInfo};
use hashward_engine::settings::{Day, ListSettings, Setting, SettingsChange};
use hashward_hash::{Distance, Quality, VectorRadius};
use hashward_signature::PublicKey;
use std::path::PathBuf;

/// How a list is used. Later versions keep what is set.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "How the list is used; later versions keep it")]
pub(crate) struct SettingsArgs {
    /// The body that vouches for the entries, always by the same name: lists of one source count
    /// as one attestation.
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// What the licence or agreement says.
    #[arg(long, value_name = "TEXT")]
    licence: Option<String>,
    /// Category of entries that have none of their own.
    #[arg(long, value_name = "C")]
    category: Option<String>,
    /// Scheme of the categories; `list schemes` shows them. Categories that say non-pertinent are
    /// no matches, and those that are doubtful match for review only.
    #[arg(long, value_name = "NAME")]
    scheme: Option<String>,
    /// What a category of the list is called in the scheme; may be given several times.
    #[arg(long, value_name = "THEIRS=CODE", value_parser = parse_mapping)]
    map_category: Vec<(String, String)>,
    /// The list's own radius for PDQ, instead of that of the scan.
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u16).range(0..=255))]
    radius: Option<u16>,
    /// The list's own radius for 64-bit hashes, in bits [default: 8].
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u16).range(0..=64))]
    radius64: Option<u16>,
    /// The list's own measure and radius for PhotoDNA: l1:N sums the differences of the 144 values,
    /// l2:N is the Euclidean distance [default: l2:200].
    #[arg(long, value_name = "L:N", value_parser = parse_vector)]
    photodna_radius: Option<VectorRadius>,
    /// The list's own quality gate for PDQ, instead of that of the scan.
    #[arg(long, value_name = "Q", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_quality: Option<u8>,
    /// The last day (UTC) on which the list may be used, as 2027-01-31.
    #[arg(long, value_name = "DAY")]
    expires: Option<Day>,
    /// Independent sources that must vouch for a hash before a match with this list counts;
    /// fewer give a match for review.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u8).range(1..=100))]
    requires_sources: Option<u8>,
    /// Let the list's disputed and negative entries (of an ignore list: all) take matches of the
    /// same material away.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    veto: Option<bool>,
    /// Hold the new and changed entries of an import for review when they are more than this many
    /// percent of the entries before; `list release` lets them match.
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    hold_above: Option<u32>,
    /// What is to be done about a match, in words that are handed on, such as block or report;
    /// may be given several times.
    #[arg(long = "action", value_name = "WORD", value_delimiter = ',')]
    actions: Vec<String>,
    /// A public key of minisign or OpenSSH (Ed25519); every file that is imported must then be
    /// signed by it, or by one of several.
    #[arg(long = "trusted-key", value_name = "KEY")]
    trusted_keys: Vec<PathBuf>,
}

fn parse_mapping(text: &str) -> Result<(String, String), String> {
    let (theirs, code) = text.split_once('=').ok_or("write it as THEIRS=CODE")?;
    Ok((theirs.trim().to_owned(), code.trim().to_owned()))
}

fn parse_vector(text: &str) -> Result<VectorRadius, String> {
    VectorRadius::parse(text).ok_or_else(|| "write it as l1:2000 or l2:200".to_owned())
}

fn parse_percent(text: &str) -> Result<u32, String> {
    let digits = text.strip_suffix('%').unwrap_or(text);
    digits.parse().map_err(|_| "a percentage is a whole number, such as 20".to_owned())
}

impl SettingsArgs {
    pub(crate) fn change(&self) -> anyhow::Result<SettingsChange> {
        let keys = super::sign::public_keys(&self.trusted_keys)?;
        Ok(SettingsChange {
            source: self.source.clone(),
            licence: self.licence.clone(),
            category: self.category.clone(),
            scheme: self.scheme.clone(),
            category_map: (!self.map_category.is_empty())
                .then(|| self.map_category.iter().cloned().collect()),
            radius: self.radius.map(Distance),
            radius64: self.radius64.map(Distance),
            photodna: self.photodna_radius,
            min_quality: self.min_quality.map(Quality),
            expires: self.expires,
            requires_sources: self.requires_sources,
            veto: self.veto,
            hold_above: self.hold_above,
            actions: (!self.actions.is_empty()).then(|| self.actions.clone()),
            trusted_keys: (!keys.is_empty()).then(|| keys.iter().map(PublicKey::to_text).collect()),
            ..SettingsChange::default()
        })
    }
}

/// Change how a list is used, from now on.
///
/// What is not named stays as it is. The change makes a new generation and goes on record like an
/// import; running services take it up when they reload.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hashward list set known.db agency --expires 2027-06-30 --licence 'agreement 17, own cases only'
  hashward list set known.db worst-of --requires-sources 2 --action block
  hashward list set known.db false-positives --veto
  hashward list set known.db agency --scheme us-vics --hold-above 20
  hashward list set known.db agency --trusted-key agency.pub
  hashward list set known.db agency --unset expires --unset radius")]
pub(super) struct SetArgs {
    /// The database folder.
    #[arg(value_name = "DB")]
    db: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    /// Name of the list.
    #[arg(value_name = "NAME")]
    name: String,
    /// A setting to take back: source, licence, category, scheme, map-category, radius,
    /// radius64, photodna-radius, min-quality, expires, requires-sources, veto, hold-above, action, trusted-key.
    #[arg(long, value_name = "SETTING", value_parser = parse_setting)]
    unset: Vec<Setting>,
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

fn parse_setting(name: &str) -> Result<Setting, String> {
    let known = || Setting::ALL.map(|(_, name)| name).join(", ");
    let found = Setting::ALL.into_iter().find(|(_, word)| *word == name);
    found.map(|(setting, _)| setting).ok_or_else(|| format!("there are {}", known()))
}

pub(super) fn set(args: &SetArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let change = SettingsChange { unset: args.unset.clone(), ..args.settings.change()? };
    anyhow::ensure!(
        change != SettingsChange::default(),
        "name at least one setting; `hashward list set --help` shows them"
    );
    let mut database = open(&args.db, Access::ReadWrite, &args.key)?;
    let summary = database
        .set(&args.name, &change)
        .with_context(|| format!("`{}` was not changed", args.name))?;
    if args.json {
        printer.json(&Typed::new("set", summary))?;
        return Ok(ExitStatus::Done);
    }
    let done = if summary.changed { "changed" } else { "nothing to change in" };
    printer.line(format_args!("{done} `{}`", printable(&summary.list)))?;
    describe(&summary.settings, printer)?;
    Ok(ExitStatus::Done)
}

/// The settings of a list, one a line.
pub(super) fn describe(settings: &ListSettings, printer: &mut Printer) -> anyhow::Result<()> {
    let ListSettings { source, licence, category, scheme, category_map, .. } = settings;
    let map: Vec<String> =
        category_map.iter().map(|(theirs, code)| format!("{theirs}={code}")).collect();
    let keys = PublicKey::parse_all(&settings.trusted_keys.join("\n")).unwrap_or_default();
    let keys: Vec<String> = keys.iter().map(PublicKey::fingerprint).collect();
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    let lines = [
        ("source", source.clone()),
        ("licence", licence.clone()),
        ("category", category.clone()),
        ("scheme", scheme.clone()),
        ("mapped categories", Some(map.join(", ")).filter(|map| !map.is_empty())),
        ("radius", number(settings.radius.map(u32::from))),
        ("radius for 64-bit hashes", number(settings.radius64.map(u32::from))),
        ("radius for PhotoDNA", settings.photodna.clone()),
        ("quality gate", number(settings.min_quality.map(u32::from))),
        ("last day of use", settings.expires.clone()),
        ("sources required", number(settings.requires_sources.map(u32::from))),
        ("veto", settings.veto.then(|| "yes".to_owned())),
        ("held for review", settings.hold_above.map(|percent| format!("above {percent} %"))),
        ("trusted keys", Some(keys.join(", ")).filter(|keys| !keys.is_empty())),
        ("actions", Some(settings.actions.join(", ")).filter(|actions| !actions.is_empty())),
    ];
    for (label, text) in lines {
        if let Some(text) = text {
            printer.line(format_args!("  {label}: {}", printable(&text)))?;
        }
    }
    Ok(())
}

/// What is special about the state of a list, for the end of its line.
pub(crate) fn state(list: &ListInfo) -> String {
    let mut state = String::new();
    if !list.active {
        state += "  (withdrawn)";
    }
    let last = list.settings.expires.as_deref().and_then(|day| day.parse::<Day>().ok());
    if last.is_some_and(|last| last < Day::today()) {
        state += "  (expired)";
    }
    if list.held > 0 {
        state += &format!("  ({} held for review)", list.held);
    }
    state
}
