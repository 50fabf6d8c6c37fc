//! Exact dictionary mode: prefixes and typos as on one server, and not a trace of how.

use futures_util::future::join_all;
use miroir_testkit::client::Client;
use miroir_testkit::cluster::Cluster;
use miroir_testkit::process::Node;
use serde_json::{Value, json};

use crate::alike::Pair;
use crate::fixture::{Fleet, finish, page, reference, start, succeed, until};

const INITIALS: &str = "bcdfghjklmnprstvwxyz";
const SYLLABLES: [&str; 6] = ["ba", "ca", "da", "fa", "ga", "la"];
const COMMON: [&str; 6] = ["harbour", "quokka", "meadow", "island", "thunder", "willow"];
/// So many that an initial has 100 words in all documents and far fewer in those of one node.
const DOCUMENTS: usize = 1800;

/// Words of seven letters; those of one initial differ from each other in one to three letters.
fn word(number: usize) -> String {
    let initials = INITIALS.len();
    let initial = &INITIALS[number % initials..=number % initials];
    let syllable = |place: u32| SYLLABLES[number / initials / 6_usize.pow(place) % 6];
    format!("{initial}{}{}{}", syllable(2), syllable(1), syllable(0))
}

fn corpus() -> Vec<Value> {
    let words = INITIALS.len() * 216;
    let mut state: u64 = 42;
    let mut draw = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % below
    };
    (0..DOCUMENTS)
        .map(|id| {
            let [first, second] = [draw(COMMON.len()), draw(COMMON.len())].map(|n| COMMON[n]);
            let [one, two, three] = [draw(words), draw(words), draw(words)].map(word);
            let title = match draw(3) {
                0 => format!("{first} {one} {two} {second}"),
                1 => format!("{one} {first} {second} {two}"),
                _ => format!("{two} of {one}, {first}"),
            };
            json!({ "id": id, "title": title, "note": { "text": [three, second] } })
        })
        .collect()
}

/// Prefixes of one to three letters, alone and after or before another word, and words with one and two wrong letters.
fn queries() -> Vec<String> {
    let mut queries = Vec::new();
    for (position, initial) in INITIALS.char_indices() {
        let common = COMMON[position % COMMON.len()];
        queries.push(initial.to_string());
        queries.push(format!("{common} {initial}"));
        queries.push(format!("{} {initial}", word(position * 31)));
        queries.push(format!("{common} {}", &word(position * 17 + 5)[..2]));
        queries.push(word(position * 13)[..3].to_owned());
        let mut typo = word(position * 101 + position);
        typo.replace_range(4..5, "x");
        queries.push(format!("{typo} {common}"));
        typo.replace_range(2..3, "x");
        queries.push(typo);
    }
    queries
}

/// How many answers are those of the reference: the hits in their order, what is highlighted in them, the total.
async fn equal(reference: &Client, fleet: &Client, index: &str) -> (usize, usize, Vec<String>) {
    let path = format!("/indexes/{index}/search");
    let ask = async |client: &Client, query: &str| {
        let body = json!({
            "q": query, "limit": 20, "attributesToHighlight": ["*"], "showMatchesPosition": true,
        });
        page(&client.post(&path, &body).await.expect("an answer"))
    };
    let queries = queries();
    let mut different = Vec::new();
    for query in &queries {
        let (left, right) = tokio::join!(ask(reference, query), ask(fleet, query));
        // The order of members is another matter, and comparing values does not look at it.
        if left != right {
            different.push(query.clone());
        }
    }
    (queries.len() - different.len(), queries.len(), different)
}

/// The index as `/_miroir/dictionary` shows it.
async fn lexicon(fleet: &Fleet, index: &str) -> Option<Value> {
    let answer = fleet.admin().get("/_miroir/dictionary").await;
    let view = answer.expect("an answer").json().expect("JSON");
    let indexes = view["indexes"].as_array().expect("a list");
    indexes.iter().find(|view| view["index"] == index).cloned()
}

/// Waits until every node has every word of the index.
pub(crate) async fn complete(fleet: &Fleet, index: &str) -> Value {
    until("every node has every word", async || {
        lexicon(fleet, index)
            .await
            .is_some_and(|view| view["complete"] == true)
    })
    .await;
    lexicon(fleet, index).await.expect("it was there")
}

/// The same rules on both sides: those of a fresh index, and the primary key last, which makes the order total.
async fn settings(reference: &Client) -> Value {
    let new = json!({ "uid": "fresh" });
    succeed(reference, reference.post("/indexes", &new).await).await;
    let rules = reference.get("/indexes/fresh/settings/ranking-rules").await;
    let mut rules = rules.expect("an answer").json().expect("JSON");
    rules.as_array_mut().expect("a list").push(json!("id:asc"));
    json!({
        "rankingRules": rules,
        "typoTolerance": { "minWordSizeForTypos": { "oneTypo": 4, "twoTypos": 7 } },
    })
}

async fn load(client: &Client, index: &str, settings: &Value, documents: &[Value]) {
    let change = client
        .patch(&format!("/indexes/{index}/settings"), settings)
        .await;
    succeed(client, change).await;
    let path = format!("/indexes/{index}/documents?primaryKey=id");
    for part in documents.chunks(600) {
        succeed(client, client.post(&path, &json!(part)).await).await;
    }
}

/// What a node holds besides clients' documents.
pub(crate) async fn hidden_on(node: &Node, index: &str) -> u64 {
    let body = json!({ "filter": "_miroir_shard = \"\u{22b0}\"", "limit": 1 });
    let path = format!("/indexes/{index}/documents/fetch");
    let answer = node.client().post(&path, &body).await.expect("an answer");
    answer.json().expect("JSON")["total"].as_u64().unwrap_or(0)
}

#[tokio::test]
async fn prefixes_and_typos_are_those_of_one_server() {
    let reference = reference().await;
    let builder = Cluster::builder().nodes(4).shards(8);
    let mut fleet = start(builder.config("exact_dictionary.indexes", json!(["exact"]))).await;
    let (one, all) = (reference.client(), fleet.client());
    let settings = settings(&one).await;
    let documents = corpus();
    for (client, index) in [
        (&one, "exact"),
        (&one, "plain"),
        (&all, "exact"),
        (&all, "plain"),
    ] {
        load(client, index, &settings, &documents).await;
    }
    let view = complete(&fleet, "exact").await;
    assert!(
        view["words"].as_u64() > Some(2000) && view["documents"].as_u64() > Some(1),
        "{view}"
    );
    assert!(lexicon(&fleet, "plain").await.is_none());

    let (without, total, _) = equal(&one, &all, "plain").await;
    let (with, _, different) = equal(&one, &all, "exact").await;
    eprintln!("equal answers of {total}: {without} without the mode, {with} in it");
    assert!(without < total, "the corpus shows nothing");
    assert_eq!(with, total, "{different:?}");

    // A restart neither reads documents again nor sends anything again.
    let words = view["words"].clone();
    let tasks = async |fleet: &Fleet| -> Vec<Value> {
        let answers = fleet.nodes().iter().map(async |node| {
            let answer = node
                .client()
                .get("/tasks?limit=1")
                .await
                .expect("an answer");
            answer.json().expect("JSON")["total"].clone()
        });
        join_all(answers).await
    };
    let before = tasks(&fleet).await;
    fleet.restart_proxy().await.expect("it starts again");
    assert_eq!(complete(&fleet, "exact").await["words"], words);
    assert_eq!(tasks(&fleet).await, before);
}

#[tokio::test]
async fn the_mode_can_be_switched_on_and_off_later() {
    let mut fleet = start(Cluster::builder().nodes(3).rf(2).shards(8)).await;
    let client = fleet.client();
    let documents: Vec<Value> = corpus().into_iter().take(500).collect();
    load(&client, "books", &json!({}), &documents).await;

    fleet
        .configure("exact_dictionary.indexes", json!(["b*"]))
        .expect("written");
    fleet.restart_proxy().await.expect("it starts again");
    let words = complete(&fleet, "books").await["words"].clone();
    for node in fleet.nodes() {
        assert!(hidden_on(node, "books").await > 0);
    }
    // Fewer attributes have fewer words, and other settings none of their business.
    let searchable = json!({ "searchableAttributes": ["note.text"] });
    succeed(
        &client,
        client.patch("/indexes/books/settings", &searchable).await,
    )
    .await;
    until("the words of other attributes are forgotten", async || {
        let view = complete(&fleet, "books").await;
        view["words"].as_u64() < words.as_u64()
    })
    .await;
    for node in fleet.nodes() {
        let found = node
            .client()
            .post("/indexes/books/search", &json!({"q": "of"}))
            .await;
        let found = found.expect("an answer").json().expect("JSON");
        assert_eq!(found["estimatedTotalHits"], 0, "{found}");
    }

    fleet
        .configure("exact_dictionary.indexes", json!([]))
        .expect("written");
    fleet.restart_proxy().await.expect("it starts again");
    until("the lexicon is gone", async || {
        lexicon(&fleet, "books").await.is_none()
    })
    .await;
    for node in fleet.nodes() {
        assert_eq!(hidden_on(node, "books").await, 0);
    }
}

#[tokio::test]
async fn nothing_shows_of_lexicon_documents() {
    let mut pair =
        Pair::start_with(|fleet| fleet.config("exact_dictionary.indexes", json!(["*"]))).await;
    let documents: Vec<Value> = (0..40)
        .map(|number| {
            let colour = ["red", "blue", "green"][number % 3];
            json!({
                "id": format!("b-{}", 10 + number), "title": format!("story {number} of {}", word(number * 7)), "colour": colour,
                "size": number % 5, "tags": [colour, number % 4], "nested": { "label": word(number) },
                "_vectors": { "own": [0.5, number] },
            })
        })
        .collect();
    pair.send(
        "POST",
        "/indexes",
        json!({ "uid": "stories", "primaryKey": "id" }),
    );
    pair.send("POST", "/indexes/stories/documents", json!(documents));
    for change in [
        json!({ "filterableAttributes": ["*"], "sortableAttributes": ["id", "size", "title"] }),
        json!({ "searchableAttributes": ["title", "id", "nested"], "distinctAttribute": "colour" }),
        json!({ "typoTolerance": { "disableOnAttributes": ["title", "id"] }, "displayedAttributes": ["title"] }),
        json!({ "rankingRules": ["words", "size:desc", "sort"], "distinctAttribute": null, "searchableAttributes": null }),
        json!({ "prefixSearch": "disabled", "facetSearch": true, "faceting": { "sortFacetValuesBy": { "*": "count" } } }),
        json!({ "embedders": { "own": { "source": "userProvided", "dimensions": 2 } } }),
    ] {
        pair.send("PATCH", "/indexes/stories/settings", change);
        pair.compare().await;
        complete(pair.fleet(), "stories").await;
        for path in [
            "/stats",
            "/indexes/stories/stats",
            "/indexes/stories/settings",
            "/indexes/stories/documents?limit=50&sort=id:asc",
            "/tasks",
        ] {
            pair.ask("GET", path);
        }
        pair.send(
            "POST",
            "/indexes/stories/documents/fetch",
            json!({ "filter": "size > 1", "limit": 3, "sort": ["id:asc"] }),
        );
        for body in [
            json!({ "limit": 50, "facets": ["*"] }),
            json!({ "hitsPerPage": 4, "sort": ["title:asc"] }),
            json!({ "q": "story", "facets": ["*"], "showRankingScoreDetails": true }),
            json!({ "q": "miroir" }),
            json!({ "q": "b", "limit": 50 }),
            json!({ "q": "\u{22b0}" }),
            json!({ "filter": "_miroir_shard = \"\u{22b0}\"" }),
            json!({ "filter": "NOT size = 1", "distinct": "size" }),
            json!({ "q": "story", "attributesToSearchOn": ["_miroir_words"] }),
            json!({ "q": "story", "attributesToSearchOn": ["title._miroir_words"] }),
        ] {
            pair.send("POST", "/indexes/stories/search", body);
        }
        pair.send(
            "POST",
            "/indexes/stories/facet-search",
            json!({ "facetName": "colour" }),
        );
        pair.send(
            "POST",
            "/indexes/stories/facet-search",
            json!({ "facetName": "title", "facetQuery": "s" }),
        );
        pair.compare().await;
    }
    let view = lexicon(pair.fleet(), "stories").await.expect("it is there");
    assert!(view["documents"].as_u64() >= Some(1));
    let hidden = pair.fleet().nodes()[0].client();
    let body = json!({ "filter": "_miroir_shard = \"\u{22b0}\"" });
    let found = hidden.post("/indexes/stories/documents/fetch", &body).await;
    let found = found.expect("an answer").json().expect("JSON");
    let id = found["results"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    pair.ask("GET", &format!("/indexes/stories/documents/{id}"));
    pair.send(
        "POST",
        "/indexes/stories/documents/fetch",
        json!({ "ids": [id, "b-11"] }),
    );
    pair.ask("DELETE", "/indexes/stories/documents/b-13");
    pair.ask("DELETE", "/indexes/stories/documents");
    pair.compare().await;
    complete(pair.fleet(), "stories").await;
    pair.ask("GET", "/indexes/stories/stats");
    pair.send(
        "POST",
        "/indexes/stories/documents",
        json!([{ "id": "new", "title": "again", "_vectors": { "own": null } }]),
    );
    pair.compare().await;
    complete(pair.fleet(), "stories").await;
    pair.ask("GET", "/indexes/stories/stats");
    pair.ask("DELETE", "/indexes/stories");
    pair.ask("GET", "/tasks");
    pair.compare().await;
    assert!(lexicon(pair.fleet(), "stories").await.is_none());
}

#[tokio::test]
async fn node_that_was_away_catches_up() {
    let mut fleet = start(
        Cluster::builder()
            .nodes(3)
            .rf(2)
            .config("exact_dictionary.indexes", json!(["*"])),
    )
    .await;
    let client = fleet.client();
    let documents = corpus();
    load(&client, "books", &json!({}), &documents[..200]).await;
    complete(&fleet, "books").await;
    fleet.node(2).kill().expect("it ends");
    let path = "/indexes/books/documents";
    let task = finish(
        &client,
        client.post(path, &json!(documents[200..400])).await,
    )
    .await;
    assert_eq!(task["status"], "succeeded");
    let view = lexicon(&fleet, "books").await.expect("it is there");
    assert_eq!(view["complete"], false, "{view}");
    fleet.node(2).restart().await.expect("it starts again");
    complete(&fleet, "books").await;
    let found = fleet.nodes()[2]
        .client()
        .post("/indexes/books/search", &json!({ "q": word(0) }))
        .await;
    assert!(found.expect("an answer").status.is_success());
}
