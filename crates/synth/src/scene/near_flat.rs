//! Pictures with almost nothing on them.

use crate::canvas::{Canvas, Shape, View, hsv, shade};
use crate::math::lerp;
use crate::noise::Field;
use crate::picture::{Picture, byte};
use crate::rng::Rng;

pub(super) fn draw(view: &View, random: &mut Rng) -> Picture {
    let base = match random.below(4) {
        0 => shade([255.0; 3], random.range(0.95, 1.0)),
        1 => shade([255.0; 3], random.range(0.0, 0.08)),
        2 => hsv(random.unit(), random.range(0.1, 0.9), random.range(0.2, 1.0)),
        _ => [random.range(60.0, 200.0); 3],
    };
    let mut canvas = Canvas::new(view.width, view.height, base);
    match random.below(4) {
        // One colour, to the last pixel.
        0 => {}
        1 => gradient(&mut canvas, base, random),
        2 => faint_noise(&mut canvas, base, random),
        _ => speck(&mut canvas, random),
    }
    canvas.picture
}

fn gradient(canvas: &mut Canvas, base: [f32; 3], random: &mut Rng) {
    let view = canvas.view;
    let (dx, dy) = (random.range(-14.0, 14.0), random.range(-14.0, 14.0));
    canvas.paint_rows(|y, _, row| {
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            let add = dx * (view.x(x as u32) - 0.5) + dy * (y - 0.5);
            pixel.copy_from_slice(&base.map(|c| byte((c + add).clamp(0.0, 255.0))));
        }
    });
}

fn faint_noise(canvas: &mut Canvas, base: [f32; 3], random: &mut Rng) {
    let view = canvas.view;
    let cells = random.range(1.0, 30.0);
    let mut field = Field::fractal(&view, random.next_u64(), cells, 4, 0.7);
    let strength = random.range(1.0, 7.0);
    canvas.paint_rows(|y, _, row| {
        for (pixel, value) in row.chunks_exact_mut(3).zip(field.row(y)) {
            pixel.copy_from_slice(&base.map(|c| byte((c + strength * value).clamp(0.0, 255.0))));
        }
    });
}

fn speck(canvas: &mut Canvas, random: &mut Rng) {
    let view = canvas.view;
    for _ in 0..random.between(1, 2) {
        let at = (
            lerp(view.left(), view.right(), random.unit()),
            lerp(view.top(), view.bottom(), random.unit()),
        );
        let radius = random.range(0.002, 0.015);
        canvas.flat(&Shape::ellipse(at, (radius, radius)), hsv(random.unit(), 0.5, random.unit()));
    }
}
