//! One request over one connection, sent as it is.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::draw::Request;

/// A request that was cut short is given up by its sender before the proxy loses patience.
const PATIENCE: Duration = Duration::from_millis(100);

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The first digit of the status.
    pub(super) fn class(&self) -> usize {
        usize::from(self.status / 100).min(5)
    }
}

/// `None` when the proxy closed the connection, or waited for more, without an answer.
pub(super) async fn exchange(address: &str, request: &Request) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    // The other side may have answered and gone before it has read everything.
    let _ = stream.write_all(&request.bytes).await;
    let mut bytes = Vec::new();
    let patience = match request.is_well_formed {
        true => Duration::from_secs(20),
        false => PATIENCE,
    };
    let _ = timeout(patience, stream.read_to_end(&mut bytes)).await;
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status: u16 = head.split(' ').nth(1)?.parse().ok()?;
        let body = bytes.split_off(end + 4);
        // What comes before the answer: go on.
        if status < 200 {
            bytes = body;
            continue;
        }
        return Some(Answer { status, head, body });
    }
}
