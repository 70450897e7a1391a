//! `FORMAT.md` says what the code does: constants, offsets and tables are read out of it.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use hashward_hash::{HashKind, Metric};
use hashward_index::bktree;
use hashward_store::format::{
    ALIGNMENT, BLOCK_BYTES, HEADER_BYTES, MAX_SECTIONS, SECTION_BYTES, SEGMENT_MAGIC, Table,
};
use hashward_store::{FORMAT_VERSION, Segment, Store, TOMBSTONE_HEADER_BYTES, TOMBSTONE_MAGIC};
use hashward_testkit::Codes;
use std::collections::BTreeMap;

const DOCUMENT: &str = include_str!("../FORMAT.md");

/// The rows of all tables of the document whose head begins with `head`, in order, by table.
fn tables(head: &str) -> Vec<Vec<Vec<String>>> {
    let mut tables = Vec::new();
    let mut lines = DOCUMENT.lines();
    while let Some(line) = lines.next() {
        if !line.starts_with(head) {
            continue;
        }
        let rows = lines.by_ref().skip(1).take_while(|line| line.starts_with('|'));
        let cells =
            |row: &str| row.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect();
        tables.push(rows.map(cells).collect());
    }
    tables
}

/// Where each field of a record stands; the record has no gaps.
fn fields(head: &str, nth: usize, size: usize) -> BTreeMap<String, (usize, usize)> {
    let mut next = 0;
    let mut fields = BTreeMap::new();
    for row in &tables(head)[nth] {
        let (offset, bytes): (usize, usize) = (row[0].parse().unwrap(), row[1].parse().unwrap());
        assert_eq!(offset, next, "{row:?} follows without a gap");
        next += bytes;
        fields.insert(row[2].clone(), (offset, bytes));
    }
    assert_eq!(next, size);
    fields
}

fn number(bytes: &[u8], (offset, size): (usize, usize)) -> u64 {
    bytes[offset..offset + size].iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// The field whose description begins so.
fn field(fields: &BTreeMap<String, (usize, usize)>, name: &str) -> (usize, usize) {
    *fields.iter().find(|(field, _)| field.starts_with(name)).unwrap().1
}

#[test]
fn constants_are_those_of_the_code() {
    let documented: BTreeMap<String, u64> = tables("| Constant")[0]
        .iter()
        .map(|row| (row[0].clone(), row[1].parse().unwrap()))
        .collect();
    let real = [
        ("FORMAT_VERSION", u64::from(FORMAT_VERSION)),
        ("ALIGNMENT", ALIGNMENT),
        ("BLOCK_BYTES", BLOCK_BYTES as u64),
        ("MAX_SECTIONS", u64::from(MAX_SECTIONS)),
    ];
    assert_eq!(documented, real.map(|(name, value)| (name.to_owned(), value)).into());
    for magic in [SEGMENT_MAGIC, TOMBSTONE_MAGIC] {
        let hex: Vec<String> = magic.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(DOCUMENT.contains(&hex.join(" ")));
    }
}

#[test]
fn tables_are_those_of_the_code() {
    let documented = &tables("| Number")[0];
    assert_eq!(documented.len(), Table::ALL.len());
    for (row, table) in documented.iter().zip(Table::ALL) {
        let bits = table.element_bits().map_or("of the kind".to_owned(), |bits| bits.to_string());
        let required = if table.required() { "yes" } else { "no" };
        let real = [&table.id().to_string(), table.name(), &bits, required];
        assert_eq!(row.iter().map(String::as_str).collect::<Vec<_>>(), real);
        assert_eq!(Table::from_id(table.id()), Some(table));
    }
    let documented = &tables("| Kind")[0];
    assert_eq!(documented.len(), HashKind::ALL.len());
    for (row, kind) in documented.iter().zip(HashKind::ALL) {
        let bits = 8 * kind.bytes();
        let metric = metric_number(kind);
        let real = [kind.id().to_string(), kind.name().to_owned(), bits.to_string(), metric];
        assert_eq!(row[..4], real);
    }
}

fn metric_number(kind: HashKind) -> String {
    match kind.metric() {
        Metric::Exact => "1",
        Metric::Hamming => "2",
        Metric::Vector => "3",
    }
    .to_owned()
}

#[test]
fn a_real_segment_reads_as_documented() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path()).unwrap();
    let mut source = Codes::seeded(6);
    let pool = source.random(500);
    let rows = support::rows(&mut source, 3000, &pool);
    let reference = support::build(&store, &rows, support::options(true));
    let path = store.segments_dir().join(format!("{}.seg", reference.digest));
    let bytes = std::fs::read(path).unwrap();
    let segment = Segment::from_bytes(&bytes).unwrap();

    let header = fields("| Offset", 0, HEADER_BYTES);
    assert_eq!(number(&bytes, field(&header, "format version")), u64::from(FORMAT_VERSION));
    assert_eq!(number(&bytes, field(&header, "length of the file")), bytes.len() as u64);
    assert_eq!(number(&bytes, field(&header, "rows")), 3000);
    assert_eq!(number(&bytes, field(&header, "zero")), 0);
    let entry = fields("| Offset", 1, SECTION_BYTES);
    let sections = number(&bytes, field(&header, "number of sections")) as usize;
    let mut seen = Vec::new();
    for number_of_section in 0..sections {
        let at = HEADER_BYTES + number_of_section * SECTION_BYTES;
        let record = &bytes[at..at + SECTION_BYTES];
        let get = |name: &str| number(record, field(&entry, name));
        let table = Table::from_id(get("table") as u16).unwrap();
        let kind = HashKind::from_id(get("kind of hash") as u16);
        seen.push((table, kind));
        if let Some(kind) = kind {
            assert_eq!(get("metric").to_string(), metric_number(kind));
        }
        assert_eq!(get("flags") & 1 == 1, table.required());
        assert!(get("offset of the section").is_multiple_of(ALIGNMENT));
        if get("bits of an element") > 0 {
            assert_eq!(
                get("elements") * get("bits of an element") / 8,
                get("length of the section")
            );
        } else {
            // A compressed column: its last eight bytes count its blocks of 1,024 rows.
            let end = (get("offset of the section") + get("length of the section")) as usize;
            assert_eq!(number(&bytes, (end - 8, 8)), 3);
            let index = fields("| Offset", 2, 16);
            let (first, length) = (field(&index, "first row"), field(&index, "length"));
            let second = &bytes[end - 8 - 2 * 16..];
            assert_eq!(number(second, first), 1024);
            assert!(number(second, length) >= 4 * 1024);
        }
    }
    let parts = "columns, digests, PDQ's indexes, opaque, registered";
    assert_eq!(seen.len(), 6 + 5 + 8 * 3 + 7 + 4 * 2 + 3, "{parts}");
    assert_eq!(segment.kinds().count(), HashKind::ALL.len());
    fields("| Offset", 3, bktree::NODE_BYTES);
    fields("| Offset", 4, bktree::CHILD_BYTES);
    fields("| Offset", 5, 8);
    fields("| Offset", 6, 6);

    let tombstones = store.write_tombstones(&reference, &[5, 7]).unwrap();
    let path = store.segments_dir().join(format!("{tombstones}.tomb"));
    let bytes = std::fs::read(path).unwrap();
    let header = fields("| Offset", 7, TOMBSTONE_HEADER_BYTES);
    assert_eq!(number(&bytes, field(&header, "rows of the segment")), 3000);
    assert_eq!(number(&bytes, field(&header, "dead rows")), 2);
    assert_eq!(number(&bytes, field(&header, "encoding")), 0);
    assert_eq!(bytes[TOMBSTONE_HEADER_BYTES..], [5, 0, 0, 0, 7, 0, 0, 0]);
}
