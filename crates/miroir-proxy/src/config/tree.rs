//! A parsed document whose every node still knows where it was written.

use super::problem::Origin;

/// A single value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scalar {
    /// After the YAML escapes.
    pub(crate) text: String,
    /// Written in quotes or as a block: a text, never a number, a boolean or nothing.
    pub(crate) quoted: bool,
}

impl Scalar {
    pub(crate) fn plain(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            quoted: false,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty() || self.is_null()
    }

    /// `null`, `~`, or nothing at all.
    pub(crate) fn is_null(&self) -> bool {
        !self.quoted && ["", "~", "null", "Null", "NULL"].contains(&self.text.as_str())
    }
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) origin: Origin,
    pub(crate) value: Tree,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tree {
    Scalar(Scalar),
    List(Vec<Node>),
    /// In the order of the document; a key may occur twice.
    Map(Vec<Member>),
}

/// One key of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// Where the key stands; the value has a place of its own.
    pub(crate) origin: Origin,
    pub(crate) node: Node,
}

impl Node {
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Tree::Scalar(scalar) if scalar.is_null())
    }

    /// For `got <this>`.
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            Tree::Scalar(scalar) if scalar.is_null() => "nothing".to_owned(),
            Tree::Scalar(scalar) => {
                let mut text: String = scalar.text.chars().take(60).collect();
                if text.len() < scalar.text.len() {
                    text.push_str("...");
                }
                if scalar.quoted {
                    format!("the text {text:?}")
                } else {
                    format!("{text:?}")
                }
            }
            Tree::List(_) => "a list".to_owned(),
            Tree::Map(_) => "a mapping".to_owned(),
        }
    }
}
