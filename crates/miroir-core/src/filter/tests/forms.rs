//! Every form of the language.

use crate::id::ShardCount;

use super::*;

#[test]
fn equality_and_lists_name_candidates() {
    for filter in [
        "id = 7",
        "id=7",
        " 'id'  =\"7\"\t",
        "(id = 7)",
        "((id=7))",
        "id IN [7]",
        "id IN[ '7', ]",
    ] {
        assert_eq!(ids(filter), found(&["7"]), "{filter}");
    }
    assert_eq!(
        ids("id IN [1, b-c,'_d' , \"E\"]"),
        found(&["1", "_d", "b-c", "e"])
    );
    assert_eq!(ids("id IN []"), found(&[]));
}

#[test]
fn and_or_and_arrays_combine() {
    assert_eq!(ids("id = 1 AND colour = red"), found(&["1"]));
    assert_eq!(ids("id IN [1, 2] AND id IN [2, 3]"), found(&["2"]));
    assert_eq!(ids("id = 1 AND id = 2"), found(&[]));
    assert_eq!(ids("id = 1 OR id = 2 AND size > 3"), found(&["1", "2"]));
    assert_eq!(
        ids("id = '1'OR id = \"2\"OR(id=3)"),
        found(&["1", "2", "3"])
    );
    assert_eq!(ids("id = 1 OR colour = red"), Err(Why::OrWithoutKey));
    assert_eq!(ids("(id = 1 OR colour = red) AND id = 4"), found(&["4"]));
    assert_eq!(ids(json!(["id = 1", "colour = red"])), found(&["1"]));
    assert_eq!(
        ids(json!([["id = 1", "id = 2"], "colour = red"])),
        found(&["1", "2"])
    );
    assert_eq!(
        ids(json!([["id = 1", "colour = red"]])),
        Err(Why::OrWithoutKey)
    );
    assert_eq!(ids(json!(["id = 1", "this is no filter"])), found(&["1"]));
    assert_eq!(
        ids(json!([["id = 1", "this is no filter"]])),
        Err(Why::NotUnderstood)
    );
    // The server leaves blank expressions out, also where one of several has to hold.
    assert_eq!(ids(json!([["id = 1", " "], [], ""])), found(&["1"]));
}

#[test]
fn other_tests_of_the_key_do_not_narrow() {
    for filter in [
        "NOT id = 1",
        "NOT (id = 1 AND a = 2)",
        "id NOT IN [1, 2]",
        "NOT id > 3",
    ] {
        assert_eq!(ids(filter), Err(Why::KeyUnderNot), "{filter}");
    }
    for filter in [
        "id != 1",
        "id > 1",
        "id <= 1 AND a = 2",
        "id 1 TO 9",
        "id EXISTS",
        "id NOT EXISTS",
        "id IS NULL",
        "id IS NOT EMPTY",
        "id CONTAINS 1",
        "id NOT CONTAINS 1",
        "id STARTS WITH 1",
    ] {
        assert_eq!(ids(filter), Err(Why::KeyComparedOtherwise), "{filter}");
    }
}

#[test]
fn what_is_beside_the_key_is_read_past() {
    for other in [
        "size 3 TO 9",
        "a IS NOT NULL",
        "NOT a IS EMPTY",
        "title NOT CONTAINS 'x y'",
        "title STARTS WITH \"it's \\\"\"",
        "NOT tags NOT IN [a, 'AND', \"b c\"]",
        "_geoRadius(48.85, -2.3e1, 2000)",
        "_geoRadius( 48.85 ,2.3, 2000, 120 )",
        "_geoBoundingBox([45.4, 9.6], [45.3, 9.5])",
        "_geoPolygon([48, 2], [48, 3], [49, 2])",
        "_vectors EXISTS",
        "_vectors.\"my embedder\".fragments.'a b' NOT EXISTS",
        "_vectors.default.userProvided EXISTS",
        "_vectors.default.x = 3",
        "größe = 'AND id = 3'",
        "NOT NOT (a = 1 OR NOT b = 2)",
    ] {
        assert_eq!(ids(format!("{other} AND id = 1")), found(&["1"]), "{other}");
        assert_eq!(ids(format!("id = 1 AND {other}")), found(&["1"]), "{other}");
        assert_eq!(ids(other), Err(Why::KeyNotNamed), "{other}");
    }
}

#[test]
fn what_is_not_understood_is_not_narrowed() {
    for filter in [
        "id = 1 id = 2",
        "id = 1 ORid = 2",
        "id = ",
        "id = AND",
        "id IN 1, 2]",
        "id IN [1, 2",
        "id IN [1,, 2]",
        "id = 'x",
        "(id = 1",
        "id == 1",
        "id in [1]",
        "_foreign(other, id = 1)",
        "_geoRadius(a) AND id = 1",
    ] {
        assert_eq!(ids(filter), Err(Why::NotUnderstood), "{filter}");
    }
    for filter in [
        json!(5),
        json!({}),
        json!([5]),
        json!([["id = 1", 5]]),
        json!([[["id = 1"]]]),
    ] {
        assert_eq!(ids(filter), Err(Why::NotUnderstood));
    }
    for filter in [
        json!(null),
        json!(""),
        json!([]),
        json!([[]]),
        json!([" ", [""]]),
    ] {
        assert_eq!(ids(filter), Err(Why::NoFilter));
    }
}

#[test]
fn only_a_plain_key_that_is_known_narrows() {
    let with = |primary_key, filter: &str| {
        let facts = Facts {
            primary_key,
            ids_case_folded: true,
            max_candidates: 2,
        };
        candidates(Some(&json!(filter)), &facts)
    };
    assert_eq!(with(None, "id = 1"), Candidates::Any(Why::KeyUnknown));
    assert_eq!(
        with(Some("a.id"), "a.id = 1"),
        Candidates::Any(Why::KeyNested)
    );
    let too_many = Why::TooMany {
        literals: 3,
        limit: 2,
    };
    assert_eq!(
        with(Some("id"), "id = 1 OR id IN [2, 3]"),
        Candidates::Any(too_many.clone())
    );
    assert_eq!(too_many.to_string(), "3 literals exceed 2");
    // What is too much by itself is not too much beside something that says more.
    let shards =
        with(Some("id"), "id IN [1, 2, 3] AND id = 3").shards(ShardCount::new(64).unwrap());
    assert_eq!(shards.unwrap().len(), 1);
}

#[test]
fn attributes_are_listed() {
    let filter = json!([
        "NOT b = 1 OR a EXISTS",
        ["'c d' IN [x]", "_vectors EXISTS"],
        "no filter here"
    ]);
    assert_eq!(attributes(Some(&filter)), ["a", "b", "c d"]);
    assert!(attributes(None).is_empty());
}
