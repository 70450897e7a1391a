//! PDQ from pixels and from JPEG files, stage by stage.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hashward_jpeg::{Limits, Rows, Scale, decode_luma};
use hashward_media::{Effort, PictureFormat, Plan, Unguarded, examine_picture};
use hashward_phash::{Pixels, pdq};
use hashward_synth::{Class, Encoding, generate};
use std::hint::black_box;
use std::ops::ControlFlow;

fn pixels(c: &mut Criterion) {
    let mut group = c.benchmark_group("pdq from pixels");
    for (width, height) in [(512u32, 512u32), (1024, 768), (4000, 3000)] {
        let rgb: Vec<u8> =
            (0..3 * width * height).map(|i| (i.wrapping_mul(0x9E37_79B1) >> 24) as u8).collect();
        let luma = &rgb[..(width * height) as usize];
        let name = |layout| format!("{layout} {width}x{height}");
        group.throughput(Throughput::Elements(u64::from(width) * u64::from(height)));
        group.bench_function(name("luma"), |b| {
            let pixels = Pixels::luma8(luma, width, height, width as usize).expect("a plane");
            b.iter(|| pdq(black_box(&pixels)));
        });
        group.bench_function(name("rgb"), |b| {
            let pixels = Pixels::rgb8(&rgb, width, height, 3 * width as usize).expect("RGB");
            b.iter(|| pdq(black_box(&pixels)));
        });
    }
}

fn files(c: &mut Criterion) {
    let picture = generate(Class::DeadLeaves, 1, 2048, 1536);
    let file = Encoding::Jpeg(85).encode(&picture).expect("a JPEG file");
    let mut group = c.benchmark_group("JPEG of 3 MP");
    group.throughput(Throughput::Bytes(file.len() as u64));
    for scale in [Scale::Full, Scale::Half, Scale::Quarter, Scale::Eighth] {
        group.bench_function(format!("luma at {scale:?}"), |b| {
            b.iter(|| {
                let mut sink = |rows: Rows<'_>| {
                    black_box(rows.row(0));
                    ControlFlow::Continue(())
                };
                decode_luma(&file, scale, &Limits::default(), &mut sink).expect("readable")
            });
        });
    }
    for effort in [Effort::Full, Effort::FAST] {
        let plan = Plan { effort, ..Plan::default() };
        let limits = hashward_media::Limits::default();
        group.bench_function(format!("all hashes, {effort:?}"), |b| {
            b.iter(|| examine_picture(&file, PictureFormat::Jpeg, &limits, &plan, &mut Unguarded));
        });
    }
}

criterion_group!(benches, pixels, files);
criterion_main!(benches);
