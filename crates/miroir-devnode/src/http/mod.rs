//! The HTTP API: one file per resource.

mod auth;
mod call;
mod documents;
mod indexes;
mod keys;
mod node;
mod payload;
mod reply;
mod searches;
mod settings;
mod tasks;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware;
use axum::routing::{delete, get, patch, post};
use http::{Method, Uri};
use tower::ServiceBuilder;
use tower::util::MapRequest;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};
use tower_http::decompression::RequestDecompressionLayer;

use crate::app::App;

/// The service that a listener serves: the router behind path normalisation.
pub(crate) type Service = MapRequest<Router, fn(Request) -> Request>;

/// All routes.
pub(crate) fn service(app: Arc<App>) -> Service {
    let mut guarded = Router::new()
        .route("/version", get(node::version))
        .route("/stats", get(node::stats))
        .route("/indexes", get(indexes::list).post(indexes::create))
        .route(
            "/indexes/{uid}",
            get(indexes::get)
                .patch(indexes::update)
                .delete(indexes::delete),
        )
        .route("/indexes/{uid}/stats", get(indexes::stats))
        .route("/indexes/{uid}/fields", post(indexes::fields))
        .route(
            "/indexes/{uid}/documents",
            get(documents::list)
                .post(documents::replace)
                .put(documents::update)
                .delete(documents::clear),
        )
        .route("/indexes/{uid}/documents/fetch", post(documents::fetch))
        .route("/indexes/{uid}/documents/edit", post(documents::edit))
        .route(
            "/indexes/{uid}/documents/delete",
            post(documents::delete_by_filter),
        )
        .route(
            "/indexes/{uid}/documents/delete-batch",
            post(documents::delete_batch),
        )
        .route(
            "/indexes/{uid}/documents/{id}",
            get(documents::get).delete(documents::delete),
        )
        .route(
            "/indexes/{uid}/search",
            get(searches::search_get).post(searches::search_post),
        )
        .route("/indexes/{uid}/facet-search", post(searches::facet_search))
        .route(
            "/indexes/{uid}/similar",
            get(searches::similar_get).post(searches::similar_post),
        )
        .route("/multi-search", post(searches::multi_search))
        .route(
            "/indexes/{uid}/settings",
            get(settings::get_all)
                .patch(settings::update_all)
                .delete(settings::reset_all),
        )
        .route("/swap-indexes", post(indexes::swap))
        .route("/tasks", get(tasks::list).delete(tasks::delete))
        .route("/tasks/cancel", post(tasks::cancel))
        .route("/tasks/{uid}", get(tasks::get))
        .route("/batches", get(tasks::list_batches))
        .route("/batches/{uid}", get(tasks::get_batch))
        .route("/keys", get(keys::list).post(keys::create))
        .route("/keys/{key}", get(keys::get))
        .route(
            "/experimental-features",
            get(node::features).patch(node::update_features),
        );
    for route in crate::settings::submitted::SUB_ROUTES {
        let path = format!("/indexes/{{uid}}/settings/{}", route.path);
        let read = get(move |path, call| settings::get_one(path, call, route));
        let reset = delete(move |path, call| settings::reset_one(path, call, route));
        let write = move |path, call| settings::update_one(path, call, route);
        let written = if route.patched {
            patch(write)
        } else {
            axum::routing::put(write)
        };
        guarded = guarded.route(&path, read.merge(reset).merge(written));
    }
    let router = guarded
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            auth::check,
        ))
        .route("/", get(node::root))
        .route("/health", get(node::health))
        .layer(
            ServiceBuilder::new()
                .layer(cors())
                .layer(CompressionLayer::new())
                .layer(RequestDecompressionLayer::new().pass_through_unaccepted(true)),
        )
        .with_state(app);
    MapRequest::new(router, normalize)
}

/// Any page of any origin may call, as on a server.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(Any)
        .allow_headers(Any)
        .max_age(Duration::from_secs(86_400))
}

/// Paths as a server reads them: slashes merged, none at the end. HEAD is no method of any route there, while the router
/// would answer it like GET; another method that no route has gives the 404 or 405 it should.
fn normalize(mut request: Request) -> Request {
    if request.method() == Method::HEAD {
        *request.method_mut() = Method::TRACE;
    }
    let path = request.uri().path();
    if path.contains("//") || (path.len() > 1 && path.ends_with('/')) {
        let mut clean = String::with_capacity(path.len());
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            clean.push('/');
            clean.push_str(segment);
        }
        if clean.is_empty() {
            clean.push('/');
        }
        if let Some(query) = request.uri().query() {
            clean.push('?');
            clean.push_str(query);
        }
        if let Ok(uri) = clean.parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    request
}
