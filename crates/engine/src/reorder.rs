//! Puts results back into order, in bounded memory and then an unnamed temporary file.

use hashward_store::SpoolFile;
use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Makes a file without a name for what waits.
pub(crate) type Spill<'a> = dyn Fn() -> io::Result<Box<dyn SpoolFile>> + 'a;

/// One in the system's folder for them, for what goes to the user's output anyway.
pub(crate) fn temporary() -> io::Result<Box<dyn SpoolFile>> {
    Ok(Box::new(tempfile::tempfile()?))
}

/// What a waiting result costs beside its bytes.
const OVERHEAD: usize = 64;

/// Where the result of one job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// Still being worked on.
    Missing,
    /// There, and without anything to say.
    Empty,
    /// In memory, under its number.
    Memory,
    /// In the temporary file.
    Disk { offset: u64, length: u32 },
}

/// Takes results in any order and gives them out by their numbers, 0, 1, 2 …
pub(crate) struct Reorder<'a> {
    /// Number of the first result that was not given out yet.
    next: u64,
    slots: VecDeque<Slot>,
    memory: HashMap<u64, Vec<u8>>,
    memory_bytes: usize,
    memory_limit: usize,
    make: &'a Spill<'a>,
    spill: Option<Box<dyn SpoolFile>>,
    spill_end: u64,
    /// Results that lie in the temporary file: at 0 it is used from its start again.
    spilled: u64,
}

impl<'a> Reorder<'a> {
    /// Keeps about `memory_limit` bytes of results in memory, and the rest in a file that `make` makes.
    pub(crate) fn new(memory_limit: usize, make: &'a Spill<'a>) -> Self {
        Self {
            next: 0,
            slots: VecDeque::new(),
            memory: HashMap::new(),
            memory_bytes: 0,
            memory_limit,
            make,
            spill: None,
            spill_end: 0,
            spilled: 0,
        }
    }

    /// Takes the result of job `number`. Each number comes once.
    pub(crate) fn push(&mut self, number: u64, result: Vec<u8>) -> io::Result<()> {
        let index = usize::try_from(number - self.next).map_err(io::Error::other)?;
        if self.slots.len() <= index {
            self.slots.resize(index + 1, Slot::Missing);
        }
        let cost = result.len() + OVERHEAD;
        self.slots[index] = if result.is_empty() {
            Slot::Empty
        } else if index == 0 || self.memory_bytes + cost <= self.memory_limit {
            self.memory_bytes += cost;
            self.memory.insert(number, result);
            Slot::Memory
        } else {
            self.write(&result)?
        };
        Ok(())
    }

    fn write(&mut self, result: &[u8]) -> io::Result<Slot> {
        let file = match &mut self.spill {
            Some(file) => file,
            None => self.spill.insert((self.make)()?),
        };
        if self.spilled == 0 {
            self.spill_end = 0;
        }
        let offset = self.spill_end;
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(result)?;
        self.spill_end += result.len() as u64;
        self.spilled += 1;
        let length = u32::try_from(result.len()).map_err(io::Error::other)?;
        Ok(Slot::Disk { offset, length })
    }

    /// The next result in order, once it is there.
    pub(crate) fn pop(&mut self) -> io::Result<Option<Vec<u8>>> {
        let result = match self.slots.front() {
            None | Some(Slot::Missing) => return Ok(None),
            Some(Slot::Empty) => Vec::new(),
            Some(Slot::Memory) => {
                let result = self.memory.remove(&self.next).unwrap_or_default();
                self.memory_bytes -= result.len() + OVERHEAD;
                result
            }
            Some(&Slot::Disk { offset, length }) => self.read(offset, length)?,
        };
        self.slots.pop_front();
        self.next += 1;
        Ok(Some(result))
    }

    fn read(&mut self, offset: u64, length: u32) -> io::Result<Vec<u8>> {
        let file = self.spill.as_mut().ok_or_else(|| io::Error::other("nothing was spilled"))?;
        let mut result = vec![0; length as usize];
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(&mut result)?;
        self.spilled -= 1;
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_order_comes_out_in_order(
            sizes in proptest::collection::vec(0usize..300, 1..60),
            seed: u64,
            limit in 0usize..4000,
        ) {
            let results: Vec<Vec<u8>> =
                sizes.iter().enumerate().map(|(n, &size)| vec![n as u8; size]).collect();
            let mut order: Vec<usize> = (0..results.len()).collect();
            let mut state = seed | 1;
            for left in (1..order.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                order.swap(left, (state >> 33) as usize % (left + 1));
            }
            let mut reorder = Reorder::new(limit, &temporary);
            let mut out = Vec::new();
            for number in order {
                reorder.push(number as u64, results[number].clone()).unwrap();
                prop_assert!(reorder.memory_bytes <= limit + 300 + OVERHEAD);
                while let Some(result) = reorder.pop().unwrap() {
                    out.push(result);
                }
            }
            prop_assert_eq!(out, results);
            prop_assert_eq!(reorder.memory_bytes, 0);
            prop_assert_eq!(reorder.spilled, 0);
        }
    }
}
