//! Hashing one picture, stage by stage, beside what limits it.

use hashward_jpeg::{Fallback, Limits, Rows, Scale, decode_luma};
use hashward_media::{Effort, PictureFormat, Plan, Unguarded, Variant, examine_picture};
use hashward_phash::{Pixels, PixelsError, pdq};
use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// A picture as pixels and as a JPEG file.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Red, green and blue of each pixel.
    pub rgb: &'a [u8],
    /// The same picture as a JPEG file.
    pub jpeg: &'a [u8],
}

/// One stage and its median time.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    /// What was done.
    pub name: &'static str,
    /// The median.
    pub median: Duration,
    /// Bytes that went in.
    pub bytes: u64,
}

/// Why nothing was timed.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The pixels are not those of such a picture.
    #[error("the pixels are no picture of this size")]
    Pixels(#[from] PixelsError),
    /// The file is not read.
    #[error("the JPEG file is not one that is decoded here")]
    Jpeg(#[from] Fallback),
    /// The whole way gives another hash than its parts.
    #[error("the canonical hash is not that of the decoded rows")]
    Hash,
}

/// Times every stage `rounds` times, in turns.
///
/// # Errors
/// [`PictureError`]; the canonical hash is compared with that of the decoded plane beforehand.
pub fn hash_stages(picture: &Picture<'_>, rounds: usize) -> Result<Vec<Stage>, PictureError> {
    let (width, height) = (picture.width, picture.height);
    let mut plane = hashward_jpeg::Plane::default();
    decode_luma(picture.jpeg, Scale::Full, &Limits::default(), &mut plane)?;
    let luma = Pixels::luma8(&plane.data, width, height, width as usize)?;
    let rgb = Pixels::rgb8(picture.rgb, width, height, 3 * width as usize)?;
    let examined = |effort| {
        let limits = hashward_media::Limits::default();
        let plan = Plan { effort, ..Plan::default() };
        examine_picture(picture.jpeg, PictureFormat::Jpeg, &limits, &plan, &mut Unguarded)
    };
    let canonical = examined(Effort::Full);
    let first = canonical.hashes.first().filter(|hash| hash.variant == Variant::Full);
    if first.map(|hash| hash.hash) != Some(pdq(&luma).hashes[0]) {
        return Err(PictureError::Hash);
    }
    let decode = |scale| {
        let mut sink = |rows: Rows<'_>| {
            black_box(rows.row(0));
            ControlFlow::Continue(())
        };
        let _ = black_box(decode_luma(picture.jpeg, scale, &Limits::default(), &mut sink));
    };
    let read = |bytes: &[u8]| {
        black_box(hashward_kernels::bandwidth::read(black_box(bytes)));
    };
    let (pixels, file) = (plane.data.len(), picture.jpeg.len());
    type Work<'a> = (&'static str, usize, Box<dyn Fn() + 'a>);
    let works: Vec<Work<'_>> = vec![
        ("memory: luma read once", pixels, Box::new(|| read(&plane.data))),
        ("pixels to PDQ, luma", pixels, Box::new(|| _ = black_box(pdq(&luma)))),
        ("memory: RGB read once", 3 * pixels, Box::new(|| read(picture.rgb))),
        ("pixels to PDQ, RGB", 3 * pixels, Box::new(|| _ = black_box(pdq(&rgb)))),
        ("JPEG: entropy decoding", file, Box::new(|| decode(Scale::Eighth))),
        ("JPEG: luma at a quarter", file, Box::new(|| decode(Scale::Quarter))),
        ("JPEG: luma at full scale", file, Box::new(|| decode(Scale::Full))),
        ("file to fast hashes", file, Box::new(|| _ = black_box(examined(Effort::FAST)))),
        ("file to canonical hashes", file, Box::new(|| _ = black_box(examined(Effort::Full)))),
    ];
    let mut times = vec![Vec::new(); works.len()];
    for _ in 0..rounds.max(1) {
        for ((_, _, work), times) in works.iter().zip(&mut times) {
            let begin = Instant::now();
            work();
            times.push(begin.elapsed());
        }
    }
    let stages = works.iter().zip(&mut times).map(|(&(name, bytes, _), times)| {
        times.sort_unstable();
        Stage { name, median: times[times.len() / 2], bytes: bytes as u64 }
    });
    Ok(stages.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_jpeg_is_not_timed() {
        let picture = Picture { width: 8, height: 8, rgb: &[0; 192], jpeg: b"text" };
        assert!(matches!(hash_stages(&picture, 1), Err(PictureError::Jpeg(_))));
    }
}
