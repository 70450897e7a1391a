//! Where the key of an encrypted database comes from.

use crate::text::printable;
use anyhow::{Context, bail, ensure};
use hashward_engine::database::{Database, Key};
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Variables that name the files where no option does.
const KEY_FILE: &str = "HASHWARD_KEY_FILE";
const PASSPHRASE_FILE: &str = "HASHWARD_PASSPHRASE_FILE";

/// What the help calls the options.
const HEADING: &str = "Encrypted databases";

/// The key of an encrypted database, for every command that opens one.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct KeyArgs {
    /// The key file of the database [env: HASHWARD_KEY_FILE].
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file", help_heading = HEADING)]
    key_file: Option<PathBuf>,
    /// A file whose first line is the passphrase of the database [env: HASHWARD_PASSPHRASE_FILE].
    /// Where neither is given, a terminal asks.
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    passphrase_file: Option<PathBuf>,
}

impl KeyArgs {
    pub(crate) const fn of(key_file: Option<PathBuf>, passphrase_file: Option<PathBuf>) -> Self {
        Self { key_file, passphrase_file }
    }

    /// The key for a database that is there: `None` when it needs none, or nobody gives one.
    pub(crate) fn key(&self, database: &Path) -> anyhow::Result<Option<Key>> {
        if let Some(key) = self.given()? {
            return Ok(Some(key));
        }
        if !Database::is_encrypted(database) {
            return Ok(None);
        }
        if let Some(key) = Self::from_environment()?.given()? {
            return Ok(Some(key));
        }
        if !std::io::stdin().is_terminal() {
            return Ok(None);
        }
        let name = printable(&database.to_string_lossy());
        Ok(Some(Key::passphrase(&ask(&format!("passphrase of {name}: "))?)?))
    }

    /// These, or else what the variables name.
    pub(crate) fn or_environment(self) -> anyhow::Result<Self> {
        if self.is_given() { Ok(self) } else { Self::from_environment() }
    }

    /// The key for a database that gets a new one; `advice` says how to give it. The variables are
    /// not looked at: they name the key that it has.
    pub(crate) fn new_key(&self, database: &Path, advice: &str) -> anyhow::Result<Key> {
        if let Some(key) = self.given()? {
            let files = [&self.key_file, &self.passphrase_file].into_iter().flatten();
            for file in files {
                ensure!(
                    !is_below(file, database),
                    "{}: a key in the folder that it locks protects nothing; keep it elsewhere",
                    printable(&file.to_string_lossy())
                );
            }
            return Ok(key);
        }
        if !std::io::stdin().is_terminal() {
            bail!("the new key is missing: {advice}");
        }
        let first = ask("new passphrase: ")?;
        let again = ask("once more: ")?;
        ensure!(*first == *again, "the two passphrases differ");
        Ok(Key::passphrase(&first)?)
    }

    /// Refuses a key where none is used.
    pub(crate) fn refuse(&self) -> anyhow::Result<()> {
        ensure!(!self.is_given(), "a key is given, but not --encrypt");
        Ok(())
    }

    const fn is_given(&self) -> bool {
        self.key_file.is_some() || self.passphrase_file.is_some()
    }

    fn from_environment() -> anyhow::Result<Self> {
        let file = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let (key, passphrase) = (file(KEY_FILE), file(PASSPHRASE_FILE));
        ensure!(
            key.is_none() || passphrase.is_none(),
            "{KEY_FILE} and {PASSPHRASE_FILE} are both set, and a database has one key: unset one of them, or give --key-file or --passphrase-file"
        );
        Ok(Self::of(key.map(PathBuf::from), passphrase.map(PathBuf::from)))
    }

    fn given(&self) -> anyhow::Result<Option<Key>> {
        let name = |path: &Path| printable(&path.to_string_lossy());
        if let Some(path) = &self.key_file {
            let content = read(path).with_context(|| name(path))?;
            return Ok(Some(Key::file(&content).with_context(|| name(path))?));
        }
        let Some(path) = &self.passphrase_file else { return Ok(None) };
        let content = read(path).with_context(|| name(path))?;
        let text = std::str::from_utf8(&content);
        let text = text.with_context(|| format!("{}: the passphrase is no text", name(path)))?;
        let first = text.lines().next().unwrap_or_default();
        Ok(Some(Key::passphrase(first).with_context(|| name(path))?))
    }
}

/// Reads a file of at most a little more than a mebibyte, which no key passes.
fn read(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut content = Zeroizing::new(Vec::new());
    let file = std::fs::File::open(path)?;
    #[cfg(unix)]
    warn_of_readers(path, &file.metadata()?);
    file.take((1 << 20) + 1).read_to_end(&mut content)?;
    Ok(content)
}

/// Warns when others than its owner may read the file of a key.
#[cfg(unix)]
fn warn_of_readers(path: &Path, metadata: &std::fs::Metadata) {
    let mode = std::os::unix::fs::MetadataExt::mode(metadata);
    if metadata.is_file() && mode & 0o044 != 0 {
        let name = printable(&path.to_string_lossy());
        crate::printer::warn(format_args!(
            "{name}: others may read this key (mode {:04o}); keep them out with `chmod 600`",
            mode & 0o7777
        ));
    }
}

fn ask(prompt: &str) -> anyhow::Result<Zeroizing<String>> {
    Ok(Zeroizing::new(rpassword::prompt_password(prompt).context("no passphrase was given")?))
}

fn is_below(file: &Path, folder: &Path) -> bool {
    let (file, folder) = (file.canonicalize(), folder.canonicalize());
    file.is_ok_and(|file| folder.is_ok_and(|folder| file.starts_with(folder)))
}
