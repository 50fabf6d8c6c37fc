//! The proxy dies and comes back, or is told to go: no task is lost, and nothing that has begun is cut off.

use std::collections::BTreeSet;
use std::time::Duration;

use miroir_testkit::cluster::{Cluster, MASTER_KEY};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::fixture::{fill, page, search, start, until};

#[tokio::test]
async fn tasks_survive_a_killed_proxy() {
    let mut fleet = start(Cluster::builder().nodes(2).rf(2).shards(8)).await;
    let client = fleet.client().with_fresh_connections();
    fill(&client, 10).await;
    let mut acknowledged = Vec::new();
    for round in 0..6_u64 {
        let write = |number: u64| {
            let client = client.clone();
            let body = json!([{ "id": 1000 + round * 10 + number, "colour": "violet" }]);
            tokio::spawn(async move { client.post("/indexes/stories/documents", &body).await })
        };
        let first = write(0).await.unwrap().unwrap();
        acknowledged.push((1000 + round * 10, first.task_uid().unwrap()));
        // These are somewhere between the socket and the nodes when the end comes.
        let others: Vec<_> = (1..4).map(|number| (number, write(number))).collect();
        tokio::task::yield_now().await;
        fleet.kill_proxy().unwrap();
        for (number, other) in others {
            if let Ok(answer) = other.await.unwrap() {
                let uid = answer
                    .task_uid()
                    .unwrap_or_else(|| panic!("{}", answer.text()));
                acknowledged.push((1000 + round * 10 + number, uid));
            }
        }
        fleet.restart_proxy().await.unwrap();
    }

    let uids: Vec<u64> = acknowledged.iter().map(|(_, uid)| *uid).collect();
    assert_eq!(
        uids.iter().collect::<BTreeSet<_>>().len(),
        uids.len(),
        "{uids:?}"
    );
    for round in acknowledged
        .chunk_by(|left, right| left.0 / 10 == right.0 / 10)
        .collect::<Vec<_>>()
        .windows(2)
    {
        let newest = round[0].iter().map(|(_, uid)| uid).max();
        assert!(
            round[1].iter().all(|(_, uid)| Some(uid) > newest),
            "{uids:?}"
        );
    }
    for (id, uid) in acknowledged {
        let task = client.wait_task(uid).await.unwrap();
        assert_eq!(task["status"], "succeeded", "{task:#}");
        let document = client
            .get(&format!("/indexes/stories/documents/{id}"))
            .await
            .unwrap();
        assert_eq!(document.status, 200, "document {id} of task {uid}");
    }
    until("every task has ended", async || {
        let open = client
            .get("/tasks?statuses=enqueued,processing")
            .await
            .unwrap();
        open.json().unwrap()["total"] == 0
    })
    .await;
    // Both copies are the same: a search answers alike whichever it asks.
    let question = json!({ "filter": "colour = violet", "limit": 100 });
    let first = page(&search(&client, &question).await);
    for _ in 0..6 {
        assert_eq!(page(&search(&client, &question).await), first);
    }
}

#[tokio::test]
async fn a_request_in_flight_is_answered_before_the_proxy_stops() {
    let mut fleet = start(Cluster::builder().nodes(2).shards(8)).await;
    let client = fleet.client();
    fill(&client, 50).await;
    let address = fleet.proxy_url().replace("http://", "");
    let body = json!({ "q": "", "limit": 3 }).to_string();
    let head = format!(
        "POST /indexes/stories/search HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {MASTER_KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server asks for the body, so it has begun to work on the request.
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");

    let finish_request = async {
        until("the proxy accepts nobody", async || {
            TcpStream::connect(&address).await.is_err()
        })
        .await;
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let read =
            tokio::time::timeout(Duration::from_secs(30), stream.read_to_string(&mut answer));
        read.await.expect("the connection is closed").unwrap();
        answer
    };
    let (stopped, answer) = tokio::join!(fleet.stop_proxy(), finish_request);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains(r#""estimatedTotalHits":50"#), "{answer}");
    assert!(stopped.unwrap().success());
}

#[tokio::test]
async fn a_stopped_proxy_has_lost_nothing() {
    let mut fleet = start(Cluster::builder().nodes(2).rf(2).shards(8)).await;
    let client = fleet.client().with_fresh_connections();
    fill(&client, 10).await;
    let mut uids = Vec::new();
    for id in 100..110 {
        let added = client
            .post("/indexes/stories/documents", &json!([{ "id": id }]))
            .await;
        uids.push(added.unwrap().task_uid().unwrap());
    }
    assert!(fleet.stop_proxy().await.unwrap().success());
    fleet.restart_proxy().await.unwrap();
    for uid in uids {
        assert_eq!(client.wait_task(uid).await.unwrap()["status"], "succeeded");
    }
    assert_eq!(
        page(&search(&client, &json!({ "limit": 100 })).await)["estimatedTotalHits"],
        20
    );
}
