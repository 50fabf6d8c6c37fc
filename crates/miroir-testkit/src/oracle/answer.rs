//! Making two answers comparable.
//!
//! The order of facet values is part of an answer, with one exception. Where the most frequent values come first, values
//! that are equally frequent come in whatever order the engine's tree of values happens to visit them in; it depends on how
//! the tree was built, and two equal servers may differ in it. So inside a run of equal counts the order is ignored, in
//! facets that are ordered by count and in no others. Which values are shown always counts: two answers that cut the same
//! run differently are different, unless the query leaves that to another class.
//!
//! Documents that are exactly as similar to another one come on a server as its index of vectors visits them, so inside a run of
//! equal scores their order is ignored too.

use http::StatusCode;

use super::queries::Query;
use super::world::World;
use crate::json::{Difference, Tree, differences};

/// An answer reduced to what must be equal.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// `None` when the body is no JSON; the text is in `text`.
    pub(super) tree: Option<Tree>,
    pub(super) text: String,
}

impl Answer {
    /// Reads an answer. `tie_rule`: the server was given `<primary key>:asc` by hand, so its trace is removed.
    pub(super) fn read(
        status: StatusCode,
        body: &[u8],
        query: &Query,
        world: &World,
        tie_rule: bool,
    ) -> Self {
        let text = String::from_utf8_lossy(body).into_owned();
        let mut tree = Tree::parse(body).ok();
        if let Some(tree) = &mut tree {
            tree.each_object(&mut |members| {
                members.shift_remove("requestUid");
                members.shift_remove("processingTimeMs");
                if let Some(details) = members.get_mut("_rankingScoreDetails")
                    && tie_rule
                {
                    drop_tie_rule(details);
                }
                // The rule also shows in what a server says of the field.
                if matches!(members.get("name"), Some(Tree::Text(name)) if name == "id") {
                    members.shift_remove("rankingRule");
                }
            });
            if let Some(members) = tree.members_mut() {
                for name in query.ignored {
                    members.shift_remove(*name);
                }
            }
            tree.each_object(&mut |members| {
                let Some(Tree::Object(facets)) = members.get_mut("facetDistribution") else {
                    return;
                };
                for (facet, values) in facets {
                    if world.counts_first(query.profile, facet) {
                        if query.any_cut {
                            forget_the_cut(values);
                        }
                        settle_equal_counts(values);
                    }
                }
            });
            if query.any_tie
                && let Some(Tree::List(hits)) = tree
                    .members_mut()
                    .and_then(|members| members.get_mut("hits"))
            {
                for tied in hits.chunk_by_mut(|left, right| score(left) == score(right)) {
                    tied.sort_by_key(sort_key);
                }
            }
            if let Some(list) = query.unordered
                && let Some(Tree::List(elements)) =
                    tree.members_mut().and_then(|members| members.get_mut(list))
            {
                elements.sort_by_key(sort_key);
            }
        }
        Self { status, tree, text }
    }
}

/// Replaces the values of the last count by how many they are: of equally frequent values any may be left. Numbers come
/// before strings, and each of the two lists has an end of its own.
fn forget_the_cut(values: &mut Tree) {
    let Tree::Object(values) = values else {
        return;
    };
    let is_number = |value: &str| value.parse::<f64>().is_ok();
    let mut ends = Vec::new();
    for numbers in [true, false] {
        let mut own = values
            .iter()
            .filter(|(value, _)| is_number(value) == numbers);
        let Some(last) = own.next_back().map(|(_, count)| count.clone()) else {
            continue;
        };
        let all = values.len();
        values.retain(|value, count| is_number(value) != numbers || *count != last);
        let kind = if numbers { "numbers" } else { "strings" };
        let cut = all - values.len();
        ends.push((format!("{cut} {kind} of one count"), last));
    }
    values.extend(ends);
}

/// Puts the values of every run of equal counts into one order.
fn settle_equal_counts(values: &mut Tree) {
    let Tree::Object(values) = values else {
        return;
    };
    let mut run = 0;
    let mut count: Option<Tree> = None;
    let mut settled: Vec<(usize, String, Tree)> = Vec::with_capacity(values.len());
    for (value, own) in values.drain(..) {
        if count.as_ref() != Some(&own) {
            run += 1;
            count = Some(own.clone());
        }
        settled.push((run, value, own));
    }
    settled.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
    values.extend(settled.into_iter().map(|(_, value, own)| (value, own)));
}

/// Elements of an unordered list are compared by primary key, or by their text without one.
fn sort_key(element: &Tree) -> String {
    element.member("id").unwrap_or(element).to_string()
}

fn score(hit: &Tree) -> Option<&Tree> {
    hit.member("_rankingScore")
}

/// Removes the entry of the tie rule. It is the last rule; when the primary key is not displayed its name is hidden.
fn drop_tie_rule(details: &mut Tree) {
    let Some(rules) = details.members_mut() else {
        return;
    };
    if rules.shift_remove("id:asc").is_some() {
        return;
    }
    let order = |rule: &Tree| match rule.member("order") {
        Some(Tree::Number(text)) => text.parse::<u32>().unwrap_or(0),
        _ => 0,
    };
    let last = rules
        .iter()
        .max_by_key(|(_, rule)| order(rule))
        .map(|(name, _)| name.clone());
    if let Some(last) = last.filter(|name| name.starts_with("<hidden-rule-")) {
        rules.shift_remove(&last);
    }
}

/// What differs; empty when the answers are equal.
pub(super) fn compare(reference: &Answer, candidate: &Answer) -> Vec<Difference> {
    let mut found = Vec::new();
    if reference.status != candidate.status {
        found.push(Difference {
            path: "(status)".to_owned(),
            reference: reference.status.to_string(),
            candidate: candidate.status.to_string(),
            order: false,
        });
    }
    match (&reference.tree, &candidate.tree) {
        (Some(left), Some(right)) => found.extend(differences(left, right)),
        _ if reference.text == candidate.text => {}
        _ => found.push(Difference {
            path: "(body)".to_owned(),
            reference: reference.text.clone(),
            candidate: candidate.text.clone(),
            order: false,
        }),
    }
    found
}
