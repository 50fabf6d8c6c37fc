//! Textual identities: node ids, clients' index uids, and the uids that nodes know.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;
use twox_hash::XxHash64;

/// Longest index uid that a Meilisearch server accepts, in bytes (its own error text says 512).
pub const MAX_INDEX_UID_BYTES: usize = 400;

const MAX_NODE_ID_BYTES: usize = 63;
const TWIN_SUFFIX: &str = "__twin";

/// Identity of a node, chosen by the operator; placement hashes it, so it is never reused and never changes.
///
/// Grammar: `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`, which is a DNS label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct NodeId(Arc<str>);

/// What a client calls an index, 1 to 400 bytes of `[A-Za-z0-9_-]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct IndexUid(Arc<str>);

/// What nodes call an index. Same grammar as [`IndexUid`], never shown to a client, never reused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct NodeUid(Arc<str>);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` is not a valid node id: 1 to 63 lowercase letters, digits and hyphens, no hyphen at either end"
)]
pub struct InvalidNodeId(pub String);

/// The message is the server's, number included.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` is not a valid index uid. Index uid can be an integer or a string containing only alphanumeric characters, hyphens (-) and underscores (_), and can not be more than 512 bytes."
)]
pub struct InvalidIndexUid(pub String);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a uid that a node can have given to an index")]
pub struct InvalidNodeUid(pub String);

// === impl NodeId ===

impl NodeId {
    pub fn parse(text: &str) -> Result<Self, InvalidNodeId> {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = text.as_bytes();
        let ends = [bytes.first(), bytes.last()];
        let valid = bytes.len() <= MAX_NODE_ID_BYTES
            && ends
                .into_iter()
                .all(|end| end.is_some_and(|byte| inner(*byte)))
            && bytes.iter().all(|byte| inner(*byte) || *byte == b'-');
        if valid {
            Ok(Self(text.into()))
        } else {
            Err(InvalidNodeId(text.to_owned()))
        }
    }
}

// === impl IndexUid ===

impl IndexUid {
    pub fn parse(text: &str) -> Result<Self, InvalidIndexUid> {
        if is_index_uid(text) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidIndexUid(text.to_owned()))
        }
    }
}

// === impl NodeUid ===

impl NodeUid {
    pub fn parse(text: &str) -> Result<Self, InvalidNodeUid> {
        if is_index_uid(text) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidNodeUid(text.to_owned()))
        }
    }

    /// The node uid of an index whose uid the fleet has never used: the uid itself.
    pub fn first(uid: &IndexUid) -> Self {
        Self(uid.0.clone())
    }

    /// The node uid of a later index of the same name: `<uid>__<generation>`.
    pub fn generation(uid: &IndexUid, generation: u32) -> Self {
        Self(suffixed(&uid.0, &format!("__{generation}")))
    }

    /// The empty hidden index beside it that holds exactly the user's settings: `<node uid>__twin`.
    #[must_use]
    pub fn twin(&self) -> Self {
        Self(suffixed(&self.0, TWIN_SUFFIX))
    }

    /// Whether the name is one that [`NodeUid::twin`] makes.
    pub fn is_twin(&self) -> bool {
        self.0.ends_with(TWIN_SUFFIX)
    }
}

/// `<stem><suffix>`; where that is longer than a server accepts, the end of the stem becomes `__` and its hash in hex.
fn suffixed(stem: &str, suffix: &str) -> Arc<str> {
    const HASH_BYTES: usize = 2 + 16;
    if stem.len() + suffix.len() <= MAX_INDEX_UID_BYTES {
        return format!("{stem}{suffix}").into();
    }
    let kept = &stem[..MAX_INDEX_UID_BYTES - suffix.len() - HASH_BYTES];
    let hash = XxHash64::oneshot(0, stem.as_bytes());
    format!("{kept}__{hash:016x}{suffix}").into()
}

fn is_index_uid(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=MAX_INDEX_UID_BYTES).contains(&text.len()) && text.bytes().all(allowed)
}

macro_rules! textual {
    ($name:ident, $error:ident) => {
        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        // Equality, order and hash are those of the text, so maps can be asked by `&str`.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::parse(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

textual!(NodeId, InvalidNodeId);
textual!(IndexUid, InvalidIndexUid);
textual!(NodeUid, InvalidNodeUid);
