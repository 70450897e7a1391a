//! Any bytes as a hash list of any format: no panic, every row that is read survives being written
//! as JSON Lines and read again, and every row with an MD5 survives VICS.
//!
//! The first byte names the format (any number above the last one recognises it), the second the
//! kind of hash or, from 0xC0 to 0xFE, a map of columns.

use hashward_hash::HashKind;
use hashward_lists::{
    ColumnMap, Layout, ListFormat, ListRow, ReadError, ReadOptions, Reader, WriteError, Writer,
    Written,
};
use serde_json::Value;

pub(crate) fn check(data: &[u8]) {
    let [format, kind, text @ ..] = data else { return };
    let map = if (0xC0..0xFF).contains(kind) { "md5=#1,category=Grade,x=#2" } else { "" };
    let options = ReadOptions {
        format: ListFormat::ALL.get(usize::from(*format)).copied(),
        hash_kind: HashKind::ALL.get(usize::from(*kind)).copied(),
        map: ColumnMap::parse(map).expect("the map is right"),
    };
    let rows = read(text, &options);
    let (written, kept) = write(ListFormat::Jsonl, &rows).expect("JSON Lines hold every row");
    assert_eq!(kept.len(), rows.len(), "JSON Lines hold every row");
    same(&rows, &read(&written, &named(ListFormat::Jsonl)), |row| row.clone());
    for format in [ListFormat::Vics13, ListFormat::Vics20] {
        let Some((written, kept)) = write(format, &rows) else { continue };
        same(&kept, &read(&written, &named(format)), truths_as_values);
    }
}

fn named(format: ListFormat) -> ReadOptions {
    ReadOptions { format: Some(format), ..ReadOptions::default() }
}

/// The rows that the format holds, written; `None` where it refuses because it holds none of them.
fn write(format: ListFormat, rows: &[ListRow]) -> Option<(Vec<u8>, Vec<ListRow>)> {
    let mut layout = Layout::default();
    rows.iter().for_each(|row| layout.observe(row));
    let mut writer = match Writer::new(format, &layout, None, Vec::new()) {
        Err(WriteError::NothingHeld { demands, kinds, .. }) => {
            assert!(kinds.iter().all(|kind| !demands.contains(kind)), "what is held is written");
            return None;
        }
        writer => writer.expect("a vector takes all"),
    };
    let kept = rows
        .iter()
        .filter(|row| writer.row(row).expect("a vector takes all") == Written::Row)
        .cloned()
        .collect();
    Some((writer.finish().expect("a vector takes all"), kept))
}

/// What the source says of time and of material is not written, but found again by reading.
fn same(rows: &[ListRow], again: &[ListRow], as_read: fn(&ListRow) -> ListRow) {
    assert_eq!(rows.len(), again.len());
    for (row, read) in rows.iter().zip(again) {
        let read =
            ListRow { line: row.line, moment: row.moment, material: row.material, ..read.clone() };
        assert!(as_read(row) == read, "a row changed on its way");
    }
}

/// VICS reads its truth values from text, too.
fn truths_as_values(row: &ListRow) -> ListRow {
    let mut row = row.clone();
    let names = [
        "VictimIdentified",
        "OffenderIdentified",
        "IsDistributed",
        "IsSuspected",
        "IsPrecategorized",
        "SelfGenerated",
    ];
    for name in names {
        if let Some(value) = row.attributes.get_mut(name)
            && let Some(text) = value.as_str().map(str::to_ascii_lowercase)
            && let Ok(truth) = text.parse()
        {
            *value = Value::Bool(truth);
        }
    }
    row
}

fn read(text: &[u8], options: &ReadOptions) -> Vec<ListRow> {
    let Ok(reader) = Reader::open(text, options) else { return Vec::new() };
    let mut rows = Vec::new();
    for row in reader {
        match row {
            Ok(row) => rows.push(row),
            Err(ReadError::Row(_)) => {}
            Err(_) => break,
        }
    }
    rows
}
