//! Things put around and over a picture, and pictures put into other things.

use super::resample::{resize, within};
use super::tone::luma;
use crate::canvas::{Canvas, Colour, Shape, View, hsv};
use crate::font;
use crate::picture::{Picture, Rgb};
use crate::rng::Rng;
use crate::scene::{Class, generate, window_frame};

/// A frame of one colour; `percent` of the shorter side on each side.
pub(crate) fn border(picture: &Picture, percent: u8, colour: Rgb) -> Picture {
    let width = share(picture.width().min(picture.height()), percent);
    surround(picture, [width; 4], colour)
}

/// Black bars above and below, each `percent` of the height.
pub(crate) fn letterbox(picture: &Picture, percent: u8) -> Picture {
    let bar = share(picture.height(), percent);
    surround(picture, [0, bar, 0, bar], [0; 3])
}

/// A white band with a line or two of black text below (or above) the picture.
pub(crate) fn caption(picture: &Picture, percent: u8, seed: u64) -> Picture {
    let mut random = Rng::for_purpose(seed, 0x0063_6170);
    let band = share(picture.height(), percent).max(4);
    let below = random.chance(50);
    let margins = if below { [0, 0, 0, band] } else { [0, band, 0, 0] };
    let mut canvas = canvas(surround(picture, margins, [255; 3]));
    let view = canvas.view;
    let high = band as f32 / view.scale;
    let top = if below { view.bottom() - high } else { view.top() };
    let size = high * 0.28;
    for line in 0..2 {
        let room = (view.across() * 0.92 / (size * 6.0 / 7.0)) as usize;
        let text = font::sentence(&mut random, room.saturating_sub(line * 4));
        let at = (view.left() + view.across() * 0.04, top + high * (0.14 + 0.42 * line as f32));
        font::write(&mut canvas, &text, at, size, [0.0; 3]);
    }
    canvas.picture
}

/// The picture shown in a window of a generated desktop that is half as large again.
pub(crate) fn screenshot(picture: &Picture, seed: u64) -> Picture {
    let mut random = Rng::for_purpose(seed, 0x7363_7265);
    let (width, height) = (picture.width() * 3 / 2, picture.height() * 3 / 2);
    let (width, height) = (width.clamp(16, Picture::MAX_SIDE), height.clamp(16, Picture::MAX_SIDE));
    let mut canvas = canvas(generate(Class::Screenshot, random.next_u64(), width, height));
    let view = canvas.view;
    let left = (width - picture.width().min(width)) * (25 + random.below(50)) / 100;
    let top = (height - picture.height().min(height)) * (25 + random.below(50)) / 100;
    let size = 0.014;
    let edge =
        |x: u32, y: u32| (view.left() + x as f32 / view.scale, view.top() + y as f32 / view.scale);
    let (a, b) = (edge(left, top), edge(left + picture.width(), top + picture.height()));
    let bounds = [a.0 - size * 0.5, a.1 - size * 2.6, b.0 + size * 0.5, b.1 + size * 0.5];
    let bar = hsv(random.unit(), 0.2, random.range(0.2, 0.9));
    let title = font::sentence(&mut random, 14);
    window_frame(&mut canvas, bounds, size, bar, [235.0; 3], &title);
    canvas.picture.paste(picture, left, top);
    canvas.picture
}

/// `across` × `across` pictures of the same size, one of them this one.
pub(crate) fn collage(picture: &Picture, across: u8, seed: u64) -> Picture {
    let mut random = Rng::for_purpose(seed, 0x636f_6c6c);
    let across = u32::from(across.clamp(2, 4));
    let (wide, high) = ((picture.width() / across).max(1), (picture.height() / across).max(1));
    let own = random.below(across * across);
    let mut out = Picture::filled(wide * across, high * across, [255; 3]);
    for part in 0..across * across {
        let tile =
            if part == own { resize(picture, wide, high) } else { filler(&mut random, wide, high) };
        out.paste(&tile, part % across * wide, part / across * high);
    }
    out
}

/// The picture and another one side by side; the picture fills `percent` of the width.
pub(crate) fn two_part(picture: &Picture, percent: u8, seed: u64) -> Picture {
    let mut random = Rng::for_purpose(seed, 0x7477_6f70);
    let percent = u32::from(percent.clamp(10, 90));
    let other_wide = (picture.width() * (100 - percent) / percent).max(1);
    let other_wide = other_wide.min(Picture::MAX_SIDE - picture.width().min(Picture::MAX_SIDE - 1));
    let first = random.chance(50);
    let other = filler(&mut random, other_wide, picture.height());
    let mut out = Picture::filled(picture.width() + other.width(), picture.height(), [0; 3]);
    let (own_left, other_left) = if first { (0, picture.width()) } else { (other.width(), 0) };
    out.paste(picture, own_left, 0);
    out.paste(&other, other_left, 0);
    out
}

/// The picture, scaled to `percent` of its sides, somewhere on another picture of full size.
pub(crate) fn embed(picture: &Picture, percent: u8, seed: u64) -> Picture {
    let mut random = Rng::for_purpose(seed, 0x0065_6d62);
    let (wide, high) = (share(picture.width(), percent), share(picture.height(), percent));
    let small = resize(picture, wide, high);
    let mut out = filler(&mut random, picture.width(), picture.height());
    let left = random.below(picture.width() - small.width().min(picture.width()) + 1);
    let top = random.below(picture.height() - small.height().min(picture.height()) + 1);
    out.paste(&small, left, top);
    out
}

/// An opaque box with text; `percent` of the picture's width and half of that of its height.
pub(crate) fn watermark(picture: &Picture, percent: u8, seed: u64) -> Picture {
    let mut random = Rng::for_purpose(seed, 0x7761_7465);
    let mut canvas = canvas(picture.clone());
    let view = canvas.view;
    let wide = view.across() * f32::from(percent.min(100)) / 100.0;
    let high = view.down() * f32::from(percent.min(100)) / 200.0;
    let left = view.left() + (view.across() - wide) * random.range(0.3, 0.7);
    let top = view.top() + (view.down() - high) * random.range(0.3, 0.7);
    let light = random.chance(50);
    let (back, ink) = if light { ([255.0; 3], [20.0; 3]) } else { ([15.0; 3], [240.0; 3]) };
    canvas.rectangle(left, top, left + wide, top + high, back);
    let size = (high * 0.45).min(wide / 9.0);
    let text = font::sentence(&mut random, (wide * 0.9 / (size * 6.0 / 7.0)) as usize);
    font::write(&mut canvas, &text, (left + wide * 0.05, top + (high - size) / 2.0), size, ink);
    canvas.picture
}

/// A round emblem in one corner, `percent` of the shorter side wide.
pub(crate) fn logo(picture: &Picture, percent: u8, seed: u64) -> Picture {
    let mut random = Rng::for_purpose(seed, 0x6c6f_676f);
    let mut canvas = canvas(picture.clone());
    let view = canvas.view;
    let radius = view.across().min(view.down()) * f32::from(percent) / 200.0;
    let margin = radius * 1.3;
    let x = if random.chance(50) { view.left() + margin } else { view.right() - margin };
    let y = if random.chance(50) { view.top() + margin } else { view.bottom() - margin };
    let hue = random.unit();
    canvas.flat(&Shape::ellipse((x, y), (radius, radius)), [250.0; 3]);
    let inner = radius * 0.88;
    canvas.flat(&Shape::ellipse((x, y), (inner, inner)), hsv(hue, 0.8, 0.7));
    let size = radius * 0.8;
    let mark = font::sentence(&mut random, 2);
    let left = x - font::text_width(&mark, size) * 0.46;
    font::write(&mut canvas, &mark, (left, y - size * 0.5), size, [250.0; 3]);
    canvas.picture
}

/// Large outlined lines of text at the top and the bottom, as on memes.
pub(crate) fn meme(picture: &Picture, percent: u8, seed: u64) -> Picture {
    let mut random = Rng::for_purpose(seed, 0x6d65_6d65);
    let mut canvas = canvas(picture.clone());
    let view = canvas.view;
    let size = view.down() * f32::from(percent.clamp(2, 30)) / 100.0;
    let room = (view.across() * 0.95 / (size * 6.0 / 7.0)) as usize;
    for bottom in [false, true] {
        let text = font::sentence(&mut random, room).to_uppercase();
        let left = view.left() + (view.across() - font::text_width(&text, size)) / 2.0;
        let top = if bottom { view.bottom() - size * 1.3 } else { view.top() + size * 0.3 };
        let edge = size * 0.07;
        for (dx, dy) in [(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0)] {
            font::write(&mut canvas, &text, (left + dx * edge, top + dy * edge), size, [0.0; 3]);
        }
        font::write(&mut canvas, &text, (left, top), size, [255.0; 3]);
    }
    canvas.picture
}

/// Half-transparent text repeated over the whole picture.
pub(crate) fn text_pattern(picture: &Picture, percent: u8, seed: u64) -> Picture {
    let mut random = Rng::for_purpose(seed, 0x7061_7474);
    let mut mask = Canvas::new(picture.width(), picture.height(), [0.0; 3]);
    let view = mask.view;
    let size = view.down().min(view.across()) * 0.05;
    let word = font::sentence(&mut random, 9);
    let step = font::text_width(&word, size) * 1.4;
    let ink: Colour = [255.0; 3];
    for row in 0..40 {
        let y = view.top() + size * 3.0 * row as f32;
        for column in -1..40 {
            let shift = if row % 2 == 0 { 0.0 } else { step * 0.5 };
            let x = view.left() + shift + step * column as f32;
            if x < view.right() && y < view.bottom() {
                font::write(&mut mask, &word, (x, y), size, ink);
            }
        }
    }
    let mut out = picture.clone();
    let strength = u32::from(percent.min(100));
    for (pixel, cover) in out.rgb_mut().chunks_exact_mut(3).zip(mask.picture.rgb().chunks_exact(3))
    {
        let cover = u32::from(cover[0]) * strength;
        let grey = luma([pixel[0], pixel[1], pixel[2]]);
        let ink: u32 = if grey > 140 { 0 } else { 255 };
        for value in pixel {
            *value = ((u32::from(*value) * (25_500 - cover) + ink * cover) / 25_500) as u8;
        }
    }
    out
}

/// Another picture to stand beside or behind this one.
fn filler(random: &mut Rng, width: u32, height: u32) -> Picture {
    let class = *random.pick(&[Class::DeadLeaves, Class::Landscape, Class::Texture, Class::Figure]);
    generate(class, random.next_u64(), width, height)
}

/// Margins: left, top, right, bottom.
fn surround(picture: &Picture, [left, top, right, bottom]: [u32; 4], colour: Rgb) -> Picture {
    let (width, height) = (picture.width() + left + right, picture.height() + top + bottom);
    let mut out = Picture::filled(width, height, colour);
    out.paste(picture, left, top);
    out
}

fn canvas(picture: Picture) -> Canvas {
    Canvas { view: View::new(picture.width(), picture.height()), picture }
}

fn share(length: u32, percent: u8) -> u32 {
    (length * u32::from(percent) + 50) / 100
}

/// The picture no larger than a thumbnail's side.
pub(crate) fn thumbnail(picture: &Picture, side: u16) -> Picture {
    within(picture, u32::from(side.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_inside_what_surrounds_it() {
        let picture = generate(Class::Figure, 8, 100, 80);
        let holds = |whole: &Picture| {
            let places = (0..=whole.width() - 100)
                .flat_map(|x| (0..=whole.height() - 80).map(move |y| (x, y)));
            places.into_iter().any(|(x, y)| {
                whole.pixel(x, y) == picture.pixel(0, 0) && whole.cut(x, y, 100, 80) == picture
            })
        };
        assert!(holds(&border(&picture, 10, [255, 0, 0])));
        assert!(holds(&letterbox(&picture, 12)));
        assert!(holds(&caption(&picture, 20, 1)));
        assert!(holds(&screenshot(&picture, 2)));
        assert!(holds(&two_part(&picture, 60, 2)));
        assert_eq!(border(&picture, 10, [255, 0, 0]).width(), 116);
    }

    #[test]
    fn overlays_change_only_part() {
        let picture = generate(Class::Texture, 8, 200, 150);
        let same = |other: &Picture| {
            let pairs = picture.rgb().chunks_exact(3).zip(other.rgb().chunks_exact(3));
            pairs.filter(|(a, b)| a == b).count() as f64 / (200.0 * 150.0)
        };
        let changed = |share: f64, low: f64, high: f64| (low..high).contains(&(1.0 - share));
        assert!(changed(same(&watermark(&picture, 40, 1)), 0.06, 0.09));
        assert!(changed(same(&logo(&picture, 20, 1)), 0.015, 0.04));
        assert!(changed(same(&meme(&picture, 10, 1)), 0.03, 0.3));
        assert!(changed(same(&text_pattern(&picture, 40, 1)), 0.02, 0.4));
    }
}
