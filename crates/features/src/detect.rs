//! Corners: where a picture changes in both directions (Harris and Stephens, 1988).

use crate::level::Level;

/// Pixels from the edge within which no corner is looked for: the patch must lie inside.
pub(crate) const MARGIN: usize = 17;

/// Least response: a faint corner of about six grey levels.
const LEAST: f32 = 2.0e7;

/// Half the side of the window over which changes are summed.
const WINDOW: usize = 3;

/// A corner of a level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Corner {
    pub(crate) x: u16,
    pub(crate) y: u16,
    pub(crate) response: f32,
}

/// The `most` strongest corners, spread over the picture: a corner that has a stronger one close
/// by is taken only when there are too few others. Strongest first among each of both.
pub(crate) fn corners(level: &Level, most: usize) -> Vec<Corner> {
    let (width, height) = (level.width, level.height);
    if width <= 2 * MARGIN || height <= 2 * MARGIN || most == 0 {
        return Vec::new();
    }
    let mut found = peaks(&responses(level), width, height);
    let order = |corner: &Corner| (corner.y, corner.x);
    found.sort_unstable_by(|a, b| b.response.total_cmp(&a.response).then(order(a).cmp(&order(b))));
    found.truncate(12 * most);
    spread(found, most, (width - 2 * MARGIN) * (height - 2 * MARGIN))
}

fn spread(found: Vec<Corner>, most: usize, area: usize) -> Vec<Corner> {
    // So far apart, that twice as many would fit.
    let apart = (area / (4 * most)) as i64;
    let mut taken: Vec<Corner> = Vec::with_capacity(most);
    let mut crowded = Vec::new();
    for corner in found {
        if taken.len() == most {
            break;
        }
        let near = |other: &Corner| {
            let (dx, dy) = (
                i64::from(corner.x) - i64::from(other.x),
                i64::from(corner.y) - i64::from(other.y),
            );
            dx * dx + dy * dy < apart
        };
        if taken.iter().any(near) { crowded.push(corner) } else { taken.push(corner) }
    }
    let missing = most - taken.len();
    taken.extend(crowded.into_iter().take(missing));
    taken
}

/// The response of every pixel.
///
/// With the changes `dx` and `dy` at each pixel (Sobel), A, B and C are the sums of `dx²`, `dx·dy`
/// and `dy²` over a window of 7×7 pixels, and the response is `A·C − B² − 0.04·(A + C)²`. The sums
/// are exact integers below 2²⁶; the rest is done in `f32`, one operation at a time.
#[expect(clippy::needless_range_loop, reason = "three rows are written at the same place")]
fn responses(level: &Level) -> Vec<f32> {
    let (width, height) = (level.width, level.height);
    let mut products = [(); 3].map(|()| vec![0_i32; width * height]);
    let mut across = [(); 3].map(|()| vec![0_i32; width]);
    for y in 1..height - 1 {
        let [above, here, below] = [y - 1, y, y + 1].map(|y| level.row(y));
        for x in 1..width - 1 {
            let at = |row: &[u8], x: usize| i32::from(row[x]);
            let dx = at(above, x + 1) - at(above, x - 1)
                + 2 * (at(here, x + 1) - at(here, x - 1))
                + at(below, x + 1)
                - at(below, x - 1);
            let dy = at(below, x - 1) - at(above, x - 1)
                + 2 * (at(below, x) - at(above, x))
                + at(below, x + 1)
                - at(above, x + 1);
            across[0][x] = dx * dx;
            across[1][x] = dx * dy;
            across[2][x] = dy * dy;
        }
        for (row, out) in across.iter().zip(&mut products) {
            let out = &mut out[y * width..][..width];
            let inside = width - 2 * WINDOW;
            for tap in 0..=2 * WINDOW {
                for (sum, value) in out[WINDOW..][..inside].iter_mut().zip(&row[tap..]) {
                    *sum += value;
                }
            }
        }
    }
    let mut responses = vec![0.0; width * height];
    let mut sums = [(); 3].map(|()| vec![0_i32; width]);
    for y in WINDOW + 1..height - WINDOW - 1 {
        for (sum, rows) in sums.iter_mut().zip(&products) {
            sum.fill(0);
            for row in rows[(y - WINDOW) * width..].chunks(width).take(2 * WINDOW + 1) {
                for (sum, value) in sum.iter_mut().zip(row) {
                    *sum += value;
                }
            }
        }
        let [a, b, c] = &sums;
        let out = &mut responses[y * width..][..width];
        for (((out, a), b), c) in out.iter_mut().zip(a).zip(b).zip(c) {
            let (a, b, c) = (*a as f32, *b as f32, *c as f32);
            let trace = a + c;
            *out = a * c - b * b - 0.04 * (trace * trace);
        }
    }
    responses
}

/// Pixels whose response is the greatest of the nine around; of equal ones the first counts.
fn peaks(responses: &[f32], width: usize, height: usize) -> Vec<Corner> {
    let mut found = Vec::new();
    for y in MARGIN..height - MARGIN {
        let [above, here, below] = [y - 1, y, y + 1].map(|y| &responses[y * width..][..width]);
        for x in MARGIN..width - MARGIN {
            let response = here[x];
            if response < LEAST {
                continue;
            }
            let before = [above[x - 1], above[x], above[x + 1], here[x - 1]];
            let behind = [here[x + 1], below[x - 1], below[x], below[x + 1]];
            if before.iter().all(|other| *other < response)
                && behind.iter().all(|other| *other <= response)
            {
                found.push(Corner { x: x as u16, y: y as u16, response });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_has_four_corners_and_edges_have_none() {
        let mut pixels = vec![30_u8; 100 * 90];
        for y in 30..60 {
            pixels[y * 100 + 35..y * 100 + 70].fill(200);
        }
        let found = corners(&Level { width: 100, height: 90, pixels }, 50);
        let mut at: Vec<_> = found.iter().map(|corner| (corner.x, corner.y)).collect();
        at.sort_unstable();
        assert_eq!(at.len(), 4, "{at:?}");
        for ((x, y), (wanted_x, wanted_y)) in
            at.into_iter().zip([(35, 30), (35, 60), (70, 30), (70, 60)])
        {
            assert!(x.abs_diff(wanted_x) <= 3 && y.abs_diff(wanted_y) <= 3, "{x},{y}");
        }
    }

    #[test]
    fn small_and_flat_pictures_have_none() {
        for (width, height) in [(1, 1), (34, 200), (200, 34), (60, 60)] {
            let level = Level { width, height, pixels: vec![9; width * height] };
            assert_eq!(corners(&level, 10), []);
        }
    }
}
