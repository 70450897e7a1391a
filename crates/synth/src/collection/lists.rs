//! The hash lists that know a collection's pictures, in the formats in which agencies hand them out.

use super::manifest::{KnownPicture, ListFile};
use super::{Collection, Fingerprint, make_folder};
use crate::SynthError;
use crate::rng::Rng;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Rows of material that is not in the collection, in each list of digests.
const ELSEWHERE: u32 = 400;
/// Known pictures that the ignore list wrongly holds too: known beats ignore.
const CONFLICTS: usize = 2;

/// A file that the ignore list holds: name, size in bytes, digests.
pub(super) struct Ignored {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) fingerprint: Fingerprint,
}

/// Writes all lists into the collection's folder.
pub(super) fn write(
    dir: &Path,
    seed: u64,
    known: &[KnownPicture],
    ignored: &[Ignored],
) -> Result<Vec<ListFile>, SynthError> {
    let mut random = Rng::for_purpose(seed, 0x6c69_7374);
    let (first, second) = known.split_at(known.len().div_ceil(2));
    let drafts = [
        md5sum(first, &mut random),
        csv(second, &mut random),
        pdq(known),
        json_lines(known),
        hashdeep(known, ignored, &mut random),
    ];
    make_folder(&dir.join(Collection::LISTS))?;
    let mut lists = Vec::new();
    for (list, text) in drafts {
        super::write(&dir.join(&list.path), text.as_bytes())?;
        lists.push(list);
    }
    Ok(lists)
}

fn list(file: &str, name: &'static str, text: &str) -> ListFile {
    let rows = text.lines().filter(|line| !line.starts_with(['%', '#'])).count() as u64;
    let path = PathBuf::from(Collection::LISTS).join(file);
    ListFile { path, name, ignore: false, category: None, rows }
}

/// `md5sum`'s output over half of the known pictures.
fn md5sum(known: &[KnownPicture], random: &mut Rng) -> (ListFile, String) {
    let mut text = String::new();
    for picture in known {
        let _ = writeln!(text, "{}  {}", picture.fingerprint.md5, picture.id);
    }
    for number in 0..ELSEWHERE {
        let _ = writeln!(text, "{}  elsewhere-{number:04}", hex(random, 16));
    }
    let list = list("agency-north.md5", "agency-north", &text);
    (ListFile { category: Some("agency material"), ..list }, text)
}

/// CSV with a header and SHA-1 over the other half.
fn csv(known: &[KnownPicture], random: &mut Rng) -> (ListFile, String) {
    let mut text = String::from("id,sha1,category,name\n");
    for (number, picture) in known.iter().enumerate() {
        let category = ["A", "B", "C"][number % 3];
        let (id, extension) = (&picture.id, picture.extension);
        let sha1 = &picture.fingerprint.sha1;
        let _ = writeln!(text, "{id},{sha1},{category},\"{id}, first seen.{extension}\"");
    }
    for number in 0..ELSEWHERE {
        let _ = writeln!(text, "elsewhere-{number:04},{},D,", hex(random, 20));
    }
    let mut list = list("agency-south.csv", "agency-south", &text);
    list.rows -= 1;
    (list, text)
}

/// PDQ lines `hash,quality,name` over all known pictures that have a hash.
fn pdq(known: &[KnownPicture]) -> (ListFile, String) {
    let mut text = String::new();
    for picture in known {
        if let Some((hash, quality)) = &picture.fingerprint.pdq {
            let _ = writeln!(text, "{hash},{quality},{}", picture.id);
        }
    }
    let list = list("hotline.pdq", "hotline", &text);
    (ListFile { category: Some("hotline"), ..list }, text)
}

/// JSON Lines with several hashes over every third known picture.
fn json_lines(known: &[KnownPicture]) -> (ListFile, String) {
    let mut text = String::new();
    for picture in known.iter().step_by(3) {
        let mut row = serde_json::json!({
            "id": picture.id,
            "category": "own case",
            "sha256": picture.fingerprint.sha256,
            "case_number": format!("2026/{}", picture.seed % 1000),
        });
        if let Some((hash, quality)) = &picture.fingerprint.pdq {
            row["pdq"] = hash.as_str().into();
            row["quality"] = (*quality).into();
        }
        let _ = writeln!(text, "{row}");
    }
    (list("own-cases.jsonl", "own-cases", &text), text)
}

/// hashdeep's output over innocent files, and by mistake over a few known pictures.
fn hashdeep(known: &[KnownPicture], ignored: &[Ignored], random: &mut Rng) -> (ListFile, String) {
    let mut text = String::from("%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n");
    let innocent = ignored.iter().map(|file| (file.bytes, &file.fingerprint, file.name.as_str()));
    let mistaken = known.iter().take(CONFLICTS).map(|p| (p.bytes, &p.fingerprint, p.id.as_str()));
    for (bytes, fingerprint, name) in innocent.chain(mistaken) {
        let _ = writeln!(text, "{bytes},{},{},{name}", fingerprint.md5, fingerprint.sha256);
    }
    for number in 0..ELSEWHERE {
        let (bytes, md5, sha256) = (random.below(1 << 20), hex(random, 16), hex(random, 32));
        let _ = writeln!(text, "{bytes},{md5},{sha256},system/file-{number:04}");
    }
    (ListFile { ignore: true, ..list("known-good.hashdeep", "known-good", &text) }, text)
}

/// Random bytes as hexadecimal digits.
fn hex(random: &mut Rng, bytes: usize) -> String {
    (0..bytes).map(|_| format!("{:02x}", random.below(256))).collect()
}
