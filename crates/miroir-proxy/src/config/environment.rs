//! The layer of environment variables. They are handed in; nothing here reads the process's own environment.

use std::collections::BTreeMap;
use std::path::Path;

use super::load::ReadFile;
use super::overlay::{Overlay, nearest};
use super::problem::{Origin, Problem};
use super::{later, table};

/// Variables with a name of their own; a secret one also counts with `_FILE` appended, as the name of a file.
pub(super) const NAMED: [(&str, &str); 6] = [
    ("MIROIR_MASTER_KEY", "master_key"),
    ("MIROIR_NODE_MASTER_KEY", "node_master_key"),
    ("MIROIR_ADMIN_API_KEY", "admin.api_key"),
    ("RUST_LOG", "log.level"),
    ("MIROIR_TASK_WEBHOOK_URL", "task_webhook.url"),
    (
        "MIROIR_TASK_WEBHOOK_AUTHORIZATION_HEADER",
        "task_webhook.authorization_header",
    ),
];

/// The variable that every scalar key has: `MIROIR_SCATTER__NODE_TIMEOUT_MS`.
pub(super) fn variable(path: &str) -> String {
    format!("MIROIR_{}", path.to_ascii_uppercase().replace('.', "__"))
}

/// Lays every variable that is ours over the configuration. An empty variable is not set.
pub(super) fn apply(
    overlay: &mut Overlay,
    variables: &BTreeMap<String, String>,
    read: ReadFile<'_>,
) {
    let named = |name: &str| {
        NAMED
            .iter()
            .any(|(own, _)| *own == name || name.strip_suffix("_FILE") == Some(own))
    };
    for (name, text) in variables {
        if !text.is_empty() && !named(name) {
            generic(overlay, name, text);
        }
    }
    for (name, path) in NAMED {
        let key = table::key(path).expect("every named variable belongs to a key");
        let direct = variables.get(name).filter(|text| !text.is_empty());
        if !key.secret {
            if let Some(text) = direct {
                overlay.apply_text(key, Origin::Environment(name.to_owned()), text);
            }
            continue;
        }
        let file_name = format!("{name}_FILE");
        let file = variables.get(&file_name).filter(|text| !text.is_empty());
        let generic = Some(variable(path)).filter(|other| {
            *other != name && variables.get(other).is_some_and(|text| !text.is_empty())
        });
        let set: Vec<&str> = [
            direct.map(|_| name),
            file.map(|_| file_name.as_str()),
            generic.as_deref(),
        ]
        .into_iter()
        .flatten()
        .collect();
        if set.len() > 1 {
            let text = format!("set by {}, expected one of them", set.join(" and "));
            overlay.refuse(path, &Origin::Environment(set[0].to_owned()), text);
        } else if let Some(text) = direct {
            overlay.apply_text(key, Origin::Environment(name.to_owned()), text);
        } else if let Some(file) = file {
            let origin = Origin::Environment(file_name);
            match read(Path::new(file)) {
                Ok(text) => overlay.apply_text(key, origin, text.trim_end_matches(['\r', '\n'])),
                Err(error) => overlay.refuse(path, &origin, format!("cannot read {file}: {error}")),
            }
        }
    }
}

/// Names with two underscores are ours and must be known. Others may be anything: Kubernetes injects
/// `MIROIR_SERVICE_HOST` and the like.
fn generic(overlay: &mut Overlay, name: &str, text: &str) {
    let Some(rest) = name.strip_prefix("MIROIR_") else {
        return;
    };
    let path = rest.replace("__", ".").to_ascii_lowercase();
    let origin = Origin::Environment(name.to_owned());
    if let Some(key) = table::keys().find(|key| variable(key.path) == name) {
        overlay.apply_text(key, origin, text);
    } else if name.contains("__") {
        let text = match later::find(&path) {
            Some(name) => later::message(name),
            None => {
                let variables: Vec<String> = table::keys().map(|key| variable(key.path)).collect();
                match nearest(name, variables.iter().map(String::as_str)) {
                    Some(near) => format!("unknown variable, did you mean {near}?"),
                    None => "unknown variable, expected MIROIR_<SECTION>__<KEY> of a scalar key"
                        .to_owned(),
                }
            }
        };
        overlay.problems.push(Problem::of(&origin, text));
    }
}
