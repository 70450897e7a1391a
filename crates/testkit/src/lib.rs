//! Naive oracles and failing I/O for tests; never published.
