//! What is drawn depends on the seed alone and keeps its promises.

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::Class;
use super::answer::{Answer, compare};
use super::corpus::Corpus;
use super::profile::Profile;
use super::queries::{Query, draw};

fn corpus(seed: u64) -> Corpus {
    Corpus::draw(&mut StdRng::seed_from_u64(seed), 400)
}

#[test]
fn the_seed_decides() {
    assert_eq!(corpus(3).documents, corpus(3).documents);
    assert_ne!(corpus(3).documents, corpus(4).documents);
    let corpus = corpus(3);
    for class in Class::ALL {
        let queries = |seed| {
            let mut random = StdRng::seed_from_u64(seed);
            (0..50)
                .map(|_| draw(class, &mut random, &corpus).to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(queries(1), queries(1), "{class}");
        assert_ne!(queries(1), queries(2), "{class}");
    }
}

#[test]
fn the_vocabulary_stays_small_and_without_crowded_prefixes() {
    let corpus = Corpus::draw(&mut StdRng::seed_from_u64(5), 5000);
    let words = corpus.vocabulary.words();
    assert!(words.len() <= 400);
    for word in words {
        let crowd = words
            .iter()
            .filter(|other| other.starts_with(&word[..1]))
            .count();
        assert!(crowd < 100, "{crowd} words begin with {}", &word[..1]);
    }
}

#[test]
fn the_trace_of_the_tie_rule_is_removed() {
    let corpus = corpus(1);
    let query = draw(Class::Scores, &mut StdRng::seed_from_u64(1), &corpus);
    let read = |body: &str, tie_rule| {
        Answer::read(http::StatusCode::OK, body.as_bytes(), &query, tie_rule)
    };
    let plain = read(
        r#"{"hits":[{"_rankingScoreDetails":{"words":{"order":0}}}],"requestUid":"a"}"#,
        false,
    );
    for entry in [
        r#""id:asc":{"order":2}"#,
        r#""<hidden-rule-2>":{"order":2}"#,
    ] {
        let body = format!(
            r#"{{"hits":[{{"_rankingScoreDetails":{{"words":{{"order":0}},{entry}}}}}],"requestUid":"b"}}"#
        );
        assert_eq!(compare(&read(&body, true), &plain), [], "{entry}");
    }
}

#[test]
fn equally_frequent_values_have_no_order_where_counts_decide() {
    let query = Query {
        profile: Profile::Plain,
        method: http::Method::GET,
        path: String::new(),
        body: None,
        unordered: None,
    };
    let differ = |left: &str, right: &str| {
        let read = |facets: &str| {
            let body = format!(r#"{{"facetDistribution":{facets}}}"#);
            Answer::read(http::StatusCode::OK, body.as_bytes(), &query, false)
        };
        !compare(&read(left), &read(right)).is_empty()
    };
    let tags = r#"{"tags":{"z":3,"x":2,"y":2}}"#;
    assert!(!differ(tags, r#"{"tags":{"z":3,"y":2,"x":2}}"#));
    assert!(differ(tags, r#"{"tags":{"x":2,"y":2,"z":3}}"#));
    assert!(differ(tags, r#"{"tags":{"z":3,"x":2,"w":2}}"#));
    assert!(differ(
        r#"{"colour":{"x":2,"y":2}}"#,
        r#"{"colour":{"y":2,"x":2}}"#
    ));
}

#[test]
fn class_names_are_read_back() {
    for class in Class::ALL {
        assert_eq!(class.name().parse::<Class>().unwrap(), class);
    }
    assert!("word".parse::<Class>().is_err());
}
