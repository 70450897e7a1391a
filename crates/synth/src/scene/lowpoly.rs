//! Flat-shaded triangle terrain, as in simple games.

use crate::canvas::{Canvas, Shape, View, hsv, mix_colours, shade};
use crate::math::lerp;
use crate::noise::lattice_value;
use crate::picture::{Picture, byte};
use crate::rng::Rng;

pub(super) fn draw(view: &View, random: &mut Rng) -> Picture {
    let sky = (hsv(random.unit(), 0.4, random.range(0.3, 0.9)), hsv(random.unit(), 0.3, 0.95));
    let mut canvas = Canvas::new(view.width, view.height, sky.0);
    let (top, down) = (view.top(), view.down());
    canvas.paint_rows(|y, _, row| {
        let colour = mix_colours(sky.0, sky.1, (y - top) / down).map(byte);
        row.chunks_exact_mut(3).for_each(|pixel| pixel.copy_from_slice(&colour));
    });
    let sun = (random.unit(), lerp(view.top(), view.bottom(), random.range(0.05, 0.4)));
    let radius = random.range(0.03, 0.12);
    canvas.flat(&Shape::ellipse(sun, (radius, radius)), hsv(random.range(0.05, 0.16), 0.3, 1.0));
    terrain(&mut canvas, random);
    canvas.picture
}

fn terrain(canvas: &mut Canvas, random: &mut Rng) {
    let view = canvas.view;
    let seed = random.next_u64();
    let rows = random.between(7, 13);
    let columns = random.between(9, 18);
    let horizon = lerp(view.top(), view.bottom(), random.range(0.25, 0.6));
    let height = random.range(0.12, 0.4);
    let (low, high) = (
        hsv(random.unit(), random.range(0.3, 0.8), random.range(0.15, 0.5)),
        hsv(random.unit(), random.range(0.0, 0.5), random.range(0.6, 1.0)),
    );
    let corner = |column: i32, row: i32| {
        let near = row as f32 / rows as f32;
        let wide = 1.6 - 0.4 * near;
        let bumps = lattice_value(seed, column, row) * 0.6
            + lattice_value(seed ^ 5, column >> 1, row >> 1) * 0.9;
        let x = 0.5
            + wide * (column as f32 / columns as f32 - 0.5)
            + 0.02 * lattice_value(seed ^ 9, column, row);
        let ground = lerp(horizon, view.bottom() + 0.25, near * near);
        (x, ground - height * bumps.max(-0.4) * (0.3 + 0.7 * near), bumps)
    };
    for row in 0..rows {
        for column in 0..columns {
            let (a, b) = (corner(column, row), corner(column + 1, row));
            let (c, d) = (corner(column, row + 1), corner(column + 1, row + 1));
            for (p, q, r) in [(a, b, c), (b, d, c)] {
                let steep = (q.2 - p.2) * 0.8 + (r.2 - p.2) * 0.4;
                let level = ((p.2 + q.2 + r.2) / 3.0 + 0.7) / 1.6;
                let colour =
                    shade(mix_colours(low, high, level.clamp(0.0, 1.0)), 0.95 + 0.5 * steep);
                canvas.flat(&Shape::polygon(vec![(p.0, p.1), (q.0, q.1), (r.0, r.1)]), colour);
            }
        }
    }
}
