//! Every route of the process: one line per endpoint.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post, put};
use http::{Method, StatusCode, Uri};

use crate::admin;
use crate::api;
use crate::api::settings::SUB_ROUTES;
use crate::app::App;
use crate::capabilities::exact_dictionary;
use crate::http::authentication;
use crate::http::reply::Reply;

/// The listener of clients and operators.
pub(crate) fn client_router(app: Arc<App>) -> Router {
    let open = Router::new()
        .route("/", get(api::health::root))
        .route("/health", get(api::health::health))
        .route("/_miroir/ready", get(admin::ready::ready));

    let mut client = Router::new()
        .route("/version", get(api::version::version))
        .route("/stats", get(api::stats::all))
        .route(
            "/indexes",
            get(api::indexes::list).post(api::indexes::create),
        )
        .route(
            "/indexes/{uid}",
            get(api::indexes::get)
                .patch(api::indexes::update)
                .delete(api::indexes::delete),
        )
        .route("/indexes/{uid}/stats", get(api::stats::index))
        .route("/indexes/{uid}/fields", post(api::indexes::fields))
        .route("/multi-search", post(api::search::multi))
        .route("/indexes/{uid}/facet-search", post(api::search::facet))
        .route(
            "/indexes/{uid}/search",
            get(api::search::by_query).post(api::search::by_body),
        )
        .route(
            "/indexes/{uid}/similar",
            get(api::similar::by_query).post(api::similar::by_body),
        )
        .route(
            "/indexes/{uid}/documents",
            get(api::documents::list)
                .post(api::documents::write)
                .put(api::documents::write)
                .delete(api::documents::delete_all),
        )
        .route(
            "/indexes/{uid}/documents/fetch",
            post(api::documents::fetch),
        )
        .route(
            "/indexes/{uid}/documents/delete-batch",
            post(api::documents::delete_batch),
        )
        .route(
            "/indexes/{uid}/documents/{id}",
            get(api::documents::get).delete(api::documents::delete),
        )
        .route(
            "/indexes/{uid}/settings",
            get(api::settings::get_all)
                .patch(api::settings::update_all)
                .delete(api::settings::reset_all),
        )
        .route("/tasks", get(api::tasks::list))
        .route("/tasks/{uid}", get(api::tasks::get));
    for route in SUB_ROUTES {
        let handlers = get(api::settings::get_one).delete(api::settings::reset_one);
        let handlers = if route.merges {
            handlers.merge(patch(api::settings::update_one))
        } else {
            handlers.merge(put(api::settings::update_one))
        };
        client = client.route(
            &format!("/indexes/{{uid}}/settings/{}", route.path),
            handlers,
        );
    }
    let client = client.route_layer(middleware::from_fn_with_state(
        app.clone(),
        authentication::client,
    ));

    let explain = Router::new()
        .route("/indexes/{uid}/explain", post(api::explain::search))
        .route("/multi-search/explain", post(api::explain::multi))
        .route_layer(middleware::from_fn_with_state(
            app.clone(),
            authentication::client_or_admin,
        ));

    let admin = Router::new()
        .route("/_miroir/topology", get(admin::topology::topology))
        .route("/_miroir/shards", get(admin::shards::shards))
        .route(
            "/_miroir/dictionary",
            get(exact_dictionary::routes::dictionary),
        )
        .route("/_miroir/workers", get(admin::workers::workers))
        .route(
            "/_miroir/antientropy/status",
            get(admin::staleness::staleness),
        )
        .route_layer(middleware::from_fn_with_state(
            app.clone(),
            authentication::admin,
        ));
    let admin = if app.config.admin.enabled {
        admin
    } else {
        Router::new()
    };

    open.merge(client)
        .merge(explain)
        .merge(admin)
        .route_layer(middleware::from_fn(no_head))
        .fallback(unknown_path)
        .with_state(app)
}

/// The listener of the operator's monitoring. Metrics come with their own issue; until then only readiness is here.
pub(crate) fn metrics_router(app: Arc<App>) -> Router {
    Router::new()
        .route("/_miroir/ready", get(admin::ready::ready))
        .route("/health", get(api::health::health))
        .fallback(unknown_path)
        .with_state(app)
}

async fn unknown_path() -> Reply {
    Reply::empty(StatusCode::NOT_FOUND)
}

/// On the server `HEAD` is no synonym of `GET`.
async fn no_head(request: Request, next: Next) -> Response {
    if request.method() == Method::HEAD {
        return Reply::empty(StatusCode::METHOD_NOT_ALLOWED).into_response();
    }
    next.run(request).await
}

/// The same request with merged slashes and no trailing one in its path. It has to happen before routing.
pub(crate) fn normalize<B>(mut request: http::Request<B>) -> http::Request<B> {
    if let Some(uri) = normalized(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

/// The same address with merged slashes and no trailing one; `None` when it is so already.
fn normalized(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    if path == "/" || !(path.ends_with('/') || path.contains("//")) {
        return None;
    }
    let mut merged = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        merged.push('/');
        merged.push_str(segment);
    }
    if merged.is_empty() {
        merged.push('/');
    }
    if let Some(query) = uri.query() {
        merged.push('?');
        merged.push_str(query);
    }
    merged.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::normalized;

    #[test]
    fn slashes_are_merged_and_trimmed() {
        let normal = |text: &str| normalized(&text.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(normal("/indexes/a/"), Some("/indexes/a".to_owned()));
        assert_eq!(
            normal("//indexes//a?x=//"),
            Some("/indexes/a?x=//".to_owned())
        );
        assert_eq!(normal("//"), Some("/".to_owned()));
        assert_eq!(normal("/indexes/a"), None);
        assert_eq!(normal("/"), None);
    }
}
