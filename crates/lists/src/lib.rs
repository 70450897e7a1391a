//! Hash-list formats: streaming readers and writers, no storage.
