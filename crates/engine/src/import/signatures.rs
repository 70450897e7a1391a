//! Which signatures an import must have.

use super::{Base, ImportError, ImportRequest};
use crate::settings::ListSettings;
use hashward_signature::{FileCheck, PublicKey, SignatureError};

/// The check of each file; `None` where nothing is demanded.
///
/// A list that has trusted keys keeps them: an import cannot replace what it is checked by.
pub(crate) fn checks(
    base: &Base,
    request: &ImportRequest,
    settings: &ListSettings,
    files: usize,
) -> Result<Vec<Option<FileCheck>>, ImportError> {
    let before = base.record.as_ref().map(|record| &record.settings.trusted_keys);
    if before.is_some_and(|before| !before.is_empty() && *before != settings.trusted_keys) {
        return Err(ImportError::OtherKeys { list: request.list.clone() });
    }
    if settings.trusted_keys.is_empty() {
        return match request.signatures.is_empty() {
            true => Ok((0..files).map(|_| None).collect()),
            false => Err(ImportError::NoTrustedKey),
        };
    }
    if request.signatures.len() != files {
        let (list, signatures) = (request.list.clone(), request.signatures.len());
        return Err(ImportError::Unsigned { list, files, signatures });
    }
    let faulty = |number: usize, source: SignatureError| ImportError::Signature {
        file: format!("the signature of file {}", number + 1),
        source,
    };
    let keys = PublicKey::parse_all(&settings.trusted_keys.join("\n"));
    let keys = keys.map_err(|source| faulty(0, source))?;
    let check = |(number, signature): (usize, &Vec<u8>)| {
        FileCheck::new(signature, &keys).map(Some).map_err(|source| faulty(number, source))
    };
    request.signatures.iter().enumerate().map(check).collect()
}
