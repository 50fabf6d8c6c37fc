//! What happens around every request, whatever its route: it is counted and logged, pages of other origins may read the answer, who
//! wants it compressed gets it so, verbs that no path has are answered as on a server, and what nobody read of a body is read.
//!
//! One story instead of layers of the router: a layer boxes what it does and copies all layers below it, for every request. A dozen
//! of them cost as much as everything else that reading a document costs.

use std::convert::Infallible;
use std::panic::resume_unwind;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use futures_util::FutureExt;
use http::HeaderValue;
use http::header::{ACCEPT_ENCODING, VARY};
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;
use tower::{Service, ServiceExt, service_fn};
use tower_http::compression::{Compression, DefaultPredicate, Predicate};

use crate::app::App;
use crate::http::lane::Lane;
use crate::http::{cors, unread, verbs};
use crate::telemetry::request::{Observed, carry};

/// Everything that clients and operators can ask.
#[derive(Clone)]
pub(crate) struct Edge {
    app: Arc<App>,
    routes: Router,
    /// Where requests are answered that the thread of their connection cannot wait for: batches of documents are read there, and
    /// what follows a write lives on.
    elsewhere: Handle,
}

impl Edge {
    /// Answers on this runtime what is on no lane.
    pub(crate) fn new(app: Arc<App>, routes: Router) -> Self {
        let elsewhere = Handle::current();
        Self {
            app,
            routes,
            elsewhere,
        }
    }

    pub(crate) async fn answer(self, request: Request) -> Response {
        let lane = Lane::of(&request);
        let observed = Observed::begin(&self.app, &request);
        let mut response = observed.within(self.across_origins(request, lane)).await;
        observed.end(&self.app, lane.map(Lane::template), &mut response);
        response
    }

    async fn across_origins(&self, request: Request, lane: Option<Lane>) -> Response {
        if cors::is_own(&request) {
            return self.encoded(request, lane).await;
        }
        if cors::is_preflight(&request) {
            return cors::preflight(request.headers());
        }
        let crosses = cors::crosses(&request);
        let mut response = self.encoded(request, lane).await;
        cors::open(&mut response, crosses);
        response
    }

    async fn encoded(&self, request: Request, lane: Option<Lane>) -> Response {
        if request.headers().contains_key(ACCEPT_ENCODING) {
            let answer = |request| self.routed(request, lane).map(Ok::<_, Infallible>);
            let Ok(response) = Compression::new(service_fn(answer)).oneshot(request).await;
            return response.map(Body::new);
        }
        let mut response = self.routed(request, lane).await;
        // It depends on the header that this client has not sent, too.
        if DefaultPredicate::new().should_compress(&response) {
            let depends_on = HeaderValue::from(ACCEPT_ENCODING);
            response.headers_mut().append(VARY, depends_on);
        }
        response
    }

    async fn routed(&self, request: Request, lane: Option<Lane>) -> Response {
        if let Some(lane) = lane {
            return lane.answer(&self.app, request).await;
        }
        let (request, rest) = unread::lend(request);
        let request = verbs::without_synonyms(request);
        let answer = carry(self.routes.clone().call(request));
        let answer = AbortOnDropHandle::new(self.elsewhere.spawn(answer));
        let mut response = match answer.await {
            Ok(Ok(response)) => response,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The process stops at once: the connection ends with its thread.
                Err(_) => std::future::pending().await,
            },
        };
        verbs::list(&mut response);
        if let Some(rest) = rest {
            unread::drain(rest).await;
        }
        response
    }
}
