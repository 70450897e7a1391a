//! The system's allocator, which tells the supervisor when it has nothing left to give.
//!
//! A program that runs out of memory dies by the same signals as one that crashes. In a worker,
//! the first failed allocation therefore sends a message before the caller learns of it. The
//! normal path costs one comparison with null.

use crate::frame::{HEAD, Head, NO_MEMORY};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

struct TellingAllocator;

#[global_allocator]
static ALLOCATOR: TellingAllocator = TellingAllocator;

/// Job number plus 2³² while a worker works on it, else 0: nobody is listening.
static LISTENER: AtomicU64 = AtomicU64::new(0);

const LISTENING: u64 = 1 << 32;

/// From now on a failed allocation is reported under this job's number.
pub(crate) fn report_under(job: u32) {
    LISTENER.store(LISTENING | u64::from(job), Ordering::Relaxed);
}

/// The job that is being worked on.
pub(crate) fn current_job() -> u32 {
    LISTENER.load(Ordering::Relaxed) as u32
}

#[cold]
#[inline(never)]
fn report(size: usize) {
    let listener = LISTENER.load(Ordering::Relaxed);
    if listener & LISTENING == 0 {
        return;
    }
    // On the stack and by a bare system call: nothing here may allocate.
    let mut message = [0; HEAD + 8];
    let head = Head { tag: NO_MEMORY, job: listener as u32, length: 8 };
    message[..HEAD].copy_from_slice(&head.to_bytes());
    message[HEAD..].copy_from_slice(&(size as u64).to_le_bytes());
    crate::os::write_to_supervisor(&message);
}

#[inline]
fn checked(pointer: *mut u8, size: usize) -> *mut u8 {
    if pointer.is_null() {
        report(size);
    }
    pointer
}

// SAFETY: every method hands its arguments to `System` unchanged and returns what `System`
// returned, so `System`'s own guarantees hold; `report` neither allocates nor unwinds.
unsafe impl GlobalAlloc for TellingAllocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`, which is `System`'s.
        checked(unsafe { System.alloc(layout) }, layout.size())
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `System` through this allocator, with the same layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc_zeroed`, as above.
        checked(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: `pointer` came from `System` through this allocator, with the same layout, and
        // the caller keeps the contract on `new_size`.
        checked(unsafe { System.realloc(pointer, layout, new_size) }, new_size)
    }
}
