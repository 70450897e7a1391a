//! The luma coefficients of a progressive file, filled in scan by scan.

use crate::bits::BitReader;
use crate::block::{Block, Dequantiser, MOST};
use crate::error::Fault;
use crate::geometry::Geometry;
use crate::huffman::{END, Table};

/// Quantised coefficients of every luma block, in zigzag order, and which of them are not zero:
/// blocks that a run passes over cost one look at that.
pub(crate) struct Coefficients {
    values: Vec<i16>,
    present: Vec<u64>,
}

/// The coefficients of one block.
pub(crate) struct Entry<'a> {
    values: &'a mut [i16; 64],
    present: &'a mut u64,
}

impl Coefficients {
    pub(crate) fn new(geometry: &Geometry) -> Self {
        let blocks = geometry.luma_blocks() as usize;
        Coefficients { values: vec![0; blocks * 64], present: vec![0; blocks] }
    }

    #[inline(always)]
    pub(crate) fn block(&mut self, index: usize) -> Entry<'_> {
        let values = self.values[index * 64..].first_chunk_mut().expect("64 for each block");
        Entry { values, present: &mut self.present[index] }
    }

    /// Adds bits to the DC coefficient of a block.
    pub(crate) fn or_dc(&mut self, index: usize, bits: i16) {
        self.values[index * 64] |= bits;
    }

    /// Dequantises a block into `block`, which comes zeroed.
    #[inline(always)]
    pub(crate) fn dequantise(
        &self,
        index: usize,
        dequantiser: &Dequantiser,
        block: &mut Block,
    ) -> Result<(), Fault> {
        let values = &self.values[index * 64..][..64];
        let mut present = self.present[index];
        block.start(dequantiser.apply(0, i32::from(values[0])).1)?;
        block.last = 63 - (present | 1).leading_zeros();
        while present != 0 {
            let k = present.trailing_zeros();
            let (place, value) = dequantiser.apply(k, i32::from(values[(k & 63) as usize]));
            block.put(place, value);
            present &= present - 1;
        }
        if block.magnitude > MOST { Err(Fault::Range) } else { Ok(()) }
    }
}

impl Entry<'_> {
    /// The first scan of a band: values and runs of zeros.
    #[inline(always)]
    pub(crate) fn first(
        &mut self,
        reader: &mut BitReader<'_>,
        table: &Table,
        (first, last): (u32, u32),
        low: u8,
        end_of_band: &mut u32,
    ) -> Result<(), Fault> {
        if *end_of_band > 0 {
            *end_of_band -= 1;
            return Ok(());
        }
        let mut k = first;
        while k <= last {
            reader.refill();
            let bits = reader.peek();
            let symbol = table.find(bits)?;
            reader.consume(symbol.total());
            if symbol.run() >= END {
                *end_of_band = run_length(reader, symbol.run() - END) - 1;
                return Ok(());
            }
            k += symbol.run();
            if k > last {
                return Err(Fault::Overrun);
            }
            if symbol.mask() > 0 {
                self.set(k, symbol.value(bits) << low)?;
            }
            k += 1;
        }
        Ok(())
    }

    /// A later scan of a band: one more bit of what is there, and new values.
    #[inline(always)]
    pub(crate) fn refine(
        &mut self,
        reader: &mut BitReader<'_>,
        table: &Table,
        (first, last): (u32, u32),
        low: u8,
        end_of_band: &mut u32,
    ) -> Result<(), Fault> {
        let mut k = first;
        if *end_of_band == 0 {
            while k <= last {
                reader.refill();
                let bits = reader.peek();
                let symbol = table.find(bits)?;
                reader.consume(symbol.total());
                if symbol.run() >= END {
                    *end_of_band = run_length(reader, symbol.run() - END);
                    break;
                }
                // New values are 1 or −1.
                let value = symbol.value(bits) << low;
                if symbol.mask() > 1 {
                    return Err(Fault::Code);
                }
                k = self.skip_zeros(reader, k, last, symbol.run(), low);
                if value != 0 {
                    if k > last {
                        return Err(Fault::Overrun);
                    }
                    self.set(k, value)?;
                }
                k += 1;
            }
        }
        if *end_of_band > 0 {
            self.correct(reader, k, last, low);
            *end_of_band -= 1;
        }
        Ok(())
    }

    /// Passes `zeros` coefficients that are zero, correcting the others on the way, and those
    /// behind; gives the place of the next zero, or one behind `last`.
    #[inline(always)]
    fn skip_zeros(
        &mut self,
        reader: &mut BitReader<'_>,
        first: u32,
        last: u32,
        zeros: u32,
        low: u8,
    ) -> u32 {
        let mut absent = !*self.present & between(first, last);
        for _ in 0..zeros {
            absent &= absent.wrapping_sub(1);
        }
        let end = if absent == 0 { last + 1 } else { absent.trailing_zeros() };
        if end > first {
            self.correct(reader, first, end - 1, low);
        }
        end
    }

    /// Takes one bit for each coefficient from `first` to `last` that is not zero, and moves those
    /// with a 1 away from zero.
    #[inline(always)]
    fn correct(&mut self, reader: &mut BitReader<'_>, first: u32, last: u32, low: u8) {
        let present = *self.present & between(first, last);
        // A refill is good for 56 bits, that is for either half of a block.
        for mut half in [present & 0xFFFF_FFFF, present & !0xFFFF_FFFF] {
            if half == 0 {
                continue;
            }
            reader.refill();
            let mut bits = reader.peek();
            let mut count = 0;
            while half != 0 {
                let value = &mut self.values[(half.trailing_zeros() & 63) as usize];
                let step = ((bits >> 63) as i16) << low;
                let sign = *value >> 15;
                *value += (step ^ sign) - sign;
                bits <<= 1;
                count += 1;
                half &= half - 1;
            }
            reader.consume(count);
        }
    }

    #[inline(always)]
    fn set(&mut self, k: u32, value: i32) -> Result<(), Fault> {
        // Eleven bits are what 8-bit samples can give.
        if value.unsigned_abs() > 1 << 11 {
            return Err(Fault::Range);
        }
        self.values[(k & 63) as usize] = value as i16;
        *self.present |= 1 << (k & 63);
        Ok(())
    }
}

/// The blocks that an end-of-band symbol covers, this one included.
#[inline(always)]
fn run_length(reader: &mut BitReader<'_>, bits: u32) -> u32 {
    (1 << bits) + reader.take(bits)
}

/// Bits `first` to `last`.
#[inline(always)]
fn between(first: u32, last: u32) -> u64 {
    if first > last { 0 } else { (!0 << (first & 63)) & (!0 >> (63 - (last & 63))) }
}
