//! Worker processes for untrusted input: pool, budget, deadline, memory limit.
