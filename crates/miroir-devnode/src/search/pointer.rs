//! Attribute names with dots, resolved permissively: `a.b` is member `b` of member `a`, also inside arrays, and also a
//! member whose name contains the dot. The rules are those of the server's `permissive-json-pointer`.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// Whether `selector` names `key` or something inside it.
fn is_inside(selector: &str, key: &str) -> bool {
    selector
        .strip_prefix(key)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What is selected of one member.
pub(crate) enum Selected<'a> {
    Nothing,
    All,
    /// Only what these selectors name inside it.
    Inside(HashSet<&'a str>),
}

/// What the selectors want of the member `key`.
pub(crate) fn of_member<'a>(key: &str, selectors: &HashSet<&'a str>) -> Selected<'a> {
    if selectors.contains(key) && !key.contains('.') {
        return Selected::All;
    }
    let inner: HashSet<&str> = selectors
        .iter()
        .filter(|selector| is_inside(selector, key))
        .filter_map(|selector| selector[key.len()..].get(1..))
        .collect();
    if !inner.is_empty() {
        Selected::Inside(inner)
    } else if selectors.contains(key) {
        Selected::All
    } else {
        Selected::Nothing
    }
}

/// The members that the selectors name, in the order of the object.
pub(crate) fn select(object: Map<String, Value>, selectors: &HashSet<&str>) -> Map<String, Value> {
    let mut selected = Map::new();
    for (key, value) in object {
        match of_member(&key, selectors) {
            Selected::Nothing => {}
            Selected::All => {
                selected.insert(key, value);
            }
            Selected::Inside(inner) => {
                if let Some(value) = select_inside(value, &inner) {
                    selected.insert(key, value);
                }
            }
        }
    }
    selected
}

/// The selected part of a value; nothing for a scalar, which has no inside.
pub(crate) fn select_inside(value: Value, selectors: &HashSet<&str>) -> Option<Value> {
    match value {
        Value::Object(object) => Some(Value::Object(select(object, selectors))),
        Value::Array(array) => Some(Value::Array(select_elements(array, selectors))),
        _ => None,
    }
}

fn select_elements(array: Vec<Value>, selectors: &HashSet<&str>) -> Vec<Value> {
    let mut selected = Vec::new();
    for value in array {
        match value {
            Value::Array(inner) => selected.push(Value::Array(select_elements(inner, selectors))),
            Value::Object(object) => {
                let object = select(object, selectors);
                if !object.is_empty() {
                    selected.push(Value::Object(object));
                }
            }
            _ => {}
        }
    }
    selected
}

/// Calls `change` with the full name, the positions in arrays and the value of every scalar that a selector names or that
/// lies inside a named one.
pub(crate) fn change_leaves(
    object: &mut Map<String, Value>,
    selectors: &[&str],
    change: &mut impl FnMut(&str, &[usize], &mut Value),
) {
    change_members(object, selectors, "", &[], change);
}

fn change_members(
    object: &mut Map<String, Value>,
    selectors: &[&str],
    base: &str,
    positions: &[usize],
    change: &mut impl FnMut(&str, &[usize], &mut Value),
) {
    for (key, value) in object.iter_mut() {
        let name = if base.is_empty() {
            key.clone()
        } else {
            format!("{base}.{key}")
        };
        let wanted = selectors
            .iter()
            .any(|selector| is_inside(selector, &name) || is_inside(&name, selector));
        if wanted {
            change_value(value, selectors, &name, positions, change);
        }
    }
}

fn change_value(
    value: &mut Value,
    selectors: &[&str],
    name: &str,
    positions: &[usize],
    change: &mut impl FnMut(&str, &[usize], &mut Value),
) {
    match value {
        Value::Object(object) => change_members(object, selectors, name, positions, change),
        Value::Array(array) => {
            let mut positions = positions.to_vec();
            positions.push(0);
            for (position, value) in array.iter_mut().enumerate() {
                if let Some(last) = positions.last_mut() {
                    *last = position;
                }
                change_value(value, selectors, name, &positions, change);
            }
        }
        scalar => change(name, positions, scalar),
    }
}

/// Calls `visit` with every value that the selector names.
pub(crate) fn visit<'a>(
    object: &'a Map<String, Value>,
    selector: &str,
    visit_value: &mut impl FnMut(&'a Value),
) {
    if let Some(value) = object.get(selector) {
        visit_value(value);
    }
    for (dot, _) in selector.rmatch_indices('.') {
        let (root, rest) = (&selector[..dot], &selector[dot + 1..]);
        match object.get(root) {
            Some(Value::Object(inner)) => visit(inner, rest, visit_value),
            Some(Value::Array(values)) => {
                for inner in values.iter().filter_map(Value::as_object) {
                    visit(inner, rest, visit_value);
                }
            }
            _ => {}
        }
    }
}
