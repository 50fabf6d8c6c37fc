//! A filter on the primary key concerns a few shards only: the others are not asked.
//!
//! Every kind of read that has a filter begins here. Off, everything is asked, and nothing else changes.

use miroir_core::filter::{self, Candidates, Facts};
use miroir_core::plan::{Constraints, NotNarrowed, Reason};
use miroir_core::wire::search::SearchQuery;
use serde_json::Value;

use crate::app::App;
use crate::catalog::Index;

/// What a search demands of its plan.
pub(crate) fn search(app: &App, index: &Index, query: &SearchQuery) -> Constraints {
    searches(app, index, [query], query.facets.as_deref())
}

/// What several searches of one index demand of the plan that they share, facets being counted over what they match.
///
/// A node leaves out a facet that none of its documents has ever had, and shows one without matches as empty. Unless the
/// catalog tells the one from the other, only all nodes together do, and the searches stay wide.
pub(crate) fn searches<'q>(
    app: &App,
    index: &Index,
    queries: impl IntoIterator<Item = &'q SearchQuery>,
    facets: Option<&[String]>,
) -> Constraints {
    if !index.view.knows_facets(facets.unwrap_or_default()) {
        return wide(app, index, NotNarrowed::FacetsWanted);
    }
    let mut all: Option<Constraints> = None;
    for query in queries {
        let constraints = filter(app, index, query.filter.as_ref());
        let both = all.take().map(|all| either(all, &constraints));
        all = Some(both.unwrap_or(constraints));
    }
    all.unwrap_or_default()
}

/// The shards that one of two plans would ask; all of them where one of the plans would.
fn either(mut one: Constraints, other: &Constraints) -> Constraints {
    one.narrowed = match (&one.narrowed, &other.narrowed) {
        (Some(one), Some(other)) => Some(one.union(other)),
        _ => None,
    };
    one.reasons.extend_from_slice(&other.reasons);
    one
}

/// What a read with this filter demands of its plan.
pub(crate) fn filter(app: &App, index: &Index, filter: Option<&Value>) -> Constraints {
    let options = &app.config.query_planner;
    if !options.enabled {
        return wide(app, index, NotNarrowed::SwitchedOff);
    }
    let facts = Facts {
        primary_key: index.primary_key(),
        ids_case_folded: index.row.ids_case_folded,
        max_candidates: options.max_pk_literals_narrowable,
    };
    let candidates = filter::candidates(filter, &facts);
    let narrowed = candidates.shards(index.shards());
    match (candidates, index.primary_key()) {
        (Candidates::Ids(ids), Some(key)) => {
            let reason = Reason::PrimaryKeyFilter {
                primary_key: key.to_owned(),
                values: ids.len(),
            };
            let constraints = Constraints {
                narrowed,
                reasons: vec![reason],
                ..Constraints::default()
            };
            log(app, index, &constraints);
            constraints
        }
        (Candidates::Any(why), _) => wide(app, index, NotNarrowed::Filter(why)),
        (Candidates::Ids(_), None) => unreachable!("only a known key has candidates"),
    }
}

fn wide(app: &App, index: &Index, why: NotNarrowed) -> Constraints {
    let constraints = Constraints {
        reasons: vec![Reason::NotNarrowed(why)],
        ..Constraints::default()
    };
    log(app, index, &constraints);
    constraints
}

fn log(app: &App, index: &Index, constraints: &Constraints) {
    if !app.config.query_planner.log_plans {
        return;
    }
    for reason in &constraints.reasons {
        match &constraints.narrowed {
            Some(shards) => tracing::debug!(index = %index.row.uid, %shards, %reason, "narrowed"),
            None => tracing::debug!(index = %index.row.uid, %reason, "not narrowed"),
        }
    }
}
