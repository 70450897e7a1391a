//! Folders and names of files as people and cameras make them, awkward ones included.

use crate::font::word;
use crate::rng::Rng;
use std::ffi::OsString;
use std::path::PathBuf;

/// Folders of the collection; the last ones are awkward on purpose.
const FOLDERS: &[&str] = &[
    "Pictures/Camera/2019",
    "Pictures/Camera/2020/summer holiday",
    "Pictures/Downloads",
    "Documents/Work/archive (old)",
    "Documents/scans",
    "Desktop",
    "cache/thumbs/a0/f3",
    "phone backup/DCIM/100MEDIA",
    "phone backup/WhatsApp Images/Sent",
    "Größe/Fotos – März",
    "資料/写真",
    "deep/1/2/3/4/5/6/7/8/9",
    " leading space/trailing dot.d",
    "quotes ' and ; semicolons",
];

/// Gives out paths that are never the same twice.
pub(super) struct Names {
    random: Rng,
    given: u32,
}

impl Names {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: Rng::for_purpose(seed, 0x6e61_6d65), given: 0 }
    }

    /// Every folder that paths may lie in.
    pub(super) fn folders() -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = FOLDERS.iter().map(PathBuf::from).collect();
        folders.push(PathBuf::from(raw_name(b"not utf8 \xff\xfe", "not utf8 xx")));
        folders
    }

    /// A new path with this extension (none where it is empty), below the folder of files.
    pub(super) fn next(&mut self, extension: &str) -> PathBuf {
        self.given += 1;
        let number = self.given;
        let folders = Self::folders();
        let folder = self.random.pick(&folders).clone();
        let stem = match self.random.below(7) {
            0 => format!("IMG_{number:05}"),
            1 => format!("DSC{number:06}"),
            2 => format!("{} {} {number}", word(&mut self.random), word(&mut self.random)),
            3 => format!("{:08x}{number:04x}", self.random.next_u64() >> 32),
            4 => format!("photo ({number})"),
            5 => format!("Ünï-{}-{number} ☂", word(&mut self.random)),
            _ => format!("{number}_{}", word(&mut self.random)),
        };
        let mut name = if self.random.chance(2) {
            let mut raw = stem.into_bytes();
            raw.push(0xe9);
            raw_name(&raw, &format!("latin1-{number}"))
        } else {
            OsString::from(stem)
        };
        if !extension.is_empty() {
            name.push(".");
            name.push(if self.random.chance(10) {
                extension.to_uppercase()
            } else {
                extension.to_owned()
            });
        }
        folder.join(name)
    }
}

/// A name of any bytes where the system permits, else the substitute.
#[cfg(all(unix, not(target_vendor = "apple")))]
fn raw_name(bytes: &[u8], _substitute: &str) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(bytes.to_vec())
}

/// A name of any bytes where the system permits, else the substitute.
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
fn raw_name(_bytes: &[u8], substitute: &str) -> OsString {
    OsString::from(substitute)
}
