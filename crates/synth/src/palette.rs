//! Reducing a picture to few colours by median cut, in integers only.

use crate::picture::{Picture, Rgb};

/// Pixels of one cell of colour space: how many, and their sums per channel.
#[derive(Clone, Copy, Default)]
struct Cell {
    colour: [u8; 3],
    count: u64,
    sums: [u64; 3],
}

/// The picture in at most `colours` colours (1 to 256), without dithering.
pub(crate) fn reduce(picture: &Picture, colours: usize) -> Picture {
    let mut histogram = vec![Cell::default(); 1 << 15];
    for pixel in picture.rgb().chunks_exact(3) {
        let cell = &mut histogram[index(pixel)];
        cell.count += 1;
        for (sum, value) in cell.sums.iter_mut().zip(pixel) {
            *sum += u64::from(*value);
        }
    }
    let mut used: Vec<Cell> = Vec::new();
    for (at, cell) in histogram.iter().enumerate() {
        if cell.count > 0 {
            let colour = [(at >> 10) as u8, (at >> 5 & 31) as u8, (at & 31) as u8];
            used.push(Cell { colour, ..*cell });
        }
    }
    let mut map = vec![[0; 3]; 1 << 15];
    for group in cut(used, colours.clamp(1, 256)) {
        let mean = mean(&group);
        for cell in group {
            let [r, g, b] = cell.colour.map(usize::from);
            map[r << 10 | g << 5 | b] = mean;
        }
    }
    let mut reduced = picture.clone();
    for pixel in reduced.rgb_mut().chunks_exact_mut(3) {
        let colour = map[index(pixel)];
        pixel.copy_from_slice(&colour);
    }
    reduced
}

fn index(pixel: &[u8]) -> usize {
    usize::from(pixel[0] >> 3) << 10 | usize::from(pixel[1] >> 3) << 5 | usize::from(pixel[2] >> 3)
}

/// Splits the group with the widest and fullest range until there are enough groups.
fn cut(used: Vec<Cell>, colours: usize) -> Vec<Vec<Cell>> {
    let mut groups = vec![used];
    while groups.len() < colours {
        let weights = groups.iter().map(|group| {
            let (_, width) = widest(group);
            width * group.iter().map(|cell| cell.count).sum::<u64>()
        });
        let Some((at, weight)) = weights.enumerate().max_by_key(|&(at, weight)| (weight, at))
        else {
            break;
        };
        if weight == 0 {
            break;
        }
        let mut group = groups.swap_remove(at);
        let (channel, _) = widest(&group);
        group.sort_by_key(|cell| (cell.colour[channel], cell.colour));
        let half = group.iter().map(|cell| cell.count).sum::<u64>() / 2;
        let mut seen = 0;
        let middle = group.iter().position(|cell| {
            seen += cell.count;
            seen > half
        });
        let upper = group.split_off(middle.unwrap_or(0).clamp(1, group.len() - 1));
        groups.push(group);
        groups.push(upper);
    }
    groups
}

fn widest(group: &[Cell]) -> (usize, u64) {
    let width = |channel: usize| {
        let values = group.iter().map(|cell| cell.colour[channel]);
        let (low, high) = (values.clone().min().unwrap_or(0), values.max().unwrap_or(0));
        u64::from(high - low)
    };
    (0..3).map(|channel| (channel, width(channel))).max_by_key(|pair| pair.1).unwrap_or((0, 0))
}

fn mean(group: &[Cell]) -> Rgb {
    let count = group.iter().map(|cell| cell.count).sum::<u64>().max(1);
    [0, 1, 2].map(|channel| {
        let sum: u64 = group.iter().map(|cell| cell.sums[channel]).sum();
        ((sum + count / 2) / count) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Class, generate};

    #[test]
    fn keeps_within_the_number_of_colours_and_near_the_picture() {
        let picture = generate(Class::DeadLeaves, 1, 160, 120);
        let count = |picture: &Picture| {
            let mut colours: Vec<_> = picture.rgb().chunks_exact(3).collect();
            colours.sort_unstable();
            colours.dedup();
            colours.len()
        };
        assert!(count(&picture) > 256);
        for limit in [1, 2, 16, 256] {
            assert!(count(&reduce(&picture, limit)) <= limit);
        }
        let reduced = reduce(&picture, 256);
        let pairs = reduced.rgb().iter().zip(picture.rgb());
        let error: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(error / (picture.rgb().len() as u64) < 8);
    }
}
