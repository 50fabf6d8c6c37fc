//! Routes of a server that a fleet does not serve. Those behind an experimental feature answer as on a server where it is off;
//! the others say what to do instead.

use axum::routing::MethodFilter;
use miroir_core::access::Action;
use miroir_core::error::{ApiError, Code};

use crate::http::reply::Failure;

/// One route that is refused, once the credential has been checked.
pub(crate) struct Refused {
    pub(crate) path: &'static str,
    pub(crate) verb: MethodFilter,
    pub(crate) action: Action,
    why: Why,
}

enum Why {
    /// What would be done, in the server's words, and the feature that is off.
    Off(&'static str, &'static Feature),
    /// What to do instead.
    Instead(&'static str),
}

/// An experimental feature of a server, in its words.
struct Feature {
    name: &'static str,
    about: &'static str,
}

impl Refused {
    pub(crate) fn failure(&self) -> Failure {
        match &self.why {
            Why::Off(doing, feature) => {
                ApiError::feature_not_enabled(doing, feature.name, feature.about).into()
            }
            Why::Instead(remedy) => Failure::new(Code::MiroirCapabilityDisabled, *remedy),
        }
    }
}

macro_rules! feature {
    ($constant:ident, $name:literal, $about:literal) => {
        const $constant: &Feature = &Feature {
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
const NO_EXPORT: &str = "This version of Miroir does not export a fleet. List the documents with `POST /indexes/{uid}/documents/fetch` and add them to the other server.";

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
        "/tasks/{uid}/documents",
        MethodFilter::GET,
        Action::TasksGet,
        "Getting the documents of an enqueued task",
        TASK_DOCUMENTS,
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
    off(
        "/render-template",
        MethodFilter::POST,
        Action::SettingsGet,
        "calling the /render-template route",
        RENDER,
    ),
    instead("/export", Action::Export, NO_EXPORT),
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
        why: Why::Off(doing, feature),
    }
}

const fn instead(path: &'static str, action: Action, remedy: &'static str) -> Refused {
    Refused {
        path,
        verb: MethodFilter::POST,
        action,
        why: Why::Instead(remedy),
    }
}
