//! Dumps and snapshots of a fleet: one of every node, and a manifest of what belongs together.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use miroir_testkit::cluster::{Cluster, NODE_MASTER_KEY};
use miroir_testkit::recording::{NEEDS_NEW_ENGINE, classes_to_skip};
use serde_json::{Value, json};

use crate::fixture::{fill, finish, start, until_status};

/// The only manifest in a folder.
fn manifest(folder: &Path) -> (String, Value) {
    let mut files = std::fs::read_dir(folder).expect("a folder");
    let file = files.next().expect("a manifest").expect("readable").path();
    assert!(files.next().is_none(), "nothing else is left there");
    let mode = std::fs::metadata(&file)
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read(&file).expect("readable");
    let name = file
        .file_stem()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    (name, serde_json::from_slice(&text).expect("JSON"))
}

#[tokio::test]
async fn a_backup_names_what_belongs_together() {
    let mut fleet = start(Cluster::builder().nodes(2).rf(2)).await;
    let client = fleet.client();
    fill(&client, 20).await;
    let folder = fleet.store().parent().expect("a folder").to_path_buf();
    let node = fleet.nodes()[0].client();
    let skipped = classes_to_skip(&node).await.expect("a version");
    if skipped.iter().any(|class| class == NEEDS_NEW_ENGINE) {
        // The embedded node makes none, and the task says so.
        let task = finish(&client, client.post("/dumps", &json!({})).await).await;
        assert_eq!(
            (&task["status"], &task["details"]["dumpUid"]),
            (&json!("failed"), &Value::Null)
        );
    } else {
        let dump = finish(&client, client.post("/dumps", &json!({})).await).await;
        assert_eq!(dump["status"], "succeeded", "{dump:#}");
        let (name, manifest_of_dump) = manifest(&folder.join("dumps"));
        assert_eq!(dump["details"], json!({ "dumpUid": name }));
        let files = manifest_of_dump["files"].as_array().expect("files");
        assert_eq!(files.len(), 2);
        for file in files {
            let uid = file["nodeTask"].as_u64().expect("a task");
            let node = fleet.nodes().iter().find(|node| file["node"] == node.id());
            let node = node
                .expect("known")
                .client()
                .with_key(Some(NODE_MASTER_KEY));
            let task = node.wait_task(uid).await.expect("a task");
            let expected = format!(
                "{}.dump",
                task["details"]["dumpUid"].as_str().expect("a uid")
            );
            assert_eq!(file["file"], expected);
        }
        let index = &manifest_of_dump["indexes"][0];
        assert_eq!(
            (&index["uid"], &index["primaryKey"], &index["shards"]),
            (&json!("stories"), &json!("id"), &json!(8))
        );
        assert_eq!(index["settings"]["sortableAttributes"], json!(["size"]));
        assert_eq!(manifest_of_dump["keys"].as_array().map(Vec::len), Some(4));

        let snapshot = finish(&client, client.post("/snapshots", &json!({})).await).await;
        assert_eq!(snapshot["status"], "succeeded", "{snapshot:#}");
        assert_eq!(snapshot.get("details"), None);
        let (_, manifest) = manifest(&folder.join("snapshots"));
        assert_eq!(manifest["files"].as_array().map(Vec::len), Some(2));
    }
    // A backup without a node would lack what only that one knows.
    fleet.node(1).kill().expect("it ends");
    until_status(&fleet, "node-1", "failed").await;
    let task = finish(&client, client.post("/dumps", &json!({})).await).await;
    assert_eq!(task["status"], "failed", "{task:#}");
    assert_eq!(task["error"]["code"], "internal");
}
