//! Whether two signatures are of one picture, saved twice: then it must not count as two.

use crate::signature::Signature;
use crate::verify::{ALIKE, in_inner_cells};
use hashward_kernels::hamming::{Near, scan256};

/// How far a corner may have moved, in 65,535ths of the longer side.
const MOVED: u16 = 1_000;
/// Steps of direction (of 256) by which it may have turned.
const TURNED: u8 = 12;
/// Scales by which it may have been found finer or coarser.
const SCALES: u8 = 1;
/// Most that the ratio of the sides may differ, in 256ths: they are rounded when a picture is scaled.
const STRETCHED: u128 = 6;
/// Least per cent of the corners of the signature with fewer that the other has, too.
const KEPT: usize = 45;
/// Inner cells, of 16, over which these lie.
const COVERED: u32 = 5;

/// True where the two are of one picture at most recoded, scaled or toned: as a whole they have the
/// same corners at the same places. A frame, logo or watermark that pictures share is not enough:
/// it leaves inner cells to what they do not share, or has few of their corners.
pub(crate) fn same_picture(one: &Signature, other: &Signature) -> bool {
    let (few, many) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if !same_shape(few, many) {
        return false;
    }
    let (mut kept, mut places) = (0, Vec::new());
    let mut near: Vec<Near> = Vec::new();
    for own in few.features() {
        near.clear();
        scan256(many.descriptors(), &own.descriptor, ALIKE, &mut near);
        let stayed = |near: &Near| {
            let other = many.feature(near.index as usize);
            let turned = own.angle.wrapping_sub(other.angle);
            own.x.abs_diff(other.x).max(own.y.abs_diff(other.y)) <= MOVED
                && turned.min(turned.wrapping_neg()) <= TURNED
                && own.level.abs_diff(other.level) <= SCALES
        };
        if near.iter().any(stayed) {
            kept += 1;
            places.push((own.x, own.y));
        }
    }
    kept * 100 >= few.len() * KEPT && in_inner_cells(few.frame(), &places).count_ones() >= COVERED
}

/// True where both frames have the same ratio of their sides, as far as rounding lets them.
fn same_shape(one: &Signature, other: &Signature) -> bool {
    let ((w, h), (v, i)) = (one.frame(), other.frame());
    let (a, b) = (u128::from(w) * u128::from(i), u128::from(h) * u128::from(v));
    a.abs_diff(b) * 256 <= a.max(b) * STRETCHED
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Budget, Luma, extract};
    use hashward_synth::{Class, Encoding, Picture, Transform, generate};

    fn signature(picture: &Picture) -> Signature {
        let luma: Vec<u8> = picture
            .rgb()
            .chunks(3)
            .map(|p| ((u32::from(p[0]) * 3 + u32::from(p[1]) * 6 + u32::from(p[2])) / 10) as u8)
            .collect();
        let sides = (picture.width(), picture.height());
        let luma = Luma::new(&luma, sides.0, sides.1).unwrap();
        Signature::new(&extract(luma, sides, Budget::REGISTERED))
    }

    #[test]
    fn a_picture_saved_again_is_the_same_and_one_in_the_same_frame_is_not() {
        let classes = [Class::Landscape, Class::Texture, Class::Figure, Class::Cgi];
        let picture = |n: usize| generate(classes[n % 4], 700 + n as u64, 480, 360);
        let pictures: Vec<Picture> = (0..8).map(picture).collect();
        let own: Vec<Signature> = pictures.iter().map(signature).collect();
        let again = [
            Transform::Reencode(Encoding::Jpeg(30)),
            Transform::Resize { percent: 150 },
            Transform::Grey,
            Transform::Gamma { hundredths: 160 },
        ];
        for transform in again {
            for (own, picture) in own.iter().zip(&pictures) {
                let again = signature(&transform.apply(picture, 1));
                assert!(same_picture(own, &again), "{}", transform.name());
            }
        }
        let shared = [
            Transform::Screenshot,
            Transform::Logo { percent: 25 },
            Transform::TextPattern { percent: 40 },
            Transform::Meme { percent: 9 },
        ];
        for transform in shared {
            let dressed: Vec<Signature> =
                pictures.iter().map(|picture| signature(&transform.apply(picture, 3))).collect();
            for (at, one) in dressed.iter().enumerate() {
                assert!(dressed[..at].iter().all(|other| !same_picture(one, other)));
            }
        }
        let empty = Signature::new(&crate::Features::default());
        assert!(!same_picture(&own[0], &empty) && !same_picture(&empty, &empty));
    }
}
