//! The planner's choices against times that were recorded, so that no test depends on a clock.

use hashward_index::mih::{Directory, Plans};
use hashward_index::plan::{Available, choose_on};
use hashward_index::{Method, MultiIndex};
use hashward_kernels::Backend;

/// What `hashward bench search --grid --json` printed; benches/results/search.md says where.
const RECORDED: &str = include_str!("../../../benches/results/search-grid.jsonl");

const METHODS: [(Method, &str); 4] = [
    (Method::Linear, "linear_us"),
    (Method::Prefix, "prefix_us"),
    (Method::BkTree, "bktree_us"),
    (Method::MultiIndex, "mih_us"),
];

/// Nowhere on the grid does the chosen method take more than 1.3 times as long as the fastest.
#[test]
fn the_choice_is_as_good_as_the_best_wherever_it_was_measured() {
    let mut cells = 0;
    let mut bad = Vec::new();
    for line in RECORDED.lines() {
        let cell: serde_json::Value = serde_json::from_str(line).expect("a line is an object");
        let number = |name: &str| cell[name].as_u64().expect("a whole number");
        let (n, radius, batch) = (number("n"), number("radius") as u16, number("batch") as usize);
        let directory = Directory::for_count(n as u32);
        // Pages of zeros that nobody reads: planning looks at the directory only.
        let tables = vec![0; directory.table_bytes() as usize];
        let plans = Plans::new(directory);
        let multi = MultiIndex::new(&plans, &tables).expect("the size that the directory says");
        let all = Available { count: n as usize, prefix: true, tree: true, multi: Some(multi) };
        let time = |method| {
            let (_, name) = METHODS.into_iter().find(|(known, _)| *known == method)?;
            cell[name].as_f64()
        };
        let best = METHODS.into_iter().filter_map(|(method, _)| time(method)).reduce(f64::min);
        let best = best.expect("some method was timed");
        let chosen = choose_on(Backend::Avx512, all, radius, batch);
        match time(chosen) {
            Some(time) if time <= 1.3 * best => {}
            time => bad.push(format!(
                "{n} codes, radius {radius}, batch {batch}: {chosen:?} {time:?}, best {best}"
            )),
        }
        cells += 1;
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert_eq!(cells, 5 * 8 * 2, "the whole grid is recorded");
}
