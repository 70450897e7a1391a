//! Opaque hashes within a radius of one: the whole table is read, which is exact for any metric.
//!
//! No index pays here: vectors of 144 coordinates defeat those for metrics, and 64-bit codes are
//! read faster than memory can be jumped through until lists have tens of millions of them.

use hashward_hash::{Distance, HashKind, HashValue, VectorMetric};
use hashward_kernels::hamming::{Near, scan};
use hashward_kernels::vector::{Sum, scan_vectors};

/// Appends position and distance of each value of `table` within `radius` of `query`, in ascending
/// order of position. The table holds values of the query's kind, end to end; PhotoDNA is compared
/// by `metric`. A query of a kind that is not opaque finds nothing.
///
/// # Panics
/// When the table has more than `u32::MAX` values.
pub fn scan_opaque(
    table: &[u8],
    query: &HashValue,
    metric: VectorMetric,
    radius: Distance,
    out: &mut Vec<(u32, Distance)>,
) {
    match query {
        HashValue::PhotoDna(vector) => {
            let limit = u32::from(radius.0);
            let (sum, limit) = match metric {
                VectorMetric::L1 => (Sum::Differences, limit),
                VectorMetric::L2 => (Sum::Squares, limit * limit),
            };
            let mut near = Vec::new();
            scan_vectors(table.as_chunks().0, vector, sum, limit, &mut near);
            out.extend(near.into_iter().map(|near| {
                let distance = match metric {
                    VectorMetric::L1 => Distance(near.sum as u16),
                    VectorMetric::L2 => VectorMetric::l2_of_squared(near.sum),
                };
                (near.index, distance)
            }));
        }
        _ if query.kind().is_opaque() => {
            let mut near: Vec<Near> = Vec::new();
            query.with_bytes(|code| {
                scan(table, HashKind::bytes(query.kind()), code, radius.0, &mut near);
            });
            out.extend(near.into_iter().map(|near| (near.index, Distance(near.distance))));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_scan_finds_what_the_distances_say(
            bytes in prop::collection::vec(any::<u8>(), 144 * 2..144 * 9),
            near in prop::collection::vec(-4i16..=4, 144),
            l1: bool,
            radius in prop_oneof![0u16..64, 0u16..4000],
        ) {
            let metric = if l1 { VectorMetric::L1 } else { VectorMetric::L2 };
            for kind in HashKind::ALL {
                let width = kind.bytes();
                let mut query = bytes[..width].to_vec();
                for (value, step) in query.iter_mut().zip(&near) {
                    *value = (i16::from(*value) + step).clamp(0, 255) as u8;
                }
                let query = HashValue::from_bytes(kind, &query).expect("the kind's width");
                let (mut found, mut expected) = (Vec::new(), Vec::new());
                scan_opaque(&bytes, &query, metric, Distance(radius), &mut found);
                for (index, code) in bytes.chunks_exact(width).enumerate() {
                    let value = HashValue::from_bytes(kind, code).expect("the kind's width");
                    let distance = query.opaque_distance(&value, metric);
                    let within = distance.filter(|distance| distance.0 <= radius);
                    expected.extend(within.map(|distance| (index as u32, distance)));
                }
                prop_assert_eq!(found, expected);
            }
        }
    }
}
