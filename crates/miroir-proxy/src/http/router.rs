//! Every route of the process: one line per endpoint.

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{MethodRouter, delete, get, on, patch, post, put};
use http::StatusCode;
use miroir_core::access::Action;

use crate::admin;
use crate::api;
use crate::api::refused::REFUSED;
use crate::api::settings::SUB_ROUTES;
use crate::app::App;
use crate::capabilities::{exact_dictionary, idempotency, query_coalescing, settings_broadcast};
use crate::http::authentication::{self, guarded, guarded_or_admin, permitted};
use crate::http::reply::Reply;
use crate::telemetry;

/// The listener of clients and operators.
pub(crate) fn client_routes(app: Arc<App>) -> Router {
    let open = Router::new()
        .route("/", get(api::health::root))
        .route("/health", get(api::health::health))
        .route("/_miroir/ready", get(admin::ready::ready));

    let guard = |action, handlers| guarded(&app, action, admitted(&app, handlers));
    let mut client = Router::new()
        .route(
            "/version",
            guard(Action::Version, get(api::version::version)),
        )
        .route("/stats", guard(Action::StatsGet, get(api::stats::all)))
        .route(
            "/keys",
            guard(Action::KeysGet, get(api::keys::list))
                .merge(guard(Action::KeysCreate, post(api::keys::create))),
        )
        .route(
            "/keys/{key}",
            guard(Action::KeysGet, get(api::keys::get))
                .merge(guard(Action::KeysUpdate, patch(api::keys::update)))
                .merge(guard(Action::KeysDelete, delete(api::keys::delete))),
        )
        .route(
            "/indexes",
            guard(Action::IndexesGet, get(api::indexes::list))
                .merge(guard(Action::IndexesCreate, post(api::indexes::create))),
        )
        .route(
            "/indexes/{index_uid}",
            guard(Action::IndexesGet, get(api::indexes::get))
                .merge(guard(Action::IndexesUpdate, patch(api::indexes::update)))
                .merge(guard(Action::IndexesDelete, delete(api::indexes::delete))),
        )
        .route(
            "/indexes/{index_uid}/compact",
            guard(Action::IndexesCompact, post(api::indexes::compact)),
        )
        .route(
            "/swap-indexes",
            guard(Action::IndexesSwap, post(api::indexes::swap)),
        )
        .route(
            "/indexes/{index_uid}/stats",
            guard(Action::StatsGet, get(api::stats::index)),
        )
        .route(
            "/indexes/{index_uid}/fields",
            guard(Action::FieldsPost, post(api::indexes::fields)),
        )
        .route(
            "/indexes/{index_uid}/similar",
            guard(
                Action::Search,
                get(api::similar::by_query).post(api::similar::by_body),
            ),
        )
        .route(
            "/multi-search",
            guard(Action::Search, post(api::search::multi)),
        )
        .route(
            "/indexes/{index_uid}/facet-search",
            guard(Action::Search, post(api::search::facet)),
        )
        .route(
            "/indexes/{index_uid}/search",
            guard(
                Action::Search,
                get(api::search::by_query).post(api::search::by_body),
            ),
        )
        .route(
            "/indexes/{index_uid}/documents",
            guard(Action::DocumentsGet, get(api::documents::list))
                .merge(guard(
                    Action::DocumentsAdd,
                    post(api::documents::write).put(api::documents::write),
                ))
                .merge(guard(
                    Action::DocumentsDelete,
                    delete(api::documents::delete_all),
                )),
        )
        .route(
            "/indexes/{index_uid}/documents/fetch",
            guard(Action::DocumentsGet, post(api::documents::fetch)),
        )
        .route(
            "/indexes/{index_uid}/documents/delete",
            guard(
                Action::DocumentsDelete,
                post(api::documents::delete_by_filter),
            ),
        )
        .route(
            "/indexes/{index_uid}/documents/edit",
            guard(Action::DocumentsAll, post(api::documents::edit)),
        )
        .route(
            "/indexes/{index_uid}/documents/delete-batch",
            guard(Action::DocumentsDelete, post(api::documents::delete_batch)),
        )
        .route(
            "/indexes/{index_uid}/documents/{id}",
            guard(Action::DocumentsGet, get(api::documents::get)).merge(guard(
                Action::DocumentsDelete,
                delete(api::documents::delete),
            )),
        )
        .route(
            "/indexes/{index_uid}/settings",
            guard(Action::SettingsGet, get(api::settings::get_all)).merge(guard(
                Action::SettingsUpdate,
                patch(api::settings::update_all).delete(api::settings::reset_all),
            )),
        )
        .route(
            "/dumps",
            guard(Action::DumpsCreate, post(api::backups::dump)),
        )
        .route(
            "/snapshots",
            guard(Action::SnapshotsCreate, post(api::backups::snapshot)),
        )
        .route("/export", guard(Action::Export, post(api::export::export)))
        .route(
            "/webhooks",
            guard(Action::WebhooksGet, get(api::webhooks::list))
                .merge(guard(Action::WebhooksCreate, post(api::webhooks::create))),
        )
        .route(
            "/webhooks/{uuid}",
            guard(Action::WebhooksGet, get(api::webhooks::get))
                .merge(guard(Action::WebhooksUpdate, patch(api::webhooks::update)))
                .merge(guard(Action::WebhooksDelete, delete(api::webhooks::delete))),
        )
        .route(
            "/experimental-features",
            guard(Action::ExperimentalFeaturesGet, get(api::features::get)).merge(guard(
                Action::ExperimentalFeaturesUpdate,
                patch(api::features::update),
            )),
        )
        .route(
            "/tasks",
            guard(Action::TasksGet, get(api::tasks::list))
                .merge(guard(Action::TasksDelete, delete(api::tasks::delete))),
        )
        .route(
            "/tasks/cancel",
            guard(Action::TasksCancel, post(api::tasks::cancel)),
        )
        .route("/batches", guard(Action::TasksGet, get(api::batches::list)))
        .route(
            "/batches/{uid}",
            guard(Action::TasksGet, get(api::batches::get)),
        )
        .route(
            "/tasks/{uid}",
            guard(Action::TasksGet, get(api::tasks::get)),
        )
        .route(
            "/tasks/{uid}/documents",
            guard(Action::TasksGet, get(api::tasks::documents)),
        )
        .route(
            "/render-template",
            guard(
                Action::SettingsGet,
                permitted(&app, Action::DocumentsGet, post(api::templates::render)),
            ),
        );
    for route in SUB_ROUTES {
        let update = match route.merges {
            true => patch(api::settings::update_one),
            false => put(api::settings::update_one),
        };
        let path = format!("/indexes/{{index_uid}}/settings/{}", route.path);
        let read = guard(Action::SettingsGet, get(api::settings::get_one));
        let write = guard(
            Action::SettingsUpdate,
            update.delete(api::settings::reset_one),
        );
        client = client.route(&path, read.merge(write));
    }

    for refused in REFUSED {
        let handler = on(refused.verb, move || async move { refused.failure() });
        client = client.route(refused.path, guard(refused.action, handler));
    }

    let explain = |handlers| guarded_or_admin(&app, Action::Search, handlers);
    let client = client
        .route(
            "/indexes/{index_uid}/explain",
            explain(post(api::explain::search)),
        )
        .route("/multi-search/explain", explain(post(api::explain::multi)));

    let admin = Router::new()
        .route("/_miroir/topology", get(admin::topology::topology))
        .route("/_miroir/shards", get(admin::shards::shards))
        .route(
            "/_miroir/dictionary",
            get(exact_dictionary::routes::dictionary),
        )
        .route(
            "/_miroir/indexes/{uid}/settings/status",
            get(settings_broadcast::routes::status),
        )
        .route(
            "/_miroir/indexes/{uid}/settings/preview",
            post(settings_broadcast::routes::preview),
        )
        .route(
            "/_miroir/indexes/{uid}/settings/unfreeze",
            post(settings_broadcast::routes::unfreeze),
        )
        .route("/_miroir/workers", get(admin::workers::workers))
        .route("/_miroir/tasks", get(admin::tasks::list))
        .route("/_miroir/tasks/{id}", get(admin::tasks::get))
        .route("/_miroir/tasks/{id}/cancel", post(admin::tasks::cancel))
        .route("/_miroir/metrics", get(admin::metrics::metrics))
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
        .merge(admin)
        .fallback(unknown_path)
        .layer(middleware::from_fn(telemetry::request::name_route))
        .with_state(app)
}

/// What happens to every request of a client once its credential has been judged: it is answered from memory if it was
/// sent before, joins others that ask the same, and is told the settings that it was answered with.
fn admitted(app: &Arc<App>, handlers: MethodRouter<Arc<App>>) -> MethodRouter<Arc<App>> {
    let app = || Arc::clone(app);
    handlers
        .route_layer(middleware::from_fn_with_state(
            app(),
            settings_broadcast::terms::tell,
        ))
        .route_layer(middleware::from_fn_with_state(
            app(),
            query_coalescing::share,
        ))
        .route_layer(middleware::from_fn_with_state(app(), idempotency::once))
}

/// The listener of the operator's monitoring.
pub(crate) fn metrics_router(app: Arc<App>) -> Router {
    Router::new()
        .route("/metrics", get(admin::metrics::metrics))
        .route("/_miroir/ready", get(admin::ready::ready))
        .route("/health", get(api::health::health))
        .fallback(unknown_path)
        .with_state(app)
}

async fn unknown_path() -> Reply {
    Reply::empty(StatusCode::NOT_FOUND)
}
