//! The hashes against the reference's own answers, `fixtures/vectors/pdq.jsonl`.

mod generator;

use generator::{Mode, Picture, Scene};
use hashward_hash::{Orientation, Pdq, Quality};
use hashward_phash::{
    Coefficients, EPSILON, Layout, PdqResult, Pixels, pdq, pdq_square512, reference,
};
use proptest::prelude::*;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::sync::{LazyLock, Mutex};

#[derive(Deserialize)]
struct Vector {
    #[serde(flatten)]
    picture: Picture,
    pixels_sha256: String,
    hash: String,
    quality: u8,
    dihedral: [String; 8],
    coefficients_sha256: Option<String>,
    square512: Option<Square>,
}

#[derive(Deserialize)]
struct Square {
    hash: String,
    quality: u8,
}

#[expect(clippy::unwrap_used, reason = "a test")]
static VECTORS: LazyLock<Vec<Vector>> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/vectors/pdq.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
});

/// Calls a function with the pixels that a picture gives to the reference.
fn with_pixels<T>(picture: &Picture, check: impl FnOnce(&Pixels<'_>) -> T) -> T {
    let data = picture.given_pixels();
    let channels = picture.channels();
    let layout = if channels == 1 { Layout::Luma8 } else { Layout::Rgb8 };
    let stride = picture.width as usize * channels;
    let pixels = Pixels::new(layout, &data, picture.width, picture.height, stride);
    check(&pixels.expect("the generator makes every pixel"))
}

/// True when the machine is emulated (`tools/aarch64.sh`): the tests then leave out the large
/// pictures and most of the random ones.
fn is_emulated() -> bool {
    std::env::var_os("HASHWARD_EMULATED").is_some()
}

/// The configuration of a property test with some cases, fewer on an emulated machine.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig::with_cases(if is_emulated() { cases / 10 } else { cases })
}

/// Calls a function with every vector and its pixels, on two threads.
fn for_each(check: impl Fn(&Vector, &Pixels<'_>) + Sync) {
    std::thread::scope(|scope| {
        for part in 0..2 {
            let check = &check;
            scope.spawn(move || {
                for vector in VECTORS.iter().skip(part).step_by(2) {
                    let picture = &vector.picture;
                    if is_emulated() && picture.width * picture.height > 70_000 {
                        continue;
                    }
                    with_pixels(picture, |pixels| check(vector, pixels));
                }
            });
        }
    });
}

fn hex_digest(bytes: &[u8]) -> String {
    hashward_hash::encode_hex(&Sha256::digest(bytes))
}

fn parse(hash: &str) -> Pdq {
    Pdq::from_hex(hash).expect("64 digits")
}

/// How the production path compares with the reference port, summed over pictures.
#[derive(Debug, Default)]
struct Comparison {
    pictures: u64,
    /// Bits, uncertain ones, different ones.
    all: [u64; 3],
    /// The same counts for pictures of quality 50 and above without exact symmetries. (A picture
    /// that is the same in all its rows has 240 coefficients of which only rounding is left.)
    good: [u64; 3],
    other_quality: u64,
    largest_error: f32,
}

impl Comparison {
    /// Asserts the rule of [`EPSILON`] for each orientation and adds a picture to the counts.
    fn add(&mut self, picture: &Picture, expected: &Coefficients, pixels: &Pixels<'_>) {
        let irregular = !matches!(picture.scene, Scene::Gradient | Scene::Stripes | Scene::Flat)
            && picture.width.min(picture.height) >= 64;
        let good = irregular && expected.quality >= Quality(50);
        let found = Coefficients::of(pixels).expect("sides are long enough");
        let result = pdq(pixels);
        for (a, b) in expected.values.as_flattened().iter().zip(found.values.as_flattened()) {
            self.largest_error = self.largest_error.max((a - b).abs());
        }
        for orientation in Orientation::ALL {
            let expected = expected.turned(orientation);
            let (median, hash) = (expected.median(), result.hashes[orientation as usize]);
            let mut counts = [0; 3];
            for (bit, value) in expected.values.as_flattened().iter().enumerate() {
                let set = hash.0[bit / 64] >> (bit % 64) & 1 == 1;
                let certain = (value - median).abs() > EPSILON;
                let same = set == (*value > median);
                assert!(same || !certain, "{pixels:?} {orientation:?}: bit {bit} differs");
                let these = [1, u64::from(!certain), u64::from(!same)];
                counts.iter_mut().zip(these).for_each(|(sum, count)| *sum += count);
            }
            // One coefficient is the median itself, and always near it.
            counts[1] -= 1;
            self.all.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            if good {
                self.good.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            }
        }
        self.pictures += 1;
        assert!(result.quality.0.abs_diff(expected.quality.0) <= 1, "{pixels:?}: quality");
        self.other_quality += u64::from(result.quality != expected.quality);
    }

    #[expect(clippy::print_stdout, reason = "the share of uncertain bits is to be seen")]
    fn print(&self, what: &str) {
        let share = |part: u64, of: u64| 100.0 * part as f64 / of.max(1) as f64;
        println!(
            "{what}: {} pictures, all orientations: {:.4} % of bits within {EPSILON} of the median, \
             {:.5} % differ; irregular pictures of quality 50 and above: {:.4} % and {:.5} %; \
             largest error of a coefficient {:.5}; other quality: {}",
            self.pictures,
            share(self.all[1], self.all[0]),
            share(self.all[2], self.all[0]),
            share(self.good[1], self.good[0]),
            share(self.good[2], self.good[0]),
            self.largest_error,
            self.other_quality,
        );
    }
}

#[test]
fn there_are_at_least_200_vectors_of_every_sort() {
    assert!(VECTORS.len() >= 200);
    let sides = || VECTORS.iter().flat_map(|v| [v.picture.width, v.picture.height]);
    assert!(sides().any(|side| side == 5) && sides().any(|side| side == 4000));
    let qualities = |range: std::ops::RangeInclusive<u8>| {
        VECTORS.iter().filter(|vector| range.contains(&vector.quality)).count()
    };
    assert!(qualities(1..=49) >= 30 && qualities(50..=99) >= 30 && qualities(100..=100) >= 30);
}

#[test]
fn both_paths_give_the_answers_of_the_reference() {
    let comparison = Mutex::new(Comparison::default());
    for_each(|vector, pixels| {
        let picture = &vector.picture;
        assert_eq!(hex_digest(pixels.from_row(0)), vector.pixels_sha256, "{picture:?}");

        let expected = reference::DIHEDRAL_ORDER.map(|place| parse(&vector.dihedral[place]));
        let quality = Quality(vector.quality);
        assert_eq!(reference::pdq(pixels), PdqResult { quality, hashes: expected }, "{picture:?}");

        let Some(coefficients) = reference::compute(pixels) else {
            assert_eq!(reference::pdq_original(pixels), (Pdq::default(), Quality(0)));
            assert_eq!(vector.coefficients_sha256, None, "{picture:?}");
            assert_eq!(pdq(pixels), PdqResult::NONE, "{picture:?}");
            return;
        };
        // Computed once: filtering a large picture as the reference does takes a while.
        let found = coefficients.result();
        assert_eq!((found.hashes[0], found.quality), (parse(&vector.hash), quality), "{picture:?}");
        if picture.width * picture.height < 100_000 {
            assert_eq!(reference::pdq_original(pixels), (found.hashes[0], quality), "{picture:?}");
        }
        let values = coefficients.values.as_flattened();
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(Some(hex_digest(&bytes)), vector.coefficients_sha256, "{picture:?}");
        comparison.lock().expect("no thread has panicked").add(picture, &coefficients, pixels);
    });
    comparison.into_inner().expect("no thread has panicked").print("vectors");
}

#[test]
fn the_square_variant_gives_the_answers_of_the_reference() {
    let comparison = Mutex::new(Comparison::default());
    for_each(|vector, pixels| {
        let Some(expected) = &vector.square512 else {
            assert_eq!(reference::pdq_square512(pixels), None);
            assert_eq!(pdq_square512(pixels), None);
            return;
        };
        let bytes = pixels.layout().bytes();
        let place = |new: usize, length: u32| new * length as usize / 512;
        let square: Vec<u8> = (0..512 * 512)
            .map(|k| (place(k / 512, pixels.height()), place(k % 512, pixels.width()) * bytes))
            .flat_map(|(y, x)| pixels.row(y as u32)[x..x + bytes].to_vec())
            .collect();
        let square = Pixels::new(pixels.layout(), &square, 512, 512, 512 * bytes)
            .expect("every pixel was kept");
        let found = reference::pdq(&square);
        assert_eq!(found.quality, Quality(expected.quality), "{:?}", vector.picture);
        assert_eq!(found.hashes[0], parse(&expected.hash), "{:?}", vector.picture);
        assert_eq!(reference::pdq_square512(pixels), Some(found));
        assert_eq!(pdq_square512(pixels), Some(pdq(&square)));
        let coefficients = reference::compute(&square).expect("sides are long enough");
        comparison.lock().expect("no thread has panicked").add(
            &vector.picture,
            &coefficients,
            &square,
        );
    });
    comparison.into_inner().expect("no thread has panicked").print("squares");
}

fn any_picture() -> impl Strategy<Value = Picture> {
    let scene = prop_oneof![
        Just((Scene::Octaves, 60)),
        Just((Scene::Leaves, 30)),
        Just((Scene::Text, 6)),
        Just((Scene::Blocks, 40)),
        Just((Scene::Gradient, 5)),
        Just((Scene::Noise, 1)),
        Just((Scene::Stripes, 30)),
        Just((Scene::Faint, 250)),
        Just((Scene::Flat, 255)),
    ];
    let mode = prop_oneof![Just(Mode::Rgb), Just(Mode::Grey), Just(Mode::Palette)];
    (scene, mode, any::<u32>(), any::<u32>(), 5u32..=420, 5u32..=420).prop_map(
        |((scene, most), mode, parameter, seed, width, height)| {
            let parameter = parameter % most + 1;
            Picture { scene, parameter, seed, mode, width, height }
        },
    )
}

#[test]
fn random_pictures_obey_the_rule_of_epsilon() {
    let comparison = Mutex::new(Comparison::default());
    proptest!(cases(200), |(picture in any_picture())| {
        with_pixels(&picture, |pixels| {
            let expected = reference::compute(pixels).expect("sides are long enough");
            comparison.lock().expect("no case has panicked").add(&picture, &expected, pixels);
        });
    });
    comparison.into_inner().expect("no case has panicked").print("random pictures");
}

proptest! {
    #![proptest_config(cases(40))]

    /// What surrounds the rows of a larger picture does not matter, nor where they lie.
    #[test]
    fn strides_do_not_matter(picture in any_picture(), gap in 0usize..70, offset in 0usize..70) {
        with_pixels(&picture, |pixels| {
            let row_bytes = picture.width as usize * pixels.layout().bytes();
            let mut wide = vec![0xa5; offset];
            for row in 0..picture.height {
                wide.extend_from_slice(pixels.row(row));
                wide.resize(wide.len() + gap, row as u8);
            }
            let (width, height, stride) = (picture.width, picture.height, row_bytes + gap);
            let moved = Pixels::new(pixels.layout(), &wide[offset..], width, height, stride)
                .expect("every row is there");
            assert_eq!(pdq(&moved), pdq(pixels));
            assert_eq!(reference::pdq(&moved), reference::pdq(pixels));
        });
    }
}

/// The eight labels mean what they say: the hash of a picture that is really turned or mirrored is
/// near the hash that its label promises, and far from the others.
#[test]
fn labels_mean_what_they_say() {
    let (width, height) = (384, 256);
    let picture =
        Picture { scene: Scene::Octaves, parameter: 40, seed: 77, mode: Mode::Grey, width, height };
    with_pixels(&picture, |pixels| {
        let hashes = pdq(pixels).hashes;
        for orientation in Orientation::ALL {
            // Pixel (x, y) of the turned picture is this one of the stored one.
            let (w, h) = (width - 1, height - 1);
            let source = |x: u32, y: u32| match orientation {
                Orientation::Original => (x, y),
                Orientation::Rot90 => (y, h - x),
                Orientation::Rot180 => (w - x, h - y),
                Orientation::Rot270 => (w - y, x),
                Orientation::FlipX => (w - x, y),
                Orientation::FlipY => (x, h - y),
                Orientation::Transpose => (y, x),
                Orientation::Transverse => (w - y, h - x),
            };
            let lying = matches!(orientation as u8, 0 | 2 | 4 | 5);
            let (new_width, new_height) = if lying { (width, height) } else { (height, width) };
            let turned: Vec<u8> = (0..new_height)
                .flat_map(|y| (0..new_width).map(move |x| (x, y)))
                .map(|(x, y)| source(x, y))
                .map(|(x, y)| pixels.row(y)[x as usize])
                .collect();
            let turned = Pixels::luma8(&turned, new_width, new_height, new_width as usize)
                .expect("every pixel was turned");
            for found in [pdq(&turned).hashes[0], reference::pdq(&turned).hashes[0]] {
                for label in Orientation::ALL {
                    let distance = found.distance(hashes[label as usize]).0;
                    let near = label == orientation;
                    assert!(near == (distance < 40), "{orientation:?} {label:?}: {distance}");
                }
            }
        }
    });
}
