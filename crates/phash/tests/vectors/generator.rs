//! The pictures of the conformance vectors: integers only, the same as in `tools/pdq_vectors.py`.

use serde::Deserialize;

/// How the pixels are stored before they become 8-bit grey or RGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    Grey,
    GreyAlpha,
    Grey16,
    Palette,
    Rgb,
    Rgba,
    Rgb16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scene {
    Noise,
    Blocks,
    Gradient,
    Octaves,
    Text,
    Leaves,
    Stripes,
    Flat,
    Faint,
}

/// What makes a picture, and nothing else does.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Picture {
    pub(crate) scene: Scene,
    pub(crate) parameter: u32,
    pub(crate) seed: u32,
    pub(crate) mode: Mode,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

struct Disc {
    centre: (i64, i64),
    radius: i64,
    values: [u8; 3],
}

fn mix(value: u32) -> u32 {
    let value = (value ^ value >> 16).wrapping_mul(0x7feb_352d);
    let value = (value ^ value >> 15).wrapping_mul(0x846c_a68b);
    value ^ value >> 16
}

fn cell(seed: u32, channel: u32, x: u32, y: u32) -> u32 {
    let start = mix(seed.wrapping_add(channel.wrapping_mul(0x9e37_79b9)));
    mix(mix(start.wrapping_add(x)).wrapping_add(y))
}

fn byte(seed: u32, channel: u32, x: u32, y: u32) -> u8 {
    (cell(seed, channel, x, y) >> 24) as u8
}

impl Picture {
    /// Channels of the pixels that the reference is given.
    pub(crate) fn channels(&self) -> usize {
        match self.mode {
            Mode::Grey | Mode::GreyAlpha | Mode::Grey16 => 1,
            Mode::Palette | Mode::Rgb | Mode::Rgba | Mode::Rgb16 => 3,
        }
    }

    /// The 8-bit grey or RGB pixels, after the conversion of the mode.
    pub(crate) fn given_pixels(&self) -> Vec<u8> {
        let discs = self.discs();
        let mut pixels = Vec::new();
        for y in 0..self.height {
            for x in 0..self.width {
                match self.mode {
                    Mode::Palette => {
                        let index = u32::from(self.value(&discs, x, y, 0) >> 4);
                        pixels.extend((50..53).map(|c| byte(self.seed, c, index, 0)));
                    }
                    // Alpha is dropped: there is nothing to make.
                    Mode::Grey | Mode::GreyAlpha => pixels.push(self.value(&discs, x, y, 0)),
                    Mode::Rgb | Mode::Rgba => {
                        pixels.extend((0..3).map(|c| self.value(&discs, x, y, c)));
                    }
                    Mode::Grey16 => pixels.push(self.narrowed(&discs, x, y, 0)),
                    Mode::Rgb16 => pixels.extend((0..3).map(|c| self.narrowed(&discs, x, y, c))),
                }
            }
        }
        pixels
    }

    /// A 16-bit value, rounded to 8 bits.
    fn narrowed(&self, discs: &[Disc], x: u32, y: u32, channel: u32) -> u8 {
        let low = u32::from(byte(self.seed, 40 + channel, x, y));
        let wide = u32::from(self.value(discs, x, y, channel)) << 8 | low;
        ((wide * 255 + 32767) / 65535) as u8
    }

    fn discs(&self) -> Vec<Disc> {
        if self.scene != Scene::Leaves {
            return Vec::new();
        }
        let number = |channel, x, y, below| cell(self.seed, channel, x, y) % below;
        let mut discs: Vec<Disc> = (0..self.parameter)
            .map(|disc| Disc {
                centre: (
                    number(20, disc, 0, self.width).into(),
                    number(20, disc, 1, self.height).into(),
                ),
                radius: (u64::from(self.width.min(self.height))
                    * u64::from(number(20, disc, 2, 9) + 1)
                    / 32) as i64
                    + 1,
                values: [30, 31, 32].map(|channel| number(channel, disc, 0, 256) as u8),
            })
            .collect();
        // The first one found is the one in front.
        discs.reverse();
        discs
    }

    fn value(&self, discs: &[Disc], x: u32, y: u32, channel: u32) -> u8 {
        let (seed, parameter) = (self.seed, self.parameter);
        match self.scene {
            Scene::Noise => byte(seed, channel, x, y),
            Scene::Blocks => byte(seed, channel, x / parameter, y / parameter),
            Scene::Gradient => {
                let across = u64::from(cell(seed, 100, 0, 0) % parameter + 1);
                let down = u64::from(cell(seed, 100, 1, 0) % parameter);
                let t = u64::from(x) * across * 512 / u64::from(self.width)
                    + u64::from(y) * down * 512 / u64::from(self.height)
                    + u64::from(channel * 85);
                let t = t % 512;
                if t < 256 { t as u8 } else { (511 - t) as u8 }
            }
            Scene::Octaves => self.octaves(x, y, channel),
            Scene::Text => {
                let glyph = cell(seed, 7, x / (parameter * 6), y / (parameter * 10));
                let (across, down) = (x / parameter % 6, y / parameter % 10);
                let dot = glyph >> ((down * 5 + across) % 32) & 1 == 1;
                let ink = dot && across < 5 && down < 7 && !glyph.is_multiple_of(6);
                if ink { (20 + 10 * channel) as u8 } else { 240 }
            }
            Scene::Leaves => {
                let inside = |disc: &&Disc| {
                    let (dx, dy) = (i64::from(x) - disc.centre.0, i64::from(y) - disc.centre.1);
                    dx * dx + dy * dy < disc.radius * disc.radius
                };
                discs.iter().find(inside).map_or(128, |disc| disc.values[channel as usize])
            }
            Scene::Stripes => ((x / parameter + y / (parameter * 2) + channel) & 1) as u8 * 255,
            Scene::Flat => parameter as u8,
            Scene::Faint => (parameter + (cell(seed, channel, x, y) >> 31)) as u8,
        }
    }

    fn octaves(&self, x: u32, y: u32, channel: u32) -> u8 {
        let mut total = 0;
        for octave in 0..5 {
            let side = (self.width.max(self.height) >> (octave + 1)).max(1);
            let (left, top) = (x / side, y / side);
            let (fx, fy) = (i64::from(x % side * 256 / side), i64::from(y % side * 256 / side));
            let corner =
                |dx, dy| i64::from(byte(self.seed, channel + 10 * octave, left + dx, top + dy));
            let upper = corner(0, 0) * (256 - fx) + corner(1, 0) * fx;
            let lower = corner(0, 1) * (256 - fx) + corner(1, 1) * fx;
            total += ((upper * (256 - fy) + lower * fy) >> 16) << (4 - octave);
        }
        (128 + (((total / 31 - 128) * i64::from(self.parameter)) >> 4)).clamp(0, 255) as u8
    }
}
