//! Payloads as a real 1.50 server took or refused them, and what becomes of the documents.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::document::leg::{LegBody, Recipe};
use crate::document::marker::{self, EXPIRY_FIELD, SHARD_FIELD, VERSION_FIELD};
use crate::hash;

const ON: Reserved = Reserved {
    versions: true,
    expiry: true,
};
const OFF: Reserved = Reserved {
    versions: false,
    expiry: false,
};
const CSV: Format = Format::Csv { delimiter: b',' };

fn shards(count: u64) -> ShardCount {
    ShardCount::new(count).unwrap()
}

fn target(key: KeyName<'_>) -> Option<Target<'_>> {
    Some(Target {
        key,
        shards: shards(16),
    })
}

fn read(body: &str, format: Format) -> Result<(Arc<Batch>, Routing), ApiError> {
    let (batch, routing) = Batch::read(
        Bytes::copy_from_slice(body.as_bytes()),
        format,
        Some(ON),
        target(KeyName::Known("id")),
    )?;
    Ok((Arc::new(batch), routing.unwrap()))
}

fn documents(batch: &Batch) -> Vec<&str> {
    batch.documents().map(RawValue::get).collect()
}

fn whole(batch: &Arc<Batch>, routes: &Routes, version: Option<u64>) -> String {
    let routes = Arc::new(routes.clone());
    let bodies: Vec<_> = batch
        .leg_bodies(&routes, shards(16).all(), version, usize::MAX)
        .collect();
    assert!(bodies.len() <= 1);
    let text = |body: LegBody| {
        let whole = body.to_vec();
        assert_eq!(whole.len(), body.bytes());
        String::from_utf8(whole).unwrap()
    };
    bodies.into_iter().map(text).collect()
}

#[test]
fn payloads_are_cut_where_a_server_cuts_them() {
    let table: &[(Format, &str, &[&str])] = &[
        (
            Format::Json,
            r#" [ {"id":1} , {"id": 2 } ] "#,
            &[r#"{"id":1}"#, r#"{"id": 2 }"#],
        ),
        (Format::Json, r#"[{"id":1}] garbage"#, &[r#"{"id":1}"#]),
        (Format::Json, "[]", &[]),
        (Format::Json, " {\"id\":1e2} ", &[r#"{"id":1e2}"#]),
        (
            Format::Json,
            r#"[{"id":"\ud800"}]"#,
            &[r#"{"id":"\ud800"}"#],
        ),
        (
            Format::Ndjson,
            "{\"id\":1}{\"id\":2}\n\n{\"id\":\n3}",
            &[r#"{"id":1}"#, r#"{"id":2}"#, "{\"id\":\n3}"],
        ),
        (Format::Ndjson, "\n", &[]),
        (
            CSV,
            "id,name\n1,\n2,b\n",
            &[r#"{"id":"1","name":null}"#, r#"{"id":"2","name":"b"}"#],
        ),
        (CSV, " ", &[]),
        (
            CSV,
            "a:number,b:boolean,c:string,d:x\n 1 , true , s ,\"q\"\"\"\n1.50,,,x\n",
            &[
                r#"{"a":1,"b":true,"c":" s ","d:x":"q\""}"#,
                r#"{"a":1.5,"b":null,"c":null,"d:x":"x"}"#,
            ],
        ),
        (CSV, "a:number,b,a\n1,2,3\n", &[r#"{"a":"3","b":"2"}"#]),
        (
            CSV,
            "a:number\nnan\n1e3\n",
            &[r#"{"a":null}"#, r#"{"a":1000.0}"#],
        ),
        (
            Format::Csv { delimiter: b';' },
            "a;b\n1;2,3\n",
            &[r#"{"a":"1","b":"2,3"}"#],
        ),
    ];
    for (format, body, expected) in table {
        let (batch, _) = read(body, *format).unwrap_or_else(|error| panic!("{body}: {error:?}"));
        assert_eq!(documents(&batch), *expected, "{body}");
        assert_eq!(batch.len(), expected.len());
    }
}

#[test]
fn malformed_payloads_get_the_servers_words() {
    let json = |reason: &str| {
        format!(
            "The `json` payload provided is malformed. `Couldn't serialize document value: {reason}`."
        )
    };
    let ndjson = |reason: &str| {
        format!(
            "The `ndjson` payload provided is malformed. `Couldn't serialize document value: {reason}`."
        )
    };
    let csv = |reason: &str| format!("The `csv` payload provided is malformed: `{reason}`.");
    let shape = "data are neither an object nor a list of objects";
    let table = [
        (
            Format::Json,
            "[1,2]",
            Code::MalformedPayload,
            json("trailing characters at line 1 column 4"),
        ),
        (
            Format::Json,
            r#"["a", tru]"#,
            Code::MalformedPayload,
            json("trailing characters at line 1 column 7"),
        ),
        (
            Format::Json,
            r#"[{"id":1},2]"#,
            Code::Internal,
            "invalid type: integer `2`, expected a map at line 1 column 1".to_owned(),
        ),
        (
            Format::Json,
            "[[1]]",
            Code::Internal,
            "invalid type: sequence, expected a map at line 1 column 0".to_owned(),
        ),
        (Format::Json, r#""x""#, Code::MalformedPayload, json(shape)),
        (
            Format::Json,
            r#"{"id":1} garbage"#,
            Code::MalformedPayload,
            json("trailing characters at line 1 column 10"),
        ),
        (
            Format::Json,
            r#"{"id":1,"a":{"b":tru}}"#,
            Code::MalformedPayload,
            json("expected ident at line 1 column 21"),
        ),
        (
            Format::Json,
            r#"[{"id":1"#,
            Code::MalformedPayload,
            json("EOF while parsing an object at line 1 column 8"),
        ),
        (
            Format::Json,
            r#"[{"id":1} {"id":2}]"#,
            Code::MalformedPayload,
            json("expected `,` or `]` at line 1 column 11"),
        ),
        (
            Format::Json,
            r#"[{"\ud800":1}]"#,
            Code::MalformedPayload,
            json("unexpected end of hex escape at line 1 column 9"),
        ),
        (
            Format::Json,
            r#"[{"id":1,}]"#,
            Code::MalformedPayload,
            json("key must be a string at line 1 column 10"),
        ),
        (
            Format::Json,
            "nul",
            Code::MalformedPayload,
            json("EOF while parsing a value at line 1 column 3"),
        ),
        (
            Format::Json,
            " ",
            Code::MalformedPayload,
            json("EOF while parsing a value at line 1 column 1"),
        ),
        (
            Format::Json,
            "",
            Code::MissingPayload,
            "A json payload is missing.".to_owned(),
        ),
        (
            Format::Ndjson,
            "[1]",
            Code::Internal,
            "invalid type: sequence, expected a map at line 1 column 0".to_owned(),
        ),
        (
            Format::Ndjson,
            "{\"id\":1}\n{3}",
            Code::MalformedPayload,
            ndjson("key must be a string at line 2 column 2"),
        ),
        (
            Format::Ndjson,
            r#"{"id":1"#,
            Code::MalformedPayload,
            ndjson("EOF while parsing an object at line 1 column 7"),
        ),
        (
            CSV,
            "id:number,t:boolean\n1,yes",
            Code::MalformedPayload,
            csv(
                "Error parsing boolean \"yes\" at line 1: provided string was not `true` or `false`",
            ),
        ),
        (
            CSV,
            "id:number\nx",
            Code::MalformedPayload,
            csv("Error parsing number \"x\" at line 1: invalid float literal"),
        ),
        (
            CSV,
            "id,n\n1,2,3",
            Code::MalformedPayload,
            csv(
                "CSV error: record 1 (line: 2, byte: 5): found record with 3 fields, but the previous record has 2 fields",
            ),
        ),
    ];
    for (format, body, code, message) in table {
        let error = read(body, format).expect_err(body);
        assert_eq!((error.code, error.message), (code, message), "{body}");
    }
}

#[test]
fn documents_keep_their_bytes_and_gain_members_at_the_end() {
    let marker = |key: &str| marker::of_shard(hash::shard_of(key, shards(16)));
    let (one, two) = (marker("1"), marker("2"));
    let version = marker::of_number(7);

    let (batch, routes) = read(
        r#"[ {"b":1.0,"id": 1 ,"a":1e2 } , {"id":"2"}]"#,
        Format::Json,
    )
    .unwrap();
    let routes = routes.unwrap();
    assert_eq!(batch.content_type(), "application/json");
    assert_eq!(
        whole(&batch, &routes, Some(7)),
        format!(
            r#"[{{"b":1.0,"id": 1 ,"a":1e2,"_miroir_shard":"{one}","_miroir_updated_at":"{version}"}},{{"id":"2","_miroir_shard":"{two}","_miroir_updated_at":"{version}"}}]"#
        )
    );
    // A single object stays one: servers read it otherwise than a list.
    let (batch, routes) = read(r#"{"id":1}"#, Format::Json).unwrap();
    assert_eq!(
        whole(&batch, &routes.unwrap(), None),
        format!(r#"{{"id":1,"_miroir_shard":"{one}"}}"#)
    );

    for (format, body) in [
        (Format::Ndjson, "{\"id\":\"1\"} {\"id\":\"2\"}"),
        (CSV, "id\n1\n2\n"),
    ] {
        let (batch, routes) = read(body, format).unwrap();
        assert_eq!(batch.content_type(), "application/x-ndjson");
        assert_eq!(
            whole(&batch, &routes.unwrap(), None),
            format!(
                "{{\"id\":\"1\",\"_miroir_shard\":\"{one}\"}}\n{{\"id\":\"2\",\"_miroir_shard\":\"{two}\"}}"
            )
        );
    }
}

#[test]
fn reserved_names_are_refused_for_the_whole_payload() {
    let table = [
        (
            Format::Json,
            r#"[{"id":1},{"id":2,"_miroir_shard":"x"}]"#,
            "_miroir_shard",
            1,
        ),
        (Format::Json, r#"{"_miroir_\u0078":1}"#, "_miroir_x", 0),
        (
            Format::Ndjson,
            r#"{"id":1,"_miroir_updated_at":1}"#,
            "_miroir_updated_at",
            0,
        ),
        (CSV, "id,_miroir_shard:number\n1,1\n", "_miroir_shard", 0),
    ];
    for (format, body, field, position) in table {
        let error = read(body, format).expect_err(body);
        assert_eq!(error.code, Code::MiroirReservedField, "{body}");
        assert!(
            error.message.contains(&format!("`{field}`"))
                && error.message.contains(&format!("position {position}")),
            "{error:?}"
        );
    }
    // Only top-level names are checked, the shape of the payload comes first, and switched-off names are the client's.
    assert!(read(r#"[{"id":1,"a":{"_miroir_shard":1}}]"#, Format::Json).is_ok());
    assert_eq!(
        read(r#"[{"_miroir_shard":1},3"#, Format::Json)
            .unwrap_err()
            .code,
        Code::MalformedPayload
    );
    let body = Bytes::from_static(br#"[{"id":1,"_miroir_updated_at":1,"_miroir_expires_at":"x"}]"#);
    let (batch, routing) =
        Batch::read(body, Format::Json, Some(OFF), target(KeyName::Known("id"))).unwrap();
    assert!(
        whole(&Arc::new(batch), &routing.unwrap().unwrap(), None).starts_with(
            r#"[{"id":1,"_miroir_updated_at":1,"_miroir_expires_at":"x","_miroir_shard""#
        )
    );
}

#[test]
fn expiries_are_stored_encoded() {
    let body =
        r#"[{"_miroir_expires_at":1700000000000,"id":1},{"id":2,"_miroir_expires_at": null}]"#;
    let (batch, routes) = read(body, Format::Json).unwrap();
    let sent: Value = serde_json::from_str(&whole(&batch, &routes.unwrap(), None)).unwrap();
    assert_eq!(sent[0][EXPIRY_FIELD], marker::of_number(1_700_000_000_000));
    assert_eq!(sent[1][EXPIRY_FIELD], Value::Null);
    for value in ["-1", "1.0", "1e3", "\"1\"", "253402300800000", "[]"] {
        let error = read(
            &format!(r#"{{"id":1,"_miroir_expires_at":{value}}}"#),
            Format::Json,
        )
        .expect_err(value);
        assert_eq!(error.code, Code::MiroirInvalidExpiresAt, "{value}");
    }
    assert!(read("id,_miroir_expires_at:number\n1,5\n", CSV).is_ok());
}

#[test]
fn routing_fails_with_the_first_bad_document() {
    let (_, routing) = read(r#"[{"id":1},{"id":"a b"},{"x":1}]"#, Format::Json).unwrap();
    assert_eq!(routing.unwrap_err().code, Code::InvalidDocumentId);
    let (_, routing) = read(r#"{"x":1}"#, Format::Json).unwrap();
    assert_eq!(
        routing.unwrap_err().message,
        r#"Document doesn't have a `id` attribute: `{"x":1}`."#
    );
}

#[test]
fn ids_with_upper_case_are_noticed() {
    let folded = |body| {
        read(body, Format::Json)
            .unwrap()
            .1
            .unwrap()
            .ids_case_folded()
    };
    assert!(folded(
        r#"[{"id":1},{"id":"a-b_9"},{"id":-7,"Title":"ABC"}]"#
    ));
    assert!(!folded(r#"[{"id":1},{"id":"aB"}]"#));
    assert!(!folded(r#"{"id":"\u0041"}"#));
}

#[test]
fn the_first_document_names_the_key() {
    let infer = |body: &'static str| {
        Batch::read(
            Bytes::from_static(body.as_bytes()),
            Format::Json,
            Some(ON),
            target(KeyName::Inferred),
        )
        .unwrap()
    };
    let (batch, routing) = infer(r#"[{"sku_id":1},{"sku_id":"1","id":3}]"#);
    let routes = routing.unwrap().unwrap();
    assert_eq!(routes.primary_key(), Some("sku_id"));
    assert_eq!(routes.shards()[0], routes.shards()[1]);
    assert_eq!(
        batch.infer_primary_key().unwrap().as_deref(),
        Some("sku_id")
    );
    assert_eq!(
        batch.route(target(KeyName::Inferred).unwrap()).unwrap(),
        routes
    );
    assert_eq!(
        batch
            .route(target(KeyName::Known("id")).unwrap())
            .unwrap_err()
            .code,
        Code::MissingDocumentId
    );

    let (_, routing) = infer(r#"[{"a":1},{"id":1}]"#);
    assert_eq!(
        routing.unwrap().unwrap_err().code,
        Code::IndexPrimaryKeyNoCandidateFound
    );
    let (batch, routing) = infer("[]");
    assert_eq!(routing.unwrap().unwrap().primary_key(), None);
    assert_eq!(batch.infer_primary_key(), Ok(None));
}

#[test]
fn long_legs_become_several_bodies() {
    let body: String = (0..100)
        .map(|id| format!("{{\"id\":{id},\"text\":\"some words\"}}\n"))
        .collect();
    let (batch, routes) = read(&body, Format::Ndjson).unwrap();
    let routes = Arc::new(routes.unwrap());
    let wanted: ShardSet = shards(16).iter().filter(|shard| shard.0 % 2 == 0).collect();
    let expected = routes
        .shards()
        .iter()
        .filter(|shard| wanted.contains(**shard))
        .count();
    for limit in [1, 200, 1000, usize::MAX] {
        let bodies: Vec<_> = batch
            .leg_bodies(&routes, wanted.clone(), Some(1), limit)
            .collect();
        assert_eq!(
            bodies.iter().map(LegBody::documents).sum::<usize>(),
            expected
        );
        assert!(
            bodies
                .iter()
                .all(|body| body.bytes() <= limit || body.documents() == 1)
        );
        let ids: Vec<u64> = bodies
            .iter()
            .flat_map(|body| {
                serde_json::Deserializer::from_slice(&body.to_vec())
                    .into_iter::<Value>()
                    .collect::<Vec<_>>()
            })
            .map(|document| document.unwrap()["id"].as_u64().unwrap())
            .collect();
        assert!(ids.is_sorted() && ids.len() == expected);
    }
    assert_eq!(
        batch
            .leg_bodies(&routes, ShardSet::new(), None, usize::MAX)
            .count(),
        0
    );
}

#[test]
fn long_bodies_come_in_pieces() {
    let text = "words ".repeat(5_000);
    for format in [Format::Ndjson, Format::Json] {
        let documents: Vec<String> = (0..40)
            .map(|id| format!("{{\"id\":{id},\"text\":\"{text}\"}}"))
            .collect();
        let body = match format {
            Format::Json => format!("[{}]", documents.join(",")),
            _ => documents.join("\n"),
        };
        let (batch, routes) = read(&body, format).unwrap();
        let routes = Arc::new(routes.unwrap());
        let wanted = shards(16).all();
        let whole: Vec<LegBody> = batch
            .leg_bodies(&routes, wanted, None, usize::MAX)
            .collect();
        let [whole] = &whole[..] else {
            panic!("one body")
        };
        let pieces: Vec<Vec<u8>> = whole.pieces().collect();
        assert!(pieces.len() > 10);
        assert!(pieces.iter().all(|piece| piece.len() < 128 << 10));
        assert_eq!(pieces.concat(), whole.to_vec());
        assert_eq!(pieces.concat().len(), whole.bytes());
    }
}

#[test]
fn bodies_are_the_same_when_they_are_made_again() {
    for (format, body) in [
        (
            Format::Json,
            r#"[{"id":1,"a":1.0},{"id":"1","id":2},{"id":3}]"#,
        ),
        (Format::Json, r#"{"id":7}"#),
        (
            Format::Ndjson,
            "{\"id\":1}\n{\"id\":2,\"b\":[]}\n\n{\"id\":3}",
        ),
        (Format::Csv { delimiter: b';' }, "id;b\n1;x\n2;y\n3;z"),
    ] {
        let (batch, routes) = read(body, format).unwrap();
        let routes = Arc::new(routes.unwrap());
        for max_bytes in [1, usize::MAX] {
            let wanted = || shards(16).all();
            let made: Vec<LegBody> = batch
                .leg_bodies(&routes, wanted(), None, max_bytes)
                .collect();
            let recipe = serde_json::to_string(&made[0].recipe()).unwrap();
            let recipe: Recipe = serde_json::from_str(&recipe).unwrap();
            let restored = recipe.restore(made[0].payload().clone(), None).unwrap();
            let again = restored.bodies(made[0].wanted().clone());
            let texts = |bodies: Vec<LegBody>| -> Vec<Vec<u8>> {
                bodies.iter().map(LegBody::to_vec).collect()
            };
            assert_eq!(texts(again.collect()), texts(made));
        }
    }
}

fn document() -> impl Strategy<Value = Map<String, Value>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,5}", inner, 0..4).prop_map(Value::from_iter),
        ]
    });
    (
        prop::collection::btree_map(".{0,5}", value, 0..6),
        any::<u32>(),
    )
        .prop_map(|(members, id)| {
            let mut document: Map<String, Value> = members.into_iter().collect();
            document.insert("id".to_owned(), json!(id));
            document
        })
}

proptest! {
    #[test]
    fn stamping_adds_two_members_and_changes_nothing_else(documents in prop::collection::vec(document(), 1..8), pretty: bool, lines: bool) {
        let print = |value: &Value| if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) }.unwrap();
        let values: Vec<Value> = documents.iter().cloned().map(Value::from).collect();
        let (format, body) = if lines {
            (Format::Ndjson, values.iter().map(print).collect::<Vec<_>>().join("\n"))
        } else {
            (Format::Json, print(&Value::from(values.clone())))
        };
        let (batch, routes) = read(&body, format).unwrap();
        let sent = whole(&batch, &routes.unwrap(), Some(9));
        let sent: Vec<Map<String, Value>> = if lines {
            serde_json::Deserializer::from_str(&sent).into_iter().collect::<Result<_, _>>().unwrap()
        } else {
            serde_json::from_str(&sent).unwrap()
        };
        prop_assert_eq!(sent.len(), documents.len());
        for (mut sent, document) in sent.into_iter().zip(documents) {
            prop_assert_eq!(sent.keys().rev().take(2).rev().map(String::as_str).collect::<Vec<_>>(), [SHARD_FIELD, VERSION_FIELD]);
            let shard = hash::shard_of(&document["id"].to_string(), shards(16));
            prop_assert_eq!(sent.shift_remove(SHARD_FIELD).unwrap(), marker::of_shard(shard));
            prop_assert_eq!(sent.shift_remove(VERSION_FIELD).unwrap(), marker::of_number(9));
            prop_assert_eq!(sent, document);
        }
    }
}
