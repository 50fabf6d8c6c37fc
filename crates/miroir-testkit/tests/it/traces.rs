//! Traces, as a collector gets them: OTLP over HTTP.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use miroir_testkit::cluster::{Cluster, ClusterBuilder};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::fixture::{fill, start, until};
use crate::receiver::request;

/// Keeps what is sent to it; it ends with the test.
struct Collector {
    url: String,
    batches: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let batches: Arc<Mutex<Vec<_>>> = Arc::default();
        let kept = Arc::clone(&batches);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(collect(stream, Arc::clone(&kept)));
            }
        });
        Self { url, batches }
    }

    fn spans(&self) -> Vec<Span> {
        let batches = self.batches.lock().expect("no panic");
        let resources = batches.iter().flat_map(|batch| &batch.resource_spans);
        let scopes = resources.flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    /// Attributes of the process that sends.
    fn resource(&self) -> Vec<KeyValue> {
        let batches = self.batches.lock().expect("no panic");
        let resource = &batches[0].resource_spans[0].resource;
        resource.clone().expect("a resource").attributes
    }
}

async fn collect(mut stream: TcpStream, batches: Arc<Mutex<Vec<ExportTraceServiceRequest>>>) {
    while let Some((path, headers, body)) = request(&mut stream).await {
        assert_eq!(path, "/v1/traces");
        assert_eq!(headers["content-type"], "application/x-protobuf");
        let batch = ExportTraceServiceRequest::decode(body.as_slice()).expect("a batch");
        batches.lock().expect("no panic").push(batch);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
}

fn text_of(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.clone()?.value? {
        any_value::Value::StringValue(text) => Some(text),
        any_value::Value::IntValue(number) => Some(number.to_string()),
        any_value::Value::BoolValue(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn traced(url: &str, sample_rate: f64) -> ClusterBuilder {
    Cluster::builder()
        .nodes(3)
        .config("tracing.enabled", true)
        .config("tracing.endpoint", url)
        .config("tracing.sample_rate", json!(sample_rate))
}

const SEARCH: &str = "/indexes/stories/search";

#[tokio::test]
async fn a_search_is_one_trace_with_a_span_for_each_leg() {
    let collector = Collector::start().await;
    let mut fleet = start(traced(&collector.url, 0.0)).await;
    let client = fleet.client();
    fill(&client, 30).await;

    // The caller traces its own requests, so that the rate does not matter.
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let place = HeaderValue::from_str(&format!("00-{trace}-{parent}-01")).expect("a header");
    let headers = [
        (HeaderName::from_static("traceparent"), place),
        (
            HeaderName::from_static("content-type"),
            HeaderValue::from_static("application/json"),
        ),
    ];
    let body = Bytes::from(json!({ "q": "secretword story" }).to_string());
    let answer = client.send(Method::POST, SEARCH, &headers, body).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status, 200);
    let request_id = answer.header("x-request-id").expect("an id").to_owned();
    until("the trace is there", async || !collector.spans().is_empty()).await;

    let spans = collector.spans();
    let (roots, legs): (Vec<&Span>, Vec<&Span>) =
        spans.iter().partition(|span| span.name.starts_with("POST"));
    let [root] = roots.as_slice() else {
        panic!("{spans:?}");
    };
    assert_eq!(root.name, "POST /indexes/{index_uid}/search");
    let hex = |id: &[u8]| -> String { id.iter().map(|byte| format!("{byte:02x}")).collect() };
    assert_eq!(hex(&root.trace_id), trace);
    assert_eq!(hex(&root.parent_span_id), parent);
    for (name, value) in [
        ("status", "200"),
        ("index", "stories"),
        ("degraded", "false"),
        ("request_id", &request_id),
    ] {
        assert_eq!(text_of(&root.attributes, name).as_deref(), Some(value));
    }
    let names: BTreeSet<&str> = legs.iter().map(|leg| leg.name.as_str()).collect();
    assert_eq!(names.len(), legs.len(), "one for each node: {names:?}");
    assert!(legs.len() > 1, "{names:?}");
    for leg in legs {
        assert!(leg.name.starts_with("call node-"), "{}", leg.name);
        assert_eq!(leg.trace_id, root.trace_id);
        assert_eq!(leg.parent_span_id, root.span_id);
        assert!(leg.start_time_unix_nano >= root.start_time_unix_nano);
        assert!(leg.end_time_unix_nano <= root.end_time_unix_nano);
        assert_eq!(
            text_of(&leg.attributes, "operation").as_deref(),
            Some("search")
        );
    }
    let resource = collector.resource();
    assert_eq!(
        text_of(&resource, "service.name").as_deref(),
        Some("miroir")
    );
    assert!(text_of(&resource, "service.version").is_some());
    let told = format!("{:?}", collector.batches.lock().expect("no panic"));
    assert!(!told.contains("secretword"));

    let log = fleet.proxy().log();
    let line = log.lines().find(|line| line.contains(&request_id));
    let line: Value = serde_json::from_str(line.expect("a line")).expect("JSON");
    assert_eq!(line["trace_id"], trace);
    assert_eq!(line["span_id"], json!(hex(&root.span_id)));
    assert_eq!(line["otel.kind"], Value::Null);
}

#[tokio::test]
async fn a_part_of_all_requests_is_traced() {
    const REQUESTS: u32 = 3_000;
    let collector = Collector::start().await;
    let mut fleet = start(traced(&collector.url, 0.1)).await;
    let client = fleet.client();
    fill(&client, 3).await;
    for _ in 0..REQUESTS {
        let answer = client.get("/indexes/stories/documents/1").await;
        assert_eq!(answer.expect("an answer").status, 200);
    }
    // What has been collected is sent before the end.
    fleet.stop_proxy().await.expect("it ends");
    let spans = collector.spans();
    let reads = spans
        .iter()
        .filter(|span| span.name.starts_with("GET /indexes/{index_uid}/documents/"));
    let share = f64::from(u32::try_from(reads.count()).expect("few")) / f64::from(REQUESTS);
    // Six times what chance may do.
    assert!((0.067..0.133).contains(&share), "{share}");
}

#[tokio::test]
async fn a_collector_that_is_not_there_is_not_missed() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", nobody.local_addr().expect("bound"));
    drop(nobody);
    let mut fleet = start(traced(&url, 1.0)).await;
    let client = fleet.client();
    fill(&client, 10).await;
    for _ in 0..50 {
        let answer = client.post(SEARCH, &json!({ "q": "story" })).await;
        assert_eq!(answer.expect("an answer").status, 200);
    }
    fleet.stop_proxy().await.expect("it ends");
}
