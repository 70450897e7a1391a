//! What a run survives: large files, little memory, interrupts, closed pipes, killed workers.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use common::{Lab, hash, hashward, jpeg, picture, run};
use hashward_synth::{Encoding, Picture, Rgb};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const GIB: u64 = 1 << 30;

/// A field of `/proc/PID/status`; nothing once the process is gone.
fn status(pid: u32, field: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

/// A process and everything below it.
fn family(pid: u32) -> BTreeSet<u32> {
    let mut family = BTreeSet::from([pid]);
    let all: Vec<(u32, u64)> = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, status(pid, "PPid")?)))
        .collect();
    loop {
        let before = family.len();
        family.extend(
            all.iter()
                .filter(|(_, above)| family.contains(&(*above as u32)))
                .map(|(pid, _)| *pid)
                .collect::<Vec<_>>(),
        );
        if family.len() == before {
            return family;
        }
    }
}

/// Runs to the end and gives the most anonymous memory that all processes held together.
fn anonymous_memory(child: &mut Child) -> u64 {
    let mut most = 0;
    let mut family_now = family(child.id());
    for round in 0u32.. {
        if child.try_wait().unwrap().is_some() {
            break;
        }
        if round.is_multiple_of(4) {
            family_now = family(child.id());
        }
        let sum: u64 = family_now.iter().filter_map(|&pid| status(pid, "RssAnon")).sum();
        most = most.max(sum * 1024);
        std::thread::sleep(std::time::Duration::from_millis(3));
    }
    most
}

fn spawn(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn output(child: Child) -> (Option<i32>, Vec<Value>, String) {
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let objects = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code(), objects, String::from_utf8(output.stderr).unwrap())
}

fn of<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object["type"] == kind).collect()
}

fn sparse(path: &Path, size: u64) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::File::create(path).unwrap().set_len(size).unwrap();
}

/// A database that knows one SHA-256, so that huge files take seconds.
fn digest_database(lab: &Lab) -> PathBuf {
    lab.database(&[("one", "known", format!("id,sha256\nk,{}\n", "12".repeat(32)))])
}

fn scan(db: &Path, tree: &Path) -> Command {
    let mut command = hashward();
    command.args(["scan", "--json", "--db"]).arg(db).arg(tree);
    command
}

#[test]
fn a_sparse_file_of_12_gib_stays_within_the_bound() {
    let lab = Lab::new();
    sparse(&lab.path("tree/large"), 12 * GIB);
    let db = digest_database(&lab);
    let mut child = spawn(&mut scan(&db, &lab.path("tree")));
    let most = anonymous_memory(&mut child);
    let (code, objects, err) = output(child);
    assert!(matches!(code, Some(0 | 3)), "{err}");
    assert_eq!(of(&objects, "summary")[0]["bytes"], 12 * GIB);
    assert!(most < GIB / 4, "{most} bytes");
}

#[test]
fn many_large_pictures_on_many_threads_stay_within_one_gib() {
    let lab = Lab::new();
    // Flat pictures are small files that need much memory: 108 MB of pixels each.
    let flat = Picture::filled(6000, 6000, Rgb::default());
    let path = lab.write("tree/0.png", Encoding::Png.encode(&flat).unwrap());
    lab.write("tree/jpeg.jpg", Encoding::Jpeg(50).encode(&flat).unwrap());
    drop(flat);
    for number in 1..10 {
        fs::copy(&path, lab.path(format!("tree/{number}.png"))).unwrap();
    }
    let small = jpeg(&picture(1, 200, 200));
    let known = lab.write("known.jpg", small);
    let row = common::row("k", &hash(&known));
    let db = lab.database(&[("known", "known", format!("{}{row}", common::HEADER))]);
    let mut child = spawn(scan(&db, &lab.path("tree")).args(["-j", "16"]));
    let most = anonymous_memory(&mut child);
    let (code, objects, err) = output(child);
    assert_eq!(code, Some(0), "{err} {objects:?}");
    assert_eq!(of(&objects, "summary")[0]["files"], 11);
    assert!(most < GIB, "{most} bytes");
}

#[test]
fn an_interrupt_ends_the_run_with_a_summary() {
    let lab = Lab::new();
    sparse(&lab.path("tree/a"), 1 << 40);
    lab.write("tree/b", "small");
    let db = digest_database(&lab);
    // Whoever runs the tests in the background may have had them ignore the signal, which a program
    // that they start goes on ignoring.
    let mut command = Command::new("env");
    // `nohup` has them ignore the hang-up, which must not cost the interrupt.
    command.args(["--default-signal=INT", "--ignore-signal=HUP", env!("CARGO_BIN_EXE_hashward")]);
    command.args(["scan", "--json", "-j", "1", "--order", "found", "--db"]);
    let mut child = spawn(command.arg(&db).arg(lab.path("tree")));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("\"type\":\"run\""));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let rest: Vec<Value> =
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130), "{status} {rest:?}");
    let summary = of(&rest, "summary")[0];
    assert_eq!((&summary["interrupted"], &summary["complete"]), (&true.into(), &false.into()));
    assert_eq!(summary["files"], 0, "what was not read to its end is not counted");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let lab = Lab::new();
    for number in 0..3000 {
        lab.write(format!("tree/{number}-{}", "long".repeat(30)), "x");
    }
    let mut child =
        spawn(hashward().args(["hash", "--json", "--kinds", "md5"]).arg(lab.path("tree")));
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    drop(stdout);
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[test]
fn a_killed_worker_costs_nothing() {
    let lab = Lab::new();
    for number in 0..60 {
        lab.write(format!("tree/{number}.jpg"), jpeg(&picture(number % 5, 900, 700)));
    }
    let calm = run(["hash".as_ref(), "--json".as_ref(), lab.path("tree").as_os_str()]);
    let child = spawn(hashward().args(["hash", "--json", "-j", "2"]).arg(lab.path("tree")));
    let pid = child.id();
    let killer = std::thread::spawn(move || {
        // One only: a file is tried twice, and a second kill might meet the same file again.
        while Path::new(&format!("/proc/{pid}/fd")).read_dir().is_ok() {
            if let Some(worker) = family(pid).into_iter().find(|&member| member != pid) {
                let worker = Pid::from_raw(worker as i32).unwrap();
                return kill_process(worker, Signal::KILL).is_ok();
            }
        }
        false
    });
    let output = child.wait_with_output().unwrap();
    assert!(killer.join().unwrap());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), calm.out);
}

#[test]
fn a_file_that_changes_while_it_is_read_is_changed() {
    let lab = Lab::new();
    let path = lab.path("tree/growing");
    sparse(&path, 2 * GIB);
    let db = digest_database(&lab);
    let child = spawn(&mut scan(&db, &lab.path("tree")));
    let pid = child.id();
    let writer = std::thread::spawn(move || {
        let mut size = 2 * GIB;
        // A process that has ended but was not waited for has no open files any more.
        while Path::new(&format!("/proc/{pid}/exe")).read_link().is_ok() {
            size += 1;
            fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(size).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    });
    let (code, objects, err) = output(child);
    writer.join().unwrap();
    assert_eq!(code, Some(3), "{err}");
    assert_eq!(of(&objects, "not_examined")[0]["reason"], "changed", "{objects:?}");
}

#[test]
fn hostile_headers_cost_their_own_file_only() {
    let lab = Lab::new();
    let known = lab.write("tree/z.jpg", jpeg(&picture(1, 300, 200)));
    let row = common::row("k", &hash(&known));
    let db = lab.database(&[("known", "known", format!("{}{row}", common::HEADER))]);
    // 60,000 by 60,000 pixels in a few bytes.
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xea\x60\0\0\xea\x60\x08\x06\0\0\0".to_vec();
    png.extend(0xcf19_50fb_u32.to_be_bytes());
    lab.write("tree/huge.png", png);
    let whole = fs::read(&known).unwrap();
    for part in 1..12 {
        lab.write(format!("tree/cut{part:02}.jpg"), &whole[..whole.len() * part / 12]);
    }
    let (code, objects, err) = output(spawn(&mut scan(&db, &lab.path("tree"))));
    assert_eq!(code, Some(4), "{err}");
    let reasons = of(&objects, "not_examined").into_iter();
    let reasons: Vec<&str> = reasons.map(|object| object["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons.len(), 12);
    assert!(reasons[..11].iter().all(|&reason| reason == "truncated"), "{reasons:?}");
    assert!(matches!(reasons[11], "limit" | "corrupt"), "{reasons:?}");
    let last = *of(&objects, "match").last().unwrap();
    assert!(last["path"].as_str().unwrap().ends_with("z.jpg"));
}

#[test]
fn pipes_sockets_and_devices_do_not_block() {
    let lab = Lab::new();
    lab.write("tree/file", "x");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, lab.path("tree/pipe"), kind, mode, 0).unwrap();
    std::os::unix::fs::symlink("/", lab.path("tree/root")).unwrap();
    let db = digest_database(&lab);
    let (code, objects, _) = output(spawn(scan(&db, &lab.path("tree")).arg("/dev/zero")));
    assert_eq!(code, Some(0));
    let skipped: Vec<&Value> = of(&objects, "skipped");
    let reasons: Vec<&str> =
        skipped.iter().map(|object| object["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["device", "fifo", "link"]);
    assert_eq!(of(&objects, "summary")[0]["skipped"], 3);
}
