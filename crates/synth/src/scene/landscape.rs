//! Skies with clouds over layered hills, plains, towns or water.

use crate::canvas::{Canvas, Colour, Shape, View, hsv, mix_colours, shade};
use crate::math::{lerp, smooth};
use crate::noise::{Field, curve};
use crate::picture::{Picture, byte};
use crate::rng::Rng;

/// Light and weather of one scene.
struct Sky {
    zenith: Colour,
    horizon: Colour,
    cloud: Colour,
    cover: f32,
    sun: (f32, f32),
    glow: f32,
    level: f32,
}

pub(super) fn draw(view: &View, random: &mut Rng) -> Picture {
    let sky = Sky::choose(view, random);
    let mut canvas = Canvas::new(view.width, view.height, sky.horizon);
    paint_sky(&mut canvas, &sky, random);
    let layers = random.between(1, 5);
    let ground = hsv(random.range(0.02, 0.48), random.range(0.2, 0.7), random.range(0.15, 0.6));
    for layer in 0..layers {
        let near = (layer + 1) as f32 / layers as f32;
        let base = lerp(sky.level, view.bottom(), (layer as f32) / (layers as f32 + 0.6));
        let colour = mix_colours(sky.horizon, ground, 0.35 + 0.65 * near);
        hills(&mut canvas, base, near, colour, random);
    }
    if random.chance(40) {
        water(&mut canvas, lerp(sky.level, view.bottom(), random.range(0.3, 0.7)), random);
    }
    if random.chance(45) {
        plants_or_houses(&mut canvas, &sky, random);
    }
    canvas.picture
}

impl Sky {
    fn choose(view: &View, random: &mut Rng) -> Self {
        let (zenith, horizon) = match random.below(5) {
            0 => (hsv(0.6, 0.75, 0.55), hsv(0.57, 0.25, 0.95)),
            1 => (hsv(0.66, 0.6, 0.3), hsv(random.range(0.02, 0.1), 0.75, 0.95)),
            2 => (hsv(0.6, 0.12, 0.45), hsv(0.6, 0.06, 0.75)),
            3 => (hsv(0.64, 0.7, 0.08), hsv(0.6, 0.5, 0.35)),
            _ => (hsv(random.unit(), 0.4, 0.5), hsv(random.unit(), 0.35, 0.9)),
        };
        Self {
            zenith,
            horizon,
            cloud: shade([245.0, 240.0, 235.0], random.range(0.35, 1.0)),
            cover: random.range(-0.35, 0.4),
            sun: (random.unit(), lerp(view.top(), view.bottom(), random.range(0.0, 0.7))),
            glow: random.range(0.0, 1.0),
            level: lerp(view.top(), view.bottom(), random.range(0.3, 0.85)),
        }
    }
}

fn paint_sky(canvas: &mut Canvas, sky: &Sky, random: &mut Rng) {
    let view = canvas.view;
    let stretch = random.range(1.5, 4.0);
    let cells = random.range(1.5, 4.5);
    let octaves = (cells, cells * stretch);
    let mut clouds = Field::stretched(&view, random.next_u64(), octaves, 7, 0.55);
    let sharp = random.range(1.2, 4.0);
    let top = view.top();
    let end = (sky.level + 0.15).min(view.bottom());
    canvas.paint_rows(|y, _, row| {
        if y > end {
            return;
        }
        let height = ((y - top) / (sky.level - top).max(0.05)).clamp(0.0, 1.0);
        let base = mix_colours(sky.zenith, sky.horizon, height * height);
        let values = clouds.row(y);
        for (x, (pixel, value)) in row.chunks_exact_mut(3).zip(values).enumerate() {
            let cover = smooth((value + sky.cover) * sharp);
            let (dx, dy) = (view.x(x as u32) - sky.sun.0, y - sky.sun.1);
            let sun = sky.glow * 0.02 / (0.02 + dx * dx + dy * dy);
            let lit = 1.0 - 0.45 * smooth(value * 2.5);
            for channel in 0..3 {
                let colour = lerp(base[channel], sky.cloud[channel] * lit, cover * 0.9);
                pixel[channel] = byte((colour + sun * 200.0 * (1.0 - 0.5 * cover)).min(255.0));
            }
        }
    });
}

fn hills(canvas: &mut Canvas, base: f32, near: f32, colour: Colour, random: &mut Rng) {
    let view = canvas.view;
    let shape = random.next_u64();
    let cells = random.range(1.5, 5.0);
    let height = random.range(0.03, 0.22) * (1.3 - near * 0.6);
    let rough = random.range(0.35, 0.62);
    let crest: Vec<f32> = (0..view.width)
        .map(|x| base - height * curve(shape, view.x(x) + 3.0, cells, 7, rough))
        .collect();
    let highest = crest.iter().copied().fold(f32::MAX, f32::min);
    let across = 6.0 + 12.0 * random.unit();
    let mut ground =
        Field::stretched(&view, random.next_u64(), (across, across * (3.5 - 2.0 * near)), 6, 0.72);
    let contrast = 0.35 + 0.7 * near * random.unit();
    canvas.paint_rows(|y, _, row| {
        if y < highest - 0.01 {
            return;
        }
        let values = ground.row(y);
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            let cover = ((y - crest[x]) * view.scale + 0.5).clamp(0.0, 1.0);
            if cover > 0.0 {
                let depth = ((y - crest[x]) * 3.0).min(1.0);
                let factor = (1.0 + contrast * 1.6 * values[x]) * (1.1 - 0.4 * depth);
                for (out, channel) in pixel.iter_mut().zip(colour) {
                    let lit = (channel * factor).clamp(0.0, 255.0);
                    *out = byte(lerp(f32::from(*out), lit, cover));
                }
            }
        }
    });
}

/// Mirrors what lies above the line, darkened and broken by waves.
fn water(canvas: &mut Canvas, level: f32, random: &mut Rng) {
    let view = canvas.view;
    let mut waves = Field::stretched(&view, random.next_u64(), (5.0, 40.0), 4, 0.7);
    let strength = random.range(0.01, 0.05);
    let tint = hsv(random.range(0.5, 0.65), 0.5, 0.4);
    let above = canvas.picture.clone();
    let shore = view.row_of(level);
    canvas.paint_rows(|y, row_index, row| {
        let depth = row_index as f32 + 0.5 - shore;
        if depth < 0.0 {
            return;
        }
        let values = waves.row(y);
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            let push = values[x] * strength * view.scale * (0.3 + depth / view.scale * 3.0);
            let from = (shore - depth + push).clamp(0.0, view.height as f32 - 1.0);
            let source = above.pixel(x as u32, from as u32);
            let glint = 1.0 + 0.6 * values[x];
            for channel in 0..3 {
                let colour = lerp(f32::from(source[channel]), tint[channel], 0.35) * glint;
                pixel[channel] = byte(colour.clamp(0.0, 255.0));
            }
        }
    });
}

fn plants_or_houses(canvas: &mut Canvas, sky: &Sky, random: &mut Rng) {
    let view = canvas.view;
    let houses = random.chance(40);
    for _ in 0..random.between(3, 14) {
        let near = random.unit();
        let foot = lerp(sky.level + 0.03, view.bottom() + 0.05, near);
        let size = lerp(0.04, 0.3, near * near) * random.range(0.6, 1.3);
        let x = random.unit();
        if houses {
            house(canvas, (x, foot), size, random);
        } else {
            tree(canvas, (x, foot), size, random);
        }
    }
}

fn tree(canvas: &mut Canvas, (x, foot): (f32, f32), size: f32, random: &mut Rng) {
    let bark = hsv(0.08, 0.5, random.range(0.1, 0.3));
    let top = foot - size;
    canvas.flat(&Shape::limb((x, foot), (x, top), size * 0.05, size * 0.02), bark);
    let leaf = hsv(random.range(0.12, 0.4), random.range(0.3, 0.8), random.range(0.12, 0.5));
    if random.chance(40) {
        for tier in 0..4 {
            let up = foot - size * (0.25 + 0.2 * tier as f32);
            let half = size * (0.38 - 0.08 * tier as f32);
            let corners = vec![(x - half, up), (x, up - size * 0.4), (x + half, up)];
            canvas.flat(&Shape::polygon(corners), shade(leaf, 0.8 + 0.12 * tier as f32));
        }
        return;
    }
    for _ in 0..9 {
        let centre = (x + random.range(-0.3, 0.3) * size, top + random.range(-0.15, 0.4) * size);
        let radius = size * random.range(0.12, 0.26);
        let lit = leaf;
        canvas.shape(&Shape::ellipse(centre, (radius, radius * 0.85)), |px, py| {
            shade(lit, 1.0 - 0.5 * ((py - centre.1) + (px - centre.0) * 0.5) / radius)
        });
    }
}

fn house(canvas: &mut Canvas, (x, foot): (f32, f32), size: f32, random: &mut Rng) {
    let wall = hsv(random.unit(), random.range(0.05, 0.4), random.range(0.35, 0.95));
    let (half, tall) = (size * random.range(0.2, 0.45), size * random.range(0.4, 1.2));
    canvas.rectangle(x - half, foot - tall, x + half, foot, wall);
    canvas.rectangle(x + half * 0.55, foot - tall, x + half, foot, shade(wall, 0.75));
    let roof = hsv(random.range(0.0, 0.1), 0.6, random.range(0.2, 0.6));
    let ridge = foot - tall - half * random.range(0.3, 1.0);
    let corners = vec![(x - half * 1.15, foot - tall), (x, ridge), (x + half * 1.15, foot - tall)];
    canvas.flat(&Shape::polygon(corners), roof);
    let pane = if random.chance(50) { [250.0, 220.0, 130.0] } else { [40.0, 50.0, 70.0] };
    let floors = (tall / (size * 0.22)) as i32;
    for floor in 0..floors.clamp(1, 6) {
        for column in 0..3 {
            let left = x - half * 0.8 + column as f32 * half * 0.58;
            let top = foot - tall + size * (0.05 + 0.2 * floor as f32);
            canvas.rectangle(left, top, left + half * 0.35, top + size * 0.11, pane);
        }
    }
}
