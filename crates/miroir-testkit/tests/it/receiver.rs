//! Somebody who is told of finished tasks.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::read::GzDecoder;
use serde_json::Value;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One call that arrived whole.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// Path of the request.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// The lines of the body, unzipped.
    pub(crate) tasks: Vec<Value>,
}

/// A server of webhooks; it ends with the test.
pub(crate) struct Receiver {
    url: String,
    calls: Arc<Mutex<Vec<Told>>>,
    is_silent: Arc<AtomicBool>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let receiver = Self {
            url: format!("http://{address}"),
            calls: Arc::default(),
            is_silent: Arc::default(),
        };
        let (calls, is_silent) = (Arc::clone(&receiver.calls), Arc::clone(&receiver.is_silent));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (calls, is_silent) = (Arc::clone(&calls), Arc::clone(&is_silent));
                tokio::spawn(serve(stream, calls, is_silent));
            }
        });
        receiver
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// While it is silent, calls are taken note of and never answered.
    pub(crate) fn be_silent(&self, is_silent: bool) {
        self.is_silent.store(is_silent, Ordering::SeqCst);
    }

    pub(crate) fn calls(&self) -> Vec<Told> {
        self.calls.lock().expect("no panic").clone()
    }

    /// What was told on a path, by the uid of the task.
    pub(crate) fn tasks(&self, path: &str) -> BTreeMap<u64, Value> {
        let calls = self.calls();
        let calls = calls.into_iter().filter(|call| call.path == path);
        let uid = |task: &Value| task["uid"].as_u64().expect("a uid");
        calls
            .flat_map(|call| call.tasks)
            .map(|task| (uid(&task), task))
            .collect()
    }
}

async fn serve(mut stream: TcpStream, calls: Arc<Mutex<Vec<Told>>>, is_silent: Arc<AtomicBool>) {
    while let Some(told) = read(&mut stream).await {
        calls.lock().expect("no panic").push(told);
        if is_silent.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
}

/// A request: its path, its headers with their names in lower case, its body.
pub(crate) async fn request(
    stream: &mut TcpStream,
) -> Option<(String, BTreeMap<String, String>, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).expect("a head is text");
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let header = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        Some((name.to_ascii_lowercase(), value.to_owned()))
    };
    let headers: BTreeMap<String, String> = lines.filter_map(header).collect();
    let length = headers.get("content-length")?.parse().expect("a length");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((path, headers, body))
}

async fn read(stream: &mut TcpStream) -> Option<Told> {
    let (path, headers, body) = request(stream).await?;
    let mut text = String::new();
    let mut unzipped = GzDecoder::new(body.as_slice());
    unzipped.read_to_string(&mut text).expect("zipped text");
    assert!(text.ends_with('\n'), "{text}");
    let task = |line: &str| serde_json::from_str(line).expect("one task per line");
    Some(Told {
        path,
        headers,
        tasks: text.lines().map(task).collect(),
    })
}
