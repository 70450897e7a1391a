//! Pen drawings: outlines, hatching and scribbles on paper.

use crate::canvas::{Canvas, Colour, Shape, View, hsv};
use crate::math::{cos_turns, lerp, sin_turns};
use crate::noise::{Field, curve};
use crate::picture::{Picture, byte};
use crate::rng::Rng;

/// A pen: its ink and thickness.
#[derive(Clone, Copy)]
struct Pen {
    ink: Colour,
    width: f32,
}

pub(super) fn draw(view: &View, random: &mut Rng) -> Picture {
    let paper = hsv(random.range(0.08, 0.16), random.range(0.0, 0.18), random.range(0.86, 1.0));
    let mut canvas = Canvas::new(view.width, view.height, paper);
    paper_grain(&mut canvas, paper, random);
    let ink = if random.chance(70) { [25.0; 3] } else { hsv(random.unit(), 0.7, 0.35) };
    let pen = Pen { ink, width: random.range(0.004, 0.009) };
    for _ in 0..random.between(1, 3) {
        ridge(&mut canvas, pen, random);
    }
    for _ in 0..random.between(4, 11) {
        let at = (random.unit(), lerp(view.top(), view.bottom(), random.range(0.1, 0.95)));
        let size = random.range(0.05, 0.24);
        match random.below(6) {
            0 => blob(&mut canvas, pen, at, size, random),
            1 => house(&mut canvas, pen, at, size, random),
            2 => twig(&mut canvas, pen, at, size, random),
            3 => spiral(&mut canvas, pen, at, size, random),
            4 => hatched(&mut canvas, pen, at, size, random),
            _ => person(&mut canvas, pen, at, size, random),
        }
    }
    canvas.picture
}

fn paper_grain(canvas: &mut Canvas, paper: Colour, random: &mut Rng) {
    let view = canvas.view;
    let mut field = Field::fractal(&view, random.next_u64(), 2.0, 7, 0.7);
    let strength = random.range(0.02, 0.12);
    canvas.paint_rows(|y, _, row| {
        for (pixel, value) in row.chunks_exact_mut(3).zip(field.row(y)) {
            let factor = 1.0 + strength * (value - 0.2);
            pixel.copy_from_slice(&paper.map(|c| byte((c * factor).min(255.0))));
        }
    });
}

fn stroke(canvas: &mut Canvas, pen: Pen, points: &[(f32, f32)]) {
    for pair in points.windows(2) {
        canvas.line(pair[0], pair[1], pen.width, pen.ink);
    }
}

fn ridge(canvas: &mut Canvas, pen: Pen, random: &mut Rng) {
    let view = canvas.view;
    let (seed, base) = (random.next_u64(), lerp(view.top(), view.bottom(), random.range(0.2, 0.8)));
    let (height, cells) = (random.range(0.05, 0.25), random.range(1.5, 4.0));
    let crest = |x: f32| base - height * curve(seed, x + 2.0, cells, 5, 0.5);
    let points: Vec<_> = (0..=90).map(|i| i as f32 / 90.0).map(|x| (x, crest(x))).collect();
    stroke(canvas, pen, &points);
    let thin = Pen { width: pen.width * 0.6, ..pen };
    let (lean, deep) = (random.range(-0.06, 0.06), random.range(0.03, 0.2));
    for _ in 0..random.between(10, 70) {
        let x = random.unit();
        let from = (x, crest(x) + 0.01);
        stroke(canvas, thin, &[from, (x + lean, from.1 + deep * random.unit())]);
    }
}

fn ring(at: (f32, f32), radius: impl Fn(f32) -> f32, count: u32) -> Vec<(f32, f32)> {
    (0..=count)
        .map(|i| {
            let turn = i as f32 / count as f32;
            let r = radius(turn);
            let turn = f64::from(turn);
            (at.0 + r * cos_turns(turn) as f32, at.1 + r * sin_turns(turn) as f32)
        })
        .collect()
}

fn blob(canvas: &mut Canvas, pen: Pen, at: (f32, f32), size: f32, random: &mut Rng) {
    let (seed, lobes) = (random.next_u64(), random.between(2, 6) as f32);
    let wobble = random.range(0.1, 0.5);
    let closing = |turn: f32| {
        // Blends the curve's end into its start so that the outline closes.
        let a = curve(seed, turn, lobes, 2, 0.5);
        let b = curve(seed, turn - 1.0, lobes, 2, 0.5);
        size * (1.0 + wobble * lerp(a, b, turn))
    };
    let points = ring(at, closing, 60);
    stroke(canvas, Pen { width: pen.width * 1.4, ..pen }, &points);
    if random.chance(60) {
        let fill = ring(at, |turn| closing(turn) * 0.6, 40);
        stroke(canvas, pen, &fill);
    }
}

fn house(canvas: &mut Canvas, pen: Pen, (x, y): (f32, f32), size: f32, random: &mut Rng) {
    let (half, tall) = (size, size * random.range(0.7, 1.3));
    let box_points =
        [(x - half, y), (x - half, y - tall), (x + half, y - tall), (x + half, y), (x - half, y)];
    stroke(canvas, pen, &box_points);
    let ridge = y - tall - size * random.range(0.4, 1.0);
    stroke(canvas, pen, &[(x - half * 1.2, y - tall), (x, ridge), (x + half * 1.2, y - tall)]);
    for column in [-0.5, 0.35] {
        let (left, top) = (x + column * half, y - tall * 0.7);
        let w = half * 0.3;
        stroke(
            canvas,
            pen,
            &[(left, top), (left + w, top), (left + w, top + w), (left, top + w), (left, top)],
        );
    }
    let solid = vec![
        (x - half * 0.15, y),
        (x - half * 0.15, y - tall * 0.4),
        (x + half * 0.15, y - tall * 0.4),
        (x + half * 0.15, y),
    ];
    canvas.flat(&Shape::polygon(solid), pen.ink);
}

fn twig(canvas: &mut Canvas, pen: Pen, at: (f32, f32), size: f32, random: &mut Rng) {
    let mut open = vec![(at, 0.5_f64, size, pen.width * 2.0)];
    let mut strokes = 0;
    while let Some((from, turn, length, width)) = open.pop() {
        strokes += 1;
        let to =
            (from.0 + length * sin_turns(turn) as f32, from.1 + length * cos_turns(turn) as f32);
        canvas.line(from, to, width, pen.ink);
        if length > size * 0.16 && strokes < 160 {
            for side in [-1.0, 1.0] {
                let next = turn + side * f64::from(random.range(0.03, 0.13));
                open.push((to, next, length * random.range(0.55, 0.8), width * 0.75));
            }
        }
    }
}

fn spiral(canvas: &mut Canvas, pen: Pen, at: (f32, f32), size: f32, random: &mut Rng) {
    let turns = random.range(2.0, 6.0);
    let points: Vec<_> = (0..=120)
        .map(|i| {
            let share = i as f32 / 120.0;
            let angle = f64::from(share * turns);
            (
                at.0 + size * share * cos_turns(angle) as f32,
                at.1 + size * share * sin_turns(angle) as f32,
            )
        })
        .collect();
    stroke(canvas, pen, &points);
}

fn hatched(canvas: &mut Canvas, pen: Pen, at: (f32, f32), size: f32, random: &mut Rng) {
    let turn = f64::from(random.unit());
    let (cos, sin) = (cos_turns(turn) as f32, sin_turns(turn) as f32);
    let count = random.between(8, 26);
    for i in 0..count {
        let across = size * (2.0 * i as f32 / count as f32 - 1.0);
        let half = (size * size - across * across).max(0.0).sqrt();
        let end = |side: f32| {
            (at.0 + across * cos - side * half * sin, at.1 + across * sin + side * half * cos)
        };
        stroke(canvas, pen, &[end(-1.0), end(1.0)]);
    }
    stroke(canvas, pen, &ring(at, |_| size, 48));
}

fn person(canvas: &mut Canvas, pen: Pen, (x, y): (f32, f32), size: f32, random: &mut Rng) {
    let wide = Pen { width: pen.width * 1.5, ..pen };
    stroke(canvas, wide, &ring((x, y - size * 1.2), |_| size * 0.25, 32));
    stroke(canvas, wide, &[(x, y - size * 0.95), (x, y - size * 0.3)]);
    for side in [-1.0, 1.0] {
        let hand = (x + side * size * random.range(0.3, 0.6), y - size * random.range(0.3, 1.3));
        stroke(canvas, wide, &[(x, y - size * 0.85), hand]);
        stroke(
            canvas,
            wide,
            &[(x, y - size * 0.3), (x + side * size * random.range(0.1, 0.45), y + size * 0.3)],
        );
    }
}
