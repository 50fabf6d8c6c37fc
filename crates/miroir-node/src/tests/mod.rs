//! The client against real sockets.

mod connection;

use std::time::Duration;

use http::Method;
use miroir_core::id::NodeId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::{Call, NodeClient, PoolLimits, Retry, Stage, Tls};

fn client(port: u16) -> NodeClient {
    let id: NodeId = "meili-0".parse().unwrap();
    NodeClient::new(
        id,
        &format!("http://127.0.0.1:{port}"),
        Some("key"),
        PoolLimits::default(),
        &Tls::none(),
    )
    .unwrap()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

/// Accepts one connection, reads one request head and answers with `answer` (nothing: closes).
async fn serve_once(answer: &'static [u8]) -> (u16, tokio::task::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 1024];
        while !request.windows(4).any(|window| window == b"\r\n\r\n") {
            let read = socket.read(&mut buffer).await.unwrap();
            request.extend_from_slice(&buffer[..read]);
        }
        socket.write_all(answer).await.unwrap();
        request
    });
    (port, server)
}

#[tokio::test]
async fn answer_keeps_status_and_body_bytes() {
    let (port, server) = serve_once(
        b"HTTP/1.1 404 Not Found\r\ncontent-length: 28\r\n\r\n{\"code\":\"index_not_found\"  }",
    )
    .await;
    let answer = client(port)
        .call(Call::get("/indexes/a", soon()))
        .await
        .unwrap();
    assert_eq!(answer.status, 404);
    assert_eq!(&answer.body[..], b"{\"code\":\"index_not_found\"  }");
    assert_eq!(answer.error_code().as_deref(), Some("index_not_found"));
    let request = String::from_utf8(server.await.unwrap())
        .unwrap()
        .to_lowercase();
    assert!(
        request.starts_with("get /indexes/a http/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains("authorization: bearer key\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn refused_connection_is_safe_to_retry() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = client(port)
        .call(Call::get("/health", soon()))
        .await
        .unwrap_err();
    assert_eq!((error.stage, error.retry), (Stage::Connect, Retry::Safe));
    assert!(error.is_unreachable());
}

#[tokio::test]
async fn connection_closed_without_answer_leaves_the_outcome_unknown() {
    let (port, _server) = serve_once(b"").await;
    let call = Call::write(Method::POST, "/indexes", soon()).json("{}");
    let error = client(port).call(call).await.unwrap_err();
    assert_eq!(
        (error.stage, error.retry),
        (Stage::Wait, Retry::IfIdempotent)
    );
}

#[tokio::test]
async fn silent_node_ends_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let deadline = Instant::now() + Duration::from_millis(50);
    let error = client(port)
        .call(Call::get("/health", deadline))
        .await
        .unwrap_err();
    assert!(error.timed_out);
    assert_eq!(error.stage, Stage::Wait);
}

/// Accepts connections one after the other; each answers as many requests as it has answers, and is closed then.
async fn serve(connections: Vec<usize>) -> (u16, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        for answers in connections {
            let (mut socket, _) = listener.accept().await.unwrap();
            for _ in 0..answers {
                let mut request = [0; 1024];
                assert!(socket.read(&mut request).await.unwrap() > 0);
                socket
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
                    .await
                    .unwrap();
            }
        }
    });
    (port, server)
}

#[tokio::test]
async fn calls_share_a_connection_until_the_node_closes_it() {
    let (port, server) = serve(vec![2, 1]).await;
    let client = client(port);
    for _ in 0..3 {
        let answer = client.call(Call::get("/health", soon())).await.unwrap();
        assert_eq!(&answer.body[..], b"{}");
    }
    server.await.unwrap();
}

#[tokio::test]
async fn connections_that_were_opened_ahead_are_used() {
    let (port, server) = serve(vec![2]).await;
    let client = client(port);
    client.warm(1).await;
    for _ in 0..2 {
        client.call(Call::get("/health", soon())).await.unwrap();
    }
    server.await.unwrap();
}

#[tokio::test]
async fn a_read_that_met_a_dying_connection_is_sent_again_and_a_write_is_not() {
    // The node closes a connection when the second request has arrived on it.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let mut heard = 0;
        while heard < 4 {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            for answer in [true, false] {
                if socket.read(&mut request).await.unwrap() == 0 {
                    break;
                }
                heard += 1;
                if answer {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                    socket.write_all(answer).await.unwrap();
                }
            }
        }
    });
    let client = client(port);
    client.call(Call::get("/health", soon())).await.unwrap();
    client.call(Call::get("/health", soon())).await.unwrap();
    let write = Call::write(Method::POST, "/indexes", soon()).json("{}");
    let error = client.call(write).await.unwrap_err();
    assert_eq!(
        (error.stage, error.retry),
        (Stage::Wait, Retry::IfIdempotent)
    );
    server.await.unwrap();
}
