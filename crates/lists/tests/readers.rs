//! Each reader on made-up samples that hold the traps of its format.

#![allow(clippy::unwrap_used)] // a test that cannot go on may panic
use hashward_hash::{HashKind, HashValue, Quality};
use hashward_lists::{
    ListFormat, ListRow, OpenError, Place, ReadError, ReadOptions, Reader, RowError,
};

const MD5: &str = "0123456789abcdef0123456789abcdef";
const MD5_B: &str = "0123456789abcdef0123456789abcd00";
const SHA1: &str = "0123456789abcdef0123456789abcdef01234567";
const LONG: &str = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22";
const EMPTY_MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";
const EMPTY_SHA1: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

fn open(text: &[u8], kind: Option<HashKind>) -> Result<Reader<&[u8]>, OpenError> {
    Reader::open(text, &ReadOptions { hash_kind: kind, ..ReadOptions::default() })
}

/// Rows and bad rows of a text whose format is recognised.
fn read(text: impl AsRef<[u8]>) -> (ListFormat, Vec<ListRow>, Vec<String>) {
    read_as(text, None)
}

fn read_as(
    text: impl AsRef<[u8]>,
    kind: Option<HashKind>,
) -> (ListFormat, Vec<ListRow>, Vec<String>) {
    let reader = open(text.as_ref(), kind).unwrap();
    let format = reader.format();
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    for row in reader {
        match row {
            Ok(row) => rows.push(row),
            Err(error) => bad.push(error.to_string()),
        }
    }
    (format, rows, bad)
}

fn refused(text: impl AsRef<[u8]>) -> OpenError {
    open(text.as_ref(), None).err().expect("the list must be refused")
}

fn value(kind: HashKind, text: &str) -> HashValue {
    HashValue::parse(kind, text).unwrap()
}

#[test]
fn bare_lines_are_of_one_kind() {
    let (format, rows, bad) = read(format!(
        "\u{feff}# made up\r\n\r\n{MD5}\r\n  {}  \n{SHA1}\nxyz",
        MD5_B.to_uppercase()
    ));
    assert_eq!(format, ListFormat::Hex);
    let hashes: Vec<_> = rows.iter().map(|row| (row.line, row.hashes[0])).collect();
    assert_eq!(hashes, [(3, value(HashKind::Md5, MD5)), (4, value(HashKind::Md5, MD5_B))]);
    assert_eq!(
        bad,
        [
            "line 5: the md5 value has 40 hexadecimal digits, not 32",
            "line 6: the md5 value has 3 hexadecimal digits, not 32"
        ]
    );
    let (_, rows, _) = read(SHA1);
    assert_eq!(rows[0].hashes, [value(HashKind::Sha1, SHA1)]);
}

#[test]
fn bare_lines_of_64_digits_need_a_kind() {
    let error = refused(format!("# list\n{LONG}\n"));
    assert!(matches!(error, OpenError::Ambiguous));
    for advice in ["--hash-kind sha256", "--hash-kind blake3", "--hash-kind pdq"] {
        assert!(error.to_string().contains(advice));
    }
    for kind in [HashKind::Sha256, HashKind::Blake3, HashKind::Pdq] {
        let (_, rows, _) = read_as(LONG, Some(kind));
        assert_eq!(rows[0].hashes, [value(kind, LONG)]);
    }
    // A first line that is damaged does not let the next ones through.
    let (_, rows, bad) = read(format!("0123456789\n{LONG}\n{MD5}\n"));
    assert_eq!((rows.len(), bad.len()), (1, 2));
    assert!(bad[1].contains("--hash-kind"), "{bad:?}");
}

#[test]
fn sums_in_all_their_spellings() {
    let text = format!(
        "{MD5}  a b.jpg\n{MD5} *bin.jpg\n\\{MD5}  new\\nline\\\\.jpg\n{MD5} old.jpg\n{MD5}  -\n\
         {MD5}   lead.jpg\n{SHA1}  s.jpg\n{LONG}  long.jpg\n{MD5}\n0123 x\n"
    );
    let (format, rows, bad) = read(&text);
    assert_eq!(format, ListFormat::Md5sum);
    let names: Vec<_> = rows.iter().map(|row| row.name.as_deref()).collect();
    assert_eq!(
        names,
        [
            Some("a b.jpg"),
            Some("bin.jpg"),
            Some("new\nline\\.jpg"),
            Some("old.jpg"),
            None,
            Some(" lead.jpg"),
            Some("s.jpg"),
            Some("long.jpg"),
            None
        ]
    );
    assert_eq!(rows[6].hashes[0].kind(), HashKind::Sha1);
    assert_eq!(rows[7].hashes[0].kind(), HashKind::Sha256);
    assert_eq!(bad.len(), 1);
    assert!(bad[0].starts_with("line 10: 4 hexadecimal digits are no kind"), "{bad:?}");
    // b3sum writes the same form.
    let (_, rows, _) = read_as(format!("{LONG}  x\n"), Some(HashKind::Blake3));
    assert_eq!(rows[0].hashes[0].kind(), HashKind::Blake3);
}

#[test]
fn tagged_sums_name_their_kind() {
    let text = format!(
        "MD5 (a (1) = b.jpg) = {MD5}\nSHA1(x)= {SHA1}\nSHA2-256(y)= {LONG}\nBLAKE3 (z) = {LONG}\n\
         \\SHA256 (two\\nlines) = {LONG}\nSHA512 (q) = {LONG}{LONG}\nMD5 (short) = 12\n\
         WHIRLPOOL (w) = feed\nMD5 (open = {MD5}\n"
    );
    let (format, rows, bad) = read(&text);
    assert_eq!(format, ListFormat::Bsd);
    let seen: Vec<_> =
        rows.iter().map(|row| (row.hashes[0].kind().name(), row.name.as_deref())).collect();
    assert_eq!(
        seen,
        [
            ("md5", Some("a (1) = b.jpg")),
            ("sha1", Some("x")),
            ("sha256", Some("y")),
            ("blake3", Some("z")),
            ("sha256", Some("two\nlines")),
            ("sha512", Some("q"))
        ]
    );
    assert_eq!(bad.len(), 2);
}

#[test]
fn hashdeep_goes_by_its_columns() {
    let text = format!(
        "%%%% HASHDEEP-1.0\n%%%% size,md5,sha1,tiger,filename\n## Invoked from: /\n## $ hashdeep\n##\n\
         46,{MD5},{SHA1},feed,/a/b, c.jpg\n0,{EMPTY_MD5},{EMPTY_SHA1},feed,/empty\n0,{MD5},,,n\n46,{MD5}\n"
    );
    let (format, rows, bad) = read(&text);
    assert_eq!(format, ListFormat::Hashdeep);
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].line, 6);
    assert_eq!(rows[0].name.as_deref(), Some("/a/b, c.jpg"));
    assert_eq!(rows[0].hashes, [value(HashKind::Md5, MD5), value(HashKind::Sha1, SHA1)]);
    assert_eq!(rows[0].attributes["size"], "46");
    assert_eq!(rows[0].attributes["tiger"], "feed");
    assert!(rows[1].attributes.is_empty());
    assert_eq!(bad, ["line 9: the row has 2 fields, the header has 5"]);
    for header in ["%%%% HASHDEEP-1.0\n", "%%%% HASHDEEP-1.0\n%%%% size,filename\n"] {
        assert!(matches!(refused(header), OpenError::Header { line: 2, .. }));
    }
}

#[test]
fn csv_is_told_by_its_header() {
    let text = format!(
        "\u{feff}ID;MD5 ;\"SHA-1\";File Name;Category;Grade;PDQ-Hash;PDQ Quality\r\n\
         7;{MD5};{SHA1};\"a;b \"\"c\"\"\r\nd.jpg\";1;A;{LONG};87\r\n\r\n\
         8;{MD5_B};;;;;;\r\n9;;;x;;;;\r\n10;{MD5};{SHA1};x;1;A;{LONG};101\r\n11;{MD5}\r\n"
    );
    let (format, rows, bad) = read(&text);
    assert_eq!(format, ListFormat::Csv);
    assert_eq!(rows.len(), 2);
    let row = &rows[0];
    assert_eq!((row.line, row.source_id.as_deref()), (2, Some("7")));
    assert_eq!(row.name.as_deref(), Some("a;b \"c\"\r\nd.jpg"));
    assert_eq!(row.category.as_deref(), Some("1"));
    assert_eq!(row.attributes["Grade"], "A");
    assert_eq!(row.quality, Some(Quality(87)));
    let kinds: Vec<_> = row.hashes.iter().map(|hash| hash.kind()).collect();
    assert_eq!(kinds, [HashKind::Md5, HashKind::Sha1, HashKind::Pdq]);
    assert_eq!((rows[1].line, rows[1].hashes.len()), (5, 1));
    assert_eq!(rows[1].quality, None);
    assert_eq!(
        bad,
        [
            "line 6: the row has no hash",
            "line 7: the quality is no whole number from 0 to 100",
            "line 8: the row has 2 fields, the header has 8"
        ]
    );
}

#[test]
fn csv_headers_that_cannot_be_settled_are_refused() {
    assert!(matches!(refused("md5,MD5\n"), OpenError::ColumnTwice { .. }));
    assert!(matches!(refused("hash,name\nab,c\n"), OpenError::HashColumn));
    assert!(matches!(refused(format!("{MD5},name\n")), OpenError::NoHeader));
    assert!(matches!(refused("alpha,beta\n1,2\n"), OpenError::Unknown));
    let (_, rows, _) = read_as(format!("hash,name\n{LONG},x\n"), Some(HashKind::Blake3));
    assert_eq!(rows[0].hashes[0].kind(), HashKind::Blake3);
    // The reference's tools name the column just `hash`, beside the quality.
    let (_, rows, _) = read(format!("hash,quality,filename\n{LONG},99,x\n"));
    assert_eq!(rows[0].hashes[0].kind(), HashKind::Pdq);
    let (_, rows, _) = read(format!("md5\tname\tfilename\n{MD5}\tx\ty\n"));
    assert_eq!(rows[0].name.as_deref(), Some("x"));
    assert_eq!(rows[0].attributes["filename"], "y");
}

#[test]
fn csv_with_an_open_quote_ends_in_an_error() {
    let text = format!("md5,name\n{MD5},ok\n{MD5},\"cut\n{MD5},lost\n");
    let mut reader = open(text.as_bytes(), None).unwrap();
    assert!(reader.next().unwrap().is_ok());
    assert!(matches!(
        reader.next(),
        Some(Err(ReadError::OpenRecord { place: Place::Line(3), .. }))
    ));
    assert!(reader.next().is_none());
}

#[test]
fn pdq_lines_may_lack_quality_and_name() {
    let text =
        format!("{LONG},100,a,b.jpg\n{LONG},,\n{LONG}\n{LONG},7,\"q,\"\"r\"\"\"\n{LONG},300,x\n");
    let (format, rows, bad) = read(&text);
    assert_eq!(format, ListFormat::Pdq);
    let seen: Vec<_> =
        rows.iter().map(|row| (row.quality.map(|q| q.0), row.name.as_deref())).collect();
    assert_eq!(
        seen,
        [(Some(100), Some("a,b.jpg")), (None, None), (None, None), (Some(7), Some("q,\"r\""))]
    );
    assert_eq!(bad.len(), 1);
}

#[test]
fn signals_of_threatexchange() {
    let text = format!("pdq {LONG}\nvideo_md5 {MD5}\nraw_text hello\nnonsense x\n");
    let (format, rows, bad) = read(&text);
    assert_eq!(format, ListFormat::ThreatExchange);
    assert_eq!(rows[0].hashes[0].kind(), HashKind::Pdq);
    assert_eq!(rows[1].hashes[0].kind(), HashKind::Md5);
    assert_eq!(bad.len(), 1);
}

#[test]
fn json_lines_keep_what_they_do_not_know() {
    let text = format!(
        "{{\"id\":7,\"md5\":\"{MD5}\",\"pdq\":\"{LONG}\",\"quality\":50,\"tags\":[\"x\"],\"n\":null}}\n\
         {{\"id\":\"8\",\"deleted\":true}}\n{{\"md5\":\"{MD5}\",\"deleted\":true}}\n\
         {{\"md5\":\"{MD5}\",\"md5\":\"{MD5_B}\"}}\n{{\"md5\":12}}\n{{\"md5\":\"{MD5}\"\n[1]\n\
         {{\"deleted\":true}}\n{{\"md5\":\"{MD5}\",\"quality\":1.5}}\n{{\"sha1\":\"{MD5}\"}}\n"
    );
    let (format, rows, bad) = read(&text);
    assert_eq!(format, ListFormat::Jsonl);
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0].source_id.as_deref(), Some("7"));
    assert_eq!(rows[0].attributes["tags"], serde_json::json!(["x"]));
    assert_eq!(rows[0].attributes["n"], serde_json::Value::Null);
    assert!(rows[1].deleted && rows[1].hashes.is_empty());
    assert!(rows[2].deleted && rows[2].hashes.len() == 1);
    let lines: Vec<_> = bad.iter().map(|text| text.split(':').next().unwrap()).collect();
    assert_eq!(lines, ["line 4", "line 5", "line 6", "line 7", "line 8", "line 9", "line 10"]);
}

#[test]
fn digests_of_the_empty_file_are_left_out_and_counted() {
    let text = format!("md5,sha1,pdq\n{EMPTY_MD5},{EMPTY_SHA1},\n{EMPTY_MD5},{SHA1},\n{MD5},,\n");
    let mut reader = open(text.as_bytes(), None).unwrap();
    let rows: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(reader.empty_digests(), 3);
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(rows[0].hashes, [value(HashKind::Sha1, SHA1)]);
}

#[test]
fn names_that_are_not_utf8_are_kept() {
    let text = [MD5.as_bytes(), b"  caf\xe9.jpg\n"].concat();
    let (_, rows, _) = read(&text);
    assert_eq!(rows[0].name.as_deref(), Some("caf\u{fffd}.jpg"));
    assert_eq!(rows[0].attributes["name_raw"], "636166e92e6a7067");
}

#[test]
fn what_is_no_list_is_refused_with_advice() {
    assert!(matches!(refused(""), OpenError::Empty));
    assert!(matches!(refused("\u{feff}\n\n"), OpenError::Empty));
    assert!(matches!(refused("# nothing\n"), OpenError::Empty));
    assert!(matches!(refused(b"\xFF\xFEa\0"), OpenError::Utf16));
    assert!(matches!(refused(b"SQLite format 3\0"), OpenError::NeedsFile));
    assert!(matches!(refused(b"a\0b"), OpenError::Binary));
    // An .idx2: positions of 8 bytes, all ones for none.
    assert!(matches!(refused([0xff; 4096]), OpenError::Binary));
    let positions = [[0, 0, 0, 0, 0, 0, 0, 0], [0xff; 8]].concat();
    assert!(refused(positions).to_string().contains("so import that"));
    assert!(matches!(refused("[\n{\"md5\":\"\"}]"), OpenError::UnknownJson));
    assert!(matches!(refused("{\n \"value\": []\n}"), OpenError::UnknownJson));
    assert!(matches!(refused("<html></html>"), OpenError::UnknownXml));
    assert!(matches!(refused("Dear reader,\nthis is a letter.\n"), OpenError::Unknown));
}

#[test]
fn long_lines_are_bad_rows_and_reading_goes_on() {
    let text = format!("{MD5}\n{}\n{MD5_B}\n", "a".repeat(hashward_lists::MAX_RECORD + 1));
    let (_, rows, bad) = read(&text);
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(bad, ["line 2: the line is longer than 1048576 bytes"]);
}

#[test]
fn a_source_that_fails_ends_the_reading() {
    struct Fails;
    impl std::io::Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("gone"))
        }
    }
    let text = format!("{MD5}\n").repeat(4000);
    let source = std::io::Read::chain(text.as_bytes(), Fails);
    let reader = Reader::open(source, &ReadOptions::default()).unwrap();
    let rows: Vec<_> = reader.collect();
    assert_eq!(rows.len(), 4001);
    assert!(matches!(rows[4000], Err(ReadError::Io { place: Place::Line(4001), .. })));
}

#[test]
fn no_error_and_no_debug_text_shows_a_hash() {
    let almost = &MD5[..31];
    let texts = [
        format!("{MD5}\n{almost}g\n{almost}\n"),
        format!("{MD5}  x\n{almost}  x\n"),
        format!("md5,name\n{almost},{almost}\n{almost}\n"),
        format!("{{\"md5\":\"{almost}\"}}\n{{\"md5\":{{\"{almost}\":1}}}}\n{{\"{almost}\n"),
        format!("{{\"quality\":\"{almost}\"}}\n{{\"id\":[\"{almost}\"]}}\n"),
        format!("MD5 (x) = {MD5}\nMD5 (x) {almost}\n"),
        format!("pdq {LONG}\npdq {almost}\n{almost} {almost}\n"),
    ];
    for text in texts {
        for row in open(text.as_bytes(), None).unwrap() {
            let shown = match row {
                Ok(row) => format!("{row:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!shown.contains(&almost[..12]), "{shown}");
        }
    }
    assert_eq!(RowError::NoHash.to_string(), "the row has no hash");
}
