//! Pixels are the same for ever and on every platform: SHA-256 of pictures and of every transform
//! whose pixels are this crate's own.
//!
//! A change of a digest breaks every recorded result that rests on the old pixels, so do not make
//! one lightly. `HASHWARD_BLESS=1 cargo test -p hashward-synth --test digests` writes new ones.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use hashward_synth::{Class, Encoding, FileKind, Picture, Transform, generate};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Sizes at which each class is pinned; the large ones only for one seed.
const SIZES: [(u32, u32); 5] = [(64, 64), (320, 240), (241, 333), (5, 4000), (1024, 768)];

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn pixels(picture: &Picture) -> String {
    digest(picture.rgb())
}

fn check(file: &str, header: &str, lines: &[String]) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/synth");
    let path = root.join(file);
    let text = format!("# {header}\n{}\n", lines.join("\n"));
    if std::env::var_os("HASHWARD_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    for (old, new) in committed.lines().skip(1).zip(lines) {
        assert_eq!(old, new, "{file}: pixels changed");
    }
    assert_eq!(committed.lines().count(), lines.len() + 1, "{file}");
}

#[test]
fn pictures() {
    let mut lines = Vec::new();
    for class in Class::ALL {
        for seed in [0, 1, 2, 7, 1_000_003, u64::MAX] {
            for (width, height) in SIZES {
                if seed != 1 && width.max(height) > 400 {
                    continue;
                }
                let picture = generate(class, seed, width, height);
                let (name, sha256) = (class.name(), pixels(&picture));
                lines.push(format!("{name} {seed} {width}x{height} {sha256}"));
            }
        }
    }
    check("pictures.txt", "class seed size sha256-of-rgb-pixels", &lines);
}

#[test]
fn transforms() {
    let mut lines = Vec::new();
    let pictures = [generate(Class::DeadLeaves, 3, 160, 120), generate(Class::Figure, 4, 90, 131)];
    for transform in Transform::catalogue() {
        // JPEG's pixels are the decoder's, which may improve.
        if matches!(transform, Transform::Reencode(Encoding::Jpeg(_))) {
            continue;
        }
        for (seed, picture) in (1..).zip(&pictures) {
            let changed = transform.apply(picture, seed);
            let (name, sha256) = (transform.name(), pixels(&changed));
            let size = format!("{}x{}", changed.width(), changed.height());
            lines.push(format!("{name} {seed} {size} {sha256}"));
        }
    }
    check("transforms.txt", "transform seed size sha256-of-rgb-pixels", &lines);
}

#[test]
fn files() {
    // Pictures are left out: their bytes are the encoder's.
    let own = FileKind::ALL.into_iter().filter(|kind| {
        !matches!(kind, FileKind::TruncatedJpeg | FileKind::CorruptPng | FileKind::TinyPicture)
    });
    let lines: Vec<String> = own
        .flat_map(|kind| [0, 9].map(|seed| (kind, seed)))
        .map(|(kind, seed)| {
            format!("{} {seed} {}", kind.name(), digest(&kind.bytes(seed).unwrap()))
        })
        .collect();
    check("files.txt", "kind seed sha256", &lines);
}
