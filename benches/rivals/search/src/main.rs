//! Radius search of hashward and of other crates over the same codes, on the order of compare.py.
//!
//! `hashward-rivals-search DIR COUNT KIND QUERIES SEED` writes `codes.bin` and `queries.bin` (32
//! bytes each) into DIR. Then it reads lines and answers each with one:
//!
//! - `build METHOD`: seconds and, for ours, bytes per code.
//! - `search METHOD RADIUS FIRST COUNT BATCH`: the seconds of each batch. Its matches are written
//!   to `DIR/matches.bin`: query, position and distance as three little-endian words.

use anyhow::{Context, bail};
use bk_tree::{BKTree, Metric};
use hashward_bench::{Codes, Method, Tables, Wanted, codes, name, queries};
use hashward_index::{Target, TargetSet};
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use vpsearch::{BestCandidate, MetricSpace};

/// A code with its position, for crates that give back what they were given.
#[derive(Clone, Copy)]
struct Item {
    code: [u64; 4],
    position: u32,
}

impl Item {
    fn new(position: u32, code: &[u8; 32]) -> Self {
        let words = code.as_chunks::<8>().0;
        Self { code: std::array::from_fn(|i| u64::from_le_bytes(words[i])), position }
    }

    fn distance(&self, other: &Self) -> u32 {
        self.code.iter().zip(&other.code).map(|(a, b)| (a ^ b).count_ones()).sum()
    }
}

struct Hamming;

impl Metric<Item> for Hamming {
    fn distance(&self, a: &Item, b: &Item) -> u32 {
        a.distance(b)
    }

    fn threshold_distance(&self, a: &Item, b: &Item, _: u32) -> Option<u32> {
        Some(a.distance(b))
    }
}

impl MetricSpace for Item {
    type UserData = ();
    type Distance = u32;

    fn distance(&self, other: &Self, (): &()) -> u32 {
        Item::distance(self, other)
    }
}

/// Makes a search for the nearest one for all within a radius.
struct Within {
    radius: u32,
    found: Vec<(u32, u32)>,
}

impl BestCandidate<Item, ()> for Within {
    type Output = Vec<(u32, u32)>;

    fn consider(&mut self, _: &Item, distance: u32, position: usize, (): &()) {
        if distance <= self.radius {
            self.found.push((position as u32, distance));
        }
    }

    fn distance(&self) -> u32 {
        self.radius
    }

    fn result(self, (): &()) -> Self::Output {
        self.found
    }
}

struct Rivals {
    dir: PathBuf,
    codes: Vec<[u8; 32]>,
    queries: Vec<[u8; 32]>,
    ours: Option<Tables>,
    tree: Option<(Tables, HashMap<[u8; 32], u32>)>,
    crate_bk_tree: Option<BKTree<Item, Hamming>>,
    crate_vpsearch: Option<vpsearch::Tree<Item>>,
}

type Matches = Vec<[u32; 3]>;

impl Rivals {
    fn build(&mut self, method: &str) -> anyhow::Result<String> {
        let items = || (0u32..).zip(&self.codes).map(|(at, code)| Item::new(at, code));
        let start = Instant::now();
        match method {
            "ours" => {
                let tables = Tables::build(self.codes.clone(), Wanted::of(Method::MultiIndex));
                let answer =
                    format!("{} {}", tables.build_time().as_secs_f64(), tables.bytes_per_hash());
                self.ours = Some(tables);
                return Ok(answer);
            }
            "bktree" => {
                let tables = Tables::build(self.codes.clone(), Wanted::of(Method::BkTree));
                let answer =
                    format!("{} {}", tables.build_time().as_secs_f64(), tables.bytes_per_hash());
                let positions = self.codes.iter().copied().zip(0..).collect();
                self.tree = Some((tables, positions));
                return Ok(answer);
            }
            "crate bk-tree" => {
                let mut tree = BKTree::new(Hamming);
                tree.extend(items());
                self.crate_bk_tree = Some(tree);
            }
            "crate vpsearch" => {
                let items: Vec<Item> = items().collect();
                self.crate_vpsearch = Some(vpsearch::Tree::new(&items));
            }
            _ => bail!("no such method: {method}"),
        }
        Ok(format!("{} 0", start.elapsed().as_secs_f64()))
    }

    /// Answers a batch, and says how long it took.
    fn search(
        &self,
        method: &str,
        radius: u16,
        batch: &[[u8; 32]],
        matches: &mut Matches,
    ) -> anyhow::Result<Duration> {
        let unbuilt = || format!("{method} is not built");
        let own =
            [Method::Auto, Method::Linear, Method::Prefix, Method::MultiIndex, Method::BkTree];
        if let Some(own) = own.into_iter().find(|own| name(*own) == method) {
            let tables = if own == Method::BkTree {
                self.tree.as_ref().map(|(tables, _)| tables)
            } else {
                self.ours.as_ref()
            };
            let table = tables.with_context(unbuilt)?.table()?;
            let start = Instant::now();
            let targets: Vec<Target> =
                batch.iter().map(|code| Target { code: *code, radius }).collect();
            table
                .search(own, &TargetSet::new(&targets), |hit| {
                    matches.push([hit.target, hit.index, hit.distance.into()]);
                })
                .map_err(|damaged| anyhow::anyhow!("{damaged}"))?;
            let time = start.elapsed();
            if let (Method::BkTree, Some((tables, positions))) = (own, &self.tree) {
                for [_, position, _] in matches {
                    *position = positions[&tables.codes()[*position as usize]];
                }
            }
            return Ok(time);
        }
        let start = Instant::now();
        for (number, code) in (0u32..).zip(batch) {
            let query = Item::new(0, code);
            if method == "crate bk-tree" {
                let tree = self.crate_bk_tree.as_ref().with_context(unbuilt)?;
                let near = tree.find(&query, radius.into());
                matches.extend(near.map(|(distance, item)| [number, item.position, distance]));
            } else {
                let tree = self.crate_vpsearch.as_ref().with_context(unbuilt)?;
                let within = Within { radius: radius.into(), found: Vec::new() };
                let near = tree.find_nearest_custom(&query, &(), within);
                matches.extend(near.into_iter().map(|(at, distance)| [number, at, distance]));
            }
        }
        Ok(start.elapsed())
    }

    fn answer(&self, method: &str, numbers: &[usize]) -> anyhow::Result<String> {
        let &[radius, first, count, batch] = numbers else { bail!("four numbers are needed") };
        let mut times = Vec::new();
        let mut bytes = Vec::new();
        for (number, batch_queries) in self.queries[first..first + count].chunks(batch).enumerate()
        {
            let mut matches = Vec::new();
            let time = self.search(method, radius as u16, batch_queries, &mut matches)?;
            times.push(time.as_secs_f64().to_string());
            for [query, position, distance] in matches {
                let query = query + (first + number * batch) as u32;
                bytes.extend([query, position, distance].iter().flat_map(|w| w.to_le_bytes()));
            }
        }
        fs::write(self.dir.join("matches.bin"), bytes)?;
        Ok(times.join(" "))
    }
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir, count, kind, asked, seed] = &arguments[..] else {
        bail!("usage: hashward-rivals-search DIR COUNT random|clustered QUERIES SEED");
    };
    let kind = if kind == "clustered" { Codes::Clustered } else { Codes::Random };
    let (count, seed) = (count.parse()?, seed.parse()?);
    let codes = codes(kind, count, seed);
    // Every other query is a code of the table with up to 31 bits flipped.
    let queries: Vec<[u8; 32]> =
        queries(&codes, asked.parse()?, 31, seed).iter().map(|target| target.code).collect();
    let dir = Path::new(dir).to_owned();
    fs::write(dir.join("codes.bin"), codes.as_flattened())?;
    fs::write(dir.join("queries.bin"), queries.as_flattened())?;
    let mut rivals = Rivals {
        dir,
        codes,
        queries,
        ours: None,
        tree: None,
        crate_bk_tree: None,
        crate_vpsearch: None,
    };
    let mut stdout = std::io::stdout();
    writeln!(stdout, "ready")?;
    for line in std::io::stdin().lines() {
        let line = line?;
        let (order, rest) = line.split_once(' ').context("an order and a method")?;
        let answer = if order == "build" {
            rivals.build(rest)?
        } else {
            // The name of a method may have spaces; the numbers come last.
            let mut words: Vec<&str> = rest.split(' ').collect();
            let numbers = words.split_off(words.len().saturating_sub(4));
            let numbers: Result<Vec<usize>, _> = numbers.iter().map(|word| word.parse()).collect();
            rivals.answer(&words.join(" "), &numbers?)?
        };
        writeln!(stdout, "{answer}")?;
    }
    Ok(())
}
