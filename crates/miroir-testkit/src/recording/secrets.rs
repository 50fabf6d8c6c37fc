//! What a scenario says that no log may repeat.

use std::collections::BTreeSet;

use super::{Exchange, Recording, Step};
use crate::json::Tree;

/// Shorter texts may be in a log by chance.
const LONG_ENOUGH: usize = 12;
/// Members whose texts are searched for, or open another server.
const TELLING: [&str; 4] = ["q", "facetQuery", "apiKey", "function"];

impl Recording {
    /// Credentials, words that are searched for, and contents of documents that the scenario sends.
    #[must_use]
    pub fn secrets(&self) -> BTreeSet<String> {
        let mut secrets = BTreeSet::new();
        for Exchange { request, .. } in &self.exchanges {
            let credential = request.authorization.as_deref();
            let credential = credential.map(|header| header.rsplit(' ').next().unwrap_or(header));
            keep(credential, &mut secrets);
            if let Some(body) = &request.body {
                collect(body, brings_documents(request), &mut secrets);
            }
        }
        secrets
    }
}

fn brings_documents(request: &Step) -> bool {
    let path = request.path.split('?').next().unwrap_or_default();
    path.ends_with("/documents") && request.method != "DELETE"
}

fn collect(tree: &Tree, all: bool, secrets: &mut BTreeSet<String>) {
    match tree {
        Tree::Text(text) if all => keep(Some(text), secrets),
        Tree::List(elements) => elements
            .iter()
            .for_each(|element| collect(element, all, secrets)),
        Tree::Object(members) => members.iter().for_each(|(name, value)| {
            collect(value, all || TELLING.contains(&name.as_str()), secrets);
        }),
        Tree::Null | Tree::Boolean(_) | Tree::Number(_) | Tree::Text(_) => {}
    }
}

fn keep(text: Option<&str>, secrets: &mut BTreeSet<String>) {
    let text = text.filter(|text| text.len() >= LONG_ENOUGH && !text.contains(['"', '\\']));
    secrets.extend(text.map(str::to_owned));
}
