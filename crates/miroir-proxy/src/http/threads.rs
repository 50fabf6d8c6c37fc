//! The threads that connections live on. Each drives its connections from the client's socket to the nodes' and back, and wakes no
//! other while it does: a runtime whose threads steal work from each other wakes one of them for nothing with nearly every request,
//! which is a fifth of what reading a document costs.
//!
//! What may keep a thread busy for long is done elsewhere ([`Edge`](super::edge::Edge)).

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::{self, Handle};
use tokio_util::sync::CancellationToken;

use crate::telemetry::log;

/// Each keeps connections to all nodes; what so many serve is more than a fleet answers.
const MOST: usize = 8;

/// A new timer that is due before all others makes its runtime wake itself through the kernel. Those of requests are due later than
/// this, hedges apart: with one that fires as often they are never the first.
const NEXT_TIMER: Duration = Duration::from_secs(1);

/// Running threads. Dropping it ends them, and what they have not finished.
pub(crate) struct ConnectionThreads {
    threads: Vec<(Handle, JoinHandle<()>)>,
    next: AtomicUsize,
    stop: CancellationToken,
}

impl ConnectionThreads {
    /// So many; 0: one for each processor.
    pub(crate) fn start(number: u16) -> io::Result<Self> {
        let number = match number {
            0 => thread::available_parallelism().map_or(1, |number| number.get().min(MOST)),
            number => usize::from(number),
        };
        let stop = CancellationToken::new();
        let mut threads = Vec::with_capacity(number);
        for number in 0..number {
            let runtime = runtime::Builder::new_current_thread()
                .enable_all()
                .on_thread_park(log::write_gathered)
                .build()?;
            let (handle, stop) = (runtime.handle().clone(), stop.clone());
            let thread = thread::Builder::new().name(format!("connections-{number}"));
            let thread = thread.spawn(move || {
                log::gather();
                runtime.block_on(async {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = keep_a_timer() => {}
                    }
                });
                runtime.shutdown_background();
                log::write_gathered();
            })?;
            threads.push((handle, thread));
        }
        Ok(Self {
            threads,
            next: AtomicUsize::new(0),
            stop,
        })
    }

    /// All of them.
    pub(crate) fn handles(&self) -> impl Iterator<Item = &Handle> {
        self.threads.iter().map(|(handle, _)| handle)
    }

    /// The one whose turn it is to get a connection.
    pub(crate) fn next(&self) -> &Handle {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        &self.threads[turn % self.threads.len()].0
    }
}

async fn keep_a_timer() {
    loop {
        tokio::time::sleep(NEXT_TIMER).await;
    }
}

impl Drop for ConnectionThreads {
    fn drop(&mut self) {
        self.stop.cancel();
        for (_, thread) in self.threads.drain(..) {
            // One that has panicked has said so.
            let _ = thread.join();
        }
    }
}
