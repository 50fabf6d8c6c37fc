//! What is worth knowing before a query is sent. Pure: a query, the user's settings, the plan's reasons.

use miroir_core::filter;
use miroir_core::plan::{Constraints, NotNarrowed, Reason};
use miroir_core::settings::UserSettings;
use miroir_core::wire::search::SearchQuery;
use serde::Serialize;

use super::plan::Situation;
use crate::catalog::Index;

/// Beyond it every node has to rank as many hits for one page.
const DEEP: usize = 10_000;

/// More hits than anybody looks at, of a query that asks for nothing.
const MANY: usize = 1000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Warning {
    #[serde(rename = "type")]
    kind: Kind,
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    UnfilterableAttribute,
    UnsortableAttribute,
    UnknownFacet,
    DeepPagination,
    UnboundedQuery,
    NotNarrowable,
    SettingsBroadcastInFlight,
}

impl Warning {
    /// Whether it is about the fleet and not about the query.
    pub(super) fn is_for_operators(&self) -> bool {
        self.kind == Kind::SettingsBroadcastInFlight
    }
}

pub(super) fn of(
    query: &SearchQuery,
    index: &Index,
    constraints: &Constraints,
    situation: &Situation,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |kind, message: String| warnings.push(Warning { kind, message });
    attributes(query, &index.settings, &mut warn);
    size(query, index.settings.max_total_hits(), &mut warn);
    for reason in &constraints.reasons {
        if let Reason::NotNarrowed(NotNarrowed::Filter(why)) = reason
            && why.names_key()
        {
            let message =
                format!("The filter names the primary key, but every shard is asked: {why}.");
            warn(Kind::NotNarrowable, message);
        }
    }
    if situation.proposed_fingerprint.is_some() {
        let message = "A change of settings is on its way to the nodes.";
        warn(Kind::SettingsBroadcastInFlight, message.to_owned());
    }
    warnings
}

/// What the nodes will refuse.
fn attributes(query: &SearchQuery, settings: &UserSettings, warn: &mut impl FnMut(Kind, String)) {
    let is_filterable = |name: &str| {
        settings
            .filterable_features(name)
            .is_some_and(|features| features.equality || features.comparison)
    };
    let refused = "the nodes will refuse the query";
    for name in filter::attributes(query.filter.as_ref()) {
        if !is_filterable(name) && !name.starts_with("_vectors") {
            let message = format!("Attribute `{name}` is not filterable: {refused}.");
            warn(Kind::UnfilterableAttribute, message);
        }
    }
    for rule in query.sort.iter().flatten() {
        let name = rule
            .rsplit_once(':')
            .map_or(rule.as_str(), |(name, _)| name);
        let name = if name.starts_with("_geoPoint(") {
            "_geo"
        } else {
            name
        };
        if !settings.is_sortable(name) {
            let message = format!("Attribute `{name}` is not sortable: {refused}.");
            warn(Kind::UnsortableAttribute, message);
        }
    }
    for name in query.facets.iter().flatten() {
        if !name.contains('*') && !is_filterable(name) {
            let message =
                format!("Attribute `{name}` is not filterable and has no facets: {refused}.");
            warn(Kind::UnknownFacet, message);
        }
    }
}

fn size(query: &SearchQuery, max_total_hits: usize, warn: &mut impl FnMut(Kind, String)) {
    let limit = query.hits_per_page.unwrap_or(query.limit);
    let end = if query.is_paged() {
        query.page.unwrap_or(1).saturating_mul(limit)
    } else {
        query.offset.saturating_add(limit)
    };
    if end > max_total_hits {
        let message = format!(
            "The page ends at hit {end}, but only {max_total_hits} can be reached (`pagination.maxTotalHits`)."
        );
        warn(Kind::DeepPagination, message);
    } else if end > DEEP {
        let message = format!("The page ends at hit {end}: every node has to rank as many.");
        warn(Kind::DeepPagination, message);
    }
    if query.is_placeholder() && query.filter.is_none() && query.hybrid.is_none() && limit > MANY {
        let message = format!(
            "Neither words nor a filter, and {limit} hits wanted: listing documents is cheaper."
        );
        warn(Kind::UnboundedQuery, message);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kinds(query: SearchQuery) -> Vec<Kind> {
        let settings = json!({"filterableAttributes": ["colour"], "sortableAttributes": ["size"]});
        let settings = UserSettings::from(settings.as_object().expect("an object").clone());
        let mut kinds = Vec::new();
        attributes(&query, &settings, &mut |kind, _| kinds.push(kind));
        size(&query, 20_000, &mut |kind, _| kinds.push(kind));
        kinds
    }

    #[test]
    fn each_kind_has_a_query_with_it_and_one_without() {
        let filtered = |filter: &str| SearchQuery {
            filter: Some(json!(filter)),
            ..SearchQuery::default()
        };
        assert_eq!(kinds(filtered("colour = red AND colour.tone EXISTS")), []);
        assert_eq!(
            kinds(filtered("NOT size > 3")),
            [Kind::UnfilterableAttribute]
        );
        let sorted = |rule: &str| SearchQuery {
            sort: Some(vec![rule.to_owned()]),
            ..SearchQuery::default()
        };
        assert_eq!(kinds(sorted("size:asc")), []);
        assert_eq!(kinds(sorted("colour:asc")), [Kind::UnsortableAttribute]);
        assert_eq!(
            kinds(sorted("_geoPoint(1, 2):asc")),
            [Kind::UnsortableAttribute]
        );
        let faceted = |name: &str| SearchQuery {
            facets: Some(vec![name.to_owned()]),
            ..SearchQuery::default()
        };
        assert_eq!(kinds(faceted("colour")), []);
        assert_eq!(kinds(faceted("size")), [Kind::UnknownFacet]);
        let page = |offset, limit| SearchQuery {
            q: Some("x".to_owned()),
            offset,
            limit,
            ..SearchQuery::default()
        };
        assert_eq!(kinds(page(9000, 1000)), []);
        assert_eq!(kinds(page(9000, 1001)), [Kind::DeepPagination]);
        assert_eq!(kinds(page(20_000, 1)), [Kind::DeepPagination]);
        let all = |q: Option<&str>, limit| SearchQuery {
            q: q.map(str::to_owned),
            limit,
            ..SearchQuery::default()
        };
        assert_eq!(kinds(all(Some("x"), 1001)), []);
        assert_eq!(kinds(all(None, 1000)), []);
        assert_eq!(kinds(all(Some(" "), 1001)), [Kind::UnboundedQuery]);
    }
}
