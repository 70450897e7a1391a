//! The worker's side of the tests: what a job's header tells it to do.

use crate::MIB;
use hashward_sandbox::Host;
use std::io::Write as _;
use std::time::Duration;

/// What a worker does with a job, by the words of its header.
pub(crate) fn misbehave(header: &[u8], input: &[u8], host: &mut Host) -> Vec<u8> {
    let header = std::str::from_utf8(header).expect("the tests send text");
    let (word, number) = header.split_once(' ').unwrap_or((header, "0"));
    let number: u64 = number.parse().expect("the tests send numbers");
    host.phase(&format!("about to {word}"));
    match word {
        "sum" => {}
        "hang" => loop {
            std::hint::spin_loop();
        },
        "abort" => std::process::abort(),
        "panic" => panic!("secret words"),
        "overflow-stack" => {
            std::hint::black_box(recurse(number));
        }
        "exit" => std::process::exit(0),
        "close-pipe" => close_pipe(),
        "flood" => flood(),
        "long-reply" => return vec![7; number as usize],
        "eat" => eat_for_ever(),
        "eat-politely" => {
            if host.need_memory(number * MIB).is_err() {
                return b"refused".to_vec();
            }
            let mut block = vec![0_u8; (number * MIB) as usize];
            touch(&mut block);
        }
        "eat-beyond-grant" => {
            let granted = host.need_memory(number * MIB);
            assert!(granted.is_ok(), "the pool has that much");
            let mut block = vec![0_u8; 3 * (number * MIB) as usize];
            touch(&mut block);
        }
        "raise" => {
            for part in 1..=4 {
                if host.need_memory(number * MIB * part / 4).is_err() {
                    return b"refused".to_vec();
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        "try-reserve" => {
            // A decoder that copes with a refusal is no failure.
            let refused = Vec::<u8>::new().try_reserve_exact(1 << 40).is_err();
            return if refused { b"coped".to_vec() } else { b"got it".to_vec() };
        }
        "many-phases" => (0..number).for_each(|i| host.phase(&format!("step {i}"))),
        other => panic!("unknown job {other}"),
    }
    let sum: u64 = input.iter().map(|&b| u64::from(b)).sum();
    (sum + input.len() as u64).to_le_bytes().to_vec()
}

/// Writes to every page, so that the memory is really there.
fn touch(block: &mut [u8]) {
    block.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    std::hint::black_box(block);
}

fn eat_for_ever() -> ! {
    let mut blocks = Vec::new();
    loop {
        let mut block = vec![0_u8; 64 << 10];
        touch(&mut block);
        blocks.push(block);
    }
}

fn recurse(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if depth == 0 { 0 } else { recurse(depth - 1) + frame[63] }
}

#[cfg(unix)]
fn close_pipe() {
    use std::os::fd::FromRawFd as _;
    // SAFETY: nothing else in this process uses standard output after this.
    drop(unsafe { std::fs::File::from_raw_fd(1) });
    std::thread::sleep(Duration::from_secs(60));
}

#[cfg(not(unix))]
fn close_pipe() {
    std::process::exit(0);
}

fn flood() -> ! {
    let mut out = std::io::stdout().lock();
    loop {
        if out.write_all(&[0x5a; 4096]).is_err() {
            std::process::exit(0);
        }
    }
}
