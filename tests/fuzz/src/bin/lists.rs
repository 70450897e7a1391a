//! Any bytes as a hash list of any format: no panic, and every row that is read survives being
//! written as JSON Lines and read again.
#![no_main]

use hashward_hash::HashKind;
use hashward_lists::{Layout, ListFormat, ListRow, ReadError, ReadOptions, Reader, Writer};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&selector, text)) = data.split_first() else { return };
    let format = ListFormat::ALL.get(usize::from(selector & 15)).copied();
    let hash_kind = HashKind::ALL.get(usize::from(selector >> 4)).copied();
    let rows = read(text, format, hash_kind);
    let mut layout = Layout::default();
    rows.iter().for_each(|row| layout.observe(row));
    let mut writer = Writer::new(ListFormat::Jsonl, &layout, None, Vec::new()).expect("a vector takes all");
    for row in &rows {
        writer.row(row).expect("JSON Lines hold every row");
    }
    let written = writer.finish().expect("a vector takes all");
    let again = read(&written, Some(ListFormat::Jsonl), None);
    assert_eq!(rows.len(), again.len());
    for (row, read) in rows.iter().zip(&again) {
        let read = ListRow { line: row.line, ..read.clone() };
        assert!(*row == read, "a row changed on its way through JSON Lines");
    }
});

fn read(text: &[u8], format: Option<ListFormat>, hash_kind: Option<HashKind>) -> Vec<ListRow> {
    let options = ReadOptions { format, hash_kind };
    let Ok(reader) = Reader::open(text, &options) else { return Vec::new() };
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
