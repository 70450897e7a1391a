//! Marker segments: from one scan to the next, tables as they stand at each.

use crate::Limits;
use crate::error::{Fallback, Reason};
use crate::header::{Header, check_colour, parse_frame};
use crate::huffman::Spec;

/// One scan: what its header says and the tables in force.
#[derive(Clone)]
pub(crate) struct Scan<'a> {
    /// Components by their place in the frame, with the tables they use.
    pub(crate) components: Vec<ScanComponent<'a>>,
    /// First and last coefficient of the band, in zigzag order.
    pub(crate) band: (u8, u8),
    /// Successive approximation: previous and current bit position.
    pub(crate) high: u8,
    pub(crate) low: u8,
    pub(crate) restart_interval: u16,
    /// Offset of the entropy-coded data.
    pub(crate) data: usize,
}

/// A component in a scan.
#[derive(Clone, Copy)]
pub(crate) struct ScanComponent<'a> {
    /// Its place in the frame.
    pub(crate) index: usize,
    pub(crate) dc: Option<Spec<'a>>,
    pub(crate) ac: Option<Spec<'a>>,
}

/// Walks the marker segments of a file.
pub(crate) struct Parser<'a> {
    data: &'a [u8],
    at: usize,
    frame: Option<Header>,
    jfif: bool,
    adobe: Option<u8>,
    /// In zigzag order.
    quantisation: [Option<[u16; 64]>; 4],
    dc: [Option<Spec<'a>>; 4],
    ac: [Option<Spec<'a>>; 4],
    restart_interval: u16,
    scans: u32,
    segments: u32,
    limits: Limits,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(data: &'a [u8], limits: &Limits) -> Result<Self, Fallback> {
        if !data.starts_with(&[0xFF, 0xD8]) {
            return Err(Reason::Malformed("no start of image").at(0));
        }
        Ok(Parser {
            data,
            at: 2,
            frame: None,
            jfif: false,
            adobe: None,
            quantisation: [None; 4],
            dc: [None; 4],
            ac: [None; 4],
            restart_interval: 0,
            scans: 0,
            segments: 0,
            limits: limits.clone(),
        })
    }

    /// The frame as far as it is known: complete behind the first scan header.
    pub(crate) fn header(&self) -> Result<Header, Fallback> {
        let frame = self.frame.clone().ok_or(Reason::Malformed("no frame header"));
        frame.map_err(|reason| reason.at(self.at))
    }

    /// The quantisation table of the luma component, in zigzag order.
    pub(crate) fn luma_quantisation(&self) -> Result<[u16; 64], Fallback> {
        let index = usize::from(self.header()?.components[0].quantisation);
        let table = self.quantisation[index & 3];
        table.ok_or(Reason::Malformed("quantisation table missing").at(self.at))
    }

    /// Goes on behind entropy-coded data that ended at `offset`.
    pub(crate) fn resume(&mut self, offset: usize) {
        self.at = offset;
    }

    /// The next scan, or `None` at the end of the image.
    pub(crate) fn next_scan(&mut self) -> Result<Option<Scan<'a>>, Fallback> {
        self.scan().map_err(|reason| reason.at(self.at))
    }

    fn scan(&mut self) -> Result<Option<Scan<'a>>, Reason> {
        loop {
            self.segments += 1;
            if self.segments > self.limits.segments {
                return Err(Reason::Limit("marker segments"));
            }
            let marker = self.marker()?;
            match marker {
                0xD9 => return Ok(None),
                0xDA => return self.scan_header().map(Some),
                0xC0..=0xC2 => {
                    if self.frame.is_some() {
                        return Err(Reason::Malformed("two frame headers"));
                    }
                    let body = self.segment()?;
                    self.frame = Some(parse_frame(body, marker == 0xC2)?);
                }
                0xC4 => {
                    let body = self.segment()?;
                    self.huffman(body)?;
                }
                0xDB => {
                    let body = self.segment()?;
                    self.quantisation(body)?;
                }
                0xDD => match self.segment()? {
                    [high, low] => self.restart_interval = u16::from_be_bytes([*high, *low]),
                    _ => return Err(Reason::Malformed("restart interval of a wrong length")),
                },
                0xE0 => self.jfif |= self.segment()?.starts_with(b"JFIF\0"),
                0xEE => {
                    if let [b'A', b'd', b'o', b'b', b'e', rest @ ..] = self.segment()?
                        && let Some(&transform) = rest.get(6)
                    {
                        self.adobe = Some(transform);
                    }
                }
                0xE1..=0xEF | 0xFE => {
                    self.segment()?;
                }
                0xC3 | 0xC5..=0xCF | 0xDE | 0xDF => {
                    return Err(Reason::Unsupported("lossless, hierarchical or arithmetic coding"));
                }
                0xDC => return Err(Reason::Unsupported("number of lines behind the scan")),
                _ => return Err(Reason::Malformed("unexpected marker")),
            }
        }
    }

    /// The code of the marker that must stand here.
    fn marker(&mut self) -> Result<u8, Reason> {
        let here = self.data.get(self.at..).unwrap_or_default();
        let fill = here.iter().take_while(|&&byte| byte == 0xFF).count();
        let code = *here.get(fill).ok_or(Reason::Truncated)?;
        if fill == 0 {
            return Err(Reason::Malformed("bytes between marker segments"));
        }
        self.at += fill + 1;
        Ok(code)
    }

    /// The body of the segment that stands here.
    fn segment(&mut self) -> Result<&'a [u8], Reason> {
        let here = self.data.get(self.at..).unwrap_or_default();
        let (length, _) = here.split_first_chunk::<2>().ok_or(Reason::Truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        if length < 2 {
            return Err(Reason::Malformed("segment shorter than its length"));
        }
        let body = here.get(2..length).ok_or(Reason::Truncated)?;
        self.at += length;
        Ok(body)
    }

    fn quantisation(&mut self, mut body: &[u8]) -> Result<(), Reason> {
        while let [head, rest @ ..] = body {
            let wide = match head >> 4 {
                0 => false,
                1 => true,
                _ => return Err(Reason::Malformed("precision of a quantisation table")),
            };
            let slot = self.quantisation.get_mut(usize::from(head & 15));
            let slot = slot.ok_or(Reason::Malformed("quantisation table number"))?;
            let size = if wide { 128 } else { 64 };
            let (values, rest) =
                rest.split_at_checked(size).ok_or(Reason::Malformed("quantisation table"))?;
            let mut table = [0; 64];
            for (i, entry) in table.iter_mut().enumerate() {
                *entry = if wide {
                    u16::from_be_bytes([values[2 * i], values[2 * i + 1]])
                } else {
                    u16::from(values[i])
                };
            }
            if table.contains(&0) {
                return Err(Reason::Malformed("zero in a quantisation table"));
            }
            if table.iter().any(|&step| step > i16::MAX as u16) {
                return Err(Reason::Unsupported("quantisation steps above 32,767"));
            }
            // Decoders differ in when they take up a table that changes between scans.
            if self.scans > 0 && *slot != Some(table) {
                return Err(Reason::Unsupported("quantisation changes between scans"));
            }
            *slot = Some(table);
            body = rest;
        }
        Ok(())
    }

    fn huffman(&mut self, mut body: &'a [u8]) -> Result<(), Reason> {
        while let [head, rest @ ..] = body {
            let slots = match head >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(Reason::Malformed("class of a Huffman table")),
            };
            let slot = slots.get_mut(usize::from(head & 15));
            let slot = slot.ok_or(Reason::Malformed("Huffman table number"))?;
            let (spec, rest) = Spec::parse(rest).ok_or(Reason::Malformed("Huffman table"))?;
            *slot = Some(spec);
            body = rest;
        }
        Ok(())
    }

    fn scan_header(&mut self) -> Result<Scan<'a>, Reason> {
        self.scans += 1;
        if self.scans > self.limits.scans {
            return Err(Reason::Limit("scans"));
        }
        let body = self.segment()?;
        let frame = self.frame.as_mut().ok_or(Reason::Malformed("scan before the frame"))?;
        if self.scans == 1 {
            check_colour(frame, self.jfif, self.adobe)?;
            frame.restart_interval = self.restart_interval;
            frame.adobe_transform = self.adobe;
            if u64::from(frame.width) * u64::from(frame.height) > self.limits.pixels {
                return Err(Reason::Limit("pixels"));
            }
        }
        let malformed = Err(Reason::Malformed("scan header"));
        let [count, rest @ ..] = body else { return malformed };
        let Some((entries, &[first, last, bits])) = rest
            .split_at_checked(usize::from(*count) * 2)
            .and_then(|(entries, tail)| Some((entries, tail.as_array::<3>()?)))
        else {
            return malformed;
        };
        let mut components = Vec::with_capacity(3);
        for entry in entries.chunks_exact(2) {
            let Some(index) = frame.components.iter().position(|c| c.id == entry[0]) else {
                return malformed;
            };
            // Components come in the order of the frame; so none can come twice.
            if components.last().is_some_and(|last: &ScanComponent<'_>| last.index >= index) {
                return malformed;
            }
            let steps = self.quantisation[usize::from(frame.components[index].quantisation & 3)];
            if steps.is_none() {
                return Err(Reason::Malformed("quantisation table missing"));
            }
            let (dc, ac) = (usize::from(entry[1] >> 4), usize::from(entry[1] & 15));
            if dc > 3 || ac > 3 {
                return malformed;
            }
            components.push(ScanComponent { index, dc: self.dc[dc], ac: self.ac[ac] });
        }
        let (high, low) = (bits >> 4, bits & 15);
        if components.is_empty() || (!frame.progressive && (first, last, bits) != (0, 63, 0)) {
            return malformed;
        }
        let blocks: u32 = components
            .iter()
            .map(|c| frame.components[c.index])
            .map(|c| u32::from(c.horizontal) * u32::from(c.vertical))
            .sum();
        if components.len() > 1 && blocks > 10 {
            return Err(Reason::Malformed("more than ten blocks in an MCU"));
        }
        Ok(Scan {
            components,
            band: (first, last),
            high,
            low,
            restart_interval: self.restart_interval,
            data: self.at,
        })
    }
}
