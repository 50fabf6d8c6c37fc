//! A filter on the primary key asks fewer nodes, and nobody can tell: answers are those of asking all of them.

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use futures_util::stream;
use miroir_testkit::client::Client;
use miroir_testkit::cluster::Cluster;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::fixture::{page, search, settings, start, succeed};

const NODES: usize = 4;
const SHARDS: u16 = 16;

/// How many filters are tried before and after ids with upper case are written.
const FILTERS: usize = 250;

/// Requests at once.
const AT_ONCE: usize = 8;

#[tokio::test]
async fn narrowed_answers_are_those_of_all_nodes() {
    let fleet = Cluster::builder().nodes(NODES as u16).shards(SHARDS);
    let mut fleet = start(fleet.config("query_planner.log_plans", true)).await;
    let client = fleet.client();
    let index = json!({ "uid": "stories", "primaryKey": "id" });
    succeed(&client, client.post("/indexes", &index).await).await;
    let mut rules = settings();
    rules["filterableAttributes"] = json!(["id", "colour", "size", "rare", "never"]);
    succeed(
        &client,
        client.patch("/indexes/stories/settings", &rules).await,
    )
    .await;
    write(&client, documents(&lower_case_ids())).await;

    // Before any id has an upper-case letter, and after.
    for round in 0..2 {
        let requests = requests(round, FILTERS);
        let client = fleet.client();
        let narrowed = answers(&client, &requests).await;
        let legs = legs(&client, &requests).await;
        let single = legs.iter().filter(|legs| **legs == 1).count();
        assert!(
            single * 6 > legs.len(),
            "hardly anything is narrowed: {legs:?}"
        );
        acceptance(&client, round == 0).await;

        fleet
            .reconfigure_proxy("query_planner.enabled", false)
            .await
            .expect("some choice");
        let client = fleet.client();
        let wide = answers(&client, &requests).await;
        for ((request, narrowed), wide) in requests.iter().zip(&narrowed).zip(&wide) {
            assert_eq!(narrowed, wide, "{} {}", request.path, request.body);
        }
        let view = explain(&client, &json!({ "filter": "id = 1" })).await;
        assert_eq!(
            view["plan"]["legs"].as_array().expect("some choice").len(),
            NODES
        );
        assert_eq!(
            view["plan"]["narrowing_reason"],
            "query_planner.enabled is false"
        );
        if round == 0 {
            // Noticed although nothing is narrowed at the moment, and remembered over the next start.
            write(&client, documents(&upper_case_ids())).await;
            fleet
                .reconfigure_proxy("query_planner.enabled", true)
                .await
                .expect("some choice");
        }
    }
}

/// What the plans of simple filters must be.
async fn acceptance(client: &Client, folded: bool) {
    for (filter, most, reason) in [
        (json!("id = 7"), 1, "pk filter: id IN [1 value]"),
        (json!("id IN [7, 8, 9]"), 3, "pk filter: id IN [3 values]"),
        (
            json!(["colour = red", "id = 7"]),
            1,
            "pk filter: id IN [1 value]",
        ),
        (json!("id = 7 AND id = 8"), 1, "pk filter: id IN [0 values]"),
        (
            json!("id = 7 OR colour = red"),
            NODES,
            "OR with a branch without primary key",
        ),
        (json!("NOT id = 7"), NODES, "primary key under NOT"),
        (json!("id = 'no id'"), 1, "pk filter: id IN [0 values]"),
    ] {
        let view = explain(client, &json!({ "filter": filter })).await;
        let plan = &view["plan"];
        assert_eq!(plan["narrowing_reason"], reason, "{view:#}");
        assert_eq!(
            plan["narrowed"],
            reason.starts_with("pk filter"),
            "{view:#}"
        );
        let legs = plan["legs"].as_array().expect("legs");
        assert!(
            legs.len() <= most && (most < NODES || legs.len() == NODES),
            "{view:#}"
        );
        let shards = plan["target_shards"]
            .as_array()
            .expect("a slice that is not empty")
            .len();
        assert!(shards <= most || shards == usize::from(SHARDS), "{view:#}");
    }
    let letters = explain(client, &json!({ "filter": "id = abc" })).await;
    assert_eq!(letters["plan"]["narrowed"], folded, "{letters:#}");
    if !folded {
        assert_eq!(
            letters["plan"]["narrowing_reason"],
            "ids are not case-folded"
        );
        let found = page(
            &search(
                client,
                &json!({ "filter": "id = abc", "attributesToRetrieve": ["id"] }),
            )
            .await,
        );
        assert_eq!(
            found["hits"]
                .as_array()
                .expect("a slice that is not empty")
                .len(),
            3,
            "{found:#}"
        );
    }
}

struct Request {
    path: &'static str,
    body: Value,
    /// The part that is a filter, for explain.
    filter: Value,
}

/// Random filters on the key in requests of every kind that has a filter.
fn requests(seed: u64, count: usize) -> Vec<Request> {
    let mut random = StdRng::seed_from_u64(seed);
    (0..count)
        .map(|_| {
            let filter = filter(&mut random);
            let (path, body) = match random.random_range(0..11) {
                0 => ("/indexes/stories/facet-search", json!({ "facetName": "colour", "filter": filter })),
                1 => ("/indexes/stories/documents/fetch", json!({ "filter": filter, "limit": 3, "offset": random.random_range(0..3) })),
                2 => ("/indexes/stories/documents/fetch", json!({ "filter": filter, "sort": ["size:desc"], "fields": ["id"] })),
                3 => ("/indexes/stories/documents/fetch", json!({ "filter": filter, "ids": [1, "abc", "01", 100, 7] })),
                4 => ("/indexes/stories/search", json!({ "filter": filter, "facets": ["colour", "size", "id", "rare", "never"], "limit": 2 })),
                5 => ("/indexes/stories/search", json!({ "filter": filter, "page": 1, "hitsPerPage": 2, "sort": ["size:asc"] })),
                6 => ("/multi-search", json!({ "federation": { "facetsByIndex": { "stories": ["rare"] } }, "queries": [
                    { "indexUid": "stories", "filter": filter }, { "indexUid": "stories", "filter": "id = 7" }] })),
                7 => ("/multi-search", json!({ "queries": [
                    { "indexUid": "stories", "filter": filter }, { "indexUid": "stories", "q": "story", "limit": 1 }] })),
                _ => ("/indexes/stories/search", json!({ "filter": filter, "q": "story" })),
            };
            Request { path, body, filter }
        })
        .collect()
}

fn filter(random: &mut StdRng) -> Value {
    let part = |random: &mut StdRng| match random.random_range(0..9) {
        0 => format!(
            "colour = {}",
            ["red", "blue"].choose(random).expect("legs in the plan")
        ),
        1 => format!(
            "id IN [{}, {}, {}]",
            literal(random),
            literal(random),
            literal(random)
        ),
        2 => format!("NOT id = {}", literal(random)),
        3 => format!("id > {}", random.random_range(0..50)),
        4 => format!("id ={}", literal(random)),
        5 => "id = ".to_owned(),
        _ => format!("id = {}", literal(random)),
    };
    let (left, right) = (part(random), part(random));
    match random.random_range(0..8) {
        0 => json!([left, right]),
        1 => json!([[left, right]]),
        2 => json!(format!("{left} AND {right}")),
        3 => json!(format!("({left}) OR {right}")),
        4 => json!([[left, right.clone()], right]),
        _ => json!(left),
    }
}

/// A spelling that some document's id may equal.
fn literal(random: &mut StdRng) -> String {
    let ids = lower_case_ids();
    let id = match ids.choose(random).expect("a slice that is not empty") {
        Value::String(id) => id.clone(),
        id => id.to_string(),
    };
    match random.random_range(0..9) {
        0 => id.to_uppercase(),
        1 => format!("'  {id} '"),
        2 => format!("{id}.0"),
        3 => format!("0{id}"),
        4 => format!("\"{id}e0\""),
        5 => format!("'+{id}'"),
        6 => [
            "9007199254740991",
            "9007199254740992",
            "9007199254740993",
            "-9007199254740993",
            "1e2",
            "'\\x31'",
            "''",
        ]
        .choose(random)
        .expect("some choice")
        .to_string(),
        _ => id,
    }
}

fn lower_case_ids() -> Vec<Value> {
    let mut ids: Vec<Value> = (0..40).map(Value::from).collect();
    ids.extend(
        [
            100,
            -5,
            9_007_199_254_740_991,
            9_007_199_254_740_992,
            9_007_199_254_740_993_i64,
        ]
        .map(Value::from),
    );
    ids.extend(["01", "007", "1e2", "abc", "a-b_c", "x1", "-0", "inf"].map(Value::from));
    ids
}

fn upper_case_ids() -> Vec<Value> {
    ["ABC", "aBc", "X1", "A-b_C", "INF"]
        .map(Value::from)
        .to_vec()
}

fn documents(ids: &[Value]) -> Vec<Value> {
    let colours = ["red", "green", "blue"];
    ids.iter()
        .enumerate()
        .map(|(position, id)| {
            let (colour, size) = (colours[position % 3], position * 7 % 11);
            let mut document =
                json!({ "id": id, "title": "story", "colour": colour, "size": size });
            if position == 2 {
                document["rare"] = json!("yes"); // most nodes have no document with it
            }
            document
        })
        .collect()
}

async fn write(client: &Client, documents: Vec<Value>) {
    succeed(
        client,
        client
            .post("/indexes/stories/documents", &json!(documents))
            .await,
    )
    .await;
}

/// Status and body of every request, without what changes from one to the next.
async fn answers(client: &Client, requests: &[Request]) -> Vec<(u16, Value)> {
    let answers = stream::iter(requests).map(async |request| {
        let answer = client
            .post(request.path, &request.body)
            .await
            .expect("an answer");
        let mut body = answer.json().expect("JSON");
        forget_times(&mut body);
        (answer.status.as_u16(), body)
    });
    answers.buffered(AT_ONCE).collect().await
}

fn forget_times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !["requestUid", "processingTimeMs"].contains(&name.as_str()));
            members.values_mut().for_each(forget_times);
        }
        Value::Array(elements) => elements.iter_mut().for_each(forget_times),
        _ => {}
    }
}

/// How many nodes the plan of each filter asks.
async fn legs(client: &Client, requests: &[Request]) -> Vec<usize> {
    let plans = stream::iter(requests).map(async |request| {
        let view = explain(client, &json!({ "filter": request.filter })).await;
        let legs = view["plan"]["legs"].as_array().expect("legs");
        let nodes: BTreeSet<&str> = legs.iter().filter_map(|leg| leg["node"].as_str()).collect();
        assert_eq!(nodes.len(), legs.len(), "one leg per node");
        legs.len()
    });
    plans.buffered(AT_ONCE).collect().await
}

async fn explain(client: &Client, body: &Value) -> Value {
    let answer = client
        .post("/indexes/stories/explain", body)
        .await
        .expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().expect("JSON")
}
