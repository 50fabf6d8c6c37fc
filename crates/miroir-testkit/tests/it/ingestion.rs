//! Bodies as clients send them: compressed, chunked, long.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use http::{HeaderName, HeaderValue, Method};
use miroir_testkit::client::{Client, Response};
use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::fixture::{Fleet, start, succeed};

fn compressed(encoding: &str, body: &[u8]) -> Vec<u8> {
    match encoding {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(body).expect("memory takes everything");
            encoder.finish().expect("memory takes everything")
        }
        "deflate" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(body).expect("memory takes everything");
            encoder.finish().expect("memory takes everything")
        }
        "br" => {
            let mut out = Vec::new();
            let mut encoder = brotli::CompressorWriter::new(&mut out, 4096, 4, 20);
            encoder.write_all(body).expect("memory takes everything");
            drop(encoder);
            out
        }
        _ => body.to_vec(),
    }
}

async fn send(client: &Client, path: &str, kind: &str, encoding: &str, body: Vec<u8>) -> Response {
    let header = |name: &'static str, value: &str| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_str(value).expect("a header"),
        )
    };
    let headers = [
        header("content-type", kind),
        header("content-encoding", encoding),
    ];
    client
        .send(Method::POST, path, &headers, body.into())
        .await
        .expect("the proxy answers")
}

const DOCUMENTS: &str = "/indexes/stories/documents";
const JSON: &str = "application/json";

/// Statuses and texts are those of a 1.50 server with the same limit.
#[tokio::test]
async fn encoded_bodies_are_taken_and_refused_as_a_server_does() {
    let fleet = start(
        Cluster::builder()
            .nodes(2)
            .shards(8)
            .config("server.max_body_bytes", 2000),
    )
    .await;
    let client = fleet.client();
    let documents: Vec<Value> = (0..5)
        .map(|id| json!({ "id": id, "t": "x".repeat(50) }))
        .collect();
    let many: Vec<Value> = (0..60)
        .map(|id| json!({ "id": id, "t": "x".repeat(50) }))
        .collect();
    let (documents, many) = (json!(documents).to_string(), json!(many).to_string());
    let question = json!({ "q": "x" }).to_string();
    let long_question = json!({ "q": "hello".repeat(800) }).to_string();
    let expect = |answer: Response, status: u16, text: &str| {
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(
            answer.text().contains(text),
            "{} lacks {text}",
            answer.text()
        );
    };
    for encoding in ["gzip", "GZIP", "deflate", "br", "identity", "zstd"] {
        let plain = encoding.to_ascii_lowercase();
        let body = |text: &str| compressed(&plain, text.as_bytes());
        succeed(
            &client,
            Ok(send(&client, DOCUMENTS, JSON, encoding, body(&documents)).await),
        )
        .await;
        expect(
            send(&client, DOCUMENTS, JSON, encoding, body(&many)).await,
            413,
            "The provided payload reached the size limit. The maximum accepted payload size is 2 KB.",
        );
        expect(
            send(
                &client,
                "/indexes/stories/search",
                JSON,
                encoding,
                body(&question),
            )
            .await,
            200,
            "hits",
        );
        if ["gzip", "deflate", "br"].contains(&encoding) {
            expect(
                send(
                    &client,
                    "/indexes/stories/search",
                    JSON,
                    encoding,
                    body(&long_question),
                )
                .await,
                413,
                "JSON payload has exceeded limit (2000 bytes).",
            );
        }
    }
    let incomplete = "The provided payload is incomplete and cannot be parsed";
    let mut cut = compressed("gzip", documents.as_bytes());
    cut.truncate(cut.len() - 6);
    expect(
        send(&client, DOCUMENTS, JSON, "gzip", cut.clone()).await,
        400,
        incomplete,
    );
    expect(
        send(&client, DOCUMENTS, JSON, "gzip", b"garbage".to_vec()).await,
        400,
        incomplete,
    );
    expect(
        send(&client, DOCUMENTS, JSON, "deflate", b"garbage".to_vec()).await,
        400,
        incomplete,
    );
    expect(
        send(&client, "/indexes/stories/search", JSON, "gzip", cut).await,
        400,
        "payload reached EOF before completing: Some(Custom { kind: InvalidInput, error: \\\"corrupt gzip stream does not have a matching checksum\\\" })",
    );
    expect(
        send(&client, DOCUMENTS, JSON, "gzip", compressed("gzip", b"")).await,
        400,
        "missing_payload",
    );
    expect(
        send(
            &client,
            DOCUMENTS,
            JSON,
            "x-gzip",
            compressed("gzip", b"[]"),
        )
        .await,
        400,
        "malformed_payload",
    );

    // Other forms of documents, with every parameter.
    let lines = "{\"key\":1,\"price\":1.0}\n{\"key\":\"two\",\"price\":12345678901234567890}\n";
    let path = "/indexes/priced/documents?primaryKey=key&customMetadata=mine";
    let body = compressed("gzip", lines.as_bytes());
    let task = succeed(
        &client,
        Ok(send(&client, path, "application/x-ndjson", "gzip", body).await),
    )
    .await;
    assert_eq!(task["customMetadata"], "mine");
    assert_eq!(
        task["details"],
        json!({ "receivedDocuments": 2, "indexedDocuments": 2 })
    );
    let path = "/indexes/priced/documents?csvDelimiter=%3B&skipCreation=true";
    let body = compressed("br", b"key;price:number\n1;3.5\nthree;4\n");
    succeed(
        &client,
        Ok(send(&client, path, "text/csv", "br", body).await),
    )
    .await;
    let shown = client.get("/indexes/priced/documents").await.unwrap();
    let shown = shown.json().unwrap();
    assert_eq!(shown["total"], 2, "{shown}");
    let first = shown["results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["key"] == "1")
        .unwrap();
    assert_eq!(first["price"], json!(3.5));
    let raw = client
        .get("/indexes/priced/documents/two")
        .await
        .unwrap()
        .text();
    assert!(raw.contains("12345678901234567890"), "{raw}");
}

/// A field of `/proc/<proxy>/status`, in bytes.
fn memory(fleet: &mut Fleet, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", fleet.proxy().id()))
        .expect("the proxy runs");
    let line = status
        .lines()
        .find(|line| line.starts_with(field))
        .expect("a field");
    let kilobytes = line.split_whitespace().nth(1).expect("a number");
    kilobytes.parse::<u64>().expect("a number") * 1024
}

/// Twice the body and a little: the body itself, and what is on its way to the nodes. `MIROIR_BODY_BYTES=100000000` plays it with
/// the longest one.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_long_body_is_in_memory_once_however_many_copies_it_goes_to() {
    let bytes = std::env::var("MIROIR_BODY_BYTES").ok();
    let bytes = bytes
        .and_then(|bytes| bytes.parse().ok())
        .unwrap_or(16_000_000_usize);
    let mut fleet = start(Cluster::builder().nodes(3).rf(3).shards(8)).await;
    let client = fleet.client();
    let body = |range: std::ops::Range<usize>| {
        let lines =
            range.map(|id| format!("{{\"id\":{id},\"text\":\"{}\"}}\n", "word ".repeat(200)));
        lines.collect::<String>()
    };
    let warm = send(
        &client,
        DOCUMENTS,
        "application/x-ndjson",
        "identity",
        body(0..100).into(),
    )
    .await;
    succeed(&client, Ok(warm)).await;
    let long = body(0..(bytes - 20_000) / 1_030);
    let length = long.len() as u64;
    let before = memory(&mut fleet, "VmRSS:");
    std::fs::write(format!("/proc/{}/clear_refs", fleet.proxy().id()), "5").unwrap();
    let answer = send(
        &client,
        DOCUMENTS,
        "application/x-ndjson",
        "identity",
        long.into(),
    )
    .await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    let peak = memory(&mut fleet, "VmHWM:");
    let ratio = (peak - before) as f64 / length as f64;
    assert!(
        ratio < 2.2,
        "a body of {length} bytes raised the memory {ratio:.2} times its length"
    );
}
