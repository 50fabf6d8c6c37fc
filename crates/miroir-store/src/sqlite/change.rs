//! A queued change: the caller's closure, what came of it, and where the caller waits.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use crate::{Result, StoreError, Transaction};

/// A change without its types.
pub(super) trait Change: Send {
    /// Runs the closure, once. After an error the changes it made must be rolled back.
    fn run(&mut self, transaction: &mut dyn Transaction) -> Result<()>;

    /// Tells the caller: the closure's own result if the commit succeeded, else why it did not.
    fn answer(self: Box<Self>, commit: Result<()>);
}

/// A change with its types.
struct Queued<T, F> {
    closure: Option<F>,
    outcome: Option<Result<T>>,
    caller: oneshot::Sender<Result<T>>,
}

/// Packs a closure; the receiver gets the answer.
pub(super) fn queued<T, F>(closure: F) -> (Box<dyn Change>, oneshot::Receiver<Result<T>>)
where
    T: Send + 'static,
    F: FnOnce(&mut dyn Transaction) -> Result<T> + Send + 'static,
{
    let (caller, answer) = oneshot::channel();
    let change = Queued {
        closure: Some(closure),
        outcome: None,
        caller,
    };
    (Box::new(change), answer)
}

impl<T, F> Change for Queued<T, F>
where
    T: Send,
    F: FnOnce(&mut dyn Transaction) -> Result<T> + Send,
{
    fn run(&mut self, transaction: &mut dyn Transaction) -> Result<()> {
        let closure = self.closure.take().expect("a change runs once");
        // Whatever a panic left half done is rolled back.
        let outcome = catch_unwind(AssertUnwindSafe(|| closure(transaction)))
            .unwrap_or_else(|payload| Err(StoreError::panicked(&*payload)));
        let fate = outcome.as_ref().map(|_| ()).map_err(StoreError::clone);
        self.outcome = Some(outcome);
        fate
    }

    fn answer(self: Box<Self>, commit: Result<()>) {
        let answer = match (self.outcome, commit) {
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (Some(outcome), Ok(())) => outcome,
            (None, Ok(())) => Err(StoreError::Closed),
        };
        // A caller that stopped waiting has no use for the answer.
        let _ = self.caller.send(answer);
    }
}
