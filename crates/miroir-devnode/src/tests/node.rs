//! The node itself: health, version, keys, paths.

use axum::body::Body;
use http::Method;
use serde_json::json;

use super::{Node, code, request};

#[tokio::test]
async fn health_version_and_unknown_paths() {
    let node = Node::start();
    assert_eq!(node.get("/health").await.1, json!({"status": "available"}));
    let (_, version) = node.get("/version").await;
    assert_eq!(version["pkgVersion"], "1.50.0");
    assert_eq!(version["commitSha"], "miroir-devnode milli-core-1.15.1");
    assert_eq!(
        node.get("/nothing").await,
        (404.try_into().unwrap(), json!(null))
    );
    for (method, path) in [
        (Method::PUT, "/indexes"),
        (Method::HEAD, "/health"),
        (Method::DELETE, "/health"),
    ] {
        let answer = node.send(request(method, path, None, Body::empty())).await;
        assert_eq!(answer, (405.try_into().unwrap(), json!(null)));
    }
    assert_eq!(node.get("//indexes/").await.0, 200);
}

#[tokio::test]
async fn the_master_key_opens_everything_but_health() {
    let node = Node::with_key(Some("a master key of some length"));
    assert_eq!(node.get("/health").await.0, 200);
    let without = node.get("/indexes").await;
    assert_eq!(
        code(&without),
        (401, "missing_authorization_header".to_owned())
    );
    let authorized = |value: &str| {
        let mut request = request(Method::GET, "/keys", None, Body::empty());
        request
            .headers_mut()
            .insert("authorization", value.parse().unwrap());
        request
    };
    let wrong = node.send(authorized("Bearer nonsense")).await;
    assert_eq!(code(&wrong), (403, "invalid_api_key".to_owned()));
    let basic = node.send(authorized("Basic x")).await;
    assert_eq!(
        code(&basic),
        (401, "missing_authorization_header".to_owned())
    );
    assert_eq!(
        node.send(authorized("Bearer a master key of some length"))
            .await
            .0,
        200
    );
    let open = Node::start();
    assert_eq!(
        code(&open.get("/keys").await),
        (401, "missing_master_key".to_owned())
    );
}

#[tokio::test]
async fn keys_have_the_value_a_server_computes() {
    let node = Node::with_key(Some("masterKey"));
    let body = json!({
        "uid": "6062abda-a5aa-4414-ac91-ecd7944c0f8d",
        "actions": ["search"], "indexes": ["*"], "expiresAt": null,
    });
    let mut request = request(
        Method::POST,
        "/keys",
        Some("application/json"),
        Body::from(body.to_string()),
    );
    request
        .headers_mut()
        .insert("authorization", "Bearer masterKey".parse().unwrap());
    let (status, key) = node.send(request).await;
    assert_eq!(status, 201, "{key}");
    assert_eq!(
        key["key"],
        "0d030b69eea2dde1af6e6b714146c4dc942d4b2725c173e5d132c60aad9782f5"
    );
}

#[tokio::test]
async fn features_that_are_not_there_are_refused_by_name() {
    let node = Node::start();
    let features = |body| node.json(Method::PATCH, "/experimental-features", body);
    assert_eq!(
        features(json!({"containsFilter": true})).await.1["containsFilter"],
        true
    );
    let refused = features(json!({"network": true})).await;
    assert_eq!(code(&refused), (400, "feature_not_enabled".to_owned()));
    assert!(refused.1["message"].as_str().unwrap().contains("network"));
    assert_eq!(
        code(&features(json!({"nonsense": true})).await),
        (400, "bad_request".to_owned())
    );
}
