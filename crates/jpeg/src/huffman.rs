//! Huffman tables arranged so that one look-up takes a whole symbol, value bits included.

use crate::bits::BitReader;
use crate::error::Fault;

/// Bits that the look-up of one symbol sees; longer codes are rare and searched for.
pub(crate) const LOOK: u32 = 11;
/// Bits that the look-up of several symbols sees when coefficients are only walked over.
pub(crate) const SKIP: u32 = 12;
/// The advance that an end of block adds, so that the walk leaves the block at once.
pub(crate) const END: u32 = 128;

/// The definition of a table as the file gives it.
#[derive(Clone, Copy)]
pub(crate) struct Spec<'a> {
    counts: &'a [u8; 16],
    symbols: &'a [u8],
}

/// What the symbols of a table mean.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The number of bits of a DC difference.
    Dc,
    /// Run and size, sequential mode.
    Ac,
    /// Run and size, or end-of-band runs, progressive mode.
    AcBand,
}

/// What one look-up tells: bits taken, the run before the value, and a mask as wide as the value.
#[derive(Clone, Copy, Default)]
pub(crate) struct Symbol(u32);

impl Symbol {
    fn new(code: u32, size: u32, run: u32) -> Self {
        Symbol((code + size) | run << 8 | ((1 << size) - 1) << 16)
    }

    /// Bits of code and value together; 0 when the code is longer than the look-up.
    #[inline(always)]
    pub(crate) fn total(self) -> u32 {
        self.0 & 0xFF
    }

    /// Zero coefficients before the value, or `END` and more.
    #[inline(always)]
    pub(crate) fn run(self) -> u32 {
        self.0 >> 8 & 0xFF
    }

    /// As many ones as the value has bits.
    #[inline(always)]
    pub(crate) fn mask(self) -> u32 {
        self.0 >> 16
    }

    /// Bits of the code.
    fn code(self) -> u32 {
        self.total() - self.mask().count_ones()
    }

    /// The value whose bits follow the code, both at the top of `bits`.
    #[inline(always)]
    pub(crate) fn value(self, bits: u64) -> i32 {
        let mask = self.mask() as i32;
        let magnitude = bits.rotate_left(self.total() & 63) as i32 & mask;
        // Values of which the first bit is 0 are negative.
        if magnitude > mask >> 1 { magnitude } else { magnitude - mask }
    }
}

/// A table for symbols that are looked at one by one.
pub(crate) struct Table {
    look: Box<[Symbol; 1 << LOOK]>,
    /// Per length: the first 16-bit pattern above its codes, and what to add to a code to find its
    /// symbol.
    limits: [(u32, i32); 17],
    symbols: [u8; 256],
    meaning: Meaning,
}

impl<'a> Spec<'a> {
    /// Reads a definition from the start of `bytes`; gives what follows it.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (counts, rest) = bytes.split_first_chunk::<16>()?;
        let total: usize = counts.iter().map(|&count| usize::from(count)).sum();
        if total == 0 || total > 256 {
            return None;
        }
        let (symbols, rest) = rest.split_at_checked(total)?;
        let mut free = 1i32;
        for &count in counts {
            free = free * 2 - i32::from(count);
            // The code of all ones is not to be used.
            if free < 1 {
                return None;
            }
        }
        Some((Spec { counts, symbols }, rest))
    }

    /// Whether the table can have this meaning.
    pub(crate) fn suits(&self, meaning: Meaning) -> bool {
        meaning != Meaning::Dc || self.symbols.iter().all(|&symbol| symbol <= 15)
    }

    /// Codes in order: (length, code, symbol).
    fn codes(&self) -> impl Iterator<Item = (u32, u32, u8)> {
        let mut code = 0u32;
        let mut next = 0usize;
        (1..=16u32).zip(self.counts).flat_map(move |(length, &count)| {
            code <<= 1;
            let first = (code, next);
            code += u32::from(count);
            next += usize::from(count);
            (0..usize::from(count))
                .map(move |i| (length, first.0 + i as u32, self.symbols[first.1 + i]))
        })
    }
}

impl Table {
    /// `None` when the table cannot have this meaning: DC differences have 15 bits at most.
    pub(crate) fn new(spec: &Spec<'_>, meaning: Meaning) -> Option<Self> {
        if !spec.suits(meaning) {
            return None;
        }
        let mut look = Box::new([Symbol::default(); 1 << LOOK]);
        let mut limits = [(0, 0); 17];
        for (index, (length, code, symbol)) in spec.codes().enumerate() {
            limits[length as usize] = ((code + 1) << (16 - length), index as i32 - code as i32);
            if length <= LOOK
                && let Ok(entry) = interpret(symbol, length, meaning)
            {
                let first = (code << (LOOK - length)) as usize;
                look[first..first + (1 << (LOOK - length))].fill(entry);
            }
        }
        let mut symbols = [0; 256];
        symbols[..spec.symbols.len()].copy_from_slice(spec.symbols);
        Some(Table { look, limits, symbols, meaning })
    }

    /// The symbol whose code stands at the top of `bits`.
    #[inline(always)]
    pub(crate) fn find(&self, bits: u64) -> Result<Symbol, Fault> {
        let symbol = self.look[(bits >> (64 - LOOK)) as usize];
        if symbol.total() == 0 {
            return self.search(bits);
        }
        Ok(symbol)
    }

    /// Codes longer than the look-up, and patterns that are no code.
    #[cold]
    #[inline(never)]
    fn search(&self, bits: u64) -> Result<Symbol, Fault> {
        let pattern = (bits >> 48) as u32;
        for length in 1..=16u32 {
            let (limit, offset) = self.limits[length as usize];
            if pattern < limit {
                let code = (pattern >> (16 - length)) as i32;
                let symbol = usize::try_from(code + offset).ok().and_then(|i| self.symbols.get(i));
                return interpret(*symbol.ok_or(Fault::Code)?, length, self.meaning);
            }
        }
        Err(Fault::Code)
    }
}

fn interpret(symbol: u8, length: u32, meaning: Meaning) -> Result<Symbol, Fault> {
    let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
    match (meaning, run, size) {
        (Meaning::Dc, 0, 0..=11) => Ok(Symbol::new(length, size, 0)),
        (Meaning::Ac | Meaning::AcBand, _, 1..=10) | (Meaning::Ac | Meaning::AcBand, 15, 0) => {
            Ok(Symbol::new(length, size, run))
        }
        (Meaning::Ac, 0, 0) => Ok(Symbol::new(length, 0, END)),
        (Meaning::AcBand, 0..=14, 0) => Ok(Symbol::new(length, 0, END + run)),
        _ => Err(Fault::Code),
    }
}

/// How much a table of strides is worth its making.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// It will not be used.
    None,
    /// For few blocks: one symbol to a stride.
    Single,
    /// As many symbols to a stride as its bits hold.
    Several,
}

/// A table for walking over AC coefficients whose values nobody asks for: one look-up passes as
/// many whole symbols as its bits hold.
pub(crate) struct Strides(Box<[Stride; 1 << SKIP]>);

/// What one look-up passes: bits, and coefficients with `END` added at an end of block.
#[derive(Clone, Copy, Default)]
struct Stride(u32);

impl Stride {
    fn bits(self) -> u32 {
        self.0 & 0xFF
    }
    fn advance(self) -> u32 {
        self.0 >> 8
    }
}

impl Strides {
    /// Strides over the symbols of `table`.
    pub(crate) fn new(table: &Table, effort: Effort) -> Self {
        let mut strides = Box::new([Stride::default(); 1 << SKIP]);
        if effort == Effort::None {
            return Strides(strides);
        }
        for (pattern, entry) in strides.iter_mut().enumerate() {
            let (mut bits, mut advance) = (0, 0);
            while bits < SKIP && advance < 64 {
                let ahead = (pattern as u64) << (64 - SKIP) << bits;
                let symbol = table.look[(ahead >> (64 - LOOK)) as usize];
                // Beyond the pattern stand zeros that are not the file's: a code must end before
                // them, and behind the first symbol its value bits too.
                let known = if bits == 0 { symbol.code() } else { symbol.total() };
                if symbol.total() == 0 || bits + known > SKIP {
                    break;
                }
                bits += symbol.total();
                advance += symbol.run() + 1;
                if effort == Effort::Single {
                    break;
                }
            }
            *entry = Stride(bits | advance << 8);
        }
        Strides(strides)
    }

    /// Walks over the coefficients from `k` to the end of the block; `table` is the one that the
    /// strides were made from.
    #[inline(always)]
    pub(crate) fn walk(
        &self,
        reader: &mut BitReader<'_>,
        table: &Table,
        mut k: u32,
    ) -> Result<(), Fault> {
        loop {
            reader.refill();
            for _ in 0..2 {
                let stride = self.0[(reader.peek() >> (64 - SKIP)) as usize];
                let next = k + stride.advance();
                // A block may end without an end-of-block symbol, within the stride; then, and for
                // codes that the look-up does not hold, symbols are taken one by one.
                if stride.bits() == 0 || (next > 64 && next < END) || next >= END + 65 {
                    return walk_singly(reader, table, k);
                }
                reader.consume(stride.bits());
                k = next;
                if k >= 64 {
                    return Ok(());
                }
            }
        }
    }
}

/// Walks symbol by symbol to the end of the block.
#[cold]
#[inline(never)]
fn walk_singly(reader: &mut BitReader<'_>, table: &Table, mut k: u32) -> Result<(), Fault> {
    while k < 64 {
        reader.refill();
        let symbol = table.find(reader.peek())?;
        reader.consume(symbol.total());
        k += symbol.run() + 1;
    }
    if k == 64 || k > END { Ok(()) } else { Err(Fault::Overrun) }
}
