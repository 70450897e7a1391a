use super::*;
use proptest::prelude::*;

fn scan(
    backend: Backend,
    table: &[Vector],
    query: &Vector,
    sum: Sum,
    limit: u32,
) -> Vec<NearVector> {
    let mut out = Vec::new();
    scan_vectors_with(backend, table, query, sum, limit, &mut out);
    out
}

#[test]
fn sums_by_hand() {
    let (a, mut b) = ([7; 144], [7; 144]);
    (b[0], b[143]) = (10, 3);
    assert_eq!((differences(&a, &b), squares(&a, &b)), (7, 25));
    assert_eq!(
        (differences(&[0; 144], &[255; 144]), squares(&[0; 144], &[255; 144])),
        (36_720, 9_363_600)
    );
    for backend in Backend::available() {
        let found = |sum, limit| scan(backend, &[a, b, [255; 144]], &a, sum, limit);
        assert_eq!(found(Sum::Differences, 6), [NearVector { index: 0, sum: 0 }]);
        assert_eq!(found(Sum::Differences, 7)[1..], [NearVector { index: 1, sum: 7 }]);
        assert_eq!(found(Sum::Squares, 25)[1..], [NearVector { index: 1, sum: 25 }]);
        assert_eq!(found(Sum::Squares, u32::MAX)[2].sum, 144 * 248 * 248);
        assert_eq!(scan(backend, &[], &a, Sum::Squares, u32::MAX), []);
    }
}

proptest! {
    #[test]
    fn every_backend_reports_what_the_sums_say(
        bytes in prop::collection::vec(any::<u8>(), 144..144 * 9),
        offset in 0usize..9,
        near in prop::collection::vec(-3i16..=3, 144),
        limit in prop_oneof![0u32..600, 0u32..36_720, 0u32..9_363_600],
    ) {
        // Unaligned tables: a map puts them anywhere.
        let table = bytes.get(offset..).unwrap_or_default().as_chunks::<144>().0;
        let mut query = table.first().copied().unwrap_or([9; 144]);
        for (value, step) in query.iter_mut().zip(&near) {
            *value = (i16::from(*value) + step).clamp(0, 255) as u8;
        }
        for backend in Backend::available() {
            for (kind, sum) in [(Sum::Differences, differences as fn(&Vector, &Vector) -> u32), (Sum::Squares, squares)] {
                let expected: Vec<NearVector> = (0u32..)
                    .zip(table)
                    .map(|(index, vector)| NearVector { index, sum: sum(vector, &query) })
                    .filter(|near| near.sum <= limit)
                    .collect();
                prop_assert_eq!(scan(backend, table, &query, kind, limit), expected);
            }
        }
    }
}
