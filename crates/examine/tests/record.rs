//! The record's encoding: a round trip, and any other bytes refused without a panic.

use hashward_examine::{EXAMINATION_VERSION, Examination, Pictures, RecordError};
use hashward_features::{Feature, Features};
use hashward_hash::{Digests, HashValue, Orientation, Pdq, Quality};
use hashward_media::{FrameFeatures, LabelledHash, Reason, Rectangle, Variant};
use proptest::prelude::*;

fn features(frame: u32) -> FrameFeatures {
    let feature = Feature { x: 9, y: 7, angle: 200, level: 3, descriptor: [frame as u8; 32] };
    let features = vec![feature; frame as usize];
    FrameFeatures { frame, features: Features { width: 40, height: 30, side: 40, features } }
}

fn record(words: [u64; 4], frames: u32, detail: String) -> Examination {
    let hash = |frame: u32, orientation| LabelledHash {
        frame,
        variant: Variant::Full,
        rectangle: Rectangle { x: 0, y: 0, width: 640, height: 480 },
        orientation,
        hash: Pdq(words),
        quality: Quality(77),
    };
    Examination {
        version: EXAMINATION_VERSION,
        size: words[0],
        media_type: "image/gif".to_owned(),
        digests: Digests { md5: Some([7; 16]), sha256: Some([9; 32]), ..Digests::default() },
        pictures: Pictures::NotExamined { reason: Reason::Limit, detail },
        width: Some(640),
        height: None,
        frames_examined: frames,
        frames_total: Some(frames + 3),
        hashes: (0..frames).flat_map(|f| Orientation::ALL.map(|o| hash(f, o))).collect(),
        features: (0..frames).map(features).collect(),
        opaque: (0..frames).map(|f| HashValue::PhotoDna([f as u8; 144])).collect(),
    }
}

#[test]
fn other_versions_are_named() {
    let mut other = record([1; 4], 1, String::new());
    other.version = 99;
    assert_eq!(Examination::from_bytes(&other.to_bytes()), Err(RecordError::Version { found: 99 }));
}

proptest! {
    #[test]
    fn records_round_trip(words: [u64; 4], frames in 0_u32..9, detail in ".{0,40}") {
        let record = record(words, frames, detail);
        let bytes = record.to_bytes();
        prop_assert_eq!(Examination::from_bytes(&bytes), Ok(record.clone()));
        prop_assert!(Examination::from_bytes(&bytes[..bytes.len() - 1]).is_err());
        prop_assert!(Examination::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
        let not_examined = record.not_examined().map(|(reason, _)| reason);
        prop_assert_eq!(not_examined, Some(Reason::Limit));
    }

    #[test]
    fn any_bytes_are_read_or_refused(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
        let noise = [&[EXAMINATION_VERSION as u8][..], &noise].concat();
        if let Ok(record) = Examination::from_bytes(&noise) {
            prop_assert_eq!(Examination::from_bytes(&record.to_bytes()), Ok(record));
        }
    }
}
