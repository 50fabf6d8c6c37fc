//! The edge of a fleet under what clients send: answers in the encoding they ask for, a limit of requests at once, and
//! connections that bring nothing. What a server answers at its edge is recorded; see `fleet_recordings`.

use std::time::Duration;

use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderValue};
use http::{HeaderName, Method};
use miroir_testkit::client::{Client, Response};
use miroir_testkit::cluster::{Cluster, MASTER_KEY};
use miroir_testkit::edge::{self, Abuse, Limit};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fixture::{fill, search, start, until};

async fn ask_for(client: &Client, encodings: &'static str) -> Response {
    let headers: [(HeaderName, HeaderValue); 1] =
        [(ACCEPT_ENCODING, HeaderValue::from_static(encodings))];
    let answer = client.send(
        Method::GET,
        "/indexes/stories/documents",
        &headers,
        "".into(),
    );
    answer.await.expect("an answer")
}

#[tokio::test]
async fn answers_come_in_the_encoding_that_a_client_prefers() {
    let fleet = start(Cluster::builder()).await;
    let client = fleet.client();
    fill(&client, 20).await;
    let plain = ask_for(&client, "identity").await;
    assert_eq!(plain.header("content-encoding"), None);
    // The first bytes of each format; `br` has none of its own.
    let encodings: [(&str, &str, &[u8]); 4] = [
        ("gzip", "gzip", &[0x1f, 0x8b]),
        ("deflate", "deflate", &[0x78]),
        ("br", "br", &[]),
        ("gzip, deflate, br", "br", &[]),
    ];
    for (asked, given, magic) in encodings {
        let answer = ask_for(&client, asked).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-encoding"), Some(given), "{asked}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(answer.body.starts_with(magic), "{asked}");
        assert!(answer.body.len() < plain.body.len() / 2, "{asked}");
    }
    let unknown = ask_for(&client, "zstd, nonsense").await;
    assert_eq!(unknown.body, plain.body);
}

#[tokio::test]
async fn requests_wait_for_their_turn_and_too_many_are_sent_away() {
    let fleet = Cluster::builder()
        .config("server.max_concurrent_requests", 1)
        .config("server.max_queued_requests", 1);
    let mut fleet = start(fleet).await;
    let client = fleet.client();
    fill(&client, 10).await;
    // A body that never ends takes no place.
    let mut endless = TcpStream::connect(fleet.proxy_url().trim_start_matches("http://"))
        .await
        .expect("a connection");
    let head = format!(
        "POST /indexes/stories/search HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {MASTER_KEY}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    );
    endless.write_all(head.as_bytes()).await.expect("sent");
    assert_eq!(search(&client, &json!({})).await.status, 200);

    fleet.node(0).freeze().expect("it stops");
    let pending: Vec<_> = (0..2)
        .map(|_| {
            let client = client.with_fresh_connections();
            tokio::spawn(async move { search(&client, &json!({})).await.status })
        })
        .collect();
    let mut turned_away = None;
    until("a third request is sent away", async || {
        // Until both others are there it waits itself, and is given up.
        let impatient = client
            .with_fresh_connections()
            .with_timeout(Duration::from_millis(200));
        let answer = impatient.post("/indexes/stories/search", &json!({})).await;
        turned_away = answer.ok().filter(|answer| answer.status == 503);
        turned_away.is_some()
    })
    .await;
    let answer = turned_away.expect("it was");
    let error = answer.json().expect("JSON");
    assert_eq!(error["code"], "too_many_search_requests");
    assert_eq!(answer.header("retry-after"), Some("10"));
    // Whoever has no business here neither waits nor counts, and health is always told.
    let stranger = client.with_key(Some("nothing"));
    assert_eq!(search(&stranger, &json!({})).await.status, 403);
    let health = client.get("/health").await.expect("an answer");
    assert_eq!(health.status, 200);

    fleet.node(0).thaw().expect("it goes on");
    for request in pending {
        request.await.expect("no panic");
    }
    until("places are free again", async || {
        search(&client, &json!({})).await.status == 200
    })
    .await;
}

/// A minute of it by hand: `edge --seconds 60`.
#[tokio::test]
async fn nonsense_is_answered_as_such_and_reaches_no_node() {
    let limit = Limit {
        requests: 1_500,
        time: Duration::from_secs(60),
    };
    let report = edge::run(7, limit).await.expect("a fleet");
    assert!(
        report.findings.is_empty(),
        "{report}: {:#?}",
        report.findings
    );
    let [_, _, good, _, refused, _] = report.classes;
    assert!(good > 20 && refused > 100, "{report}");
}

/// More of it by hand: `edge --connections 2000`.
#[tokio::test]
async fn connections_that_only_take_keep_nobody_waiting() {
    let abuse = Abuse {
        connections: 300,
        endless: 2,
        wrong_keys: 1_000,
        good: 50,
    };
    let outcome = edge::abuse(&abuse).await.expect("a fleet");
    assert!(outcome.failed.is_empty(), "{outcome}: {:?}", outcome.failed);
    assert!(outcome.let_in.is_empty(), "{outcome}: {:?}", outcome.let_in);
    assert_eq!(outcome.oversize, 0, "{outcome}");
    assert!(outcome.memory < 200 * 1024 * 1024, "{outcome}");
}

#[tokio::test]
async fn silent_connections_and_bad_heads_hold_nobody_up() {
    let fleet = start(Cluster::builder()).await;
    let address = fleet.proxy_url().trim_start_matches("http://").to_owned();
    let mut silent = Vec::new();
    for number in 0..200 {
        let mut stream = TcpStream::connect(&address).await.expect("a connection");
        if number % 2 == 0 {
            let half = b"POST /indexes HTTP/1.1\r\nhost: x\r\n";
            stream.write_all(half).await.expect("sent");
        }
        silent.push(stream);
    }
    let long = "a".repeat(80 * 1024);
    let heads = [
        ("garbage\r\n\r\n".to_owned(), "400"),
        (format!("GET /health HTTP/1.1\r\nx: {long}\r\n\r\n"), "431"),
        (
            format!("GET /health HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(150)),
            "431",
        ),
        (
            "POST /indexes HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n".to_owned(),
            "400",
        ),
    ];
    for (head, status) in heads {
        let mut stream = TcpStream::connect(&address).await.expect("a connection");
        // The other side may have answered and gone before it has read everything.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.expect("an answer");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert_eq!(answer, format!("HTTP/1.1 {status}"));
    }
    let health = fleet.client().get("/health").await.expect("an answer");
    assert_eq!(health.status, 200);
    // A body that comes late is read although nobody wants it, and the connection stays of use.
    let mut refused = TcpStream::connect(&address).await.expect("a connection");
    for _ in 0..5 {
        let head = b"POST /indexes HTTP/1.1\r\nhost: x\r\nauthorization: Bearer wrong\r\ncontent-length: 2\r\n\r\n";
        refused.write_all(head).await.expect("sent");
        refused.flush().await.expect("sent");
        tokio::task::yield_now().await;
        refused.write_all(b"{}").await.expect("sent");
        let mut answer = [0; 1024];
        let length = refused.read(&mut answer).await.expect("an answer");
        let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    }
    let with_type = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    let wrong = fleet.client().with_key(Some("wrong"));
    for _ in 0..100 {
        let answer = wrong.send(Method::POST, "/indexes", &with_type, "{".into());
        assert_eq!(answer.await.expect("an answer").status, 403);
    }
    drop(silent);
}
