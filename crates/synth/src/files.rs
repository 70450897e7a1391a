//! Files that are no pictures, or not any more: what lies beside pictures in a real collection.

use crate::SynthError;
use crate::encode::Encoding;
use crate::font::{sentence, word};
use crate::picture::Picture;
use crate::rng::Rng;
use crate::scene::{Class, generate};
use serde::{Deserialize, Serialize};

/// A kind of file that holds no whole picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FileKind {
    /// Plain text.
    Text,
    /// Comma-separated values.
    Csv,
    /// JSON.
    Json,
    /// Source code.
    Source,
    /// A web page without pictures.
    Html,
    /// Random bytes.
    Random,
    /// No bytes at all.
    Empty,
    /// The head of a Linux program, then bytes.
    Program,
    /// Uncompressed sound.
    Wave,
    /// The head of a gzip file, then bytes.
    Gzip,
    /// A well-formed empty-handed ZIP: one stored text file.
    Zip,
    /// A JPEG whose end is missing.
    TruncatedJpeg,
    /// A PNG with bytes changed in its middle.
    CorruptPng,
    /// A picture of a few pixels.
    TinyPicture,
}

impl FileKind {
    /// Every kind, in a fixed order.
    pub const ALL: [Self; 14] = [
        Self::Text,
        Self::Csv,
        Self::Json,
        Self::Source,
        Self::Html,
        Self::Random,
        Self::Empty,
        Self::Program,
        Self::Wave,
        Self::Gzip,
        Self::Zip,
        Self::TruncatedJpeg,
        Self::CorruptPng,
        Self::TinyPicture,
    ];

    /// The word used in manifests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Source => "source",
            Self::Html => "html",
            Self::Random => "random",
            Self::Empty => "empty",
            Self::Program => "program",
            Self::Wave => "wave",
            Self::Gzip => "gzip",
            Self::Zip => "zip",
            Self::TruncatedJpeg => "truncated_jpeg",
            Self::CorruptPng => "corrupt_png",
            Self::TinyPicture => "tiny_picture",
        }
    }

    /// The usual ending of file names, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Source => "rs",
            Self::Html => "html",
            Self::Random | Self::Empty => "dat",
            Self::Program => "bin",
            Self::Wave => "wav",
            Self::Gzip => "gz",
            Self::Zip => "zip",
            Self::TruncatedJpeg => "jpg",
            Self::CorruptPng | Self::TinyPicture => "png",
        }
    }

    /// The bytes of one such file; the same for the same seed.
    ///
    /// # Errors
    /// [`SynthError::Codec`] when a picture cannot be encoded.
    pub fn bytes(self, seed: u64) -> Result<Vec<u8>, SynthError> {
        let mut random = Rng::for_purpose(seed, 0x0066_696c + self as u64);
        let random = &mut random;
        Ok(match self {
            Self::Text => text(random).into_bytes(),
            Self::Csv => csv(random).into_bytes(),
            Self::Json => json(random).into_bytes(),
            Self::Source => source(random).into_bytes(),
            Self::Html => html(random).into_bytes(),
            Self::Random => random_bytes(random),
            Self::Empty => Vec::new(),
            Self::Program => headed(&PROGRAM_HEAD, random),
            Self::Wave => wave(random),
            Self::Gzip => headed(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], random),
            Self::Zip => zip(text(random).as_bytes()),
            Self::TruncatedJpeg => {
                let mut bytes = Encoding::Jpeg(80).encode(&small_picture(random))?;
                let kept = bytes.len() * random.between(30, 80) as usize / 100;
                bytes.truncate(kept);
                bytes
            }
            Self::CorruptPng => {
                let mut bytes = Encoding::Png.encode(&small_picture(random))?;
                let middle = bytes.len() / 2;
                for byte in &mut bytes[middle..middle + 16] {
                    *byte ^= random.next_u64() as u8 | 1;
                }
                bytes
            }
            Self::TinyPicture => {
                let (width, height) = (1 + random.below(6), 1 + random.below(6));
                Encoding::Png.encode(&generate(Class::Texture, random.next_u64(), width, height))?
            }
        })
    }
}

/// Identification of a 64-bit little-endian executable for Linux on x86-64.
const PROGRAM_HEAD: [u8; 24] =
    [0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0x3e, 0, 1, 0, 0, 0];

fn small_picture(random: &mut Rng) -> Picture {
    generate(Class::Landscape, random.next_u64(), 240, 180)
}

fn text(random: &mut Rng) -> String {
    let mut text = String::new();
    for _ in 0..random.between(5, 60) {
        let length = 20 + random.below(60) as usize;
        text.push_str(&sentence(random, length));
        text.push_str(".\n");
    }
    text
}

fn csv(random: &mut Rng) -> String {
    let mut text = String::from("number,name,amount\n");
    for row in 0..random.between(5, 200) {
        text.push_str(&format!("{row},{},{}\n", word(random), random.below(100_000)));
    }
    text
}

fn json(random: &mut Rng) -> String {
    let rows: Vec<serde_json::Value> = (0..random.between(1, 60))
        .map(|row| serde_json::json!({"id": row, "name": word(random), "size": random.below(9999)}))
        .collect();
    serde_json::Value::from(rows).to_string()
}

fn source(random: &mut Rng) -> String {
    let mut text = String::new();
    for _ in 0..random.between(2, 20) {
        let (name, value) = (word(random), random.below(1000));
        text.push_str(&format!("fn {name}_{value}() -> u32 {{\n    {value}\n}}\n\n"));
    }
    text
}

fn html(random: &mut Rng) -> String {
    let title = sentence(random, 20);
    let mut text = format!("<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>\n");
    for _ in 0..random.between(2, 15) {
        text.push_str(&format!("<p>{}</p>\n", sentence(random, 70)));
    }
    text.push_str("</body></html>\n");
    text
}

fn random_bytes(random: &mut Rng) -> Vec<u8> {
    let length = 1 + random.below(40_000) as usize;
    // A first byte that begins no known format keeps the file what it is meant to be.
    let mut bytes = vec![0xf5];
    while bytes.len() < length {
        bytes.extend_from_slice(&random.next_u64().to_le_bytes());
    }
    bytes
}

fn headed(head: &[u8], random: &mut Rng) -> Vec<u8> {
    let mut bytes = head.to_vec();
    bytes.extend(random_bytes(random));
    bytes
}

/// One second of a tone at 8 kHz, 16 bit, one channel.
fn wave(random: &mut Rng) -> Vec<u8> {
    let samples = 8000_u32;
    let mut bytes = Vec::with_capacity(44 + samples as usize * 2);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(36 + samples * 2).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt ");
    bytes.extend_from_slice(&16_u32.to_le_bytes());
    bytes.extend_from_slice(&1_u16.to_le_bytes());
    bytes.extend_from_slice(&1_u16.to_le_bytes());
    bytes.extend_from_slice(&8000_u32.to_le_bytes());
    bytes.extend_from_slice(&16_000_u32.to_le_bytes());
    bytes.extend_from_slice(&2_u16.to_le_bytes());
    bytes.extend_from_slice(&16_u16.to_le_bytes());
    bytes.extend_from_slice(b"data");
    bytes.extend_from_slice(&(samples * 2).to_le_bytes());
    let pitch = f64::from(random.between(200, 1200));
    for sample in 0..samples {
        let value = crate::math::sin_turns(f64::from(sample) / 8000.0 * pitch);
        bytes.extend_from_slice(&((value * 12_000.0) as i16).to_le_bytes());
    }
    bytes
}

/// A ZIP archive with one stored file (APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16).
fn zip(content: &[u8]) -> Vec<u8> {
    const NAME: &[u8] = b"notes.txt";
    let length = content.len() as u32;
    let mut shared = Vec::new();
    // Version 1.0, no flags, stored, time and date zero, checksum, both sizes, name length.
    for value in [10_u16, 0, 0, 0, 0x21] {
        shared.extend_from_slice(&value.to_le_bytes());
    }
    for value in [checksum(content), length, length] {
        shared.extend_from_slice(&value.to_le_bytes());
    }
    shared.extend_from_slice(&(NAME.len() as u16).to_le_bytes());
    shared.extend_from_slice(&0_u16.to_le_bytes());
    let mut file = b"PK\x03\x04".to_vec();
    file.extend_from_slice(&shared);
    file.extend_from_slice(NAME);
    file.extend_from_slice(content);
    let directory = file.len() as u32;
    file.extend_from_slice(b"PK\x01\x02\x0a\x00");
    file.extend_from_slice(&shared);
    file.extend_from_slice(&[0; 14]);
    file.extend_from_slice(NAME);
    let size = file.len() as u32 - directory;
    file.extend_from_slice(b"PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00");
    file.extend_from_slice(&size.to_le_bytes());
    file.extend_from_slice(&directory.to_le_bytes());
    file.extend_from_slice(&0_u16.to_le_bytes());
    file
}

/// CRC-32 as ZIP uses it, bit by bit.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_no_whole_picture() {
        for kind in FileKind::ALL {
            let bytes = kind.bytes(4).unwrap();
            assert_eq!(bytes, kind.bytes(4).unwrap(), "{kind:?}");
            if kind != FileKind::Empty {
                assert_ne!(bytes, kind.bytes(5).unwrap(), "{kind:?}");
            }
            let opens = image::load_from_memory(&bytes).is_ok();
            match kind {
                FileKind::TinyPicture => assert!(opens),
                // Decoders may show the part of a cut JPEG that is there.
                FileKind::TruncatedJpeg => {}
                _ => assert!(!opens, "{kind:?}"),
            }
        }
    }

    #[test]
    fn checksum_is_the_published_one() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
    }
}
