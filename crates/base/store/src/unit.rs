//! A unit of work: a closure on its way to the database, its outcome on the way back.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::sync::oneshot;

use crate::{StoreError, Tx};

/// What a unit came to, before its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Wants to be committed.
    Done,
    /// Refused or failed: to be rolled back.
    Refused,
}

/// A unit of work of any closure and result, as an engine's thread sees it.
pub(crate) trait Unit: Send {
    /// Where it was handed to the store.
    fn at(&self) -> &'static Location<'static>;
    /// Whether nobody waits for the answer any more: the caller was cancelled.
    fn is_abandoned(&self) -> bool;
    /// Runs the closure once, to its end, without waiting; keeps its result.
    fn run(&mut self, tx: &mut Tx<'_>) -> Outcome;
    /// Takes back a success: what the unit did could not be kept.
    fn spoil(&mut self, error: StoreError);
    /// Answers the caller with the closure's result: what it changed is durable, or it changed nothing.
    fn settle(self: Box<Self>);
    /// Answers the caller with an error of the store.
    fn fail(self: Box<Self>, error: StoreError);
}

pub(crate) struct Work<F, T, E> {
    closure: F,
    at: &'static Location<'static>,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Work<F, T, E> {
    pub(crate) fn new(closure: F, at: &'static Location<'static>) -> (Self, oneshot::Receiver<Result<T, E>>) {
        let (answer, receiver) = oneshot::channel();
        (Self { closure, at, result: None, answer }, receiver)
    }
}

impl<F, T, E> Unit for Work<F, T, E>
where
    F: for<'a, 'b> AsyncFn(&'a mut Tx<'b>) -> Result<T, E> + Send + Sync + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    fn at(&self) -> &'static Location<'static> {
        self.at
    }

    fn is_abandoned(&self) -> bool {
        self.answer.is_closed()
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Outcome {
        let result = run_now(&self.closure, tx);
        let outcome = if result.is_ok() { Outcome::Done } else { Outcome::Refused };
        self.result = Some(result);
        outcome
    }

    fn spoil(&mut self, error: StoreError) {
        if !matches!(self.result, Some(Err(_))) {
            self.result = Some(Err(E::from(error)));
        }
    }

    fn settle(self: Box<Self>) {
        let unfinished = || Err(E::from(StoreError::Unavailable { reason: "the unit did not run".to_owned() }));
        // The caller may have gone away meanwhile; then nobody waits for the answer.
        let _ = self.answer.send(self.result.unwrap_or_else(unfinished));
    }

    fn fail(self: Box<Self>, error: StoreError) {
        let _ = self.answer.send(Err(E::from(error)));
    }
}

/// Polls the closure's future once. On SQLite every statement is done when its call returns, so a future that is still
/// pending waits for something that is not its transaction.
pub(crate) fn run_now<F, T, E>(closure: &F, tx: &mut Tx<'_>) -> Result<T, E>
where
    F: for<'a, 'b> AsyncFn(&'a mut Tx<'b>) -> Result<T, E>,
    E: From<StoreError>,
{
    let watch = tx.watch;
    let polled = catch_unwind(AssertUnwindSafe(|| {
        let future = pin!(closure(tx));
        future.poll(&mut Context::from_waker(Waker::noop()))
    }));
    match polled {
        Ok(Poll::Ready(Ok(value))) => watch.flaw().map_or(Ok(value), |flaw| Err(flaw.into())),
        Ok(Poll::Ready(refused)) => refused,
        Ok(Poll::Pending) => Err(StoreError::ForeignAwait { at: watch.at }.into()),
        Err(panic) => Err(StoreError::Panicked { at: watch.at, message: words(&*panic) }.into()),
    }
}

/// The message of a panic.
pub(crate) fn words(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
