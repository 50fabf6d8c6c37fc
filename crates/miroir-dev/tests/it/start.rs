//! A first start, a stop, and a second start.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::command::{Running, command, free_ports};

fn node_ports(data: &Path) -> Vec<u16> {
    let text = std::fs::read_to_string(data.join("fleet.json")).unwrap();
    let record: Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(record["node_ports"].clone()).unwrap()
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

/// The printed commands do something useful as they are. Without `curl` there is nothing to find out.
fn try_curl(running: &Running) {
    let lines = running.curl_lines();
    assert_eq!(lines.len(), 3, "{}", running.banner);
    if Command::new("curl").arg("--version").output().is_err() {
        return;
    }
    let answers: Vec<Value> = lines
        .iter()
        .map(|line| {
            let output = Command::new("sh").args(["-c", line]).output().unwrap();
            serde_json::from_slice(&output.stdout).unwrap()
        })
        .collect();
    assert_eq!(answers[0]["hits"].as_array().unwrap().len(), 3);
    assert_eq!(answers[1]["hits"].as_array().unwrap().len(), 3);
    assert!(answers[1]["facetDistribution"]["genres"].is_object());
    assert_eq!(answers[2]["nodes"].as_array().unwrap().len(), 3);
}

#[test]
fn a_fleet_serves_stops_and_finds_its_data_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("fleet");
    let ports = free_ports();
    let mut first = Running::start(command(&data, ports, &[]), ports.0);
    assert_eq!(first.value("URL"), format!("http://127.0.0.1:{}", ports.0));
    assert_eq!(
        Path::new(first.value("data ")),
        data.canonicalize().unwrap()
    );
    let master_key = first.value("master key").to_owned();
    try_curl(&first);
    let stats = first.get("/indexes/movies/stats");
    assert_eq!(stats["numberOfDocuments"], json!(500));
    let movie = first.get("/indexes/movies/documents/42");

    first.signal(Signal::INT);
    let (status, last_words) = first.wait();
    assert!(status.success(), "{status}: {last_words}");
    assert!(last_words.contains("the data stays in"), "{last_words}");
    let nodes = node_ports(&data);
    assert_eq!(nodes.len(), 3);
    assert!(
        is_free(ports.0) && nodes.iter().all(|port| is_free(*port)),
        "a process has survived"
    );

    let mut second = Running::start(command(&data, ports, &[]), ports.0);
    assert!(!second.banner.contains("creating"), "{}", second.banner);
    assert_eq!(second.value("master key"), master_key);
    assert_eq!(second.get("/indexes/movies/documents/42"), movie);
    let found = second.get("/indexes/movies/search?q=&hitsPerPage=1");
    assert_eq!(found["totalHits"], json!(500));
    second.signal(Signal::TERM);
    assert!(second.wait().0.success());
}

#[test]
fn an_interrupted_sample_is_completed() {
    let folder = tempfile::tempdir().unwrap();
    let ports = free_ports();
    let start = || command(folder.path(), ports, &["--nodes=2"]);
    let mut first = Running::start_until(start(), ports.0, "creating the index");
    first.signal(Signal::INT);
    assert!(first.wait().0.success());
    let mut second = Running::start(start(), ports.0);
    let stats = second.get("/indexes/movies/stats");
    assert_eq!(stats["numberOfDocuments"], json!(500));
    let settings = second.get("/indexes/movies/settings/sortable-attributes");
    assert!(settings.as_array().unwrap().contains(&json!("rating")));
    second.signal(Signal::TERM);
    assert!(second.wait().0.success());
}

#[test]
fn a_fleet_of_another_shape_without_a_sample() {
    let folder = tempfile::tempdir().unwrap();
    let ports = free_ports();
    let more = [
        "--nodes=2",
        "--replica-groups=2",
        "--no-sample",
        "--master-key=it's",
    ];
    let mut running = Running::start(command(folder.path(), ports, &more), ports.0);
    assert_eq!(running.value("master key"), "it's");
    assert_eq!(running.get("/indexes")["total"], json!(0));
    running.signal(Signal::TERM);
    assert!(running.wait().0.success());
}
