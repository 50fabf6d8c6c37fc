//! Every recorded scenario against Miroir, or against any server.

use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::Parser;
use miroir_testkit::client::Client;
use miroir_testkit::cluster::{Cluster, MASTER_KEY};
use miroir_testkit::oracle::FleetShape;
use miroir_testkit::recording::{self, Recording, Replay};
use serde_json::{Value, json};

/// Replays what a real server answered, and prints per scenario how many cases passed and failed.
///
/// Without a URL every scenario gets a fresh Miroir, over embedded nodes or what `MIROIR_TEST_NODE_BIN` names. With one, all are
/// played on that server, which is emptied before each.
#[derive(Debug, Parser)]
struct Arguments {
    /// The Miroir to start for each scenario.
    #[arg(long, default_value = "nodes=3,shards=16")]
    fleet: FleetShape,
    /// A running server; a Meilisearch or a Miroir.
    #[arg(long)]
    url: Option<String>,
    /// Its master key. Cases with keys and tenant tokens need the one that they were recorded with.
    #[arg(long, default_value = MASTER_KEY)]
    key: String,
    /// Whatever is on the server may be deleted.
    #[arg(long, requires = "url")]
    wipe: bool,
    /// Only these scenarios.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Print names and numbers of cases, and do nothing else.
    #[arg(long)]
    list: bool,
}

#[tokio::main]
#[expect(
    clippy::print_stdout,
    reason = "the report is for the person or the script that called"
)]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut recordings = Recording::load_all()?;
    let wanted = |name: &String| arguments.only.is_empty() || arguments.only.contains(name);
    recordings.retain(|recording| wanted(&recording.scenario));

    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for recording in recordings {
        let name = recording.scenario.clone();
        let cases = recording.exchanges.len();
        if arguments.list {
            println!("{name}: {cases} cases");
            continue;
        }
        let played = match &arguments.url {
            Some(url) => {
                let client = Client::new(url, Some(&arguments.key));
                on_a_server(recording, &client, &arguments).await
            }
            None => on_a_fleet(recording, arguments.fleet).await,
        };
        let played = played.with_context(|| name.clone())?;
        let wrong = played.differing.len();
        let right = played.played - wrong;
        let left_out = cases - played.played;
        print!("{}", played.render());
        println!("{name}: {right} passed, {wrong} failed, {left_out} skipped");
        passed += right;
        failed += wrong;
        skipped += left_out;
    }
    if !arguments.list {
        println!("all: {passed} passed, {failed} failed, {skipped} skipped");
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// On a fresh Miroir, started for this.
async fn on_a_fleet(recording: Recording, shape: FleetShape) -> anyhow::Result<Replay> {
    let fleet = Cluster::builder()
        .nodes(shape.nodes)
        .rf(shape.rf)
        .replica_groups(shape.rg)
        .shards(shape.shards)
        .start()
        .await?;
    let mut skip = recording::classes_to_skip(&fleet.nodes()[0].client()).await?;
    skip.retain(|class| class != recording::CLIENT_FACING);
    Ok(recording::replay(&recording.for_a_fleet(), &fleet.client(), &skip).await?)
}

/// On a server that runs already, emptied first.
async fn on_a_server(
    recording: Recording,
    client: &Client,
    arguments: &Arguments,
) -> anyhow::Result<Replay> {
    let recording = match client.get("/_miroir/ready").await?.status.is_success() {
        true => recording.for_a_fleet(),
        false => recording,
    };
    empty(client, arguments.wipe).await?;
    let skip = recording::classes_to_skip(client).await?;
    let recording = recording.for_a_used_server();
    Ok(recording::replay(&recording, client, &skip).await?)
}

/// Deletes every index and every key that was made, if that is allowed.
async fn empty(client: &Client, is_allowed: bool) -> anyhow::Result<()> {
    let indexes = results(client, "/indexes?limit=10000").await?;
    ensure!(
        indexes.is_empty() || is_allowed,
        "the server has indexes; --wipe deletes everything on it"
    );
    for index in indexes {
        let uid = index["uid"].as_str().context("an index has no uid")?;
        let task = client.delete(&format!("/indexes/{uid}")).await?;
        let task = task.task_uid().context("an index cannot be deleted")?;
        client.wait_task(task).await?;
    }
    for key in results(client, "/keys?limit=10000").await? {
        let is_made = |name: &str| !name.starts_with("Default ");
        let uid = key["uid"].as_str().context("a key has no uid")?;
        if key["name"].as_str().is_none_or(is_made) {
            client.delete(&format!("/keys/{uid}")).await?;
        }
    }
    // Embedded nodes have none to switch off.
    let off = json!({ "editDocumentsByFunction": false, "containsFilter": false });
    client.patch("/experimental-features", &off).await?;
    Ok(())
}

async fn results(client: &Client, path: &str) -> anyhow::Result<Vec<Value>> {
    let answer = client.get(path).await?;
    ensure!(
        answer.status.is_success(),
        "{path}: {} {}",
        answer.status,
        answer.text()
    );
    Ok(answer.json()?["results"]
        .as_array()
        .cloned()
        .unwrap_or_default())
}
