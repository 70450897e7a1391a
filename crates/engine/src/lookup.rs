//! Matches single hashes, given as such, against a generation.

use crate::matching::{Findings, Policy, evaluate_hashes};
use hashward_hash::{HashKind, HashValue, ValueError};
use hashward_lists::ListRow;
use hashward_store::{Generation, ReadError};

/// Why a text is no hash that can be looked up. Never holds the text itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HashTextError {
    /// The prefix names no kind of hash.
    #[error("the kind in front of the colon is unknown; known are {}", kinds())]
    Kind,
    /// A bare text whose length fits no kind.
    #[error(
        "a bare hash has 32, 40, 64 or 128 digits (MD5, SHA-1, SHA-256, SHA-512), this one has \
         {digits}; \
         put the kind in front (pdq:…, blake3:…) or use --hash-kind"
    )]
    Length {
        /// Bytes of the text.
        digits: usize,
    },
    /// The text is no hash of its kind.
    #[error("the {kind} {fault}")]
    Digits {
        /// The kind.
        kind: HashKind,
        /// What is wrong.
        fault: ValueError,
    },
}

fn kinds() -> String {
    HashKind::ALL.map(HashKind::name).join(", ")
}

/// Reads a hash: `kind:digits`, or bare digits of the given kind, or bare digits whose number
/// says which digest it is.
///
/// # Errors
/// [`HashTextError`], without the text.
pub fn parse(text: &str, kind: Option<HashKind>) -> Result<HashValue, HashTextError> {
    let (kind, digits) = match (text.split_once(':'), kind) {
        // The colon of a CRC-32 stands in front of its size.
        (_, Some(HashKind::Crc32)) if !text.starts_with("crc32:") => (HashKind::Crc32, text),
        (Some((name, digits)), _) => {
            (HashKind::from_name(name).ok_or(HashTextError::Kind)?, digits)
        }
        (None, Some(kind)) => (kind, text),
        (None, None) => {
            let kind = match text.len() {
                32 => HashKind::Md5,
                40 => HashKind::Sha1,
                64 => HashKind::Sha256,
                128 => HashKind::Sha512,
                digits => return Err(HashTextError::Length { digits }),
            };
            (kind, text)
        }
    };
    HashValue::parse(kind, digits).map_err(|fault| HashTextError::Digits { kind, fault })
}

/// Looks a hash up. What the answer rests on is verified before its first use.
///
/// # Errors
/// What the store reports about damaged files.
pub fn lookup(
    generation: &Generation,
    value: &HashValue,
    policy: &Policy,
) -> Result<Findings, ReadError> {
    evaluate_hashes(std::slice::from_ref(value), None, generation, policy)
}

/// Looks all hashes of each row of some list up, those of a row as those of one file. Dozens of
/// rows together wait less for memory than one by one.
///
/// # Errors
/// What the store reports about damaged files.
pub fn lookup_rows(
    generation: &Generation,
    rows: &[ListRow],
    policy: &Policy,
) -> Result<Vec<Findings>, ReadError> {
    let hashes: Vec<HashValue> = rows.iter().flat_map(|row| row.hashes.iter().copied()).collect();
    generation.expect(&hashes);
    let findings = |row: &ListRow| evaluate_hashes(&row.hashes, row.quality, generation, policy);
    rows.iter().map(findings).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_prefix_by_option_and_by_length() {
        let digits = |count: usize| "0a".repeat(count / 2);
        let kind = |text: &str, kind| parse(text, kind).map(|value| value.kind());
        assert_eq!(kind(&digits(32), None), Ok(HashKind::Md5));
        assert_eq!(kind(&digits(40), None), Ok(HashKind::Sha1));
        assert_eq!(kind(&digits(64).to_uppercase(), None), Ok(HashKind::Sha256));
        assert_eq!(kind(&digits(64), Some(HashKind::Pdq)), Ok(HashKind::Pdq));
        assert_eq!(kind(&format!("pdq:{}", digits(64)), None), Ok(HashKind::Pdq));
        let prefixed = format!("blake3:{}", digits(64));
        assert_eq!(kind(&prefixed, Some(HashKind::Pdq)), Ok(HashKind::Blake3));
        assert_eq!(kind(&digits(128), None), Ok(HashKind::Sha512));
        assert_eq!(kind(&format!("photodna:{}", digits(288)), None), Ok(HashKind::PhotoDna));
        assert_eq!(kind("crc32:1a2b3c4d:4096", None), Ok(HashKind::Crc32));
        assert_eq!(kind("1a2b3c4d:4096", Some(HashKind::Crc32)), Ok(HashKind::Crc32));
        assert_eq!(kind("aich:abc", None), Err(HashTextError::Kind));
        assert_eq!(kind("abc", None), Err(HashTextError::Length { digits: 3 }));
        assert!(matches!(kind("md5:abc", None), Err(HashTextError::Digits { .. })));
    }
}
