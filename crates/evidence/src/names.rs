//! The names of one folder in byte order, in bounded memory however many there are.

use crate::os::EntryKind;
use std::ffi::{OsStr, OsString};

/// Memory that one name costs beside its bytes: the entry in the list and the allocator's share.
const OVERHEAD: usize = 56;

/// Collects the smallest names of a folder. When they outgrow the limit, the larger half is
/// forgotten and the folder has to be listed again from [`Names::resume_after`].
pub(crate) struct Names {
    names: Vec<(OsString, EntryKind)>,
    bytes: usize,
    limit: usize,
    /// Only names above this one are of interest: the last one of the listing before.
    after: Option<OsString>,
    /// Names above this one were forgotten.
    cut: Option<OsString>,
}

impl Names {
    /// Collects names above `after` in about `limit` bytes (but always at least one name).
    pub(crate) fn new(limit: usize, after: Option<OsString>) -> Self {
        Self { names: Vec::new(), bytes: 0, limit, after, cut: None }
    }

    /// Takes one name of the listing.
    pub(crate) fn push(&mut self, name: &OsStr, kind: EntryKind) {
        if self.after.as_deref().is_some_and(|after| order(name) <= order(after))
            || self.cut.as_deref().is_some_and(|cut| order(name) > order(cut))
        {
            return;
        }
        self.bytes += name.len() + OVERHEAD;
        self.names.push((name.to_os_string(), kind));
        if self.bytes > self.limit && self.names.len() > 1 {
            self.forget_larger_half();
        }
    }

    fn forget_larger_half(&mut self) {
        self.sort();
        self.names.truncate(self.names.len() / 2);
        self.names.shrink_to_fit();
        self.bytes = self.names.iter().map(|(name, _)| name.len() + OVERHEAD).sum();
        self.cut = self.names.last().map(|(name, _)| name.clone());
    }

    fn sort(&mut self) {
        self.names.sort_unstable_by(|(a, _), (b, _)| order(a).cmp(order(b)));
    }

    /// The collected names in order, the bytes they take, and, if some were forgotten, the name
    /// after which the folder has to be listed again.
    pub(crate) fn finish(mut self) -> Listing {
        self.sort();
        let resume_after = self.cut.and(self.names.last().map(|(name, _)| name.clone()));
        Listing { names: self.names.into_iter(), bytes: self.bytes, resume_after }
    }
}

/// The outcome of [`Names`].
pub(crate) struct Listing {
    pub(crate) names: std::vec::IntoIter<(OsString, EntryKind)>,
    pub(crate) bytes: usize,
    pub(crate) resume_after: Option<OsString>,
}

fn order(name: &OsStr) -> &[u8] {
    name.as_encoded_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_by_passes(names: &[String], limit: usize) -> (Vec<String>, usize) {
        let mut found = Vec::new();
        let mut after = None;
        for passes in 1.. {
            let mut pass = Names::new(limit, after);
            for name in names {
                pass.push(OsStr::new(name), EntryKind::File);
                assert!(pass.bytes <= limit || pass.names.len() == 1);
            }
            let listing = pass.finish();
            found.extend(listing.names.map(|(name, _)| name.into_string().unwrap()));
            after = listing.resume_after;
            if after.is_none() {
                return (found, passes);
            }
        }
        unreachable!()
    }

    proptest::proptest! {
        #[test]
        fn passes_give_every_name_once_in_order(
            names in proptest::collection::hash_set("[a-f]{1,5}", 0..200),
            limit in 1usize..8000,
        ) {
            let names: Vec<String> = names.into_iter().collect();
            let mut sorted = names.clone();
            sorted.sort();
            assert_eq!(all_by_passes(&names, limit).0, sorted);
        }
    }

    #[test]
    fn a_small_folder_takes_one_pass() {
        let names: Vec<String> = (0..100).map(|n| format!("{n}")).collect();
        assert_eq!(all_by_passes(&names, 1 << 20).1, 1);
        assert!(all_by_passes(&names, 1 << 10).1 > 1);
    }
}
