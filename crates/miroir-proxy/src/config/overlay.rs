//! Laying the layers over the defaults: every tree is walked against the table of keys.

use std::collections::{BTreeMap, BTreeSet};

use super::problem::{Origin, Problem};
use super::table::{self, Key, Mismatch};
use super::tree::{Member, Node, Scalar, Tree};
use super::{Config, later, nodes};

/// The configuration as far as it has been read, with everything that is wrong so far.
#[derive(Default)]
pub(super) struct Overlay {
    pub(super) config: Config,
    /// Where the value in force was written, by path without the root.
    pub(super) written: BTreeMap<String, Origin>,
    /// Keys with a problem of their own: rules across keys leave them alone.
    pub(super) mistaken: BTreeSet<String>,
    pub(super) problems: Vec<Problem>,
}

impl Overlay {
    /// Walks a mapping whose keys lie below `prefix`.
    pub(super) fn apply(&mut self, prefix: &str, members: &[Member]) {
        self.refuse_repetitions(prefix, members);
        for member in members {
            let path = join(prefix, &member.name);
            self.apply_member(&path, member);
        }
    }

    fn apply_member(&mut self, path: &str, member: &Member) {
        let node = &member.node;
        if let Some(key) = table::key(path) {
            return self.apply_value(key, node);
        }
        if path == "nodes" {
            return nodes::read(self, node);
        }
        if let Some(name) = later::find(path) {
            return self.refuse(path, &member.origin, later::message(name));
        }
        if !path.is_empty() && table::SECTIONS.iter().any(|section| section.path == path) {
            return match &node.value {
                Tree::Map(members) => self.apply(path, members),
                _ if node.is_null() => {}
                _ => self.refuse(
                    path,
                    &node.origin,
                    format!("got {}, expected a mapping of keys", node.describe()),
                ),
            };
        }
        let (prefix, name) = path.rsplit_once('.').unwrap_or(("", path));
        self.refuse(path, &member.origin, unknown_key(prefix, name));
    }

    fn apply_value(&mut self, key: &'static Key, node: &Node) {
        let outcome = match &node.value {
            Tree::Scalar(scalar) if scalar.is_null() && !key.secret => Err(Mismatch::Type),
            Tree::Scalar(scalar) => (key.set)(&mut self.config, scalar, &key.allowed),
            Tree::List(items) => items
                .iter()
                .map(|item| match &item.value {
                    Tree::Scalar(scalar) if !scalar.is_null() => Ok(scalar.clone()),
                    _ => Err(Mismatch::Type),
                })
                .collect::<Result<Vec<_>, _>>()
                .and_then(|items| (key.set_list)(&mut self.config, &items, &key.allowed)),
            Tree::Map(_) => Err(Mismatch::Type),
        };
        let expected = (key.expected)(&key.allowed);
        let text = match outcome {
            Ok(()) => {
                self.written
                    .insert(key.path.to_owned(), node.origin.clone());
                return;
            }
            Err(Mismatch::NotBuilt) => {
                format!(
                    "{} is known but not built in this version, expected {expected}",
                    node.describe()
                )
            }
            Err(_) if key.secret => match node.value {
                Tree::Scalar(_) => format!("got a redacted secret, expected {expected}"),
                _ => format!("got {}, expected {expected}", node.describe()),
            },
            Err(_) => format!("got {}, expected {expected}", node.describe()),
        };
        self.refuse(key.path, &node.origin, text);
    }

    /// A value that has no structure, from a source without places.
    pub(super) fn apply_text(&mut self, key: &'static Key, origin: Origin, text: &str) {
        self.apply_value(
            key,
            &Node {
                origin,
                value: Tree::Scalar(Scalar::plain(text)),
            },
        );
    }

    pub(super) fn refuse(&mut self, path: &str, origin: &Origin, text: impl Into<String>) {
        self.mistaken.insert(path.to_owned());
        self.problems.push(Problem::at_key(origin, path, text));
    }

    pub(super) fn refuse_repetitions(&mut self, prefix: &str, members: &[Member]) {
        for (position, member) in members.iter().enumerate() {
            if let Some(first) = members[..position]
                .iter()
                .find(|earlier| earlier.name == member.name)
            {
                let text = format!(
                    "written twice, first {}, expected once",
                    first.origin.describe()
                );
                self.refuse(&join(prefix, &member.name), &member.origin, text);
            }
        }
    }

    /// Where the value in force was written.
    pub(super) fn origin(&self, path: &str) -> Origin {
        self.written.get(path).cloned().unwrap_or(Origin::Default)
    }

    pub(super) fn any_mistaken(&self, paths: &[&str]) -> bool {
        paths.iter().any(|path| self.mistaken.contains(*path))
    }
}

pub(super) fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}.{name}")
    }
}

fn unknown_key(prefix: &str, name: &str) -> String {
    let siblings = siblings(prefix);
    let near = nearest(name, siblings.iter().copied());
    if near.is_some() {
        return unknown(name, siblings.into_iter());
    }
    // A key of another section, most often one level too high.
    let elsewhere: Vec<&str> = table::keys()
        .filter(|key| key.name() == name)
        .map(|key| key.path)
        .collect();
    match elsewhere.as_slice() {
        [] => unknown(name, siblings.into_iter()),
        paths => format!("unknown key, expected {}", paths.join(" or ")),
    }
}

/// The names that may stand below a section.
pub(super) fn siblings(prefix: &str) -> Vec<&'static str> {
    let keys = table::keys().map(|key| key.path);
    let sections = table::SECTIONS
        .iter()
        .map(|section| section.path)
        .filter(|path| !path.is_empty());
    let all = keys
        .chain(sections)
        .chain(["nodes"])
        .chain(later::LATER.iter().copied());
    all.filter_map(|path| {
        let (section, name) = path.rsplit_once('.').unwrap_or(("", path));
        (section == prefix).then_some(name)
    })
    .collect()
}

/// What is wrong with a name that nothing has.
pub(super) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(name, known.clone()) {
        return format!("unknown key, did you mean {near}?");
    }
    let mut names: Vec<&str> = known.filter(|name| later::find(name).is_none()).collect();
    names.sort_unstable();
    format!("unknown key, expected one of {}", names.join(", "))
}

/// The known name that a misspelt one most likely stands for.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = (name.chars().count() / 3).max(1);
    known
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
