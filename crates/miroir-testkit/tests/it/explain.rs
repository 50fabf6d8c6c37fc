//! Explain tells the plan of the search that comes next, asks no node for it, and shows each caller what it may see.

use miroir_testkit::client::{Client, Response};
use miroir_testkit::cluster::{Cluster, MASTER_KEY};
use serde_json::{Value, json};

use crate::fixture::{COLOURS, fill, finish, page, search, start, unique_word, until};

async fn ask(client: &Client, path: &str, body: &Value) -> Response {
    client.post(path, body).await.expect("an answer")
}

async fn view(client: &Client, path: &str, body: &Value) -> Value {
    let answer = ask(client, path, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().expect("JSON")
}

fn code(answer: &Response) -> Value {
    answer.json().expect("JSON")["code"].clone()
}

const EXPLAIN: &str = "/indexes/stories/explain";
const EXECUTE: &str = "/indexes/stories/explain?execute=true";

/// The legs of a plan or of its execution, as far as both tell.
fn legs(view: &Value) -> Vec<(Value, Value)> {
    let mut legs: Vec<_> = view["legs"]
        .as_array()
        .expect("legs")
        .iter()
        .map(|leg| (leg["shards"].clone(), leg["node"].clone()))
        .collect();
    legs.sort_by_key(|(shards, _)| shards[0].as_u64());
    legs
}

/// A plan without what is known of its nodes at the moment.
fn lasting(plan: &Value) -> Value {
    let mut plan = plan.clone();
    for name in ["estimated_p95_ms", "hedge_trigger_ms", "hedging_armed"] {
        plan[name].take();
    }
    for leg in plan["legs"].as_array_mut().expect("legs") {
        leg["score"].take();
    }
    plan
}

#[tokio::test]
async fn a_plan_is_that_of_the_search_executed_next() {
    let fleet = start(
        Cluster::builder()
            .nodes(4)
            .replica_groups(2)
            .rf(2)
            .shards(16)
            // What is known of nodes changes from one moment to the next.
            .config("replica_selection.strategy", "round_robin"),
    )
    .await;
    let client = fleet.client();
    fill(&client, 120).await;
    for number in 0..60_usize {
        let query = match number % 6 {
            0 => json!({ "q": unique_word(number) }),
            1 => json!({ "q": "story", "limit": number, "offset": number / 2 }),
            2 => json!({ "filter": format!("id IN [{number}, {}]", number + 1) }),
            3 => {
                json!({ "filter": format!("colour = {}", COLOURS[number % 3]), "facets": ["colour"] })
            }
            4 => json!({ "filter": ["id = 3 AND id = 4"], "sort": ["size:asc"] }),
            _ => json!({ "page": 2, "hitsPerPage": 7, "sort": ["size:desc"] }),
        };
        let announced = view(&client, EXPLAIN, &query).await;
        if number % 6 == 2 || number % 6 == 4 {
            // Only the overlay opens the primary key here, so that a server refuses such a query, and so does its execution.
            assert_eq!(
                announced["warnings"][0]["type"], "unfilterable_attribute",
                "{announced:#}"
            );
            assert_eq!(ask(&client, EXECUTE, &query).await.status, 400);
            continue;
        }
        let executed = view(&client, EXECUTE, &query).await;
        assert_eq!(
            lasting(&announced["plan"]),
            lasting(&executed["plan"]),
            "{query}"
        );
        assert_eq!(
            legs(&announced["plan"]),
            legs(&executed["execution"]),
            "{executed:#}"
        );
        assert!(announced.get("result").is_none() && announced.get("execution").is_none());
        let mut result = executed["result"].clone();
        for name in ["requestUid", "processingTimeMs"] {
            assert!(
                result
                    .as_object_mut()
                    .expect("a result")
                    .remove(name)
                    .is_some()
            );
        }
        assert_eq!(result, page(&search(&client, &query).await), "{query}");
        for leg in executed["execution"]["legs"].as_array().expect("legs") {
            assert_eq!(
                (leg["status"].as_u64(), leg["hedged"].as_bool()),
                (Some(200), Some(false))
            );
            assert!(leg["hits"].is_u64() && leg["ms"].is_f64(), "{leg:#}");
        }
    }

    let queries = json!({ "queries": [
        { "indexUid": "stories", "q": "story" },
        { "indexUid": "stories", "filter": "size > 3", "limit": 2 },
    ]});
    let announced = view(&client, "/multi-search/explain", &queries).await;
    let executed = view(&client, "/multi-search/explain?execute=true", &queries).await;
    for position in 0..2 {
        let (announced, executed) = (
            &announced["results"][position],
            &executed["results"][position],
        );
        assert_eq!(announced["plan"], executed["plan"]);
        assert_eq!(legs(&announced["plan"]), legs(&executed["execution"]));
        assert!(executed["result"]["hits"].is_array(), "{executed:#}");
    }
    let missing = json!({ "queries": [{ "indexUid": "stories" }, { "indexUid": "none" }] });
    let refused = ask(&client, "/multi-search/explain", &missing).await;
    assert_eq!(
        (refused.status.as_u16(), code(&refused)),
        (400, json!("index_not_found"))
    );
}

#[tokio::test]
async fn explaining_needs_no_node() {
    let mut fleet = start(Cluster::builder().nodes(2).shards(8)).await;
    let client = fleet.client();
    fill(&client, 20).await;
    for position in 0..2 {
        fleet.node(position).kill().unwrap();
    }
    let queries = json!({ "queries": [{ "indexUid": "stories", "q": "story" }] });
    let several = view(&client, "/multi-search/explain", &queries).await;
    let query = json!({ "q": "story", "filter": "id = 5" });
    let one = view(&client, EXPLAIN, &query).await;
    assert_eq!(
        one["plan"]["target_shards"]
            .as_array()
            .expect("shards")
            .len()
            .min(1),
        one["plan"]["legs"].as_array().expect("legs").len()
    );
    assert!(several["results"][0]["plan"]["trace"].is_array());
    let executed = ask(&client, EXECUTE, &json!({ "q": "story" })).await;
    assert_eq!(executed.status, 503, "{}", executed.text());
}

#[tokio::test]
async fn callers_see_what_they_may() {
    let mut fleet = start(Cluster::builder().nodes(3).rf(2).shards(8)).await;
    let client = fleet.client();
    fill(&client, 20).await;
    let query = json!({ "q": "sto", "sort": ["colour:asc"], "limit": 2000 });

    let nobody = Client::new(&fleet.proxy_url(), None);
    let answer = ask(&nobody, EXPLAIN, &query).await;
    assert_eq!(code(&answer), json!("missing_authorization_header"));
    let stranger = Client::new(&fleet.proxy_url(), Some("wrong"));
    assert_eq!(
        code(&ask(&stranger, EXPLAIN, &query).await),
        json!("invalid_api_key")
    );
    // The admin key explains, and opens no other client route.
    let admin = fleet.admin();
    assert_eq!(search(&admin, &query).await.status, 403);

    // A node that hangs keeps a change of settings on its way.
    let quiet = view(&client, EXPLAIN, &query).await;
    assert_eq!(
        (
            &quiet["plan"]["broadcast_pending"],
            &quiet["plan"]["proposed_fingerprint"]
        ),
        (&json!(false), &Value::Null)
    );
    fleet.node(2).freeze().unwrap();
    let change = tokio::spawn({
        let client = client.clone();
        let change = json!({ "stopWords": ["of"] });
        async move { client.patch("/indexes/stories/settings", &change).await }
    });
    until("the change is on its way", async || {
        view(&client, EXPLAIN, &query).await["plan"]["broadcast_pending"] == true
    })
    .await;
    let for_client = view(&client, EXPLAIN, &query).await;
    let for_admin = view(&admin, EXPLAIN, &query).await;
    assert_eq!(
        for_client["plan"]["broadcast_pending"], true,
        "{for_client:#}"
    );
    assert!(for_client["plan"]["proposed_fingerprint"].is_string());
    assert_eq!(
        for_client["plan"]["exactness"],
        json!({ "verdict": "approximate", "reasons": ["short_prefix", "mixed_settings"] })
    );
    let kinds = |view: &Value| -> Vec<String> {
        let warnings = view["warnings"].as_array().expect("warnings").iter();
        warnings
            .map(|warning| warning["type"].as_str().expect("a type").to_owned())
            .collect()
    };
    assert_eq!(
        kinds(&for_client),
        ["unsortable_attribute", "deep_pagination"]
    );
    assert_eq!(
        kinds(&for_admin),
        [
            "unsortable_attribute",
            "deep_pagination",
            "settings_broadcast_in_flight"
        ]
    );
    fleet.node(2).thaw().unwrap();
    let change = finish(&client, change.await.expect("it ends")).await;
    assert_eq!(change["status"], "succeeded", "{change:#}");
    until("the change is committed", async || {
        let plan = view(&client, EXPLAIN, &query).await["plan"].clone();
        plan["broadcast_pending"] == false
            && plan["settings_version"] != quiet["plan"]["settings_version"]
    })
    .await;

    for path in [
        "/indexes/stories/explain?run=true",
        "/indexes/stories/explain?execute=perhaps",
    ] {
        assert_eq!(
            code(&ask(&client, path, &query).await),
            json!("bad_request"),
            "{path}"
        );
    }
    let wrong = ask(&client, EXPLAIN, &json!({ "limit": "x" })).await;
    assert_eq!(code(&wrong), json!("invalid_search_limit"));
    fleet
        .reconfigure_proxy("explain.allow_execute_parameter", false)
        .await
        .unwrap();
    let client = Client::new(&fleet.proxy_url(), Some(MASTER_KEY));
    let refused = ask(&client, EXECUTE, &query).await;
    assert_eq!(code(&refused), json!("miroir_capability_disabled"));
    assert_eq!(ask(&client, EXPLAIN, &query).await.status, 200);
}
