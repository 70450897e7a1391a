//! Drawing in scene coordinates: shapes with soft edges, rectangles and masks.

use crate::math::lerp;
use crate::picture::{Picture, byte};

/// Colour while it is being worked on, 0 to 255 per channel.
pub(crate) type Colour = [f32; 3];

/// How a scene lies on the pixels: the longer side is one unit, the middle is (0.5, 0.5).
///
/// Scenes place everything in these units, so the same seed at another size is the same scene.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Pixels per unit.
    pub(crate) scale: f32,
    origin_x: f32,
    origin_y: f32,
}

impl View {
    pub(crate) fn new(width: u32, height: u32) -> Self {
        let scale = width.max(height) as f32;
        Self {
            width,
            height,
            scale,
            origin_x: 0.5 - width as f32 / scale / 2.0,
            origin_y: 0.5 - height as f32 / scale / 2.0,
        }
    }

    /// Scene coordinate of the middle of a pixel column.
    pub(crate) fn x(&self, column: u32) -> f32 {
        self.origin_x + (column as f32 + 0.5) / self.scale
    }

    /// Scene coordinate of the middle of a pixel row.
    pub(crate) fn y(&self, row: u32) -> f32 {
        self.origin_y + (row as f32 + 0.5) / self.scale
    }

    pub(crate) fn left(&self) -> f32 {
        self.origin_x
    }

    pub(crate) fn top(&self) -> f32 {
        self.origin_y
    }

    pub(crate) fn right(&self) -> f32 {
        1.0 - self.origin_x
    }

    pub(crate) fn bottom(&self) -> f32 {
        1.0 - self.origin_y
    }

    /// Width of the visible part in units.
    pub(crate) fn across(&self) -> f32 {
        1.0 - 2.0 * self.origin_x
    }

    /// Height of the visible part in units.
    pub(crate) fn down(&self) -> f32 {
        1.0 - 2.0 * self.origin_y
    }

    /// Fractional pixel column (left edge of column 0 is 0.0) of a scene coordinate.
    pub(crate) fn column_of(self, x: f32) -> f32 {
        (x - self.origin_x) * self.scale
    }

    /// Fractional pixel row of a scene coordinate.
    pub(crate) fn row_of(self, y: f32) -> f32 {
        (y - self.origin_y) * self.scale
    }
}

/// A picture under construction with its view.
pub(crate) struct Canvas {
    pub(crate) view: View,
    pub(crate) picture: Picture,
}

impl Canvas {
    pub(crate) fn new(width: u32, height: u32, colour: Colour) -> Self {
        let picture = Picture::filled(width, height, colour.map(byte));
        Self { view: View::new(picture.width(), picture.height()), picture }
    }

    /// Computes every pixel from scene coordinates, row by row.
    pub(crate) fn paint_rows(&mut self, mut row: impl FnMut(f32, u32, &mut [u8])) {
        for y in 0..self.view.height {
            let scene_y = self.view.y(y);
            row(scene_y, y, self.picture.row_mut(y));
        }
    }

    /// Draws a shape; `paint` gives the colour at a scene position.
    pub(crate) fn shape(&mut self, shape: &Shape, paint: impl Fn(f32, f32) -> Colour) {
        let view = self.view;
        let margin = 1.0 / view.scale;
        let [left, top, right, bottom] = shape.bounds();
        let columns =
            span(view.column_of(left - margin), view.column_of(right + margin), view.width);
        for y in span(view.row_of(top - margin), view.row_of(bottom + margin), view.height) {
            let scene_y = view.y(y);
            let row = self.picture.row_mut(y);
            for x in columns.clone() {
                let scene_x = view.x(x);
                let cover = 0.5 - shape.distance(scene_x, scene_y) * view.scale;
                if cover > 0.0 {
                    let at = x as usize * 3;
                    blend(&mut row[at..at + 3], paint(scene_x, scene_y), cover.min(1.0));
                }
            }
        }
    }

    /// Draws a shape in one colour.
    pub(crate) fn flat(&mut self, shape: &Shape, colour: Colour) {
        self.shape(shape, |_, _| colour);
    }

    /// Draws an upright rectangle in one colour, exact coverage at its edges.
    pub(crate) fn rectangle(
        &mut self,
        left: f32,
        top: f32,
        right: f32,
        bottom: f32,
        colour: Colour,
    ) {
        let view = self.view;
        let (left, right) = (view.column_of(left), view.column_of(right));
        let (top, bottom) = (view.row_of(top), view.row_of(bottom));
        for y in span(top, bottom, view.height) {
            let down = overlap(y, top, bottom);
            let row = self.picture.row_mut(y);
            for x in span(left, right, view.width) {
                let at = x as usize * 3;
                blend(&mut row[at..at + 3], colour, down * overlap(x, left, right));
            }
        }
    }

    /// Draws the outline of an upright rectangle, `line` units thick, inside its bounds.
    pub(crate) fn frame(
        &mut self,
        [left, top, right, bottom]: [f32; 4],
        line: f32,
        colour: Colour,
    ) {
        self.rectangle(left, top, right, top + line, colour);
        self.rectangle(left, bottom - line, right, bottom, colour);
        self.rectangle(left, top + line, left + line, bottom - line, colour);
        self.rectangle(right - line, top + line, right, bottom - line, colour);
    }

    /// A line of even thickness with round ends.
    pub(crate) fn line(&mut self, from: (f32, f32), to: (f32, f32), width: f32, colour: Colour) {
        self.flat(&Shape::limb(from, to, width / 2.0, width / 2.0), colour);
    }
}

/// Pixels touched by the fractional range, within `0..limit`.
pub(crate) fn span(from: f32, to: f32, limit: u32) -> std::ops::Range<u32> {
    let first = from.max(0.0) as u32;
    let last = (to.max(0.0).min(limit as f32)) as u32;
    let end = if (last as f32) < to { last + 1 } else { last };
    first.min(limit)..end.min(limit)
}

/// Share of pixel `index` covered by the fractional range.
pub(crate) fn overlap(index: u32, from: f32, to: f32) -> f32 {
    let start = index as f32;
    (to.min(start + 1.0) - from.max(start)).clamp(0.0, 1.0)
}

/// Mixes a colour into a pixel.
pub(crate) fn blend(pixel: &mut [u8], colour: Colour, cover: f32) {
    for (value, channel) in pixel.iter_mut().zip(colour) {
        *value = byte(lerp(f32::from(*value), channel, cover));
    }
}

/// A shape given by its (approximate) signed distance, in scene units.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// Centre, radii, cosine and sine of its turn.
    Ellipse { centre: (f32, f32), radii: (f32, f32), turn: (f32, f32) },
    /// Rounded bar that may taper: ends, radius at each end.
    Limb { from: (f32, f32), to: (f32, f32), radius: (f32, f32) },
    /// Convex polygon: corners in order.
    Polygon { corners: Vec<(f32, f32)>, edges: Vec<[f32; 3]> },
}

impl Shape {
    pub(crate) fn ellipse(centre: (f32, f32), radii: (f32, f32)) -> Self {
        Self::Ellipse { centre, radii, turn: (1.0, 0.0) }
    }

    pub(crate) fn limb(from: (f32, f32), to: (f32, f32), start: f32, end: f32) -> Self {
        Self::Limb { from, to, radius: (start, end) }
    }

    /// A convex polygon from corners in either direction of turn.
    pub(crate) fn polygon(corners: Vec<(f32, f32)>) -> Self {
        let count = corners.len();
        let pairs = (0..count).map(|i| (corners[i], corners[(i + 1) % count]));
        let area: f32 = pairs.clone().map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum();
        let sign = if area < 0.0 { -1.0 } else { 1.0 };
        let edges = pairs
            .map(|(a, b)| {
                let (dx, dy) = (b.0 - a.0, b.1 - a.1);
                let length = (dx * dx + dy * dy).sqrt().max(1e-9) * sign;
                let (nx, ny) = (dy / length, -dx / length);
                [nx, ny, -(nx * a.0 + ny * a.1)]
            })
            .collect();
        Self::Polygon { corners, edges }
    }

    /// Left, top, right, bottom.
    pub(crate) fn bounds(&self) -> [f32; 4] {
        match self {
            Self::Ellipse { centre, radii, .. } => {
                let reach = radii.0.max(radii.1);
                around(&[*centre], reach)
            }
            Self::Limb { from, to, radius } => around(&[*from, *to], radius.0.max(radius.1)),
            Self::Polygon { corners, .. } => around(corners, 0.0),
        }
    }

    /// Distance from the outline: negative inside.
    pub(crate) fn distance(&self, x: f32, y: f32) -> f32 {
        match self {
            Self::Ellipse { centre, radii, turn } => {
                let (dx, dy) = (x - centre.0, y - centre.1);
                let (u, v) = (dx * turn.0 + dy * turn.1, dy * turn.0 - dx * turn.1);
                let (p, q) = (u / radii.0, v / radii.1);
                let size = (p * p + q * q).sqrt();
                let (p, q) = (p / radii.0, q / radii.1);
                // First-order distance: value of the implicit function over its gradient.
                size * (size - 1.0) / (p * p + q * q).sqrt().max(1e-9)
            }
            Self::Limb { from, to, radius } => {
                let (ax, ay) = (to.0 - from.0, to.1 - from.1);
                let (px, py) = (x - from.0, y - from.1);
                let along = (px * ax + py * ay) / (ax * ax + ay * ay).max(1e-12);
                let along = along.clamp(0.0, 1.0);
                let (dx, dy) = (px - ax * along, py - ay * along);
                (dx * dx + dy * dy).sqrt() - lerp(radius.0, radius.1, along)
            }
            Self::Polygon { edges, .. } => {
                edges.iter().map(|[a, b, c]| a * x + b * y + c).fold(f32::MIN, f32::max)
            }
        }
    }
}

fn around(points: &[(f32, f32)], reach: f32) -> [f32; 4] {
    points.iter().fold([f32::MAX, f32::MAX, f32::MIN, f32::MIN], |b, p| {
        [b[0].min(p.0 - reach), b[1].min(p.1 - reach), b[2].max(p.0 + reach), b[3].max(p.1 + reach)]
    })
}

/// Mixes two colours.
pub(crate) fn mix_colours(a: Colour, b: Colour, share: f32) -> Colour {
    [lerp(a[0], b[0], share), lerp(a[1], b[1], share), lerp(a[2], b[2], share)]
}

/// Brightens (above 1) or darkens a colour.
pub(crate) fn shade(colour: Colour, factor: f32) -> Colour {
    colour.map(|channel| (channel * factor).clamp(0.0, 255.0))
}

/// A colour from hue (turns), saturation and brightness (0 to 1).
pub(crate) fn hsv(hue: f32, saturation: f32, value: f32) -> Colour {
    let channel = |offset: f32| {
        let wave = crate::math::triangle(hue + offset) * 3.0 - 1.0;
        255.0 * value * (1.0 - saturation * (1.0 - wave.clamp(0.0, 1.0)))
    };
    // Triangle waves a third apart peak at red, green and blue.
    [channel(0.5), channel(0.5 - 1.0 / 3.0), channel(0.5 + 1.0 / 3.0)]
}
