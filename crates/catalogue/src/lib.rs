//! SQLite: lists, versions, provenance and the audit chain.
