//! Every method over a grid of sizes and radii, and how well the planner chooses among them.

use crate::codes::{self, Codes};
use crate::oracle::{self, Wrong};
use crate::run::{quantile, time_once};
use crate::tables::{Tables, Wanted};
use hashward_index::{CodeTable, Match, Method, Target, plan};
use std::time::Duration;

/// The sizes of the grid.
pub const SIZES: [usize; 5] = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
/// The radii of the grid.
pub const RADII: [u16; 8] = [0, 4, 8, 16, 31, 48, 64, 90];
/// The methods that the planner chooses among.
pub const GRID_METHODS: [Method; 4] =
    [Method::Linear, Method::Prefix, Method::BkTree, Method::MultiIndex];

/// Time spent on a cell.
const CELL: Duration = Duration::from_millis(300);
/// Rounds of a cell, at most and at least.
const ROUNDS: (usize, usize) = (400, 5);
/// Methods of a cell, the planner's choice among them.
const METHODS: usize = GRID_METHODS.len() + 1;
/// A method this many times slower than the best is timed no more than it was.
const HOPELESS: u32 = 8;

/// Time per query of one method.
#[derive(Debug, Clone, Copy)]
pub struct Timed {
    /// The method.
    pub method: Method,
    /// Median time per query.
    pub median: Duration,
}

/// One size and radius.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Number of codes.
    pub count: usize,
    /// Radius in bits.
    pub radius: u16,
    /// Queries that were asked together. A method so slow that a batch would take seconds was
    /// timed on fewer.
    pub batch: usize,
    /// Each method of [`GRID_METHODS`] that does not only fall back to a scan.
    pub methods: Vec<Timed>,
    /// The planner's choice and its own time, deciding included.
    pub auto: Duration,
}

impl Cell {
    /// Median time of a method; none where it falls back to another.
    #[must_use]
    pub fn time(&self, method: Method) -> Option<Duration> {
        self.methods.iter().find(|timed| timed.method == method).map(|timed| timed.median)
    }

    /// The fastest method.
    #[must_use]
    pub fn best(&self) -> Timed {
        let fastest = self.methods.iter().copied().min_by_key(|timed| timed.median);
        fastest.unwrap_or(Timed { method: Method::Linear, median: Duration::ZERO })
    }

    /// How many times longer the planner's choice takes than the fastest method.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.auto.as_secs_f64() / self.best().median.as_secs_f64().max(1e-12)
    }
}

/// Measures the grid over random codes for single queries and for batches of `batch`. All methods
/// search the same table; they take turns, so that what disturbs the clock disturbs them alike.
///
/// # Errors
/// [`Wrong`] when a method's answer is not that of brute force.
pub fn grid(
    sizes: &[usize],
    batch: usize,
    seed: u64,
    mut measured: impl FnMut(&Cell),
) -> Result<(), Wrong> {
    for &count in sizes {
        let codes = codes::codes(Codes::Random, count, seed);
        let tables = Tables::build(codes, Wanted::of(Method::Auto));
        let table = tables.table()?;
        for radius in RADII {
            let count_asked = (METHODS * ROUNDS.0).max(batch);
            let targets = codes::queries(tables.codes(), count_asked, radius, seed);
            let checked = &targets[..(400_000_000 / count).clamp(3, 40)];
            let expected = oracle::brute_force(tables.codes(), checked);
            for method in GRID_METHODS.into_iter().chain([Method::Auto]) {
                oracle::check(&table, method, checked, &expected)?;
            }
            drop::<Vec<Match>>(expected);
            let single = single(&table, count, radius, &targets)?;
            measured(&single);
            measured(&batched(&table, &single, &targets[..batch])?);
        }
    }
    Ok(())
}

fn single(
    table: &CodeTable<'_>,
    count: usize,
    radius: u16,
    targets: &[Target],
) -> Result<Cell, Wrong> {
    let mut times: Vec<(Method, Vec<Duration>)> =
        usable(table, radius).map(|method| (method, Vec::new())).collect();
    let mut spent = Duration::ZERO;
    // Every method has targets of its own, or the later ones would find the caches filled.
    for round in 0..ROUNDS.0 {
        if round >= ROUNDS.1 && spent > CELL {
            break;
        }
        let best = best_so_far(&mut times);
        for (turn, (method, times)) in times.iter_mut().enumerate() {
            let target = &targets[round + turn * ROUNDS.0];
            let hopeless = round >= 3 && quantile(&mut times.clone(), 0.5) > best * HOPELESS;
            if !hopeless || *method == Method::Auto {
                let time = time_once(table, *method, std::slice::from_ref(target))?;
                spent += time;
                times.push(time);
            }
        }
    }
    Ok(cell(count, radius, 1, times))
}

/// The methods that do not fall back to another one at this radius, and the planner.
fn usable(table: &CodeTable<'_>, radius: u16) -> impl Iterator<Item = Method> {
    let available = table.available();
    let own = move |method: &Method| plan::expected(available, *method, radius, 1).is_finite();
    GRID_METHODS.into_iter().filter(own).chain([Method::Auto])
}

/// Times batches; of a method for which a batch would take more than a second, smaller ones.
fn batched(table: &CodeTable<'_>, single: &Cell, targets: &[Target]) -> Result<Cell, Wrong> {
    let known = single.methods.iter().map(|timed| (timed.method, timed.median));
    let known: Vec<_> = known.chain([(Method::Auto, single.auto)]).collect();
    let mut times: Vec<(Method, Vec<Duration>)> =
        known.iter().map(|(method, _)| (*method, Vec::new())).collect();
    for round in 0..3 {
        let best = best_so_far(&mut times);
        for ((method, times), (_, alone)) in times.iter_mut().zip(&known) {
            let hopeless = round > 0 && quantile(&mut times.clone(), 0.5) > best * 2;
            if hopeless && *method != Method::Auto {
                continue;
            }
            let fits = 1_000_000_000 / alone.as_nanos().max(1) as usize;
            let batch = &targets[..fits.clamp(8, targets.len())];
            let mut time = Duration::MAX;
            // A batch of a few microseconds is repeated until the clock can tell.
            let again = (20_000_000 / (alone.as_nanos() as usize * batch.len()).max(1)).min(5);
            for _ in 0..=again {
                time = time.min(time_once(table, *method, batch)? / batch.len() as u32);
            }
            times.push(time);
        }
    }
    Ok(cell(single.count, single.radius, targets.len(), times))
}

fn best_so_far(times: &mut [(Method, Vec<Duration>)]) -> Duration {
    let medians = times.iter_mut().map(|(_, times)| quantile(times, 0.5));
    medians.filter(|time| !time.is_zero()).min().unwrap_or(Duration::from_secs(3600))
}

fn cell(count: usize, radius: u16, batch: usize, times: Vec<(Method, Vec<Duration>)>) -> Cell {
    let mut methods: Vec<Timed> = times
        .into_iter()
        .map(|(method, mut times)| Timed { method, median: quantile(&mut times, 0.5) })
        .collect();
    let auto = methods.pop().map_or(Duration::ZERO, |timed| timed.median);
    Cell { count, radius, batch, methods, auto }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::picture;

    #[test]
    fn a_small_grid_has_all_its_cells_and_a_picture() {
        let mut cells = Vec::new();
        grid(&[500, 3000], 16, 3, |cell| cells.push(cell.clone())).unwrap();
        assert_eq!(cells.len(), 2 * RADII.len() * 2);
        for cell in &cells {
            assert!(cell.methods.iter().any(|timed| timed.method == Method::BkTree));
            assert!(cell.methods.iter().all(|timed| !timed.median.is_zero()));
            assert!(cell.best().median <= cell.methods[0].median && cell.ratio() > 0.0);
        }
        let svg = picture(&cells, "machine");
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        assert!(svg.matches("<title>").count() == cells.len());
    }
}
