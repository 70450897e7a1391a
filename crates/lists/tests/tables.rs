//! Separated values, titled, indexed and binary lists, and links, on made-up samples that hold the
//! traps of their formats.

#![allow(clippy::unwrap_used)] // a test that cannot go on may panic
use hashward_hash::{Crc32, HashKind, HashValue};
use hashward_lists::{
    ColumnMap, ListFormat, ListRow, MapError, OpenError, ReadError, ReadOptions, Reader,
};
use serde_json::json;

const MD5: &str = "0123456789abcdef0123456789abcdef";
const MD5_B: &str = "0123456789abcdef0123456789abcd00";
const SHA1: &str = "0123456789abcdef0123456789abcdef01234567";
const LONG: &str = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22";
const TTH: &str = "LWPNACQDBZRYXW3VHJVCJ64QBZNGHOHHHZWCLNA";

struct Read {
    format: ListFormat,
    rows: Vec<ListRow>,
    bad: Vec<String>,
    end: Option<ReadError>,
    notes: Vec<String>,
}

fn read_with(text: impl AsRef<[u8]>, options: &ReadOptions) -> Read {
    let mut reader = Reader::open(text.as_ref(), options).unwrap();
    let (mut rows, mut bad, mut end) = (Vec::new(), Vec::new(), None);
    for row in reader.by_ref() {
        match row {
            Ok(row) => rows.push(row),
            Err(ReadError::Row(error)) => bad.push(error.to_string()),
            Err(error) => end = Some(error),
        }
    }
    Read { format: reader.format(), rows, bad, end, notes: reader.notes() }
}

fn read(text: impl AsRef<[u8]>) -> Read {
    read_with(text, &ReadOptions::default())
}

fn mapped(text: &str, map: &str) -> Read {
    let map = ColumnMap::parse(map).unwrap();
    read_with(text, &ReadOptions { map, ..ReadOptions::default() })
}

fn refused(text: &str, map: &str) -> OpenError {
    let options = ReadOptions { map: ColumnMap::parse(map).unwrap(), ..ReadOptions::default() };
    Reader::open(text.as_bytes(), &options).err().unwrap()
}

fn hash(kind: HashKind, text: &str) -> HashValue {
    HashValue::parse(kind, text).unwrap()
}

fn attributes(row: &ListRow) -> serde_json::Value {
    serde_json::to_value(&row.attributes).unwrap()
}

#[test]
fn icse_lists_of_interpol() {
    let photo = "00".repeat(144);
    let text = format!(
        "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;\
         Series name;Number of submissions;File Available;Media Type;Baseline\r\n\
         {MD5};{SHA1};{photo};17;True;False;;\"A;B\";3;1;Image;1\r\n\
         {MD5_B};;;18;;;;;;;Video;2;\r\n{MD5_B};;;19\r\n{MD5_B};;;20;;;;;;;;;x\r\n"
    );
    let found = read(text);
    assert_eq!(found.format, ListFormat::Icse);
    // Fields may be missing at the end, or a separator too many be there, but no content.
    assert_eq!(found.bad, ["line 5: the row has 13 fields, the header has 12"]);
    let row = &found.rows[0];
    assert_eq!((row.source_id.as_deref(), row.category.as_deref()), (Some("17"), Some("1")));
    assert_eq!(row.hashes.len(), 3);
    assert_eq!(row.hashes[2].kind(), HashKind::PhotoDna);
    assert_eq!(
        attributes(row),
        json!({"Is distributed": "True", "Victim identified": "False", "Series name": "A;B",
            "Number of submissions": "3", "File Available": "1", "Media Type": "Image"})
    );
    assert_eq!(found.rows[2].source_id.as_deref(), Some("19"));
    assert!(found.rows.iter().all(|row| row.material));
}

#[test]
fn nsrl_as_text() {
    let text = format!(
        "\"SHA-1\",\"MD5\",\"CRC32\",\"FileName\",\"FileSize\",\"ProductCode\",\"OpSystemCode\",\"SpecialCode\"\r\n\
         \"{SHA1}\",\"{MD5}\",\"FFFFFFFF\",\"_sfx_0024._p\",4109,21000,\"358\",\"\"\r\n"
    );
    let mut text = text.into_bytes();
    let row = format!("\"{SHA1}\",\"{MD5}\",\"FFFFFFFF\",\"caf\u{0}.dll\",7,1,\"WIN\",\"M\"\r\n");
    text.extend(row.bytes().map(|byte| if byte == 0 { 0xE9 } else { byte }));
    let found = read(text);
    assert_eq!((found.format, found.bad.len()), (ListFormat::Nsrl, 0));
    assert!(found.format.is_known_good());
    let row = &found.rows[0];
    assert_eq!(row.hashes, [hash(HashKind::Md5, MD5), hash(HashKind::Sha1, SHA1)]);
    assert_eq!(row.name.as_deref(), Some("_sfx_0024._p"));
    assert_eq!(
        attributes(row),
        json!({"size": "4109", "ProductCode": "21000", "OpSystemCode": "358"})
    );
    // Names are Latin-1 in some editions; their bytes are kept.
    assert_eq!(found.rows[1].attributes["name_raw"], "636166e92e646c6c");
    assert_eq!(found.rows[1].attributes["SpecialCode"], "M");
    assert!(!row.material);
    let product = "\"ProductCode\",\"ProductName\",\"ProductVersion\"\n1,\"x\",\"1\"\n";
    assert!(refused(product, "").to_string().contains("NSRLFile.txt"));
}

#[test]
fn hashkeeper_lists() {
    let text = format!(
        "\"file_id\",\"hashset_id\",\"file_name\",\"directory\",\"hash\",\"file_size\",\"date_modified\",\
         \"time_modified\",\"time_zone\",\"comments\",\"date_accessed\",\"time_accessed\"\n\
         29294,5,\"MSFS.HLP\",\"C:\\WINDOWS\\HELP\",\"{MD5}\",34832,9/1/96,,\"PST\",\"\",,\n"
    );
    let found = read(text);
    assert_eq!((found.format, found.bad.len()), (ListFormat::HashKeeper, 0));
    let row = &found.rows[0];
    assert_eq!(row.hashes, [hash(HashKind::Md5, MD5)]);
    assert_eq!((row.source_id.as_deref(), row.name.as_deref()), (Some("29294"), Some("MSFS.HLP")));
    assert_eq!(row.attributes["directory"], "C:\\WINDOWS\\HELP");
    assert_eq!(row.attributes["size"], "34832");
    let set = "\"hashset_id\",\"name\",\"vendor\",\"package\"\n1,\"a\",\"b\",\"c\"\n";
    assert!(refused(set, "").to_string().contains(".hsh"));
}

#[test]
fn any_csv_by_a_map() {
    let text = format!("Fingerprint,Grade,Ref,Category\n{MD5},A,r1,x\n");
    let found = mapped(&text, "md5=Fingerprint,category=grade,id=Ref,note=Category");
    let row = &found.rows[0];
    assert_eq!(row.hashes, [hash(HashKind::Md5, MD5)]);
    assert_eq!((row.source_id.as_deref(), row.category.as_deref()), (Some("r1"), Some("A")));
    assert_eq!(attributes(row), json!({"note": "x"}));
    // What a map takes away from a column leaves an attribute behind.
    let found = mapped(&text, "md5=Fingerprint,category=Grade");
    assert_eq!(attributes(&found.rows[0]), json!({"Ref": "r1", "Category": "x"}));
    // Without a header, all columns by number.
    let found = mapped(&format!("{MD5}|;{SHA1}\n").replace('|', ""), "md5=#1,sha1=#2");
    assert_eq!((found.rows[0].line, found.rows[0].hashes.len()), (1, 2));
    let found = mapped(&format!("a,{MD5},z\nb,{MD5_B},\"\n\"\nc,12,\n"), "name=#1,md5=#2");
    assert_eq!(found.rows[1].attributes["column 3"], "\n");
    assert_eq!(found.bad.len(), 1);
    assert!(matches!(refused(&text, "md5=Nowhere"), OpenError::MapColumn { .. }));
    assert!(matches!(refused(&text, "md5=#9"), OpenError::MapColumn { .. }));
    assert!(matches!(refused(&text, "note=Grade"), OpenError::NoHashColumn));
    for wrong in ["md5", "md5=", "=x", "md5=#0", "md5=#x"] {
        assert_eq!(ColumnMap::parse(wrong), Err(MapError::Form), "{wrong}");
    }
    assert!(ColumnMap::parse("md5=a,md5=b").is_err());
    let map = ColumnMap::parse(" md5 = a , x=#2").unwrap();
    assert_eq!(map.to_string(), "md5=a,x=#2");
    let options = ReadOptions { format: Some(ListFormat::Hex), map, ..ReadOptions::default() };
    let error = Reader::open(MD5.as_bytes(), &options).err().unwrap();
    assert!(matches!(error, OpenError::MapFormat { .. }));
}

#[test]
fn a_checksum_counts_only_together_with_a_size() {
    let found = read(format!("md5,crc32,size\n{MD5},1a2b3c4d,77\n{MD5},1a2b3c4d,\n"));
    let crc = HashValue::Crc32(Crc32 { checksum: 0x1a2b_3c4d, size: 77 });
    assert_eq!(found.rows[0].hash(HashKind::Crc32), Some(crc));
    assert_eq!(found.rows[1].hash(HashKind::Crc32), None);
    assert_eq!(found.rows[1].attributes["crc32"], "1a2b3c4d");
}

#[test]
fn xways_text_names_its_kind() {
    for (title, kind, text) in [
        ("MD5", HashKind::Md5, MD5),
        ("SHA-1", HashKind::Sha1, SHA1),
        ("SHA-256", HashKind::Sha256, LONG),
    ] {
        let found = read(format!("{title}\r\n{}\r\n{}\r\n", text.to_uppercase(), &text[1..]));
        assert_eq!((found.format, found.bad.len()), (ListFormat::XWays, 1));
        assert_eq!(found.rows[0].hashes, [hash(kind, text)]);
    }
    let options = ReadOptions { format: Some(ListFormat::XWays), ..ReadOptions::default() };
    assert!(Reader::open(MD5.as_bytes(), &options).is_err());
}

#[test]
fn encase_binary_lists() {
    let mut file = b"HASH\r\n\xFF\0".to_vec();
    file.resize(1152, 0);
    file[1032..1036].copy_from_slice(b"a\0b\0");
    for first in 1..=3u8 {
        file.extend([first; 16]);
        file.extend([0, 0]);
    }
    let found = read(&file);
    assert_eq!((found.format, found.rows.len()), (ListFormat::EnCase, 3));
    assert_eq!(found.rows[2].hashes, [HashValue::Md5([3; 16])]);
    // The last record is cut short.
    let found = read(&file[..file.len() - 5]);
    assert_eq!(found.rows.len(), 2);
    let error = found.end.unwrap().to_string();
    assert!(error.starts_with("byte 1188: ") && error.contains("too early"), "{error}");
    assert!(Reader::open(&file[..1000], &ReadOptions::default()).is_err());
}

#[test]
fn indexes_of_the_sleuth_kit() {
    let zeros = "0".repeat(40);
    let text = format!(
        "{zeros}0|nsrl\n{zeros}1|NSRLFile.txt\n{MD5}|0000000000000112\n{MD5}|0000000000000200\n\
         {MD5_B}|x\n{SHA1}|0000000000000300\nfeed|1\n"
    );
    let found = read(&text);
    assert_eq!((found.format, found.rows.len()), (ListFormat::TskIndex, 3));
    assert_eq!(found.rows[2].hashes, [hash(HashKind::Sha1, SHA1)]);
    assert_eq!(found.bad.len(), 2);
    assert_eq!(read(format!("{MD5}|0000000000000112\n")).format, ListFormat::TskIndex);
}

#[test]
fn rhash_puts_the_name_first() {
    let text = format!(
        "; Generated by RHash v1.4.3\n;\n;  6  08:33.13 2026-11-24 a b.txt\n\
         a b.txt  {MD5}  {SHA1}\nc.txt 1A2B3C4D {LONG}\nd {MD5} {MD5_B}\n{MD5}\n"
    );
    let found = read(&text);
    assert_eq!((found.format, found.rows.len()), (ListFormat::Rhash, 2));
    assert_eq!(found.rows[0].name.as_deref(), Some("a b.txt"));
    assert_eq!(found.rows[0].hashes, [hash(HashKind::Md5, MD5), hash(HashKind::Sha1, SHA1)]);
    assert_eq!(found.rows[1].hashes, [hash(HashKind::Sha256, LONG)]);
    assert!(found.bad[0].contains("--bsd") && found.bad[1].contains("form"), "{:?}", found.bad);
    // 32 digits can be of another kind, which only the user knows.
    let options = ReadOptions { hash_kind: Some(HashKind::Ed2k), ..ReadOptions::default() };
    let found = read_with(format!("a.txt  {MD5}\n"), &options);
    assert_eq!(found.rows[0].hashes[0].kind(), HashKind::Ed2k);
}

#[test]
fn links_of_file_sharing() {
    let base32 = "AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH";
    let text = format!(
        "ed2k://|file|a%20b+c.zip|2868871|{MD5}|h=SWIYDDAH|/\n\
         magnet:?xl=6&dn=b%20c+d.txt&xt=urn:crc32:dd3861a8&xt.2=urn:md5:{MD5}\
         &xt=urn:sha1:{base32}&xt=urn:tree:tiger:{TTH}&xt=urn:btih:{SHA1}&xt=urn:ed2k:{MD5_B}\n\
         magnet:?xt=urn:bitprint:{base32}.{TTH}\nmagnet:?xt=urn:btih:{SHA1}\n\
         ed2k://|file|cut.zip|1|{MD5}\nmagnet:?xt=urn:md5:12\n"
    );
    let found = read(&text);
    assert_eq!((found.format, found.rows.len()), (ListFormat::Links, 3));
    assert_eq!(found.rows[0].hashes, [hash(HashKind::Ed2k, MD5)]);
    assert_eq!(found.rows[0].name.as_deref(), Some("a b+c.zip"));
    assert_eq!(attributes(&found.rows[0]), json!({"size": "2868871", "aich": "SWIYDDAH"}));
    let expected = [
        hash(HashKind::Md5, MD5),
        hash(HashKind::Sha1, SHA1),
        hash(HashKind::Ed2k, MD5_B),
        hash(HashKind::Tth, TTH),
        HashValue::Crc32(Crc32 { checksum: 0xdd38_61a8, size: 6 }),
    ];
    assert_eq!(found.rows[1].hashes, expected);
    assert_eq!(found.rows[1].name.as_deref(), Some("b c d.txt"));
    assert_eq!(found.rows[1].attributes["xt"], json!([format!("urn:btih:{SHA1}")]));
    assert_eq!(found.rows[2].hashes, [hash(HashKind::Sha1, SHA1), hash(HashKind::Tth, TTH)]);
    assert_eq!((found.bad.len(), found.notes.len()), (2, 1));
}

#[test]
fn no_message_shows_a_hash() {
    let almost = &MD5[..31];
    let texts = [
        format!("MD5\n{almost}\n{almost}g\n"),
        format!("{MD5}|12\n{almost}|1\n{MD5}|{almost}\n"),
        format!("; x\nname {almost}\nname {MD5} {MD5_B}\n"),
        format!("ed2k://|file|{almost}|1|{almost}|/\nmagnet:?xt=urn:md5:{almost}\n"),
        format!("MD5;Image ID;Baseline\n{almost};{almost};1;{almost}\n"),
    ];
    for text in texts {
        let found = read(text);
        assert!(!found.bad.is_empty());
        let shown = format!("{:?}{:?}{:?}", found.bad, found.end, found.notes);
        assert!(!shown.contains(&almost[..12]), "{shown}");
    }
}
