//! The program itself: it survives being killed, and says what is wrong when it cannot start.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn free_port() -> u16 {
    miroir_devnode::Port::free().unwrap().for_good()
}

fn command(port: u16, directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_miroir-devnode"));
    command
        .arg("--http-addr")
        .arg(format!("127.0.0.1:{port}"))
        .arg("--db-path")
        .arg(directory)
        .args(["--no-analytics", "--log-level", "ERROR"]);
    command
}

/// A node that answers.
fn start(port: u16, directory: &Path) -> Child {
    let child = command(port, directory)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    while !ask(port, "GET", "/health", "").is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
        assert!(
            begin.elapsed() < Duration::from_secs(10),
            "it does not start"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

/// A request on a connection of its own; the whole answer as text.
fn ask(port: u16, method: &str, path: &str, body: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn call(port: u16, method: &str, path: &str, body: &str) -> String {
    ask(port, method, path, body).unwrap()
}

#[test]
fn acknowledged_writes_survive_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut node = start(port, directory.path());
    for id in 0..10 {
        let body = format!("[{{\"id\":{id}}}]");
        let answer = call(port, "POST", "/indexes/a/documents", &body);
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    }
    node.kill().unwrap();
    node.wait().unwrap();

    let mut node = start(port, directory.path());
    let begin = Instant::now();
    while !call(port, "GET", "/tasks?statuses=succeeded", "").contains("\"total\":10") {
        assert!(begin.elapsed() < Duration::from_secs(20), "tasks are lost");
        std::thread::sleep(Duration::from_millis(20));
    }
    let list = call(port, "GET", "/indexes/a/documents", "");
    assert!(list.contains("\"total\":10"), "{list}");
    node.kill().unwrap();
    node.wait().unwrap();
}

fn fails(output: &Output, parts: &[&str]) {
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    for part in parts {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn it_says_why_it_cannot_start() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let output = command(port, directory.path()).output().unwrap();
    fails(&output, &["cannot listen on", "--http-addr"]);
    let file = directory.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let output = command(free_port(), &file).output().unwrap();
    fails(&output, &["database folder", "--db-path"]);
    let output = command(free_port(), directory.path())
        .args(["--env", "production"])
        .output();
    fails(&output.unwrap(), &["--master-key"]);
}
