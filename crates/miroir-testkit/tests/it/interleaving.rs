//! Additions, partial updates, deletions and changes of settings in a random order, without waiting for each other: afterwards a
//! fleet answers like one server that got the same.
//!
//! `MIROIR_INTERLEAVING=<seed>,<rounds>` plays another run, of another length.

use miroir_testkit::client::{Client, Response};
use rand::prelude::*;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::alike::Pair;

const ROUNDS: usize = 4;
/// Operations that are on their way at once.
const OPERATIONS: usize = 12;
const IDS: u64 = 60;
const WORDS: [&str; 8] = [
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath",
];
const INDEX: &str = "/indexes/stories";

/// What is asked of both sides.
struct Request {
    method: &'static str,
    path: String,
    body: Option<Value>,
}

fn request(
    method: &'static str,
    path: impl Into<String>,
    body: impl Into<Option<Value>>,
) -> Request {
    Request {
        method,
        path: format!("{INDEX}{}", path.into()),
        body: body.into(),
    }
}

async fn send(client: &Client, request: &Request) -> Response {
    let answer = match (request.method, &request.body) {
        ("POST", Some(body)) => client.post(&request.path, body).await,
        ("PUT", Some(body)) => client.put(&request.path, body).await,
        ("PATCH", Some(body)) => client.patch(&request.path, body).await,
        _ => client.delete(&request.path).await,
    };
    answer.expect("an answer")
}

fn words(random: &mut StdRng, count: usize) -> String {
    let words: Vec<&str> = (0..count)
        .map(|_| *WORDS.choose(random).expect("words"))
        .collect();
    words.join(" ")
}

fn document(random: &mut StdRng) -> Value {
    let colour = ["blue", "green", "red"].choose(random).expect("colours");
    json!({
        "id": random.random_range(0..IDS),
        "title": words(random, 3),
        "note": words(random, 5),
        "colour": colour,
        "size": random.random_range(0..20),
    })
}

/// Some of a document's members: the others stay as they are.
fn part(random: &mut StdRng) -> Value {
    let whole = document(random);
    let kept = ["title", "note", "colour", "size"];
    let mut part = json!({ "id": whole["id"] });
    for name in kept.into_iter().filter(|_| random.random_bool(0.4)) {
        part[name] = whole[name].clone();
    }
    part
}

fn some<T>(random: &mut StdRng, most: usize, mut make: impl FnMut(&mut StdRng) -> T) -> Vec<T> {
    let count = random.random_range(1..=most);
    (0..count).map(|_| make(random)).collect()
}

fn settings(random: &mut StdRng) -> Value {
    match random.random_range(0..7) {
        0 => json!({ "searchableAttributes": ["note", "title"] }),
        1 => json!({ "searchableAttributes": ["title"] }),
        2 => json!({ "searchableAttributes": null, "stopWords": [WORDS.choose(random)] }),
        3 => json!({ "filterableAttributes": ["colour"], "stopWords": null }),
        4 => json!({ "filterableAttributes": ["colour", "size"], "distinctAttribute": null }),
        5 => {
            json!({ "synonyms": { (WORDS[0]): [WORDS.choose(random)] }, "faceting": { "maxValuesPerFacet": 2 } })
        }
        _ => json!({ "displayedAttributes": ["id", "title"], "faceting": null }),
    }
}

fn operation(random: &mut StdRng) -> Request {
    match random.random_range(0..100) {
        0..35 => request("POST", "/documents", json!(some(random, 8, document))),
        35..65 => request("PUT", "/documents", json!(some(random, 8, part))),
        65..75 => {
            let id = random.random_range(0..IDS);
            request("DELETE", format!("/documents/{id}"), None)
        }
        75..85 => {
            let ids = some(random, 6, |random| random.random_range(0..IDS));
            request("POST", "/documents/delete-batch", json!(ids))
        }
        85..87 => request("DELETE", "/documents", None),
        87..98 => request("PATCH", "/settings", settings(random)),
        _ => request("DELETE", "/settings/displayed-attributes", None),
    }
}

/// Where nothing is left to ties: nodes and one server break them by the order in which they got documents.
fn questions(random: &mut StdRng) -> Vec<(&'static str, String, Value)> {
    let mut questions = Vec::new();
    for _ in 0..6 {
        let mut query =
            json!({ "sort": ["size:desc", "id:asc"], "limit": random.random_range(1..40) });
        if random.random_bool(0.7) {
            query["q"] = json!(words(random, 1));
        }
        if random.random_bool(0.4) {
            query["filter"] = json!("colour = red");
        }
        if random.random_bool(0.4) {
            query["facets"] = json!(["colour", "size"]);
        }
        if random.random_bool(0.3) {
            query["offset"] = json!(random.random_range(0..10));
        }
        questions.push(("POST", format!("{INDEX}/search"), query));
    }
    let fetch = json!({ "limit": 1000, "sort": ["id:asc"] });
    questions.push(("POST", format!("{INDEX}/documents/fetch"), fetch));
    questions
}

/// Sends the same to both sides without waiting, then waits for all of it: every task must end alike.
async fn play(clients: &[Client; 2], operations: &[Request]) {
    let mut answers = Vec::new();
    for operation in operations {
        let mut both = Vec::new();
        for client in clients {
            both.push(send(client, operation).await);
        }
        answers.push(both);
    }
    for (operation, both) in operations.iter().zip(answers) {
        let mut ends = Vec::new();
        for (client, answer) in clients.iter().zip(both) {
            let uid = answer
                .task_uid()
                .unwrap_or_else(|| panic!("{}: {}", operation.path, answer.text()));
            let task = client.wait_task(uid).await.expect("the task ends");
            ends.push((task["status"].clone(), task["error"].clone()));
        }
        assert_eq!(ends[0], ends[1], "{} {}", operation.method, operation.path);
    }
}

#[tokio::test]
async fn after_random_writes_a_fleet_answers_like_one_server() {
    let wanted = std::env::var("MIROIR_INTERLEAVING").unwrap_or_default();
    let mut numbers = wanted
        .split(',')
        .map_while(|number| number.parse::<u64>().ok());
    let seed = numbers.next().unwrap_or(7);
    let rounds = numbers
        .next()
        .and_then(|rounds| usize::try_from(rounds).ok())
        .unwrap_or(ROUNDS);
    let mut random = StdRng::seed_from_u64(seed);
    let mut pair = Pair::start().await;
    let clients = pair.clients();
    let begin = [
        request(
            "PATCH",
            "/settings",
            json!({
                "filterableAttributes": ["colour", "size"],
                "sortableAttributes": ["size", "id"],
                "typoTolerance": { "enabled": false },
            }),
        ),
        request(
            "POST",
            "/documents?primaryKey=id",
            json!(some(&mut random, 40, document)),
        ),
    ];
    play(&clients, &begin).await;
    for _ in 0..rounds {
        let operations: Vec<Request> = (0..OPERATIONS).map(|_| operation(&mut random)).collect();
        play(&clients, &operations).await;
        for (method, path, body) in questions(&mut random) {
            pair.send(method, &path, body);
        }
        pair.ask("GET", &format!("{INDEX}/settings"));
        pair.ask("GET", &format!("{INDEX}/documents?limit=0"));
        pair.compare().await;
    }
}
