//! Does a query show a registered picture? Features that look alike must lie alike.

use crate::describe::directions;
use crate::extract::{Features, UNIT, changed};
use crate::fit::{Affine, Point};
use crate::signature::Signature;
use hashward_kernels::hamming::{Near, scan256};
use serde::{Deserialize, Serialize};

/// Bits in which descriptors that look alike may differ.
pub(crate) const ALIKE: u16 = 56;
/// Pairs of alike features from which a transform is guessed, the most alike first.
const GUESSES: usize = 64;
/// Pairs that are looked at.
const MOST_PAIRS: usize = 256;
/// Steps of direction (of 256) by which a pair may be turned against the others.
const TURN: u8 = 16;
/// Scale by which a pair may differ from the others.
const SCALE: f64 = 1.7;
/// How far a place may be off, in longer sides of the registered picture, while guessing, after
/// the first fit, and at last.
const TOLERANCES: [f64; 3] = [0.06, 0.035, 0.02];
/// Places that are closer, in longer sides, count once.
const DISTINCT: f64 = 0.015;
/// Least distinct inliers, and of how many features of the query one more is demanded.
const LEAST: usize = 8;
const MORE_FOR_EACH: usize = 200;
/// Distinct inliers with which two pictures share something, though one need not show the other.
const WEAK: usize = 4;
/// Least share of the registered picture's inner area (in cells) over which inliers spread.
const CELLS: usize = 6;
const LEAST_CELLS: u32 = 4;

/// How the query is looked at. None of them costs another extraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// As it is.
    Original,
    /// Mirrored left and right.
    Mirrored,
    /// Its negative.
    Inverted,
    /// Both.
    InvertedMirrored,
}

impl View {
    /// Every view.
    pub const ALL: [Self; 4] =
        [Self::Original, Self::Mirrored, Self::Inverted, Self::InvertedMirrored];

    /// The views of pictures whose tones are as they were.
    pub const POSITIVE: [Self; 2] = [Self::Original, Self::Mirrored];

    /// The word used in outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Mirrored => "flip_x",
            Self::Inverted => "inverted",
            Self::InvertedMirrored => "inverted_flip_x",
        }
    }

    /// True for mirrored views.
    #[must_use]
    pub const fn is_mirrored(self) -> bool {
        matches!(self, Self::Mirrored | Self::InvertedMirrored)
    }

    /// True for the negative.
    #[must_use]
    pub const fn is_inverted(self) -> bool {
        matches!(self, Self::Inverted | Self::InvertedMirrored)
    }

    /// The features as they would be in this view.
    #[must_use]
    pub(crate) fn of(self, query: &Features) -> Features {
        let mirror = self.is_mirrored().then(|| across(query));
        let negative = self.is_inverted();
        let features =
            query.features.iter().map(|feature| changed(feature, mirror, negative)).collect();
        Features { features, ..*query }
    }
}

/// Width of a frame in units of its longer side.
fn across(query: &Features) -> u16 {
    let longer = u64::from(query.width.max(query.height).max(1));
    (u64::from(query.width) * u64::from(UNIT) / longer) as u16
}

/// A registered picture that the query shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// Distinct features that lie as they should.
    pub inliers: u16,
    /// The features of the query among them.
    pub(crate) of_query: Vec<u16>,
    /// Cells of the registered picture's inner area in which inliers lie.
    pub(crate) cells: u32,
    /// Whether the inliers are enough for a finding. Fewer still tell what pictures share.
    pub(crate) enough: bool,
    /// The registered picture.
    pub(crate) known: Box<Signature>,
    /// The part of the query's frame that shows it: left, top, width and height in pixels.
    pub area: (u32, u32, u32, u32),
}

/// Least distinct inliers for a query with so many features: the more there are, the more
/// agree by chance.
pub(crate) fn cut(features: usize) -> usize {
    LEAST + features / MORE_FOR_EACH
}

/// Verifies one registered picture; `None` where the query does not show it, as far as features
/// tell.
///
/// Features within 56 bits are pairs. Each of the 64 best guesses a turn, a scale and a shift; the
/// guess with which most pairs agree is fitted, first as a similarity, then as an affine transform,
/// with ever less tolerance. Counted are inliers at distinct places of both pictures. They must be
/// at least 8 and one more for every 200 features of the query, and lie in four of the 16 inner
/// cells of the registered picture (of 6×6): a logo covers too few of them, and a frame around
/// something else none.
#[must_use]
pub fn verify(known: &Signature, query: &Features, view: View) -> Option<Verified> {
    verify_view(known, &Query::new(view.of(query)), view).filter(|verified| verified.enough)
}

/// The features of a query, and their descriptors once more without gaps.
#[derive(Debug)]
pub(crate) struct Query {
    features: Features,
    codes: Vec<[u8; 32]>,
}

impl Query {
    pub(crate) fn new(features: Features) -> Self {
        let codes = features.features.iter().map(|feature| feature.descriptor).collect();
        Self { features, codes }
    }
}

/// [`verify()`] for a query that is in its view already; also where inliers are not enough.
pub(crate) fn verify_view(known: &Signature, query: &Query, view: View) -> Option<Verified> {
    let pairs = Pairs::new(known, query);
    let query = &query.features;
    let least = cut(query.features.len());
    let guess = pairs.best_guess()?;
    let (transform, inliers) = pairs.fitted(guess)?;
    let distinct = pairs.distinct(&inliers);
    if distinct.len() < WEAK {
        return None;
    }
    let cells = inner_cells(pairs.sides, distinct.iter().map(|pair| pair.from));
    let enough = distinct.len() >= least && cells.count_ones() >= LEAST_CELLS;
    Some(Verified {
        inliers: distinct.len() as u16,
        of_query: distinct.iter().map(|pair| pair.number).collect(),
        cells,
        enough,
        known: Box::new(known.clone()),
        area: area(&transform, known.frame(), query, view.is_mirrored()),
    })
}

/// A feature of the registered picture and one of the query that look alike.
#[derive(Debug, Clone, Copy)]
struct Pair {
    from: Point,
    to: Point,
    /// Turn from one to the other.
    turn: u8,
    /// Size of the second in terms of the first.
    scale: f64,
    /// Position of the query's feature.
    number: u16,
}

struct Pairs {
    /// The most alike first.
    list: Vec<Pair>,
    /// Sides of the registered frame in units of the longer one.
    sides: Point,
    /// Half a pixel and a half of the query, which no place is finer than.
    grain: f64,
}

impl Pairs {
    fn new(known: &Signature, Query { features: query, codes }: &Query) -> Self {
        let mut found: Vec<(u16, usize, u32)> = Vec::new();
        let mut near: Vec<Near> = Vec::new();
        for (number, descriptor) in known.descriptors().iter().enumerate() {
            near.clear();
            scan256(codes, descriptor, ALIKE, &mut near);
            near.sort_unstable_by_key(|near| (near.distance, near.index));
            found.extend(near.iter().take(4).map(|near| (near.distance, number, near.index)));
        }
        found.sort_unstable();
        found.truncate(MOST_PAIRS);
        let (width, height) = known.frame();
        let longer = f64::from(width.max(height).max(1));
        let sides = sides(known.frame());
        // A level is 6/5 as coarse as the one before; the first is a pixel of the shrunken picture.
        let base = longer.min(400.0) / f64::from(query.side.max(1));
        let list = found.into_iter().map(|(_, from, to)| {
            let (known, other) = (known.feature(from), &query.features[to as usize]);
            Pair {
                from: point(known.x, known.y),
                to: point(other.x, other.y),
                turn: other.angle.wrapping_sub(known.angle),
                scale: base * step(i32::from(other.level) - i32::from(known.level)),
                number: to as u16,
            }
        });
        Self { list: list.collect(), sides, grain: 1.5 / f64::from(query.side.max(1)) }
    }

    /// The transform with which most pairs agree; of equals that of the most alike pair.
    fn best_guess(&self) -> Option<Affine> {
        let mut best: Option<(usize, Affine)> = None;
        for pair in self.list.iter().take(GUESSES) {
            let (cos, sin) = directions()[usize::from(pair.turn)];
            let circle = (f64::from(cos) / 16_384.0, f64::from(sin) / 16_384.0);
            let guess = Affine::similarity(pair.scale, circle, pair.from, pair.to);
            let agreeing = self.agreeing(&guess, pair.turn, pair.scale, TOLERANCES[0]);
            let count = self.distinct(&agreeing).len();
            if best.is_none_or(|(most, _)| count > most) {
                best = Some((count, guess));
            }
        }
        best.filter(|(count, _)| *count >= WEAK).map(|(_, guess)| guess)
    }

    /// Fits the guess to the pairs that agree with it, again and again.
    fn fitted(&self, guess: Affine) -> Option<(Affine, Vec<Pair>)> {
        let mut transform = guess;
        let mut inliers = self.inliers(&transform, TOLERANCES[0]);
        for (round, tolerance) in
            [TOLERANCES[1], TOLERANCES[1], TOLERANCES[2], TOLERANCES[2]].into_iter().enumerate()
        {
            let places: Vec<_> = inliers.iter().map(|pair| (pair.from, pair.to)).collect();
            let fitted = if round == 0 || places.len() < 6 {
                Affine::fit_similarity(&places)
            } else {
                Affine::fit(&places).or_else(|| Affine::fit_similarity(&places))
            };
            transform = fitted.filter(Affine::is_plausible)?;
            inliers = self.inliers(&transform, tolerance);
        }
        Some((transform, inliers))
    }

    /// The pairs that lie as the transform says, and are turned and scaled as it does.
    fn inliers(&self, transform: &Affine, tolerance: f64) -> Vec<Pair> {
        // Its turn is that of a pair of directions, the best of 256.
        let (along, aside) = (transform.a + transform.e, transform.d - transform.b);
        let agreement = |(cos, sin): (i32, i32)| f64::from(cos) * along + f64::from(sin) * aside;
        let table = directions();
        let turn = (0..=255_u8)
            .reduce(|best, next| {
                let at = |step: u8| agreement(table[usize::from(step)]);
                if at(next) > at(best) { next } else { best }
            })
            .unwrap_or(0);
        self.agreeing(transform, turn, transform.growth().abs().sqrt(), tolerance)
    }

    fn agreeing(&self, transform: &Affine, turn: u8, scale: f64, tolerance: f64) -> Vec<Pair> {
        let most = tolerance * scale + self.grain;
        let agrees = |pair: &&Pair| {
            let off = pair.turn.wrapping_sub(turn);
            let ratio = pair.scale / scale;
            if off.min(off.wrapping_neg()) > TURN || !(1.0 / SCALE..=SCALE).contains(&ratio) {
                return false;
            }
            let at = transform.apply(pair.from);
            let (dx, dy) = (at.x - pair.to.x, at.y - pair.to.y);
            dx * dx + dy * dy <= most * most
        };
        self.list.iter().filter(agrees).copied().collect()
    }

    /// Of pairs that are close together in either picture the first.
    fn distinct(&self, pairs: &[Pair]) -> Vec<Pair> {
        let mut kept: Vec<Pair> = Vec::with_capacity(pairs.len());
        let close = |a: Point, b: Point, most: f64| {
            (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y) < most * most
        };
        for pair in pairs {
            let known = kept.iter().any(|other| {
                close(pair.from, other.from, DISTINCT) || close(pair.to, other.to, self.grain)
            });
            if !known {
                kept.push(*pair);
            }
        }
        kept
    }
}

/// In which of the inner cells of a registered picture places lie, one bit each; `sides` are its
/// own in units of the longer one.
fn inner_cells(sides: Point, places: impl Iterator<Item = Point>) -> u32 {
    let cell = |at: f64, side: f64| ((at / side * CELLS as f64) as usize).min(CELLS - 1);
    let inner = 1..CELLS - 1;
    let mut cells = 0;
    for place in places {
        let (x, y) = (cell(place.x, sides.x), cell(place.y, sides.y));
        if inner.contains(&x) && inner.contains(&y) {
            cells |= 1 << ((y - 1) * (CELLS - 2) + x - 1);
        }
    }
    cells
}

/// Sides of a frame in units of the longer one.
fn sides((width, height): (u32, u32)) -> Point {
    let longer = f64::from(width.max(height).max(1));
    Point { x: f64::from(width) / longer, y: f64::from(height) / longer }
}

/// [`inner_cells`] for places as features have them.
pub(crate) fn in_inner_cells(frame: (u32, u32), places: &[(u16, u16)]) -> u32 {
    inner_cells(sides(frame), places.iter().map(|(x, y)| point(*x, *y)))
}

fn point(x: u16, y: u16) -> Point {
    Point { x: f64::from(x) / f64::from(UNIT), y: f64::from(y) / f64::from(UNIT) }
}

/// (6/5) to the power of a difference of scales.
fn step(levels: i32) -> f64 {
    let factor = if levels < 0 { 5.0 / 6.0 } else { 6.0 / 5.0 };
    (0..levels.unsigned_abs()).fold(1.0, |scale, _| scale * factor)
}

/// The box around the registered frame in the query, as far as it lies in it.
fn area(
    transform: &Affine,
    (width, height): (u32, u32),
    query: &Features,
    mirrored: bool,
) -> (u32, u32, u32, u32) {
    let longer = f64::from(width.max(height).max(1));
    let (right, bottom) = (f64::from(width) / longer, f64::from(height) / longer);
    let corners = [(0.0, 0.0), (right, 0.0), (0.0, bottom), (right, bottom)]
        .map(|(x, y)| transform.apply(Point { x, y }));
    let unit = f64::from(query.width.max(query.height));
    let span = |values: [f64; 4], most: u32| {
        let low = values.into_iter().fold(f64::INFINITY, f64::min) * unit;
        let high = values.into_iter().fold(f64::NEG_INFINITY, f64::max) * unit;
        let whole = |value: f64| (value + 0.5) as u32;
        (whole(low).min(most), whole(high).min(most))
    };
    let (mut left, mut end) = span(corners.map(|corner| corner.x), query.width);
    let (top, under) = span(corners.map(|corner| corner.y), query.height);
    if mirrored {
        (left, end) = (query.width - end, query.width - left);
    }
    (left, top, end - left, under - top)
}
