//! Searching.

use http::Method;
use serde_json::{Value, json};

use super::{Node, code, ids};

fn movies() -> Value {
    json!([
        {"id": 1, "title": "Carol", "genre": ["drama", "romance"], "year": 2015, "_geo": {"lat": 48.85, "lng": 2.35}},
        {"id": 2, "title": "Carol of the Bells", "genre": "Family", "year": 1990, "_geo": {"lat": 45.46, "lng": 9.18}},
        {"id": 3, "title": "Wonder Woman", "genre": "action", "year": 2017},
        {"id": 4, "title": "The carol singers", "genre": "family ", "year": "unknown"},
    ])
}

async fn node() -> Node {
    let node = Node::start();
    node.add("m", movies()).await;
    let settings = json!({
        "filterableAttributes": ["genre", "year", "_geo"],
        "sortableAttributes": ["year", "_geo", "title"],
    });
    node.configure("m", settings).await;
    node
}

#[tokio::test]
async fn an_answer_has_the_servers_members() {
    let node = node().await;
    let answer = node.search("m", json!({"q": "carol"})).await;
    let names: Vec<&String> = answer.as_object().unwrap().keys().collect();
    let expected = [
        "hits",
        "query",
        "processingTimeMs",
        "limit",
        "offset",
        "estimatedTotalHits",
        "requestUid",
    ];
    assert_eq!(names, expected);
    assert_eq!(ids(&answer), [1, 2, 4]);
    assert!(
        answer["requestUid"]
            .as_str()
            .unwrap()
            .parse::<uuid::Uuid>()
            .unwrap()
            .get_version_num()
            == 7
    );
    let paged = node
        .search("m", json!({"q": "carol", "hitsPerPage": 2, "page": 2}))
        .await;
    assert_eq!(ids(&paged), [4]);
    assert_eq!(
        (&paged["totalPages"], &paged["totalHits"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(
        ids(&node.search("m", json!({"page": 0})).await),
        Vec::<Value>::new()
    );
    let typo = node.search("m", json!({"q": "carrol"})).await;
    assert_eq!(typo["estimatedTotalHits"], 3);
}

#[tokio::test]
async fn totals_are_not_capped_but_hits_are() {
    let node = node().await;
    node.configure("m", json!({"pagination": {"maxTotalHits": 2}}))
        .await;
    let answer = node.search("m", json!({"offset": 1})).await;
    assert_eq!(
        (
            ids(&answer).len(),
            &answer["estimatedTotalHits"],
            &answer["offset"]
        ),
        (1, &json!(4), &json!(1))
    );
    let paged = node.search("m", json!({"hitsPerPage": 2, "page": 2})).await;
    assert_eq!(
        (ids(&paged).len(), &paged["totalHits"], &paged["totalPages"]),
        (0, &json!(4), &json!(2))
    );
}

#[tokio::test]
async fn filters_sorts_distinct_and_threshold() {
    let node = node().await;
    let search = async |query| ids(&node.search("m", query).await);
    assert_eq!(
        search(json!({"filter": ["year > 1980", ["genre = drama", "genre = action"]]})).await,
        [1, 3]
    );
    assert_eq!(search(json!({"sort": ["year:desc"]})).await, [3, 1, 2, 4]);
    assert_eq!(search(json!({"distinct": "genre"})).await, [1, 2, 3]);
    assert_eq!(
        search(json!({"q": "carol", "rankingScoreThreshold": 0.995})).await,
        [1]
    );
    assert_eq!(
        search(json!({"q": "carol", "attributesToSearchOn": ["genre"]})).await,
        Vec::<Value>::new()
    );
    assert_eq!(
        search(json!({"filter": "_geoRadius(48.85, 2.35, 1000)"})).await,
        [1]
    );
    node.configure("m", json!({"searchableAttributes": ["title"]}))
        .await;
    let errors = [
        (json!({"filter": "title = x"}), "invalid_search_filter"),
        (json!({"filter": "genre ="}), "invalid_search_filter"),
        (json!({"sort": ["genre:asc"]}), "invalid_search_sort"),
        (json!({"sort": ["year"]}), "invalid_search_sort"),
        (json!({"facets": ["title"]}), "invalid_search_facets"),
        (json!({"facets": ["*"]}), "invalid_search_facets"),
        (json!({"distinct": "title"}), "invalid_search_distinct"),
        (
            json!({"attributesToSearchOn": ["nope"]}),
            "invalid_search_attributes_to_search_on",
        ),
        (json!({"filter": "genre CONTAINS x"}), "feature_not_enabled"),
        (json!({"vector": [1.0]}), "missing_search_hybrid"),
        (json!({"nope": 1}), "bad_request"),
    ];
    for (query, expected) in errors {
        let answer = node.post("/indexes/m/search", query.clone()).await;
        assert_eq!(code(&answer), (400, expected.to_owned()), "{query}");
    }
}

#[tokio::test]
async fn facets() {
    let node = node().await;
    let answer = node.search("m", json!({"facets": ["genre", "year"]})).await;
    assert_eq!(
        answer["facetDistribution"]["genre"],
        json!({"action": 1, "drama": 1, "Family": 2, "romance": 1})
    );
    assert_eq!(
        answer["facetStats"],
        json!({"year": {"min": 1990.0, "max": 2017.0}})
    );
    node.configure(
        "m",
        json!({"faceting": {"maxValuesPerFacet": 1, "sortFacetValuesBy": {"*": "count"}}}),
    )
    .await;
    let answer = node.search("m", json!({"facets": ["genre"]})).await;
    assert_eq!(answer["facetDistribution"], json!({"genre": {"Family": 2}}));
}

#[tokio::test]
async fn formatting_and_scores() {
    let node = node().await;
    let query = json!({
        "q": "bells", "attributesToHighlight": ["title"], "attributesToCrop": ["title:2"],
        "showMatchesPosition": true, "showRankingScore": true, "showRankingScoreDetails": true,
        "attributesToRetrieve": ["id", "title"],
    });
    let answer = node.search("m", query).await;
    let hit = &answer["hits"][0];
    assert_eq!(
        hit["_formatted"],
        json!({"id": "2", "title": "…the <em>Bells</em>"})
    );
    assert_eq!(
        hit["_matchesPosition"],
        json!({"title": [{"start": 13, "length": 5}]})
    );
    assert_eq!(hit["_rankingScoreDetails"]["words"]["matchingWords"], 1);
    assert!(hit["_rankingScore"].as_f64().unwrap() > 0.5);
    let names: Vec<&String> = hit.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "id",
            "title",
            "_formatted",
            "_matchesPosition",
            "_rankingScore",
            "_rankingScoreDetails"
        ]
    );
}

#[tokio::test]
async fn distances_and_hidden_attributes() {
    let node = node().await;
    let answer = node
        .search(
            "m",
            json!({"sort": ["_geoPoint(48.85, 2.35):asc"], "limit": 2}),
        )
        .await;
    assert_eq!(ids(&answer), [1, 2]);
    assert_eq!(answer["hits"][0]["_geoDistance"], 0);
    node.configure("m", json!({"displayedAttributes": ["title"]}))
        .await;
    let query = json!({"sort": ["year:asc"], "showRankingScoreDetails": true, "attributesToRetrieve": ["*"]});
    let answer = node.search("m", query).await;
    let hidden = &answer["hits"][0]["_rankingScoreDetails"]["<hidden-rule-0>"];
    assert_eq!(hidden["value"], "<hidden>");
    assert_eq!(answer["hits"][0]["title"], "Carol of the Bells");
    assert_eq!(answer["hits"][0]["id"], Value::Null);
}

#[tokio::test]
async fn the_get_route_is_the_same_search() {
    let node = node().await;
    let (status, answer) = node
        .get("/indexes/m/search?q=carol&limit=1&facets=genre&sort=year:asc&filter=year%3E1")
        .await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(ids(&answer), [2]);
    assert_eq!(answer["estimatedTotalHits"], 3);
    let wrong = node.get("/indexes/m/search?limit=x").await;
    assert_eq!(
        wrong.1["message"],
        "Invalid value in parameter `limit`: could not parse `x` as a positive integer"
    );
}

#[tokio::test]
async fn vectors() {
    let node = Node::start();
    let embedders = json!({"e": {"source": "userProvided", "dimensions": 2}});
    node.configure("v", json!({"embedders": embedders})).await;
    let documents = json!([
        {"id": 1, "t": "one", "_vectors": {"e": [1.0, 0.0]}},
        {"id": 2, "t": "two", "_vectors": {"e": [0.0, 1.0]}},
        {"id": 3, "t": "three", "_vectors": {"e": null}},
    ]);
    node.add("v", documents).await;
    let semantic = json!({"vector": [0.1, 0.9], "hybrid": {"embedder": "e", "semanticRatio": 1.0}, "retrieveVectors": true});
    let answer = node.search("v", semantic).await;
    assert_eq!(ids(&answer)[..2], [2, 1]);
    // The document without a vector counts too, as one found by meaning and ranked last.
    assert_eq!(answer["semanticHitCount"], 3);
    assert_eq!(
        answer["hits"][0]["_vectors"]["e"],
        json!({"embeddings": [[0.0, 1.0]], "regenerate": false})
    );
    let hybrid = json!({"q": "one", "vector": [0.0, 1.0], "hybrid": {"embedder": "e", "semanticRatio": 0.5}});
    let answer = node.search("v", hybrid).await;
    assert_eq!(answer["estimatedTotalHits"], 3);
    let wrong = json!({"q": "x", "hybrid": {"embedder": "nope"}});
    let wrong = node.post("/indexes/v/search", wrong).await;
    assert_eq!(code(&wrong), (400, "invalid_search_embedder".to_owned()));
    let wrong = json!({"vector": [1.0], "hybrid": {"embedder": "e"}});
    let wrong = node.post("/indexes/v/search", wrong).await;
    assert_eq!(code(&wrong), (400, "invalid_vector_dimensions".to_owned()));
    let stats = node.get("/indexes/v/stats").await.1;
    assert_eq!(
        (
            &stats["numberOfEmbeddings"],
            &stats["numberOfEmbeddedDocuments"]
        ),
        (&json!(2), &json!(2))
    );
    let missing = node
        .json(Method::POST, "/indexes/none/search", json!({}))
        .await;
    assert_eq!(code(&missing), (404, "index_not_found".to_owned()));
}

#[tokio::test]
async fn values_of_a_facet() {
    let node = node().await;
    let search = |body| node.post("/indexes/m/facet-search", body);
    let (status, answer) =
        search(json!({"facetName": "genre", "facetQuery": "fam", "unknown": 1})).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        answer["facetHits"],
        json!([{"value": "Family", "count": 2}])
    );
    assert_eq!(answer["facetQuery"], "fam");
    let (_, answer) = search(json!({"facetName": "genre", "q": "wonder"})).await;
    assert_eq!(
        answer["facetHits"],
        json!([{"value": "action", "count": 1}])
    );
    let wrong = search(json!({"facetName": "title"})).await;
    assert_eq!(
        code(&wrong),
        (400, "invalid_facet_search_facet_name".to_owned())
    );
    let missing = search(json!({})).await;
    assert_eq!(
        code(&missing),
        (400, "missing_facet_search_facet_name".to_owned())
    );
    node.configure("m", json!({"facetSearch": false})).await;
    let disabled = search(json!({"facetName": "genre"})).await;
    assert_eq!(code(&disabled), (400, "facet_search_disabled".to_owned()));
}

#[tokio::test]
async fn similar_documents() {
    let node = Node::start();
    let embedders = json!({"e": {"source": "userProvided", "dimensions": 2}});
    node.configure(
        "v",
        json!({"embedders": embedders, "filterableAttributes": ["id"]}),
    )
    .await;
    let documents = json!([
        {"id": 1, "_vectors": {"e": [1.0, 0.0]}}, {"id": 2, "_vectors": {"e": [0.9, 0.1]}},
        {"id": 3, "_vectors": {"e": [0.0, 1.0]}},
    ]);
    node.add("v", documents).await;
    let (status, answer) = node
        .post("/indexes/v/similar", json!({"id": 1, "embedder": "e"}))
        .await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (ids(&answer), &answer["estimatedTotalHits"]),
        (vec![json!(2), json!(3)], &json!(2))
    );
    let (_, answer) = node
        .get("/indexes/v/similar?id=1&embedder=e&filter=id!=2&limit=1")
        .await;
    assert_eq!(ids(&answer), [3]);
    let missing = node
        .post("/indexes/v/similar", json!({"id": 9, "embedder": "e"}))
        .await;
    assert_eq!(code(&missing), (400, "not_found_similar_id".to_owned()));
    let wrong = node
        .post("/indexes/v/similar", json!({"id": 1, "embedder": "x"}))
        .await;
    assert_eq!(code(&wrong), (400, "invalid_similar_embedder".to_owned()));
}

#[tokio::test]
async fn several_searches_at_once() {
    let node = node().await;
    let search = |body| node.post("/multi-search", body);
    let queries =
        json!([{"indexUid": "m", "q": "carol", "limit": 1}, {"indexUid": "m", "q": "wonder"}]);
    let (status, answer) = search(json!({"queries": queries})).await;
    assert_eq!(status, 200, "{answer}");
    let results = answer["results"].as_array().unwrap();
    assert_eq!(
        (&results[0]["indexUid"], ids(&results[1])),
        (&json!("m"), vec![json!(3)])
    );
    assert_eq!(results[0]["requestUid"], results[1]["requestUid"]);
    assert_eq!(
        search(json!({"queries": []})).await.1,
        json!({"results": []})
    );
    let missing = search(json!({"queries": [{"indexUid": "m"}, {"indexUid": "none"}]})).await;
    assert_eq!(code(&missing), (400, "index_not_found".to_owned()));
    assert_eq!(
        missing.1["message"],
        "Inside `.queries[1]`: Index `none` not found."
    );
    let wrong = search(json!({"queries": [{"indexUid": "m", "limit": -1}]})).await;
    let message = "Invalid value type at `.queries[0].limit`: expected a positive integer, but found a negative integer: `-1`";
    assert_eq!(wrong.1["message"], message);
    assert_eq!(
        code(&search(json!({"queries": [{}]})).await),
        (400, "missing_index_uid".to_owned())
    );
    let federated = search(json!({"queries": [], "federation": {}})).await;
    assert_eq!(
        code(&federated),
        (400, "invalid_multi_search_federated".to_owned())
    );
}
