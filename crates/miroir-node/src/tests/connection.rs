//! Answers as nodes may frame them.

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::call::Content;
use crate::connection::{Broken, Connection, Exchanged};
use crate::error::Stage;
use crate::outgoing::Outgoing;

/// One exchange with somebody who writes `answer` in pieces of `piece` bytes and hangs up.
async fn exchanged(answer: &[u8], piece: usize) -> Result<Exchanged, Broken> {
    let (near, mut far) = tokio::io::duplex(64);
    let answer = answer.to_vec();
    tokio::spawn(async move {
        let mut request = [0; 4];
        far.read_exact(&mut request).await.unwrap();
        for piece in answer.chunks(piece) {
            far.write_all(piece).await.unwrap();
        }
    });
    exchange(near, Bytes::from_static(b"body")).await
}

async fn exchange(stream: DuplexStream, body: Bytes) -> Result<Exchanged, Broken> {
    let mut stage = Stage::Wait;
    let body = Outgoing::of(Some(&Content::Whole(body)));
    Connection::new(stream)
        .exchange(b"", body, &mut stage)
        .await
}

#[tokio::test]
async fn an_answer_may_come_in_any_pieces() {
    let known = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nlate: yes\r\n\r\n";
    let until_closed = b"HTTP/1.0 200 OK\r\n\r\nhello";
    let after_another = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\nConnection: Close\r\n\r\nhello";
    let answers: [(&[u8], bool); 4] = [
        (known, true),
        (chunked, true),
        (until_closed, false),
        (after_another, false),
    ];
    for (answer, reusable) in answers {
        for piece in [1, 2, 3, 7, 1000] {
            let exchanged = exchanged(answer, piece).await.ok().unwrap();
            assert_eq!(exchanged.status, 200);
            assert_eq!(&exchanged.body[..], b"hello");
            assert_eq!(exchanged.reusable, reusable, "{}", answer.escape_ascii());
        }
    }
}

#[tokio::test]
async fn an_answer_without_a_body_has_none() {
    let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
    let exchanged = exchanged(answer, 1000).await.ok().unwrap();
    assert_eq!(exchanged.status, 204);
    assert!(exchanged.body.is_empty() && exchanged.reusable);
}

#[tokio::test]
async fn more_than_an_answer_spoils_the_connection() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab";
    let exchanged = exchanged(answer, 1000).await.ok().unwrap();
    assert_eq!(&exchanged.body[..], b"a");
    assert!(!exchanged.reusable);
}

#[tokio::test]
async fn what_is_no_answer_is_an_error() {
    let wrong: [&[u8]; 6] = [
        b"",
        b"HTTP/1.1 200",
        b"no answer at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhel\r\n0\r\n\r\n",
    ];
    for answer in wrong {
        assert!(
            exchanged(answer, 1000).await.is_err(),
            "{}",
            answer.escape_ascii()
        );
    }
    let silent = exchanged(b"", 1).await.err().unwrap();
    assert!(silent.unanswered);
    let broken = exchanged(b"HTTP/1.1 2", 1).await.err().unwrap();
    assert!(!broken.unanswered);
}

#[tokio::test]
async fn a_node_may_refuse_a_body_before_it_has_all_of_it() {
    let (near, mut far) = tokio::io::duplex(64);
    tokio::spawn(async move {
        let answer = b"HTTP/1.1 413 Payload Too Large\r\ncontent-length: 0\r\n\r\n";
        far.write_all(answer).await.unwrap();
        // Takes no more, and stays.
        std::future::pending::<()>().await;
    });
    let exchanged = exchange(near, Bytes::from(vec![b'x'; 10_000]))
        .await
        .ok()
        .unwrap();
    assert_eq!(exchanged.status, 413);
    assert!(!exchanged.reusable);
}
