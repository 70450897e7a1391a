//! Prints the gradient hash of 16×16 bits of every picture named on standard input, in hexadecimal:
//! what czkawka computes with its default settings (it calls this crate).

use image_hasher::{FilterType, HashAlg, HasherConfig};
use std::io::{BufRead, Write};

fn main() {
    let config = HasherConfig::new().hash_size(16, 16).hash_alg(HashAlg::Gradient);
    let hasher = config.resize_filter(FilterType::Lanczos3).to_hasher();
    let mut out = std::io::stdout().lock();
    for path in std::io::stdin().lock().lines() {
        let path = path.expect("paths are text");
        let picture = image::open(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        for byte in hasher.hash_image(&picture).as_bytes() {
            write!(out, "{byte:02x}").expect("standard output is open");
        }
        writeln!(out).expect("standard output is open");
    }
}
