//! Experimental features as a server lists them.

use std::collections::BTreeMap;

use deserr::Deserr;
use serde::Serialize;

use super::deserialize::BodyFault;

macro_rules! features {
    ($($feature:ident $name:literal,)*) => {
        /// Body and answer of `/experimental-features`; `None` is a feature that the body does not name.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Deserr, Serialize)]
        #[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields)]
        #[serde(rename_all = "camelCase")]
        pub struct Features {
            $(
                #[deserr(default)]
                #[serde(serialize_with = "as_switch")]
                pub $feature: Option<bool>,
            )*
        }

        impl Features {
            /// Those that were ever switched.
            pub fn of(switches: &BTreeMap<String, bool>) -> Self {
                Self {
                    $($feature: switches.get($name).copied(),)*
                }
            }

            /// Every feature that is named, and whether it is to be on.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, bool)> {
                let all = [$(($name, self.$feature),)*];
                all.into_iter()
                    .filter_map(|(name, switch)| Some((name, switch?)))
            }
        }
    };
}

features! {
    metrics "metrics",
    logs_route "logsRoute",
    edit_documents_by_function "editDocumentsByFunction",
    contains_filter "containsFilter",
    dynamic_search_rules "dynamicSearchRules",
    network "network",
    get_task_documents_route "getTaskDocumentsRoute",
    task_queue_compaction_route "taskQueueCompactionRoute",
    composite_embedders "compositeEmbedders",
    chat_completions "chatCompletions",
    multimodal "multimodal",
    foreign_keys "foreignKeys",
    disable_documents_fetch_queue "disableDocumentsFetchQueue",
    legacy_search "legacySearch",
    render_route "renderRoute",
}

/// What is not on is off.
fn as_switch<S: serde::Serializer>(
    switch: &Option<bool>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(switch.unwrap_or(false))
}
