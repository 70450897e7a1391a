//! Writes the first pictures of a class as PNG files, to look at: `contact_sheet FOLDER CLASS COUNT [WIDTH HEIGHT]`.
#![allow(clippy::print_stdout, reason = "an example for people")]

use hashward_synth::{Class, generate};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, class, count, size @ ..] = arguments.as_slice() else {
        return Err("usage: contact_sheet FOLDER CLASS COUNT [WIDTH HEIGHT]".into());
    };
    let class = Class::from_name(class).ok_or("no such class")?;
    let (width, height) = match size {
        [width, height] => (width.parse()?, height.parse()?),
        _ => (1024, 768),
    };
    std::fs::create_dir_all(folder)?;
    let (mut total, mut made) = (0.0, 0);
    for seed in 0..count.parse()? {
        let mut fastest = f64::MAX;
        for _ in 0..5 {
            let start = Instant::now();
            std::hint::black_box(generate(class, seed, width, height));
            fastest = fastest.min(start.elapsed().as_secs_f64());
        }
        total += fastest;
        let picture = generate(class, seed, width, height);
        made += 1;
        let path = Path::new(folder).join(format!("{}-{seed:04}.png", class.name()));
        let kind = image::ExtendedColorType::Rgb8;
        image::save_buffer(path, picture.rgb(), width, height, kind)?;
    }
    println!(
        "{}: {:.1} ms each (fastest of five)",
        class.name(),
        total * 1000.0 / f64::from(made.max(1))
    );
    Ok(())
}
