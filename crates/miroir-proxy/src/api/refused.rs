//! Routes of a server that a fleet does not serve: all are behind experimental features, and answer as on a server where these are
//! off.

use axum::routing::MethodFilter;
use miroir_core::access::Action;
use miroir_core::error::ApiError;

use crate::http::reply::Failure;

/// One route that is refused, once the credential has been checked.
pub(crate) struct Refused {
    pub(crate) path: &'static str,
    pub(crate) verb: MethodFilter,
    pub(crate) action: Action,
    /// What would be done, in the server's words.
    doing: &'static str,
    /// What is off.
    feature: &'static Feature,
}

/// An experimental feature of a server, in its words.
pub(super) struct Feature {
    name: &'static str,
    about: &'static str,
}

impl Feature {
    /// What a server answers to whoever is `doing` something that needs the feature, while it is off.
    pub(super) fn is_off(&self, doing: &str) -> ApiError {
        ApiError::feature_not_enabled(doing, self.name, self.about)
    }
}

impl Refused {
    pub(crate) fn failure(&self) -> Failure {
        self.feature.is_off(self.doing).into()
    }
}

macro_rules! feature {
    ($constant:ident, $name:literal, $about:literal) => {
        pub(super) const $constant: &Feature = &Feature {
            name: $name,
            about: $about,
        };
    };
}

feature!(
    METRICS,
    "metrics",
    "https://github.com/meilisearch/product/discussions/625"
);
feature!(
    LOGS,
    "logs route",
    "https://github.com/orgs/meilisearch/discussions/721"
);
feature!(
    NETWORK,
    "network",
    "https://github.com/orgs/meilisearch/discussions/805"
);
feature!(
    TASK_DOCUMENTS,
    "get task documents route",
    "https://github.com/orgs/meilisearch/discussions/808"
);
feature!(
    CHAT,
    "chat completions",
    "https://github.com/orgs/meilisearch/discussions/835"
);
feature!(
    COMPACTION,
    "task queue compaction route",
    "https://github.com/orgs/meilisearch/discussions/883"
);
feature!(
    RULES,
    "dynamic search rules",
    "https://github.com/orgs/meilisearch/discussions/884"
);
feature!(
    RENDER,
    "render_route",
    "https://github.com/orgs/meilisearch/discussions/888"
);

const MODIFYING_LOGS: &str = "Modifying logs through the `/logs/*` routes";
const CHAT_SETTINGS: &str = "using the /chats/settings route";
const CHANGING_RULES: &str = "Using the `/dynamic-search-rules` routes";

pub(crate) const REFUSED: &[Refused] = &[
    off(
        "/metrics",
        MethodFilter::GET,
        Action::MetricsGet,
        "Getting metrics",
        METRICS,
    ),
    off(
        "/logs/stream",
        MethodFilter::POST,
        Action::MetricsGet,
        MODIFYING_LOGS,
        LOGS,
    ),
    off(
        "/logs/stream",
        MethodFilter::DELETE,
        Action::MetricsGet,
        MODIFYING_LOGS,
        LOGS,
    ),
    off(
        "/logs/stderr",
        MethodFilter::POST,
        Action::MetricsGet,
        MODIFYING_LOGS,
        LOGS,
    ),
    off(
        "/network",
        MethodFilter::GET,
        Action::NetworkGet,
        "Using the /network route",
        NETWORK,
    ),
    off(
        "/network",
        MethodFilter::PATCH,
        Action::NetworkUpdate,
        "Using the /network route",
        NETWORK,
    ),
    off(
        "/network/control",
        MethodFilter::POST,
        Action::NetworkUpdate,
        "Using the /network/control route",
        NETWORK,
    ),
    off(
        "/tasks/compact",
        MethodFilter::POST,
        Action::TasksCompact,
        "Using the /tasks/compact route",
        COMPACTION,
    ),
    off(
        "/chats",
        MethodFilter::GET,
        Action::ChatsGet,
        "listing the chats",
        CHAT,
    ),
    off(
        "/chats/{workspace}",
        MethodFilter::GET,
        Action::ChatsGet,
        "displaying a chat",
        CHAT,
    ),
    off(
        "/chats/{workspace}",
        MethodFilter::DELETE,
        Action::ChatsDelete,
        "deleting a chat",
        CHAT,
    ),
    off(
        "/chats/{workspace}/settings",
        MethodFilter::GET,
        Action::ChatsSettingsGet,
        CHAT_SETTINGS,
        CHAT,
    ),
    off(
        "/chats/{workspace}/settings",
        MethodFilter::PATCH,
        Action::ChatsSettingsUpdate,
        CHAT_SETTINGS,
        CHAT,
    ),
    off(
        "/chats/{workspace}/settings",
        MethodFilter::DELETE,
        Action::ChatsSettingsUpdate,
        CHAT_SETTINGS,
        CHAT,
    ),
    off(
        "/chats/{workspace}/chat/completions",
        MethodFilter::POST,
        Action::ChatCompletions,
        "using the /chats chat completions route",
        CHAT,
    ),
    off(
        "/dynamic-search-rules",
        MethodFilter::POST,
        Action::DynamicSearchRulesGet,
        "Calling the `POST /dynamic-search-rules` route",
        RULES,
    ),
    off(
        "/dynamic-search-rules",
        MethodFilter::DELETE,
        Action::DynamicSearchRulesDelete,
        CHANGING_RULES,
        RULES,
    ),
    off(
        "/dynamic-search-rules/{rule}",
        MethodFilter::GET,
        Action::DynamicSearchRulesGet,
        "Calling the `GET /dynamic-search-rules/{:ruleUid}` route",
        RULES,
    ),
    off(
        "/dynamic-search-rules/{rule}",
        MethodFilter::PATCH,
        Action::DynamicSearchRulesUpdate,
        CHANGING_RULES,
        RULES,
    ),
    off(
        "/dynamic-search-rules/{rule}",
        MethodFilter::DELETE,
        Action::DynamicSearchRulesDelete,
        CHANGING_RULES,
        RULES,
    ),
];

const fn off(
    path: &'static str,
    verb: MethodFilter,
    action: Action,
    doing: &'static str,
    feature: &'static Feature,
) -> Refused {
    Refused {
        path,
        verb,
        action,
        doing,
        feature,
    }
}
