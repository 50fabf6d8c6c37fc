//! Bodies that nobody has read: a refused request ends before its body is wanted. What is left of a small one is read before
//! the answer, because the connection has to be closed otherwise, under a client that is about to use it again.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;

/// Bytes that are read although nobody wants them.
pub(super) const SMALL: u64 = 64 * 1024;
/// How long an answer waits for them.
const PATIENCE: Duration = Duration::from_secs(1);

/// The request, whose body is only lent if it is a small one: what is left of it comes back to be drained.
pub(super) fn lend(request: Request) -> (Request, Option<Body>) {
    let (head, body) = request.into_parts();
    let is_small = body
        .size_hint()
        .upper()
        .is_some_and(|length| length <= SMALL);
    if body.is_end_stream() || !is_small {
        return (Request::from_parts(head, body), None);
    }
    let lent = Lent(Arc::new(Mutex::new(body)));
    let request = Request::from_parts(head, Body::new(lent.clone()));
    (request, Some(Body::new(lent)))
}

/// Reads what is left of a small body.
pub(super) async fn drain(mut body: Body) {
    let rest = async { while let Some(Ok(_)) = body.frame().await {} };
    // Whoever does not send it in time loses the connection, and nothing else.
    let _ = tokio::time::timeout(PATIENCE, rest).await;
}

/// A body that can be read on after its reader has gone.
#[derive(Clone)]
struct Lent(Arc<Mutex<Body>>);

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.0.lock()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().size_hint()
    }
}
