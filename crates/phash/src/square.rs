//! The variant of Meta's C++ tool, which shrinks large pictures to 512×512 before it hashes them.

use crate::{Layout, PdqResult, Pixels, pdq};

/// Side of the square, in pixels.
pub const SQUARE: u32 = 512;

/// PDQ as Meta's C++ tool (`pdq-photo-hasher`) computes it from a picture with a side over 512
/// pixels: both sides are first brought to 512, whatever their ratio, by nearest neighbour. `None`
/// where both sides are at most 512, because the tool then agrees with [`pdq`].
///
/// Lists made with the tool hold these hashes; they differ from those of [`pdq`] by 6 bits on
/// average and 38 at worst, which is more than a radius of 31.
#[must_use]
pub fn pdq_square512(pixels: &Pixels<'_>) -> Option<PdqResult> {
    let square = shrink(pixels)?;
    let view = Pixels::new(
        pixels.layout(),
        &square,
        SQUARE,
        SQUARE,
        SQUARE as usize * pixels.layout().bytes(),
    );
    Some(pdq(&view.expect("512 full rows of 512 pixels")))
}

/// The 512×512 pixels that the tool keeps: pixel `x` of a side of `n` is the old pixel
/// `⌊x · n / 512⌋`. `None` where both sides are at most 512.
#[must_use]
pub(crate) fn shrink(pixels: &Pixels<'_>) -> Option<Vec<u8>> {
    if pixels.width().max(pixels.height()) <= SQUARE {
        return None;
    }
    Some(match pixels.layout() {
        Layout::Luma8 => keep::<1>(pixels),
        Layout::Rgb8 => keep::<3>(pixels),
    })
}

/// Which pixel of a side becomes pixel `new` of the square's.
pub(crate) fn old(new: u32, length: u32) -> u32 {
    (u64::from(new) * u64::from(length) / u64::from(SQUARE)) as u32
}

fn keep<const BYTES: usize>(pixels: &Pixels<'_>) -> Vec<u8> {
    let columns: Vec<usize> = (0..SQUARE).map(|x| old(x, pixels.width()) as usize).collect();
    let mut square = vec![[0; BYTES]; (SQUARE * SQUARE) as usize];
    for (y, kept) in (0..SQUARE).zip(square.chunks_exact_mut(SQUARE as usize)) {
        let (row, _) = pixels.row(old(y, pixels.height())).as_chunks::<BYTES>();
        for (pixel, x) in kept.iter_mut().zip(&columns) {
            *pixel = row[*x];
        }
    }
    square.into_flattened()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_over_512_are_shrunk() {
        let data = vec![9; 520 * 520];
        assert_eq!(pdq_square512(&Pixels::luma8(&data, 512, 512, 512).unwrap()), None);
        assert!(pdq_square512(&Pixels::luma8(&data, 513, 5, 513).unwrap()).is_some());
        assert!(pdq_square512(&Pixels::luma8(&data, 5, 513, 5).unwrap()).is_some());
    }

    #[test]
    fn the_kept_pixels_are_the_first_of_their_share() {
        let data: Vec<u8> = (0..1024u32).map(|x| (x / 4) as u8).collect();
        let square = shrink(&Pixels::luma8(&data, 1024, 1, 1024).unwrap()).unwrap();
        assert_eq!(square.len(), 512 * 512);
        assert!((0..512).all(|x| square[x] == data[2 * x] && square[511 * 512 + x] == data[2 * x]));
    }
}
