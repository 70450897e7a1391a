//! Many files through several threads: a walker, workers, and results in order.
//!
//! The walker fills a short queue; each worker takes a file from it, examines it and sends bytes
//! to the calling thread, which puts them into order and hands them on. Nothing grows with the
//! collection: the queue is bounded, waiting results go to a temporary file, and the walker rests
//! while too many results wait for a slow file.

use crate::progress::Stop;
use crate::reorder::{Reorder, Spill};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Items that wait for a worker.
const QUEUE: usize = 64;
/// Results that may wait for a slow file in front of them (16 bytes each, plus their content).
const WINDOW: u64 = 1 << 20;
/// Memory for results that wait, beyond which they go to a temporary file.
const WAITING_BYTES: usize = 16 << 20;

/// In which order results are handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Byte order of path components, the same on every run.
    #[default]
    Path,
    /// As they are found.
    Found,
}

/// Why a pipeline ended early.
#[derive(Debug)]
pub(crate) enum PipelineError<E> {
    /// The work itself cannot go on.
    Work(E),
    /// Results cannot be handed on.
    Sink(io::Error),
    /// Waiting results cannot be kept.
    Spill(io::Error),
}

/// What waits for a thread.
pub(crate) type Jobs<T> = Receiver<(u64, T)>;

/// Where a thread's results go, each with the number of its job.
pub(crate) struct Results<E>(Sender<(u64, Result<Vec<u8>, E>)>);

impl<E> Results<E> {
    /// Hands on a result; false when nobody takes it any more.
    pub(crate) fn send(&self, number: u64, result: Result<Vec<u8>, E>) -> bool {
        self.0.send((number, result)).is_ok()
    }
}

/// Lets `threads` threads do the jobs that come from `items`, and hands their results to `sink`,
/// on the calling thread. Each thread runs `serve`, which takes jobs until there are no more and
/// gives exactly one result for each, in any order.
///
/// Results that wait in vain for memory go to a file that `spill` makes. After a wish to stop no further items are taken; those under way are still handed on.
pub(crate) fn run<T, E>(
    items: impl Iterator<Item = T> + Send,
    threads: usize,
    order: Order,
    stop: &Stop,
    spill: &Spill<'_>,
    serve: impl Fn(&Jobs<T>, &Results<E>) + Sync,
    mut sink: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), PipelineError<E>>
where
    T: Send,
    E: Send,
{
    let given_out = AtomicU64::new(0);
    let threads = threads.max(1);
    std::thread::scope(|scope| {
        let (job_sender, jobs) = bounded(QUEUE);
        let (result_sender, results) = bounded(4 * threads);
        let given_out = &given_out;
        scope.spawn(move || walk(items, &job_sender, given_out, stop));
        for _ in 0..threads {
            let (jobs, results, serve) = (jobs.clone(), Results(result_sender.clone()), &serve);
            scope.spawn(move || serve(&jobs, &results));
        }
        drop((jobs, result_sender));
        let outcome = collect(&results, order, given_out, spill, &mut sink);
        if outcome.is_err() {
            stop.stop();
        }
        // Whoever still sends must not wait for ever.
        for _ in results {}
        outcome
    })
}

/// A `serve` for [`run`] that does one job after the other.
pub(crate) fn one_by_one<T, E>(
    stop: &Stop,
    work: impl Fn(T) -> Result<Vec<u8>, E> + Sync,
) -> impl Fn(&Jobs<T>, &Results<E>) + Sync {
    move |jobs, results| {
        for (number, item) in jobs {
            // What waited in the queue when the wish came is not started any more.
            let result = if stop.is_wished() { Ok(Vec::new()) } else { work(item) };
            if !results.send(number, result) {
                return;
            }
        }
    }
}

fn walk<T>(
    items: impl Iterator<Item = T>,
    jobs: &Sender<(u64, T)>,
    given_out: &AtomicU64,
    stop: &Stop,
) {
    for (number, item) in (0..).zip(items) {
        while number - given_out.load(Ordering::Relaxed) >= WINDOW && !stop.is_wished() {
            std::thread::sleep(Duration::from_millis(5));
        }
        if stop.is_wished() || jobs.send((number, item)).is_err() {
            return;
        }
    }
}

fn collect<E>(
    results: &Receiver<(u64, Result<Vec<u8>, E>)>,
    order: Order,
    given_out: &AtomicU64,
    spill: &Spill<'_>,
    sink: &mut impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), PipelineError<E>> {
    let mut hand_on = |bytes: &[u8]| {
        given_out.fetch_add(1, Ordering::Relaxed);
        if bytes.is_empty() { Ok(()) } else { sink(bytes).map_err(PipelineError::Sink) }
    };
    let mut reorder = Reorder::new(WAITING_BYTES, spill);
    for (number, result) in results {
        let bytes = result.map_err(PipelineError::Work)?;
        if order == Order::Found {
            hand_on(&bytes)?;
            continue;
        }
        reorder.push(number, bytes).map_err(PipelineError::Spill)?;
        while let Some(bytes) = reorder.pop().map_err(PipelineError::Spill)? {
            hand_on(&bytes)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reorder::temporary;
    use std::collections::HashSet;

    /// Slow for some items, silent for others, so that results come out of order.
    fn work(number: usize) -> Result<Vec<u8>, io::Error> {
        for _ in 0..(number % 7) * 20 {
            std::thread::yield_now();
        }
        Ok(if number.is_multiple_of(3) { Vec::new() } else { format!("{number} ").into_bytes() })
    }

    fn text(threads: usize, order: Order) -> String {
        let mut out = Vec::new();
        let stop = Stop::new();
        run(0..500, threads, order, &stop, &temporary, one_by_one(&stop, work), |bytes| {
            out.extend_from_slice(bytes);
            Ok(())
        })
        .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn order_does_not_depend_on_threads() {
        let one = text(1, Order::Path);
        assert!(one.starts_with("1 2 4 5 7 "));
        for threads in [2, 3, 8] {
            assert_eq!(text(threads, Order::Path), one);
        }
        let found = text(4, Order::Found);
        let set = |text: &str| text.split(' ').map(str::to_owned).collect::<HashSet<_>>();
        assert_eq!(set(&found), set(&one));
    }

    #[test]
    fn a_failing_sink_and_failing_work_end_the_run() {
        let stop = Stop::new();
        let closed =
            run(0..100_000, 3, Order::Path, &stop, &temporary, one_by_one(&stop, work), |_| {
                Err(io::Error::from(io::ErrorKind::BrokenPipe))
            });
        assert!(matches!(closed, Err(PipelineError::Sink(_))));
        let failing =
            |number| if number == 700 { Err(io::Error::other("no more")) } else { work(number) };
        let stop = Stop::new();
        let failing = one_by_one(&stop, failing);
        let failed = run(0..100_000, 3, Order::Path, &stop, &temporary, failing, |_| Ok(()));
        assert!(matches!(failed, Err(PipelineError::Work(_))));
    }

    #[test]
    fn a_wish_to_stop_keeps_what_was_done() {
        let stop = Stop::new();
        let mut handed_on = Vec::new();
        run(0..100_000, 3, Order::Path, &stop, &temporary, one_by_one(&stop, work), |bytes| {
            handed_on.push(bytes.to_vec());
            if handed_on.len() == 50 {
                stop.stop();
            }
            Ok(())
        })
        .unwrap();
        assert!((50..1000).contains(&handed_on.len()));
        assert_eq!(handed_on[49], b"74 ");
    }
}
