//! What differs between two trees, place by place.

use super::Tree;

/// One place where two trees differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where, such as `.hits[3].title`; empty for the root.
    pub path: String,
    /// What the reference has there; `<absent>` when it has nothing.
    pub reference: String,
    /// What the candidate has there.
    pub candidate: String,
    /// The members are equal and only come in another order, where their order says nothing about values. In
    /// `facetDistribution` it does: the best values come first.
    pub order: bool,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = if self.path.is_empty() {
            "(root)"
        } else {
            &self.path
        };
        write!(
            formatter,
            "{path}: reference {}, candidate {}",
            self.reference, self.candidate
        )
    }
}

/// Every difference between two trees, in reading order. The lengths of lists are reported once, and their common
/// beginning is compared.
#[must_use]
pub fn differences(reference: &Tree, candidate: &Tree) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", reference, candidate, false, &mut found);
    found
}

fn compare(
    path: &str,
    reference: &Tree,
    candidate: &Tree,
    in_facets: bool,
    found: &mut Vec<Difference>,
) {
    match (reference, candidate) {
        (Tree::Object(left), Tree::Object(right)) => {
            for (name, value) in left {
                let below = format!("{path}.{name}");
                let in_facets = in_facets || name == "facetDistribution";
                match right.get(name) {
                    Some(other) => compare(&below, value, other, in_facets, found),
                    None => found.push(difference(&below, &short(value), "<absent>")),
                }
            }
            for (name, value) in right {
                if !left.contains_key(name) {
                    found.push(difference(
                        &format!("{path}.{name}"),
                        "<absent>",
                        &short(value),
                    ));
                }
            }
            let same_names =
                left.len() == right.len() && left.keys().all(|name| right.contains_key(name));
            if same_names && !left.keys().eq(right.keys()) {
                let names = |members: &indexmap::IndexMap<String, Tree>| {
                    format!("order {:?}", members.keys().collect::<Vec<_>>())
                };
                found.push(Difference {
                    order: !in_facets,
                    ..difference(path, &names(left), &names(right))
                });
            }
        }
        (Tree::List(left), Tree::List(right)) => {
            if left.len() != right.len() {
                let length = |list: &[Tree]| format!("{} elements", list.len());
                found.push(difference(path, &length(left), &length(right)));
            }
            for (position, (value, other)) in left.iter().zip(right).enumerate() {
                compare(
                    &format!("{path}[{position}]"),
                    value,
                    other,
                    in_facets,
                    found,
                );
            }
        }
        (left, right) if left == right => {}
        (left, right) => found.push(difference(path, &short(left), &short(right))),
    }
}

fn difference(path: &str, reference: &str, candidate: &str) -> Difference {
    Difference {
        path: path.to_owned(),
        reference: reference.to_owned(),
        candidate: candidate.to_owned(),
        order: false,
    }
}

/// The value as JSON, cut where it would fill the screen.
fn short(value: &Tree) -> String {
    const LONGEST: usize = 400;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
