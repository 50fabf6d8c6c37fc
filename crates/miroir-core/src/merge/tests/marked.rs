//! Which hits are asked for again, because their node left marks out.

use super::super::frequency::Words;
use super::super::marked::{Looked, Shown, Unmarked};
use super::*;
use crate::settings::UserSettings;

fn by_words(id: u32, matching: u8) -> String {
    format!(
        r#"{{"id":{id},"_rankingScoreDetails":{{"words":{{"order":0,"matchingWords":{matching},"maxMatchingWords":3,"score":0.5}}}}}}"#
    )
}

fn by_vector(id: u32) -> String {
    format!(
        r#"{{"id":{id},"_rankingScoreDetails":{{"vectorSort":{{"order":0,"similarity":0.5}}}}}}"#
    )
}

fn asked_again(of_words: [u8; 2], of_last: Option<usize>) -> Option<Vec<String>> {
    let query = SearchQuery {
        q: Some("one two three".to_owned()),
        attributes_to_highlight: Some(["*".to_owned()].into()),
        ..SearchQuery::default()
    };
    // The lists by words of two nodes, then their lists by vectors.
    let bodies = [
        answer_body(&[by_words(1, of_words[0])], 1, ""),
        answer_body(&[by_words(2, of_words[1])], 1, ""),
        answer_body(&[by_vector(3)], 1, ""),
        answer_body(&[by_vector(4)], 1, ""),
    ];
    let legs = legs(&bodies, 20);
    let hits = [2, 3].map(|leg| Picked { leg, hit: 0 });
    let shown = Shown {
        legs: &legs,
        hits: &hits,
        page: &hits,
        looked: Looked::WordLegs(&[Some(0), Some(1), Some(0), of_last]),
    };
    let settings = UserSettings::default();
    let words = Words::of("one two three", &settings).expect("three words");
    let unmarked = Unmarked::of(&query, &words, "id", shown).expect("hits of a server");
    unmarked.map(|unmarked| {
        let queries = unmarked.queries().iter();
        let filters = queries.map(|query| query.filter.as_ref().expect("ids").to_string());
        filters.collect()
    })
}

#[test]
fn hits_by_vector_lack_marks_where_their_node_met_fewer_words_than_another() {
    let again =
        asked_again([2, 1], Some(1)).expect("the second node never looked for the third word");
    // By any of the words: nothing says which of them a hit by its vector has.
    assert_eq!(again.len(), 7);
    assert!(
        again
            .iter()
            .all(|filter| filter.contains('4') && !filter.contains('3')),
        "{again:?}"
    );
    assert_eq!(asked_again([2, 2], Some(1)), None, "both have looked");
    assert_eq!(
        asked_again([1, 1], Some(1)),
        None,
        "one server has not looked either"
    );
    let again = asked_again([2, 2], None).expect("a node without a list by words has not looked");
    assert_eq!(again.len(), 7);
}
