//! Merging the segments of a list into one, without what is dead.

use crate::{BuildOptions, Generation, SegmentInfo, Store, WriteError};

impl Generation {
    /// Writes one segment with all live rows of a list's segments from number `first` on; `None`
    /// when nothing lives. The generation stays as it is: naming the new segment in a manifest is
    /// the caller's next step.
    ///
    /// # Errors
    /// When there is no such list, a segment is damaged, or the system refuses to write.
    pub fn compact(
        &self,
        list: usize,
        first: usize,
        store: &Store,
        options: BuildOptions,
    ) -> Result<Option<SegmentInfo>, WriteError> {
        let mut entries = self.entries_from(list, first)?.peekable();
        if entries.peek().is_none() {
            return Ok(None);
        }
        let mut builder = store.builder(options)?;
        for row in entries {
            builder.push(&row?)?;
        }
        builder.finish().map(Some)
    }
}
