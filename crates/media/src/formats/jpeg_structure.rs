//! What the markers of a JPEG file say, without decoding: size, coding, sampling, completeness.

/// One colour component of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) horizontal: u8,
    pub(super) vertical: u8,
}

/// A start-of-frame segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// Low nibble of the marker: 0 baseline, 1 extended, 2 progressive, others unusual.
    pub(super) coding: u8,
    pub(super) bits: u8,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) components: Vec<Component>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Structure {
    pub(super) frame: Option<Frame>,
    /// Components in the first scan.
    pub(super) first_scan: usize,
    /// The end-of-image marker was reached.
    pub(super) complete: bool,
    /// A segment breaks the rules; nothing behind it was looked at.
    pub(super) broken: bool,
}

impl Frame {
    pub(super) fn max_sampling(&self) -> (u8, u8) {
        let horizontal = self.components.iter().map(|c| c.horizontal).max().unwrap_or(1);
        let vertical = self.components.iter().map(|c| c.vertical).max().unwrap_or(1);
        (horizontal.max(1), vertical.max(1))
    }

    /// Samples of all components with their padding to whole units: what a decoder keeps that
    /// has to see several scans before it knows a pixel.
    pub(super) fn padded_samples(&self) -> u64 {
        let (horizontal, vertical) = self.max_sampling();
        let units = u64::from(self.width).div_ceil(8 * u64::from(horizontal))
            * u64::from(self.height).div_ceil(8 * u64::from(vertical));
        self.components
            .iter()
            .map(|c| 64 * units * u64::from(c.horizontal) * u64::from(c.vertical))
            .sum()
    }
}

/// Walks the markers from the beginning to the end of the first image.
pub(super) fn walk(bytes: &[u8]) -> Structure {
    let mut found = Structure::default();
    // Behind the start-of-image marker.
    let mut at = 2;
    loop {
        let Some(next) = next_marker(bytes, at) else { return found };
        let marker = bytes[next - 1];
        at = next;
        match marker {
            0xd9 => {
                found.complete = true;
                return found;
            }
            // Markers that do not exist stand only where coded data was damaged.
            0x02..=0xbf => {
                found.broken = true;
                return found;
            }
            // Markers without a segment.
            0x01 | 0xd0..=0xd8 => continue,
            _ => {}
        }
        let Some(length) = bytes.get(at..at + 2).map(|b| u16::from_be_bytes([b[0], b[1]])) else {
            return found;
        };
        if length < 2 {
            found.broken = true;
            return found;
        }
        let Some(segment) = bytes.get(at + 2..at + usize::from(length)) else { return found };
        match marker {
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) && found.frame.is_none() => {
                found.frame = frame(marker & 15, segment);
                if found.frame.is_none() {
                    found.broken = true;
                    return found;
                }
            }
            0xda if found.first_scan == 0 => {
                found.first_scan = segment.first().map_or(0, |&count| usize::from(count));
            }
            _ => {}
        }
        at += usize::from(length);
    }
}

/// Position behind the next marker, skipping coded data, stuffed zeros and fill bytes.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr(0xff, bytes.get(at..)?)? + 1;
        match bytes.get(at)? {
            0x00 => at += 1,
            0xff => {}
            _ => return Some(at + 1),
        }
    }
}

fn frame(coding: u8, segment: &[u8]) -> Option<Frame> {
    let &[bits, h1, h0, w1, w0, count, ref rest @ ..] = segment else { return None };
    let components: Vec<_> = rest
        .chunks_exact(3)
        .take(usize::from(count))
        .map(|c| Component { horizontal: c[1] >> 4, vertical: c[1] & 15 })
        .collect();
    (components.len() == usize::from(count)).then(|| Frame {
        coding,
        bits,
        width: u32::from(u16::from_be_bytes([w1, w0])),
        height: u32::from(u16::from_be_bytes([h1, h0])),
        components,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_size_sampling_and_end() {
        let mut file = vec![0xff, 0xd8];
        file.extend([0xff, 0xe0, 0, 4, 0xff, 0xd9]); // an end marker inside a segment
        file.extend([0xff, 0xc2, 0, 17, 8, 0, 16, 0, 33, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
        file.extend([0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0]);
        file.extend([1, 2, 0xff, 0, 3, 0xff, 0xd0, 4]);
        let cut = walk(&file);
        assert!(!cut.complete && !cut.broken);
        file.extend([0xff, 0xff, 0xd9]);
        let found = walk(&file);
        let frame = found.frame.clone().unwrap();
        assert!(found.complete);
        assert_eq!(found.first_scan, 3);
        assert_eq!((frame.coding, frame.width, frame.height), (2, 33, 16));
        assert_eq!(frame.max_sampling(), (2, 2));
        assert_eq!(frame.padded_samples(), 3 * (256 + 64 + 64));
        for length in 0..file.len() {
            walk(&file[..length]);
        }
    }
}
