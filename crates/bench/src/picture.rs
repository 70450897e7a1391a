//! The grid as a picture: which method is fastest where, and how well the planner chose.

use crate::grid::{Cell, RADII};
use crate::run::name;
use hashward_index::Method;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

const CELL: (usize, usize) = (92, 56);
const LEFT: usize = 78;
const TOP: usize = 96;
const GAP: usize = 78;

/// An SVG with one panel for each batch size: the colour of a field is its fastest method, the
/// text its time, and a frame shows where the planner took more than 1.3 times as long.
/// `caption` says where it was measured.
#[must_use]
pub fn picture(cells: &[Cell], caption: &str) -> String {
    let sizes: Vec<usize> =
        cells.iter().map(|c| c.count).collect::<BTreeSet<_>>().into_iter().collect();
    let batches: BTreeSet<usize> = cells.iter().map(|cell| cell.batch).collect();
    let panel = RADII.len() * CELL.0;
    let width = LEFT + batches.len() * (panel + GAP);
    let height = TOP + sizes.len() * CELL.1 + 104;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"28\" font-size=\"18\" font-weight=\"bold\">Fastest exact method by \
         number of codes and radius (256 bits, random codes)</text>\n\
         <text x=\"{LEFT}\" y=\"48\" fill=\"#555\">{}</text>\n",
        escape(caption)
    );
    for (number, batch) in batches.iter().enumerate() {
        let left = LEFT + number * (panel + GAP);
        let title = if *batch == 1 {
            "Single queries".to_owned()
        } else {
            format!("Batches of {batch} queries, time per query")
        };
        let _ = writeln!(
            svg,
            "<text x=\"{left}\" y=\"{}\" font-weight=\"bold\">{title}</text>",
            TOP - 22
        );
        for (column, radius) in RADII.iter().enumerate() {
            let x = left + column * CELL.0 + CELL.0 / 2;
            let _ = writeln!(
                svg,
                "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">r = {radius}</text>",
                TOP - 5
            );
        }
        for (row, size) in sizes.iter().enumerate() {
            let y = TOP + row * CELL.1 + CELL.1 / 2 + 5;
            let _ = writeln!(
                svg,
                "<text x=\"{}\" y=\"{y}\" text-anchor=\"end\">{}</text>",
                left - 8,
                size_name(*size)
            );
            for (column, radius) in RADII.iter().enumerate() {
                let at = |cell: &&Cell| {
                    (cell.count, cell.radius, cell.batch) == (*size, *radius, *batch)
                };
                if let Some(cell) = cells.iter().find(at) {
                    field(&mut svg, cell, left + column * CELL.0, TOP + row * CELL.1);
                }
            }
        }
    }
    legend(&mut svg, cells, TOP + sizes.len() * CELL.1 + 34);
    svg.push_str("</svg>\n");
    svg
}

fn field(svg: &mut String, cell: &Cell, x: usize, y: usize) {
    let best = cell.best();
    let missed = cell.ratio() > 1.3;
    let frame = if missed { "#d00000\" stroke-width=\"3" } else { "#fff\" stroke-width=\"2" };
    let (w, h) = CELL;
    let each: Vec<String> =
        cell.methods.iter().map(|t| format!("{} {}", name(t.method), duration(t.median))).collect();
    let _ = writeln!(
        svg,
        "<g><title>{}; auto {}</title><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{}\" \
         stroke=\"{frame}\"/><text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-weight=\"bold\">{}</text>\
         <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"11\">planner {:.2}×</text></g>",
        each.join(", "),
        duration(cell.auto),
        colour(best.method),
        x + w / 2,
        y + h / 2 - 2,
        duration(best.median),
        x + w / 2,
        y + h / 2 + 16,
        cell.ratio(),
    );
}

fn legend(svg: &mut String, cells: &[Cell], y: usize) {
    let methods = [
        (Method::BkTree, "BK-tree"),
        (Method::MultiIndex, "multi-index"),
        (Method::Prefix, "scan of the prefix column"),
        (Method::Linear, "scan of whole codes"),
    ];
    let mut x = LEFT;
    for (method, label) in methods {
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{}\" width=\"16\" height=\"16\" fill=\"{}\"/><text x=\"{}\" y=\"{y}\">{label}</text>",
            y - 13,
            colour(method),
            x + 22,
        );
        x += 40 + 8 * label.len();
    }
    let worst = cells.iter().map(Cell::ratio).fold(0.0, f64::max);
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"{}\" fill=\"#555\">planner n×: time of the planner's choice by that of the \
         fastest method; worst {worst:.2}. A red frame marks more than 1.3.</text>",
        y + 28
    );
}

fn colour(method: Method) -> &'static str {
    match method {
        Method::BkTree => "#f2b35e",
        Method::MultiIndex => "#7fc97f",
        Method::Prefix => "#8fb8de",
        Method::Linear | Method::Auto => "#c9c3d9",
    }
}

fn size_name(size: usize) -> String {
    match size {
        1_000_000.. if size.is_multiple_of(1_000_000) => format!("{} M", size / 1_000_000),
        1_000.. if size.is_multiple_of(1_000) => format!("{} k", size / 1_000),
        _ => size.to_string(),
    }
}

fn duration(time: Duration) -> String {
    let nanos = time.as_nanos() as f64;
    match nanos {
        ..1e3 => format!("{nanos:.0} ns"),
        ..1e4 => format!("{:.1} µs", nanos / 1e3),
        ..1e6 => format!("{:.0} µs", nanos / 1e3),
        ..1e7 => format!("{:.1} ms", nanos / 1e6),
        _ => format!("{:.0} ms", nanos / 1e6),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
