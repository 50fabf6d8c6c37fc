//! What a search asks of the nodes: few requests, few hits, no more of a document than is needed, and the answer stays the
//! same when a node is lost between two requests of one search.

use miroir_testkit::client::Client;
use miroir_testkit::cluster::Cluster;
use miroir_testkit::tap::Asked;
use serde_json::{Value, json};

use crate::fixture::{degraded, fill, finish, page, reference, search, start, succeed};

/// Enough that a page of 1,000 is full.
const DOCUMENTS: usize = 1200;

fn hits_moved(asked: &[Asked]) -> usize {
    asked.iter().map(Asked::hits).sum()
}

fn ids(page: &Value) -> Vec<u64> {
    let hits = page["hits"].as_array().expect("hits");
    hits.iter()
        .map(|hit| hit["id"].as_u64().expect("an id"))
        .collect()
}

/// The members of a hit, sorted.
fn names(hit: &Value) -> Vec<&str> {
    let members = hit.as_object().expect("a hit").keys();
    let mut names: Vec<&str> = members.map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn little_is_moved() {
    let fleet = start(Cluster::builder().nodes(8).shards(64).tapped()).await;
    let client = fleet.client();
    fill(&client, DOCUMENTS).await;
    let _ = fleet.searches().take();

    // A page of 1,000 in one phase: one request to each node, 1,600 hits at most.
    let query = json!({ "sort": ["size:asc"], "limit": 1000, "attributesToRetrieve": ["id"] });
    assert_eq!(ids(&page(&search(&client, &query).await)).len(), 1000);
    let asked = fleet.searches().take();
    assert_eq!(asked.len(), 8);
    assert!(hits_moved(&asked) <= 1600, "{}", hits_moved(&asked));

    // Small pages: never more than the page from one node, and of hits nothing but what is asked for and their ranks.
    for limit in [1, 5, 20] {
        let query = json!({ "q": "story", "limit": limit, "attributesToRetrieve": ["title"] });
        search(&client, &query).await;
        let asked = fleet.searches().take();
        assert_eq!(asked.len(), 8);
        assert!(asked.iter().all(|asked| asked.hits() <= limit));
        for hit in asked.iter().filter_map(|asked| asked.answer["hits"].get(0)) {
            assert_eq!(names(hit), ["_rankingScoreDetails", "id", "title"]);
        }
    }

    // Counts alone move nothing.
    search(&client, &json!({ "limit": 0, "facets": ["colour"] })).await;
    assert_eq!(hits_moved(&fleet.searches().take()), 0);
}

#[tokio::test]
async fn deep_pages_move_keys_and_then_the_documents_of_the_page() {
    // Requests are counted, and on a busy machine a leg may be late.
    let builder = Cluster::builder().nodes(3).rf(2).shards(16).tapped();
    let fleet = start(builder.config("hedging.enabled", false)).await;
    let client = fleet.client();
    fill(&client, DOCUMENTS).await;
    let shown = json!({
        "q": "story of", "offset": 700, "limit": 20, "attributesToHighlight": ["*"],
        "showRankingScore": true, "showMatchesPosition": true, "facets": ["colour"],
    });
    let _ = fleet.searches().take();
    let deep = page(&search(&client, &shown).await);
    let asked = fleet.searches().take();
    let (documents, ranks): (Vec<Asked>, Vec<Asked>) = asked.into_iter().partition(|asked| {
        asked.request["filter"]
            .to_string()
            .contains("\\\"id\\\" IN")
    });
    let nodes = |asked: &[Asked]| {
        let mut nodes: Vec<String> = asked.iter().map(|asked| asked.node.clone()).collect();
        nodes.sort();
        nodes
    };
    assert_eq!(nodes(&documents), nodes(&ranks));
    assert_eq!(hits_moved(&documents), 20);
    for hit in ranks.iter().filter_map(|asked| asked.answer["hits"].get(0)) {
        assert_eq!(names(hit), ["_rankingScore", "_rankingScoreDetails", "id"]);
    }

    // The same hits, byte for byte, on pages that come in one phase.
    let mut whole = shown;
    whole["offset"] = json!(0);
    whole["limit"] = json!(720);
    let whole = page(&search(&client, &whole).await);
    assert_eq!(fleet.searches().take().len(), ranks.len());
    let hits = whole["hits"].as_array().expect("hits");
    assert_eq!(deep["hits"], json!(hits[700..]));
    assert_eq!(deep["facetDistribution"], whole["facetDistribution"]);
}

#[tokio::test]
async fn ids_that_a_filter_confuses_are_told_apart() {
    let fleet = start(Cluster::builder().nodes(2).shards(8)).await;
    let client = fleet.client();
    let documents: Vec<Value> = (0..600)
        .flat_map(|number| {
            ["ab", "AB", "aB"].map(
                |id| json!({ "id": format!("{id}{number}"), "text": "word", "number": number }),
            )
        })
        .collect();
    let index = json!({ "uid": "stories", "primaryKey": "id" });
    succeed(&client, client.post("/indexes", &index).await).await;
    let settings = json!({ "sortableAttributes": ["number"] });
    succeed(
        &client,
        client.patch("/indexes/stories/settings", &settings).await,
    )
    .await;
    let documents = json!(documents);
    let added = client.post("/indexes/stories/documents", &documents);
    succeed(&client, added.await).await;
    let query = |offset: usize, limit: usize| {
        json!({
            "q": "word", "sort": ["number:asc"], "offset": offset, "limit": limit,
            "attributesToHighlight": ["*"],
        })
    };
    let whole = page(&search(&client, &query(0, 900)).await);
    let deep = page(&search(&client, &query(850, 7)).await);
    let hits = whole["hits"].as_array().expect("hits");
    assert_eq!(deep["hits"], json!(hits[850..857]));
}

/// Each of `colours` values in many documents, and a second value in some: nodes have most values in common.
async fn fill_groups(client: &Client, colours: usize, several: bool, tie_rule: bool) {
    let documents: Vec<Value> = (0..600)
        .map(|number| {
            let group = format!("g{}", number * 7 % colours);
            let other = format!("g{}", number * 3 % colours);
            let groups = if several && number % 3 == 0 {
                json!([group, other])
            } else if number % 11 == 0 {
                Value::Null
            } else {
                json!(group)
            };
            json!({ "id": number, "group": groups, "size": number * 37 % 101, "text": "word" })
        })
        .collect();
    let index = json!({ "uid": "stories", "primaryKey": "id" });
    succeed(client, client.post("/indexes", &index).await).await;
    let mut settings = json!({
        "filterableAttributes": ["group", "size"], "sortableAttributes": ["size"],
        "distinctAttribute": "group",
    });
    if tie_rule {
        settings["rankingRules"] = json!([
            "words",
            "typo",
            "proximity",
            "attribute",
            "sort",
            "exactness",
            "id:asc"
        ]);
    } else {
        settings["rankingRules"] = json!([
            "words",
            "typo",
            "proximity",
            "attribute",
            "sort",
            "exactness"
        ]);
    }
    let change = client.patch("/indexes/stories/settings", &settings).await;
    succeed(client, change).await;
    let added = client
        .post("/indexes/stories/documents", &json!(documents))
        .await;
    succeed(client, added).await;
}

#[tokio::test]
async fn distinct_counts_are_those_of_one_server() {
    for several in [false, true] {
        let fleet = start(Cluster::builder().nodes(3).shards(16)).await;
        let server = reference().await;
        fill_groups(&fleet.client(), 40, several, false).await;
        fill_groups(&server.client(), 40, several, true).await;
        let mut queries = vec![
            json!({ "limit": 0, "facets": ["size"] }),
            json!({ "limit": 5, "facets": ["size"], "sort": ["size:desc"] }),
            json!({ "q": "word", "offset": 3, "limit": 20 }),
            json!({ "limit": 200, "facets": ["size", "group"] }),
            json!({ "limit": 10, "rankingScoreThreshold": 0.9, "q": "word" }),
            json!({ "limit": 10, "rankingScoreThreshold": 1.0, "q": "words", "facets": ["size"] }),
        ];
        if !several {
            queries.push(json!({ "page": 2, "hitsPerPage": 7 }));
            queries.push(json!({ "page": 1, "hitsPerPage": 0 }));
            queries.push(json!({ "page": 1, "hitsPerPage": 200, "facets": ["size"] }));
        }
        for query in &queries {
            let expected = page(&search(&server.client(), query).await);
            assert_eq!(
                page(&search(&fleet.client(), query).await),
                expected,
                "{query}"
            );
        }
    }
}

#[tokio::test]
async fn a_threshold_counts_as_on_one_server() {
    let fleet = start(Cluster::builder().nodes(3).rf(2).shards(16)).await;
    let server = reference().await;
    for (client, rules) in [
        (fleet.client(), json!(["words", "typo", "exactness"])),
        (
            server.client(),
            json!(["words", "typo", "exactness", "id:asc"]),
        ),
    ] {
        let index = json!({ "uid": "stories", "primaryKey": "id" });
        succeed(&client, client.post("/indexes", &index).await).await;
        let settings = json!({ "rankingRules": rules, "filterableAttributes": ["kind"] });
        let change = client.patch("/indexes/stories/settings", &settings).await;
        succeed(&client, change).await;
        let documents: Vec<Value> = (0..120)
            .map(|number| {
                let text = if number % 2 == 0 {
                    "red shoe"
                } else {
                    "red coat"
                };
                json!({ "id": number, "text": text, "kind": number % 3 })
            })
            .collect();
        let documents = json!(documents);
        let added = client.post("/indexes/stories/documents", &documents);
        succeed(&client, added.await).await;
    }
    let shapes = [
        json!({ "limit": 5 }),
        json!({ "limit": 60 }),
        json!({ "limit": 61 }),
        json!({ "offset": 55, "limit": 5 }),
        json!({ "offset": 55, "limit": 6 }),
        json!({ "limit": 0 }),
        json!({ "hitsPerPage": 5 }),
        json!({ "hitsPerPage": 5, "page": 30 }),
        json!({ "hitsPerPage": 0 }),
    ];
    for shape in shapes {
        for threshold in [0.3, 0.8] {
            let mut query = shape.clone();
            query["q"] = json!("red shoe");
            query["facets"] = json!(["kind"]);
            query["rankingScoreThreshold"] = json!(threshold);
            let expected = page(&search(&server.client(), &query).await);
            assert_eq!(
                page(&search(&fleet.client(), &query).await),
                expected,
                "{query}"
            );
        }
    }
}

#[tokio::test]
async fn a_node_lost_between_two_rounds_is_not_missed() {
    let fleet = start(Cluster::builder().nodes(3).rf(2).shards(16).tapped()).await;
    let client = fleet.client();
    fill(&client, DOCUMENTS).await;
    // Two phases, and a count after a distinct list: more than one request to each node.
    let questions = [
        json!({ "q": "story", "offset": 700, "limit": 10, "attributesToHighlight": ["*"] }),
        json!({ "distinct": "size", "limit": 10, "facets": ["colour"] }),
    ];
    for question in questions {
        let expected = page(&search(&client, &question).await);
        for position in 0..3 {
            for answered in [0, 1] {
                fleet.tap(position).answer_only(answered);
                let answer = search(&client, &question).await;
                assert_eq!(degraded(&answer), None);
                assert_eq!(page(&answer), expected, "{question}");
                fleet.tap(position).answer_only(usize::MAX);
            }
        }
    }
}

/// A hash deals documents evenly, so that a leg runs dry only where somebody chose the ids for it.
#[tokio::test]
async fn a_leg_that_runs_dry_is_asked_again_and_no_other() {
    let fleet = start(Cluster::builder().nodes(3).shards(16).tapped()).await;
    let client = fleet.client();
    fill(&client, DOCUMENTS).await;
    // The documents of one node come first.
    let stored = crate::fixture::stored(&fleet.nodes()[0]).await;
    let changes: Vec<Value> = stored
        .keys()
        .map(|id| json!({ "id": id, "size": -1 }))
        .collect();
    let changed = client
        .put("/indexes/stories/documents", &json!(changes))
        .await;
    finish(&client, changed).await;
    let _ = fleet.searches().take();
    let query = json!({ "sort": ["size:asc"], "limit": 300, "attributesToRetrieve": ["id"] });
    let first: Vec<u64> = stored.keys().copied().take(300).collect();
    assert_eq!(ids(&page(&search(&client, &query).await)), first);
    let asked = fleet.searches().take();
    let of = |node: &str| asked.iter().filter(|asked| asked.node == node).count();
    assert!(of("node-0") > 1, "{}", of("node-0"));
    assert_eq!((of("node-1"), of("node-2")), (1, 1));
}
