//! The picture that an animation's frames are drawn on, as a viewer shows it.

use crate::plane::{Plane, Samples};

/// Where a frame lies. Frames of hostile files may reach beyond the canvas: only what is on it is
/// drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Rows of pixels of some bytes each, at first all 0: black, and transparent where there is alpha.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    /// Bytes of a pixel.
    step: usize,
    data: Vec<u8>,
}

impl Canvas {
    pub(super) fn new((width, height): (u32, u32), step: usize) -> Self {
        let (width, height) = (width as usize, height as usize);
        Self { width, height, step, data: vec![0; width * height * step] }
    }

    /// Bytes of a pixel.
    pub(super) fn step(&self) -> usize {
        self.step
    }

    /// The rows of an area from the top, as far as they lie on the canvas.
    pub(super) fn rows(&mut self, area: Area) -> impl Iterator<Item = &mut [u8]> {
        let left = (area.left as usize).min(self.width);
        let right = (left + area.width as usize).min(self.width);
        let top = (area.top as usize).min(self.height);
        let count = (area.height as usize).min(self.height - top);
        let step = self.step;
        let rows = self.data.chunks_exact_mut(self.width * step).skip(top).take(count);
        rows.map(move |row| &mut row[left * step..right * step])
    }

    /// A copy of what an area shows, for [`Canvas::restore`].
    pub(super) fn saved(&mut self, area: Area) -> Vec<u8> {
        self.rows(area).flat_map(|row| &*row).copied().collect()
    }

    /// Puts back what an area showed.
    pub(super) fn restore(&mut self, area: Area, saved: &[u8]) {
        let mut saved = saved;
        for row in self.rows(area) {
            let (now, rest) = saved.split_at(row.len());
            row.copy_from_slice(now);
            saved = rest;
        }
    }

    pub(super) fn clear(&mut self, area: Area) {
        self.rows(area).for_each(|row| row.fill(0));
    }

    /// Hands the canvas on as it is hashed, without alpha where it has that: of one or two bytes a
    /// pixel as grey, of three or four as colours. `spare` keeps the memory for the next frame.
    pub(super) fn show(&mut self, spare: &mut Vec<u8>, look: impl FnOnce(&Plane)) {
        let shown = match self.step {
            1 | 3 => std::mem::take(&mut self.data),
            _ => {
                let mut shown = std::mem::take(spare);
                shown.clear();
                let kept = self.data.chunks_exact(self.step).flat_map(|p| &p[..p.len() - 1]);
                shown.extend(kept);
                shown
            }
        };
        let (width, height) = (self.width as u32, self.height as u32);
        let plane = match self.step {
            1 | 2 => Plane::luma(width, height, shown),
            _ => Plane::rgb(width, height, shown),
        };
        look(&plane);
        let (Samples::Luma(shown) | Samples::Rgb(shown)) = plane.samples;
        *(if matches!(self.step, 1 | 3) { &mut self.data } else { spare }) = shown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_beyond_the_canvas_are_cut() {
        let mut canvas = Canvas::new((3, 2), 2);
        let area = |left, top, width, height| Area { left, top, width, height };
        assert_eq!(canvas.rows(area(2, 1, 9, 9)).map(|row| row.len()).collect::<Vec<_>>(), [2]);
        assert_eq!(canvas.rows(area(7, 0, 1, 9)).map(|row| row.len()).sum::<usize>(), 0);
        assert_eq!(canvas.rows(area(0, 5, 1, u32::MAX)).count(), 0);
        canvas.rows(area(1, 0, u32::MAX, u32::MAX)).for_each(|row| row.fill(9));
        let saved = canvas.saved(area(1, 1, 5, 5));
        canvas.clear(area(1, 1, 5, 5));
        let mut spare = Vec::new();
        let mut shown = Vec::new();
        canvas.show(&mut spare, |plane| shown.push(plane.clone()));
        canvas.restore(area(1, 1, 5, 5), &saved);
        canvas.show(&mut spare, |plane| shown.push(plane.clone()));
        let grey = |data: &[u8]| Plane::luma(3, 2, data.to_vec());
        assert_eq!(shown, [grey(&[0, 9, 9, 0, 0, 0]), grey(&[0, 9, 9, 0, 9, 9])]);
    }
}
