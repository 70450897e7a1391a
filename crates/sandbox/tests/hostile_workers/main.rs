//! Workers that hang, crash, lie, flood and eat memory: each costs one file with the right reason.
//!
//! The program starts itself again as the worker; the job's header tells the worker how to
//! misbehave.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test program with its own main")]

mod misbehave;

use hashward_sandbox::{
    Attempt, Failure, Job, Outcome, Pool, PoolError, PoolLimits, WorkerCommand, serve,
};
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub(crate) const MIB: u64 = 1 << 20;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("__worker") => serve(misbehave::misbehave),
        Some("__dies_at_start") => ExitCode::from(3),
        Some("__not_a_worker") => {
            let _ = writeln!(std::io::stdout(), "hello, I am somebody else entirely");
            std::thread::sleep(Duration::from_secs(60));
            ExitCode::SUCCESS
        }
        Some("__supervisor") => supervise_until_killed(),
        _ => run_tests(),
    }
}

fn pool_with(change: impl FnOnce(&mut PoolLimits)) -> Pool {
    let mut limits = PoolLimits::default();
    limits.workers = 2;
    limits.encoded_bytes = 32 * MIB;
    limits.decode_bytes = 64 * MIB;
    change(&mut limits);
    let command = WorkerCommand::this_program(["__worker"]).expect("we know where we are");
    Pool::new(command, limits).expect("a thread can be started")
}

fn pool() -> Pool {
    pool_with(|_| {})
}

fn run(pool: &Pool, header: &str, input: &[u8]) -> Outcome {
    let mut attempts = Vec::new();
    let outcome = pool
        .run(header.as_bytes(), input.len() as u64, |job: &mut Job<'_>, attempt| {
            attempts.push(attempt);
            input.chunks(100_000).for_each(|chunk| job.send(chunk));
            true
        })
        .expect("the worker program works");
    let expected: &[Attempt] = match &outcome {
        Outcome::Failed(_) => &[Attempt::First, Attempt::Alone],
        _ => &attempts.clone(),
    };
    assert_eq!(attempts, expected, "a failure is retried once, alone");
    outcome
}

fn failure(pool: &Pool, header: &str) -> Failure {
    let input = vec![3; 1000];
    let Outcome::Failed(failure) = run(pool, header, &input) else {
        panic!("{header} gave a reply");
    };
    works(pool);
    failure
}

/// The pool still answers, and rightly.
fn works(pool: &Pool) {
    for size in [0, 1, 5000, 300_000] {
        let input = vec![2; size];
        let expected = (3 * size as u64).to_le_bytes().to_vec();
        assert_eq!(run(pool, "sum", &input), Outcome::Reply(expected));
    }
}

fn crash_signal(failure: &Failure) -> Option<i32> {
    match failure {
        Failure::Crash { signal, .. } => *signal,
        other => panic!("expected a crash, found {other:?}"),
    }
}

fn replies() {
    let pool = pool();
    works(&pool);
    let large: Vec<u8> = (0..20 * MIB).map(|i| i as u8).collect();
    let sum = large.iter().map(|&b| u64::from(b)).sum::<u64>() + large.len() as u64;
    assert_eq!(run(&pool, "sum", &large), Outcome::Reply(sum.to_le_bytes().to_vec()));
    let outcome = run(&pool, "many-phases 20000", b"");
    assert_eq!(outcome, Outcome::Reply(vec![0; 8]));
}

fn hang() {
    let pool = pool_with(|limits| limits.deadline_base = Duration::from_millis(300));
    let failure = failure(&pool, "hang");
    let Failure::Timeout { phase, .. } = &failure else { panic!("found {failure:?}") };
    assert_eq!(phase, "about to hang");
}

fn abort() {
    let failure = failure(&pool(), "abort");
    if cfg!(unix) {
        assert_eq!(crash_signal(&failure), Some(6));
    }
    assert!(failure.to_string().ends_with("during: about to abort"), "{failure}");
}

fn panics() {
    let failure = failure(&pool(), "panic");
    let text = failure.to_string();
    crash_signal(&failure);
    assert!(text.contains("panicked at tests/hostile_workers/misbehave.rs:"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

fn stack_overflow() {
    let failure = failure(&pool(), "overflow-stack 1000000");
    crash_signal(&failure);
    assert!(failure.to_string().contains("about to overflow-stack"), "{failure}");
}

fn exit_and_close() {
    let pool = pool();
    assert_eq!(crash_signal(&failure(&pool, "exit")), None);
    let text = failure(&pool, "close-pipe").to_string();
    assert!(text.contains("about to close-pipe"), "{text}");
}

fn flood_and_long_replies() {
    let pool = pool_with(|limits| limits.deadline_base = Duration::from_secs(5));
    let text = failure(&pool, "flood").to_string();
    assert!(text.contains("about to flood"), "{text}");
    let text = failure(&pool, "long-reply 2000000").to_string();
    assert!(text.contains("too long"), "{text}");
    assert_eq!(run(&pool, "long-reply 1000000", b""), Outcome::Reply(vec![7; 1_000_000]));
}

fn memory() {
    let pool = pool();
    assert_eq!(run(&pool, "eat-politely 60", b""), Outcome::Reply(vec![0; 8]));
    // What a worker freed is gone: the next one in the same process is held to its own grant.
    assert_eq!(run(&pool, "eat-politely 1", b""), Outcome::Reply(vec![0; 8]));
    assert_eq!(run(&pool, "eat-politely 65", b""), Outcome::Reply(b"refused".to_vec()));
    assert_eq!(run(&pool, "try-reserve", b""), Outcome::Reply(b"coped".to_vec()));
    if cfg!(target_os = "linux") {
        for header in ["eat", "eat-beyond-grant 20"] {
            let failure = failure(&pool, header);
            let Failure::Memory { allocation, phase } = &failure else {
                panic!("found {failure:?}");
            };
            assert!(allocation.is_some_and(|bytes| bytes >= 64 << 10), "{allocation:?}");
            assert!(header.starts_with(phase.strip_prefix("about to ").unwrap()), "{phase}");
        }
    }
}

/// Many threads want more memory than there is and raise their demands step by step: nobody
/// waits for ever, and everybody gets through, some of them alone.
fn contention() {
    let pool = pool_with(|limits| limits.workers = 4);
    let replies = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let (pool, replies) = (&pool, &replies);
            scope.spawn(move || {
                for i in 0..6 {
                    let header = format!("raise {}", 20 + 10 * ((thread + i) % 5));
                    let outcome = pool.run(header.as_bytes(), 0, |_, _| true).unwrap();
                    assert_eq!(outcome, Outcome::Reply(vec![0; 8]));
                    replies.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(replies.into_inner(), 36);
}

/// Innocent files beside culprits, from several threads.
fn innocents_recover() {
    let pool = pool_with(|limits| limits.workers = 3);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let pool = &pool;
            scope.spawn(move || {
                for i in 0..12 {
                    if (thread + i) % 4 == 0 {
                        let outcome = run(pool, "abort", b"x");
                        assert!(matches!(outcome, Outcome::Failed(Failure::Crash { .. })));
                    } else {
                        assert_eq!(
                            run(pool, "sum", &[1, 2]),
                            Outcome::Reply(vec![5, 0, 0, 0, 0, 0, 0, 0])
                        );
                    }
                }
            });
        }
    });
}

fn recycling() {
    let pool = pool_with(|limits| {
        limits.workers = 1;
        limits.jobs_per_worker = 3;
    });
    for _ in 0..20 {
        works(&pool);
    }
}

/// The caller gives up while it sends: the file costs a worker, the pool goes on.
fn abandoned() {
    let pool = pool();
    let outcome = pool
        .run(b"sum", 10, |job, _| {
            job.send(&[1, 2, 3]);
            false
        })
        .unwrap();
    assert_eq!(outcome, Outcome::Abandoned);
    works(&pool);
    // A file that turned out shorter than it was announced is what was sent.
    let outcome = pool
        .run(b"sum", 10, |job, _| {
            job.send(&[1, 2, 3]);
            true
        })
        .unwrap();
    assert_eq!(outcome, Outcome::Reply(vec![9, 0, 0, 0, 0, 0, 0, 0]));
    // And bytes beyond the announced length are dropped.
    let outcome = pool
        .run(b"sum", 2, |job, _| {
            job.send(&[1, 2, 3]);
            true
        })
        .unwrap();
    assert_eq!(outcome, Outcome::Reply(vec![5, 0, 0, 0, 0, 0, 0, 0]));
}

fn unusable_programs() {
    let broken = |args: &[&str]| {
        let command = WorkerCommand::this_program(args.iter().copied()).unwrap();
        let pool = Pool::new(command, PoolLimits::default()).unwrap();
        let first = pool.probe().expect_err("the program is no worker");
        let later = pool.run(b"sum", 0, |_, _| true).expect_err("and never will be");
        assert_eq!(first.to_string(), later.to_string());
        first
    };
    let error = broken(&["__dies_at_start"]);
    assert!(matches!(error, PoolError::Unusable { .. }));
    assert!(error.to_string().contains("ended at once (exit status: 3)"), "{error}");
    let error = broken(&["__not_a_worker"]);
    assert!(error.to_string().contains("does not speak the worker protocol"), "{error}");

    let command = WorkerCommand { program: "/nowhere/at/all".into(), args: Vec::new() };
    let pool = Pool::new(command, PoolLimits::default()).unwrap();
    assert!(matches!(pool.probe(), Err(PoolError::Start { .. })));

    let too_large = pool_with(|_| {}).run(b"sum", 33 * MIB, |_, _| true);
    assert!(matches!(too_large, Err(PoolError::TooLarge { .. })));
}

/// Waits in a pool with a hanging worker, to be killed from outside. Prints its worker's number.
fn supervise_until_killed() -> ExitCode {
    let pool = pool_with(|limits| {
        limits.deadline_base = Duration::from_secs(60);
        limits.deadline_cap = Duration::from_secs(60);
    });
    let children = || {
        let path = format!("/proc/self/task/{}/children", std::process::id());
        let own = std::fs::read_to_string(path).unwrap_or_default();
        let all = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        all.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
            .fold(own, |sum, text| sum + " " + &text)
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ = pool.run(b"hang", 0, |_, _| true);
        });
        std::thread::sleep(Duration::from_millis(300));
        println!("{}", children());
    });
    ExitCode::SUCCESS
}

/// `kill -9` of the supervisor takes a worker with it that is inside an endless loop.
#[cfg(target_os = "linux")]
fn workers_die_with_their_supervisor() {
    use std::io::BufRead as _;
    let mut supervisor = std::process::Command::new(std::env::current_exe().unwrap())
        .arg("__supervisor")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = std::io::BufReader::new(supervisor.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let worker: u32 = line.split_whitespace().next().expect("a worker runs").parse().unwrap();
    let alive = || {
        // A zombie whose new parent has not looked yet is dead enough.
        std::fs::read_to_string(format!("/proc/{worker}/stat"))
            .is_ok_and(|stat| !stat.rsplit(')').next().is_some_and(|s| s.trim().starts_with('Z')))
    };
    assert!(alive());
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    for _ in 0..100 {
        if !alive() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the worker outlived its supervisor");
}

/// Anonymous memory of all workers at their busiest, summed over /proc, stays within the pools.
#[cfg(target_os = "linux")]
fn memory_of_all_workers_is_bounded() {
    use std::sync::atomic::AtomicBool;
    let pool = pool_with(|limits| {
        limits.workers = 4;
        limits.encoded_bytes = 24 * MIB;
        limits.decode_bytes = 64 * MIB;
    });
    let done = AtomicBool::new(false);
    let highest = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut highest = 0;
            while !done.load(Ordering::Relaxed) {
                highest = highest.max(memory_of_children());
                std::thread::sleep(Duration::from_millis(1));
            }
            highest
        });
        let jobs: Vec<_> = (0..4)
            .map(|thread: u64| {
                let pool = &pool;
                scope.spawn(move || {
                    let file = vec![1; 11 * MIB as usize];
                    for i in 0..8 {
                        let header = format!("eat-politely {}", 10 + 17 * ((thread + i) % 4));
                        let outcome = run(pool, &header, &file);
                        assert!(matches!(outcome, Outcome::Reply(_)), "{outcome:?}");
                    }
                })
            })
            .collect();
        jobs.into_iter().for_each(|job| job.join().unwrap());
        done.store(true, Ordering::Relaxed);
        watcher.join().unwrap()
    });
    let bound = (24 + 64 + 4 * 11) * MIB;
    println!("    highest RssAnon of all workers: {} MiB of {}", highest / MIB, bound / MIB);
    assert!(highest > 60 * MIB, "the workers were seen at work: {highest}");
    assert!(highest <= bound, "{highest} is above {bound}");
    let idle = memory_of_children();
    assert!(idle <= 4 * 11 * MIB, "idle workers hold {idle}");
    println!("    idle: {} KiB", idle >> 10);
}

#[cfg(target_os = "linux")]
fn memory_of_children() -> u64 {
    let own = std::process::id().to_string();
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| {
        let status = std::fs::read_to_string(entry.path().join("status")).ok()?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.split_whitespace().next()?.to_owned())
        };
        (field("PPid:")? == own).then_some(())?;
        Some(field("RssAnon:")?.parse::<u64>().ok()? << 10)
    })
    .sum()
}

fn run_tests() -> ExitCode {
    let tests: &[(&str, fn())] = &[
        ("replies", replies),
        ("hang", hang),
        ("abort", abort),
        ("panics", panics),
        ("stack_overflow", stack_overflow),
        ("exit_and_close", exit_and_close),
        ("flood_and_long_replies", flood_and_long_replies),
        ("memory", memory),
        ("contention", contention),
        ("innocents_recover", innocents_recover),
        ("recycling", recycling),
        ("abandoned", abandoned),
        ("unusable_programs", unusable_programs),
        #[cfg(target_os = "linux")]
        ("workers_die_with_their_supervisor", workers_die_with_their_supervisor),
        #[cfg(target_os = "linux")]
        ("memory_of_all_workers_is_bounded", memory_of_all_workers_is_bounded),
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
