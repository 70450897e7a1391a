//! Progressive files: the scans are listed first, then only those that contribute are decoded.

use crate::Scale;
use crate::bits::{BitReader, skip_entropy};
use crate::block::{Block, Dequantiser, MOST_DC, difference};
use crate::error::{Fallback, Fault, Reason};
use crate::geometry::{Geometry, Walk};
use crate::header::Header;
use crate::huffman::{Meaning, Table};
use crate::idct;
use crate::markers::{Parser, Scan};
use crate::refine::Coefficients;
use crate::sequential::{Delivery, NO_TABLE, store, table};
use crate::sink::RowSink;

/// Decodes what `scale` asks for; gives how many scans were skipped unread.
pub(crate) fn decode<'a>(
    bytes: &'a [u8],
    mut parser: Parser<'a>,
    first: Scan<'a>,
    header: &Header,
    geometry: &Geometry,
    scale: Scale,
    sink: &mut impl RowSink,
) -> Result<u32, Fallback> {
    let scans = list(bytes, &mut parser, first, header)?;
    let wanted = contributing(&scans, scale);
    let unread = wanted.iter().filter(|&&wanted| !wanted).count() as u32;
    let read = || scans.iter().zip(&wanted).filter(|(_, wanted)| **wanted).map(|(scan, _)| scan);
    let steps = parser.luma_quantisation()?;
    if scale == Scale::Eighth {
        let mut plane = vec![0i16; geometry.luma_blocks() as usize];
        for scan in read() {
            let bit = |dc: &mut i16, value: i32| *dc |= (value as i16) << scan.low;
            dc_scan(bytes, scan, header, geometry, |block, value| {
                bit(&mut plane[block], value);
            })?;
        }
        deliver_means(&plane, steps[0], geometry, sink).map_err(|reason| reason.at(bytes.len()))?;
        return Ok(unread);
    }
    let mut coefficients = Coefficients::new(geometry);
    for scan in read() {
        if scan.band.0 == 0 {
            dc_scan(bytes, scan, header, geometry, |block, value| {
                coefficients.or_dc(block, (value as i16) << scan.low);
            })?;
        } else {
            ac_scan(bytes, scan, header, geometry, &mut coefficients)?;
        }
    }
    let dequantiser = Dequantiser::new(&steps);
    let picture = Picture { coefficients: &coefficients, dequantiser: &dequantiser, geometry };
    let delivered = match scale {
        Scale::Full => picture.deliver::<8>(scale, sink, idct::full),
        Scale::Half => picture.deliver::<4>(scale, sink, |b| Ok(idct::half(b))),
        _ => picture.deliver::<2>(scale, sink, |b| Ok(idct::quarter(b))),
    };
    delivered.map_err(|reason| reason.at(bytes.len()))?;
    Ok(unread)
}

/// Lists all scans up to the end of the image, and checks that they refine every coefficient of
/// every component step by step, and luma completely.
fn list<'a>(
    bytes: &'a [u8],
    parser: &mut Parser<'a>,
    first: Scan<'a>,
    header: &Header,
) -> Result<Vec<Scan<'a>>, Fallback> {
    /// No scan has given this coefficient.
    const UNKNOWN: u8 = u8::MAX;
    let mut known = [[UNKNOWN; 64]; 3];
    let mut scans = Vec::new();
    let mut next = Some(first);
    while let Some(scan) = next {
        let (first, last) = scan.band;
        let lone_band = scan.components.len() == 1 && first <= last && last < 64;
        let refines = scan.high == 0 || scan.high == scan.low + 1;
        if !(last == 0 && first == 0 || first > 0 && lone_band) || !refines || scan.low > 13 {
            return Err(Reason::Malformed("progression parameters").at(scan.data));
        }
        let before = if scan.high == 0 { UNKNOWN } else { scan.high };
        for component in &scan.components {
            let known = &mut known[component.index];
            if first > 0 && known[0] == UNKNOWN {
                return Err(Reason::Unsupported("AC scan before DC scan").at(scan.data));
            }
            for bits in &mut known[usize::from(first)..=usize::from(last)] {
                if *bits != before {
                    return Err(Reason::Unsupported("scans out of order").at(scan.data));
                }
                *bits = scan.low;
            }
        }
        // Tables are checked for scans that will be skipped, too.
        for component in scan.components.iter().filter(|_| first > 0 || scan.high == 0) {
            let fit = if first > 0 {
                component.ac.is_some()
            } else {
                component.dc.is_some_and(|spec| spec.suits(Meaning::Dc))
            };
            if !fit {
                return Err(NO_TABLE.at(scan.data));
            }
        }
        let data = bytes.get(scan.data..).unwrap_or_default();
        let (end, _) = skip_entropy(data).ok_or(Reason::Truncated.at(bytes.len()))?;
        parser.resume(scan.data + end);
        scans.push(scan);
        next = parser.next_scan()?;
    }
    // Some decoders smooth what such files leave out.
    if known[..header.components.len()].iter().flatten().any(|&bits| bits != 0) {
        return Err(Reason::Unsupported("scans that leave bits out").at(bytes.len()));
    }
    Ok(scans)
}

/// Which scans the coefficients up to the wanted one depend on: those of luma whose band holds
/// one, and those that a refinement among them builds upon.
fn contributing(scans: &[Scan<'_>], scale: Scale) -> Vec<bool> {
    let mut needed = [false; 64];
    let last = match scale {
        Scale::Full => 63,
        Scale::Half => 24,
        Scale::Quarter => 4,
        Scale::Eighth => 0,
    };
    needed[..=last].fill(true);
    let mut wanted = vec![false; scans.len()];
    for (wanted, scan) in wanted.iter_mut().zip(scans).rev() {
        let band = &mut needed[usize::from(scan.band.0)..=usize::from(scan.band.1)];
        *wanted = scan.components[0].index == 0 && band.contains(&true);
        // A refinement tells its coefficients apart by what earlier scans said of all its band.
        if *wanted && scan.high > 0 {
            band.fill(true);
        }
    }
    wanted
}

/// Decodes a DC scan; `put(block, bits)` takes the bits of each luma block.
fn dc_scan(
    bytes: &[u8],
    scan: &Scan<'_>,
    header: &Header,
    geometry: &Geometry,
    mut put: impl FnMut(usize, i32),
) -> Result<(), Fallback> {
    let mut reader = BitReader::new(bytes.get(scan.data..).unwrap_or_default());
    let mut walk = Walk::new(header, geometry, scan);
    let columns = geometry.blocks.0;
    let place = |x: u32, y: u32| y as usize * columns as usize + x as usize;
    let mut run = || -> Result<(), Reason> {
        if scan.high > 0 {
            for row in 0..walk.rows() {
                walk.row(&mut reader, row, |reader, _, step, x, y| {
                    let bit = reader.bit();
                    if step.component == 0 {
                        put(place(x, y), i32::from(bit));
                    }
                    Ok(())
                })?;
            }
        } else {
            let tables: Vec<Table> = scan
                .components
                .iter()
                .map(|c| table(c.dc, Meaning::Dc))
                .collect::<Result<_, Reason>>()?;
            for row in 0..walk.rows() {
                walk.row(&mut reader, row, |reader, carry, step, x, y| {
                    reader.refill();
                    let difference = difference(reader, &tables[step.slot])?;
                    if step.component == 0 {
                        let prediction = &mut carry.prediction[0];
                        *prediction = prediction.wrapping_add(difference);
                        if prediction.unsigned_abs() > (1 << 14) >> scan.low {
                            return Err(Fault::Range);
                        }
                        put(place(x, y), *prediction);
                    }
                    Ok(())
                })?;
            }
        }
        walk.finish(&reader)?;
        Ok(())
    };
    run().map_err(|reason| reason.at(scan.data + reader.offset()))
}

/// Decodes an AC scan of luma.
fn ac_scan(
    bytes: &[u8],
    scan: &Scan<'_>,
    header: &Header,
    geometry: &Geometry,
    coefficients: &mut Coefficients,
) -> Result<(), Fallback> {
    let mut reader = BitReader::new(bytes.get(scan.data..).unwrap_or_default());
    let mut walk = Walk::new(header, geometry, scan);
    let columns = geometry.blocks.0 as usize;
    let mut run = || -> Result<(), Reason> {
        let table = table(scan.components[0].ac, Meaning::AcBand)?;
        let band = (u32::from(scan.band.0), u32::from(scan.band.1));
        for row in 0..walk.rows() {
            walk.row(&mut reader, row, |reader, carry, _, x, y| {
                let mut block = coefficients.block(y as usize * columns + x as usize);
                let end_of_band = &mut carry.end_of_band;
                if scan.high == 0 {
                    block.first(reader, &table, band, scan.low, end_of_band)
                } else {
                    block.refine(reader, &table, band, scan.low, end_of_band)
                }
            })?;
        }
        walk.finish(&reader)?;
        Ok(())
    };
    run().map_err(|reason| reason.at(scan.data + reader.offset()))
}

/// Delivers the picture of eighth scale from the DC coefficients.
fn deliver_means(
    plane: &[i16],
    step: u16,
    geometry: &Geometry,
    sink: &mut impl RowSink,
) -> Result<(), Reason> {
    let mut delivery = Delivery::new(geometry, Scale::Eighth);
    let columns = geometry.blocks.0 as usize;
    let mut row = vec![0u8; columns];
    for means in plane.chunks_exact(columns) {
        for (sample, &dc) in row.iter_mut().zip(means) {
            let value = i32::from(dc) * i32::from(step);
            if value.unsigned_abs() > MOST_DC {
                return Err(Fault::Range.into());
            }
            *sample = idct::flat(value as i16);
        }
        delivery.deliver(&row, columns, sink)?;
    }
    Ok(())
}

/// The coefficients when all scans are in.
struct Picture<'a> {
    coefficients: &'a Coefficients,
    dequantiser: &'a Dequantiser,
    geometry: &'a Geometry,
}

impl Picture<'_> {
    fn deliver<const SIDE: usize>(
        &self,
        scale: Scale,
        sink: &mut impl RowSink,
        samples: impl Fn(&Block) -> Result<[[u8; SIDE]; SIDE], Fault>,
    ) -> Result<(), Reason> {
        let (columns, rows) = (self.geometry.blocks.0 as usize, self.geometry.blocks.1 as usize);
        let stride = columns * SIDE;
        let mut band = vec![0u8; stride * SIDE];
        let mut delivery = Delivery::new(self.geometry, scale);
        let mut block = Block::new();
        for y in 0..rows {
            for x in 0..columns {
                self.coefficients.dequantise(y * columns + x, self.dequantiser, &mut block)?;
                store(&mut band, x * SIDE, stride, &samples(&block)?);
                block.clear();
            }
            delivery.deliver(&band, stride, sink)?;
        }
        Ok(())
    }
}
