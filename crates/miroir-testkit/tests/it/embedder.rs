//! An embedder on the loopback that counts how often it is called, and can keep its callers waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A running embedder; it ends with the test.
pub(crate) struct Embedder {
    port: u16,
    calls: Arc<AtomicUsize>,
    open: watch::Sender<bool>,
}

impl Embedder {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let (open, gate) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, counted.clone(), gate.clone()));
            }
        });
        Self { port, calls, open }
    }

    /// Whether calls are answered. Until then they wait, and with them the nodes' queues.
    pub(crate) fn set_open(&self, open: bool) {
        self.open.send_replace(open);
    }

    /// Calls since the last time that this was asked.
    pub(crate) fn take_calls(&self) -> usize {
        self.calls.swap(0, Ordering::SeqCst)
    }

    /// The setting of an embedder that calls this one.
    pub(crate) fn setting(&self) -> Value {
        json!({
            "source": "rest",
            "url": format!("http://127.0.0.1:{}/embed", self.port),
            "dimensions": 4,
            "request": { "input": "{{text}}" },
            "response": { "embedding": "{{embedding}}" },
        })
    }
}

/// The vector of a text: how often each of four groups of letters is in it.
pub(crate) fn vector_of(text: &str) -> [f32; 4] {
    let mut vector = [0.5_f32; 4];
    for byte in text.bytes() {
        vector[usize::from(byte % 4)] += 1.0;
    }
    vector
}

/// Answers the requests of one connection, all alike: a POST whose body has the text.
async fn answer(mut stream: TcpStream, calls: Arc<AtomicUsize>, mut gate: watch::Receiver<bool>) {
    let mut received = Vec::new();
    loop {
        let Some((start, length)) = body_of(&received) else {
            if stream.read_buf(&mut received).await.unwrap_or(0) == 0 {
                return;
            }
            continue;
        };
        let request: Value =
            serde_json::from_slice(&received[start..start + length]).expect("a request");
        received.drain(..start + length);
        calls.fetch_add(1, Ordering::SeqCst);
        if gate.wait_for(|open| *open).await.is_err() {
            return;
        }
        let text = request["input"].as_str().expect("a text");
        let body = json!({ "embedding": vector_of(text) }).to_string();
        let reply = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Where the body of the first request begins and how long it is, once all of it is there.
fn body_of(received: &[u8]) -> Option<(usize, usize)> {
    let end = received.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&received[..end]).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    (received.len() >= end + 4 + length).then_some((end + 4, length))
}
