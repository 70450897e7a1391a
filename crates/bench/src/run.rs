//! One method, one size, one radius: check, then time.

use crate::codes::{self, Codes};
use crate::oracle::{self, Wrong};
use crate::tables::{Tables, Wanted};
use hashward_index::{CodeTable, Match, Method, Target, TargetSet};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// Number of codes.
    pub count: usize,
    /// Radius of the queries, in bits.
    pub radius: u16,
    /// Number of queries.
    pub queries: usize,
    /// Queries that are asked together; times are per query.
    pub batch: usize,
    /// How the codes lie.
    pub codes: Codes,
    /// Seed of codes and queries.
    pub seed: u64,
}

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Median time of a query.
    pub median: Duration,
    /// Time that one query of a hundred exceeds.
    pub p99: Duration,
    /// Pairs compared, as a share of all pairs of a query and a code.
    pub visited: f64,
    /// Matches of all queries.
    pub matches: u64,
    /// Queries left out because they have more than [`LARGE_ANSWER`] matches: they measure how fast
    /// matches are written down.
    pub left_out: usize,
    /// Queries whose answers were compared with brute force.
    pub checked: usize,
    /// Bytes of the tables for each code, a row number included.
    pub bytes_per_hash: f64,
    /// Time that building the tables took.
    pub build: Duration,
}

/// Pairs of query and code that brute force compares at most: some seconds' worth.
const CHECKED_PAIRS: usize = 2_000_000_000;

/// The most matches of a query that is timed.
pub const LARGE_ANSWER: u32 = 1000;

/// The command line's word for a method.
#[must_use]
pub fn name(method: Method) -> &'static str {
    match method {
        Method::Auto => "auto",
        Method::Linear => "linear",
        Method::BkTree => "bktree",
        Method::Prefix => "prefix",
        Method::MultiIndex => "mih",
    }
}

/// Makes codes, builds what the method needs, checks its answers and times it.
///
/// # Errors
/// [`Wrong`] when an answer is not that of brute force.
pub fn measure(run: &Run, method: Method) -> Result<Measured, Wrong> {
    let codes = codes::codes(run.codes, run.count, run.seed);
    measure_in(&Tables::build(codes, Wanted::of(method)), run, method)
        .map(|(measured, ..)| measured)
}

/// The same in tables that are already built; gives the queries that were timed and all their
/// matches too, unsorted.
///
/// # Errors
/// As [`measure`].
pub fn measure_in(
    tables: &Tables,
    run: &Run,
    method: Method,
) -> Result<(Measured, Vec<Target>, Vec<Match>), Wrong> {
    let table = tables.table()?;
    let asked = codes::queries(tables.codes(), run.queries, run.radius, run.seed);
    let targets = without_large_answers(&table, method, &asked)?;
    let checked = (CHECKED_PAIRS / run.count.max(1)).clamp(4, targets.len().max(4));
    let checked = &targets[..checked.min(targets.len())];
    oracle::check(&table, method, checked, &oracle::brute_force(tables.codes(), checked))?;
    let mut matches = Vec::new();
    let mut distances = 0;
    let mut times = Vec::new();
    for (number, batch) in targets.chunks(run.batch.max(1)).enumerate() {
        let first = (number * run.batch.max(1)) as u32;
        let start = Instant::now();
        let set = TargetSet::new(batch);
        let keep = |hit: Match| matches.push(Match { target: first + hit.target, ..hit });
        distances += table.search(method, &set, keep).map_err(Wrong::Damaged)?;
        times.push(start.elapsed() / batch.len() as u32);
    }
    let pairs = run.count as f64 * targets.len() as f64;
    let measured = Measured {
        median: quantile(&mut times, 0.5),
        p99: quantile(&mut times, 0.99),
        visited: if pairs > 0.0 { distances as f64 / pairs } else { 0.0 },
        matches: matches.len() as u64,
        left_out: asked.len() - targets.len(),
        checked: checked.len(),
        bytes_per_hash: tables.bytes_per_hash(),
        build: tables.build_time(),
    };
    Ok((measured, targets, matches))
}

/// The targets with at most [`LARGE_ANSWER`] matches; all of them where none has so few, as at large
/// radii.
fn without_large_answers(
    table: &CodeTable<'_>,
    method: Method,
    asked: &[Target],
) -> Result<Vec<Target>, Wrong> {
    let mut matches = vec![0u32; asked.len()];
    table
        .search(method, &TargetSet::new(asked), |hit| matches[hit.target as usize] += 1)
        .map_err(Wrong::Damaged)?;
    let small = asked.iter().zip(&matches).filter(|(_, matches)| **matches <= LARGE_ANSWER);
    let small: Vec<Target> = small.map(|(target, _)| *target).collect();
    Ok(if small.is_empty() { asked.to_vec() } else { small })
}

/// The smallest of the times that at least this share does not exceed.
pub(crate) fn quantile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    let at = (times.len() as f64 * share).ceil() as usize;
    times.get(at.saturating_sub(1)).copied().unwrap_or_default()
}

/// Time of one search of all targets together.
pub(crate) fn time_once(
    table: &CodeTable<'_>,
    method: Method,
    targets: &[Target],
) -> Result<Duration, Wrong> {
    let start = Instant::now();
    let mut matches = 0u64;
    table
        .search(method, &TargetSet::new(targets), |hit| matches += u64::from(hit.distance) + 1)
        .map_err(Wrong::Damaged)?;
    black_box(matches);
    Ok(start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_checked_and_measured() {
        for codes in [Codes::Random, Codes::Clustered] {
            for method in
                [Method::Auto, Method::Linear, Method::BkTree, Method::Prefix, Method::MultiIndex]
            {
                let run = Run { count: 3000, radius: 20, queries: 30, batch: 7, codes, seed: 5 };
                let measured = measure(&run, method).unwrap();
                assert!(measured.matches >= 15 && measured.checked == 30, "{method:?}");
                assert!(measured.median <= measured.p99);
            }
        }
    }

    #[test]
    fn an_answer_that_brute_force_does_not_give_is_refused() {
        let codes = codes::codes(Codes::Random, 100, 1);
        let targets = codes::queries(&codes, 10, 31, 1);
        let expected = oracle::brute_force(&codes, &targets);
        let table = CodeTable::new(&codes[..99]);
        assert!(!expected.is_empty());
        let moved: Vec<Match> =
            expected.iter().map(|hit| Match { index: hit.index + 1, ..*hit }).collect();
        assert!(oracle::check(&table, Method::Linear, &targets, &moved).is_err());
    }

    #[test]
    fn large_answers_are_left_out_unless_all_are_large() {
        let code = [7; 32];
        let tables = Tables::build(vec![code; 1001], Wanted::of(Method::Linear));
        let table = tables.table().unwrap();
        let (near, far) = (Target { code, radius: 0 }, Target { code: [0; 32], radius: 0 });
        let kept = |asked: &[Target]| {
            let kept = without_large_answers(&table, Method::Linear, asked).unwrap();
            kept.iter().map(|target| target.code[0]).collect::<Vec<_>>()
        };
        assert_eq!(kept(&[near, far, near]), [0]);
        assert_eq!(kept(&[near, near]), [7, 7]);
        assert_eq!(kept(&[]), [0; 0]);
    }

    #[test]
    fn quantiles() {
        let mut times: Vec<Duration> = (1..=200).map(Duration::from_micros).collect();
        assert_eq!(quantile(&mut times, 0.5), Duration::from_micros(100));
        assert_eq!(quantile(&mut times, 0.99), Duration::from_micros(198));
        assert_eq!(quantile(&mut [], 0.5), Duration::ZERO);
    }
}
