//! The transform that takes places of one picture to places of another, by least squares.

/// A place in units of the longer side of its frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// `x' = a·x + b·y + c`, `y' = d·x + e·y + f`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Affine {
    pub(crate) a: f64,
    pub(crate) b: f64,
    pub(crate) c: f64,
    pub(crate) d: f64,
    pub(crate) e: f64,
    pub(crate) f: f64,
}

impl Affine {
    /// Turns by the angle whose cosine and sine are given, scales, and takes `from` to `to`.
    pub(crate) fn similarity(scale: f64, (cos, sin): (f64, f64), from: Point, to: Point) -> Self {
        let (p, q) = (scale * cos, scale * sin);
        Self {
            a: p,
            b: -q,
            c: to.x - (p * from.x - q * from.y),
            d: q,
            e: p,
            f: to.y - (q * from.x + p * from.y),
        }
    }

    pub(crate) fn apply(&self, at: Point) -> Point {
        Point {
            x: self.a * at.x + self.b * at.y + self.c,
            y: self.d * at.x + self.e * at.y + self.f,
        }
    }

    /// By how much areas grow; negative for transforms that mirror.
    pub(crate) fn growth(&self) -> f64 {
        self.a * self.e - self.b * self.d
    }

    /// True when it neither mirrors nor flattens: its longest and its shortest stretch differ by
    /// a factor of two at most.
    pub(crate) fn is_plausible(&self) -> bool {
        let growth = self.growth();
        // The stretches s and t satisfy s² + t² = the sum of squares, and s·t = the growth.
        let squares = self.a * self.a + self.b * self.b + self.d * self.d + self.e * self.e;
        growth > 1.0e-4 && growth < 1.0e4 && squares <= growth * 2.5
    }

    /// The best similarity for pairs of places; `None` where they do not decide one.
    pub(crate) fn fit_similarity(pairs: &[(Point, Point)]) -> Option<Self> {
        let (from, to) = centres(pairs)?;
        let (mut dot, mut cross, mut spread) = (0.0, 0.0, 0.0);
        for (p, q) in pairs {
            let (px, py, qx, qy) = (p.x - from.x, p.y - from.y, q.x - to.x, q.y - to.y);
            dot += px * qx + py * qy;
            cross += px * qy - py * qx;
            spread += px * px + py * py;
        }
        if spread < 1.0e-9 {
            return None;
        }
        let (p, q) = (dot / spread, cross / spread);
        Some(Self::similarity(1.0, (p, q), from, to))
    }

    /// The best affine transform for pairs of places; `None` where they do not decide one, as on
    /// a line.
    pub(crate) fn fit(pairs: &[(Point, Point)]) -> Option<Self> {
        let (from, to) = centres(pairs)?;
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        let (mut ux, mut uy, mut vx, mut vy) = (0.0, 0.0, 0.0, 0.0);
        for (p, q) in pairs {
            let (x, y, u, v) = (p.x - from.x, p.y - from.y, q.x - to.x, q.y - to.y);
            xx += x * x;
            xy += x * y;
            yy += y * y;
            ux += u * x;
            uy += u * y;
            vx += v * x;
            vy += v * y;
        }
        let determinant = xx * yy - xy * xy;
        if determinant <= 1.0e-3 * (xx + yy) * (xx + yy) {
            return None;
        }
        let (a, b) = ((ux * yy - uy * xy) / determinant, (uy * xx - ux * xy) / determinant);
        let (d, e) = ((vx * yy - vy * xy) / determinant, (vy * xx - vx * xy) / determinant);
        let (c, f) = (to.x - (a * from.x + b * from.y), to.y - (d * from.x + e * from.y));
        Some(Self { a, b, c, d, e, f })
    }
}

fn centres(pairs: &[(Point, Point)]) -> Option<(Point, Point)> {
    let count = pairs.len() as f64;
    if pairs.len() < 2 {
        return None;
    }
    let zero = Point { x: 0.0, y: 0.0 };
    let (p, q) = pairs.iter().fold((zero, zero), |(p, q), (from, to)| {
        (Point { x: p.x + from.x, y: p.y + from.y }, Point { x: q.x + to.x, y: q.y + to.y })
    });
    let mean = |sum: Point| Point { x: sum.x / count, y: sum.y / count };
    Some((mean(p), mean(q)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_transform_is_found_from_its_places(
            numbers in prop::array::uniform6(-2.0..2.0_f64),
            places in prop::collection::vec((0.0..1.0_f64, 0.0..1.0_f64), 5..30),
        ) {
            let [a, b, c, d, e, f] = numbers;
            let general = Affine { a, b, c, d, e, f };
            let similar = Affine { b: -d, e: a, ..general };
            for (made, found) in [(general, Affine::fit as fn(&[_]) -> _), (similar, Affine::fit_similarity)] {
                let pairs: Vec<_> = places.iter().map(|&(x, y)| (Point { x, y }, made.apply(Point { x, y }))).collect();
                if let Some(found) = found(&pairs) {
                    for (from, to) in &pairs {
                        let at = found.apply(*from);
                        prop_assert!((at.x - to.x).abs() < 1e-6 && (at.y - to.y).abs() < 1e-6);
                    }
                }
            }
        }
    }

    #[test]
    fn too_little_decides_nothing() {
        let p = |x: f64, y: f64| Point { x, y };
        assert_eq!(Affine::fit(&[]), None);
        assert_eq!(Affine::fit_similarity(&[(p(0.5, 0.5), p(0.1, 0.2)); 4]), None);
        let line: Vec<_> = (0..9).map(f64::from).map(|t| (p(t, 2.0 * t), p(t, t))).collect();
        assert_eq!(Affine::fit(&line), None);
    }
}
