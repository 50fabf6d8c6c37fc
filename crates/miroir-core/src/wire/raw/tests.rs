//! Agreement with `serde_json` on random and on damaged JSON.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// Text of random JSON: odd spacing, escapes, duplicate keys, extreme numbers, deep nesting.
pub(crate) fn json() -> impl Strategy<Value = String> {
    let space = || proptest::sample::select(vec!["", "", "", " ", "\n\t", "\r "]);
    let character = prop_oneof![
        8 => "[a-z0-9 _é漢🚀]",
        1 => proptest::sample::select(vec!["\\n", "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\r", "\\t", "\\u00e9", "\\uD83D\\uDE80", "\\u0000"])
            .prop_map(str::to_owned),
    ];
    let length = prop_oneof![9 => 0..20_usize, 1 => 60..140_usize];
    let string = length
        .prop_flat_map(move |length| proptest::collection::vec(character.clone(), length))
        .prop_map(|parts| format!("\"{}\"", parts.concat()));
    let number = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>()
            .prop_filter("finite", |n| n.is_finite())
            .prop_map(|n| format!("{n:e}")),
        proptest::sample::select(vec![
            "0",
            "-0",
            "0.5",
            "1e3",
            "1E+2",
            "123456789012345678901234567890",
            "0e999999999"
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        string.clone(),
        number,
        proptest::sample::select(vec!["true", "false", "null", "[]", "{}", "[ ]", "{ }"])
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        let padded = (space(), inner, space())
            .prop_map(|(before, value, after)| format!("{before}{value}{after}"));
        let member = (space(), string.clone(), space(), padded.clone())
            .prop_map(|(a, key, b, value)| format!("{a}{key}{b}:{value}"));
        prop_oneof![
            proptest::collection::vec(padded, 1..6)
                .prop_map(|parts| format!("[{}]", parts.join(","))),
            proptest::collection::vec(member, 1..6)
                .prop_map(|parts| format!("{{{}}}", parts.join(","))),
        ]
    })
}

fn value(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(bytes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn members_and_elements_are_those_of_serde_json(text in json()) {
        let parsed = value(text.as_bytes()).unwrap();
        validate(text.as_bytes()).unwrap();
        let mut scanner = Scanner::new(text.as_bytes());
        prop_assert_eq!(scanner.skip_trusted_value(), Scanner::new(text.as_bytes()).skip_value().unwrap());
        prop_assert!(scanner.at_end());
        match &parsed {
            Value::Object(object) => {
                let mut seen = serde_json::Map::new();
                for member in members(text.as_bytes()) {
                    let member = member.unwrap();
                    prop_assert!(text.as_bytes()[member.span.clone()].ends_with(member.value));
                    seen.insert(member.key.decode().into_owned(), value(member.value).unwrap());
                }
                prop_assert_eq!(&seen, object);
            }
            Value::Array(array) => {
                let seen: Vec<Value> = elements(text.as_bytes()).map(|raw| value(raw.unwrap()).unwrap()).collect();
                prop_assert_eq!(&seen, array);
            }
            Value::String(plain) => prop_assert_eq!(super::text(text.trim().as_bytes()).unwrap().decode(), plain.as_str()),
            _ => {}
        }
    }

    #[test]
    fn damaged_json_is_refused_exactly_when_serde_json_refuses_it(
        text in json(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), 0..4_u8, prop_oneof![
            any::<u8>(), proptest::sample::select(b"{}[],:\"\\0-.eEtfn u\xC3\x1f".to_vec()),
        ]), 1..3),
    ) {
        let mut bytes = text.into_bytes();
        for (index, kind, byte) in damage {
            if bytes.is_empty() { break }
            let at = index.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => { bytes.remove(at); }
                _ => bytes.truncate(at),
            }
        }
        prop_assert_eq!(validate(&bytes).is_ok(), value(&bytes).is_ok(), "{:?}", String::from_utf8_lossy(&bytes));
        let object = members(&bytes).all(|member| member.is_ok());
        prop_assert_eq!(object, value(&bytes).is_ok_and(|value| value.is_object()));
        let stream: Result<Vec<Value>, _> = serde_json::Deserializer::from_slice(&bytes).into_iter().collect();
        let ours: Result<Vec<&[u8]>, _> = values(&bytes).collect();
        prop_assert_eq!(ours.is_ok(), stream.is_ok(), "{:?}", String::from_utf8_lossy(&bytes));
        prop_assert_eq!(ours.ok().map(|values| values.len()), stream.ok().map(|values| values.len()));
    }

    #[test]
    fn the_trusting_scanner_finds_the_same_members(text in json()) {
        let mut scanner = Scanner::new(text.as_bytes());
        if scanner.enter_object().is_ok() {
            for member in members(text.as_bytes()) {
                let member = member.unwrap();
                let (key, start) = scanner.next_trusted_key().unwrap().unwrap();
                prop_assert_eq!((key, start), (member.key, member.span.start));
                let span = scanner.skip_trusted_value();
                prop_assert_eq!(span.end, member.span.end);
                prop_assert_eq!(scanner.slice(&span), member.value);
            }
            prop_assert!(scanner.next_trusted_key().unwrap().is_none());
            prop_assert!(scanner.at_end());
        }
    }

    #[test]
    fn the_trusting_scanner_comes_to_an_end_on_anything(
        text in json(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), proptest::sample::select(b"{}[],:\"\\0 u\xC3\0".to_vec())), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = text.into_bytes();
        for (index, byte) in damage {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        let span = Scanner::new(&bytes).skip_trusted_value();
        prop_assert!(span.end <= bytes.len());
        let mut scanner = Scanner::new(&bytes);
        if scanner.enter_object().is_ok() {
            while let Ok(Some((key, _))) = scanner.next_trusted_key() {
                key.decode();
                let span = scanner.skip_trusted_value();
                scanner.slice(&span);
            }
        }
    }

    #[test]
    fn a_common_prefix_ends_at_the_first_difference(
        left in proptest::collection::vec(0..3_u8, 0..70),
        right in proptest::collection::vec(0..3_u8, 0..70),
        same in 0..70_usize,
    ) {
        let right = [&left[..same.min(left.len())], &right].concat();
        let expected = left.iter().zip(&right).take_while(|(left, right)| left == right).count();
        prop_assert_eq!(common_prefix(&left, &right), expected);
    }

    #[test]
    fn cutting_and_splicing_change_nothing_else(
        values in proptest::collection::vec((json(), any::<bool>()), 0..6),
        space in proptest::sample::select(vec!["", " ", "\n "]),
    ) {
        let member = |(at, (value, unwanted)): (usize, &(String, bool))| {
            format!("{space}\"{}{at}\"{space}:{value}{space}", if *unwanted { "_miroir_" } else { "k" })
        };
        let text = format!("{space}{{{}}}{space}", values.iter().enumerate().map(member).collect::<Vec<_>>().join(","));
        let mut out = Vec::new();
        cut(text.as_bytes(), |key| key.starts_with("_miroir_"), &mut out).unwrap();
        let mut expected = value(text.as_bytes()).unwrap();
        expected.as_object_mut().unwrap().retain(|key, _| !key.starts_with("_miroir_"));
        prop_assert_eq!(value(&out).unwrap(), expected.clone());

        let mut spliced = Vec::new();
        splice(&out, &[("_miroir_shard", b"\"x\""), ("n", b"1")], &mut spliced).unwrap();
        expected["_miroir_shard"] = "x".into();
        expected["n"] = 1.into();
        prop_assert_eq!(value(&spliced).unwrap(), expected);
    }

    #[test]
    fn strings_are_written_as_serde_json_writes_them(plain in any::<String>()) {
        let mut out = Vec::new();
        push_string(&plain, &mut out);
        prop_assert_eq!(&out, &serde_json::to_vec(&plain).unwrap());
        prop_assert_eq!(super::text(&out).unwrap().decode(), plain);
    }
}

#[test]
fn the_depth_limit_is_that_of_serde_json() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in 125..130 {
            let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert_eq!(
                validate(text.as_bytes()).is_ok(),
                value(text.as_bytes()).is_ok(),
                "{depth}"
            );
            let walked = if open == "[" {
                elements(text.as_bytes()).all(|item| item.is_ok())
            } else {
                members(text.as_bytes()).all(|item| item.is_ok())
            };
            assert_eq!(walked, depth < 128, "{depth}");
        }
    }
}

#[test]
fn numbers_and_surrogates_at_their_limits() {
    for text in [
        "1e308",
        "1e309",
        "-1e309",
        "1e-400",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "0x1",
        "NaN",
        "-0.0e-0",
        "\"\\uD800\"",
        "\"\\uDC00\"",
        "\"\\uD800\\u0041\"",
        "\"\\uD83D\\uDE80\"",
        "\"\\uD83D\\uDE8\"",
        "\"\\uZZZZ\"",
        "\"\\x\"",
        "\"\u{7f}\"",
        "\"\t\"",
        "nul",
        "",
        "\u{feff}1",
        "1 2",
        "[1,]",
        "{\"a\":1,}",
        "{1:2}",
        "[1 2]",
        "{\"a\" 1}",
    ] {
        assert_eq!(
            validate(text.as_bytes()).is_ok(),
            value(text.as_bytes()).is_ok(),
            "{text}"
        );
    }
    let digits = |count| format!("1{}", "0".repeat(count));
    assert!(validate(digits(308).as_bytes()).is_ok());
    assert_eq!(
        validate(digits(309).as_bytes()),
        Err(RawError {
            offset: 0,
            problem: Problem::NumberOutOfRange
        })
    );
}

#[test]
fn errors_say_where() {
    let error = members(b"{\"a\": 1, \"b\" 2}")
        .find_map(Result::err)
        .unwrap();
    assert_eq!(error.to_string(), "expected `:` at byte 13");
    assert_eq!(
        splice(b"[1]", &[], &mut Vec::new()).unwrap_err().problem,
        Problem::ExpectedObject
    );
    assert_eq!(
        members(b"[1]").next().unwrap().unwrap_err().problem,
        Problem::ExpectedObject
    );
}
