//! How much of the memory's bandwidth the linear scan uses.

use crate::codes::{self, Codes};
use crate::oracle::Wrong;
use crate::run::{quantile, time_once};
use crate::tables::{Tables, Wanted};
use hashward_index::Method;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Bytes per nanosecond, which is GB/s: of reading alone, and of a scan of the same table.
#[derive(Debug, Clone, Copy)]
pub struct Bandwidth {
    /// Bytes of the table.
    pub bytes: u64,
    /// Reading every byte and doing nothing with it.
    pub read: f64,
    /// The linear scan.
    pub scan: f64,
    /// The scan of the prefix column, as if it had read whole codes.
    pub prefix: f64,
}

/// Measures reading and scanning `count` random codes in turns, and takes the medians.
///
/// # Errors
/// Never on tables as they were built.
pub fn bandwidth(count: usize, rounds: usize, seed: u64) -> Result<Bandwidth, Wrong> {
    let codes = codes::codes(Codes::Random, count, seed);
    let tables = Tables::build(codes, Wanted::of(Method::Prefix));
    let table = tables.table()?;
    let targets = codes::queries(tables.codes(), rounds, 31, seed);
    let bytes = tables.codes().as_flattened();
    let (mut read, mut scan, mut prefix) = (Vec::new(), Vec::new(), Vec::new());
    for target in &targets {
        let start = Instant::now();
        black_box(hashward_kernels::bandwidth::read(black_box(bytes)));
        read.push(start.elapsed());
        let target = std::slice::from_ref(target);
        scan.push(time_once(&table, Method::Linear, target)?);
        prefix.push(time_once(&table, Method::Prefix, target)?);
    }
    let rate =
        |times: &mut [Duration]| bytes.len() as f64 / quantile(times, 0.5).as_nanos().max(1) as f64;
    Ok(Bandwidth {
        bytes: bytes.len() as u64,
        read: rate(&mut read),
        scan: rate(&mut scan),
        prefix: rate(&mut prefix),
    })
}
