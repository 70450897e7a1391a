//! Walks over trees made to be awkward.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // helpers of tests

use hashward_evidence::{Item, OpenError, ReadAt, SkipReason, Walk, measure};
use rustix::fs::{CWD, FileType, Mode, OFlags, Timespec, Timestamps};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

/// The walk as lines: kind and path below the root.
fn lines(root: &Path, walk: Walk) -> Vec<String> {
    let below = |path: &Path| path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
    walk.map(|item| match item {
        Item::File(file) => format!("file {}", below(file.path())),
        Item::Skipped { path, reason } => format!("{} {}", reason.name(), below(&path)),
        Item::Failed { path, .. } => format!("failed {}", below(&path)),
    })
    .collect()
}

fn read_all(source: &dyn ReadAt) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(source.len()).unwrap() + 1];
    let count = source.read_at(&mut bytes, 0).unwrap();
    bytes.truncate(count);
    bytes
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn order_is_that_of_path_components() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b-c", "Z"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    // '-' and '.' come before '/', but components are compared, not whole paths.
    for name in ["a/x", "a.txt", "a-b", "b-c/é", "b-c/z", "Z/1", "Z/10", "Z/2", "ab"] {
        fs::write(folder.path().join(name), name).unwrap();
    }
    assert_eq!(
        lines(folder.path(), Walk::new([folder.path()])),
        [
            "file Z/1",
            "file Z/10",
            "file Z/2",
            "file a/x",
            "file a-b",
            "file a.txt",
            "file ab",
            "file b-c/z",
            "file b-c/é",
        ]
    );
}

#[test]
fn roots_are_sorted_may_be_files_and_count_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("b"), "").unwrap();
    fs::create_dir(path("a")).unwrap();
    fs::write(path("a/x"), "").unwrap();
    symlink(path("a"), path("link")).unwrap();
    let roots = [path("link"), path("b"), path("a"), path("missing"), path("a/")];
    assert_eq!(
        lines(folder.path(), Walk::new(roots)),
        ["file a/x", "file b", "link link", "failed missing"]
    );
    // A trailing slash means the folder behind the link.
    assert_eq!(lines(folder.path(), Walk::new([path("link/")])), ["file link/x"]);
}

#[test]
fn nothing_but_files_is_opened_and_no_link_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    symlink(folder.path(), path("loop")).unwrap();
    symlink("missing", path("dangling")).unwrap();
    rustix::fs::mknodat(CWD, path("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
    fs::write(path("file"), "").unwrap();
    let expected = ["link dangling", "file file", "link loop", "fifo pipe", "socket socket"];
    assert_eq!(lines(folder.path(), Walk::new([folder.path()])), expected);
    // As roots, too, none of them blocks.
    assert_eq!(lines(folder.path(), Walk::new([path("pipe")])), ["fifo pipe"]);
    assert_eq!(lines(Path::new("/dev"), Walk::new(["/dev/null"])), ["device null"]);
}

#[test]
fn what_becomes_something_else_before_it_is_opened_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["1", "2", "3"] {
        fs::write(path(name), "harmless").unwrap();
    }
    let items: Vec<Item> = Walk::new([folder.path()]).collect();
    for name in ["1", "2", "3"] {
        fs::remove_file(path(name)).unwrap();
    }
    symlink("/etc/passwd", path("1")).unwrap();
    rustix::fs::mknodat(CWD, path("2"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let outcomes: Vec<_> = items
        .iter()
        .map(|item| {
            let Item::File(file) = item else { panic!("all were files") };
            file.open().map(|_| ())
        })
        .collect();
    assert!(matches!(outcomes[0], Err(OpenError::NotAFile(SkipReason::Link))));
    assert!(matches!(outcomes[1], Err(OpenError::NotAFile(SkipReason::Fifo))));
    assert!(
        matches!(&outcomes[2], Err(OpenError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound)
    );
}

#[test]
fn access_times_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inner");
    fs::create_dir(&path).unwrap();
    let file = path.join("file");
    fs::write(&file, "content").unwrap();
    // So long ago that even a file system mounted with `relatime` would update it.
    let old = Timespec { tv_sec: 1_000_000_000, tv_nsec: 0 };
    for target in [&file, &path] {
        let times = Timestamps { last_access: old, last_modification: old };
        rustix::fs::utimensat(CWD, target, &times, rustix::fs::AtFlags::empty()).unwrap();
    }
    for item in Walk::new([folder.path()]) {
        let Item::File(file) = item else { panic!("only a file is there") };
        assert_eq!(read_all(&file.open().unwrap()), b"content");
    }
    if cfg!(any(target_os = "linux", target_os = "android")) {
        assert_eq!(fs::metadata(&file).unwrap().atime(), old.tv_sec);
        assert_eq!(fs::metadata(&path).unwrap().atime(), old.tv_sec);
    }
}

#[test]
fn names_that_are_not_utf8_come_through() {
    let folder = tempfile::tempdir().unwrap();
    let name = OsStr::from_bytes(b"caf\xe9\n.jpg");
    fs::write(folder.path().join(name), "x").unwrap();
    let items: Vec<Item> = Walk::new([folder.path()]).collect();
    let [Item::File(file)] = items.as_slice() else { panic!("one file is there") };
    assert_eq!(file.path().file_name().unwrap(), name);
    assert_eq!(read_all(&file.open().unwrap()), b"x");
}

#[test]
fn unreadable_folders_and_files_are_reported_and_the_walk_goes_on() {
    if is_root() {
        return; // Nothing is unreadable for root; continuous integration runs as a user as well.
    }
    let folder = tempfile::tempdir().unwrap();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    assert_eq!(lines(folder.path(), Walk::new([folder.path()])), ["failed closed", "file file"]);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
}

/// Makes a chain of folders far longer than the system's longest path.
fn dig(root: &Path, depth: usize) -> usize {
    let name = "d".repeat(50);
    let open = |at: rustix::fd::BorrowedFd<'_>, path: &str| {
        rustix::fs::openat(at, path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap()
    };
    let mut fd = open(CWD, root.to_str().unwrap());
    for _ in 0..depth {
        for file in ["a", "z"] {
            let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
            let file = rustix::fs::openat(&fd, file, flags, Mode::RUSR | Mode::WUSR).unwrap();
            rustix::io::write(&file, b"deep").unwrap();
        }
        rustix::fs::mkdirat(&fd, name.as_str(), Mode::RWXU).unwrap();
        let below = open(rustix::fd::AsFd::as_fd(&fd), &name);
        fd = below;
    }
    depth * (name.len() + 1)
}

#[test]
fn folders_nested_beyond_the_longest_path_are_walked_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let depth = 200;
    assert!(dig(folder.path(), depth) > 8192);
    let mut files = 0;
    for item in Walk::new([folder.path()]) {
        let Item::File(file) = item else { panic!("{item:?}") };
        assert_eq!(read_all(&file.open().unwrap()), b"deep");
        files += 1;
    }
    assert_eq!(files, 2 * depth);
    // The standard library's remover manages such depths as well, by descriptors of its own.
}

#[test]
fn a_folder_moved_during_the_walk_costs_only_itself() {
    let folder = tempfile::tempdir().unwrap();
    let depth = 100;
    dig(&folder.path().join("."), depth);
    fs::create_dir(folder.path().join("elsewhere")).unwrap();
    fs::write(folder.path().join("zz"), "").unwrap();
    let name = "d".repeat(50);
    let mut walk = Walk::new([folder.path()]);
    let mut seen = Vec::new();
    // Down to the bottom, then the chain's upper part is moved away.
    while seen.len() < depth {
        seen.push(walk.next().unwrap());
    }
    fs::rename(folder.path().join(&name).join(&name), folder.path().join("elsewhere").join("x"))
        .unwrap();
    let rest: Vec<Item> = walk.collect();
    let last = rest.last().unwrap();
    assert!(matches!(last, Item::File(file) if file.path().ends_with("zz")), "{last:?}");
}

#[test]
fn an_excluded_folder_is_skipped_and_totals_count_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("db")).unwrap();
    fs::write(path("db/secret"), "0123456789").unwrap();
    fs::write(path("file"), "0123").unwrap();
    symlink("db", path("way-in")).unwrap();
    let walk = || Walk::new([folder.path()]).exclude(&path("way-in")).unwrap();
    assert_eq!(lines(folder.path(), walk()), ["excluded db", "file file", "link way-in"]);
    let totals = measure(walk(), || true).unwrap();
    assert_eq!((totals.files, totals.bytes), (1, 4));
    assert_eq!(measure(walk(), || false), None);
}

#[test]
fn a_file_that_changes_after_opening_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let open = || {
        fs::write(&path, "first").unwrap();
        match Walk::new([&path]).next().unwrap() {
            Item::File(file) => file.open().unwrap(),
            other => panic!("{other:?}"),
        }
    };
    let source = open();
    assert_eq!(read_all(&source), b"first");
    assert!(!source.changed().unwrap());
    fs::write(&path, "longer than first").unwrap();
    assert!(source.changed().unwrap());

    let replaced = open();
    fs::write(folder.path().join("other"), "first").unwrap();
    fs::rename(folder.path().join("other"), &path).unwrap();
    assert!(replaced.changed().unwrap());
}
