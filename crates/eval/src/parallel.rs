//! Work on numbered items with several threads, results in order.

use crate::{Interrupted, Watcher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Applies `work` to `0..count`. The watcher hears how many are done, and may stop the rest.
pub(crate) fn map<T: Send>(
    count: usize,
    threads: usize,
    watcher: &Watcher<'_>,
    work: impl Fn(usize) -> T + Sync,
) -> Result<Vec<T>, Interrupted> {
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let results = Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, count.max(1)) {
            scope.spawn(|| {
                while !stopped.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        break;
                    }
                    let result = work(index);
                    let done = {
                        let mut results = results.lock().expect("no thread panics while it pushes");
                        results.push((index, result));
                        results.len()
                    };
                    if !watcher(done as u64, count as u64) {
                        stopped.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    if stopped.into_inner() {
        return Err(Interrupted);
    }
    let mut results = results.into_inner().expect("no thread panics while it pushes");
    results.sort_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}
