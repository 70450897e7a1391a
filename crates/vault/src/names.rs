//! Names of files. A name that is the SHA-256 of the content tells whoever has the same content
//! that it is here, so such names are encrypted: the same way each time (AES-SIV, RFC 5297), so
//! that a file is found by its name, and so that a list of names can be read back.

use aes_siv::KeyInit;
use aes_siv::siv::Aes256Siv;
use data_encoding::HEXLOWER;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Bytes of a digest, and of an encrypted one.
const DIGEST: usize = 32;
const ENCRYPTED: usize = DIGEST + 16;

/// Encrypts the names that are digests; all other names stay as they are.
pub(crate) struct Names(Zeroizing<[u8; 64]>);

impl Names {
    pub(crate) fn new(key: &[u8; 64]) -> Self {
        Self(Zeroizing::new(*key))
    }

    /// The path at which a file really stands.
    pub(crate) fn stored(&self, path: &Path) -> PathBuf {
        let Some(digest) = stem::<DIGEST>(path.as_os_str()) else { return path.to_owned() };
        let sealed = self.cipher().encrypt::<_, &[u8]>([], &digest);
        sealed.map_or_else(|_| path.to_owned(), |sealed| with_stem(path, &sealed))
    }

    /// The name of a file that stands at a name; one that is none of ours stays as it is.
    pub(crate) fn told(&self, name: &OsStr) -> OsString {
        let digest = stem::<ENCRYPTED>(name)
            .and_then(|sealed| self.cipher().decrypt::<_, &[u8]>([], &sealed).ok());
        digest.map_or_else(
            || name.to_owned(),
            |digest| with_stem(Path::new(name), &digest).into_os_string(),
        )
    }

    fn cipher(&self) -> Aes256Siv {
        Aes256Siv::new((&*self.0).into())
    }
}

/// The digest that the name of a file is, if it is one.
pub(crate) fn digest_of(path: &Path) -> Option<[u8; DIGEST]> {
    stem(path.as_os_str())
}

fn stem<const N: usize>(path: &OsStr) -> Option<[u8; N]> {
    let stem = Path::new(path).file_stem()?.to_str()?;
    HEXLOWER.decode(stem.as_bytes()).ok()?.try_into().ok()
}

fn with_stem(path: &Path, stem: &[u8]) -> PathBuf {
    let mut name = OsString::from(HEXLOWER.encode(stem));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_encrypted_and_come_back() {
        let names = Names::new(&[7; 64]);
        let digest = "ab".repeat(32);
        let path = PathBuf::from(format!("db/segments/{digest}.seg"));
        let stored = names.stored(&path);
        assert_eq!(stored, names.stored(&path));
        assert!(!stored.to_str().unwrap().contains(&digest[..16]));
        assert_eq!(stored.parent(), path.parent());
        let name = stored.file_name().unwrap();
        assert_eq!(names.told(name), path.file_name().unwrap());
        // Another vault's names are not ours.
        assert_eq!(Names::new(&[8; 64]).told(name), name);
        for other in ["tmp/12-3.new", "catalogue.sealed", "x/abc.seg"] {
            assert_eq!(names.stored(Path::new(other)), Path::new(other));
        }
    }
}
