//! Ctrl-C and friends: the first asks the run to end in order, the second ends it at once.

use hashward_engine::Stop;

static STOP: Stop = Stop::new();

/// From now on an interrupt, a wish to terminate and a hang-up become a wish to stop.
pub(crate) fn install() -> &'static Stop {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(watch);
    &STOP
}

#[cfg(unix)]
fn watch() {
    use crate::exit::ExitStatus;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    // Without a watcher a signal simply ends the program, which loses nothing but the summary.
    let wanted = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|&signal| !is_ignored(signal));
    let Ok(mut signals) = Signals::new(wanted) else { return };
    let watcher = move || {
        for _ in signals.forever() {
            if STOP.is_wished() {
                std::process::exit(ExitStatus::Interrupted as i32);
            }
            STOP.stop();
        }
    };
    let _ = std::thread::Builder::new().name("interrupts".to_owned()).spawn(watcher);
}

/// Whether whoever started the program had it ignore a signal: `nohup` the hang-up, a shell the
/// interrupt of what runs in the background. That stays so, and must not cost the other signals.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask >> (signal - 1) & 1 == 1
}

/// Elsewhere an interrupt simply ends the program, which loses nothing but the summary.
#[cfg(not(unix))]
fn watch() {}
