//! Times PNG decoders on the files that are named: `hashward-rivals-png FILE…`.
//!
//! Decoders take turns on each file, and the fastest of nine rounds counts. All have to give the
//! same pixels. The output is a line of JSON for each file and decoder.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::Cursor;
use std::time::Instant;

const ROUNDS: usize = 9;

type Decoder = fn(&[u8]) -> Result<Vec<u8>>;
const DECODERS: [(&str, Decoder); 3] =
    [("png", with_png), ("zune-png", with_zune), ("lodepng", with_lodepng)];

fn main() -> Result<()> {
    for path in std::env::args().skip(1) {
        let file = std::fs::read(&path)?;
        let expected = with_png(&file)?;
        let mut best = BTreeMap::new();
        for _ in 0..ROUNDS {
            for (name, decode) in DECODERS {
                let begin = Instant::now();
                let pixels = black_box(decode(&file)?);
                let seconds = begin.elapsed().as_secs_f64();
                ensure!(pixels == expected, "{name} gives other pixels of {path}");
                let entry = best.entry(name).or_insert(f64::INFINITY);
                *entry = seconds.min(*entry);
            }
        }
        for (name, seconds) in best {
            let (file, pixels) = (file.len(), expected.len());
            println!(
                "{{\"path\":\"{path}\",\"decoder\":\"{name}\",\"file_bytes\":{file},\"pixel_bytes\":{pixels},\"ms\":{:.3}}}",
                seconds * 1e3
            );
        }
    }
    Ok(())
}

fn with_png(file: &[u8]) -> Result<Vec<u8>> {
    let mut reader = png::Decoder::new(Cursor::new(file)).read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size().context("size")?];
    reader.next_frame(&mut pixels)?;
    Ok(pixels)
}

fn with_zune(file: &[u8]) -> Result<Vec<u8>> {
    let cursor = zune_core::bytestream::ZCursor::new(file);
    let mut decoder = zune_png::PngDecoder::new(cursor);
    let pixels = decoder.decode().map_err(|error| anyhow::anyhow!("{error:?}"))?;
    pixels.u8().context("8 bits a sample")
}

fn with_lodepng(file: &[u8]) -> Result<Vec<u8>> {
    let mut decoder = lodepng::Decoder::new();
    decoder.color_convert(false);
    Ok(match decoder.decode(file)? {
        lodepng::Image::Grey(image) => image.buffer.iter().map(|p| p.value()).collect(),
        lodepng::Image::RGB(image) => image.buffer.iter().flat_map(|p| [p.r, p.g, p.b]).collect(),
        _ => anyhow::bail!("neither grey nor RGB"),
    })
}
