//! What the tests of the binary share: a folder to work in and runs with their outcome.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // each test file uses a part; helpers of tests

use hashward_synth::{Class, Encoding, Picture, generate};
use serde_json::Value;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The binary under test.
pub fn hashward() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hashward"));
    for name in ["HASHWARD_BACKEND", "HASHWARD_KEY_FILE", "HASHWARD_PASSPHRASE_FILE"] {
        command.env_remove(name);
    }
    command
}

/// How a run ended.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The JSON objects on standard output.
    pub fn json(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }

    /// The JSON objects of one type.
    pub fn of(&self, kind: &str) -> Vec<Value> {
        self.json().into_iter().filter(|object| object["type"] == kind).collect()
    }

    /// The summary of a scan.
    pub fn summary(&self) -> Value {
        self.of("summary").pop().unwrap_or_else(|| panic!("no summary\n{}\n{}", self.out, self.err))
    }

    /// Standard output without what depends on clocks.
    pub fn timeless(&self) -> String {
        let lines = self.out.lines().filter(|line| !line.starts_with("{\"type\":\"timing\""));
        lines.map(|line| format!("{line}\n")).collect()
    }
}

/// Runs the binary to its end.
pub fn run<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Ran {
    finish(hashward().args(args), "")
}

/// Runs a command to its end with a text on standard input.
pub fn finish(command: &mut Command, input: &str) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Nobody has to read it.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder to work in.
pub struct Lab(TempDir);

impl Lab {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn root(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root().join(name)
    }

    /// Writes a file below the folder, with the folders above it.
    pub fn write(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Makes a database `db` with some lists: name, kind, content of a CSV file.
    pub fn database(&self, lists: &[(&str, &str, String)]) -> PathBuf {
        let db = self.path("db");
        let ran = run([OsStr::new("db"), OsStr::new("create"), db.as_os_str()]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        for (name, kind, content) in lists {
            let file = self.write(format!("lists/{name}.csv"), content);
            let ran = run([
                OsStr::new("list"),
                "import".as_ref(),
                db.as_os_str(),
                file.as_os_str(),
                "--name".as_ref(),
                name.as_ref(),
                "--kind".as_ref(),
                kind.as_ref(),
            ]);
            assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        }
        db
    }
}

/// A picture with content, the same for the same number.
pub fn picture(number: u64, width: u32, height: u32) -> Picture {
    generate(Class::DeadLeaves, number, width, height)
}

pub fn jpeg(picture: &Picture) -> Vec<u8> {
    Encoding::Jpeg(90).encode(picture).unwrap()
}

pub fn png(picture: &Picture) -> Vec<u8> {
    Encoding::Png.encode(picture).unwrap()
}

/// Hashes one file by the binary itself.
pub fn hash(path: &Path) -> Value {
    let ran = run([OsStr::new("hash"), OsStr::new("--json"), path.as_os_str()]);
    let mut objects = ran.json();
    assert_eq!(objects.len(), 1, "{}{}", ran.out, ran.err);
    objects.remove(0)
}

/// A row of a CSV list with the header [`HEADER`], for a file as it is.
pub fn row(id: &str, hashes: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    format!(
        "{id},{id}.jpg,A1,{},{},{},{}\n",
        text(&hashes["md5"]),
        text(&hashes["sha256"]),
        text(&hashes["pdq"]["hash"]),
        hashes["pdq"]["quality"].as_u64().map_or(String::new(), |quality| quality.to_string()),
    )
}

pub const HEADER: &str = "id,name,category,md5,sha256,pdq,quality\n";
