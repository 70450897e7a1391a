//! The published list of transforms with their strengths, on which recall is measured.

use super::{Corners, Edge, Transform, Turn};
use crate::encode::Encoding;

const WHITE: [u8; 3] = [255; 3];
const BLACK: [u8; 3] = [0; 3];

impl Transform {
    /// Every transform on which recall is reported, with its strengths, easy ones first.
    #[must_use]
    pub fn catalogue() -> Vec<Self> {
        let mut list = vec![];
        list.extend([90, 60, 30, 10].map(|q| Self::Reencode(Encoding::Jpeg(q))));
        let lossless =
            [Encoding::Png, Encoding::Webp, Encoding::Bmp, Encoding::Tiff, Encoding::Gif];
        list.extend(lossless.map(Self::Reencode));
        list.extend([25, 50, 75, 150, 200].map(|percent| Self::Resize { percent }));
        list.push(Self::Thumbnail { side: 128 });
        list.extend([70, 140].map(|percent| Self::Stretch { percent }));
        list.push(Self::Grey);
        list.extend([20, 40].map(|percent| Self::Brighter { percent }));
        list.extend([20, 40].map(|percent| Self::Darker { percent }));
        list.extend([70, 140].map(|percent| Self::Contrast { percent }));
        list.extend([60, 160].map(|hundredths| Self::Gamma { hundredths }));
        list.extend([30, 90, 180].map(|degrees| Self::Hue { degrees }));
        list.extend([50, 150].map(|percent| Self::Saturate { percent }));
        list.push(Self::Sepia);
        list.extend([16, 6].map(|levels| Self::Posterise { levels }));
        list.extend([2, 5, 10].map(|per_mille| Self::Blur { per_mille }));
        list.extend([8, 20].map(|deviation| Self::Noise { deviation }));
        list.push(Self::Sharpen { percent: 150 });
        list.extend(Turn::ALL.map(Self::Turn));
        list.push(Self::Invert);
        list.extend([5, 10, 20, 50].map(|percent| Self::CropCentre { percent }));
        for edge in [Edge::Left, Edge::Right, Edge::Top, Edge::Bottom] {
            list.push(Self::CropSide { edge, percent: 10 });
        }
        list.extend([10, 20].map(|percent| Self::CropRandom { percent }));
        for colour in [BLACK, WHITE, [70, 110, 160]] {
            list.extend([5, 15].map(|percent| Self::Border { percent, colour }));
        }
        list.push(Self::Letterbox { percent: 12 });
        list.push(Self::Caption { percent: 15 });
        list.push(Self::Screenshot);
        list.push(Self::Collage { across: 2 });
        list.push(Self::TwoPart { percent: 60 });
        list.push(Self::Embed { percent: 50 });
        for tenths in [10, 20] {
            list.push(Self::Rotate { tenths, corners: Corners::Cut });
        }
        for tenths in [50, 100, 200, 450] {
            list.push(Self::Rotate { tenths, corners: Corners::Black });
        }
        list.extend([10, 25].map(|percent| Self::Perspective { percent }));
        list.push(Self::Watermark { percent: 40 });
        list.push(Self::Logo { percent: 15 });
        list.push(Self::Meme { percent: 9 });
        list.push(Self::TextPattern { percent: 40 });
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Class, generate};
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_everything_changes_something() {
        let picture = generate(Class::DeadLeaves, 11, 96, 64);
        let mut names = HashSet::new();
        for transform in Transform::catalogue() {
            assert!(names.insert(transform.name()), "{} twice", transform.name());
            let changed = transform.apply(&picture, 5);
            let lossless = matches!(
                transform,
                Transform::Reencode(
                    Encoding::Png | Encoding::Webp | Encoding::Bmp | Encoding::Tiff
                )
            );
            let small = matches!(transform, Transform::Thumbnail { .. });
            assert_eq!(changed == picture, lossless || small, "{}", transform.name());
            assert_eq!(changed, transform.apply(&picture, 5), "{}", transform.name());
        }
    }

    #[test]
    fn the_smallest_pictures_survive_everything() {
        for (width, height) in [(1, 1), (2, 5), (9, 1)] {
            let picture = generate(Class::Texture, 1, width, height);
            for transform in Transform::catalogue() {
                let changed = transform.apply(&picture, 1);
                assert!(changed.width() > 0 && changed.height() > 0);
            }
        }
    }
}
