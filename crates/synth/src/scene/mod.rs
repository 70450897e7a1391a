//! Classes of pictures: what can be generated from a seed.

mod cgi;
mod dead_leaves;
mod document;
mod figure;
mod landscape;
mod line_drawing;
mod lowpoly;
mod near_flat;
mod portrait;
mod screenshot;
mod texture;

pub(crate) use screenshot::window_frame;

use crate::canvas::View;
use crate::picture::Picture;
use crate::rng::Rng;
use serde::{Deserialize, Serialize};

/// A class of generated pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Overlapping shapes of all sizes, the accepted model of natural pictures: a power spectrum
    /// that falls with the square of frequency, and occlusion edges.
    DeadLeaves,
    /// Skies, clouds, hills and water.
    Landscape,
    /// Surfaces: stone, wood, bricks, cloth, cells, ground.
    Texture,
    /// Clothed, mannequin-like people and portraits of simple shaded shapes.
    Figure,
    /// Pen drawings on paper.
    LineDrawing,
    /// Ray-traced spheres on a plane, and flat-shaded terrain.
    Cgi,
    /// Pages with headings, paragraphs, tables and charts.
    Document,
    /// Desktops with windows, menus and text.
    Screenshot,
    /// Almost one colour: blank pages, dark or overexposed shots, faint gradients.
    NearFlat,
}

impl Class {
    /// Every class, in a fixed order.
    pub const ALL: [Self; 9] = [
        Self::DeadLeaves,
        Self::Landscape,
        Self::Texture,
        Self::Figure,
        Self::LineDrawing,
        Self::Cgi,
        Self::Document,
        Self::Screenshot,
        Self::NearFlat,
    ];

    /// The classes that stand for photographs and artwork.
    pub const PHOTO_LIKE: [Self; 6] = [
        Self::DeadLeaves,
        Self::Landscape,
        Self::Texture,
        Self::Figure,
        Self::LineDrawing,
        Self::Cgi,
    ];

    /// The word used in files and options.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeadLeaves => "dead_leaves",
            Self::Landscape => "landscape",
            Self::Texture => "texture",
            Self::Figure => "figure",
            Self::LineDrawing => "line_drawing",
            Self::Cgi => "cgi",
            Self::Document => "document",
            Self::Screenshot => "screenshot",
            Self::NearFlat => "near_flat",
        }
    }

    /// The class with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// Makes the picture of a class and seed, at any size.
///
/// The same arguments give the same pixels on every platform and in every version. A seed is a
/// scene: at another size of the same shape it is the same scene in more or less detail. Where
/// the shape differs, more or less of the scene shows, or a page is laid out anew. Sides are
/// brought into `1..=`[`Picture::MAX_SIDE`].
///
/// ```
/// use hashward_synth::{Class, generate};
/// let picture = generate(Class::Landscape, 7, 320, 240);
/// assert_eq!((picture.width(), picture.height()), (320, 240));
/// assert_eq!(picture, generate(Class::Landscape, 7, 320, 240));
/// ```
#[must_use]
pub fn generate(class: Class, seed: u64, width: u32, height: u32) -> Picture {
    let view = View::new(width.clamp(1, Picture::MAX_SIDE), height.clamp(1, Picture::MAX_SIDE));
    let mut random = Rng::for_purpose(seed, class as u64 + 1);
    match class {
        Class::DeadLeaves => dead_leaves::draw(&view, &mut random),
        Class::Landscape => landscape::draw(&view, &mut random),
        Class::Texture => texture::draw(&view, &mut random),
        Class::Figure if random.chance(45) => portrait::draw(&view, &mut random),
        Class::Figure => figure::draw(&view, &mut random),
        Class::LineDrawing => line_drawing::draw(&view, &mut random),
        Class::Cgi if random.chance(30) => lowpoly::draw(&view, &mut random),
        Class::Cgi => cgi::draw(&view, &mut random),
        Class::Document => document::draw(&view, &mut random),
        Class::Screenshot => screenshot::draw(&view, &mut random),
        Class::NearFlat => near_flat::draw(&view, &mut random),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for class in Class::ALL {
            assert_eq!(Class::from_name(class.name()), Some(class));
        }
        assert_eq!(Class::from_name("photo"), None);
    }

    #[test]
    fn every_class_draws_at_any_size() {
        for class in Class::ALL {
            for (seed, (width, height)) in
                [(1, 1), (5, 3), (1, 400), (700, 2), (64, 64), (123, 77)].into_iter().enumerate()
            {
                for seed in [seed as u64, 1000 + seed as u64] {
                    let picture = generate(class, seed, width, height);
                    assert_eq!((picture.width(), picture.height()), (width, height), "{class:?}");
                }
            }
        }
    }

    /// Mean absolute difference of two pictures after averaging both into 16×16 cells.
    fn coarse_difference(a: &Picture, b: &Picture) -> f64 {
        let cells = |picture: &Picture| {
            let mut sums = vec![(0.0, 0.0); 256];
            for y in 0..picture.height() {
                for x in 0..picture.width() {
                    let cell = y * 16 / picture.height() * 16 + x * 16 / picture.width();
                    let [r, g, b] = picture.pixel(x, y).map(f64::from);
                    sums[cell as usize].0 += r + g + b;
                    sums[cell as usize].1 += 3.0;
                }
            }
            sums.into_iter().map(|(sum, count)| sum / count).collect::<Vec<f64>>()
        };
        let pairs = cells(a).into_iter().zip(cells(b));
        pairs.map(|(a, b)| (a - b).abs()).sum::<f64>() / 256.0
    }

    #[test]
    fn a_seed_is_the_same_scene_at_another_size() {
        for class in Class::ALL {
            for seed in 0..4 {
                let small = generate(class, seed, 192, 144);
                let large = generate(class, seed, 768, 576);
                let same = coarse_difference(&small, &large);
                assert!(same < 6.0, "{class:?} {seed}: {same}");
                if class != Class::NearFlat {
                    let other = generate(class, seed + 50, 192, 144);
                    let apart = coarse_difference(&other, &large);
                    assert!(apart > 2.0 * same, "{class:?} {seed}: {apart} {same}");
                }
            }
        }
    }
}
