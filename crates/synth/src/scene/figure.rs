//! Full-length, clothed, mannequin-like people in simple surroundings.

use crate::canvas::{Canvas, Colour, Shape, View, hsv, mix_colours, shade};
use crate::math::{cos_turns, floor_i32, lerp, sin_turns};
use crate::noise::Field;
use crate::picture::{Picture, byte};
use crate::rng::Rng;

/// Skin tones of the mannequins.
pub(super) const SKIN: &[Colour] = &[
    [242.0, 205.0, 178.0],
    [226.0, 178.0, 140.0],
    [190.0, 138.0, 102.0],
    [140.0, 95.0, 66.0],
    [92.0, 60.0, 44.0],
];

pub(super) fn draw(view: &View, random: &mut Rng) -> Picture {
    let mut canvas = Canvas::new(view.width, view.height, [128.0; 3]);
    room(&mut canvas, random);
    let people = *random.pick(&[1, 1, 2, 2, 3, 5]);
    for index in 0..people {
        let share = (index as f32 + random.range(0.2, 0.8)) / people as f32;
        let x = lerp(view.left(), view.right(), share);
        let tall = view.down() * random.range(0.45, 0.95);
        let foot = view.bottom() - view.down() * random.range(0.0, 0.18);
        person(&mut canvas, (x, foot), tall, random);
    }
    canvas.picture
}

/// A lit wall and floor, or open air, with some furniture.
pub(super) fn room(canvas: &mut Canvas, random: &mut Rng) {
    let view = canvas.view;
    let wall = hsv(random.unit(), random.range(0.05, 0.5), random.range(0.3, 0.95));
    let floor = hsv(random.range(0.02, 0.2), random.range(0.1, 0.6), random.range(0.2, 0.7));
    let edge = lerp(view.top(), view.bottom(), random.range(0.45, 0.85));
    let stripes = random.range(3.0, 16.0);
    let striped = random.chance(40);
    let across = random.range(1.0, 3.0);
    let mut light = Field::fractal(&view, random.next_u64(), across, 6, 0.45);
    let strength = random.range(0.4, 0.9);
    canvas.paint_rows(|y, _, row| {
        let values = light.row(y);
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            let at = view.x(x as u32);
            let below = ((y - edge) * view.scale + 0.5).clamp(0.0, 1.0);
            let band = if striped && floor_i32(at * stripes) & 1 == 0 { 0.82 } else { 1.0 };
            let back = mix_colours(shade(wall, band), floor, below);
            let factor = (1.0 + strength * values[x]).max(0.1);
            for (out, channel) in pixel.iter_mut().zip(back) {
                *out = byte((channel * factor).min(255.0));
            }
        }
    });
    for _ in 0..random.between(0, 6) {
        furniture(canvas, edge, random);
    }
}

fn furniture(canvas: &mut Canvas, edge: f32, random: &mut Rng) {
    let view = canvas.view;
    let colour = hsv(random.unit(), random.range(0.1, 0.7), random.range(0.15, 0.95));
    let x = lerp(view.left(), view.right(), random.unit());
    let size = random.range(0.05, 0.22);
    match random.below(4) {
        // A picture or window on the wall.
        0 | 1 => {
            let y = lerp(view.top(), edge, random.range(0.1, 0.6));
            let bounds = [x - size, y - size * 0.7, x + size, y + size * 0.7];
            canvas.rectangle(bounds[0], bounds[1], bounds[2], bounds[3], colour);
            let low = hsv(random.unit(), 0.5, 0.4);
            canvas.rectangle(
                bounds[0],
                y + size * random.range(0.0, 0.5),
                bounds[2],
                bounds[3],
                low,
            );
            canvas.frame(bounds, size * 0.09, shade(colour, 0.45));
        }
        // A cupboard.
        2 => {
            let top = edge - size * random.range(0.8, 2.0);
            let (left, right, bottom) = (x - size, x + size, edge + size * 0.3);
            canvas.rectangle(left, top, right, bottom, colour);
            canvas.rectangle(x - size * 0.02, top, x + size * 0.02, bottom, shade(colour, 0.5));
            canvas.frame([left, top, right, bottom], size * 0.06, shade(colour, 0.7));
        }
        // A plant in a pot, or a lamp.
        _ => {
            let foot = edge + size * 0.4;
            for _ in 0..10 {
                let tip =
                    (x + random.range(-1.2, 1.2) * size, foot - size * random.range(1.0, 3.0));
                canvas.line(
                    (x, foot - size * 0.4),
                    tip,
                    size * 0.12,
                    hsv(0.3, 0.6, random.range(0.2, 0.6)),
                );
            }
            let (a, b) = (size * 0.45, size * 0.3);
            let pot = vec![
                (x - a, foot - size * 0.5),
                (x + a, foot - size * 0.5),
                (x + b, foot),
                (x - b, foot),
            ];
            canvas.flat(&Shape::polygon(pot), shade(colour, 0.8));
        }
    }
}

/// Clothes of a person.
struct Clothes {
    top: Colour,
    bottom: Colour,
    shoe: Colour,
    skirt: bool,
    sleeves: bool,
    stripes: f32,
}

fn person(canvas: &mut Canvas, (x, foot): (f32, f32), tall: f32, random: &mut Rng) {
    let skin = *random.pick(SKIN);
    let clothes = Clothes {
        top: hsv(random.unit(), random.range(0.1, 0.9), random.range(0.2, 1.0)),
        bottom: hsv(random.unit(), random.range(0.1, 0.7), random.range(0.1, 0.7)),
        shoe: hsv(random.unit(), 0.4, random.range(0.05, 0.4)),
        skirt: random.chance(35),
        sleeves: random.chance(65),
        stripes: if random.chance(35) { random.range(10.0, 30.0) } else { 0.0 },
    };
    let lean = random.range(-0.05, 0.05) * tall;
    let hip = (x + lean * 0.4, foot - tall * 0.48);
    let neck = (x + lean, foot - tall * 0.83);
    canvas.flat(&Shape::ellipse((x, foot), (tall * 0.16, tall * 0.025)), [40.0, 38.0, 36.0]);
    legs(canvas, hip, foot, tall, &clothes, skin, random);
    let shoulder = tall * random.range(0.085, 0.115);
    arm(canvas, neck, -shoulder, tall, &clothes, skin, random);
    torso(canvas, hip, neck, shoulder, tall, &clothes);
    arm(canvas, neck, shoulder, tall, &clothes, skin, random);
    head(canvas, (neck.0 + lean * 0.2, neck.1 - tall * 0.085), tall * 0.062, skin, random);
}

fn legs(
    canvas: &mut Canvas,
    hip: (f32, f32),
    foot: f32,
    tall: f32,
    clothes: &Clothes,
    skin: Colour,
    random: &mut Rng,
) {
    let stride = tall * random.range(0.02, 0.13);
    for side in [-1.0_f32, 1.0] {
        let top = (hip.0 + side * tall * 0.04, hip.1);
        let end = (hip.0 + side * stride, foot - tall * 0.02);
        let knee =
            (lerp(top.0, end.0, 0.5) + tall * random.range(-0.03, 0.03), lerp(top.1, end.1, 0.5));
        let cloth = if clothes.skirt { skin } else { clothes.bottom };
        let tone = shade(cloth, if side < 0.0 { 0.85 } else { 1.0 });
        shaded_limb(canvas, top, knee, (tall * 0.05, tall * 0.036), tone);
        shaded_limb(canvas, knee, end, (tall * 0.036, tall * 0.024), tone);
        let toe = (end.0 + side * tall * 0.04, end.1 + tall * 0.012);
        canvas.line(end, toe, tall * 0.04, clothes.shoe);
    }
    if clothes.skirt {
        let (wide, low) = (tall * random.range(0.1, 0.2), hip.1 + tall * random.range(0.15, 0.35));
        let corners = vec![
            (hip.0 - tall * 0.07, hip.1 - tall * 0.04),
            (hip.0 + tall * 0.07, hip.1 - tall * 0.04),
            (hip.0 + wide, low),
            (hip.0 - wide, low),
        ];
        let (middle, tone) = (hip.0, clothes.bottom);
        canvas
            .shape(&Shape::polygon(corners), |px, _| shade(tone, 1.0 - (px - middle) / wide * 0.4));
    }
}

fn torso(
    canvas: &mut Canvas,
    hip: (f32, f32),
    neck: (f32, f32),
    shoulder: f32,
    tall: f32,
    clothes: &Clothes,
) {
    let waist = tall * 0.075;
    let corners = vec![
        (neck.0 - shoulder, neck.1 + tall * 0.02),
        (neck.0 - shoulder * 0.4, neck.1 - tall * 0.005),
        (neck.0 + shoulder * 0.4, neck.1 - tall * 0.005),
        (neck.0 + shoulder, neck.1 + tall * 0.02),
        (hip.0 + waist, hip.1 + tall * 0.03),
        (hip.0 - waist, hip.1 + tall * 0.03),
    ];
    let Clothes { top, bottom, stripes, .. } = *clothes;
    canvas.shape(&Shape::polygon(corners), |px, py| {
        let across = (px - neck.0) / shoulder;
        let striped = stripes > 0.0 && floor_i32((py - neck.1) / tall * stripes * 2.0) & 1 == 0;
        shade(if striped { bottom } else { top }, 1.05 - 0.3 * across)
    });
}

fn arm(
    canvas: &mut Canvas,
    neck: (f32, f32),
    shoulder: f32,
    tall: f32,
    clothes: &Clothes,
    skin: Colour,
    random: &mut Rng,
) {
    let side = if shoulder < 0.0 { -1.0 } else { 1.0 };
    let start = (neck.0 + shoulder * 0.95, neck.1 + tall * 0.035);
    let swing = f64::from(random.range(0.0, 0.36));
    let upper = tall * 0.17;
    let elbow = (
        start.0 + side * upper * sin_turns(swing) as f32,
        start.1 + upper * cos_turns(swing) as f32,
    );
    let bend = swing + f64::from(random.range(-0.2, 0.25));
    let hand =
        (elbow.0 + side * upper * sin_turns(bend) as f32, elbow.1 + upper * cos_turns(bend) as f32);
    let fore = if clothes.sleeves { clothes.top } else { skin };
    shaded_limb(canvas, start, elbow, (tall * 0.033, tall * 0.027), shade(clothes.top, 0.9));
    shaded_limb(canvas, elbow, hand, (tall * 0.026, tall * 0.018), shade(fore, 0.9));
    canvas.flat(&Shape::ellipse(hand, (tall * 0.022, tall * 0.024)), skin);
}

fn head(canvas: &mut Canvas, at: (f32, f32), radius: f32, skin: Colour, random: &mut Rng) {
    let hair = hsv(random.range(0.02, 0.13), random.range(0.1, 0.8), random.range(0.05, 0.8));
    let long = random.chance(40);
    canvas.flat(
        &Shape::limb(
            (at.0, at.1 + radius),
            (at.0, at.1 + radius * 1.6),
            radius * 0.4,
            radius * 0.45,
        ),
        shade(skin, 0.8),
    );
    if long {
        let back = Shape::limb(at, (at.0, at.1 + radius * 1.3), radius * 1.05, radius * 0.8);
        canvas.flat(&back, shade(hair, 0.7));
    }
    canvas.shape(&Shape::ellipse(at, (radius * 0.82, radius * 1.1)), |px, py| {
        shade(skin, 1.05 - 0.35 * ((px - at.0) + (py - at.1) * 0.3) / radius)
    });
    let cap = Shape::ellipse((at.0, at.1 - radius * 0.62), (radius * 0.86, radius * 0.56));
    canvas.flat(&cap, hair);
    for side in [-1.0, 1.0] {
        let eye = (at.0 + side * radius * 0.32, at.1 + radius * 0.1);
        canvas.flat(&Shape::ellipse(eye, (radius * 0.1, radius * 0.08)), [35.0, 28.0, 26.0]);
    }
    let mouth = at.1 + radius * 0.6;
    canvas.line(
        (at.0 - radius * 0.22, mouth),
        (at.0 + radius * 0.22, mouth),
        radius * 0.08,
        shade(skin, 0.6),
    );
}

/// A limb that is lit from the left.
pub(super) fn shaded_limb(
    canvas: &mut Canvas,
    from: (f32, f32),
    to: (f32, f32),
    radius: (f32, f32),
    colour: Colour,
) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = (dx * dx + dy * dy).sqrt().max(1e-6);
    let (nx, ny) = (dy / length, -dx / length);
    let lit = if nx < 0.0 { 1.0 } else { -1.0 };
    canvas.shape(&Shape::limb(from, to, radius.0, radius.1), |px, py| {
        let across = ((px - from.0) * nx + (py - from.1) * ny) / radius.0;
        shade(colour, 0.95 + 0.3 * across * lit)
    });
}
