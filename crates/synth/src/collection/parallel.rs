//! Work on a slice with several threads, results in the order of the slice.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Applies `work` to every item; after an error no further item is begun, and the error of the
/// earliest failed item is returned.
pub(super) fn map<I: Sync, T: Send, E: Send>(
    items: &[I],
    threads: usize,
    work: impl Fn(&I) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let threads = match threads {
        0 => std::thread::available_parallelism().map_or(1, |cores| cores.get()),
        given => given,
    };
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let results = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads.min(items.len()).max(1) {
            scope.spawn(|| {
                while !failed.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = work(item);
                    if result.is_err() {
                        failed.store(true, Ordering::Relaxed);
                    }
                    results.lock().expect("no thread panics while it pushes").push((index, result));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("no thread panics while it pushes");
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_and_reports_the_error() {
        let items: Vec<u32> = (0..100).collect();
        for threads in [0, 1, 3, 200] {
            let doubled = map(&items, threads, |i| Ok::<_, ()>(i * 2)).unwrap();
            assert!(doubled.into_iter().eq((0..100).map(|i| i * 2)));
            let error = map(&items, threads, |i| if *i == 40 { Err("forty") } else { Ok(()) });
            assert_eq!(error, Err("forty"));
        }
        assert_eq!(map(&[] as &[u32], 0, |_| Ok::<_, ()>(1)), Ok(vec![]));
    }
}
