//! Untrusted bytes to luma planes and labelled hashes, under limits.
#![forbid(unsafe_code)]

mod formats;
mod host;
mod limits;
mod plane;
mod reason;
mod report;
mod session;
mod sniff;
mod trouble;

pub use host::{Host, MemoryRefused, Unguarded};
pub use limits::{Effort, Limits, Plan};
pub use reason::Reason;
pub use report::{LabelledHash, PictureReport, Rectangle, Trouble, Variant};
pub use sniff::{Class, HEAD_BYTES, PictureFormat, Sniffed, TAIL_BYTES, sniff};

/// Decodes one picture and hashes all of its frames.
///
/// Meant to run in a worker process: a decoder may panic, hang or run out of memory on hostile
/// bytes, whatever is done here against it. The result depends on the arguments alone.
pub fn examine_picture(
    bytes: &[u8],
    format: PictureFormat,
    limits: &Limits,
    plan: &Plan,
    host: &mut dyn Host,
) -> PictureReport {
    let Effort::Full = plan.effort;
    let mut session = session::Session::new(limits, host);
    let status = formats::decode(format, bytes, &mut session);
    session.finish(status)
}
