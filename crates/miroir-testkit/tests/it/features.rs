//! Experimental features of a fleet: switched on every node, kept on nodes that lost them, refused where a fleet has none.

use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::fixture::{fill, search, start, until};

#[tokio::test]
async fn features_are_switched_on_every_node_and_stay_so() {
    let mut fleet = start(Cluster::builder().nodes(2).rf(2)).await;
    let client = fleet.client();
    fill(&client, 20).await;
    let body = json!({ "q": "", "filter": "colour CONTAINS ree" });
    let off = search(&client, &body).await;
    assert_eq!(off.json().expect("JSON")["code"], "feature_not_enabled");

    let wanted = json!({ "containsFilter": true, "network": false, "metrics": null });
    let on = client
        .patch("/experimental-features", &wanted)
        .await
        .expect("an answer");
    assert_eq!(on.status, 200, "{}", on.text());
    let shown = client
        .get("/experimental-features")
        .await
        .expect("an answer");
    assert_eq!(shown.body, on.body);
    assert_eq!(shown.json().expect("JSON")["containsFilter"], true);
    assert_eq!(
        search(&client, &body).await.json().expect("JSON")["estimatedTotalHits"],
        7
    );

    let has_it = async |node: &miroir_testkit::process::Node| {
        let answer = node.client().get("/experimental-features").await;
        let view = answer.ok().and_then(|answer| answer.json().ok());
        view.is_some_and(|view: Value| view["containsFilter"] == json!(true))
    };
    for node in fleet.nodes() {
        assert!(has_it(node).await);
    }
    fleet
        .node(1)
        .restart_empty()
        .await
        .expect("it starts again");
    let node = &fleet.nodes()[1];
    until("the node has it again", async || has_it(node).await).await;

    fleet.restart_proxy().await.expect("it starts again");
    let client = fleet.client();
    let shown = client
        .get("/experimental-features")
        .await
        .expect("an answer");
    assert_eq!(shown.body, on.body);
    let refused = client
        .patch("/experimental-features", &json!({ "network": true }))
        .await;
    let refused = refused.expect("an answer").json().expect("JSON");
    assert_eq!(refused["code"], "feature_not_enabled");
    let off = client
        .patch(
            "/experimental-features",
            &json!({ "containsFilter": false }),
        )
        .await;
    assert_eq!(
        off.expect("an answer").json().expect("JSON")["containsFilter"],
        false
    );
    let answer = search(&client, &body).await;
    assert_eq!(answer.json().expect("JSON")["code"], "feature_not_enabled");
}
