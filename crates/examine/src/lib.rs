//! One file in, one bounded Examination record out.
#![forbid(unsafe_code)]

mod examine;
mod plan;
mod record;
mod worker;

pub use examine::examine;
pub use plan::Plan;
pub use record::{EXAMINATION_VERSION, Examination, Pictures, RecordError};
pub use worker::worker_main;
