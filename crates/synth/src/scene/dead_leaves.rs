//! Dead-leaves scenes: occluding shapes with a power law of sizes.
//!
//! With sizes distributed as r⁻³ the picture has the same statistics at every scale, hence the
//! 1/f amplitude spectrum of natural pictures (Ruderman 1997; Lee, Mumford and Huang 2001).

use crate::canvas::{Colour, View, hsv, mix_colours};
use crate::math::{cos_turns, lerp, sin_turns, smooth};
use crate::noise::Field;
use crate::picture::{Picture, byte};
use crate::rng::Rng;

/// A convex leaf whose extent in each pixel row can be computed.
struct Leaf {
    outline: Outline,
    colour: Colour,
    /// Brightness at the scene's origin and its change per unit.
    light: f32,
    light_x: f32,
    light_y: f32,
    /// Strength of the grain and which of the two grains.
    grain: f32,
    cross_grain: f32,
}

enum Outline {
    /// Centre and the quadratic form a·dx² + 2b·dx·dy + c·dy² = 1.
    Ellipse {
        x: f32,
        y: f32,
        a: f32,
        b: f32,
        c: f32,
    },
    Polygon(Vec<(f32, f32)>),
}

/// Look of one scene.
struct Style {
    smallest: f32,
    largest: f32,
    polygons: u32,
    palette: Vec<Colour>,
    grain: f32,
    light: f32,
}

pub(super) fn draw(view: &View, random: &mut Rng) -> Picture {
    let style = Style::choose(random);
    let count = style.count();
    let mut leaves = vec![Leaf::background(&style)];
    let mut map = vec![0_u16; view.width as usize * view.height as usize];
    for _ in 0..count {
        let leaf = Leaf::random(&style, random);
        leaf.outline.mark(view, leaves.len() as u16, &mut map);
        leaves.push(leaf);
    }
    let picture = shade(view, &leaves, &map, &style, random);
    soften_edges(&picture, &map)
}

impl Style {
    fn choose(random: &mut Rng) -> Self {
        let hue = random.unit();
        let spread = random.range(0.04, 0.5);
        let saturation = random.range(0.1, 0.8);
        let palette = (0..random.between(3, 8))
            .map(|_| {
                let hue = hue + random.range(-spread, spread);
                // Squared: dark tones are commoner than bright ones, as in photographs.
                let bright = random.unit();
                hsv(hue, saturation * random.unit(), 0.08 + 0.9 * bright * bright.sqrt())
            })
            .collect();
        Self {
            smallest: random.range(0.004, 0.008),
            largest: random.range(0.15, 0.45),
            polygons: *random.pick(&[0, 0, 20, 50, 90]),
            palette,
            grain: random.range(0.05, 0.5),
            light: random.range(0.1, 0.45),
        }
    }

    /// Leaves needed to cover the unit square several times over.
    fn count(&self) -> usize {
        let (a, b) = (f64::from(self.smallest), f64::from(self.largest));
        let mean_square = 2.0 * a * a * crate::math::ln(b / a);
        ((4.0 / (3.0 * mean_square)) as usize).clamp(200, 20_000)
    }

    fn colour(&self, random: &mut Rng) -> Colour {
        let base = *random.pick(&self.palette);
        let other = *random.pick(&self.palette);
        let factor = random.range(0.6, 1.4);
        mix_colours(base, other, random.unit() * 0.5).map(|c| (c * factor).min(255.0))
    }
}

impl Leaf {
    fn background(style: &Style) -> Self {
        let outline = Outline::Polygon(Vec::new());
        let colour = style.palette[0];
        Self {
            outline,
            colour,
            light: 1.0,
            light_x: 0.0,
            light_y: 0.0,
            grain: 0.3,
            cross_grain: 0.0,
        }
    }

    fn random(style: &Style, random: &mut Rng) -> Self {
        // Inverse of the distribution function of density ∝ r⁻³ between the two bounds.
        let (a, b) = (style.smallest, style.largest);
        let share = random.unit() * (1.0 - a * a / (b * b));
        let radius = a / (1.0 - share).sqrt();
        let (x, y) = (random.range(-0.1, 1.1), random.range(-0.1, 1.1));
        let turn = f64::from(random.unit());
        let (cos, sin) = (cos_turns(turn) as f32, sin_turns(turn) as f32);
        let outline = if random.chance(style.polygons) {
            let (half, tall) = (radius * 0.9, radius * random.range(0.3, 1.0));
            let slant = random.range(-0.3, 0.3) * half;
            let corners =
                [(-half, -tall), (half, -tall + slant), (half, tall), (-half + slant, tall)];
            Outline::Polygon(
                corners.map(|(u, v)| (x + u * cos - v * sin, y + u * sin + v * cos)).into(),
            )
        } else {
            let squeeze = random.range(0.45, 1.0);
            let (p, q) = (1.0 / (radius * radius), 1.0 / (radius * radius * squeeze * squeeze));
            Outline::Ellipse {
                x,
                y,
                a: cos * cos * p + sin * sin * q,
                b: cos * sin * (p - q),
                c: sin * sin * p + cos * cos * q,
            }
        };
        let slope = random.range(0.0, 0.45) / radius.max(0.02);
        let toward = f64::from(random.unit());
        let (light_x, light_y) =
            (slope * cos_turns(toward) as f32, slope * sin_turns(toward) as f32);
        let kind = random.unit();
        let grain = style.grain * random.unit();
        Self {
            outline,
            colour: style.colour(random),
            light: 1.0 - light_x * x - light_y * y,
            light_x,
            light_y,
            grain: grain * (1.0 - kind),
            cross_grain: grain * kind,
        }
    }
}

impl Outline {
    /// Writes the leaf's number to the pixels whose middle lies inside.
    fn mark(&self, view: &View, number: u16, map: &mut [u16]) {
        let (top, bottom) = match self {
            Self::Ellipse { y, a, b, c, .. } => {
                let reach = (a / (a * c - b * b).max(1e-12)).sqrt();
                (y - reach, y + reach)
            }
            Self::Polygon(corners) => corners
                .iter()
                .fold((f32::MAX, f32::MIN), |(low, high), p| (low.min(p.1), high.max(p.1))),
        };
        let first = pixel_edge(view.row_of(top), view.height);
        let last = pixel_edge(view.row_of(bottom), view.height);
        for row in first..last {
            if let Some((left, right)) = self.extent(view.y(row)) {
                let from = pixel_edge(view.column_of(left), view.width) as usize;
                let to = pixel_edge(view.column_of(right), view.width) as usize;
                if from < to {
                    map[row as usize * view.width as usize..][from..to].fill(number);
                }
            }
        }
    }

    fn extent(&self, row: f32) -> Option<(f32, f32)> {
        match self {
            Self::Ellipse { x, y, a, b, c } => {
                let dy = row - y;
                let half = b * dy / a;
                let inside = half * half - (c * dy * dy - 1.0) / a;
                (inside > 0.0).then(|| (x - half - inside.sqrt(), x - half + inside.sqrt()))
            }
            Self::Polygon(corners) => {
                let (mut left, mut right) = (f32::MAX, f32::MIN);
                for (index, from) in corners.iter().enumerate() {
                    let to = &corners[(index + 1) % corners.len()];
                    if (from.1 <= row) != (to.1 <= row) {
                        let at = from.0 + (row - from.1) / (to.1 - from.1) * (to.0 - from.0);
                        left = left.min(at);
                        right = right.max(at);
                    }
                }
                (left < right).then_some((left, right))
            }
        }
    }
}

/// First pixel whose middle lies at or behind a fractional position.
fn pixel_edge(at: f32, limit: u32) -> u32 {
    ((at + 0.5).max(0.0) as u32).min(limit)
}

fn shade(view: &View, leaves: &[Leaf], map: &[u16], style: &Style, random: &mut Rng) -> Picture {
    let mut picture = Picture::filled(view.width, view.height, [0; 3]);
    let mut light = Field::fractal(view, random.next_u64(), 1.3, 3, 0.6);
    let mut grain = Field::fractal(view, random.next_u64(), 40.0, 4, 0.8);
    let tall = random.chance(50);
    let cells = if tall { (90.0, 12.0) } else { (12.0, 90.0) };
    let mut cross = Field::stretched(view, random.next_u64(), cells, 3, 0.8);
    let haze = random.range(0.0, 0.35);
    for (y, numbers) in (0..view.height).zip(map.chunks_exact(view.width as usize)) {
        let scene_y = view.y(y);
        let (light, grain, cross) = (light.row(scene_y), grain.row(scene_y), cross.row(scene_y));
        let fog = haze * smooth(1.0 - scene_y);
        let row = picture.row_mut(y);
        for (x, (&number, pixel)) in numbers.iter().zip(row.chunks_exact_mut(3)).enumerate() {
            let leaf = &leaves[usize::from(number)];
            let slope = leaf.light + leaf.light_x * view.x(x as u32) + leaf.light_y * scene_y;
            let surface = 1.0 + leaf.grain * grain[x] + leaf.cross_grain * cross[x];
            let factor =
                slope.clamp(0.25, 1.8) * surface * (1.0 + style.light * 2.0 * light[x]).max(0.1);
            for (out, channel) in pixel.iter_mut().zip(leaf.colour) {
                *out = byte(lerp(channel * factor, 190.0, fog));
            }
        }
    }
    picture
}

/// Averages each pixel on an edge between leaves with its four neighbours, as a lens would.
fn soften_edges(picture: &Picture, map: &[u16]) -> Picture {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut soft = picture.clone();
    if width < 3 || height < 3 {
        return soft;
    }
    let source = picture.rgb();
    for y in 1..height - 1 {
        for x in 1..width - 1 {
            let at = y * width + x;
            let number = map[at];
            let neighbours = [at - 1, at + 1, at - width, at + width];
            if neighbours.iter().all(|&other| map[other] == number) {
                continue;
            }
            for channel in 0..3 {
                let around: u16 =
                    neighbours.iter().map(|other| u16::from(source[other * 3 + channel])).sum();
                let sum = 4 * u16::from(source[at * 3 + channel]) + around;
                soft.rgb_mut()[at * 3 + channel] = ((sum + 4) / 8) as u8;
            }
        }
    }
    soft
}
