//! What travels between [`crate::examine()`] and its worker processes, and the worker's main loop.

use crate::Plan;
use hashward_media::{
    FEATURE_FRAMES, HASHES_PER_FRAME, Host, Limits, MemoryRefused, PictureFormat, PictureReport,
    examine_picture,
};
use std::process::ExitCode;

/// The header of a job.
pub(crate) fn header(format: PictureFormat, limits: &Limits, plan: &Plan) -> Vec<u8> {
    let plan =
        hashward_media::Plan { effort: plan.effort, guesses: plan.guesses, corners: plan.corners };
    postcard::to_stdvec(&(format, limits, plan)).expect("writing plain numbers to memory")
}

/// Reads and checks a reply, which may come from a process that hostile input has taken over.
pub(crate) fn report(reply: &[u8], limits: &Limits) -> Option<PictureReport> {
    let (report, rest) = postcard::take_from_bytes::<PictureReport>(reply).ok()?;
    let frames = report.frames_examined;
    let plausible = rest.is_empty()
        && frames <= limits.frames
        && report.frames_total.is_none_or(|total| frames <= total)
        && report.hashes.len() <= frames as usize * HASHES_PER_FRAME
        && report.hashes.iter().all(|hash| hash.frame < limits.frames && hash.quality.0 <= 100)
        && report.features.len() <= FEATURE_FRAMES
        && report.features.iter().all(|f| f.frame < limits.frames && f.features.is_plausible())
        && report.status.as_ref().err().is_none_or(|trouble| {
            trouble.detail.len() <= hashward_media::Trouble::DETAIL_BYTES
                && !trouble.detail.chars().any(char::is_control)
        });
    plausible.then_some(report)
}

struct Supervised<'a>(&'a mut hashward_sandbox::Host);

impl Host for Supervised<'_> {
    fn phase(&mut self, text: &str) {
        self.0.phase(text);
    }

    fn need_memory(&mut self, bytes: u64) -> Result<(), MemoryRefused> {
        self.0.need_memory(bytes).map_err(|refused| MemoryRefused { needed: refused.needed })
    }
}

/// Runs this process as a worker: pictures in on standard input, reports out on standard output.
/// Returns when the supervisor closes the pipe.
#[must_use]
pub fn worker_main() -> ExitCode {
    hashward_sandbox::serve(|header, input, host| {
        let (format, limits, plan) =
            postcard::from_bytes::<(PictureFormat, Limits, hashward_media::Plan)>(header)
                .expect("the header comes from this same program");
        let report = examine_picture(input, format, &limits, &plan, &mut Supervised(host));
        postcard::to_stdvec(&report).expect("writing to memory; every field is serialisable")
    })
}
