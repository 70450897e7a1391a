use super::*;
use crate::{Pixels, pdq};
use hashward_hash::{Orientation, Pdq};

/// A picture with something to see everywhere: soft blobs on a slope.
fn scene(width: u32, height: u32) -> Vec<u8> {
    let blobs: Vec<(f32, f32, f32, f32)> = (0..24_u32)
        .map(|i| {
            let at = |n: u32| (i * n % 97) as f32 / 97.0;
            (at(31), at(57), 0.05 + 0.1 * at(13), 120.0 * at(71) - 60.0)
        })
        .collect();
    let mut data = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
            let sum: f32 = blobs
                .iter()
                .map(|(a, b, r, light)| {
                    let d = ((u - a) * (u - a) + (v - b) * (v - b)) / (r * r);
                    light / (1.0 + d * d)
                })
                .sum();
            data.push((128.0 + sum + 30.0 * (u - v)).clamp(1.0, 254.0) as u8);
        }
    }
    data
}

fn view(data: &[u8], width: u32, height: u32) -> Pixels<'_> {
    Pixels::luma8(data, width, height, width as usize).unwrap()
}

fn canonical(data: &[u8], width: u32, height: u32) -> Pdq {
    pdq(&view(data, width, height)).hashes[Orientation::Original as usize]
}

fn guesses_in(pixels: &Pixels<'_>, depth: Depth) -> Vec<Guess> {
    Reduced::of(pixels).map_or_else(Vec::new, |reduced| guesses(&reduced, depth))
}

/// The least distance of any guess of a family.
fn nearest(guesses: &[Guess], family: Family, hash: Pdq) -> (u16, Area) {
    guesses
        .iter()
        .filter(|guess| guess.family == family)
        .map(|guess| {
            let own = guess.coefficients.result().hashes[Orientation::Original as usize];
            (own.distance(hash).0, guess.area)
        })
        .min_by_key(|(distance, _)| *distance)
        .unwrap_or_else(|| panic!("no guess of {family:?}"))
}

/// `data` at a place on a canvas of another colour or another scene.
fn on_canvas(
    data: &[u8],
    (w, h): (u32, u32),
    canvas: Vec<u8>,
    width: u32,
    (left, top): (u32, u32),
) -> Vec<u8> {
    let mut canvas = canvas;
    for y in 0..h {
        let from = &data[(y * w) as usize..][..w as usize];
        canvas[((top + y) * width + left) as usize..][..w as usize].copy_from_slice(from);
    }
    canvas
}

#[test]
fn a_frame_that_is_the_picture_hashes_as_the_picture() {
    for (width, height) in [(400, 300), (300, 512), (1024, 700), (129, 65)] {
        let data = scene(width, height);
        let reduced = Reduced::of(&view(&data, width, height)).unwrap();
        let samples = resample::upright(&reduced, reduced.frame());
        let own = Coefficients::of_samples(&samples).result().hashes[0];
        let distance = own.distance(canonical(&data, width, height)).0;
        assert!(distance <= 12, "{width}×{height}: {distance}");
        let straight = tilt::Tilted::kept_canvas(&reduced, 0.0);
        let own =
            Coefficients::of_samples(&resample::tilted(&reduced, straight)).result().hashes[0];
        let distance = own.distance(canonical(&data, width, height)).0;
        assert!(distance <= 14, "{width}×{height} tilted by nothing: {distance}");
    }
}

#[test]
fn borders_of_any_colour_go_and_the_area_says_what_is_left() {
    let data = scene(300, 200);
    for colour in [0, 255, 97] {
        let framed = on_canvas(&data, (300, 200), vec![colour; 400 * 260], 400, (70, 20));
        let guesses = guesses_in(&view(&framed, 400, 260), Depth::Suggested);
        let (distance, area) = nearest(&guesses, Family::Trimmed, canonical(&data, 300, 200));
        assert!(distance <= 12, "{colour}: {distance}");
        assert!((area.x - 70.0).abs() <= 2.0 && (area.y - 20.0).abs() <= 2.0, "{area:?}");
        assert!((area.width - 300.0).abs() <= 3.0 && (area.height - 200.0).abs() <= 3.0);
    }
}

#[test]
fn a_band_of_text_goes_though_the_picture_is_on_paper_too() {
    // A picture on paper whose edges are nearly as white as the band.
    let data: Vec<u8> = scene(300, 200)
        .iter()
        .enumerate()
        .map(|(at, v)| if (at / 300) > 188 || at / 300 < 12 { 246 } else { *v })
        .collect();
    for top in [0, 40] {
        let mut canvas = vec![255; 300 * 240];
        let letters = if top == 0 { 212..228 } else { 12..28 };
        for y in letters {
            (20..280).filter(|x| x % 5 < 2).for_each(|x| canvas[y * 300 + x] = 10);
        }
        let whole = on_canvas(&data, (300, 200), canvas, 300, (0, top));
        let guesses = guesses_in(&view(&whole, 300, 240), Depth::Suggested);
        let (distance, area) = nearest(&guesses, Family::Inside, canonical(&data, 300, 200));
        assert!(distance <= 12, "{top}: {distance} {area:?}");
        assert!((area.y - top as f32).abs() <= 1.0 && (area.height - 200.0).abs() <= 1.0);
    }
}

#[test]
fn a_picture_in_a_picture_is_found_by_its_edges() {
    let data = scene(240, 180);
    let canvas: Vec<u8> = scene(500, 380).iter().map(|v| 255 - v / 2).collect();
    let whole = on_canvas(&data, (240, 180), canvas, 500, (130, 90));
    let guesses = guesses_in(&view(&whole, 500, 380), Depth::All);
    let (distance, area) = nearest(&guesses, Family::Inside, canonical(&data, 240, 180));
    assert!(distance <= 20, "{distance} {area:?}");
    assert!((area.x - 130.0).abs() <= 3.0 && (area.y - 90.0).abs() <= 3.0, "{area:?}");
}

#[test]
fn a_crop_is_closer_when_it_is_continued() {
    let data = scene(400, 300);
    // A tenth of the width is missing at the left.
    let cropped: Vec<u8> =
        data.chunks_exact(400).flat_map(|row| row[40..].iter().copied()).collect();
    let hash = canonical(&data, 400, 300);
    let plain = canonical(&cropped, 360, 300).distance(hash).0;
    let guesses = guesses_in(&view(&cropped, 360, 300), Depth::All);
    let (distance, area) = nearest(&guesses, Family::Uncropped, hash);
    assert!(distance + 20 < plain, "{distance} {plain}");
    assert_eq!((area.x, area.width.round()), (0.0, 360.0));
}

#[test]
fn flat_corners_tell_the_angle() {
    let (w, h) = (300.0_f32, 200.0_f32);
    let data = scene(300, 200);
    for degrees in [-20.0_f32, -5.0, 5.0, 12.0, 40.0] {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        let width = (w * cosine + h * sine.abs()) as u32 + 1;
        let height = (w * sine.abs() + h * cosine) as u32 + 1;
        let mut turned = vec![0; (width * height) as usize];
        for (at, pixel) in turned.iter_mut().enumerate() {
            let dx = (at as u32 % width) as f32 + 0.5 - width as f32 / 2.0;
            let dy = (at as u32 / width) as f32 + 0.5 - height as f32 / 2.0;
            let (x, y) = (dx * cosine + dy * sine + w / 2.0, dy * cosine - dx * sine + h / 2.0);
            if x >= 0.0 && y >= 0.0 && x < w && y < h {
                *pixel = data[y as usize * 300 + x as usize].max(40);
            }
        }
        let guesses = guesses_in(&view(&turned, width, height), Depth::Suggested);
        let (distance, _) = nearest(&guesses, Family::Straightened, canonical(&data, 300, 200));
        assert!(distance <= 31, "{degrees}: {distance}");
    }
}

#[test]
fn odd_pictures_are_survived() {
    for (width, height) in [(32, 32), (1, 900), (33, 4000), (5000, 40), (513, 511)] {
        for value in [Some(0), Some(255), None] {
            let data = match value {
                Some(value) => vec![value; (width * height) as usize],
                None => (0..width * height).map(|i| (i * 7919 % 251) as u8).collect(),
            };
            for guess in guesses_in(&view(&data, width, height), Depth::All) {
                let a = guess.area;
                assert!(a.x >= 0.0 && a.y >= 0.0 && a.width > 0.0 && a.height > 0.0, "{a:?}");
                assert!(a.x + a.width <= width as f32 + 1.0, "{a:?}");
                assert!(a.y + a.height <= height as f32 + 1.0, "{a:?}");
            }
        }
    }
}
