//! Synthetic pictures registered and looked for: what is found, and what must not be.
#![allow(clippy::unwrap_used)]

use hashward_features::{
    Budget, Damaged, Features, Finding, Luma, Signature, TableBuilder, Tables, View, extract,
    search, search_all,
};
use hashward_synth::{Class, Corners, Encoding, Picture, Transform, Turn, generate};

/// Pictures that have corners, at the size to which they would be reduced.
const CLASSES: [Class; 4] = [Class::Landscape, Class::Texture, Class::Figure, Class::Cgi];

fn picture(number: usize) -> Picture {
    generate(CLASSES[number % CLASSES.len()], 500 + number as u64, 480, 360)
}

fn features(picture: &Picture, budget: Budget) -> Features {
    let luma: Vec<u8> = picture
        .rgb()
        .chunks(3)
        .map(|p| {
            ((u32::from(p[0]) * 299 + u32::from(p[1]) * 587 + u32::from(p[2]) * 114) / 1000) as u8
        })
        .collect();
    let sides = (picture.width(), picture.height());
    extract(Luma::new(&luma, sides.0, sides.1).unwrap(), sides, budget)
}

fn signature(picture: &Picture) -> Signature {
    Signature::new(&features(picture, Budget::REGISTERED))
}

fn tables(known: &[Signature]) -> Vec<u8> {
    TableBuilder::whole(known).unwrap()
}

fn found(known: &[Signature], bytes: &[u8], query: &Picture) -> Vec<Finding> {
    let query = features(query, Budget::QUERY);
    let read = |n: u32| -> Result<Signature, Damaged> { Ok(known[n as usize].clone()) };
    let found = search(&Tables::new(bytes).unwrap(), &query, &View::ALL, read).unwrap();
    // What the index finds the exact search finds, too.
    let exact = search_all(known, &query, &View::ALL);
    for finding in &found {
        assert!(exact.iter().any(|other| other.signature == finding.signature));
    }
    found
}

#[test]
fn what_perceptual_hashes_lose_is_found_and_nothing_else() {
    let pictures: Vec<Picture> = (0..8).map(picture).collect();
    let known: Vec<Signature> = pictures.iter().map(signature).collect();
    let bytes = tables(&known);
    let transforms = [
        Transform::CropCentre { percent: 30 },
        Transform::Rotate { tenths: 370, corners: Corners::Black },
        Transform::Perspective { percent: 15 },
        Transform::Caption { percent: 15 },
        Transform::Logo { percent: 15 },
        Transform::Turn(Turn::FlipX),
        Transform::Invert,
    ];
    for transform in transforms {
        let mut hits = 0;
        for (number, picture) in pictures.iter().enumerate() {
            let changed = transform.apply(picture, 7);
            let found = found(&known, &bytes, &changed);
            hits += found.iter().filter(|it| it.signature == number as u32).count();
            assert!(found.len() <= 1, "{} of {number}: {found:?}", transform.name());
            for finding in &found {
                let (x, y, width, height) = finding.area;
                assert!(x + width <= changed.width() && y + height <= changed.height());
                assert_eq!(finding.view.is_inverted(), transform == Transform::Invert);
            }
        }
        assert!(hits >= 7, "{}: {hits} of 8", transform.name());
    }
    for number in 100..116 {
        assert_eq!(found(&known, &bytes, &picture(number)), []);
    }
}

#[test]
fn a_logo_a_watermark_or_a_frame_that_many_share_is_no_match() {
    let shared = [
        Transform::Logo { percent: 25 },
        Transform::Screenshot,
        Transform::TextPattern { percent: 40 },
        Transform::Meme { percent: 9 },
    ];
    for transform in shared {
        // The same seed puts the same logo, text and frame on all.
        let dressed = |number: usize| transform.apply(&picture(number), 3);
        let known: Vec<Signature> = (0..12).map(|number| signature(&dressed(number))).collect();
        let bytes = tables(&known);
        for number in 50..54 {
            let found = found(&known, &bytes, &dressed(number));
            assert_eq!(found, [], "{} of {number}", transform.name());
        }
        // What they frame is still found.
        let own = (0..4).filter(|number| {
            let found = found(&known, &bytes, &dressed(*number));
            found.iter().any(|it| it.signature == *number as u32)
        });
        assert_eq!(own.count(), 4, "{}", transform.name());
    }
}

#[test]
fn a_series_of_the_same_scene_is_found_whole() {
    let original = picture(3);
    let shots: Vec<Signature> = (0..9_u8)
        .map(|shot| {
            signature(&Transform::Brighter { percent: 3 * u16::from(shot) }.apply(&original, 1))
        })
        .collect();
    let query = Transform::CropCentre { percent: 20 }.apply(&original, 1);
    assert_eq!(found(&shots, &tables(&shots), &query).len(), 9);
}

#[test]
fn a_picture_registered_in_several_encodings_does_not_hide_its_parts() {
    let original = picture(1);
    let saved = [90, 70, 50, 35].map(|quality| Transform::Reencode(Encoding::Jpeg(quality)));
    let mut known: Vec<Signature> =
        saved.iter().map(|saved| signature(&saved.apply(&original, 1))).collect();
    known.extend((10..16).map(|number| signature(&picture(number))));
    // Too small a part to be taken for one of a series.
    let query = Transform::CropCentre { percent: 60 }.apply(&original, 1);
    let found = found(&known, &tables(&known), &query);
    let of: Vec<u32> = found.iter().map(|found| found.signature).collect();
    assert!(of.len() >= 3 && of.iter().all(|number| *number < 4), "{of:?}");
}

#[test]
fn tables_are_checked_and_damage_is_an_error() {
    let known: Vec<Signature> = (0..3).map(|number| signature(&picture(number))).collect();
    let bytes = tables(&known);
    let descriptor = |number: u32, feature: u8| -> Result<[u8; 32], Damaged> {
        let known = known.get(number as usize).ok_or(Damaged("no such signature"))?;
        known.descriptors().get(usize::from(feature)).copied().ok_or(Damaged("no such feature"))
    };
    Tables::new(&bytes).unwrap().check(descriptor).unwrap();
    let query = features(&picture(1), Budget::QUERY);
    let read = |n: u32| known.get(n as usize).cloned().ok_or(Damaged("no such signature"));
    let mut refused = 0;
    for at in (0..bytes.len()).step_by(61) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0xa5;
        let Ok(tables) = Tables::new(&bytes) else {
            refused += 1;
            continue;
        };
        // Whatever comes, no panic.
        let _ = search(&tables, &query, &View::ALL, read);
        refused += usize::from(tables.check(descriptor).is_err());
    }
    assert!(refused > bytes.len() / 61 / 2, "{refused}");
    assert!(Tables::new(&bytes[..bytes.len() - 1]).is_err() && Tables::new(&[]).is_err());
}
