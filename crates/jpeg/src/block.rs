//! Blocks of sequential files: entropy-coded bits to dequantised coefficients.

use crate::bits::BitReader;
use crate::error::Fault;
use crate::huffman::{END, Strides, Table};

/// Place of each coefficient of the zigzag order in a block of rows.
pub(crate) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Dequantised coefficients. Behind the 64 stands room that positions beyond the block fall into.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) coefficients: [i16; 128],
    /// At least the sum of their magnitudes.
    pub(crate) magnitude: u32,
    /// Nothing but zeros stands behind this place of the zigzag order.
    pub(crate) last: u32,
}

/// The largest sum of magnitudes that an 8-bit picture can give, with room to spare: the
/// coefficients of a block of 8-bit samples sum up to 8,192 at most, quantisation adds at most
/// half a step to each.
pub(crate) const MOST: u32 = 18_000;

/// The largest magnitude of a DC coefficient, with room to spare: 1,024, and half a step of
/// quantisation, which can at most double it.
pub(crate) const MOST_DC: u32 = 4_000;

impl Block {
    pub(crate) fn new() -> Self {
        Block { coefficients: [0; 128], magnitude: 0, last: 0 }
    }

    /// Back to zeros.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.coefficients[..64].fill(0);
    }

    /// Takes the DC coefficient.
    #[inline(always)]
    pub(crate) fn start(&mut self, value: i32) -> Result<(), Fault> {
        self.coefficients[0] = value as i16;
        self.magnitude = value.unsigned_abs();
        self.last = 0;
        if self.magnitude > MOST_DC { Err(Fault::Range) } else { Ok(()) }
    }

    #[inline(always)]
    pub(crate) fn put(&mut self, place: usize, value: i32) {
        self.coefficients[place & 127] = value as i16;
        self.magnitude += value.unsigned_abs();
    }
}

/// Step and place of each coefficient in zigzag order, ready for positions beyond the block.
pub(crate) struct Dequantiser([u32; 256]);

impl Dequantiser {
    pub(crate) fn new(table: &[u16; 64]) -> Self {
        let mut entries = [64; 256];
        for (entry, (&step, &place)) in entries.iter_mut().zip(table.iter().zip(&ZIGZAG)) {
            *entry = u32::from(step) << 8 | u32::from(place);
        }
        Dequantiser(entries)
    }

    /// Place and dequantised value of coefficient `k` of the zigzag order.
    #[inline(always)]
    pub(crate) fn apply(&self, k: u32, value: i32) -> (usize, i32) {
        let entry = self.0[(k & 255) as usize];
        ((entry & 0xFF) as usize, value * (entry >> 8) as i32)
    }
}

/// The difference of a DC coefficient to the one before.
#[inline(always)]
pub(crate) fn difference(reader: &mut BitReader<'_>, dc: &Table) -> Result<i32, Fault> {
    let bits = reader.peek();
    let symbol = dc.find(bits)?;
    reader.consume(symbol.total());
    Ok(symbol.value(bits))
}

/// What the blocks of luma are decoded with.
pub(crate) struct Luma<'a> {
    pub(crate) dc: &'a Table,
    pub(crate) ac: &'a Table,
    pub(crate) strides: &'a Strides,
    pub(crate) dequantiser: &'a Dequantiser,
}

impl Luma<'_> {
    /// Decodes a block, of which only the coefficients up to `WANTED` of the zigzag order are
    /// kept. `block` comes zeroed.
    #[inline(always)]
    pub(crate) fn decode<const WANTED: u32>(
        &self,
        reader: &mut BitReader<'_>,
        prediction: &mut i32,
        block: &mut Block,
    ) -> Result<(), Fault> {
        reader.refill();
        *prediction = prediction.wrapping_add(difference(reader, self.dc)?);
        if prediction.unsigned_abs() > 1 << 14 {
            return Err(Fault::Range);
        }
        block.start(self.dequantiser.apply(0, *prediction).1)?;
        let mut k = 1;
        if WANTED > 0 {
            let mut one = |reader: &mut BitReader<'_>, k: &mut u32| -> Result<bool, Fault> {
                let bits = reader.peek();
                let symbol = self.ac.find(bits)?;
                reader.consume(symbol.total());
                *k += symbol.run();
                let (place, value) = self.dequantiser.apply(*k, symbol.value(bits));
                block.put(place, value);
                *k += 1;
                Ok(*k > WANTED)
            };
            // A refill is good for two symbols, and the DC took one.
            while !one(reader, &mut k)? {
                reader.refill();
                if one(reader, &mut k)? {
                    break;
                }
            }
            // An end of block adds END to its place, which stands one behind the last coefficient.
            block.last = if k > END { k - END - 2 } else { k - 1 };
        }
        if k > 64 && k <= END {
            return Err(Fault::Overrun);
        }
        if WANTED < 63 && k < 64 {
            self.strides.walk(reader, self.ac, k)?;
        }
        if block.magnitude > MOST { Err(Fault::Range) } else { Ok(()) }
    }
}
