//! Lists of the field on their way through a database: what counts, what is refused, what comes
//! back out.

#![allow(clippy::unwrap_used)] // a test that cannot go on may panic

use hashward_engine::database::Database;
use hashward_engine::import::{
    ColumnMap, ImportError, ImportInput, ImportRequest, ImportSummary, ListFormat, ListKind,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const MD5: &str = "0123456789ABCDEF0123456789ABCDEF";
const MD5_B: &str = "0123456789ABCDEF0123456789ABCD00";
const PDQ: &str = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22";

struct Scratch {
    folder: tempfile::TempDir,
    database: Database,
}

fn scratch() -> Scratch {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create(&folder.path().join("db")).unwrap();
    Scratch { folder, database }
}

fn request(list: &str, texts: &[String]) -> ImportRequest {
    let input = |text: &String| {
        let reader = Box::new(std::io::Cursor::new(text.clone().into_bytes()));
        ImportInput::Stream { name: "made-up".into(), reader }
    };
    ImportRequest { inputs: texts.iter().map(input).collect(), ..ImportRequest::new(list) }
}

impl Scratch {
    fn import(&mut self, request: ImportRequest) -> Result<ImportSummary, ImportError> {
        self.database.import(request, &mut |_| {})
    }

    fn export(&self, list: &str, format: ListFormat, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        let mut out = Vec::new();
        self.database.export_in(list, format, None, &mut out, self.folder.path()).unwrap();
        std::fs::write(&path, out).unwrap();
        path
    }

    fn jsonl(&self, list: &str) -> Vec<Value> {
        let text =
            std::fs::read_to_string(self.export(list, ListFormat::Jsonl, "x.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn again(&mut self, list: &str, path: &Path) -> ImportSummary {
        self.import(ImportRequest::new(list).file(path)).unwrap()
    }
}

fn vics(media: &[Value]) -> String {
    let context =
        "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#Media";
    json!({"@odata.context": context, "value": media}).to_string()
}

fn media() -> Vec<Value> {
    let photo = "07".repeat(144);
    vec![
        json!({"MediaID": 1, "Category": 0, "MD5": MD5, "PhotoDNA": photo, "MediaSize": 12,
            "VictimIdentified": "true", "Unknown": {"x": [1, null, "2"]}, "Series": "S",
            "AlternativeHashes": [{"HashName": "PDQ", "HashValue": PDQ},
                {"HashName": "Own", "HashValue": "v"}],
            "MediaFiles": [{"FileName": "a.jpg", "FilePath": "c:\\x", "Deleted": "false"},
                {"FileName": "b.jpg"}]}),
        json!({"MediaID": 2, "Category": 1, "MD5": MD5}),
        json!({"MediaID": 3, "Category": null, "MD5": MD5_B, "MediaFiles": [{"FileName": "c"}]}),
    ]
}

#[test]
fn vics_comes_back_out_of_a_database_unchanged() {
    let mut scratch = scratch();
    let summary = scratch.import(request("vic", &[vics(&media())])).unwrap();
    assert_eq!((summary.counts.rows, summary.counts.entries), (3, 3));
    assert_eq!(summary.files[0].format, "vics-2.0");
    for (format, name) in [
        (ListFormat::Vics20, "2.json"),
        (ListFormat::Vics13, "1.json"),
        (ListFormat::Jsonl, "x.jsonl"),
        (ListFormat::Csv, "x.csv"),
    ] {
        let path = scratch.export("vic", format, name);
        let again = scratch.again("vic", &path);
        let counts = (again.counts.unchanged, again.counts.changed, again.counts.added);
        assert_eq!(counts, (3, 0, 0), "{name}");
    }
    let path = scratch.export("vic", ListFormat::Vics20, "2.json");
    let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let written = document["value"].as_array().unwrap();
    let first = written.iter().find(|media| media["MediaID"] == 1).unwrap();
    let original = &media()[0];
    for member in
        ["Category", "MD5", "MediaSize", "Unknown", "Series", "MediaFiles", "VictimIdentified"]
    {
        assert_eq!(first[member], original[member], "{member}");
    }
    assert_eq!(first["AlternativeHashes"].as_array().unwrap().len(), 2);
    assert_eq!(first["PhotoDNA"].as_str().unwrap().len(), 192);
}

#[test]
fn material_is_refused_as_known_good() {
    let mut scratch = scratch();
    let icse = format!("MD5;Image ID;Baseline\n{MD5};1;1\n");
    let page = json!({"hashRecords": [{"hashValue": PDQ, "signalType": "ImagePDQ",
        "hashStatus": "Active"}]});
    for text in [vics(&media()), vics(&media()[1..2]), icse, page.to_string()] {
        let before = scratch.database.lists().unwrap().len();
        let error = scratch.import(request("good", &[text]).kind(ListKind::Ignore)).unwrap_err();
        assert!(matches!(error, ImportError::Material { .. }), "{error}");
        assert!(error.to_string().contains("made-up"));
        assert_eq!(scratch.database.lists().unwrap().len(), before);
    }
    // An ungraded list, as NSRL publishes for CAID, is taken; the kind of a list stays.
    let harmless = json!({"MediaID": 1, "MD5": MD5, "MediaFiles": [{"FileName": "a.dll"}]});
    scratch.import(request("good", &[vics(&[harmless])]).kind(ListKind::Ignore)).unwrap();
    let error = scratch.import(request("good", &[vics(&media())])).unwrap_err();
    assert!(matches!(error, ImportError::Material { .. }));
}

#[test]
fn software_as_known_material_is_remarked_on() {
    let mut scratch = scratch();
    let text = format!(
        "\"SHA-1\",\"MD5\",\"CRC32\",\"FileName\",\"FileSize\",\"ProductCode\",\"OpSystemCode\",\"SpecialCode\"\n\
         \"{MD5}01234567\",\"{MD5}\",\"\",\"a\",1,1,\"\",\"\"\n"
    );
    let known = scratch.import(request("a", std::slice::from_ref(&text))).unwrap();
    assert!(known.notes[0].contains("kind ignore"), "{:?}", known.notes);
    let ignored = scratch.import(request("b", &[text]).kind(ListKind::Ignore)).unwrap();
    assert!(ignored.notes.is_empty());
}

#[test]
fn of_rows_of_one_entry_the_latest_counts() {
    let image = |member: u32, id: &str, time: &str, md5: &str| {
        format!(
            "<image><member id=\"{member}\"/><id>{id}</id><timestamp>2020-01-0{time}T00:00:00Z</timestamp>\
             <fingerprints><md5>{md5}</md5></fingerprints></image>"
        )
    };
    let deleted = |id: &str, time: &str| {
        format!(
            "<deletedImage><member id=\"1\"/><id>{id}</id>\
             <timestamp>2020-01-0{time}T00:00:00Z</timestamp></deletedImage>"
        )
    };
    let page = |records: &[String]| {
        format!("<queryResult><images>{}</images></queryResult>", records.concat())
    };
    // Pages are in no order of time: what comes last in the files need not be the last word.
    let pages = [
        page(&[image(1, "a", "3", MD5), image(1, "b", "1", MD5), deleted("c", "5")]),
        page(&[image(1, "a", "2", MD5_B), image(1, "b", "2", MD5_B), image(1, "c", "4", MD5)]),
        page(&[image(2, "a", "1", MD5_B), deleted("d", "1"), image(1, "d", "2", MD5)]),
    ];
    let mut scratch = scratch();
    let summary = scratch.import(request("ncmec", &pages)).unwrap();
    let rows: Vec<(String, String)> = scratch
        .jsonl("ncmec")
        .iter()
        .map(|row| {
            (row["id"].as_str().unwrap().into(), row["md5"].as_str().unwrap().to_uppercase())
        })
        .collect();
    let mut rows: Vec<(&str, &str)> = rows.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    rows.sort_unstable();
    assert_eq!(rows, [("1/a", MD5), ("1/b", MD5_B), ("1/d", MD5), ("2/a", MD5_B)]);
    assert_eq!((summary.counts.entries, summary.counts.superseded), (4, 3));
    // A later page with a tombstone takes the entry out.
    let later = ImportRequest { delta: true, ..request("ncmec", &[page(&[deleted("a", "9")])]) };
    assert_eq!(scratch.import(later).unwrap().counts.entries, 3);
}

#[test]
fn a_map_is_part_of_what_was_imported() {
    let mut scratch = scratch();
    let text = format!("Print,Grade\n{MD5},A\n");
    let with = |list: &str, map: &str| ImportRequest {
        map: ColumnMap::parse(map).unwrap(),
        ..request(list, std::slice::from_ref(&text))
    };
    scratch.import(with("a", "md5=Print,category=Grade")).unwrap();
    assert_eq!(scratch.jsonl("a")[0]["category"], "A");
    scratch.import(with("b", "md5=Print")).unwrap();
    assert_eq!(scratch.jsonl("b")[0]["Grade"], "A");
    let error = scratch.import(with("c", "md5=Nowhere")).unwrap_err();
    assert!(error.to_string().contains("`Nowhere`"), "{error}");
}

#[test]
fn kdb_goes_through_a_database() {
    let mut scratch = scratch();
    let text = format!("md5,name\n{MD5},a\n{MD5_B},b\n");
    scratch.import(request("a", &[text])).unwrap();
    let path = scratch.export("a", ListFormat::Kdb, "a.kdb");
    let again = scratch.again("a", &path);
    assert_eq!((again.counts.unchanged, again.files[0].format.as_str()), (2, "kdb"));
    assert_eq!(again.files[0].bytes, path.metadata().unwrap().len());
    // Through a stream a database cannot be read.
    let bytes = std::fs::read(path).unwrap();
    let reader = Box::new(std::io::Cursor::new(bytes));
    let stream = ImportInput::Stream { name: "standard input".into(), reader };
    let request = ImportRequest { inputs: vec![stream], ..ImportRequest::new("a") };
    assert!(scratch.import(request).unwrap_err().to_string().contains("name the file"));
}
