//! `hashward hash`.
#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use common::{Lab, hash, jpeg, picture, png, run};
use hashward_synth::FileKind;
use std::ffi::OsStr;

#[test]
fn known_answers_for_three_bytes() {
    let lab = Lab::new();
    let path = lab.write("abc", "abc");
    let file = hash(&path);
    assert_eq!(file["md5"], "900150983cd24fb0d6963f7d28e17f72");
    assert_eq!(file["sha1"], "a9993e364706816aba3e25717850c26c9cd0d89d");
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(file["sha256"], sha256);
    let blake3 = "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85";
    assert_eq!(file["blake3"], blake3);
    assert_eq!(file["size"], 3);
    assert!(file["pdq"].is_null() && file["error"].is_null() && file["width"].is_null());
}

#[test]
fn only_the_kinds_asked_for_stand_there() {
    let lab = Lab::new();
    let path = lab.write("a.jpg", jpeg(&picture(1, 200, 150)));
    let ran = run([
        "hash".as_ref(),
        "--json".as_ref(),
        "--kinds".as_ref(),
        "sha1,md5".as_ref(),
        path.as_os_str(),
    ]);
    assert_eq!(ran.code, Some(0));
    let object = &ran.json()[0];
    let keys: Vec<&String> = object.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["error", "height", "md5", "media_type", "path", "sha1", "size", "type", "width"]
    );
    assert_eq!(object["type"], "file");
}

#[test]
fn pictures_by_content_with_eight_orientations() {
    let lab = Lab::new();
    let made = picture(2, 320, 240);
    let path = lab.write("picture.txt", png(&made));
    let args = ["hash", "--json", "--dihedral"].map(OsStr::new);
    let ran = run(args.into_iter().chain([path.as_os_str()]));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let file = &ran.json()[0];
    assert_eq!(
        (&file["media_type"], &file["width"], &file["height"]),
        (&"image/png".into(), &320.into(), &240.into())
    );
    let pdq = &file["pdq"];
    assert!(pdq["quality"].as_u64().unwrap() >= 50);
    let turned = pdq["dihedral"].as_object().unwrap();
    assert_eq!(turned.len(), 7);
    let mut all: Vec<&str> = turned.values().map(|hash| hash.as_str().unwrap()).collect();
    all.push(pdq["hash"].as_str().unwrap());
    assert!(all.iter().all(|hash| hash.len() == 64));
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 8, "a picture without symmetry has eight different hashes");
    // The mirrored picture's own hash is the hash of the mirrored orientation, almost.
    let mirrored = hashward_synth::Transform::Turn(hashward_synth::Turn::FlipX).apply(&made, 0);
    let mirrored = hash(&lab.write("mirrored", png(&mirrored)));
    let near =
        distance(mirrored["pdq"]["hash"].as_str().unwrap(), turned["flip_x"].as_str().unwrap());
    assert!(near <= 10, "{near}");
}

fn distance(a: &str, b: &str) -> u16 {
    let pdq = |text| hashward_hash::Pdq::from_hex(text).unwrap();
    pdq(a).distance(pdq(b)).0
}

#[test]
fn order_and_bytes_do_not_depend_on_threads() {
    let lab = Lab::new();
    for number in 0..12 {
        lab.write(format!("{}/{number}.jpg", number % 3), jpeg(&picture(number, 300, 200)));
        lab.write(format!("{}/{number}.txt", number % 3), FileKind::Text.bytes(number).unwrap());
    }
    let with = |jobs: &str| {
        let ran = run([
            "hash".as_ref(),
            "--json".as_ref(),
            "-j".as_ref(),
            jobs.as_ref(),
            lab.root().as_os_str(),
        ]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        ran.out
    };
    let one = with("1");
    assert_eq!(one.lines().count(), 24);
    assert_eq!(with("4"), one);
    assert_eq!(with("16"), one);
}

#[test]
fn errors_are_records_and_exit_code_3() {
    let lab = Lab::new();
    let good = lab.write("good.jpg", jpeg(&picture(3, 200, 200)));
    let whole = std::fs::read(&good).unwrap();
    let cut = lab.write("truncated.jpg", &whole[..whole.len() / 2]);
    let ran =
        run(["hash".as_ref(), "--json".as_ref(), cut.as_os_str(), lab.path("missing").as_os_str()]);
    assert_eq!(ran.code, Some(3));
    let files = ran.json();
    assert!(files[0]["error"].as_str().unwrap().starts_with("io: "), "{}", ran.out);
    assert!(files[0]["md5"].is_null() && files[0].get("md5").is_some());
    assert!(files[1]["error"].as_str().unwrap().starts_with("truncated: "), "{}", ran.out);
    assert_eq!(
        files[1]["md5"].as_str().unwrap().len(),
        32,
        "digests of a broken picture are still its digests"
    );
    // What has digests only is no error.
    let text = lab.write("t.txt", "text");
    let zip = lab.write("t.zip", FileKind::Zip.bytes(1).unwrap());
    assert_eq!(run(["hash".as_ref(), text.as_os_str(), zip.as_os_str()]).code, Some(0));
    let ran = run(["hash".as_ref(), "--kinds".as_ref(), "md5".as_ref(), cut.as_os_str()]);
    assert_eq!(ran.code, Some(0), "a digest was asked for, and there it is");
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_reported_and_the_run_goes_on() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let lab = Lab::new();
    let set = |name: &str, mode| {
        std::fs::set_permissions(lab.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    lab.write("tree/a", "secret");
    lab.write("tree/b", "public");
    lab.write("tree/closed/c", "hidden");
    set("tree/a", 0o000);
    set("tree/closed", 0o000);
    set("", 0o755);
    let mut command = common::hashward();
    command.args(["hash", "--json", "--kinds", "md5"]).arg(lab.path("tree"));
    if rustix::process::geteuid().is_root() {
        command.uid(65534); // Nothing is closed to root.
    }
    let ran = common::finish(&mut command, "");
    set("tree/closed", 0o755);
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    let files = ran.json();
    let errors: Vec<bool> = files.iter().map(|file| file["error"].is_null()).collect();
    assert_eq!(errors, [false, true, false], "{}", ran.out);
    assert!(files[0]["error"].as_str().unwrap().contains("ermission denied"));
}

#[test]
fn text_for_people() {
    let lab = Lab::new();
    lab.write("abc", "abc");
    let mut command = common::hashward();
    command.args(["hash", "abc"]).current_dir(lab.root());
    insta::assert_snapshot!(common::finish(&mut command, "").out);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_unless_they_are_asked_for() {
    let lab = Lab::new();
    lab.write("tree/file", "x");
    std::os::unix::fs::symlink(lab.path("tree"), lab.path("link")).unwrap();
    std::os::unix::fs::symlink("file", lab.path("tree/alias")).unwrap();
    let ran = run(["hash".as_ref(), "--json".as_ref(), lab.path("link").as_os_str()]);
    assert_eq!(ran.json()[0]["reason"], "link");
    assert!(ran.err.contains("was not followed"), "{}", ran.err);
    let ran = run(["hash".as_ref(), "--json".as_ref(), lab.path("link/").as_os_str()]);
    let types: Vec<_> = ran.json().iter().map(|o| o["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(types, ["skipped", "file"]);
}
