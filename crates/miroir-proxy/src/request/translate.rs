//! From the names that nodes use to the names that the client knows. Node uids never reach a client (invariant 6).

use miroir_core::document::marker::PREFIX;
use miroir_core::error::ApiError;
use miroir_core::id::{IndexUid, NodeUid};
use miroir_core::merge::IndexView;
use miroir_core::settings::{Usage, rules_before_the_users};
use miroir_node::Answer;

use crate::catalog::Index;
use crate::http::reply::Failure;

/// The names of one index on both sides.
pub(crate) struct Names {
    node_uid: String,
    twin: String,
    uid: String,
    /// Filterable rules of Miroir's own that nodes count before the user's.
    rules_before: usize,
    /// Attributes that only Miroir made filterable.
    opened: Vec<String>,
}

impl Names {
    /// For answers to requests of an index.
    pub(crate) fn of(index: &Index) -> Self {
        let (settings, key) = (&index.settings, index.primary_key());
        let opened = [key, settings.distinct_attribute()];
        Self {
            rules_before: rules_before_the_users(settings, key),
            opened: opened
                .into_iter()
                .flatten()
                .filter(|name| settings.only_overlay_opens(name, Usage::Filter, key))
                .map(ToOwned::to_owned)
                .collect(),
            ..Self::new(index.node_uid(), &index.row.uid)
        }
    }

    pub(crate) fn new(node_uid: &NodeUid, uid: &IndexUid) -> Self {
        Self {
            node_uid: node_uid.to_string(),
            twin: node_uid.twin().to_string(),
            uid: uid.to_string(),
            rules_before: 0,
            opened: Vec::new(),
        }
    }

    /// An error text of a node as the client may see it. Servers quote index names in backticks.
    pub(crate) fn clean(&self, text: &str) -> String {
        let text = text.replace(&format!("`{}`", self.twin), &format!("`{}`", self.uid));
        if self.node_uid == self.uid {
            return text;
        }
        text.replace(&format!("`{}`", self.node_uid), &format!("`{}`", self.uid))
    }

    /// An error that lists attributes, as the client may see it.
    pub(crate) fn relay_listing(&self, mut error: ApiError, view: &IndexView) -> Failure {
        error.message = self.clean(&hide_attributes(&error.message, view).unwrap_or(error.message));
        error.into()
    }

    /// A node's error answer as the client's. Lists in it may have Miroir's own names.
    pub(crate) fn relay(&self, answer: Answer) -> Failure {
        let text = String::from_utf8_lossy(&answer.body);
        let text = with_users_rule_numbers(&without_hidden_names(&text), self.rules_before);
        let body = without_opened_names(text, &self.opened).into();
        self.relay_twin(Answer { body, ..answer })
    }

    /// A twin's error answer as the client's. A twin has nothing of Miroir's: a name of that kind in it is the client's own.
    pub(crate) fn relay_twin(&self, answer: Answer) -> Failure {
        let body = match std::str::from_utf8(&answer.body) {
            Ok(text) => self.clean(text).into(),
            Err(_) => answer.body,
        };
        Failure::Relayed {
            status: answer.status,
            body,
        }
    }
}

/// Takes names of Miroir's own out of lists in error texts. It matters only while a change of settings is on its way to the nodes:
/// otherwise a twin, which has none of them, words the error.
fn without_hidden_names(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(PREFIX) {
        let is_part =
            |symbol: char| symbol.is_ascii_alphanumeric() || symbol == '_' || symbol == '*';
        let (before, name) = rest.split_at(at);
        let length = name.find(|symbol| !is_part(symbol)).unwrap_or(name.len());
        let (mut before, mut after) = (before, &name[length..]);
        if let (Some(open), Some(close)) = (before.strip_suffix('`'), after.strip_prefix('`')) {
            (before, after) = (open, close);
        }
        match (after.strip_prefix(", "), before.strip_suffix(", ")) {
            (Some(next), _) => rest = next,
            (None, Some(shorter)) => (before, rest) = (shorter, after),
            (None, None) => rest = after,
        }
        cleaned.push_str(before);
    }
    cleaned.push_str(rest);
    cleaned
}

/// In a list "attribute patterns are: `a`, `b`." keeps what the user listed.
fn without_opened_names(text: String, opened: &[String]) -> String {
    let list = text.find(PATTERNS).map(|at| at + PATTERNS.len());
    let Some((start, length)) = list.and_then(|at| Some((at, text[at..].find("`.")? + 1))) else {
        return text;
    };
    let listed: Vec<&str> = text[start..start + length]
        .split(", ")
        .filter(|name| !opened.iter().any(|opened| name.trim_matches('`') == opened))
        .collect();
    format!(
        "{}{}{}",
        &text[..start],
        listed.join(", "),
        &text[start + length..]
    )
}

/// Lowers the numbers of filterable rules: `matched rule #4`, `in rule #4`, `before rule #4`.
fn with_users_rule_numbers(text: &str, rules_before: usize) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut parts = text.split(RULE);
    cleaned.extend(parts.next());
    for part in parts {
        cleaned.push_str(RULE);
        let digits = part
            .find(|symbol: char| !symbol.is_ascii_digit())
            .unwrap_or(part.len());
        let (number, rest) = part.split_at(digits);
        let users = number
            .parse()
            .ok()
            .and_then(|number: usize| number.checked_sub(rules_before));
        match users {
            Some(users) => cleaned.push_str(&users.to_string()),
            None => cleaned.push_str(number),
        }
        cleaned.push_str(rest);
    }
    cleaned
}

/// In a list "available ... attributes are: `a, b, <..hidden-attributes>`." keeps what the user displays.
fn hide_attributes(message: &str, view: &IndexView) -> Option<String> {
    let start = message.rfind(" are: `")? + " are: `".len();
    let length = message[start..].find('`')?;
    let listed: Vec<&str> = message[start..start + length]
        .split(", ")
        .filter(|name| !name.is_empty())
        .collect();
    let mut shown: Vec<&str> = listed
        .iter()
        .copied()
        .filter(|name| *name != HIDDEN && view.shows(name))
        .collect();
    let hides = listed
        .iter()
        .any(|name| *name == HIDDEN || (!view.shows(name) && !view.hides(name)));
    if hides {
        shown.push(HIDDEN);
    }
    // A server writes the separator before the marker even when nothing stands before it.
    let text = if shown == [HIDDEN] {
        format!(", {HIDDEN}")
    } else {
        shown.join(", ")
    };
    Some(format!(
        "{}{text}{}",
        &message[..start],
        &message[start + length..]
    ))
}

const HIDDEN: &str = "<..hidden-attributes>";
/// What stands before a list of filterable attributes.
const PATTERNS: &str = "attribute patterns are: ";
/// What stands before the number of a filterable rule.
const RULE: &str = " rule #";

#[cfg(test)]
mod tests {
    use miroir_core::merge::IndexView;

    use super::{
        Names, hide_attributes, with_users_rule_numbers, without_hidden_names, without_opened_names,
    };

    #[test]
    fn attributes_that_the_user_did_not_open_are_not_listed() {
        let text = "`price` is not filterable. Available filterable attribute patterns are: `a*`, `id`, `st`.\\n1:6";
        let opened = ["id".to_owned()];
        assert_eq!(
            without_opened_names(text.to_owned(), &opened),
            text.replace("`id`, ", "")
        );
        assert_eq!(without_opened_names("`id`".to_owned(), &opened), "`id`");
    }

    #[test]
    fn rules_are_counted_as_the_user_counts_them() {
        let text = "`mixed` matched rule #5 in `filterableAttributes`\\n - in rule #12";
        assert_eq!(
            with_users_rule_numbers(text, 2),
            "`mixed` matched rule #3 in `filterableAttributes`\\n - in rule #10"
        );
        assert_eq!(
            with_users_rule_numbers("= 'rule #x' or rule #", 1),
            "= 'rule #x' or rule #"
        );
    }

    #[test]
    fn hidden_names_disappear_from_lists() {
        let clean = without_hidden_names;
        assert_eq!(
            clean("patterns are: `_miroir_*`, `id`.\\n1:2"),
            "patterns are: `id`.\\n1:2"
        );
        assert_eq!(clean("are: `a, _miroir_shard`."), "are: `a`.");
        assert_eq!(clean("are: `_miroir_*, a`, b"), "are: `a`, b");
        assert_eq!(clean("nothing here"), "nothing here");
    }

    #[test]
    fn lists_of_attributes_show_what_the_user_displays() {
        let limited = IndexView {
            displayed: Some(vec!["title".to_owned()]),
            ..IndexView::default()
        };
        let text = "Available searchable attributes are: `id, title`.";
        let expected = "Available searchable attributes are: `title, <..hidden-attributes>`.";
        assert_eq!(hide_attributes(text, &limited).as_deref(), Some(expected));
        let open = IndexView::default();
        let text = "Available searchable attributes are: `_miroir_shard, id`.";
        assert_eq!(
            hide_attributes(text, &open).as_deref(),
            Some("Available searchable attributes are: `id`.")
        );
        assert_eq!(hide_attributes("no list", &open), None);
    }

    #[test]
    fn index_names_are_translated_and_documents_are_left_alone() {
        let names = Names::new(&"movies__2".parse().unwrap(), &"movies".parse().unwrap());
        let text = "Index `movies__2__twin`: see `movies__2`, not movies__2 or `movies__20`";
        assert_eq!(
            names.clean(text),
            "Index `movies`: see `movies`, not movies__2 or `movies__20`"
        );
    }
}
