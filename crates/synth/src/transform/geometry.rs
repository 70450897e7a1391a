//! Turns, flips, crops, free rotation and perspective.

use super::{Corners, Edge, Turn};
use crate::math::{cos_turns, floor, sin_turns};
use crate::picture::{Picture, Rgb};
use crate::rng::Rng;

/// The picture in one of the other seven orientations.
pub(crate) fn turn(picture: &Picture, turn: Turn) -> Picture {
    let (right, bottom) = (picture.width() - 1, picture.height() - 1);
    let (width, height) = match turn {
        Turn::FlipX | Turn::FlipY | Turn::Rot180 => (picture.width(), picture.height()),
        Turn::Rot90 | Turn::Rot270 | Turn::Transpose | Turn::Transverse => {
            (picture.height(), picture.width())
        }
    };
    Picture::from_fn(width, height, |x, y| match turn {
        Turn::FlipX => picture.pixel(right - x, y),
        Turn::FlipY => picture.pixel(x, bottom - y),
        Turn::Rot180 => picture.pixel(right - x, bottom - y),
        Turn::Rot90 => picture.pixel(y, bottom - x),
        Turn::Rot270 => picture.pixel(right - y, x),
        Turn::Transpose => picture.pixel(y, x),
        Turn::Transverse => picture.pixel(right - y, bottom - x),
    })
}

/// Cuts the same margin share off all sides so that `percent` of the area is lost.
pub(crate) fn crop_centre(picture: &Picture, percent: u8) -> Picture {
    let side = (1.0 - f64::from(percent.min(95)) / 100.0).sqrt();
    let (width, height) = (scaled(picture.width(), side), scaled(picture.height(), side));
    let (left, top) = ((picture.width() - width) / 2, (picture.height() - height) / 2);
    picture.cut(left, top, width, height)
}

/// Cuts `percent` of the length off one side.
pub(crate) fn crop_side(picture: &Picture, edge: Edge, percent: u8) -> Picture {
    let share = f64::from(percent.min(95)) / 100.0;
    let (lost_x, lost_y) = (scaled0(picture.width(), share), scaled0(picture.height(), share));
    let (width, height) = (picture.width(), picture.height());
    match edge {
        Edge::Left => picture.cut(lost_x, 0, width - lost_x, height),
        Edge::Right => picture.cut(0, 0, width - lost_x, height),
        Edge::Top => picture.cut(0, lost_y, width, height - lost_y),
        Edge::Bottom => picture.cut(0, 0, width, height - lost_y),
    }
}

/// Cuts a random share of up to `percent` of the length off each side.
pub(crate) fn crop_random(picture: &Picture, percent: u8, seed: u64) -> Picture {
    let mut random = Rng::for_purpose(seed, 0x6372_6f70);
    let most = f64::from(percent.min(45)) / 100.0;
    let mut lost = |length: u32| scaled0(length, most * f64::from(random.unit()));
    let (left, right) = (lost(picture.width()), lost(picture.width()));
    let (top, bottom) = (lost(picture.height()), lost(picture.height()));
    let (width, height) = (picture.width() - left - right, picture.height() - top - bottom);
    picture.cut(left, top, width, height)
}

/// Turns clockwise by tenths of a degree; what is uncovered turns black.
pub(crate) fn rotate(picture: &Picture, tenths: i16, corners: Corners) -> Picture {
    let turns = f64::from(tenths) / 3600.0;
    let (cos, sin) = (cos_turns(turns), sin_turns(turns));
    let (w, h) = (f64::from(picture.width()), f64::from(picture.height()));
    let (width, height) = match corners {
        Corners::Cut => (picture.width(), picture.height()),
        Corners::Black => {
            let wide = w * cos.abs() + h * sin.abs();
            let high = w * sin.abs() + h * cos.abs();
            (wide as u32 + 1, high as u32 + 1)
        }
    };
    let (width, height) = (width.min(Picture::MAX_SIDE), height.min(Picture::MAX_SIDE));
    let (mx, my) = (f64::from(width) / 2.0, f64::from(height) / 2.0);
    Picture::from_fn(width, height, |x, y| {
        let (dx, dy) = (f64::from(x) + 0.5 - mx, f64::from(y) + 0.5 - my);
        sample(picture, dx * cos + dy * sin + w / 2.0, dy * cos - dx * sin + h / 2.0)
    })
}

/// Tilts the picture away at one random side, which becomes `percent` shorter.
pub(crate) fn perspective(picture: &Picture, percent: u8, seed: u64) -> Picture {
    let mut random = Rng::for_purpose(seed, 0x7065_7273);
    let away = random.below(4);
    let short = f64::from(percent.min(80)) / 100.0;
    let (w, h) = (f64::from(picture.width()), f64::from(picture.height()));
    Picture::from_fn(picture.width(), picture.height(), |x, y| {
        let (u, v) = ((f64::from(x) + 0.5) / w, (f64::from(y) + 0.5) / h);
        // `near` runs from 0 at the far side to 1 at the near one.
        let (near, across) = match away {
            0 => (v, u),
            1 => (1.0 - v, u),
            2 => (u, v),
            _ => (1.0 - u, v),
        };
        // A plane tilted in depth: lengths across shrink linearly, lengths along by their product.
        let scale = 1.0 - short * (1.0 - near);
        let across = (across - 0.5) / scale + 0.5;
        let near = near / scale;
        let (u, v) = match away {
            0 => (across, near),
            1 => (across, 1.0 - near),
            2 => (near, across),
            _ => (1.0 - near, across),
        };
        sample(picture, u * w, v * h)
    })
}

/// The colour at a fractional position, mixed from four pixels; black outside.
fn sample(picture: &Picture, x: f64, y: f64) -> Rgb {
    let (w, h) = (f64::from(picture.width()), f64::from(picture.height()));
    if x < 0.0 || y < 0.0 || x >= w || y >= h {
        return [0; 3];
    }
    let (x, y) = ((x - 0.5).clamp(0.0, w - 1.0), (y - 0.5).clamp(0.0, h - 1.0));
    let (left, top) = (floor(x), floor(y));
    let (p, q) = (((x - left) * 256.0 + 0.5) as u32, ((y - top) * 256.0 + 0.5) as u32);
    let (left, top) = (left as u32, top as u32);
    let right = (left + 1).min(picture.width() - 1);
    let bottom = (top + 1).min(picture.height() - 1);
    let corners = [
        (picture.pixel(left, top), (256 - p) * (256 - q)),
        (picture.pixel(right, top), p * (256 - q)),
        (picture.pixel(left, bottom), (256 - p) * q),
        (picture.pixel(right, bottom), p * q),
    ];
    [0, 1, 2].map(|channel| {
        let sum: u32 = corners.iter().map(|(pixel, w)| u32::from(pixel[channel]) * w).sum();
        ((sum + 32_768) >> 16) as u8
    })
}

/// A share of a length, rounded, at least 1.
fn scaled(length: u32, share: f64) -> u32 {
    scaled0(length, share).max(1)
}

fn scaled0(length: u32, share: f64) -> u32 {
    (f64::from(length) * share + 0.5) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Class, generate};

    #[test]
    fn turns_combine_as_they_should() {
        let picture = generate(Class::Figure, 5, 40, 30);
        let twice = |t| turn(&turn(&picture, t), t);
        for own_inverse in
            [Turn::FlipX, Turn::FlipY, Turn::Rot180, Turn::Transpose, Turn::Transverse]
        {
            assert_eq!(twice(own_inverse), picture);
        }
        assert_eq!(twice(Turn::Rot90), turn(&picture, Turn::Rot180));
        assert_eq!(turn(&turn(&picture, Turn::Rot90), Turn::Rot270), picture);
        assert_eq!(
            turn(&turn(&picture, Turn::Rot90), Turn::FlipX),
            turn(&picture, Turn::Transpose)
        );
        // Clockwise: the top left corner moves to the top right.
        assert_eq!(turn(&picture, Turn::Rot90).pixel(29, 0), picture.pixel(0, 0));
    }

    #[test]
    fn free_rotation_meets_the_quarter_turn() {
        let picture = generate(Class::Texture, 1, 61, 61);
        assert_eq!(rotate(&picture, 0, Corners::Cut), picture);
        let quarter = rotate(&picture, 900, Corners::Cut);
        let exact = turn(&picture, Turn::Rot90);
        let pairs = quarter.rgb().iter().zip(exact.rgb());
        assert!(pairs.clone().filter(|(a, b)| a.abs_diff(**b) > 2).count() < 400);
        let tilted = rotate(&picture, 450, Corners::Black);
        assert_eq!(tilted.width(), 87);
        assert_eq!(tilted.pixel(0, 0), [0; 3]);
    }

    #[test]
    fn crops_lose_what_they_say() {
        let picture = generate(Class::Texture, 1, 200, 100);
        let cut = crop_centre(&picture, 19);
        assert_eq!((cut.width(), cut.height()), (180, 90));
        assert_eq!(crop_side(&picture, Edge::Left, 10).pixel(0, 0), picture.pixel(20, 0));
        assert_eq!(crop_side(&picture, Edge::Bottom, 10).height(), 90);
        let random = crop_random(&picture, 20, 3);
        assert!(random.width() >= 120 && random.height() >= 60);
        assert_eq!(perspective(&picture, 0, 1), picture);
    }
}
