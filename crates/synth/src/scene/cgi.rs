//! Ray-traced spheres on a patterned plane, with shadows and one reflection.

use crate::canvas::{Colour, View, hsv, mix_colours};
use crate::math::{floor_i32, lerp, smooth};
use crate::picture::{Picture, byte};
use crate::rng::Rng;

type Vector = [f32; 3];

struct Sphere {
    centre: Vector,
    radius: f32,
    colour: Colour,
    gloss: f32,
    bands: f32,
}

struct Scene {
    spheres: Vec<Sphere>,
    light: Vector,
    floor: [Colour; 2],
    tile: f32,
    sky: [Colour; 2],
    eye: Vector,
    /// Direction of view is (slant_x, slant_y, 1) plus the picture's plane.
    slant: (f32, f32),
    zoom: f32,
    /// Shades in steps, as cartoons do; 0 for smooth.
    steps: f32,
}

pub(super) fn draw(view: &View, random: &mut Rng) -> Picture {
    let scene = Scene::choose(random);
    let mut picture = Picture::filled(view.width, view.height, [0; 3]);
    let middle = (view.left() + view.right()) / 2.0;
    for y in 0..view.height {
        let up = 0.5 - view.y(y);
        for (x, pixel) in picture.row_mut(y).chunks_exact_mut(3).enumerate() {
            let across = view.x(x as u32) - middle;
            let ray = unit([
                (across + scene.slant.0) * scene.zoom,
                (up + scene.slant.1) * scene.zoom,
                1.0,
            ]);
            let colour = scene.trace(scene.eye, ray, true);
            pixel.copy_from_slice(&colour.map(|c| byte(c.clamp(0.0, 255.0))));
        }
    }
    picture
}

impl Scene {
    fn choose(random: &mut Rng) -> Self {
        let spheres = (0..random.between(3, 9))
            .map(|_| {
                let radius = random.range(0.25, 1.0);
                let lift = if random.chance(25) { random.range(0.0, 1.8) } else { 0.0 };
                Sphere {
                    centre: [random.range(-2.6, 2.6), radius + lift, random.range(2.2, 7.5)],
                    radius,
                    colour: hsv(random.unit(), random.range(0.2, 0.95), random.range(0.3, 1.0)),
                    gloss: if random.chance(50) { random.range(0.1, 0.6) } else { 0.0 },
                    bands: if random.chance(25) { random.range(2.0, 8.0) } else { 0.0 },
                }
            })
            .collect();
        let hue = random.unit();
        let dark = hsv(hue, random.range(0.0, 0.6), random.range(0.05, 0.5));
        let bright = hsv(hue + 0.4, random.range(0.0, 0.5), random.range(0.5, 1.0));
        Self {
            spheres,
            light: unit([random.range(-1.0, 1.0), random.range(0.5, 1.4), random.range(-1.0, 0.3)]),
            floor: [dark, bright],
            tile: random.range(0.5, 2.2),
            sky: [
                hsv(random.unit(), 0.3, random.range(0.5, 1.0)),
                hsv(random.unit(), 0.6, random.range(0.1, 0.7)),
            ],
            eye: [random.range(-1.0, 1.0), random.range(0.6, 2.2), -1.0],
            slant: (random.range(-0.2, 0.2), random.range(-0.4, 0.0)),
            zoom: random.range(0.8, 1.4),
            steps: if random.chance(30) { 4.0 } else { 0.0 },
        }
    }

    fn trace(&self, from: Vector, ray: Vector, mirrors: bool) -> Colour {
        let mut nearest = f32::MAX;
        let mut found = None;
        for sphere in &self.spheres {
            if let Some(distance) = sphere.hit(from, ray)
                && distance < nearest
            {
                (nearest, found) = (distance, Some(sphere));
            }
        }
        let floor = if ray[1] < -1e-4 { -from[1] / ray[1] } else { f32::MAX };
        if floor < nearest && floor > 0.0 {
            return self.floor_colour(along(from, ray, floor), floor);
        }
        let Some(sphere) = found else { return self.sky_colour(ray) };
        let point = along(from, ray, nearest);
        let normal = subtract(point, sphere.centre).map(|c| c / sphere.radius);
        let body = sphere.surface(normal, self.floor[1]);
        let lit = self.brightness(point, normal);
        let colour = body.map(|c| c * lit);
        if !mirrors || sphere.gloss == 0.0 {
            return colour;
        }
        let facing = dot(ray, normal);
        let bounce = [0, 1, 2].map(|i| ray[i] - 2.0 * facing * normal[i]);
        let seen = self.trace(along(point, bounce, 1e-3), bounce, false);
        let spot = dot(bounce, self.light).max(0.0);
        let spot = spot * spot * spot * spot;
        let mixed = mix_colours(colour, seen, sphere.gloss);
        mixed.map(|c| c + 220.0 * spot * spot * spot * spot)
    }

    fn floor_colour(&self, point: Vector, distance: f32) -> Colour {
        let cell = floor_i32(point[0] / self.tile) + floor_i32(point[2] / self.tile);
        let tile = self.floor[(cell & 1) as usize];
        // Far tiles run into their mean instead of flickering.
        let even = mix_colours(self.floor[0], self.floor[1], 0.5);
        let colour = mix_colours(tile, even, smooth(distance / 22.0));
        let lit = self.brightness(point, [0.0, 1.0, 0.0]);
        let haze = smooth(distance / 40.0);
        mix_colours(colour.map(|c| c * lit), self.sky[0], haze)
    }

    fn sky_colour(&self, ray: Vector) -> Colour {
        mix_colours(self.sky[0], self.sky[1], smooth(ray[1] * 1.6))
    }

    fn brightness(&self, point: Vector, normal: Vector) -> f32 {
        let facing = dot(normal, self.light);
        if facing <= 0.0 {
            return 0.22;
        }
        let start = along(point, normal, 1e-3);
        if self.spheres.iter().any(|sphere| sphere.blocks(start, self.light)) {
            return 0.25;
        }
        let smooth = facing * 0.85;
        let stepped = floor_i32(facing * self.steps) as f32 / self.steps.max(1.0);
        lerp(0.25, 1.1, if self.steps > 0.0 { stepped } else { smooth })
    }
}

impl Sphere {
    fn hit(&self, from: Vector, ray: Vector) -> Option<f32> {
        let offset = subtract(from, self.centre);
        let half = dot(offset, ray);
        let inside = half * half - dot(offset, offset) + self.radius * self.radius;
        if inside <= 0.0 {
            return None;
        }
        let distance = -half - inside.sqrt();
        (distance > 0.0).then_some(distance)
    }

    fn blocks(&self, from: Vector, ray: Vector) -> bool {
        let offset = subtract(from, self.centre);
        let half = dot(offset, ray);
        half < 0.0 && half * half - dot(offset, offset) + self.radius * self.radius > 0.0
    }

    fn surface(&self, normal: Vector, other: Colour) -> Colour {
        let band = floor_i32((normal[1] + normal[0] * 0.4) * self.bands);
        if self.bands > 0.0 && band & 1 == 0 { other } else { self.colour }
    }
}

fn dot(a: Vector, b: Vector) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn subtract(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn along(from: Vector, ray: Vector, distance: f32) -> Vector {
    [0, 1, 2].map(|i| from[i] + ray[i] * distance)
}

fn unit(v: Vector) -> Vector {
    let length = dot(v, v).sqrt().max(1e-9);
    v.map(|c| c / length)
}
