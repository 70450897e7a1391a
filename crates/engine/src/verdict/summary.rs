//! What a run counted, and how long it took.

use super::Tier;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The counts of a scan.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Files that were come across, readable or not.
    pub files: u64,
    /// Their bytes, as far as they were read.
    pub bytes: u64,
    /// Files with at least one match.
    pub matched: u64,
    /// The same by the best tier of each file.
    pub matched_by_tier: BTreeMap<Tier, u64>,
    /// False matches that are expected by tier, were all pictures innocent and unrelated: pairs of a
    /// picture and an entry, from rates counted on synthetic pictures.
    #[serde(default)]
    pub expected_by_tier: BTreeMap<Tier, f64>,
    /// Files with a match that a list with a veto takes away.
    pub vetoed: u64,
    /// Files that only ignore lists know.
    pub ignored: u64,
    /// Inputs of which not everything was examined.
    pub not_examined: u64,
    /// The same by reason.
    pub not_examined_by_reason: BTreeMap<String, u64>,
    /// Objects that are not read.
    pub skipped: u64,
    /// The same by reason.
    pub skipped_by_reason: BTreeMap<String, u64>,
    /// Lists that were not used because their last day has passed.
    pub expired_lists: Vec<String>,
    /// True when the user stopped the run, so that inputs are missing from all counts.
    pub interrupted: bool,
    /// True when the run came to its end and everything was examined. Only then does silence
    /// about a file mean that nothing known matched it.
    pub complete: bool,
}

/// What depends on clocks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Wall clock from the first file to the last.
    pub seconds: f64,
    /// Wall clock for checking the known material beforehand.
    pub verify_seconds: f64,
    /// Files per second.
    pub files_per_second: f64,
    /// Bytes per second.
    pub bytes_per_second: f64,
    /// Threads that examined files.
    pub threads: usize,
    /// Files that were not read because a case held their examination; only with a case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reused: Option<u64>,
}

impl Timing {
    pub(crate) fn new(
        summary: &Summary,
        seconds: f64,
        verify_seconds: f64,
        threads: usize,
        reused: Option<u64>,
    ) -> Self {
        Self {
            seconds,
            verify_seconds,
            files_per_second: summary.files as f64 / seconds.max(1e-9),
            bytes_per_second: summary.bytes as f64 / seconds.max(1e-9),
            threads,
            reused,
        }
    }
}
