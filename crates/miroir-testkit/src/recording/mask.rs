//! Hiding what changes from run to run. A value is masked only when it has the form it should have, so that a wrong
//! form still shows as a difference.

use super::Step;
use crate::json::Tree;

/// Masks an answer to `step`.
pub(super) fn mask(mut tree: Tree, step: &Step) -> Tree {
    tree.each_object(&mut |members| {
        for (name, value) in members.iter_mut() {
            if let Some(masked) = masked(name, value) {
                *value = Tree::Text(masked.to_owned());
            }
        }
    });
    let hide: fn(&mut Tree) = |place| *place = Tree::Text("<masked>".to_owned());
    for path in &step.mask {
        let parts: Vec<&str> = path.split('.').collect();
        at_path(&mut tree, &parts, hide);
    }
    if step.uuids {
        tree.each_object(&mut |members| {
            for value in members.values_mut() {
                if let Tree::Text(text) = value {
                    *text = without_uuids(text);
                }
            }
        });
    }
    for path in &step.ignore {
        let parts: Vec<&str> = path.split('.').collect();
        let Some((name, place)) = parts.split_last() else {
            continue;
        };
        at_path(&mut tree, place, |place| {
            if let Tree::Object(members) = place {
                members.shift_remove(*name);
            }
        });
    }
    if let Some(list) = &step.unordered
        && let Some(Tree::List(elements)) =
            tree.members_mut().and_then(|members| members.get_mut(list))
    {
        elements.sort_by_key(ToString::to_string);
    }
    tree
}

/// What to show instead of a value; `None`: the value itself.
fn masked(name: &str, value: &Tree) -> Option<&'static str> {
    match (name, value) {
        (
            "enqueuedAt" | "startedAt" | "finishedAt" | "createdAt" | "updatedAt" | "lastUpdate",
            Tree::Text(text),
        ) => is_timestamp(text).then_some("<timestamp>"),
        ("duration", Tree::Text(text)) => {
            (text.starts_with("PT") && text.ends_with('S')).then_some("<duration>")
        }
        ("requestUid" | "queryUid", Tree::Text(text)) => is_uuid(text).then_some("<uuid>"),
        ("processingTimeMs", Tree::Number(_)) => Some("<milliseconds>"),
        ("batchUid", Tree::Number(_)) => Some("<batch>"),
        (
            "databaseSize" | "usedDatabaseSize" | "rawDocumentDbSize" | "avgDocumentSize",
            Tree::Number(_),
        ) => Some("<size>"),
        ("pkgVersion" | "commitSha" | "commitDate", Tree::Text(_)) => Some("<version>"),
        ("dumpUid", Tree::Text(_)) => Some("<dump>"),
        _ => None,
    }
}

/// `2026-11-20T15:56:30.273223738Z`: UTC with 1 to 9 digits of a second.
fn is_timestamp(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let Some((seconds, fraction)) = text.strip_suffix('Z').and_then(|text| text.split_once('.'))
    else {
        return false;
    };
    let shape: String = seconds
        .chars()
        .map(|letter| if letter.is_ascii_digit() { '0' } else { letter })
        .collect();
    shape == "0000-00-00T00:00:00" && digits(fraction) && fraction.len() <= 9
}

/// A text with every uuid in it masked.
fn without_uuids(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match rest.get(..36).filter(|part| is_uuid(part)) {
            Some(uuid) => {
                masked.push_str("<uuid>");
                rest = &rest[uuid.len()..];
            }
            None => {
                masked.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    masked
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
        && text
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// Changes every value at a path that is not null.
fn at_path(tree: &mut Tree, path: &[&str], change: impl Fn(&mut Tree) + Copy) {
    let Some((first, rest)) = path.split_first() else {
        if !matches!(tree, Tree::Null) {
            change(tree);
        }
        return;
    };
    match tree {
        Tree::List(elements) if *first == "*" => {
            for element in elements {
                at_path(element, rest, change);
            }
        }
        Tree::Object(members) if *first == "*" => {
            for value in members.values_mut() {
                at_path(value, rest, change);
            }
        }
        Tree::Object(members) => {
            if let Some(value) = members.get_mut(*first) {
                at_path(value, rest, change);
            }
        }
        _ => {}
    }
}
