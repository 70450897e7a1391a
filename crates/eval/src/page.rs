//! One page of HTML without scripts or outside parts: a heat map, tables and curves.

use crate::chance::{Chance, KindChance};
use crate::fit::{LISTED, rate};
use crate::interval::upper_bound;
use crate::recall::{Method, Row, Share};
use hashward_engine::chance::Pairs;
use hashward_engine::radii::{ALLOWED, Radii};
use std::fmt::Write;

/// A page in the making.
pub struct Page {
    title: String,
    body: String,
}

const STYLE: &str = "
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1f24; background: #fff; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
table { border-collapse: collapse; font-size: 13px; }
div.wide { overflow-x: auto; } svg { max-width: 100%; height: auto; }
th, td { padding: .22rem .7rem; text-align: right; border-bottom: 1px solid #e3e6ea; }
th:first-child, td:first-child { text-align: left; } thead th { border-bottom: 2px solid #aab1ba; }
td.heat { min-width: 5.6rem; text-align: center; border: 1px solid #fff; }
td.heat small { opacity: .75; margin-left: .35rem; }
@media (max-width: 40rem) { div.wide th:first-child, div.wide td:first-child { position: sticky; left: 0;
  background: #fff; } td.heat { min-width: 3.4rem; } td.heat small { display: block; margin: 0; } }
tr.family td { padding-top: .8rem; font-weight: 600; border: 0; }
.note { color: #57606a; max-width: 48rem; } .bad { color: #a40e26; font-weight: 600; }
svg text { font: 12px system-ui, sans-serif; fill: #1b1f24; }
";

impl Page {
    /// An empty page.
    #[must_use]
    pub fn new(title: &str) -> Self {
        let title = escape(title);
        Self { body: format!("<h1>{title}</h1>\n"), title }
    }

    /// A heading.
    pub fn heading(&mut self, text: &str) {
        let _ = writeln!(self.body, "<h2>{}</h2>", escape(text));
    }

    /// A paragraph.
    pub fn note(&mut self, text: &str) {
        let _ = writeln!(self.body, "<p class=note>{}</p>", escape(text));
    }

    /// Commands or other text that is kept as it is.
    pub fn verbatim(&mut self, text: &str) {
        let _ = writeln!(self.body, "<pre>{}</pre>", escape(text));
    }

    /// What each method finds of each transform, coloured from red over yellow to green.
    pub fn heat_map(&mut self, rows: &[Row], radii: &Radii) {
        let heads: String =
            Method::ALL.iter().map(|method| format!("<th>{}</th>", method.name())).collect();
        let _ = writeln!(
            self.body,
            "<div class=wide><table><thead><tr><th>transform</th>{heads}<th>found by</th></tr></thead><tbody>"
        );
        let (mut family, all) = (None, Method::ALL.len() + 2);
        for row in rows {
            if family.replace(row.family()) != Some(row.family()) {
                let name = escape(row.family().name());
                let _ = writeln!(self.body, "<tr class=family><td colspan={all}>{name}</td></tr>");
            }
            let cells: String =
                Method::ALL.iter().map(|method| heat(&row.share(*method, radii))).collect();
            let by: Vec<String> = row
                .found_by(radii)
                .iter()
                .map(|(kind, n)| format!("{} {n}", kind.name()))
                .collect();
            let (name, by) = (escape(&row.name()), by.join(", "));
            let _ = writeln!(self.body, "<tr><td>{name}</td>{cells}<td>{by}</td></tr>");
        }
        self.body += "</tbody></table></div>\n";
    }

    /// The radii with the rate of each, and what the whole query comes to.
    pub fn radii(&mut self, pairs: &Pairs, radii: &Radii) {
        self.body += "<div class=wide><table><thead><tr><th>hashes</th><th>radius</th><th>false matches a query</th>\
            <th>95 % bound</th><th>review to</th><th>false matches a query</th><th>95 % bound</th>\
            </tr></thead><tbody>\n";
        for kind in Pairs::KINDS {
            let own = radii.of(kind);
            let cells: String = [own.matched, own.review]
                .iter()
                .map(|radius| {
                    let rate = rate(pairs, kind, radius.0);
                    let marked = if rate.extrapolated { " (extrapolated)" } else { "" };
                    let own = rate.per_query().map(|own| format!("{}{marked}", number(own)));
                    let own = own.unwrap_or_else(|| "too little counted".to_owned());
                    let bound = number(rate.bound_per_pair * LISTED);
                    format!("<td>{}</td><td>{own}</td><td>{bound}</td>", radius.0)
                })
                .collect();
            let name = if kind.is_whole() { "whole picture" } else { kind.name() };
            let _ = writeln!(self.body, "<tr><td>{name}</td>{cells}</tr>");
        }
        self.body += "</tbody></table></div>\n";
    }

    /// False matches by kind of picture, for each tier.
    pub fn kinds(&mut self, chance: &Chance) {
        self.body += "<div class=wide><table><thead><tr><th>innocent pictures</th><th>drawn</th>\
            <th>asked for</th><th>near</th><th>variant</th><th>review</th></tr></thead><tbody>\n";
        let listed = chance.pairs.listed as f64;
        let mut line = |name: &str, kind: &KindChance| {
            let per_query = LISTED / (kind.asked.max(1) as f64 * listed.max(1.0));
            let cells: String = (0..3)
                .map(|tier| {
                    let found = kind.matched[tier];
                    let (rate, bound) = (found as f64 * per_query, upper_bound(found) * per_query);
                    let class = if rate > ALLOWED[tier] { " class=bad" } else { "" };
                    if kind.asked == 0 {
                        return "<td>–</td>".to_owned();
                    }
                    format!("<td{class}>{found}: {} (≤ {})</td>", number(rate), number(bound))
                })
                .collect();
            let (pictures, asked) = (kind.pictures, kind.asked);
            let _ = writeln!(
                self.body,
                "<tr><td>{name}</td><td>{pictures}</td><td>{asked}</td>{cells}</tr>"
            );
        };
        for kind in &chance.kinds {
            line(kind.kind.name(), kind);
        }
        if let Some(first) = chance.kinds.first() {
            let sum = |count: fn(&KindChance) -> u64| chance.kinds.iter().map(count).sum();
            let all = KindChance {
                pictures: sum(|kind| kind.pictures),
                asked: sum(|kind| kind.asked),
                matched: chance.matched(),
                ..first.clone()
            };
            line("all", &all);
        }
        self.body += "</tbody></table></div>\n";
    }

    /// Curves of recall over false matches a query, on a logarithmic axis.
    pub fn curves(&mut self, curves: &[Curve]) {
        const COLOURS: [&str; 4] = ["#6e7781", "#0969da", "#bf5b04", "#1a7f37"];
        let (left, top, wide, high) = (60.0, 20.0, 640.0, 340.0);
        let (low, up) = (-8.0, decade_of_most(curves));
        let x = |rate: f64| left + wide * (rate.max(1e-12).log10() - low) / (up - low);
        let y = |share: f64| top + high * (1.0 - share);
        let _ = writeln!(
            self.body,
            "<svg viewBox='0 0 900 420' width='900' role='img'>\
             <rect x='{left}' y='{top}' width='{wide}' height='{high}' fill='#f6f8fa'/>"
        );
        for decade in (low as i32)..=(up as i32) {
            let at = x(10_f64.powi(decade));
            let bottom = top + high;
            let _ = writeln!(
                self.body,
                "<line x1='{at}' y1='{top}' x2='{at}' y2='{bottom}' stroke='#d0d7de'/>\
                 <text x='{at}' y='{}' text-anchor='middle'>1e{decade}</text>",
                bottom + 18.0
            );
        }
        for tenth in [0, 2, 4, 6, 8, 10] {
            let at = y(f64::from(tenth) / 10.0);
            let _ = writeln!(
                self.body,
                "<line x1='{left}' y1='{at}' x2='{}' y2='{at}' stroke='#d0d7de'/>\
                 <text x='{}' y='{}' text-anchor='end'>{} %</text>",
                left + wide,
                left - 6.0,
                at + 4.0,
                tenth * 10
            );
        }
        for (number, curve) in curves.iter().enumerate() {
            let colour = COLOURS[number % COLOURS.len()];
            let places = curve.points.iter().map(|(rate, share)| (x(*rate), y(*share)));
            let points: Vec<String> = right_of(left, &places.collect::<Vec<_>>())
                .into_iter()
                .map(|(x, y)| format!("{x:.1},{y:.1}"))
                .collect();
            let _ = writeln!(
                self.body,
                "<polyline points='{}' fill='none' stroke='{colour}' stroke-width='2.5'/>",
                points.join(" ")
            );
            if let Some((rate, share)) = curve.chosen.filter(|(rate, _)| x(*rate) >= left) {
                let _ = writeln!(
                    self.body,
                    "<circle cx='{:.1}' cy='{:.1}' r='5' fill='{colour}'/>",
                    x(rate),
                    y(share)
                );
            }
            let at = top + 20.0 + 22.0 * number as f64;
            let _ = writeln!(
                self.body,
                "<line x1='712' y1='{at}' x2='736' y2='{at}' stroke='{colour}' stroke-width='3'/>\
                 <text x='742' y='{}'>{}</text>",
                at + 4.0,
                escape(&curve.name)
            );
        }
        let _ = writeln!(
            self.body,
            "<text x='{}' y='{}' text-anchor='middle'>false matches a query, of a million listed \
             pictures</text></svg>",
            left + wide / 2.0,
            top + high + 42.0
        );
    }

    /// The whole page.
    #[must_use]
    pub fn finish(self) -> String {
        let Self { title, body } = self;
        format!(
            "<!doctype html>\n<html lang=en><meta charset=utf-8>\
             <meta name=viewport content='width=device-width, initial-scale=1'><title>{title}</title>\
             <style>{STYLE}</style>\n{body}</html>\n"
        )
    }
}

/// A curve of recall over false matches a query.
#[derive(Debug, Clone)]
pub struct Curve {
    /// What it is called.
    pub name: String,
    /// False matches a query, and the share that is found.
    pub points: Vec<(f64, f64)>,
    /// The same at the radii that are used.
    pub chosen: Option<(f64, f64)>,
}

/// Curves of every method that has radii over some transforms: all radii get narrower and wider
/// together.
#[must_use]
pub fn curves(rows: &[Row], pairs: &Pairs, radii: &Radii) -> Vec<Curve> {
    let all: usize = rows.iter().map(|row| row.nearest.len()).sum();
    let point = |method: Method, wider: i32| {
        let chance = |kind, radius: u16| {
            let radius = (i32::from(radius) + wider).max(0);
            rate(pairs, kind, u16::try_from(radius).unwrap_or_default()).per_pair * LISTED
        };
        let matched = |kind| chance(kind, radii.of(kind).matched.0);
        let whole = matched(Pairs::KINDS[0]);
        let false_matches = match method {
            // Features have no radius.
            Method::Local | Method::Registered => 0.0,
            // One hash of sixteen: eight orientations of two references.
            Method::Pdq => whole / 16.0,
            Method::Near => whole,
            Method::Variant => Pairs::KINDS.into_iter().map(matched).sum(),
            Method::Review => {
                Pairs::KINDS.into_iter().map(|kind| chance(kind, radii.of(kind).review.0)).sum()
            }
        };
        let found = |row: &Row| {
            row.nearest.iter().filter(|nearest| method.finds(nearest, radii, wider)).count()
        };
        let found: usize = rows.iter().map(found).sum();
        (false_matches, found as f64 / all.max(1) as f64)
    };
    let curve = |method: &Method| Curve {
        name: method.name().to_owned(),
        points: (-24..=24).map(|wider| point(*method, wider)).collect(),
        chosen: Some(point(*method, 0)),
    };
    Method::LISTED.iter().map(curve).collect()
}

/// The decade up to which the scale must reach so that no point lies beyond it.
fn decade_of_most(curves: &[Curve]) -> f64 {
    let rates = curves.iter().flat_map(|curve| curve.points.iter().chain(&curve.chosen));
    let most = rates.map(|(rate, _)| *rate).fold(10.0, f64::max);
    most.log10().ceil()
}

/// The part of a line right of an edge; where it crosses, it is cut. Its points go to the right.
fn right_of(edge: f64, line: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let first = line.iter().position(|(x, _)| *x >= edge).unwrap_or(line.len());
    let mut shown = Vec::with_capacity(line.len() - first + 1);
    if let (Some((x0, y0)), Some((x1, y1))) =
        (first.checked_sub(1).map(|before| line[before]), line.get(first))
    {
        shown.push((edge, y0 + (y1 - y0) * (edge - x0) / (x1 - x0)));
    }
    shown.extend_from_slice(&line[first..]);
    shown
}

/// A cell of the heat map: the share, and its interval as small print.
fn heat(share: &Share) -> String {
    let percent = 100.0 * share.share;
    let hue = 120.0 * share.share * share.share;
    let (low, high) = (100.0 * share.interval.0, 100.0 * share.interval.1);
    format!(
        "<td class=heat style='background:hsl({hue:.0} 70% 72%)' title='{} found'>{percent:.1}\
         <small>{low:.0}–{high:.0}</small></td>",
        share.found
    )
}

/// Two significant digits.
#[must_use]
pub fn number(value: f64) -> String {
    if value == 0.0 { "0".to_owned() } else { format!("{value:.1e}") }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recall::Nearest;
    use hashward_synth::Transform;

    #[test]
    fn lines_are_cut_at_the_edge_and_the_scale_reaches_the_last_point() {
        let line = [(0.0, 4.0), (2.0, 2.0), (6.0, 0.0)];
        assert_eq!(right_of(1.0, &line), [(1.0, 3.0), (2.0, 2.0), (6.0, 0.0)]);
        assert_eq!(right_of(0.0, &line), line);
        assert_eq!(right_of(7.0, &line), []);
        let curve = |most| Curve {
            name: String::new(),
            points: vec![(0.0, 0.1), (most, 0.2)],
            chosen: None,
        };
        assert_eq!(decade_of_most(&[curve(0.5)]), 1.0);
        assert_eq!(decade_of_most(&[curve(0.5), curve(1500.0)]), 4.0);
    }

    #[test]
    fn a_page_shows_shares_and_escapes_what_others_wrote() {
        let mut page = Page::new("a <b>");
        let nearest = |distance: Option<u16>| Nearest {
            canonical: distance,
            kinds: [distance; 6],
            local: distance.is_some(),
            others: 0,
        };
        let row =
            Row { transform: Transform::Grey, nearest: vec![nearest(Some(0)), nearest(None)] };
        let radii = Radii::CALIBRATED;
        page.heat_map(std::slice::from_ref(&row), &radii);
        let pairs = Pairs { pictures: 10, listed: 10, ..Pairs::default() };
        let curves = curves(&[row], &pairs, &radii);
        assert!(curves.iter().all(|curve| curve.chosen.unwrap().1 == 0.5));
        page.curves(&curves);
        page.radii(&pairs, &radii);
        let html = page.finish();
        assert!(html.contains("a &lt;b&gt;") && !html.contains("<b>"));
        assert_eq!(html.matches("50.0<small>").count(), 6);
        assert_eq!(html.matches("<polyline").count(), 4);
    }
}
