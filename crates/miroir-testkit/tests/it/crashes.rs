//! The proxy is killed at every step of every kind of write. What it leaves is one of the two legal states, its task comes to an
//! end that says which, and all copies are equal.

use std::os::unix::process::ExitStatusExt;

use http::{HeaderValue, Method, header};
use miroir_proxy::fault::Fault;
use miroir_testkit::client::{Client, ClientError, Response};
use miroir_testkit::cluster::Cluster;
use miroir_testkit::copies;
use serde_json::{Value, json};

use crate::fixture::{Fleet, fill, start, stored, succeed, until, until_status};

/// What a client does, each time to documents or an index of its own.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Add,
    Update,
    DeleteDocuments,
    FirstWrite,
    ChangeSettings,
    FirstSettings,
    SetPrimaryKey,
    CreateIndex,
    DeleteIndex,
    Swap,
    Rename,
    RenameAndSetPrimaryKey,
}

impl Deed {
    const ALL: [Self; 12] = [
        Self::Add,
        Self::Update,
        Self::DeleteDocuments,
        Self::FirstWrite,
        Self::ChangeSettings,
        Self::FirstSettings,
        Self::SetPrimaryKey,
        Self::CreateIndex,
        Self::DeleteIndex,
        Self::Swap,
        Self::Rename,
        Self::RenameAndSetPrimaryKey,
    ];

    /// What every deed passes that nodes are told of. The points of repairs and restarts have tests of their own.
    const OF_NODES: [Fault; 10] = [
        Fault::WriteSequenced,
        Fault::WriteRecorded,
        Fault::WriteKept,
        Fault::LegLeaves,
        Fault::LegAnswered,
        Fault::WriteJudged,
        Fault::WriteAcknowledged,
        Fault::NodeTaskEnded,
        Fault::TaskJudged,
        Fault::TaskEnded,
    ];

    const OF_NAMES: [Fault; 4] = [
        Fault::NamesSequenced,
        Fault::NamesRecorded,
        Fault::NamesAwaited,
        Fault::NamesExchanged,
    ];

    fn points(self) -> Vec<Fault> {
        match self {
            Self::Swap | Self::Rename => Self::OF_NAMES.to_vec(),
            Self::RenameAndSetPrimaryKey => {
                let of_names = [Fault::NamesAwaited, Fault::NamesExchanged];
                [&Self::OF_NODES[..], &of_names].concat()
            }
            Self::ChangeSettings | Self::FirstSettings => {
                [&Self::OF_NODES[..], &[Fault::SettingsReadBack]].concat()
            }
            _ => Self::OF_NODES.to_vec(),
        }
    }

    /// The index of case `number`.
    fn index(self, number: usize) -> String {
        match self {
            Self::Add | Self::Update | Self::DeleteDocuments | Self::ChangeSettings => {
                "stories".to_owned()
            }
            _ => format!("case-{number}"),
        }
    }

    async fn prepare(self, client: &Client, number: usize) {
        let index = self.index(number);
        let documents = format!("/indexes/{index}/documents");
        match self {
            Self::Update
            | Self::DeleteDocuments
            | Self::DeleteIndex
            | Self::Swap
            | Self::Rename => {
                let body = json!(batch(number, "before"));
                succeed(client, client.post(&documents, &body).await).await;
                if matches!(self, Self::Swap) {
                    let body = json!({ "uid": format!("{index}-other") });
                    succeed(client, client.post("/indexes", &body).await).await;
                }
            }
            Self::SetPrimaryKey | Self::RenameAndSetPrimaryKey => {
                let body = json!({ "uid": index });
                succeed(client, client.post("/indexes", &body).await).await;
            }
            Self::Add
            | Self::FirstWrite
            | Self::ChangeSettings
            | Self::FirstSettings
            | Self::CreateIndex => {}
        }
    }

    async fn act(self, client: &Client, number: usize) -> Result<Response, ClientError> {
        let index = self.index(number);
        let documents = format!("/indexes/{index}/documents");
        match self {
            Self::Add | Self::FirstWrite => {
                client
                    .post(&documents, &json!(batch(number, "after")))
                    .await
            }
            Self::Update => client.put(&documents, &json!(changes(number))).await,
            Self::DeleteDocuments => {
                let path = format!("{documents}/delete-batch");
                client.post(&path, &json!(ids(number))).await
            }
            Self::ChangeSettings | Self::FirstSettings => {
                let path = format!("/indexes/{index}/settings");
                client.patch(&path, &synonyms(number)).await
            }
            Self::SetPrimaryKey => {
                let path = format!("/indexes/{index}");
                client.patch(&path, &json!({ "primaryKey": "key" })).await
            }
            Self::CreateIndex => {
                let body = json!({ "uid": index, "primaryKey": "id" });
                client.post("/indexes", &body).await
            }
            Self::DeleteIndex => client.delete(&format!("/indexes/{index}")).await,
            Self::Swap => {
                let body = json!([{ "indexes": [index, format!("{index}-other")] }]);
                client.post("/swap-indexes", &body).await
            }
            Self::RenameAndSetPrimaryKey => {
                let body = json!({ "uid": format!("{index}-other"), "primaryKey": "key" });
                client.patch(&format!("/indexes/{index}"), &body).await
            }
            Self::Rename => {
                let body = json!({ "uid": format!("{index}-other") });
                client.patch(&format!("/indexes/{index}"), &body).await
            }
        }
    }

    /// Whether the deed is seen to have been done; panics at anything between.
    async fn is_done(self, client: &Client, number: usize) -> bool {
        let index = self.index(number);
        let before = batch(number, "before");
        match self {
            Self::Add => is_after(
                self.documents(client, number).await,
                &[],
                &batch(number, "after"),
            ),
            Self::Update => {
                let mut after = before.clone();
                for (document, change) in after.iter_mut().zip(changes(number)) {
                    document["patched"] = change["patched"].clone();
                }
                is_after(self.documents(client, number).await, &before, &after)
            }
            Self::DeleteDocuments => is_after(self.documents(client, number).await, &before, &[]),
            // One whose task has failed leaves an empty index, as on a server.
            Self::FirstWrite => {
                exists(client, &index).await
                    && is_after(
                        self.documents(client, number).await,
                        &[],
                        &batch(number, "after"),
                    )
            }
            Self::DeleteIndex => {
                !exists(client, &index).await || {
                    assert_eq!(
                        self.documents(client, number).await,
                        before,
                        "half an index"
                    );
                    false
                }
            }
            Self::ChangeSettings | Self::FirstSettings => {
                let path = format!("/indexes/{index}/settings");
                let answer = client.get(&path).await.expect("an answer");
                answer.json().expect("JSON")["synonyms"] == synonyms(number)["synonyms"]
            }
            Self::SetPrimaryKey => {
                let view = client.get(&format!("/indexes/{index}")).await;
                view.expect("an answer").json().expect("JSON")["primaryKey"] == "key"
            }
            Self::CreateIndex => exists(client, &index).await,
            Self::RenameAndSetPrimaryKey => {
                let list = client.get("/indexes?limit=1000").await.expect("an answer");
                let list = list.json().expect("JSON");
                let listed = list["results"].as_array().expect("indexes").iter();
                let names = [index.clone(), format!("{index}-other")];
                let found: Vec<(bool, &Value)> = listed
                    .filter(|view| names.iter().any(|name| view["uid"] == **name))
                    .map(|view| (view["uid"] == *names[1], &view["primaryKey"]))
                    .collect();
                let is_done = found == [(true, &json!("key"))];
                assert!(
                    is_done || found == [(false, &Value::Null)],
                    "half of it: {found:?}"
                );
                is_done
            }
            Self::Swap | Self::Rename => {
                let other = format!("{index}-other");
                let mut counts = Vec::new();
                for name in [&index, &other] {
                    counts.push(match exists(client, name).await {
                        true => Some(found(client, name, &ids(number)).await.len()),
                        false => None,
                    });
                }
                let before = matches!(self, Self::Swap).then_some(0);
                let is_done = counts == [before, Some(2)];
                assert!(
                    is_done || counts == [Some(2), before],
                    "half of it: {counts:?}"
                );
                is_done
            }
        }
    }

    /// The documents of the case, as a read shows them.
    async fn documents(self, client: &Client, number: usize) -> Vec<Value> {
        found(client, &self.index(number), &ids(number)).await
    }
}

/// Those of the documents that an index has.
async fn found(client: &Client, index: &str, ids: &[usize]) -> Vec<Value> {
    let path = format!("/indexes/{index}/documents/fetch");
    let answer = client.post(&path, &json!({ "ids": ids })).await;
    let view = answer.expect("an answer").json().expect("JSON");
    let mut found = view["results"].as_array().expect("documents").clone();
    found.sort_by_key(|document| document["id"].as_u64());
    found
}

/// Documents that no other case has: so few that some nodes get none.
fn ids(number: usize) -> Vec<usize> {
    (0..2).map(|place| 1000 * number + place).collect()
}

fn batch(number: usize, mark: &str) -> Vec<Value> {
    let document = |id| json!({ "id": id, "mark": mark });
    ids(number).into_iter().map(document).collect()
}

fn changes(number: usize) -> Vec<Value> {
    let change = |id| json!({ "id": id, "patched": true });
    ids(number).into_iter().map(change).collect()
}

fn synonyms(number: usize) -> Value {
    json!({ "synonyms": { (format!("word{number}")): ["other"] } })
}

fn is_after(found: Vec<Value>, before: &[Value], after: &[Value]) -> bool {
    assert!(found == before || found == after, "half a write: {found:?}");
    found == after
}

async fn exists(client: &Client, index: &str) -> bool {
    let answer = client.get(&format!("/indexes/{index}")).await;
    let answer = answer.expect("an answer");
    assert!(
        [200, 404].contains(&answer.status.as_u16()),
        "{}",
        answer.text()
    );
    answer.status == 200
}

/// The newest task of clients.
async fn newest_task(client: &Client) -> Value {
    let answer = client.get("/tasks?limit=1").await.expect("an answer");
    answer.json().expect("JSON")["results"][0].clone()
}

/// Waits until every task has ended and no copy is stale.
async fn until_settled(fleet: &Cluster, client: &Client) {
    until("every task has ended", async || {
        let tasks = client.get("/tasks?limit=1000").await.expect("an answer");
        let tasks = tasks.json().expect("JSON");
        let mut tasks = tasks["results"].as_array().expect("tasks").iter();
        tasks.all(|task| task["status"] == "succeeded" || task["status"] == "failed")
    })
    .await;
    until("no copy is stale", async || {
        let view = fleet
            .admin()
            .with_fresh_connections()
            .get("/_miroir/topology")
            .await;
        let view = view.expect("an answer").json().expect("JSON");
        let nodes = view["nodes"].as_array().expect("nodes");
        nodes
            .iter()
            .all(|node| node["status"] == "healthy" && node["stale_shards"] == 0)
    })
    .await;
}

/// The same on every node: documents copy by copy, and which indexes there are with which settings.
async fn assert_equal_copies(fleet: &Cluster, index: Option<&str>) {
    if let Some(index) = index {
        let copies = copies::read(fleet, index, "id").await.expect("answers");
        assert_eq!(copies.differences, Vec::<String>::new());
    }
    let mut views = Vec::new();
    for node in fleet.nodes() {
        let client = node.client();
        let list = client.get("/indexes?limit=1000").await.expect("an answer");
        let list = list.json().expect("JSON");
        let mut view = Vec::new();
        for index in list["results"].as_array().expect("indexes") {
            let uid = index["uid"].as_str().expect("a uid").to_owned();
            // A twin that was only asked may know a change that was never made.
            if !uid.starts_with("miroir__") && !uid.ends_with("__twin") {
                let settings = client.get(&format!("/indexes/{uid}/settings")).await;
                let settings = settings.expect("an answer").json().expect("JSON");
                view.push((uid, index["primaryKey"].clone(), settings));
            }
        }
        view.sort_by(|left, right| left.0.cmp(&right.0));
        views.push(view);
    }
    for view in &views[1..] {
        assert_eq!(*view, views[0]);
    }
}

async fn crash(fleet: &mut Fleet, client: &Client, deed: Deed, fault: Fault, number: usize) {
    deed.prepare(client, number).await;
    assert!(!deed.is_done(client, number).await, "nothing to do");
    let last = newest_task(client).await["uid"].as_u64();

    fleet.proxy().die_at(fault).expect("the file is written");
    let answer = deed.act(client, number).await;
    let end = fleet
        .proxy()
        .wait_end()
        .await
        .expect("a child can be asked");
    assert_eq!(
        end.and_then(|end| end.signal()),
        Some(9),
        "{deed:?} does not pass {}",
        fault.name()
    );
    fleet.restart_proxy().await.expect("it starts again");
    until_settled(fleet, client).await;

    let newest = newest_task(client).await;
    let task = Some(&newest).filter(|task| task["uid"].as_u64() > last);
    let has_succeeded = task.is_some_and(|task| task["status"] == "succeeded");
    // Whichever copy is asked.
    for _ in 0..4 {
        let is_done = deed.is_done(client, number).await;
        assert_eq!(is_done, has_succeeded, "{newest:#}");
    }
    let told = answer.ok().map(|answer| {
        assert_eq!(answer.status, 202, "{}", answer.text());
        answer.task_uid()
    });
    if let Some(told) = told {
        assert_eq!(told, newest["uid"].as_u64(), "{newest:#}");
        assert!(has_succeeded, "an acknowledged write is lost: {newest:#}");
    }
    let reaches_nodes = match fault {
        Fault::WriteSequenced
        | Fault::WriteRecorded
        | Fault::WriteKept
        | Fault::LegLeaves
        | Fault::NamesSequenced => false,
        // The first answer of a first write is that to the creation of the index.
        Fault::LegAnswered => !matches!(deed, Deed::FirstWrite),
        _ => true,
    };
    assert!(
        has_succeeded || !reaches_nodes,
        "every node is there: {newest:#}"
    );
    let index = deed.index(number);
    let holds_documents = match deed {
        Deed::FirstWrite => has_succeeded,
        _ => index == "stories",
    };
    let compared = Some(index.as_str()).filter(|_| holds_documents);
    assert_equal_copies(fleet, compared).await;
}

#[tokio::test]
async fn a_write_that_was_cut_off_is_whole_or_nothing() {
    let mut fleet = start(Cluster::builder().nodes(3).rf(2).shards(16)).await;
    let client = fleet.client().with_fresh_connections();
    fill(&client, 20).await;
    let mut number = 0;
    for deed in Deed::ALL {
        for fault in deed.points() {
            number += 1;
            crash(&mut fleet, &client, deed, fault, number).await;
        }
    }
}

/// One node has its part of a write, and the others have not, when the process ends.
#[tokio::test]
async fn a_write_that_one_node_has_got_is_not_left_at_that() {
    let mut fleet = start(Cluster::builder().nodes(3).rf(2).shards(16)).await;
    let client = fleet.client().with_fresh_connections();
    fill(&client, 40).await;
    let documents = "/indexes/stories/documents";
    let batch: Vec<Value> = (20..60)
        .map(|id| json!({ "id": id, "mark": "new" }))
        .collect();
    let ids: Vec<usize> = (0..30).collect();
    let csv = (100..140).map(|id| format!("{id},csv\n"));
    let csv = format!("id:number,mark\n{}", csv.collect::<String>());
    for deed in 0..3 {
        for position in [1, 2] {
            fleet.node(position).freeze().unwrap();
        }
        let newest = |view: Value| view["results"][0]["customMetadata"].clone();
        let tasks = "/tasks?limit=1";
        let before = newest(
            fleet.nodes()[0]
                .client()
                .get(tasks)
                .await
                .unwrap()
                .json()
                .unwrap(),
        );
        let writer = client.clone();
        let (batch, ids, csv) = (json!(batch), json!(ids), csv.clone());
        let writes = tokio::spawn(async move {
            match deed {
                0 => writer.put(documents, &batch).await,
                1 => {
                    let path = format!("{documents}/delete-batch");
                    writer.post(&path, &ids).await
                }
                _ => {
                    let kind = HeaderValue::from_static("text/csv");
                    let headers = [(header::CONTENT_TYPE, kind)];
                    writer
                        .send(Method::POST, documents, &headers, csv.into())
                        .await
                }
            }
        });
        until("one node has it", async || {
            let view = fleet.nodes()[0].client().get(tasks).await.unwrap();
            newest(view.json().unwrap()) != before
        })
        .await;
        fleet.kill_proxy().unwrap();
        writes.abort();
        // What was in their sockets goes with them.
        for position in [1, 2] {
            fleet.node(position).restart().await.unwrap();
        }
        fleet.restart_proxy().await.unwrap();
        until_settled(&fleet, &client).await;
        let task = newest_task(&client).await;
        assert_eq!(task["status"], "succeeded", "{task:#}");
        assert_equal_copies(&fleet, Some("stories")).await;
    }
    let found = client.get(&format!("{documents}?limit=1000")).await;
    let found = found.unwrap().json().unwrap();
    let mut found: Vec<(u64, Value)> = found["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|document| (document["id"].as_u64().unwrap(), document["mark"].clone()))
        .collect();
    found.sort_by_key(|(id, _)| *id);
    let expected: Vec<(u64, Value)> = (30..60)
        .map(|id| (id, json!("new")))
        .chain((100..140).map(|id| (id, json!("csv"))))
        .collect();
    assert_eq!(found, expected);
}

/// A client that does not wait for one task before the next begins, as most do.
#[tokio::test]
async fn settings_and_the_first_documents_do_not_overwrite_each_other() {
    let mut fleet = start(Cluster::builder().nodes(1).shards(8)).await;
    let client = fleet.client().with_fresh_connections();
    let count = 30;
    let mut last = Vec::new();
    for number in 0..count {
        let uid = format!("shop-{number}");
        client
            .post("/indexes", &json!({ "uid": uid }))
            .await
            .unwrap();
        let settings = format!("/indexes/{uid}/settings");
        client.patch(&settings, &synonyms(number)).await.unwrap();
        let documents = format!("/indexes/{uid}/documents");
        let added = client
            .post(&documents, &json!([{ "sku_id": number }]))
            .await;
        last.push(added.unwrap().task_uid().unwrap());
    }
    for uid in last {
        assert_eq!(client.wait_task(uid).await.unwrap()["status"], "succeeded");
    }
    for restarted in [false, true] {
        if restarted {
            fleet.restart_proxy().await.unwrap();
        }
        for number in 0..count {
            let index = format!("/indexes/shop-{number}");
            let view = client.get(&index).await.unwrap().json().unwrap();
            assert_eq!(view["primaryKey"], "sku_id", "{view}");
            let settings = client.get(&format!("{index}/settings")).await.unwrap();
            let settings = settings.json().unwrap();
            assert_eq!(settings["synonyms"], synonyms(number)["synonyms"]);
        }
    }
}

/// Two first writes are on their way to nodes that never get them.
#[tokio::test]
async fn first_writes_that_no_node_got_come_to_an_end() {
    let mut fleet = start(Cluster::builder().nodes(2).rf(2).shards(8)).await;
    let client = fleet.client().with_fresh_connections();
    fill(&client, 5).await;
    for position in 0..2 {
        fleet.node(position).freeze().unwrap();
    }
    for number in 0..2 {
        let writer = client.clone();
        tokio::spawn(async move {
            let body = json!([{ "id": number }]);
            writer.post("/indexes/fresh/documents", &body).await
        });
        until("the task is durable", async || {
            let open = client.get("/tasks?statuses=enqueued").await.unwrap();
            open.json().unwrap()["total"] == number + 1
        })
        .await;
    }
    fleet.kill_proxy().unwrap();
    // What was in their sockets goes with them.
    for position in 0..2 {
        fleet.node(position).restart().await.unwrap();
    }
    fleet.restart_proxy().await.unwrap();
    let documents = "/indexes/fresh/documents";
    succeed(&client, client.post(documents, &json!([{ "id": 7 }])).await).await;
    until_settled(&fleet, &client).await;
    let found = client.get(documents).await.unwrap().json().unwrap();
    assert_eq!(found["results"], json!([{ "id": 7 }]), "{found}");
    let search = client
        .post("/indexes/fresh/search", &json!({ "q": "" }))
        .await;
    assert_eq!(search.unwrap().json().unwrap()["estimatedTotalHits"], 1);
    assert_equal_copies(&fleet, Some("fresh")).await;
}

/// The first write to an index is refused, while another one that was sequenced behind it is acknowledged.
#[tokio::test]
async fn what_was_acknowledged_outlives_a_refused_first_write() {
    let mut fleet = start(Cluster::builder().nodes(2).shards(8)).await;
    let client = fleet.client().with_fresh_connections();
    fill(&client, 40).await;
    let alive: Vec<u64> = stored(&fleet.nodes()[0]).await.into_keys().collect();
    fleet.node(1).kill().unwrap();
    until_status(&fleet, "node-1", "failed").await;
    let everything: Vec<Value> = (0..40).map(|id| json!({ "id": id })).collect();
    let mut acknowledged = Vec::new();
    for (number, id) in alive.iter().enumerate().take(10) {
        let documents = format!("/indexes/shared-{number}/documents");
        let few = json!([{ "id": id }]);
        let all = json!(everything);
        let (first, second) =
            tokio::join!(client.post(&documents, &all), client.post(&documents, &few));
        assert_eq!(first.unwrap().status, 503, "half of it has nowhere to go");
        let second = second.unwrap();
        // Or it came when the first had been refused already, and what it relies on was not there either.
        if second.status != 503 {
            let path = format!("{documents}/{id}");
            acknowledged.push((second.task_uid().unwrap(), path));
        }
    }
    for (task, path) in &acknowledged {
        let task = client.wait_task(*task).await.unwrap();
        assert_eq!(task["status"], "succeeded", "{task}");
        assert_eq!(client.get(path).await.unwrap().status, 200, "{path}");
    }
    fleet.node(1).restart().await.unwrap();
    until_settled(&fleet, &client).await;
    for (_, path) in &acknowledged {
        assert_eq!(client.get(path).await.unwrap().status, 200, "{path}");
    }
}

/// The repair of a copy is cut off where it has done something that it has not told anybody.
#[tokio::test]
async fn a_repair_that_was_cut_off_is_begun_anew() {
    let mut fleet = start(Cluster::builder().nodes(2).rf(2).shards(8)).await;
    let client = fleet.client().with_fresh_connections();
    fill(&client, 40).await;
    for (round, fault) in [Fault::CopySent, Fault::CopyProven, Fault::CopyCleared]
        .into_iter()
        .enumerate()
    {
        fleet.node(1).kill().unwrap();
        let documents = "/indexes/stories/documents";
        let change = json!([{ "id": 1, "round": round }, { "id": 100 + round }]);
        succeed(&client, client.put(documents, &change).await).await;
        let gone = client.delete(&format!("{documents}/{}", 10 + round)).await;
        succeed(&client, gone).await;
        fleet.proxy().die_at(fault).unwrap();
        fleet.node(1).restart().await.unwrap();
        let end = fleet.proxy().wait_end().await.unwrap();
        assert_eq!(
            end.and_then(|end| end.signal()),
            Some(9),
            "the point is passed"
        );
        fleet.restart_proxy().await.unwrap();
        for _ in 0..6 {
            let document = client.get(&format!("{documents}/1")).await.unwrap();
            assert_eq!(document.json().unwrap()["round"], round);
            let gone = format!("{documents}/{}", 10 + round);
            assert_eq!(client.get(&gone).await.unwrap().status, 404);
        }
        until_settled(&fleet, &client).await;
        assert_equal_copies(&fleet, Some("stories")).await;
    }
}

/// A process that dies while it takes up what another one left leaves no less.
#[tokio::test]
async fn a_restart_that_was_cut_off_is_begun_anew() {
    let mut fleet = start(Cluster::builder().nodes(2).rf(2).shards(8)).await;
    let client = fleet.client().with_fresh_connections();
    fill(&client, 20).await;
    for (number, deed) in [
        Deed::Add,
        Deed::FirstWrite,
        Deed::DeleteIndex,
        Deed::ChangeSettings,
    ]
    .into_iter()
    .enumerate()
    {
        deed.prepare(&client, number).await;
        fleet.proxy().die_at(Fault::WriteAcknowledged).unwrap();
        assert!(
            deed.act(&client, number).await.is_err(),
            "it dies before it answers"
        );
        fleet.proxy().wait_end().await.unwrap();
        for fault in [Fault::TaskResumed, Fault::NodeTaskEnded, Fault::TaskJudged] {
            fleet.proxy().die_at(fault).unwrap();
            fleet.proxy().respawn().unwrap();
            let end = fleet.proxy().wait_end().await.unwrap();
            assert_eq!(
                end.and_then(|end| end.signal()),
                Some(9),
                "{deed:?} {}",
                fault.name()
            );
        }
        fleet.restart_proxy().await.unwrap();
        until_settled(&fleet, &client).await;
        assert!(deed.is_done(&client, number).await, "{deed:?}");
        assert_eq!(newest_task(&client).await["status"], "succeeded");
    }
}
