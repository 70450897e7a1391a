//! VICS, StopNCII and NCMEC on made-up samples that hold the traps of their formats.

#![allow(clippy::unwrap_used)] // a test that cannot go on may panic
use data_encoding::BASE64;
use hashward_hash::{HashKind, HashValue};
use hashward_lists::{ListFormat, ListRow, OpenError, ReadError, ReadOptions, Reader};
use serde_json::{Value, json};

const MD5: &str = "0123456789ABCDEF0123456789ABCDEF";
const MD5_B: &str = "0123456789abcdef0123456789abcd00";
const SHA1: &str = "0123456789abcdef0123456789abcdef01234567";
const SHA256: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const PDQ: &str = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22";
const EMPTY_MD5: &str = "D41D8CD98F00B204E9800998ECF8427E";
const OLD: &str =
    "\"odata.metadata\":\"http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media\"";
const NEW: &str = "\"@odata.context\":\"http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media\"";

struct Read {
    format: ListFormat,
    rows: Vec<ListRow>,
    bad: Vec<String>,
    /// The error that ended the reading.
    end: Option<ReadError>,
    notes: Vec<String>,
}

fn read(text: impl AsRef<[u8]>) -> Read {
    let mut reader = Reader::open(text.as_ref(), &ReadOptions::default()).unwrap();
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

fn vics(context: &str, media: &[Value]) -> String {
    let media: Vec<String> = media.iter().map(Value::to_string).collect();
    format!("\u{feff}{{{context},\"value\":[{}]}}", media.join(","))
}

fn hash(kind: HashKind, text: &str) -> HashValue {
    HashValue::parse(kind, text).unwrap()
}

#[test]
fn vics_in_both_data_models() {
    let photo = [7u8; 144];
    let media = json!({
        "MediaID": 12, "Category": 0, "MD5": MD5, "SHA1": SHA1, "MediaSize": "2835",
        "PhotoDNA": BASE64.encode(&photo), "VictimIdentified": "true", "IsDistributed": "FALSE",
        "OffenderIdentified": false, "IsPrecategorized": "maybe", "Series": "S", "Tags": null,
        "Comments": "", "Own": {"b": [1, null]},
        "AlternativeHashes": [
            {"HashName": "SHA-256", "HashValue": SHA256}, {"HashName": "pdq", "HashValue": PDQ},
            {"HashName": "PDQ", "HashValue": SHA256}, {"HashName": "F1", "HashValue": "xyz"},
            {"HashName": "SHA512", "HashValue": "short"}],
        "MediaFiles": [{"FileName": "", "FilePath": "p"}, {"FileName": "a.jpg", "Deleted": "true"}]
    });
    for (context, format) in [(OLD, ListFormat::Vics13), (NEW, ListFormat::Vics20)] {
        let found = read(vics(context, std::slice::from_ref(&media)));
        assert!(found.bad.is_empty() && found.end.is_none());
        assert_eq!(found.format, format);
        let row = &found.rows[0];
        assert_eq!((row.source_id.as_deref(), row.category.as_deref()), (Some("12"), Some("0")));
        assert_eq!(row.name.as_deref(), Some("a.jpg"));
        let expected = [
            hash(HashKind::Md5, MD5),
            hash(HashKind::Sha1, SHA1),
            hash(HashKind::Sha256, SHA256),
            hash(HashKind::Pdq, PDQ),
            HashValue::PhotoDna(photo),
        ];
        assert_eq!(row.hashes, expected);
        let attributes = json!({
            "size": "2835", "VictimIdentified": true, "IsDistributed": false,
            "OffenderIdentified": false, "IsPrecategorized": "maybe", "Series": "S", "Tags": null,
            "Comments": "", "Own": {"b": [1, null]},
            "AlternativeHashes": [
                {"HashName": "PDQ", "HashValue": SHA256}, {"HashName": "F1", "HashValue": "xyz"},
                {"HashName": "SHA512", "HashValue": "short"}],
            "MediaFiles": [{"FileName": "", "FilePath": "p"}, {"FileName": "a.jpg", "Deleted": "true"}]
        });
        assert_eq!(serde_json::to_value(&row.attributes).unwrap(), attributes);
        assert!(row.material);
    }
}

#[test]
fn the_traps_of_vics() {
    let hexadecimal = "0a".repeat(144);
    let media = [
        json!({"MediaID": 0, "Category": null, "MD5": MD5, "PhotoDNA": hexadecimal}),
        json!({"MediaID": null, "MD5": EMPTY_MD5, "SHA1": SHA1, "PhotoDNA": ""}),
        json!({"MediaID": 3, "MD5": EMPTY_MD5}),
        json!({"MediaID": 4, "MD5": &MD5[1..]}),
        json!({"MediaID": 5, "MD5": MD5, "PhotoDNA": "AAAA"}),
        json!({"MediaID": 6}),
        json!({"MediaID": 7, "MD5": 12}),
        json!([MD5]),
        json!({"MediaID": 9, "MD5": MD5_B, "MediaFiles": []}),
        json!({"MediaID": 10, "MD5": MD5_B, "Category": "4"}),
    ];
    let text = vics(NEW, &media);
    let found = read(&text);
    let ids: Vec<_> = found.rows.iter().map(|row| row.source_id.as_deref()).collect();
    assert_eq!(ids, [None, None, Some("9"), Some("10")]);
    assert_eq!(found.rows[0].hash(HashKind::PhotoDna), Some(HashValue::PhotoDna([10; 144])));
    assert_eq!(found.rows[1].hashes, [hash(HashKind::Sha1, SHA1)]);
    assert_eq!((&found.rows[0].category, found.rows[3].category.as_deref()), (&None, Some("4")));
    assert!(found.rows[2].attributes.is_empty());
    // Several rows for one file are several entries, because their source tells them apart.
    assert_eq!(found.rows[2].hashes, found.rows[3].hashes);
    assert_eq!(found.bad.len(), 5);
    // Places are the bytes at which records start.
    for (bad, record) in found.bad.iter().zip([3, 4, 5, 6, 7]) {
        let place = text.find(&media[record].to_string()).unwrap();
        assert!(bad.starts_with(&format!("byte {place}: ")), "{bad}");
    }
    assert!(found.bad[0].ends_with("the md5 value has 31 hexadecimal digits, not 32"));
}

#[test]
fn a_vics_file_that_is_cut_short_is_told() {
    let media = [json!({"MediaID": 1, "MD5": MD5}), json!({"MediaID": 2, "MD5": MD5_B})];
    let text = vics(NEW, &media);
    let start = text.find("{\"MD5\"").unwrap();
    for end in start..text.len() {
        let found = read(&text[..end]);
        let error = found.end.unwrap().to_string();
        assert!(error.contains("too early"), "{error}");
    }
    assert!(read(&text).end.is_none());
}

#[test]
fn a_vics_case_holds_its_media_inside() {
    let text = json!({
        "odata.metadata": "http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml#Cases",
        "value": [
            {"CaseID": "c1", "CaseMetadata": [{"PropertyName": "x", "Media": []}],
             "Media": [{"MediaID": 1, "MD5": MD5}, {"MediaID": 2, "MD5": MD5_B}],
             "TotalMediaFiles": 7},
            {"CaseID": "c2", "Media": null},
            {"CaseID": "c3", "Media": [{"MediaID": 3, "MD5": MD5_B}]}]
    });
    for text in [text.to_string(), serde_json::to_string_pretty(&text).unwrap()] {
        let found = read(text);
        assert_eq!((found.format, found.rows.len()), (ListFormat::Vics13, 3));
        assert!(found.end.is_none() && found.bad.is_empty());
    }
}

#[test]
fn what_a_vics_file_is_does_not_depend_on_what_rows_say() {
    let rows = [json!({"MD5": MD5, "x": "#Cases", "CaseID": 1}), json!({"Media": [], "MD5": MD5})];
    assert_eq!(read(vics(NEW, &rows)).rows.len(), 2);
    let bare = json!([{"CaseID": 1, "Media": [{"MediaID": 1, "MD5": MD5}]}]).to_string();
    assert_eq!(read(bare).rows.len(), 1);
    let unnamed = json!({"value": [{"MediaID": 1, "MD5": MD5}, {"CaseID": 1, "MD5": MD5}]});
    assert_eq!(read(unnamed.to_string()).rows.len(), 2);
}

#[test]
fn vics_records_that_are_too_long_cost_themselves_only() {
    let long = "x".repeat(hashward_lists::MAX_RECORD);
    let media =
        [json!({"MediaID": 1, "MD5": MD5, "Comments": long}), json!({"MediaID": 2, "MD5": MD5_B})];
    let found = read(vics(OLD, &media));
    assert_eq!((found.rows.len(), found.bad.len()), (1, 1));
    assert!(found.bad[0].contains("longer than 1048576 bytes"));
}

#[test]
fn harmless_lists_in_vics_are_told_from_material() {
    // As NSRL's lists for CAID: no grade, no series, sizes as text.
    let media = json!({"MediaID": 1, "MD5": MD5, "SHA1": SHA1, "MediaSize": "4",
        "MediaFiles": [{"FileName": "a.dll"}]});
    assert!(!read(vics(OLD, &[media])).rows[0].material);
}

#[test]
fn pages_of_stopncii() {
    let record = |value: &str, status: &str, signal: &str, moment: u64| {
        json!({"lastModtimestamp": moment, "hashValue": value, "hashStatus": status,
            "signalType": signal, "caseNumbers": {"g": "Active"}, "hashRegions": ["UK"],
            "CSPFeedbacks": [{"source": "X", "feedbackValue": "Undefined", "tags": []}]})
    };
    let text = json!({"count": 6, "nextSetTimestamp": 1, "hasMoreRecords": true, "hashRecords": [
        record(PDQ, "Active", "ImagePDQ", 10), record(MD5, "Withdrawn", "VideoMD5", 11),
        record(PDQ, "Deleted", "ImagePDQ", 12), record(PDQ, "Undefined", "ImagePDQ", 13),
        record("x", "Active", "VideoTMK", 14), record("short", "Active", "ImagePDQ", 15)]});
    let found = read(text.to_string());
    assert_eq!(found.format, ListFormat::StopNcii);
    let seen: Vec<_> = found.rows.iter().map(|row| (row.deleted, row.moment)).collect();
    assert_eq!(seen, [(false, Some(10)), (true, Some(11)), (true, Some(12)), (false, Some(13))]);
    assert_eq!(found.rows[0].hashes, [hash(HashKind::Pdq, PDQ)]);
    assert_eq!(found.rows[0].attributes["hashRegions"], json!(["UK"]));
    assert_eq!((found.bad.len(), found.notes.len()), (1, 2));
    assert!(found.notes[0].contains("more records follow"), "{:?}", found.notes);
    assert!(found.rows.iter().all(|row| row.material));
}

const NCMEC: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2">
 <images count="3" maxTimestamp="2017-10-24T15:10:00Z">
  <image><member id="42">Example &amp; Sons</member><timestamp>2017-10-24T15:00:00Z</timestamp>
   <id>image1</id><classification>A1</classification>
   <fingerprints><md5>0123456789abcdef0123456789abcdef</md5>
    <sha1>0123456789ABCDEF0123456789ABCDEF01234567</sha1><pdq/>
    <tmk-pdqf rel="self" href="/v2/secret"/><netclean>made-up</netclean></fingerprints>
   <feedback><affirmativeFeedback type="Md5"><members><member id="42"/><member id="43"/></members>
    </affirmativeFeedback></feedback><x:extra xmlns:x="urn:x"><![CDATA[<kept>]]></x:extra></image>
  <deletedImage><member id="43"/><id>image4</id><timestamp>2017-10-25T00:00:00+01:00</timestamp></deletedImage>
  <image><member id="43"/><id>bad</id><fingerprints><md5>12</md5></fingerprints></image>
  <image><member id="43"/><fingerprints/></image>
 </images>
 <videos count="0"><video><member id="42"/><id>video1</id><classification>B2</classification>
   <fingerprints><md5>0123456789abcdef0123456789abcd00</md5></fingerprints></video></videos>
 <paging><next>/v2/entries?from=x&amp;start=2001</next></paging>
</queryResult>
"#;

#[test]
fn pages_of_ncmec() {
    let found = read(NCMEC);
    assert_eq!(found.format, ListFormat::Ncmec);
    assert!(found.end.is_none(), "{:?}", found.end);
    let ids: Vec<_> = found.rows.iter().map(|row| row.source_id.as_deref().unwrap()).collect();
    assert_eq!(ids, ["42/image1", "43/image4", "42/video1"]);
    let row = &found.rows[0];
    assert_eq!(row.hashes, [hash(HashKind::Md5, MD5), hash(HashKind::Sha1, SHA1)]);
    assert_eq!((row.category.as_deref(), row.moment), (Some("A1"), Some(1_508_857_200)));
    let attributes = json!({
        "media": "image", "member": "Example & Sons", "timestamp": "2017-10-24T15:00:00Z",
        "netclean": "made-up", "extra": "<kept>",
        "feedback": {"affirmativeFeedback": {"@type": "Md5",
            "members": {"member": [{"@id": "42"}, {"@id": "43"}]}}}
    });
    assert_eq!(serde_json::to_value(&row.attributes).unwrap(), attributes);
    assert!(found.rows[1].deleted && found.rows[1].moment == Some(1_508_886_000));
    assert_eq!(found.rows[2].attributes["media"], "video");
    assert_eq!(found.bad.len(), 2);
    let place = NCMEC.find("<image><member id=\"43\"/><id>bad").unwrap();
    assert_eq!(
        found.bad[0],
        format!("byte {place}: the md5 value has 2 hexadecimal digits, not 32")
    );
    assert_eq!(found.notes.len(), 1);
}

#[test]
fn xml_that_is_hostile_or_cut_short_is_refused() {
    let body = &NCMEC[NCMEC.find("<queryResult").unwrap()..];
    let first = body.find("</queryResult>").unwrap();
    for end in (60..first).step_by(37) {
        assert!(read(&body[..end]).end.is_some(), "cut at {end}");
    }
    let entity = format!("<!DOCTYPE queryResult [<!ENTITY a \"aaaa\">]>{body}");
    assert!(matches!(read(entity).end, Some(ReadError::Structure { .. })));
    let unknown = body.replace("&amp;", "&a;");
    assert!(matches!(read(unknown).end, Some(ReadError::Structure { .. })));
    let deep = body.replace("<pdq/>", &("<a>".repeat(100) + &"</a>".repeat(100)));
    assert!(matches!(read(deep).end, Some(ReadError::Structure { .. })));
    // A record, or a tag between records, that is longer than permitted.
    let long = "x".repeat(hashward_lists::MAX_RECORD);
    for at in ["made-up", "/v2/entries", "Example"] {
        let text = body.replacen(at, &long, 1);
        assert!(matches!(read(text).end, Some(ReadError::OpenRecord { .. })), "{at}");
    }
    // Ten thousand attributes must cost no more than they are long.
    let attributes: String = (0..10_000).map(|number| format!(" a{number}=\"\"")).collect();
    let many = body.replacen("<netclean>", &format!("<netclean{attributes}>"), 1);
    assert_eq!(read(many).bad.len(), 3);
}

#[test]
fn an_odd_json_file_is_refused_with_advice() {
    let refused =
        |text: &str| Reader::open(text.as_bytes(), &ReadOptions::default()).err().unwrap();
    assert!(matches!(refused("{\n\"value\": [\n]}"), OpenError::UnknownJson));
    let message = refused("[1,2]").to_string();
    assert!(message.contains("VICS") && message.contains("JSON Lines"), "{message}");
    // Named, a document without its context is read.
    let options = ReadOptions { format: Some(ListFormat::Vics20), ..ReadOptions::default() };
    let text = format!("{{\"value\":[{{\"MD5\":\"{MD5}\"}}]}}");
    assert_eq!(Reader::open(text.as_bytes(), &options).unwrap().count(), 1);
}

#[test]
fn nothing_shows_a_hash() {
    let almost = &MD5[..31];
    let texts = [
        vics(NEW, &[json!({"MD5": almost}), json!({"MD5": [almost]}), json!({"PhotoDNA": MD5})]),
        vics(NEW, &[json!({"MD5": MD5, "MediaFiles": [{"MD5": MD5, "x": 1}]})]),
        format!("{{{OLD},\"value\":[{{\"MD5\":\"{MD5}\"}} {{\"MD5\":\"{MD5}\"}}]}}"),
        NCMEC.replace("<md5>12", &format!("<md5>{almost}")),
        NCMEC.replace("</images>", &format!("<{MD5}>")),
        NCMEC.replace("<x:extra", &format!("<extra {MD5}=x")),
    ];
    for text in texts {
        let found = read(text);
        let shown = format!("{:?}{:?}{:?}{:?}", found.rows, found.bad, found.end, found.notes);
        assert!(!shown.to_uppercase().contains(&almost[..12]), "{shown}");
    }
}
