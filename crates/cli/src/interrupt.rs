//! Ctrl-C and friends: the first asks the run to end in order, the second ends it at once.

use crate::exit::ExitStatus;
use hashward_engine::Stop;

static STOP: Stop = Stop::new();

/// From now on an interrupt becomes a wish to stop.
pub(crate) fn install() -> &'static Stop {
    // Without a handler an interrupt simply ends the program, which loses nothing but the summary.
    let _ = ctrlc::try_set_handler(|| {
        if STOP.is_wished() {
            std::process::exit(ExitStatus::Interrupted as i32);
        }
        STOP.stop();
    });
    &STOP
}
