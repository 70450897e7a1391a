//! Head-and-shoulders portraits of simple shaded shapes.

use crate::canvas::{Canvas, Colour, Shape, View, hsv, mix_colours, shade};
use crate::math::{lerp, smooth};
use crate::noise::Field;
use crate::picture::{Picture, byte};
use crate::rng::Rng;
use crate::scene::figure::{SKIN, room, shaded_limb};

/// A face's place, size and light.
struct Face {
    x: f32,
    y: f32,
    radius: f32,
    /// Head turned to a side, −1 to 1.
    turn: f32,
    light: (f32, f32),
    skin: Colour,
    hair: Colour,
}

pub(super) fn draw(view: &View, random: &mut Rng) -> Picture {
    let mut canvas = Canvas::new(view.width, view.height, [128.0; 3]);
    if random.chance(45) {
        room(&mut canvas, random);
    } else {
        studio(&mut canvas, random);
    }
    let people = *random.pick(&[1, 1, 1, 2, 2, 3]);
    for index in 0..people {
        let share = (index as f32 + random.range(0.25, 0.75)) / people as f32;
        let radius =
            view.across().min(view.down()) * random.range(0.1, 0.26) / (0.6 + 0.4 * people as f32);
        let face = Face {
            x: lerp(view.left(), view.right(), share),
            y: lerp(view.top(), view.bottom(), random.range(0.25, 0.55)),
            radius,
            turn: random.range(-0.7, 0.7),
            light: (random.range(-0.5, 0.5), random.range(-0.35, 0.1)),
            skin: *random.pick(SKIN),
            hair: hsv(random.range(0.02, 0.14), random.range(0.05, 0.8), random.range(0.04, 0.85)),
        };
        bust(&mut canvas, &face, random);
        features(&mut canvas, &face, random);
    }
    canvas.picture
}

/// A blurred backdrop: soft blobs of light.
fn studio(canvas: &mut Canvas, random: &mut Rng) {
    let view = canvas.view;
    let (a, b) = (
        hsv(random.unit(), random.range(0.1, 0.7), random.range(0.05, 0.5)),
        hsv(random.unit(), random.range(0.1, 0.6), random.range(0.4, 1.0)),
    );
    let cells = random.range(1.2, 4.0);
    let mut field = Field::fractal(&view, random.next_u64(), cells, 4, 0.55);
    canvas.paint_rows(|y, _, row| {
        let values = field.row(y);
        for (pixel, value) in row.chunks_exact_mut(3).zip(values) {
            let colour = mix_colours(a, b, smooth(0.5 + value * 1.4));
            pixel.copy_from_slice(&colour.map(byte));
        }
    });
    for _ in 0..random.below(14) {
        let centre = (random.unit(), random.unit());
        let radius = random.range(0.01, 0.08);
        let glow = hsv(random.unit(), 0.4, 1.0);
        canvas.shape(&Shape::ellipse(centre, (radius, radius)), |_, _| glow);
    }
}

fn bust(canvas: &mut Canvas, face: &Face, random: &mut Rng) {
    let r = face.radius;
    let bottom = canvas.view.bottom() + r;
    let cloth = hsv(random.unit(), random.range(0.1, 0.9), random.range(0.15, 0.95));
    let wide = r * random.range(1.7, 2.4);
    if random.chance(45) {
        let length = r * random.range(0.8, 2.2);
        let end = (face.x - face.turn * r * 0.2, face.y + length);
        canvas.flat(&Shape::limb((face.x, face.y), end, r * 1.12, r * 0.85), shade(face.hair, 0.7));
    }
    let neck = (face.x - face.turn * r * 0.1, face.y + r * 0.9);
    let base = (face.x - face.turn * r * 0.15, face.y + r * 1.75);
    shaded_limb(canvas, neck, base, (r * 0.42, r * 0.5), shade(face.skin, 0.85));
    let shoulders = vec![
        (base.0 - r * 0.5, base.1 - r * 0.15),
        (base.0 + r * 0.5, base.1 - r * 0.15),
        (base.0 + wide * 0.85, base.1 + r * 0.25),
        (base.0 + wide, base.1 + r * 0.9),
        (base.0 + wide * 1.05, bottom),
        (base.0 - wide * 1.05, bottom),
        (base.0 - wide, base.1 + r * 0.9),
        (base.0 - wide * 0.85, base.1 + r * 0.25),
    ];
    let (middle, low) = (base.0, base.1);
    canvas.shape(&Shape::polygon(shoulders), |px, py| {
        let side = (px - middle) / wide;
        shade(cloth, 1.0 + side * face.light.0 * 0.8 - 0.12 * (py - low) / wide)
    });
    let collar = shade(hsv(random.unit(), 0.3, 0.9), random.range(0.4, 1.0));
    for side in [-1.0, 1.0] {
        let flap = vec![
            (base.0, base.1 + r * 0.75),
            (base.0 + side * r * 0.55, base.1 - r * 0.15),
            (base.0 + side * r * 0.8, base.1 + r * 0.3),
        ];
        canvas.flat(&Shape::polygon(flap), collar);
    }
}

fn features(canvas: &mut Canvas, face: &Face, random: &mut Rng) {
    let Face { x, y, radius: r, turn, light, skin, hair } = *face;
    for side in [-1.0, 1.0] {
        let ear = (x + side * r * 0.84 - turn * r * 0.1, y + r * 0.1);
        canvas.flat(&Shape::ellipse(ear, (r * 0.13, r * 0.24)), shade(skin, 0.8));
    }
    canvas.shape(&Shape::ellipse((x, y), (r * 0.86, r * 1.15)), |px, py| {
        let (u, v) = ((px - x) / r, (py - y) / r);
        shade(skin, 1.0 + u * light.0 + v * light.1 - 0.25 * (u * u + 0.6 * v * v))
    });
    let fringe = random.range(0.32, 0.7);
    let middle = y - r * (1.35 + fringe) / 2.0;
    let cap = Shape::ellipse((x - turn * r * 0.08, middle), (r * 0.93, r * (1.35 - fringe) / 2.0));
    let shine = random.range(0.1, 0.6);
    canvas.shape(&cap, |px, py| {
        let streak = crate::math::triangle((px - x) / r * 4.0 + (py - y) / r);
        shade(hair, 0.8 + shine * streak)
    });
    let shift = turn * r * 0.25;
    let brow = shade(hair, 0.7);
    for side in [-1.0, 1.0] {
        let eye = (x + side * r * 0.34 + shift, y - r * 0.02);
        canvas.flat(&Shape::ellipse(eye, (r * 0.15, r * 0.085)), [238.0, 236.0, 232.0]);
        let iris = (eye.0 + turn * r * 0.05, eye.1);
        canvas.flat(&Shape::ellipse(iris, (r * 0.07, r * 0.075)), hsv(random.unit(), 0.5, 0.4));
        canvas.flat(&Shape::ellipse(iris, (r * 0.035, r * 0.035)), [15.0; 3]);
        let (inner, outer) = (eye.0 - side * r * 0.13, eye.0 + side * r * 0.2);
        canvas.line((inner, y - r * 0.2), (outer, y - r * 0.24), r * 0.06, brow);
    }
    let nose = (x + shift * 1.5, y + r * 0.32);
    canvas.line((x + shift, y + r * 0.02), nose, r * 0.07, shade(skin, 0.82));
    canvas.flat(&Shape::ellipse(nose, (r * 0.1, r * 0.06)), shade(skin, 0.78));
    let (wide, smile) = (r * random.range(0.2, 0.34), r * random.range(-0.03, 0.08));
    let mouth = (x + shift, y + r * 0.62);
    let lip = mix_colours(shade(skin, 0.75), [170.0, 50.0, 60.0], 0.5);
    canvas.line((mouth.0 - wide, mouth.1 - smile), (mouth.0, mouth.1 + smile), r * 0.07, lip);
    canvas.line((mouth.0, mouth.1 + smile), (mouth.0 + wide, mouth.1 - smile), r * 0.07, lip);
    if random.chance(25) {
        for side in [-1.0, 1.0] {
            let middle = (x + side * r * 0.34 + shift, y - r * 0.02);
            let (a, b) = (r * 0.24, r * 0.2);
            let bounds = [middle.0 - a, middle.1 - b, middle.0 + a, middle.1 + b];
            canvas.frame(bounds, r * 0.035, [25.0, 25.0, 30.0]);
        }
    }
}
