//! `hashward list sign`: sign the files of a list.

use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::text::printable;
use anyhow::{Context, ensure};
use hashward_signature::{PublicKey, SecretKey, SignatureFormat};
use serde::Serialize;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Sign the files of a list with an Ed25519 key of minisign or OpenSSH.
///
/// A key of minisign gives FILE.minisig, for `minisign -V`; a key of OpenSSH gives FILE.sig, for
/// `ssh-keygen -Y verify -n file`. Whoever gets the list imports it with that signature and the
/// public key, and a changed byte is refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ssh-keygen -t ed25519 -f lab           # makes lab and lab.pub, once
  hashward list sign list.csv --key lab
  hashward list import known.db list.csv --name lab --trusted-key lab.pub --signature list.csv.sig")]
pub(super) struct SignArgs {
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    /// The file of the secret key.
    #[arg(long, value_name = "KEY")]
    key: PathBuf,
    /// A file whose first line is the passphrase of the key.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Where the signature goes, instead of beside the file; for a single file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Signed<'a> {
    r#type: &'static str,
    file: &'a Path,
    signature: &'a Path,
    format: &'static str,
    key: String,
}

pub(super) fn run(args: &SignArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    ensure!(args.out.is_none() || args.files.len() == 1, "--out goes with a single file");
    let key = secret_key(&args.key, args.passphrase_file.as_deref())?;
    let (fingerprint, format) = (key.public().fingerprint(), key.format());
    for file in &args.files {
        let mut beside = file.clone().into_os_string();
        beside.push(format.extension());
        let target = args.out.clone().unwrap_or(beside.into());
        let name = || printable(&file.to_string_lossy());
        let signature = File::open(file)
            .map_err(anyhow::Error::from)
            .and_then(|content| Ok(key.sign_file(content)?))
            .with_context(|| format!("{} was not signed", name()))?;
        write_new(&target, signature.as_bytes())?;
        if args.json {
            printer.json(&Signed {
                r#type: "signed",
                file,
                signature: &target,
                format: match format {
                    SignatureFormat::Minisign => "minisign",
                    SignatureFormat::Ssh => "ssh",
                },
                key: fingerprint.clone(),
            })?;
        } else {
            let target = printable(&target.to_string_lossy());
            printer.line(format_args!("signed {} with {fingerprint}: {target}", name()))?;
        }
    }
    Ok(ExitStatus::Done)
}

/// Reads the file of a secret key.
pub(crate) fn secret_key(path: &Path, passphrase: Option<&Path>) -> anyhow::Result<SecretKey> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).with_context(|| printable(&path.to_string_lossy()))
    };
    let passphrase = passphrase.map(read).transpose()?;
    let passphrase = passphrase.as_deref().and_then(|text| text.lines().next());
    SecretKey::parse(&read(path)?, passphrase).with_context(|| printable(&path.to_string_lossy()))
}

/// Reads the public keys of files.
pub(crate) fn public_keys(paths: &[PathBuf]) -> anyhow::Result<Vec<PublicKey>> {
    let mut keys = Vec::new();
    for path in paths {
        let name = || printable(&path.to_string_lossy());
        let text = std::fs::read_to_string(path).with_context(name)?;
        keys.extend(PublicKey::parse_all(&text).with_context(name)?);
    }
    Ok(keys)
}

/// Writes a file that is not there yet.
pub(crate) fn write_new(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let name = || printable(&path.to_string_lossy());
    let mut file =
        File::options().write(true).create_new(true).open(path).with_context(|| {
            format!("{} cannot be made; remove it if it is an older one", name())
        })?;
    file.write_all(content).and_then(|()| file.sync_all()).with_context(name)
}
