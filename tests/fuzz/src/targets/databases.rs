//! Any bytes as an SQLite database: no panic, no more rows than bytes, and the file stays as it
//! was.

use hashward_lists::{DatabaseReader, ReadOptions};
use std::io::Write;
use std::ops::ControlFlow;

pub(crate) fn check(data: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(data).expect("a temporary file takes all");
    let Ok(mut reader) = DatabaseReader::open(file.path(), &ReadOptions::default()) else { return };
    let mut rows = 0;
    let _ = reader.for_each(&mut |_| {
        rows += 1;
        ControlFlow::Continue(())
    });
    assert!(rows <= data.len(), "more rows than bytes");
    assert!(std::fs::read(file.path()).expect("the file is there") == data, "the file changed");
}
