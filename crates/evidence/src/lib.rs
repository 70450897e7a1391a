//! Where bytes come from: folders and files, opened without leaving a trace.
