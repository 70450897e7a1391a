//! Sequential files: one pass over the blocks, rows of luma delivered as they come.

use crate::Scale;
use crate::bits::BitReader;
use crate::block::{Block, Dequantiser, Luma, difference};
use crate::error::{Fallback, Fault, Reason};
use crate::geometry::{Geometry, Walk};
use crate::header::Header;
use crate::huffman::{Effort, Meaning, Spec, Strides, Table};
use crate::idct;
use crate::markers::{Parser, Scan, ScanComponent};
use crate::sink::{RowSink, Rows};

/// Decodes from the first scan to the end of the image.
pub(crate) fn decode(
    bytes: &[u8],
    mut parser: Parser<'_>,
    first: Scan<'_>,
    header: &Header,
    geometry: &Geometry,
    scale: Scale,
    sink: &mut impl RowSink,
) -> Result<(), Fallback> {
    let dequantiser = Dequantiser::new(&parser.luma_quantisation()?);
    let mut seen = [false; 3];
    let mut next = Some(first);
    while let Some(scan) = next {
        for component in &scan.components {
            if std::mem::replace(&mut seen[component.index], true) {
                return Err(Reason::Malformed("a component in two scans").at(scan.data));
            }
        }
        let data = bytes.get(scan.data..).unwrap_or_default();
        let mut reader = BitReader::new(data);
        let pass = Pass { bytes: bytes.len(), header, geometry, scale, dequantiser: &dequantiser };
        let end = pass.scan(&mut reader, &scan, sink);
        let end = end.map_err(|reason| reason.at(scan.data + reader.offset()))?;
        parser.resume(scan.data + end);
        next = parser.next_scan()?;
    }
    if seen[..header.components.len()].contains(&false) {
        return Err(Reason::Malformed("a component without a scan").at(bytes.len()));
    }
    Ok(())
}

/// The tables of a component in a scan.
struct Tables {
    dc: Table,
    ac: Table,
    strides: Strides,
}

impl Tables {
    fn new(component: &ScanComponent<'_>, scale: Scale, bytes: usize) -> Result<Self, Reason> {
        let ac = table(component.ac, Meaning::Ac)?;
        let effort = match scale {
            Scale::Full if component.index == 0 => Effort::None,
            _ if bytes < SMALL => Effort::Single,
            _ => Effort::Several,
        };
        let strides = Strides::new(&ac, effort);
        Ok(Tables { dc: table(component.dc, Meaning::Dc)?, ac, strides })
    }
}

/// Files with fewer bytes are decoded before a large table has paid for itself.
const SMALL: usize = 40_000;

pub(crate) const NO_TABLE: Reason = Reason::Malformed("Huffman table missing or of the wrong kind");

/// A table that a scan names: it must have been defined.
pub(crate) fn table(spec: Option<Spec<'_>>, meaning: Meaning) -> Result<Table, Reason> {
    spec.and_then(|spec| Table::new(&spec, meaning)).ok_or(NO_TABLE)
}

/// What stays the same over the scans.
struct Pass<'a> {
    /// Size of the file.
    bytes: usize,
    header: &'a Header,
    geometry: &'a Geometry,
    scale: Scale,
    dequantiser: &'a Dequantiser,
}

impl Pass<'_> {
    /// Decodes a scan; gives where its data ends.
    fn scan(
        &self,
        reader: &mut BitReader<'_>,
        scan: &Scan<'_>,
        sink: &mut impl RowSink,
    ) -> Result<usize, Reason> {
        let tables: Vec<Tables> = scan
            .components
            .iter()
            .map(|c| Tables::new(c, self.scale, self.bytes))
            .collect::<Result<_, _>>()?;
        let mut walk = Walk::new(self.header, self.geometry, scan);
        if scan.components.iter().all(|component| component.index > 0) {
            for row in 0..walk.rows() {
                walk.row(reader, row, |reader, _, step, _, _| {
                    let tables = &tables[step.slot];
                    pass_over(reader, tables)
                })?;
            }
            return Ok(walk.finish(reader)?);
        }
        match self.scale {
            Scale::Full => self.rows::<8, 63>(reader, &mut walk, &tables, sink, idct::full)?,
            Scale::Half => {
                self.rows::<4, 24>(reader, &mut walk, &tables, sink, |b| Ok(idct::half(b)))?
            }
            Scale::Quarter => {
                self.rows::<2, 4>(reader, &mut walk, &tables, sink, |b| Ok(idct::quarter(b)))?
            }
            Scale::Eighth => {
                self.rows::<1, 0>(reader, &mut walk, &tables, sink, |b| Ok([[idct::mean(b)]]))?;
            }
        }
        Ok(walk.finish(reader)?)
    }

    /// Decodes and delivers the luma rows of a scan, `SIDE` samples across a block, from the
    /// coefficients up to `WANTED`.
    fn rows<const SIDE: usize, const WANTED: u32>(
        &self,
        reader: &mut BitReader<'_>,
        walk: &mut Walk,
        tables: &[Tables],
        sink: &mut impl RowSink,
        samples: impl Fn(&Block) -> Result<[[u8; SIDE]; SIDE], Fault>,
    ) -> Result<(), Reason> {
        let stride = walk.luma_columns() as usize * SIDE;
        let mut band = vec![0u8; stride * SIDE * walk.luma_rows() as usize];
        let Tables { dc, ac, strides } = &tables[0];
        let luma = Luma { dc, ac, strides, dequantiser: self.dequantiser };
        let mut delivery = Delivery::new(self.geometry, self.scale);
        let mut block = Block::new();
        for row in 0..walk.rows() {
            let top = row * walk.luma_rows();
            walk.row(reader, row, |reader, carry, step, x, y| {
                if step.component != 0 {
                    return pass_over(reader, &tables[step.slot]);
                }
                luma.decode::<WANTED>(reader, &mut carry.prediction[0], &mut block)?;
                let corner = (y - top) as usize * SIDE * stride + x as usize * SIDE;
                store(&mut band, corner, stride, &samples(&block)?);
                if WANTED > 0 {
                    block.clear();
                }
                Ok(())
            })?;
            delivery.deliver(&band, stride, sink)?;
        }
        Ok(())
    }
}

/// Writes the samples of a block into a band of rows.
#[inline(always)]
pub(crate) fn store<const SIDE: usize>(
    band: &mut [u8],
    corner: usize,
    stride: usize,
    samples: &[[u8; SIDE]; SIDE],
) {
    for (y, row) in samples.iter().enumerate() {
        band[corner + y * stride..][..SIDE].copy_from_slice(row);
    }
}

/// Walks over a block of which nothing is wanted.
#[inline(always)]
fn pass_over(reader: &mut BitReader<'_>, tables: &Tables) -> Result<(), Fault> {
    reader.refill();
    difference(reader, &tables.dc)?;
    tables.strides.walk(reader, &tables.ac, 1)
}

/// Hands bands of rows to the sink, cropped to the picture.
pub(crate) struct Delivery {
    width: u32,
    height: u32,
    next: u32,
}

impl Delivery {
    pub(crate) fn new(geometry: &Geometry, scale: Scale) -> Self {
        let (width, height) = geometry.scaled(scale);
        Delivery { width, height, next: 0 }
    }

    /// Delivers the next rows of the picture.
    pub(crate) fn deliver(
        &mut self,
        band: &[u8],
        stride: usize,
        sink: &mut impl RowSink,
    ) -> Result<(), Reason> {
        let count = ((band.len() / stride) as u32).min(self.height - self.next);
        if count == 0 {
            return Ok(());
        }
        let rows = Rows::new(self.next, self.width, count, stride, band);
        self.next += count;
        if sink.rows(rows).is_break() { Err(Reason::Stopped) } else { Ok(()) }
    }
}
