//! Surfaces that fill the picture: stone, wood, bricks, cloth, cells and ground.

use crate::canvas::{Colour, View, hsv, mix_colours, shade};
use crate::math::{cos_turns, floor_i32, lerp, sin_turns, smooth, triangle};
use crate::noise::{Field, lattice_value};
use crate::picture::{Picture, byte};
use crate::rng::Rng;

/// Colours and fields that all surfaces share.
struct Surface {
    dark: Colour,
    light: Colour,
    accent: Colour,
    seed: u64,
    cos: f32,
    sin: f32,
    cells: f32,
    warp: f32,
}

pub(super) fn draw(view: &View, random: &mut Rng) -> Picture {
    let hue = random.unit();
    let turn = f64::from(random.unit());
    let kind = random.below(6);
    let surface = Surface {
        dark: hsv(hue, random.range(0.2, 0.8), random.range(0.08, 0.4)),
        light: hsv(
            hue + random.range(-0.12, 0.12),
            random.range(0.05, 0.6),
            random.range(0.6, 1.0),
        ),
        accent: hsv(random.unit(), random.range(0.2, 0.8), random.range(0.3, 0.9)),
        seed: random.next_u64(),
        cos: cos_turns(turn) as f32,
        sin: sin_turns(turn) as f32,
        cells: random.range(3.0, 14.0),
        warp: random.range(0.05, 0.35),
    };
    let mut warp_x = Field::fractal(view, random.next_u64(), 2.0, 5, 0.5);
    let mut warp_y = Field::fractal(view, random.next_u64(), 2.5, 5, 0.5);
    let mut grain = Field::fractal(view, random.next_u64(), 24.0, 5, 0.75);
    let mut light = Field::fractal(view, random.next_u64(), 1.2, 3, 0.6);
    let uneven = random.range(0.3, 1.1);
    let rough = random.range(0.1, 0.5);
    let mut picture = Picture::filled(view.width, view.height, [0; 3]);
    for y in 0..view.height {
        let scene_y = view.y(y);
        let (wx, wy) = (warp_x.row(scene_y), warp_y.row(scene_y));
        let (grain, light) = (grain.row(scene_y), light.row(scene_y));
        for (x, pixel) in picture.row_mut(y).chunks_exact_mut(3).enumerate() {
            let at = (view.x(x as u32), scene_y);
            let colour = match kind {
                0 => surface.marble(at, (wx[x], wy[x])),
                1 => surface.wood(at, (wx[x], wy[x])),
                2 => surface.bricks(at, (wx[x], wy[x])),
                3 => surface.cloth(at, (wx[x], wy[x])),
                4 => surface.cells(at, (wx[x], wy[x])),
                _ => surface.ground((wx[x], wy[x]), grain[x]),
            };
            let factor = (1.0 + rough * grain[x]) * (1.0 + uneven * light[x]).max(0.15);
            for (out, channel) in pixel.iter_mut().zip(colour) {
                *out = byte((channel * factor).clamp(0.0, 255.0));
            }
        }
    }
    picture
}

impl Surface {
    fn turned(&self, (x, y): (f32, f32)) -> (f32, f32) {
        (x * self.cos - y * self.sin, x * self.sin + y * self.cos)
    }

    fn marble(&self, at: (f32, f32), warp: (f32, f32)) -> Colour {
        let (u, _) = self.turned(at);
        let vein = triangle((u + (warp.0 + 0.5 * warp.1) * self.warp * 3.0) * self.cells * 0.5);
        let tone = mix_colours(self.light, self.dark, vein * vein * vein);
        mix_colours(tone, self.accent, smooth(warp.1 * 2.0 - 0.2) * 0.5)
    }

    fn wood(&self, at: (f32, f32), warp: (f32, f32)) -> Colour {
        let (u, v) = self.turned((at.0 - 0.3, at.1 + 0.2));
        let (u, v) = (u + warp.0 * self.warp * 0.5, v * 0.25 + warp.1 * self.warp * 0.3);
        let ring = (u * u + v * v).sqrt() * self.cells * 2.5;
        let part = ring - floor_i32(ring) as f32;
        mix_colours(self.light, self.dark, part * part * 0.9)
    }

    fn bricks(&self, at: (f32, f32), warp: (f32, f32)) -> Colour {
        let (u, v) = (at.0 + warp.0 * 0.012, at.1 + warp.1 * 0.012);
        let row = floor_i32(v * self.cells * 2.0);
        let along = u * self.cells + if row & 1 == 0 { 0.0 } else { 0.5 };
        let column = floor_i32(along);
        let (p, q) = (along - column as f32, v * self.cells * 2.0 - row as f32);
        let inside = smooth((0.5 - (p - 0.5).abs()) * 24.0 - 0.6)
            * smooth((0.5 - (q - 0.5).abs()) * 12.0 - 0.6);
        let tone = lattice_value(self.seed, column, row);
        let brick = mix_colours(self.dark, self.accent, 0.5 + 0.5 * tone);
        mix_colours(self.light, shade(brick, 1.0 + 0.4 * (0.5 - q)), inside)
    }

    fn cloth(&self, at: (f32, f32), warp: (f32, f32)) -> Colour {
        let (u, v) = self.turned((at.0 + warp.0 * self.warp, at.1 + warp.1 * self.warp));
        let band = |t: f32, key: i32| {
            let stripe = floor_i32(t * self.cells);
            0.5 + 0.5 * lattice_value(self.seed, stripe, key)
        };
        let weave = 0.5 + 0.25 * (triangle(u * 60.0) + triangle(v * 60.0)) - 0.25;
        let across = mix_colours(self.light, self.dark, band(u, 1));
        let down = mix_colours(self.accent, self.dark, band(v, 2));
        let fold = 1.0 + 0.9 * warp.1;
        shade(mix_colours(across, down, 0.5), (0.75 + 0.5 * weave) * fold)
    }

    fn cells(&self, at: (f32, f32), warp: (f32, f32)) -> Colour {
        let (u, v) = ((at.0 + warp.0 * 0.06) * self.cells, (at.1 + warp.1 * 0.06) * self.cells);
        let (column, row) = (floor_i32(u), floor_i32(v));
        let (mut nearest, mut second, mut owner) = (9.0_f32, 9.0_f32, 0.0);
        for dy in -1..=1 {
            for dx in -1..=1 {
                let (cx, cy) = (column + dx, row + dy);
                let px = cx as f32 + 0.5 + 0.45 * lattice_value(self.seed, cx, cy);
                let py = cy as f32 + 0.5 + 0.45 * lattice_value(self.seed ^ 1, cx, cy);
                let distance = (px - u) * (px - u) + (py - v) * (py - v);
                if distance < nearest {
                    (second, nearest) = (nearest, distance);
                    owner = lattice_value(self.seed ^ 2, cx, cy);
                } else if distance < second {
                    second = distance;
                }
            }
        }
        let edge = smooth((second.sqrt() - nearest.sqrt()) * 6.0);
        let body = mix_colours(self.accent, self.light, 0.5 + 0.5 * owner);
        mix_colours(self.dark, shade(body, 1.15 - 0.5 * nearest), edge)
    }

    fn ground(&self, warp: (f32, f32), grain: f32) -> Colour {
        let patch = smooth(warp.0 * 2.2 + 0.5 + grain * 0.5);
        let tone = mix_colours(self.dark, self.light, patch);
        let moss = smooth(warp.1 * 4.0 - 0.3);
        mix_colours(tone, shade(self.accent, 1.0 + grain), moss * lerp(0.3, 0.9, self.warp))
    }
}
