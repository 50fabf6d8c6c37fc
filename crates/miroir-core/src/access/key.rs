//! API keys: what they are, how clients see them, and those that every server begins with.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::value::KeyValue;
use super::{Action, IndexPattern};
use crate::wire::time::Timestamp;

/// One API key. Its value is not part of it; see [`key_value`](super::key_value).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    pub uid: Uuid,
    pub name: Option<String>,
    pub description: Option<String>,
    pub actions: Vec<Action>,
    pub indexes: Vec<IndexPattern>,
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A key as clients read it; the order of the members is the server's.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyView<'a> {
    name: Option<&'a str>,
    description: Option<&'a str>,
    key: String,
    uid: Uuid,
    actions: &'a [Action],
    indexes: &'a [IndexPattern],
    /// As short as the server prints it: often without a fraction.
    expires_at: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Key {
    /// The keys of a fresh server, oldest first: their uids are the caller's random ones.
    pub fn defaults(uids: [Uuid; 4], now: Timestamp) -> [Key; 4] {
        let key = |uid, name: &str, description: &str, actions: &[Action]| Key {
            uid,
            name: Some(name.to_owned()),
            description: Some(description.to_owned()),
            actions: actions.to_vec(),
            indexes: vec![IndexPattern::all()],
            expires_at: None,
            created_at: now,
            updated_at: now,
        };
        let [chat, read_only, admin, search] = uids;
        [
            key(
                chat,
                "Default Chat API Key",
                "Use it to chat and search from the frontend",
                &[Action::ChatCompletions, Action::Search],
            ),
            key(
                read_only,
                "Default Read-Only Admin API Key",
                "Use it to read information across the whole database. Caution! Do not expose this key on a public frontend",
                &[Action::AllGet, Action::KeysGet],
            ),
            key(
                admin,
                "Default Admin API Key",
                "Use it for anything that is not a search operation. Caution! Do not expose it on a public frontend",
                &[Action::All],
            ),
            key(
                search,
                "Default Search API Key",
                "Use it to search from the frontend",
                &[Action::Search],
            ),
        ]
    }

    /// The key with its value, which is empty without a master key.
    pub fn view(&self, value: Option<KeyValue>) -> KeyView<'_> {
        KeyView {
            name: self.name.as_deref(),
            description: self.description.as_deref(),
            key: value.map(|value| value.to_string()).unwrap_or_default(),
            uid: self.uid,
            actions: &self.actions,
            indexes: &self.indexes,
            expires_at: self.expires_at.map(Timestamp::shortest),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// A global action that this key may not have, because it is a key for some indexes.
    pub fn misplaced_action(&self) -> Option<Action> {
        let is_global = self.indexes.is_empty() || self.indexes.iter().any(IndexPattern::is_all);
        let misplaced = self
            .actions
            .iter()
            .copied()
            .find(|action| action.is_global());
        misplaced.filter(|_| !is_global)
    }

    /// Whether the key may do `action` on `index`; without an index, whether it may be tried at all.
    pub(super) fn allows(&self, action: Action, index: Option<&str>, now: Timestamp) -> bool {
        let is_granted = self.actions.iter().any(|given| given.grants(action));
        let is_in_reach = self.indexes.iter().any(IndexPattern::is_all)
            || match index {
                Some(index) => self.indexes.iter().any(|pattern| pattern.matches(index)),
                None => action.is_checked_by_handler() && !self.indexes.is_empty(),
            };
        let is_valid = self.expires_at.is_none_or(|end| now < end);
        is_granted && is_in_reach && is_valid
    }
}
