//! Canonical hashes of JPEG files against the reference on the same files: it decodes them to RGB and
//! makes luma of that, we take the luma plane as it is stored.

use hashward_hash::{Orientation, Pdq};
use hashward_media::{Limits, PictureFormat, Plan, Unguarded, Variant, examine_picture};

#[test]
fn canonical_hashes_of_jpeg_files_are_within_eight_bits_of_the_reference() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/reference/");
    let expected = std::fs::read_to_string(format!("{folder}expected.txt")).unwrap();
    let mut apart = Vec::new();
    for line in expected.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split(' ').collect();
        let [name, hash, quality] = fields[..] else { panic!("{line}") };
        let file = std::fs::read(format!("{folder}{name}")).unwrap();
        let (limits, plan) = (Limits::default(), Plan::default());
        let report = examine_picture(&file, PictureFormat::Jpeg, &limits, &plan, &mut Unguarded);
        assert_eq!(report.status, Ok(()), "{name}");
        let whole = report.hashes.iter().find(|hash| {
            hash.variant == Variant::Full && hash.orientation == Orientation::Original
        });
        let whole = whole.unwrap();
        let quality: i32 = quality.parse().unwrap();
        assert!((i32::from(whole.quality.0) - quality).abs() <= 1, "{name}");
        if quality >= 50 {
            apart.push((whole.hash.distance(Pdq::from_hex(hash).unwrap()).0, name));
        }
    }
    apart.sort_unstable();
    let sum: u32 = apart.iter().map(|(bits, _)| u32::from(*bits)).sum();
    let mean = f64::from(sum) / apart.len() as f64;
    println!("{} files, mean {mean:.2}, worst {:?}", apart.len(), apart.last());
    assert!(apart.len() >= 60, "only {} files of quality 50 or more", apart.len());
    // All three encoders are among them.
    for encoder in ["libjpeg-turbo", "mozjpeg", "image"] {
        assert!(apart.iter().filter(|(_, name)| name.contains(encoder)).count() >= 8);
    }
    assert!(mean <= 1.0, "mean {mean}");
    assert!(apart.last().is_some_and(|(bits, _)| *bits <= 8), "{:?}", apart.last());
}
