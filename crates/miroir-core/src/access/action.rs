//! The actions that keys are given and routes ask for.

use deserr::Deserr;
use serde::{Deserialize, Serialize};

macro_rules! actions {
    ($($variant:ident $name:literal,)*) => {
        /// One action, in the server's order, which is the order of its error text.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserr, Serialize, Deserialize)]
        pub enum Action {
            $(
                #[deserr(rename = $name)]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl Action {
            pub const EVERY: &'static [Action] = &[$(Action::$variant,)*];

            /// As clients write it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Action::$variant => $name,)*
                }
            }
        }
    };
}

actions! {
    All "*",
    Search "search",
    DocumentsAll "documents.*",
    DocumentsAdd "documents.add",
    DocumentsGet "documents.get",
    DocumentsDelete "documents.delete",
    IndexesAll "indexes.*",
    IndexesCreate "indexes.create",
    IndexesGet "indexes.get",
    IndexesUpdate "indexes.update",
    IndexesDelete "indexes.delete",
    IndexesSwap "indexes.swap",
    TasksAll "tasks.*",
    TasksCancel "tasks.cancel",
    TasksDelete "tasks.delete",
    TasksGet "tasks.get",
    SettingsAll "settings.*",
    SettingsGet "settings.get",
    SettingsUpdate "settings.update",
    StatsAll "stats.*",
    StatsGet "stats.get",
    MetricsAll "metrics.*",
    MetricsGet "metrics.get",
    DumpsAll "dumps.*",
    DumpsCreate "dumps.create",
    SnapshotsAll "snapshots.*",
    SnapshotsCreate "snapshots.create",
    Version "version",
    KeysCreate "keys.create",
    KeysGet "keys.get",
    KeysUpdate "keys.update",
    KeysDelete "keys.delete",
    ExperimentalFeaturesGet "experimental.get",
    ExperimentalFeaturesUpdate "experimental.update",
    Export "export",
    NetworkGet "network.get",
    NetworkUpdate "network.update",
    ChatCompletions "chatCompletions",
    ChatsAll "chats.*",
    ChatsGet "chats.get",
    ChatsDelete "chats.delete",
    ChatsSettingsAll "chatsSettings.*",
    ChatsSettingsGet "chatsSettings.get",
    ChatsSettingsUpdate "chatsSettings.update",
    AllGet "*.get",
    WebhooksGet "webhooks.get",
    WebhooksUpdate "webhooks.update",
    WebhooksDelete "webhooks.delete",
    WebhooksCreate "webhooks.create",
    WebhooksAll "webhooks.*",
    IndexesCompact "indexes.compact",
    FieldsPost "fields.post",
    TasksCompact "tasks.compact",
    DynamicSearchRulesGet "dynamicSearchRules.get",
    DynamicSearchRulesCreate "dynamicSearchRules.create",
    DynamicSearchRulesUpdate "dynamicSearchRules.update",
    DynamicSearchRulesDelete "dynamicSearchRules.delete",
    DynamicSearchRulesAll "dynamicSearchRules.*",
}

impl Action {
    /// Whether a key that was given this action may do `wanted`.
    ///
    /// A wildcard does not stand for itself, but for `*`, which stands for everything except `*.get`: that is why only
    /// `*` opens the editing of documents by a function, whose route asks for `documents.*`.
    pub fn grants(self, wanted: Action) -> bool {
        match self {
            Action::All => wanted != Action::AllGet,
            Action::AllGet => wanted.only_reads(),
            _ => match self.family() {
                Some(family) => wanted.family().is_none() && wanted.name().starts_with(family),
                None => self == wanted,
            },
        }
    }

    /// `documents.` of `documents.*`; `None` of an action that stands for itself only.
    fn family(self) -> Option<&'static str> {
        self.name()
            .strip_suffix('*')
            .filter(|family| !family.is_empty())
    }

    /// What `*.get` stands for. Reading keys is left out, because their values would give more rights.
    fn only_reads(self) -> bool {
        match self {
            Action::AllGet | Action::KeysGet => false,
            Action::Search | Action::Export | Action::Version | Action::FieldsPost => true,
            action => action.name().ends_with(".get"),
        }
    }

    /// Whether the action concerns the whole server, so that a key for some indexes cannot have it.
    pub fn is_global(self) -> bool {
        match self {
            Action::Version | Action::Export | Action::TasksCompact => true,
            action => [
                "metrics.",
                "dumps.",
                "snapshots.",
                "keys.",
                "experimental.",
                "network.",
                "chats.",
                "chatsSettings.",
                "webhooks.",
                "dynamicSearchRules.",
            ]
            .iter()
            .any(|family| action.name().starts_with(family)),
        }
    }

    /// Whether a route without an index in its path, that asks for this action, looks at the indexes itself.
    pub fn is_checked_by_handler(self) -> bool {
        matches!(
            self,
            Action::Search
                | Action::DocumentsGet
                | Action::IndexesCreate
                | Action::IndexesGet
                | Action::IndexesSwap
                | Action::TasksCancel
                | Action::TasksDelete
                | Action::TasksGet
                | Action::SettingsGet
                | Action::StatsAll
                | Action::StatsGet
                | Action::ChatCompletions
        )
    }

    /// Whether tenant tokens are taken for it.
    pub fn takes_tenant_tokens(self) -> bool {
        matches!(self, Action::Search | Action::ChatCompletions)
    }

    /// Whether it is about keys, which need a master key to exist.
    pub fn is_about_keys(self) -> bool {
        matches!(
            self,
            Action::KeysCreate | Action::KeysGet | Action::KeysUpdate | Action::KeysDelete
        )
    }
}
