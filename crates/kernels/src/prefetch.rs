//! Asking for memory before it is needed, so that many cache misses overlap.

/// Asks for the cache line that holds the first byte of `slice[index]`. Never reads, so any index
/// is fine; one outside the slice is a wasted hint. Does nothing where the machine has no such
/// instruction.
#[inline(always)]
pub fn prefetch<T>(slice: &[T], index: usize) {
    let address = slice.as_ptr().wrapping_add(index);
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch is a hint: it does not access memory as the language sees it and
        // cannot fault at any address. Every x86-64 has SSE.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    {
        // SAFETY: a prefetch is a hint: it changes neither memory nor registers nor flags and
        // cannot fault at any address.
        unsafe {
            std::arch::asm!(
                "prfm pldl1keep, [{address}]",
                address = in(reg) address,
                options(nostack, preserves_flags, readonly)
            );
        }
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = address;
}

#[cfg(test)]
mod tests {
    use super::prefetch;

    #[test]
    fn any_index_is_fine() {
        let table = [1u32, 2, 3];
        for index in [0, 2, 3, 1 << 40, usize::MAX] {
            prefetch(&table, index);
        }
        prefetch::<u64>(&[], 0);
        assert_eq!(table, [1, 2, 3]);
    }
}
