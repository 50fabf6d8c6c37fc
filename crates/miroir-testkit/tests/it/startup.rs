//! A proxy that cannot start says why and what to do; one that misses a node starts and says so.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, ExitStatus};

use http::StatusCode;
use miroir_testkit::cluster::{ADMIN_KEY, Cluster, MASTER_KEY, NODE_MASTER_KEY};
use miroir_testkit::process::{Child, Port, miroir};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture::{degraded, fill, lacking, search, shards_of, start, until};

/// A configuration for one node that does not exist.
fn config(folder: &Path) -> Value {
    json!({ "miroir": {
        "master_key": MASTER_KEY,
        "node_master_key": NODE_MASTER_KEY,
        "nodes": [{ "id": "node-0", "address": "http://127.0.0.1:9", "replica_group": 0 }],
        "replication_factor": 1,
        "task_store": { "path": folder.join("store.db") },
        "admin": { "api_key": ADMIN_KEY },
        "server": { "bind": "127.0.0.1", "port": Port::free().expect("a free port").for_good() },
        "metrics": { "enabled": false },
    } })
}

/// Runs a proxy that ends by itself; its status and its output.
async fn run(folder: &TempDir, config: &Value) -> (ExitStatus, String) {
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, config.to_string()).expect("the file is written");
    let mut command = Command::new(miroir().expect("the executable is built"));
    command.arg("proxy").arg("--config").arg(&file);
    let mut child = Child::start("proxy", command, folder.path()).expect("the proxy starts");
    let mut status = None;
    until("the proxy has ended", async || {
        status = child.exit_status().expect("a child can be asked");
        status.is_some()
    })
    .await;
    (status.expect("it has ended"), child.log_end())
}

async fn refuses(folder: &TempDir, config: &Value, expected: &[&str]) {
    let (status, output) = run(folder, config).await;
    assert!(!status.success(), "{output}");
    assert!(!output.contains("panicked"), "{output}");
    for text in expected {
        assert!(output.contains(text), "no `{text}` in:\n{output}");
    }
}

#[tokio::test]
async fn a_node_id_that_is_given_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config["miroir"]["nodes"] = json!([
        { "id": "node-0", "address": "http://127.0.0.1:9", "replica_group": 0 },
        { "id": "node-0", "address": "http://127.0.0.1:11", "replica_group": 0 },
    ]);
    refuses(&folder, &config, &["node-0", "config.yaml"]).await;
}

#[tokio::test]
async fn a_port_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let holder = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = holder.local_addr().unwrap().port();
    let mut config = config(folder.path());
    config["miroir"]["server"]["port"] = json!(port);
    let port = port.to_string();
    refuses(&folder, &config, &[&port, "in use", "another port"]).await;
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "not a folder").unwrap();
    let mut config = config(folder.path());
    let inside = folder.path().join("file");
    config["miroir"]["task_store"]["path"] = json!(inside.join("store.db"));
    refuses(
        &folder,
        &config,
        &[inside.to_str().unwrap(), "task_store.path"],
    )
    .await;
}

#[tokio::test]
async fn a_store_that_is_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    std::fs::write(
        &path,
        "this is no database, whatever its name says".repeat(100),
    )
    .unwrap();
    let config = config(folder.path());
    refuses(
        &folder,
        &config,
        &[path.to_str().unwrap(), "damaged", "move it"],
    )
    .await;
}

#[tokio::test]
async fn without_a_node_it_serves_what_is_covered_and_is_not_ready() {
    let mut fleet = start(Cluster::builder().nodes(2).shards(8)).await;
    let client = fleet.client().with_fresh_connections();
    fill(&client, 60).await;
    let lost = lacking(&shards_of(&fleet, "node-1").await);
    assert!(fleet.stop_proxy().await.unwrap().success());
    fleet.node(1).kill().unwrap();

    fleet.proxy().respawn().unwrap();
    until("it answers", async || client.get("/health").await.is_ok()).await;
    until("what is covered is served", async || {
        degraded(&search(&client, &json!({})).await) == Some(lost.as_str())
    })
    .await;
    let ready = client.get("/_miroir/ready").await.unwrap();
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    let reason = ready.json().unwrap()["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("stories"), "{reason}");
    until("it says which node is missing", async || {
        let log = fleet.proxy().log_end();
        log.contains("node-1")
    })
    .await;

    fleet.node(1).restart().await.unwrap();
    fleet.proxy().wait_ready().await.unwrap();
    until("everything is served", async || {
        degraded(&search(&client, &json!({})).await).is_none()
    })
    .await;
    // Once ready it stays so: an unready fleet would turn partial answers into none.
    fleet.node(1).kill().unwrap();
    until("a search is incomplete", async || {
        degraded(&search(&client, &json!({})).await).is_some()
    })
    .await;
    assert_eq!(
        client.get("/_miroir/ready").await.unwrap().status,
        StatusCode::OK
    );
}
