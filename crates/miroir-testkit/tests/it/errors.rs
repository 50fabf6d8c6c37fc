//! Bad requests are refused as one server refuses them: status, code, message.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use miroir_testkit::client::Client;
use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::alike::Pair;
use crate::fixture::{start, succeed};

/// Routes that take a JSON body.
const BODIES: [(&str, &str); 6] = [
    ("POST", "/indexes"),
    ("PATCH", "/indexes/stories"),
    ("POST", "/indexes/stories/documents"),
    ("POST", "/indexes/stories/documents/delete-batch"),
    ("POST", "/indexes/stories/search"),
    ("PATCH", "/indexes/stories/settings"),
];

fn prepare(pair: &mut Pair) {
    let documents = json!([{ "id": 1, "title": "one" }, { "id": 2, "title": "two" }]);
    pair.send(
        "POST",
        "/indexes/stories/documents?primaryKey=id",
        documents,
    );
}

#[tokio::test]
async fn bodies_that_are_no_json_or_the_wrong_json() {
    let mut pair = Pair::start().await;
    prepare(&mut pair);
    for (method, path) in BODIES {
        for text in [
            "",
            "{",
            "[",
            "{\"uid\":",
            "nonsense",
            "{\"q\": 1e}",
            "\"text\"",
            "12",
            "null",
            "[1]",
            "[[]]",
            "{\"a\":1}x",
        ] {
            // Elements that are no objects have a test of their own below.
            if matches!(text, "[1]" | "[[]]") && path.ends_with("/documents") {
                continue;
            }
            pair.send_text(method, path, text);
        }
        for content_type in ["", "text/plain", "application/x-www-form-urlencoded"] {
            pair.step(json!({ "method": method, "path": path, "text": "{}", "content_type": content_type }));
        }
    }
    pair.compare().await;
}

#[tokio::test]
async fn values_of_wrong_types_and_unknown_names() {
    let mut pair = Pair::start().await;
    prepare(&mut pair);
    let search: Vec<Value> = vec![
        json!({ "q": 1 }),
        json!({ "limit": "x" }),
        json!({ "limit": -1 }),
        json!({ "offset": 1.5 }),
        json!({ "page": "1" }),
        json!({ "hitsPerPage": -2 }),
        json!({ "filter": 3 }),
        json!({ "filter": "title ==" }),
        json!({ "filter": "title = one" }),
        json!({ "sort": "title" }),
        json!({ "sort": ["title:asc"] }),
        json!({ "sort": ["title:up"] }),
        json!({ "facets": "title" }),
        json!({ "facets": ["title"] }),
        json!({ "distinct": "title" }),
        json!({ "attributesToRetrieve": "id" }),
        json!({ "attributesToHighlight": 1 }),
        json!({ "cropLength": "long" }),
        json!({ "matchingStrategy": "some" }),
        json!({ "showRankingScore": "yes" }),
        json!({ "rankingScoreThreshold": 2 }),
        json!({ "attributesToSearchOn": ["missing"] }),
        json!({ "locales": ["xx"] }),
        json!({ "query": "x" }),
        json!({ "Q": "x" }),
        json!({ "hybrid": {} }),
        json!({ "vector": [1.0] }),
    ];
    for body in search {
        pair.send("POST", "/indexes/stories/search", body);
    }
    for parameters in [
        "limit=x",
        "limit=-1",
        "query=x",
        "filter=title%20%3D",
        "sort=title",
        "showRankingScore=1",
        "facets=title",
        "page=x",
    ] {
        pair.ask("GET", &format!("/indexes/stories/search?{parameters}"));
    }
    for body in [
        json!({}),
        json!({ "uid": 1 }),
        json!({ "uid": "a b" }),
        json!({ "uid": "" }),
        json!({ "uid": "x", "primarykey": "id" }),
        json!({ "uid": "x", "primaryKey": 1 }),
    ] {
        pair.send("POST", "/indexes", body);
    }
    for body in [
        json!({ "rankingRules": ["nothing"] }),
        json!({ "stopWords": "a" }),
        json!({ "unknown": 1 }),
        json!({ "pagination": { "maxTotalHits": "x" } }),
        json!({ "faceting": { "sortFacetValuesBy": { "*": "size" } } }),
        json!({ "typoTolerance": { "minWordSizeForTypos": { "oneTypo": 9, "twoTypos": 3 } } }),
    ] {
        pair.send("PATCH", "/indexes/stories/settings", body);
    }
    for path in [
        "/indexes?limit=x",
        "/indexes?page=1",
        "/indexes/stories/documents/1?field=id",
        "/tasks?limit=x",
        "/tasks?statuses=done",
        "/tasks?page=1",
        "/tasks/x",
        "/tasks/4000000000",
        "/tasks/99999999999",
        "/stats?x=1",
        "/indexes/stories/stats?x=1",
    ] {
        pair.ask("GET", path);
    }
    pair.compare().await;
}

#[tokio::test]
async fn documents_with_missing_or_invalid_ids_fail_their_task() {
    let mut pair = Pair::start().await;
    prepare(&mut pair);
    for documents in [
        json!([{ "title": "no id" }]),
        json!([{ "id": 3 }, { "title": "no id" }]),
        json!([{ "id": "a b" }]),
        json!([{ "id": null }]),
        json!([{ "id": 1.5 }]),
        json!([{ "id": [1] }]),
        json!([{ "id": { "a": 1 } }]),
        json!([{ "id": true }]),
        json!([{ "id": "" }]),
        json!([{ "id": "x".repeat(512) }]),
        json!([]),
        json!({ "id": -1 }),
        json!([{ "id": "01" }, { "id": 18_446_744_073_709_551_615_u64 }]),
    ] {
        pair.send("POST", "/indexes/stories/documents", documents);
    }
    pair.ask("GET", "/indexes/stories/stats");
    // Without a primary key, one is looked for.
    pair.send(
        "POST",
        "/indexes/none/documents",
        json!([{ "title": "nothing to infer" }]),
    );
    pair.ask("GET", "/indexes/none");
    pair.send(
        "POST",
        "/indexes/many/documents",
        json!([{ "a_id": 1, "b_id": 2 }]),
    );
    pair.ask("GET", "/indexes/many");
    pair.send(
        "POST",
        "/indexes/stories/documents?primaryKey=title",
        json!([{ "title": "x", "id": 5 }]),
    );
    pair.send(
        "POST",
        "/indexes/stories/documents?primaryKey=id",
        json!([{ "id": 6 }]),
    );
    pair.ask("GET", "/indexes/stories/documents/6");
    pair.compare().await;
}

#[tokio::test]
async fn what_does_not_exist() {
    let mut pair = Pair::start().await;
    prepare(&mut pair);
    for (method, path) in [
        ("GET", "/indexes/missing"),
        ("DELETE", "/indexes/missing"),
        ("GET", "/indexes/missing/stats"),
        ("GET", "/indexes/missing/settings"),
        ("DELETE", "/indexes/missing/settings"),
        ("GET", "/indexes/missing/documents/1"),
        ("DELETE", "/indexes/missing/documents/1"),
        ("GET", "/indexes/missing/search?q=a"),
        ("GET", "/indexes/stories/documents/3"),
        ("DELETE", "/indexes/stories/documents/3"),
        ("GET", "/indexes/a%20b"),
        ("GET", "/indexes/a%20b/documents/1"),
        ("GET", "/tasks/5000"),
        ("GET", "/nowhere"),
        ("GET", "/indexes/stories/nowhere"),
        ("PUT", "/indexes/stories"),
        ("DELETE", "/health"),
        ("POST", "/tasks"),
    ] {
        pair.ask(method, path);
    }
    pair.send("POST", "/indexes/missing/search", json!({ "q": "a" }));
    pair.send("POST", "/indexes/a%20b/search", json!({ "unknown": 1 }));
    pair.send("POST", "/indexes", json!({ "uid": "stories" }));
    pair.compare().await;
}

#[tokio::test]
async fn wrong_keys() {
    let mut pair = Pair::start().await;
    prepare(&mut pair);
    let wrong = ["", "Bearer wrong", "Bearer ", "bearer x", "Basic eA==", "x"];
    for (method, path) in BODIES.into_iter().chain([
        ("GET", "/indexes"),
        ("GET", "/tasks"),
        ("GET", "/stats"),
        ("GET", "/version"),
        ("GET", "/health"),
        ("GET", "/nowhere"),
        ("DELETE", "/indexes/stories"),
        ("GET", "/indexes/missing/documents/1"),
    ]) {
        for authorization in wrong {
            pair.step(json!({ "method": method, "path": path, "authorization": authorization }));
        }
    }
    pair.ask("GET", "/indexes/stories");
    pair.compare().await;
}

/// A server knows the fields of all documents, a node those of its own.
#[tokio::test]
async fn an_attribute_of_one_document_is_searchable_and_one_of_none_is_not() {
    let mut pair = Pair::start().await;
    pair.send(
        "POST",
        "/indexes",
        json!({ "uid": "stories", "primaryKey": "id" }),
    );
    pair.send(
        "PATCH",
        "/indexes/stories/settings",
        json!({
            "searchableAttributes": ["title", "lonely", "hermit"],
            "filterableAttributes": ["colour"],
            "rankingRules": ["words", "typo", "proximity", "attribute", "sort", "exactness", "id:asc"],
        }),
    );
    let mut documents: Vec<Value> = (1..=12)
        .map(|id| json!({ "id": id, "title": format!("only story {id}"), "colour": "red" }))
        .collect();
    documents[3]["lonely"] = json!("only here");
    documents[7]["hermit"] = json!({ "name": "alone" });
    pair.send("POST", "/indexes/stories/documents", json!(documents));

    let lists = [
        json!(["lonely"]),
        json!(["lon*"]),
        json!(["*ly", "hermit.n*"]),
        json!(["hermit.name", "lonely"]),
        json!(["lonely", "title"]),
        json!(["lonely", "*"]),
        json!(["nothing", "lonely"]),
        json!(["lonely", "nothing"]),
        json!(["lonely", "no*"]),
    ];
    for list in lists {
        let all = json!({ "attributesToSearchOn": list });
        let only = json!({ "q": "only", "attributesToSearchOn": list });
        let facet = json!({ "facetName": "colour", "q": "only", "attributesToSearchOn": list });
        let page = json!({ "q": "only alone", "matchingStrategy": "all", "hitsPerPage": 2, "attributesToSearchOn": list, "facets": ["colour"] });
        for query in [all, only.clone(), page] {
            pair.send("POST", "/indexes/stories/search", query);
        }
        pair.send("POST", "/indexes/stories/facet-search", facet);
        let mut part = only;
        part["indexUid"] = json!("stories");
        pair.send("POST", "/multi-search", json!({ "queries": [part] }));
    }
    pair.compare().await;
}

/// A 1.50 server reads the filter of a search before it looks for the index; the embedded node does not.
#[tokio::test]
async fn a_filter_that_cannot_be_read_is_told_before_a_missing_index() {
    let fleet = start(Cluster::builder()).await;
    let client = fleet.client();
    // From the first index on the embedded node has one that tells what is wrong with filters.
    let index = json!({ "uid": "stories" });
    succeed(&client, client.post("/indexes", &index).await).await;
    let code =
        async |path: &str, body: Value| refused(&client, "POST", path, &body.to_string()).await.1;
    for (filter, expected) in [
        ("a =", "invalid_search_filter"),
        ("_geoRadius(1, 2)", "invalid_search_filter"),
        ("a = 1", "index_not_found"),
        ("", "index_not_found"),
    ] {
        let alone = code("/indexes/missing/search", json!({ "filter": filter })).await;
        assert_eq!(alone, expected, "{filter}");
        let query = json!({ "indexUid": "missing", "filter": filter });
        let among = code("/multi-search", json!({ "queries": [query] })).await;
        assert_eq!(among, expected, "{filter}");
    }
    let facets = json!({ "facetName": "b", "filter": "a =" });
    let facets = code("/indexes/missing/facet-search", facets).await;
    assert_eq!(facets, "index_not_found");
}

/// One request with a JSON body; the status, code and message of its answer.
async fn refused(client: &Client, method: &str, path: &str, body: &str) -> (u16, Value, Value) {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let json = HeaderValue::from_static("application/json");
    let answer = client
        .send(
            method,
            path,
            &[(CONTENT_TYPE, json)],
            body.to_owned().into(),
        )
        .await
        .expect("an answer");
    let error = answer.json().expect("JSON");
    let part = |name: &str| error[name].clone();
    (answer.status.as_u16(), part("code"), part("message"))
}

/// What a 1.50 server answers; the embedded node words some of these differently.
#[tokio::test]
async fn documents_that_are_no_objects_and_bodies_that_are_too_large() {
    let builder = Cluster::builder().config("server.max_body_bytes", 2048);
    let fleet = start(builder).await;
    let client = fleet.client().with_fresh_connections();
    let documents = "/indexes/stories/documents";
    for (body, message) in [
        (
            "[1]",
            "invalid type: integer `1`, expected a map at line 1 column 1",
        ),
        (
            "[[]]",
            "invalid type: sequence, expected a map at line 1 column 0",
        ),
    ] {
        let answer = refused(&client, "POST", documents, body).await;
        assert_eq!(answer, (500, json!("internal"), json!(message)));
    }

    let too_large = format!("{{\"a\":\"{}\"}}", "x".repeat(2041));
    assert_eq!(too_large.len(), 2049);
    for (method, path) in BODIES {
        let expected = if path == documents {
            let message = "The provided payload reached the size limit. The maximum accepted payload size is 2 KiB.";
            (413, json!("payload_too_large"), json!(message))
        } else {
            let message = "JSON payload (2049 bytes) is larger than allowed (limit: 2048 bytes).";
            (500, json!("internal"), json!(message))
        };
        let answer = refused(&client, method, path, &too_large).await;
        assert_eq!(answer, expected, "{method} {path}");
    }
}
