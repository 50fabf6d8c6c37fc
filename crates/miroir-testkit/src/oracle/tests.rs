//! What is drawn depends on the seed alone and keeps its promises.

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use miroir_core::hash::shard_of;
use miroir_core::id::ShardCount;

use super::answer::{Answer, compare};
use super::profile::Profile;
use super::queries::Query;
use super::run::draw;
use super::vocabulary::Vocabulary;
use super::world::World;
use super::{Class, FleetShape, Options, Verdict};

fn world(seed: u64) -> World {
    let options = Options {
        seed,
        documents: 400,
        ..Options::default()
    };
    World::new(&options, vec!["words".to_owned(), "typo".to_owned()])
}

#[test]
fn the_seed_decides() {
    let (one, other) = (world(3), world(4));
    assert_eq!(one.corpus().documents, world(3).corpus().documents);
    assert_ne!(one.corpus().documents, other.corpus().documents);
    assert_eq!(
        one.settings(Profile::Random),
        world(3).settings(Profile::Random)
    );
    assert_ne!(
        one.settings(Profile::Random),
        other.settings(Profile::Random)
    );
    for class in Class::all() {
        let queries = |seed| {
            let mut random = StdRng::seed_from_u64(seed);
            (0..50)
                .map(|_| draw(class, &mut random, &one).to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(queries(1), queries(1), "{class}");
        assert_ne!(queries(1), queries(2), "{class}");
    }
}

#[test]
fn the_vocabulary_stays_small_and_without_crowded_prefixes() {
    let vocabulary = Vocabulary::draw(&mut StdRng::seed_from_u64(5), 5000);
    let words = vocabulary.words();
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
fn a_skewed_corpus_leaves_shards_empty() {
    let shards = ShardCount::new(64).unwrap();
    let options = Options {
        documents: 400,
        skew: Some(shards),
        ..Options::default()
    };
    let world = World::new(&options, Vec::new());
    let mut counts = [0; 64];
    for document in &world.corpus().documents {
        counts[shard_of(&document["id"].to_string(), shards).index()] += 1;
    }
    assert_eq!(counts.iter().sum::<usize>(), 400);
    assert!(
        counts[0] > 150 && counts[5..].iter().all(|count| *count == 0),
        "{counts:?}"
    );
}

#[test]
fn fleets_are_described_in_one_text() {
    let shape: FleetShape = "nodes=5,rf=2,shards=16,kill".parse().unwrap();
    let expected = FleetShape {
        nodes: 5,
        rf: 2,
        rg: 1,
        shards: 16,
        kill: true,
    };
    assert_eq!(shape, expected);
    for wrong in ["nodes", "nodes=x", "rows=2", "nodes=3,kill"] {
        assert!(wrong.parse::<FleetShape>().is_err(), "{wrong}");
    }
}

/// `docs/exactness.md` has a row for every class, with what the class is about and what is asked of it.
#[test]
fn the_page_about_exactness_lists_every_class() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/exactness.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let expected: Vec<String> = Class::all()
        .map(|class| {
            let wanted = match class.verdict {
                Verdict::Exact => "all".to_owned(),
                Verdict::AtLeast(percent, why) => format!("{percent} %: {why}"),
            };
            format!("| `{class}` | {} | {wanted} |", class.about)
        })
        .collect();
    assert_eq!(rows.len(), expected.len());
    for (row, expected) in rows.iter().zip(&expected) {
        assert!(row.starts_with(expected), "\n{row}\n{expected}");
    }
}

#[test]
fn the_trace_of_the_tie_rule_is_removed() {
    let world = world(1);
    let query = draw(
        "scores".parse().unwrap(),
        &mut StdRng::seed_from_u64(1),
        &world,
    );
    let read = |body: &str, tie_rule| {
        Answer::read(
            http::StatusCode::OK,
            body.as_bytes(),
            &query,
            &world,
            tie_rule,
        )
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
    let world = world(1);
    let query = Query::get(Profile::Plain, "search");
    let differ = |left: &str, right: &str| {
        let read = |facets: &str| {
            let body = format!(r#"{{"facetDistribution":{facets}}}"#);
            Answer::read(http::StatusCode::OK, body.as_bytes(), &query, &world, false)
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
fn any_of_equally_frequent_values_may_be_cut() {
    let world = world(1);
    let query = Query {
        any_cut: true,
        ..Query::get(Profile::Capped, "search")
    };
    let differ = |left: &str, right: &str| {
        let read = |values: &str| {
            let body = format!(r#"{{"facetDistribution":{{"mixed":{{{values}}}}}}}"#);
            Answer::read(http::StatusCode::OK, body.as_bytes(), &query, &world, false)
        };
        !compare(&read(left), &read(right)).is_empty()
    };
    assert!(!differ(r#""4":3,"1":2,"a":5"#, r#""4":3,"2":2,"b":5"#));
    assert!(differ(r#""4":3,"1":2"#, r#""5":3,"1":2"#));
    assert!(differ(r#""4":3,"1":2,"2":2"#, r#""4":3,"1":2"#));
}

#[test]
fn class_names_are_read_back() {
    for class in Class::all() {
        assert_eq!(class.name.parse::<Class>().unwrap(), class);
    }
    assert!("word".parse::<Class>().is_err());
}
