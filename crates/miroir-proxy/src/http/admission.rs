//! How many requests are worked on at once. More wait for their turn; when too many wait, the next is sent away.
//!
//! A request waits for its turn when its body is complete: a slow client takes nobody's place, and one that stops sending is
//! given up.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use miroir_core::error::ApiError;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

use crate::app::App;
use crate::config::Server;
use crate::http::reply::Failure;

/// A client that sends a body must send more of it within this time.
const PATIENCE: Duration = Duration::from_secs(30);

/// The places of a process.
#[derive(Clone)]
pub(crate) struct Admission {
    working: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Requests that may wait.
    queue: usize,
}

/// As many requests wait as may.
#[derive(Debug, thiserror::Error)]
#[error("too many requests wait for their turn")]
pub(super) struct Full;

/// A client has stopped in the middle of a body.
#[derive(Debug, thiserror::Error)]
#[error("no more of the body came in time")]
struct Stalled;

impl Admission {
    pub(crate) fn new(server: &Server) -> Self {
        Self {
            working: Arc::new(Semaphore::new(server.max_concurrent_requests)),
            waiting: Arc::new(Semaphore::new(server.max_queued_requests)),
            queue: server.max_queued_requests,
        }
    }

    /// How many wait for their turn.
    pub(crate) fn depth(&self) -> usize {
        self.queue.saturating_sub(self.waiting.available_permits())
    }

    /// Waits for a place, which is free again when the permit is dropped.
    pub(super) async fn enter(self) -> Result<OwnedSemaphorePermit, Full> {
        if let Ok(place) = Arc::clone(&self.working).try_acquire_owned() {
            return Ok(place);
        }
        let _turn = self.waiting.try_acquire().map_err(|_| Full)?;
        let place = self.working.acquire_owned().await;
        Ok(place.expect("places are never closed"))
    }
}

/// Lets requests in one after the other. It stands behind authentication, so that strangers take no place.
pub(crate) async fn admission(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let admission = app.admission.clone();
    let (head, body) = request.into_parts();
    // Their handlers do not look at a body, if there is one.
    let has_none = matches!(head.method, Method::GET | Method::DELETE) || body.is_end_stream();
    if has_none {
        let Ok(_place) = admission.enter().await else {
            return sent_away(&app);
        };
        return next.run(Request::from_parts(head, body)).await;
    }
    let place = Arc::new(Mutex::new(None));
    let arriving = Arriving {
        body,
        patience: Box::pin(tokio::time::sleep(PATIENCE)),
        entering: Box::pin(admission.enter()),
        place: Arc::clone(&place),
    };
    let request = Request::from_parts(head, Body::new(arriving));
    let response = next.run(request).await;
    match place.lock().take() {
        Some(Err(Full)) => sent_away(&app),
        _ => response,
    }
}

/// What a request hears that finds no place.
pub(super) fn sent_away(app: &App) -> Response {
    Failure::from(ApiError::too_many_search_requests(app.admission.queue)).into_response()
}

/// The whole of a short body. `None`: it did not come to its end, or not in time.
pub(super) async fn arrived(mut body: Body) -> Option<Bytes> {
    let mut whole = Bytes::new();
    while let Some(frame) = tokio::time::timeout(PATIENCE, body.frame()).await.ok()? {
        let Ok(bytes) = frame.ok()?.into_data() else {
            continue;
        };
        whole = match whole.is_empty() {
            true => bytes,
            false => [whole, bytes].concat().into(),
        };
    }
    Some(whole)
}

type Entering = Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, Full>> + Send>>;

/// A body at whose end there is a turn to wait for.
struct Arriving {
    body: Body,
    patience: Pin<Box<Sleep>>,
    entering: Entering,
    /// What came of it; the place is kept until the answer is made.
    place: Arc<Mutex<Option<Result<OwnedSemaphorePermit, Full>>>>,
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(frame)) => {
                self.patience.as_mut().reset(Instant::now() + PATIENCE);
                return Poll::Ready(Some(frame.map_err(Into::into)));
            }
            Poll::Ready(None) => {}
            Poll::Pending => {
                ready!(self.patience.as_mut().poll(context));
                return Poll::Ready(Some(Err(Stalled.into())));
            }
        }
        if self.place.lock().is_some() {
            return Poll::Ready(None);
        }
        let entered = ready!(self.entering.as_mut().poll(context));
        let is_full = entered.is_err();
        *self.place.lock() = Some(entered);
        Poll::Ready(is_full.then(|| Err(Full.into())))
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
