//! SIMD kernels on plain slices, each with a scalar twin, chosen at run time.
