//! Bits of one entropy-coded segment, byte stuffing removed on the way.

use crate::error::Fault;

/// Reads the bits of entropy-coded data, most significant first.
///
/// The bytes up to the next 0xFF are known to need no unstuffing, so that a refill there is one
/// load of eight bytes without a test; only around a 0xFF are bytes taken one by one. Behind the
/// end of the segment zero bits are supplied and counted, and [`BitReader::overrun`] tells later
/// whether any of them was used: nothing has to be tested per symbol.
pub(crate) struct BitReader<'a> {
    /// The next bits, at the top. Below the valid ones may stand bits of the byte to come.
    buffer: u64,
    /// How many bits at the top are valid: at most 63.
    bits: u32,
    /// Bytes to come that hold no 0xFF.
    clean: &'a [u8],
    /// What follows them: nothing, or 0xFF and more.
    rest: &'a [u8],
    /// Zero bits supplied behind the end.
    padding: u64,
    whole: usize,
}

impl<'a> BitReader<'a> {
    /// Starts at the first byte of `data`; offsets count from there.
    pub(crate) fn new(data: &'a [u8]) -> Self {
        let (clean, rest) = data.split_at(find_ff(data));
        BitReader { buffer: 0, bits: 0, clean, rest, padding: 0, whole: data.len() }
    }

    /// Bytes taken so far, those still in the buffer included.
    pub(crate) fn offset(&self) -> usize {
        self.whole - self.rest.len() - self.clean.len()
    }

    /// Makes at least 56 bits available.
    #[inline(always)]
    pub(crate) fn refill(&mut self) {
        if let Some(chunk) = self.clean.first_chunk::<8>() {
            self.buffer |= u64::from_be_bytes(*chunk) >> (self.bits & 63);
            let taken = (63 - self.bits) >> 3;
            self.clean = &self.clean[(taken & 7) as usize..];
            self.bits |= 56;
        } else {
            self.refill_slowly();
        }
    }

    #[inline(never)]
    fn refill_slowly(&mut self) {
        while self.bits < 56 {
            let byte = if let Some((&byte, tail)) = self.clean.split_first() {
                self.clean = tail;
                byte
            } else if let [0xFF, 0x00, tail @ ..] = self.rest {
                (self.clean, self.rest) = tail.split_at(find_ff(tail));
                0xFF
            } else {
                self.padding += 8;
                0
            };
            self.buffer |= u64::from(byte) << (56 - self.bits);
            self.bits += 8;
        }
    }

    /// The bits to come, at the top; only those made available by [`BitReader::refill`] are true.
    #[inline(always)]
    pub(crate) fn peek(&self) -> u64 {
        self.buffer
    }

    /// Takes `count` < 64 bits that were made available.
    #[inline(always)]
    pub(crate) fn consume(&mut self, count: u32) {
        self.buffer <<= count & 63;
        self.bits = self.bits.wrapping_sub(count);
    }

    /// Takes `count` ≤ 16 bits that were made available, as a number.
    #[inline(always)]
    pub(crate) fn take(&mut self, count: u32) -> u32 {
        let value = (self.buffer >> 1) >> (63 - (count & 63));
        self.consume(count);
        value as u32
    }

    /// Takes one bit, refilling if need be.
    #[inline(always)]
    pub(crate) fn bit(&mut self) -> bool {
        if self.bits == 0 {
            self.refill();
        }
        self.take(1) == 1
    }

    /// True when more bits were taken than the segment holds.
    pub(crate) fn overrun(&self) -> bool {
        self.padding > u64::from(self.bits)
    }

    /// Ends the segment: every byte must have been used. Gives the offset of the marker behind it.
    pub(crate) fn finish(&self) -> Result<usize, Fault> {
        let left = u64::from(self.bits).checked_sub(self.padding).ok_or(Fault::Truncated)?;
        if left >= 8 || !self.clean.is_empty() || self.rest.starts_with(&[0xFF, 0x00]) {
            return Err(Fault::Extra);
        }
        Ok(self.offset())
    }

    /// Ends the segment and starts the one behind restart marker number `number` (0 to 7).
    pub(crate) fn restart(&mut self, number: u8) -> Result<(), Fault> {
        self.finish()?;
        let fill = self.rest.iter().take_while(|&&byte| byte == 0xFF).count();
        match self.rest.get(fill..) {
            Some([marker, tail @ ..]) if *marker == 0xD0 | number => {
                let whole = self.whole;
                *self = BitReader { whole, ..BitReader::new(tail) };
                Ok(())
            }
            Some([_, ..]) => Err(Fault::Restart),
            _ => Err(Fault::Truncated),
        }
    }
}

/// The position of the first 0xFF, or the length.
pub(crate) fn find_ff(data: &[u8]) -> usize {
    const STEP: usize = 32;
    let mut at = 0;
    for chunk in data.chunks_exact(STEP) {
        if chunk.iter().fold(false, |any, &byte| any | (byte == 0xFF)) {
            break;
        }
        at += STEP;
    }
    let tail = &data[at..];
    at + tail.iter().position(|&byte| byte == 0xFF).unwrap_or(tail.len())
}

/// The position of the first marker in entropy-coded data that is no restart marker, or `None`.
/// Also tells how many restart markers stand before it.
pub(crate) fn skip_entropy(data: &[u8]) -> Option<(usize, u64)> {
    let mut at = 0;
    let mut restarts = 0;
    loop {
        at += find_ff(data.get(at..)?);
        match data.get(at + 1)? {
            0x00 => at += 2,
            0xD0..=0xD7 => {
                restarts += 1;
                at += 2;
            }
            0xFF => at += 1,
            _ => return Some((at, restarts)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bits of a segment without stuffing, one by one.
    fn oracle(data: &[u8]) -> Vec<bool> {
        let mut bits = Vec::new();
        let mut at = 0;
        while at < data.len() {
            if data[at] == 0xFF {
                if data.get(at + 1) != Some(&0) {
                    break;
                }
                bits.extend([true; 8]);
                at += 2;
            } else {
                bits.extend((0..8).map(|bit| data[at] >> (7 - bit) & 1 == 1));
                at += 1;
            }
        }
        bits
    }

    #[test]
    fn reads_every_bit_across_stuffing() {
        let mut data: Vec<u8> = (0..2000u32).map(|i| ((i * i * 31) >> 3) as u8).collect();
        data.retain(|&byte| byte != 0xFF);
        for at in [3usize, 10, 12, 40, 42, 44, 300, 303, 700] {
            data.splice(at..at, [0xFF, 0x00]);
        }
        data.extend([0xFF, 0xD9]);
        let expected = oracle(&data);
        let mut reader = BitReader::new(&data);
        let mut at = 0;
        for step in (1..=16u32).cycle() {
            if at + step as usize > expected.len() {
                break;
            }
            reader.refill();
            let value = reader.take(step);
            let bits = &expected[at..at + step as usize];
            assert_eq!(value, bits.iter().fold(0, |v, &b| v << 1 | u32::from(b)), "bit {at}");
            at += step as usize;
        }
        while at < expected.len() {
            assert!(!reader.overrun());
            assert_eq!(reader.bit(), expected[at]);
            at += 1;
        }
        assert_eq!(reader.finish(), Ok(data.len() - 2));
        reader.bit();
        assert!(reader.overrun());
        assert_eq!(reader.finish(), Err(Fault::Truncated));
    }

    #[test]
    fn restarts_only_at_the_marker_that_is_due() {
        let data = [0x12, 0x34, 0xFF, 0xFF, 0xD3, 0x56, 0xFF, 0xD9];
        let read = |count: u32| {
            let mut reader = BitReader::new(&data);
            reader.refill();
            reader.consume(count);
            reader
        };
        assert_eq!(read(8).restart(3), Err(Fault::Extra));
        assert_eq!(read(9).restart(4), Err(Fault::Restart));
        assert_eq!(read(17).restart(3), Err(Fault::Truncated));
        let mut reader = read(16);
        assert_eq!(reader.restart(3), Ok(()));
        reader.refill();
        assert_eq!(reader.take(8), 0x56);
        assert_eq!(reader.finish(), Ok(6));
    }

    #[test]
    fn finds_the_first_ff_at_every_place() {
        for len in 0..100 {
            for at in 0..len {
                let mut data = vec![0xFE; len];
                data[at] = 0xFF;
                assert_eq!(find_ff(&data), at);
            }
            assert_eq!(find_ff(&vec![0; len]), len);
        }
        assert_eq!(skip_entropy(&[1, 0xFF, 0, 0xFF, 0xD1, 2, 0xFF, 0xFF, 0xDA]), Some((7, 1)));
        assert_eq!(skip_entropy(&[1, 0xFF, 0, 0xFF]), None);
    }
}
