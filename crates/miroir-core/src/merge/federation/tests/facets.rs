//! Facets of several indexes.

use super::super::facets::{IndexFacets, Orders};
use super::*;
use crate::merge::FacetOrder;
use crate::wire::answer::SearchAnswer;
use crate::wire::search::MergeFacets;

fn facets(distribution: Value, stats: Value, view: &IndexView) -> IndexFacets {
    let body = json!({
        "hits": [], "estimatedTotalHits": 9,
        "facetDistribution": distribution, "facetStats": stats,
    });
    let answers = [SearchAnswer::parse(body.to_string().into()).unwrap()];
    IndexFacets::of(answers.iter(), &[], view, 9, &[]).unwrap()
}

fn shown(facets: &IndexFacets) -> (String, String) {
    let (mut distribution, mut stats) = (Vec::new(), Vec::new());
    facets.write_distribution(&mut distribution);
    facets.write_stats(&mut stats);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(distribution), text(stats))
}

#[test]
fn values_merge_by_their_spelling() {
    let view = view();
    let left = facets(
        json!({"colour": {"red": 2, "Blue": 1}}),
        json!({"size": {"min": 1.0, "max": 3.5}}),
        &view,
    );
    let right = facets(
        json!({"colour": {"Red": 1, "Blue": 4, "zinc": 1}, "shape": {"round": 1}}),
        json!({"size": {"min": 0.5, "max": 2.0}}),
        &view,
    );
    let both = [(&view, &left), (&view, &right)];
    let (distribution, stats) = shown(&IndexFacets::merge(&both, MergeFacets::default()));
    assert_eq!(
        distribution,
        r#"{"colour":{"Blue":5,"Red":1,"red":2,"zinc":1},"shape":{"round":1}}"#
    );
    assert_eq!(stats, r#"{"size":{"min":0.5,"max":3.5}}"#);
    let two = MergeFacets {
        max_values_per_facet: Some(2),
    };
    assert_eq!(
        shown(&IndexFacets::merge(&both, two)).0,
        r#"{"colour":{"Blue":5,"Red":1},"shape":{"round":1}}"#
    );
}

#[test]
fn what_is_not_shown_is_taken_off() {
    let view = view();
    let mut left = facets(
        json!({"colour": {"red": 2, "Blue": 1, "grey": 1}}),
        json!({}),
        &view,
    );
    left.remove(&facets(
        json!({"colour": {"RED": 1, "grey": 1}}),
        json!({}),
        &view,
    ));
    assert_eq!(shown(&left).0, r#"{"colour":{"Blue":1,"red":1}}"#);
}

#[test]
fn orders_must_agree() {
    let alphabetical = view();
    let mut counted = view();
    counted
        .facet_order
        .insert("colour".to_owned(), FacetOrder::Count);
    let mut orders = Orders::default();
    assert_eq!(
        orders.admit("a", &alphabetical, ["colour", "size"].into_iter()),
        Ok(())
    );
    assert_eq!(orders.admit("b", &counted, ["size"].into_iter()), Ok(()));
    let error = orders
        .admit("b", &counted, ["colour"].into_iter())
        .unwrap_err();
    assert_eq!(
        error.message,
        "Inconsistent order for values in facet `colour`: index `a` orders alphabetically, but index `b` orders by count.\n - Hint: Remove `federation.mergeFacets` or change `faceting.sortFacetValuesBy` to be consistent in settings."
    );
}
