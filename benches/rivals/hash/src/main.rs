//! Times hashing of pictures here and in other crates, on the order of compare.py.
//!
//! Reads a line `WORK ROUNDS PATH` from standard input and answers with the seconds of the fastest
//! round and what came out, so that a driver can alternate between rivals within one run.

use anyhow::{Context, Result, bail};
use hashward_hash::Orientation;
use hashward_jpeg::{Limits, RowSink, Rows, Scale, decode_luma};
use hashward_media::{Effort, PictureFormat, Plan, Unguarded, Variant, examine_picture};
use hashward_phash::{Layout, Pixels, RowHasher, Streamed, pdq};
use hashward_synth::{Class, generate};
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::ops::ControlFlow;
use std::time::Instant;

fn main() -> Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (work, rest) = line.split_once(' ').context("WORK ROUNDS PATH")?;
        let (rounds, path) = rest.split_once(' ').context("WORK ROUNDS PATH")?;
        let (seconds, result) = run(work, rounds.parse()?, path)?;
        writeln!(out, "{seconds} {result}")?;
        out.flush()?;
    }
    Ok(())
}

fn run(work: &str, rounds: u32, path: &str) -> Result<(f64, String)> {
    if work == "make" {
        return make(path, rounds);
    }
    let bytes = std::fs::read(path)?;
    if work == "encode" {
        return encode(&bytes, path, rounds);
    }
    match work {
        "errors" => Ok((0.0, errors(&bytes)?)),
        "canonical" => fastest(rounds, || examined(&bytes, Effort::Full)),
        "fast" => fastest(rounds, || examined(&bytes, Effort::FAST)),
        "pdq-luma" | "pdq-rgb" => {
            let image = image::load_from_memory(&bytes)?;
            let (width, height) = (image.width(), image.height());
            if work == "pdq-luma" {
                let grey = image.into_luma8();
                let pixels = Pixels::luma8(&grey, width, height, width as usize)?;
                fastest(rounds, || Ok(hex(&pdq(&pixels))))
            } else {
                let rgb = image.into_rgb8();
                let pixels = Pixels::rgb8(&rgb, width, height, 3 * width as usize)?;
                fastest(rounds, || Ok(hex(&pdq(&pixels))))
            }
        }
        "stream-full" => fastest(rounds, || Ok(hex(&streamed(&bytes, Scale::Full)?.full))),
        "stream-quarter" => fastest(rounds, || Ok(hex(&streamed(&bytes, Scale::Quarter)?.full))),
        "stream-eighth" => fastest(rounds, || Ok(hex(&streamed(&bytes, Scale::Eighth)?.full))),
        "jpeg-full" => fastest(rounds, || decoded(&bytes, Scale::Full)),
        "jpeg-half" => fastest(rounds, || decoded(&bytes, Scale::Half)),
        "jpeg-quarter" => fastest(rounds, || decoded(&bytes, Scale::Quarter)),
        "jpeg-eighth" => fastest(rounds, || decoded(&bytes, Scale::Eighth)),
        "crate-pdqhash" => {
            let image = image::load_from_memory(&bytes)?.into_rgb8();
            let (width, height) = image.dimensions();
            let image = image_for_pdqhash::RgbImage::from_raw(width, height, image.into_raw());
            let image = image_for_pdqhash::DynamicImage::ImageRgb8(image.context("RGB")?);
            fastest(rounds, || {
                let (hash, _) = pdqhash::generate_pdq_full_size(&image);
                Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
            })
        }
        "crate-image_hasher" => {
            let image = image::load_from_memory(&bytes)?;
            let hasher = image_hasher::HasherConfig::new().preproc_dct().to_hasher();
            fastest(rounds, || Ok(hasher.hash_image(&image).to_base64()))
        }
        _ => bail!("unknown work {work}"),
    }
}

fn fastest(rounds: u32, mut work: impl FnMut() -> Result<String>) -> Result<(f64, String)> {
    let mut best = f64::INFINITY;
    let mut result = String::new();
    for _ in 0..rounds.max(1) {
        let begin = Instant::now();
        result = black_box(work()?);
        best = best.min(begin.elapsed().as_secs_f64());
    }
    Ok((best, result))
}

fn hex(result: &hashward_phash::PdqResult) -> String {
    result.hashes[0].to_hex()
}

/// The way a picture takes in a worker process: decoding and all its hashes.
fn examined(bytes: &[u8], effort: Effort) -> Result<String> {
    let plan = Plan { effort, ..Plan::default() };
    let limits = hashward_media::Limits::default();
    let report = examine_picture(bytes, PictureFormat::Jpeg, &limits, &plan, &mut Unguarded);
    let first = report.hashes.first().context("no hash")?;
    anyhow::ensure!(first.orientation == Orientation::Original);
    anyhow::ensure!(effort != Effort::Full || first.variant == Variant::Full);
    Ok(first.hash.to_hex())
}

/// How far the hashes of reduced decodings are from the canonical ones: a line of JSON.
fn errors(bytes: &[u8]) -> Result<String> {
    let canonical = streamed(bytes, Scale::Full)?;
    let header = hashward_jpeg::Header::parse(bytes)?;
    let full = canonical.full.hashes[0];
    let square = canonical.square512.as_ref().map(|square| square.hashes[0]);
    let mut scales = Vec::new();
    for (name, scale) in
        [("half", Scale::Half), ("quarter", Scale::Quarter), ("eighth", Scale::Eighth)]
    {
        let fast = streamed(bytes, scale)?;
        let own = fast.square512.as_ref().map(|square| square.hashes[0]);
        let distance = |a: Option<hashward_hash::Pdq>, b: Option<hashward_hash::Pdq>| {
            a.zip(b).map_or(-1, |(a, b)| i32::from(a.distance(b).0))
        };
        let fast_hash = fast.full.hashes[0];
        scales.push(format!(
            "\"{name}\":[{},{},{},{}]",
            full.distance(fast_hash).0,
            distance(square, own),
            distance(square, Some(fast_hash)),
            i32::from(fast.full.quality.0) - i32::from(canonical.full.quality.0),
        ));
        let quality = |result: &Option<hashward_phash::PdqResult>| {
            result.as_ref().map_or(0, |square| i32::from(square.quality.0))
        };
        scales.push(format!(
            "\"{name}-square-quality\":{}",
            quality(&fast.square512) - quality(&canonical.square512)
        ));
    }
    Ok(format!(
        "{{\"width\":{},\"height\":{},\"progressive\":{},\"quality\":{},{}}}",
        header.width,
        header.height,
        header.progressive,
        canonical.full.quality.0,
        scales.join(",")
    ))
}

struct Sink(RowHasher);

impl RowSink for Sink {
    fn rows(&mut self, rows: Rows<'_>) -> ControlFlow<()> {
        let (band, stride) = rows.band();
        self.0.push(band, stride, rows.count());
        ControlFlow::Continue(())
    }
}

fn streamed(bytes: &[u8], scale: Scale) -> Result<Streamed> {
    let header = hashward_jpeg::Header::parse(bytes)?;
    let hasher = RowHasher::new(Layout::Luma8, header.width, header.height, scale.divisor());
    let mut sink = Sink(hasher.context("too small")?);
    decode_luma(bytes, scale, &Limits::default(), &mut sink)?;
    sink.0.finish().context("rows are missing")
}

/// `encode QUALITY FILE.ppm`: the JPEG of the `image` crate beside it, as FILE.ppm.jpg.
fn encode(bytes: &[u8], path: &str, quality: u32) -> Result<(f64, String)> {
    let image = image::load_from_memory(bytes)?;
    let file = format!("{path}.jpg");
    let out = std::io::BufWriter::new(std::fs::File::create(&file)?);
    let begin = Instant::now();
    image::codecs::jpeg::JpegEncoder::new_with_quality(out, quality as u8).encode_image(&image)?;
    Ok((begin.elapsed().as_secs_f64(), file))
}

/// Rows that are only looked at.
struct Count(u64);

impl RowSink for Count {
    fn rows(&mut self, rows: Rows<'_>) -> ControlFlow<()> {
        self.0 += u64::from(black_box(rows.row(0))[0]);
        ControlFlow::Continue(())
    }
}

fn decoded(bytes: &[u8], scale: Scale) -> Result<String> {
    let mut sink = Count(0);
    let outcome = decode_luma(bytes, scale, &Limits::default(), &mut sink)?;
    Ok(format!("{}x{}", outcome.width, outcome.height))
}

/// `make SEED CLASS:WIDTHxHEIGHT:FILE`: a synthetic picture as PPM.
fn make(what: &str, seed: u32) -> Result<(f64, String)> {
    let mut parts = what.splitn(3, ':');
    let class = parts.next().and_then(Class::from_name).context("CLASS")?;
    let (width, height) = parts.next().and_then(|size| size.split_once('x')).context("SIZE")?;
    let file = parts.next().context("FILE")?;
    let (width, height) = (width.parse()?, height.parse()?);
    let begin = Instant::now();
    let picture = generate(class, seed.into(), width, height);
    let head = format!("P6\n{width} {height}\n255\n").into_bytes();
    std::fs::write(file, [&head, picture.rgb()].concat())?;
    Ok((begin.elapsed().as_secs_f64(), file.to_owned()))
}
