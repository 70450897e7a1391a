//! Whole files through real worker processes, and through workers that misbehave.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test program with its own main")]

use hashward_evidence::{MemorySource, ReadAt};
use hashward_examine::{Examination, Pictures, Plan, examine, worker_main};
use hashward_hash::{DigestKinds, HashKind};
use hashward_media::{Limits, Reason, Variant};
use hashward_sandbox::{Pool, PoolLimits, WorkerCommand, serve};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use std::io;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("__worker") => worker_main(),
        Some("__aborting") => serve(|_, _, host| {
            host.phase("decode PNG");
            std::process::abort()
        }),
        Some("__hanging") => serve(|_, _, host| {
            host.phase("decode PNG");
            loop {
                std::hint::spin_loop();
            }
        }),
        Some("__lying") => serve(|_, _, _| vec![0xff; 100]),
        _ => run_tests(),
    }
}

fn pool(arg: &str) -> Pool {
    let mut limits = PoolLimits::default();
    limits.workers = 2;
    limits.deadline_base = Duration::from_secs(if arg == "__hanging" { 1 } else { 20 });
    Pool::new(WorkerCommand::this_program([arg]).unwrap(), limits).unwrap()
}

fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let wave = (f64::from(x) / 31.0).sin() * (f64::from(y) / 23.0).cos();
        Rgb([(127.0 + 100.0 * wave) as u8, (x * 7 + y * 3) as u8, (x ^ y) as u8])
    })
}

fn encode(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut file = io::Cursor::new(Vec::new());
    DynamicImage::from(picture(width, height)).write_to(&mut file, format).unwrap();
    file.into_inner()
}

fn of(bytes: &[u8], pool: &Pool) -> Examination {
    let source = MemorySource(bytes.to_vec());
    examine(&source, &Plan::default(), &Limits::default(), pool).unwrap()
}

fn sha256(bytes: &[u8]) -> Option<[u8; 32]> {
    let mut hasher = hashward_digest::Hasher::new(DigestKinds::ALL);
    hasher.update(bytes);
    hasher.finalize().sha256
}

fn reason(examination: &Examination) -> Option<Reason> {
    examination.not_examined().map(|(reason, _)| reason)
}

fn pictures_are_hashed_and_digested() {
    let pool = pool("__worker");
    // Larger than one chunk, so that head, chunks and the worker's copy all differ.
    for (format, side) in
        [(ImageFormat::Png, 900), (ImageFormat::Jpeg, 900), (ImageFormat::Png, 40)]
    {
        let file = encode(side, side / 2, format);
        let found = of(&file, &pool);
        assert_eq!(found.pictures, Pictures::Examined);
        assert_eq!(found.size, file.len() as u64);
        assert_eq!(found.digests.sha256, sha256(&file));
        assert_eq!((found.width, found.height), (Some(side), Some(side / 2)));
        assert_eq!((found.frames_examined, found.frames_total), (1, Some(1)));
        assert_eq!(found.hashes.len(), if side > 512 { 16 } else { 8 });
        assert_eq!(found.hashes[0].variant, Variant::Full);
        assert_eq!(found, of(&file, &pool), "the same bytes give the same record");
        assert_eq!(Examination::from_bytes(&found.to_bytes()), Ok(found));
    }
}

fn other_content_needs_no_worker() {
    let nowhere = WorkerCommand { program: "/nowhere".into(), args: Vec::new() };
    let pool = Pool::new(nowhere, PoolLimits::default()).unwrap();
    let found = of(b"just words", &pool);
    assert_eq!(
        (found.pictures.clone(), found.media_type.as_str()),
        (Pictures::NotAPicture, "text/plain")
    );
    assert_eq!(found.digests.sha256, sha256(b"just words"));
    let found = of(b"", &pool);
    assert_eq!((found.pictures.clone(), found.size), (Pictures::NotAPicture, 0));
    assert_eq!(found.digests.sha256, sha256(b""));
    assert_eq!(reason(&of(b"PK\x03\x04 and so on", &pool)), Some(Reason::Unsupported));
    assert_eq!(reason(&of(b"Salted__12345678....", &pool)), Some(Reason::Encrypted));

    let file = encode(64, 64, ImageFormat::Png);
    let plan = Plan { perceptual: false, ..Plan::default() };
    let source = MemorySource(file.clone());
    let found = examine(&source, &plan, &Limits::default(), &pool).unwrap();
    assert_eq!(found.pictures, Pictures::NotAsked);
    assert_eq!(found.media_type, "image/png");
    assert_eq!(found.digests.sha256, sha256(&file));
    // Too large a picture is refused before anything is started.
    let limits = Limits { encoded_bytes: 100, ..Limits::default() };
    let found = examine(&source, &Plan::default(), &limits, &pool).unwrap();
    assert_eq!(reason(&found), Some(Reason::Limit));
    assert_eq!(found.digests.sha256, sha256(&file));
    // But a picture that would have to be decoded cannot be.
    assert!(examine(&source, &Plan::default(), &Limits::default(), &pool).is_err());
}

/// Counts what is read; fails, shrinks or changes on demand.
struct Odd {
    bytes: Vec<u8>,
    stated: u64,
    read: AtomicU64,
    fails_at: u64,
    changed: bool,
}

impl Odd {
    fn new(bytes: Vec<u8>) -> Self {
        let stated = bytes.len() as u64;
        Self { bytes, stated, read: AtomicU64::new(0), fails_at: u64::MAX, changed: false }
    }
}

impl ReadAt for Odd {
    fn len(&self) -> u64 {
        self.stated
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset >= self.fails_at {
            return Err(io::Error::other("a bad sector"));
        }
        // Short reads on purpose.
        let wanted = buffer.len().min(10_007);
        let count = self.bytes.as_slice().read_at(&mut buffer[..wanted], offset)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn changed(&self) -> io::Result<bool> {
        Ok(self.changed)
    }
}

fn files_are_read_once() {
    let pool = pool("__worker");
    let large = encode(1200, 900, ImageFormat::Png);
    assert!(large.len() > 300_000);
    for bytes in [large, b"words ".repeat(200_000), b"few words".to_vec()] {
        let source = Odd::new(bytes);
        let found = examine(&source, &Plan::default(), &Limits::default(), &pool).unwrap();
        assert_eq!(found.digests.sha256, sha256(&source.bytes));
        assert_eq!(reason(&found), None);
        let tail = if source.bytes.len() > 256 << 10 { 512 } else { 0 };
        assert_eq!(source.read.into_inner(), source.bytes.len() as u64 + tail);
    }
    // Without digests, what is no picture is not even read.
    let source = Odd::new(b"words ".repeat(200_000));
    let plan = Plan { digests: DigestKinds::default(), ..Plan::default() };
    let found = examine(&source, &plan, &Limits::default(), &pool).unwrap();
    assert_eq!(found.size, 1_200_000);
    assert!(source.read.into_inner() <= (256 << 10) + 512);
    let only = Plan { digests: DigestKinds::default().with(HashKind::Md5), ..Plan::default() };
    let source = Odd::new(b"words".to_vec());
    let found = examine(&source, &only, &Limits::default(), &pool).unwrap();
    assert_eq!(found.digests.values().count(), 1);
}

fn trouble_with_reading_is_told() {
    let pool = pool("__worker");
    let picture = encode(1200, 900, ImageFormat::Png);
    for bytes in [picture.clone(), b"words ".repeat(200_000)] {
        for fails_at in [0, 300_000] {
            let source = Odd { fails_at, ..Odd::new(bytes.clone()) };
            let found = examine(&source, &Plan::default(), &Limits::default(), &pool).unwrap();
            assert_eq!(reason(&found), Some(Reason::Io));
            assert_eq!(found.digests.values().count(), 0);
            assert!(found.size <= 300_000);
            assert!(found.not_examined().unwrap().1.contains("a bad sector"));
        }
        let source = Odd { changed: true, ..Odd::new(bytes.clone()) };
        let found = examine(&source, &Plan::default(), &Limits::default(), &pool).unwrap();
        assert_eq!(reason(&found), Some(Reason::Changed));
        // A file that became shorter meanwhile.
        let stated = bytes.len() as u64 + 400_000;
        let source = Odd { stated, ..Odd::new(bytes.clone()) };
        let found = examine(&source, &Plan::default(), &Limits::default(), &pool).unwrap();
        assert_eq!(reason(&found), Some(Reason::Changed));
        assert_eq!((found.size, found.digests.sha256), (bytes.len() as u64, sha256(&bytes)));
    }
    assert_eq!(of(&picture, &pool).pictures, Pictures::Examined);
}

fn misbehaving_workers_cost_their_file() {
    let file = encode(64, 64, ImageFormat::Png);
    for (arg, wanted) in
        [("__aborting", Reason::Crash), ("__hanging", Reason::Timeout), ("__lying", Reason::Crash)]
    {
        let found = of(&file, &pool(arg));
        assert_eq!(reason(&found), Some(wanted), "{arg}");
        let detail = found.not_examined().unwrap().1;
        assert!(arg == "__lying" || detail.ends_with("during: decode PNG"), "{detail}");
        assert_eq!(found.digests.sha256, sha256(&file), "digests do not depend on workers");
        assert_eq!(found.media_type, "image/png");
    }
}

fn limits_reach_the_worker() {
    let pool = pool("__worker");
    let file = encode(100, 80, ImageFormat::Png);
    let source = MemorySource(file.clone());
    let limits = Limits { frame_pixels: 7999, ..Limits::default() };
    let found = examine(&source, &Plan::default(), &limits, &pool).unwrap();
    assert_eq!(reason(&found), Some(Reason::Limit));
    assert_eq!((found.width, found.height), (Some(100), Some(80)));
    let cut = of(&file[..file.len() / 2], &pool);
    assert_eq!(reason(&cut), Some(Reason::Truncated));
    // 60,000 × 60,000 pixels in a few bytes.
    let mut large = file[..60].to_vec();
    large[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let crc = crc_of(&large[12..29]);
    large[29..33].copy_from_slice(&crc.to_be_bytes());
    let found = of(&large, &pool);
    assert_eq!(reason(&found), Some(Reason::Limit), "{found:?}");
}

fn crc_of(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 != 0 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |c, _| step(c)))
}

fn threads_share_the_workers() {
    let pool = pool("__worker");
    let files: Vec<_> = (0..6).map(|i| encode(60 + 90 * i, 70, ImageFormat::Png)).collect();
    let expected: Vec<_> = files.iter().map(|file| of(file, &pool)).collect();
    std::thread::scope(|scope| {
        for start in 0..5 {
            let (files, expected, pool) = (&files, &expected, &pool);
            scope.spawn(move || {
                for i in (0..files.len()).cycle().skip(start).take(12) {
                    assert_eq!(of(&files[i], pool), expected[i]);
                }
            });
        }
    });
}

fn run_tests() -> ExitCode {
    let tests: &[(&str, fn())] = &[
        ("pictures_are_hashed_and_digested", pictures_are_hashed_and_digested),
        ("other_content_needs_no_worker", other_content_needs_no_worker),
        ("files_are_read_once", files_are_read_once),
        ("trouble_with_reading_is_told", trouble_with_reading_is_told),
        ("misbehaving_workers_cost_their_file", misbehaving_workers_cost_their_file),
        ("limits_reach_the_worker", limits_reach_the_worker),
        ("threads_share_the_workers", threads_share_the_workers),
    ];
    let filter = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    if std::env::args().any(|arg| arg == "--list") {
        tests.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    for (name, test) in tests {
        if filter.as_ref().is_none_or(|filter| name.contains(filter.as_str())) {
            println!("test {name} …");
            test();
        }
    }
    println!("all passed");
    ExitCode::SUCCESS
}
