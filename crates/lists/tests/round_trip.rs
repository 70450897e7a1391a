//! Reading what a writer wrote gives the same entries; reading anything never panics.

#![allow(clippy::unwrap_used)] // a test that cannot go on may panic
use hashward_hash::{HashKind, HashValue, Quality};
use hashward_lists::{
    Layout, ListFormat, ListRow, ReadOptions, Reader, WriteError, Writer, Written,
};
use proptest::prelude::*;
use serde_json::Value;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9]{1,8}",
        "[ -~]{1,12}",
        prop::collection::vec(
            prop::sample::select(vec![
                "\"", ",", ";", "\t", "\n", "\r", "\\", "é", " ", "#", "-", "a"
            ]),
            1..6
        )
        .prop_map(|parts| parts.concat()),
    ]
}

fn attribute() -> impl Strategy<Value = Value> {
    prop_oneof![
        text().prop_map(Value::String),
        Just(Value::Null),
        Just(Value::String(String::new())),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        prop::collection::vec(text().prop_map(Value::String), 0..3).prop_map(Value::Array),
    ]
}

fn attribute_name() -> impl Strategy<Value = String> {
    // Names that would be taken for ours are among them; those of our own fields are not, since
    // no reader ever makes such an attribute.
    let names =
        ["grade", "filename", "Grade", "attr:x", "json:y", " edge ", "md5hash", "a,b", "hash"];
    prop_oneof![prop::sample::select(names.map(str::to_owned).to_vec()), "x[a-z]{1,5}"]
}

fn hash(kind: HashKind) -> impl Strategy<Value = HashValue> {
    prop::collection::vec(any::<u8>(), kind.bytes())
        .prop_map(move |bytes| HashValue::from_bytes(kind, &bytes).unwrap())
}

fn row() -> impl Strategy<Value = ListRow> {
    let hashes = HashKind::ALL.map(|kind| prop::option::weighted(0.5, hash(kind)));
    let hashes = Vec::from(hashes);
    (
        hashes,
        prop::option::of((0..=100u8).prop_map(Quality)),
        prop::option::of(text()),
        prop::option::of(text()),
        prop::option::of(text()),
        prop::collection::btree_map(attribute_name(), attribute(), 0..4),
        any::<bool>(),
    )
        .prop_map(|(hashes, quality, source_id, name, category, attributes, deleted)| {
            let mut hashes: Vec<HashValue> = hashes.into_iter().flatten().collect();
            if hashes.is_empty() {
                hashes.push(HashValue::Md5([9; 16]));
            }
            ListRow {
                hashes,
                quality,
                source_id,
                name,
                category,
                attributes,
                deleted,
                ..ListRow::default()
            }
        })
}

fn rows() -> impl Strategy<Value = Vec<ListRow>> {
    prop::collection::vec(row(), 1..6)
}

fn write(format: ListFormat, rows: &[ListRow], kind: Option<HashKind>) -> (Vec<u8>, Vec<ListRow>) {
    let mut layout = Layout::default();
    rows.iter().for_each(|row| layout.observe(row));
    let mut writer = match Writer::new(format, &layout, kind, Vec::new()) {
        Err(WriteError::NothingHeld { demands, .. }) => {
            let held = |row: &ListRow| demands.iter().any(|kind| row.hash(*kind).is_some());
            assert!(!rows.iter().any(held));
            return (Vec::new(), Vec::new());
        }
        writer => writer.unwrap(),
    };
    let written = rows.iter().filter(|row| writer.row(row).unwrap() == Written::Row);
    let written = written.cloned().collect();
    (writer.finish().unwrap(), written)
}

/// The format, where the length of the values does not show it.
fn named(format: ListFormat, kind: HashKind) -> Option<ListFormat> {
    use HashKind::{Blake3, Md5, Pdq, Sha1, Sha256};
    (!matches!(kind, Md5 | Sha1 | Sha256 | Blake3 | Pdq)).then_some(format)
}

fn read(format: Option<ListFormat>, text: &[u8], kind: Option<HashKind>) -> Vec<ListRow> {
    if text.is_empty() {
        return Vec::new();
    }
    let options = ReadOptions { format, hash_kind: kind, ..ReadOptions::default() };
    let reader = Reader::open(text, &options).unwrap();
    reader.map(|row| ListRow { line: 0, ..row.unwrap() }).collect()
}

proptest! {
    #[test]
    fn json_lines_give_everything_back(rows in rows()) {
        let (text, _) = write(ListFormat::Jsonl, &rows, None);
        prop_assert_eq!(read(None, &text, None), rows);
    }

    #[test]
    fn csv_gives_everything_back(rows in rows()) {
        let (text, _) = write(ListFormat::Csv, &rows, None);
        prop_assert_eq!(read(None, &text, None), rows);
    }

    #[test]
    fn md5sum_gives_hash_and_name_back(mut rows in rows()) {
        for row in &mut rows {
            row.name = row.name.take().filter(|name| !name.trim().is_empty());
        }
        for kind in HashKind::ALL {
            let (text, written) = write(ListFormat::Md5sum, &rows, Some(kind));
            if written.is_empty() {
                continue;
            }
            // A lone dash stands for no name, and a first line with a blank name looks bare.
            let expected: Vec<ListRow> = written.iter().map(|row| ListRow {
                hashes: vec![row.hash(kind).unwrap()],
                name: row.name.clone().filter(|name| name != "-"),
                ..ListRow::default()
            }).collect();
            prop_assert_eq!(read(named(ListFormat::Md5sum, kind), &text, Some(kind)), expected);
        }
    }

    #[test]
    fn hashdeep_gives_digests_name_and_size_back(mut rows in rows(), size in 1..u64::MAX) {
        rows[0].attributes.insert("size".to_owned(), Value::String(size.to_string()));
        let (text, written) = write(ListFormat::Hashdeep, &rows, None);
        let expected: Vec<ListRow> = written.iter().map(|row| {
            let size = row.attributes.get("size").cloned().map(|size| ("size".to_owned(), size));
            ListRow {
                hashes: row.hashes.iter().copied()
                    .filter(|hash| matches!(hash.kind(), HashKind::Md5 | HashKind::Sha1 | HashKind::Sha256))
                    .collect(),
                name: row.name.as_ref().map(|name| name.replace(['\n', '\r'], "?")),
                attributes: size.into_iter().collect(),
                ..ListRow::default()
            }
        }).collect();
        prop_assert_eq!(read(None, &text, None), expected);
    }

    /// What VICS cannot hold are rows without an MD5, deletions and texts of truth.
    #[test]
    fn vics_gives_everything_back(mut rows in rows(), files in prop::option::of(text())) {
        if let Some(name) = files {
            let files = serde_json::json!([{"FileName": name, "FilePath": "p"}, {"x": 1}]);
            rows[0].name = Some(name).filter(|name| !name.is_empty());
            rows[0].attributes.insert("MediaFiles".to_owned(), files);
        }
        rows[0].attributes.insert("size".to_owned(), Value::from("77"));
        rows[0].attributes.insert("VictimIdentified".to_owned(), Value::Bool(true));
        for format in [ListFormat::Vics13, ListFormat::Vics20] {
            let (text, written) = write(format, &rows, None);
            let read = read(None, &text, None);
            let expected: Vec<ListRow> = written.into_iter().zip(&read).map(|(row, read)| {
                ListRow { material: read.material, ..row }
            }).collect();
            prop_assert_eq!(&read, &expected);
            prop_assert!(read.iter().all(|row| !row.deleted));
        }
    }

    #[test]
    fn xways_gives_the_hashes_back(rows in rows()) {
        for kind in [HashKind::Md5, HashKind::Sha1, HashKind::Sha256, HashKind::Tth] {
            let (text, written) = write(ListFormat::XWays, &rows, Some(kind));
            let hashes: Vec<_> = read(None, &text, None).iter().map(|row| row.hashes[0]).collect();
            let expected: Vec<_> = written.iter().map(|row| row.hash(kind).unwrap()).collect();
            prop_assert_eq!(hashes, expected);
        }
    }

    #[test]
    fn bare_lines_give_the_hashes_back(rows in rows()) {
        for kind in HashKind::ALL {
            let (text, written) = write(ListFormat::Hex, &rows, Some(kind));
            if written.is_empty() {
                continue;
            }
            let read = read(named(ListFormat::Hex, kind), &text, Some(kind));
            let hashes: Vec<_> = read.iter().map(|row| row.hashes[0]).collect();
            let expected: Vec<_> = written.iter().map(|row| row.hash(kind).unwrap()).collect();
            prop_assert_eq!(hashes, expected);
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(
        text in prop::collection::vec(
            prop_oneof![any::<u8>(), prop::sample::select(b"0123456789abcdef,;\"\n\r\\{}:%() ".to_vec())],
            0..300
        ),
        kind in prop::option::of(prop::sample::select(HashKind::ALL.to_vec()))
    ) {
        for format in ListFormat::ALL.map(Some).into_iter().chain([None]) {
            let options = ReadOptions { format, hash_kind: kind, ..ReadOptions::default() };
            if let Ok(reader) = Reader::open(&text[..], &options) {
                // A document that is cut short is one more, as an error.
                prop_assert!(reader.count() <= text.len() + 1);
            }
        }
    }
}

#[test]
fn names_that_are_not_utf8_come_back_as_bytes() {
    let text = b"0123456789abcdef0123456789abcdef  caf\xe9.jpg\n";
    let rows = read(None, text, None);
    assert_eq!(write(ListFormat::Md5sum, &rows, None).0, text);
    let (csv, _) = write(ListFormat::Csv, &rows, None);
    assert_eq!(read(None, &csv, None), rows);
}

#[test]
fn formats_of_one_kind_ask_which() {
    let mut layout = Layout::default();
    layout.observe(&ListRow {
        hashes: vec![HashValue::Md5([1; 16]), HashValue::Sha1([2; 20])],
        ..ListRow::default()
    });
    let error = Writer::new(ListFormat::Hex, &layout, None, Vec::new()).err().unwrap();
    assert_eq!(
        error.to_string(),
        "hex holds one kind of hash and the list has md5, sha1: choose one with --hash-kind"
    );
    let error = Writer::new(ListFormat::Pdq, &layout, None, Vec::new()).err().unwrap();
    assert!(error.to_string().contains("choose csv, jsonl"));
}

#[test]
fn a_format_that_holds_no_row_of_a_list_says_what_it_demands() {
    let of = |hash| ListRow { hashes: vec![hash], ..ListRow::default() };
    let pdq = HashValue::from_bytes(HashKind::Pdq, &[1; 32]).unwrap();
    let mut layout = Layout::default();
    layout.observe(&of(pdq));
    let refused = |layout: &Layout, format, kind| {
        let mut out = Vec::new();
        let error = Writer::new(format, layout, kind, &mut out).err().unwrap().to_string();
        assert_eq!(out, b"", "nothing is written");
        error
    };
    for format in [ListFormat::Vics13, ListFormat::Vics20] {
        assert_eq!(
            refused(&layout, format, None),
            format!(
                "nothing to write: the list has only pdq, but {format} holds only entries that have md5; csv and jsonl hold every entry"
            )
        );
    }
    let text = refused(&layout, ListFormat::Hashdeep, None);
    assert!(text.contains("hashdeep holds only entries that have md5, sha1 or sha256;"), "{text}");
    let text = refused(&layout, ListFormat::Kdb, None);
    assert!(text.contains("kdb holds only entries that have md5, sha1 or sha256;"), "{text}");
    let text = refused(&layout, ListFormat::Hex, Some(HashKind::Md5));
    assert!(text.contains("choose another kind with --hash-kind"), "{text}");
    // With one entry that it holds the others are left out.
    layout.observe(&of(HashValue::Md5([1; 16])));
    let mut writer = Writer::new(ListFormat::Vics20, &layout, None, Vec::new()).unwrap();
    assert_eq!(writer.row(&of(pdq)).unwrap(), Written::LeftOut);
    assert_eq!(writer.row(&of(HashValue::Md5([1; 16]))).unwrap(), Written::Row);
    assert_eq!(writer.demands(), [HashKind::Md5]);
}
