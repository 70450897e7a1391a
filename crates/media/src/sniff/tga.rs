//! Truevision TGA, which has no magic at its beginning.
//!
//! Version 2 files end in a signature; all others must convince by their 18-byte header alone.
//! It is believed only if every field has one of its few sensible values and the size of the file
//! fits the picture; otherwise odd binaries would count as broken pictures.

use super::{Ends, PictureFormat, Sniffed};

const FOOTER: &[u8] = b"TRUEVISION-XFILE.\0";

pub(super) fn probe(ends: &Ends<'_>) -> Option<Sniffed> {
    let signed = ends.tail.ends_with(FOOTER);
    let header = Header::read(ends)?;
    let convincing = header.is_sensible() && (signed || header.fits(ends));
    convincing.then_some(Sniffed::picture("image/x-tga", PictureFormat::Tga))
}

struct Header {
    id_bytes: u64,
    map_kind: u8,
    kind: u8,
    map_first: u16,
    map_length: u16,
    map_bits: u8,
    origin: [u16; 2],
    width: u16,
    height: u16,
    bits: u8,
    descriptor: u8,
}

impl Header {
    fn read(ends: &Ends<'_>) -> Option<Self> {
        (ends.head.len() >= 18).then(|| Self {
            id_bytes: u64::from(ends.byte(0)),
            map_kind: ends.byte(1),
            kind: ends.byte(2),
            map_first: ends.u16_le(3),
            map_length: ends.u16_le(5),
            map_bits: ends.byte(7),
            origin: [ends.u16_le(8), ends.u16_le(10)],
            width: ends.u16_le(12),
            height: ends.u16_le(14),
            bits: ends.byte(16),
            descriptor: ends.byte(17),
        })
    }

    fn is_compressed(&self) -> bool {
        self.kind >= 9
    }

    /// Every field has a value that the format allows.
    fn is_sensible(&self) -> bool {
        let mapped = matches!(self.kind, 1 | 9);
        let map = if mapped {
            self.map_kind == 1 && self.map_length > 0 && matches!(self.map_bits, 15 | 16 | 24 | 32)
        } else {
            self.map_kind == 0 && self.map_first == 0 && self.map_length == 0 && self.map_bits == 0
        };
        let bits = match self.kind {
            1 | 9 => matches!(self.bits, 8 | 16),
            2 | 10 => matches!(self.bits, 15 | 16 | 24 | 32),
            3 | 11 => matches!(self.bits, 8 | 16),
            _ => false,
        };
        let alpha = self.descriptor & 0x0f;
        let alpha = match self.bits {
            32 => matches!(alpha, 0 | 8),
            16 => matches!(alpha, 0 | 1 | 8),
            _ => alpha == 0,
        };
        map && bits && alpha && self.descriptor & 0xc0 == 0 && self.width > 0 && self.height > 0
    }

    /// Without a signature: usual values where the format leaves freedom, and the right size.
    fn fits(&self, ends: &Ends<'_>) -> bool {
        let usual_origin =
            self.origin[0] == 0 && (self.origin[1] == 0 || self.origin[1] == self.height);
        let usual_sides = self.width <= 16_384 && self.height <= 16_384;
        let bytes_per_pixel = u64::from(self.bits.div_ceil(8));
        let map = u64::from(self.map_length) * u64::from(self.map_bits.div_ceil(8));
        let start = 18 + self.id_bytes + map;
        let pixels = u64::from(self.width) * u64::from(self.height);
        let raw = pixels * bytes_per_pixel;
        let Some(payload) = ends.size.checked_sub(start) else { return false };
        let size = if self.is_compressed() {
            // Between all pixels in runs of 128 and each in one of its own; a cut file may be
            // shorter.
            let most = raw + pixels;
            let least = pixels / 128 * (1 + bytes_per_pixel);
            payload <= most && payload * 2 >= least && self.runs_fit(ends, start, pixels)
        } else {
            // Exactly the pixels, or a file that was cut in its later half.
            payload <= raw && payload * 2 >= raw
        };
        usual_origin && usual_sides && pixels >= 16 && size
    }

    /// Follows the runs as far as the head reaches: they must not overrun the picture, and end
    /// with the file where both ends are in sight.
    fn runs_fit(&self, ends: &Ends<'_>, start: u64, pixels: u64) -> bool {
        let step = usize::from(self.bits.div_ceil(8));
        let Ok(mut at) = usize::try_from(start) else { return false };
        let mut seen = 0;
        while at < ends.head.len() && seen < pixels {
            let packet = ends.head[at];
            let count = usize::from(packet & 127) + 1;
            at += 1 + if packet >= 128 { step } else { count * step };
            seen += count as u64;
        }
        seen < pixels || (seen == pixels && at as u64 == ends.size)
    }
}
