//! Keys: what the user has, the master key that it unlocks, and the keys that are made of that.

use crate::error::VaultError;
use crate::names::Names;
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Name of the file with the encrypted master key in the folder of a database.
pub const FILE_NAME: &str = "vault.json";
/// Format of that file.
pub(crate) const FORMAT: u32 = 1;

/// The shortest passphrase that is taken for a new vault, in characters.
const MIN_PASSPHRASE: usize = 8;
/// Bytes of a key file.
const KEY_FILE: std::ops::RangeInclusive<usize> = 32..=1 << 20;

const KEY_FILE_CONTEXT: &str = "hashward vault 1: key file";
const FILES_CONTEXT: &str = "hashward vault 1: files";
const NAMES_CONTEXT: &str = "hashward vault 1: names";

type Key32 = Zeroizing<[u8; 32]>;

/// What the user has to unlock a vault with.
pub struct Key(Secret);

enum Secret {
    Passphrase(Zeroizing<String>),
    File(Key32),
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.sort())
    }
}

impl Key {
    /// A passphrase.
    ///
    /// # Errors
    /// [`VaultError::WeakKey`] when it is empty.
    pub fn passphrase(text: &str) -> Result<Self, VaultError> {
        if text.is_empty() {
            return Err(VaultError::WeakKey { what: "the passphrase is empty" });
        }
        Ok(Self(Secret::Passphrase(Zeroizing::new(text.to_owned()))))
    }

    /// The content of a key file: all of it counts.
    ///
    /// # Errors
    /// [`VaultError::WeakKey`] when it is shorter than 32 bytes or longer than a mebibyte.
    pub fn file(content: &[u8]) -> Result<Self, VaultError> {
        if !KEY_FILE.contains(&content.len()) {
            return Err(VaultError::WeakKey {
                what: "a key file has 32 random bytes or more, and a mebibyte at most; `head -c 32 /dev/urandom` makes one",
            });
        }
        Ok(Self(Secret::File(Zeroizing::new(blake3::derive_key(KEY_FILE_CONTEXT, content)))))
    }

    /// A key that nobody keeps, for what is gone with the program.
    ///
    /// # Errors
    /// [`VaultError::Random`].
    pub fn passing() -> Result<Self, VaultError> {
        Ok(Self(Secret::File(Zeroizing::new(random()?))))
    }

    fn sort(&self) -> &'static str {
        match self.0 {
            Secret::Passphrase(_) => "passphrase",
            Secret::File(_) => "key file",
        }
    }
}

/// How much a passphrase costs to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Default for Cost {
    /// The second choice of RFC 9106: 64 MiB, three passes, four lanes.
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 }
    }
}

impl Cost {
    /// For tests.
    pub const CHEAP: Self = Self { memory_kib: 64, passes: 1, lanes: 1 };
}

/// The file with the master key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Locked {
    format: u32,
    lock: Lock,
    nonce: String,
    master: String,
}

/// How the key that encrypts the master key is made.
#[derive(Serialize, Deserialize, Clone, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Lock {
    KeyFile {},
    Argon2id { memory_kib: u32, passes: u32, lanes: u32, salt: String },
}

impl Lock {
    fn new(key: &Key, cost: Cost) -> Result<Self, VaultError> {
        match &key.0 {
            Secret::File(_) => Ok(Self::KeyFile {}),
            Secret::Passphrase(text) if text.chars().count() < MIN_PASSPHRASE => {
                Err(VaultError::WeakKey {
                    what: "the passphrase is shorter than 8 characters; several words that do not belong together are better",
                })
            }
            Secret::Passphrase(_) => {
                let salt = HEXLOWER.encode(&random::<16>()?);
                let Cost { memory_kib, passes, lanes } = cost;
                Ok(Self::Argon2id { memory_kib, passes, lanes, salt })
            }
        }
    }

    fn key(&self, key: &Key) -> Result<Key32, VaultError> {
        match (self, &key.0) {
            (Self::KeyFile {}, Secret::File(bytes)) => Ok(bytes.clone()),
            (Self::Argon2id { memory_kib, passes, lanes, salt }, Secret::Passphrase(text)) => {
                // Nobody shall make us compute for hours or take all memory.
                if *memory_kib > 4 << 20 || *passes > 1000 || *lanes > 256 {
                    return Err(damaged("the cost of the passphrase is out of range"));
                }
                let salt = decode::<16>(salt)?;
                let failed = |error: argon2::Error| VaultError::Derivation(error.to_string());
                let params = Params::new(*memory_kib, *passes, *lanes, Some(32)).map_err(failed)?;
                let mut out = Zeroizing::new([0; 32]);
                Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                    .hash_password_into(text.as_bytes(), &salt, &mut *out)
                    .map_err(failed)?;
                Ok(out)
            }
            (wanted, _) => {
                let wanted =
                    if matches!(wanted, Self::KeyFile {}) { "key file" } else { "passphrase" };
                Err(VaultError::OtherKey { wanted, given: key.sort() })
            }
        }
    }

    /// What is authenticated with the master key, so that nobody lowers the cost.
    fn bound(&self) -> Result<Vec<u8>, VaultError> {
        serde_json::to_vec(&(FORMAT, self)).map_err(|error| damaged(&error.to_string()))
    }
}

/// The keys of one database.
pub struct Vault {
    master: Key32,
    pub(crate) files: XChaCha20Poly1305,
    pub(crate) names: Names,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// A vault with a new master key, and the content of its file.
    ///
    /// # Errors
    /// [`VaultError::WeakKey`], or when the system gives no random numbers or no memory.
    pub fn create(key: &Key, cost: Cost) -> Result<(Self, Vec<u8>), VaultError> {
        let vault = Self::of(Zeroizing::new(random()?));
        let file = vault.locked(key, cost)?;
        Ok((vault, file))
    }

    /// Opens the vault that a file describes.
    ///
    /// # Errors
    /// [`VaultError`] when the key is another, or the file is damaged or of another format.
    pub fn unlock(file: &[u8], key: &Key) -> Result<Self, VaultError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let failed = |error: serde_json::Error| damaged(&error.to_string());
        let Format { format } = serde_json::from_slice(file).map_err(failed)?;
        if format != FORMAT {
            return Err(VaultError::Format { found: format });
        }
        let locked: Locked = serde_json::from_slice(file).map_err(failed)?;
        let cipher = cipher(&*locked.lock.key(key)?);
        let nonce = decode::<24>(&locked.nonce)?;
        let master = HEXLOWER.decode(locked.master.as_bytes());
        let master = master.map_err(|_| damaged("the master key is no hexadecimal"))?;
        let payload = Payload { msg: &master, aad: &locked.lock.bound()? };
        let master = cipher.decrypt(XNonce::from_slice(&nonce), payload);
        let master = Zeroizing::new(master.map_err(|_| VaultError::WrongKey)?);
        let master = <[u8; 32]>::try_from(&master[..]);
        Ok(Self::of(Zeroizing::new(master.map_err(|_| damaged("the master key is too short"))?)))
    }

    /// The content of a file with which another key unlocks this vault.
    ///
    /// # Errors
    /// As [`Vault::create`].
    pub fn locked(&self, key: &Key, cost: Cost) -> Result<Vec<u8>, VaultError> {
        let lock = Lock::new(key, cost)?;
        let nonce = random::<24>()?;
        let payload = Payload { msg: &self.master[..], aad: &lock.bound()? };
        let master = cipher(&*lock.key(key)?)
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| damaged("the master key cannot be encrypted"))?;
        let (nonce, master) = (HEXLOWER.encode(&nonce), HEXLOWER.encode(&master));
        let locked = Locked { format: FORMAT, lock, nonce, master };
        let mut text = serde_json::to_vec(&locked).map_err(|error| damaged(&error.to_string()))?;
        text.push(b'\n');
        Ok(text)
    }

    fn of(master: Key32) -> Self {
        let files = Zeroizing::new(blake3::derive_key(FILES_CONTEXT, &master[..]));
        let mut names = Zeroizing::new([0; 64]);
        blake3::Hasher::new_derive_key(NAMES_CONTEXT)
            .update(&master[..])
            .finalize_xof()
            .fill(&mut names[..]);
        Self { files: cipher(&files), names: Names::new(&names), master }
    }
}

/// A cipher wipes its key when it is dropped.
pub(crate) fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.into())
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| VaultError::Random(error.to_string()))?;
    Ok(bytes)
}

fn decode<const N: usize>(text: &str) -> Result<[u8; N], VaultError> {
    let bytes = HEXLOWER.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| damaged("a number in it has the wrong length or is no hexadecimal"))
}

fn damaged(detail: &str) -> VaultError {
    VaultError::Damaged { detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key::passphrase(text).unwrap()
    }

    #[test]
    fn only_its_own_key_unlocks() {
        let file = |byte: u8| Key::file(&[byte; 32]).unwrap();
        for (right, wrong) in [(key("a passphrase"), key("a Passphrase")), (file(1), file(2))] {
            let (vault, text) = Vault::create(&right, Cost::CHEAP).unwrap();
            let again = Vault::unlock(&text, &right).unwrap();
            assert_eq!(vault.master, again.master);
            assert!(matches!(Vault::unlock(&text, &wrong), Err(VaultError::WrongKey)));
        }
        let (_, text) = Vault::create(&file(1), Cost::CHEAP).unwrap();
        let error = Vault::unlock(&text, &key("a passphrase")).unwrap_err().to_string();
        assert_eq!(error, "the database is locked with a key file, not with a passphrase");
    }

    #[test]
    fn a_new_key_unlocks_the_same_vault() {
        let (vault, text) = Vault::create(&key("the first one"), Cost::CHEAP).unwrap();
        let new = vault.locked(&key("the second one"), Cost::CHEAP).unwrap();
        assert_eq!(Vault::unlock(&new, &key("the second one")).unwrap().master, vault.master);
        assert!(Vault::unlock(&new, &key("the first one")).is_err());
        assert_ne!(Vault::create(&key("the first one"), Cost::CHEAP).unwrap().1, text);
    }

    #[test]
    fn weak_keys_are_refused() {
        assert!(matches!(Key::passphrase(""), Err(VaultError::WeakKey { .. })));
        assert!(matches!(Key::file(&[0; 31]), Err(VaultError::WeakKey { .. })));
        let short = Vault::create(&key("seven c"), Cost::CHEAP);
        assert!(matches!(short, Err(VaultError::WeakKey { .. })));
    }

    #[test]
    fn any_change_of_the_file_is_noticed() {
        let (_, text) = Vault::create(&key("a passphrase"), Cost::CHEAP).unwrap();
        let mut unlocked = 0;
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut changed = text.clone();
                changed[at] ^= 1 << bit;
                unlocked += usize::from(Vault::unlock(&changed, &key("a passphrase")).is_ok());
            }
            assert!(
                Vault::unlock(&text[..at], &key("a passphrase")).is_err() || at + 1 == text.len()
            );
        }
        // The line end may be another white space.
        assert!(unlocked <= 3, "{unlocked}");
    }
}
