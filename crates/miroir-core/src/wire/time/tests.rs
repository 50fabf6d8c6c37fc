//! Printing and reading of instants, printing of durations.

use super::*;

#[test]
fn instants_print() {
    let cases = [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (500_000_000, "1970-01-01T00:00:00.500Z"),
        (123_400_000, "1970-01-01T00:00:00.1234Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (1_763_654_190_273_223_738, "2025-11-20T15:56:30.273223738Z"),
        (
            253_402_300_799_999_999_999,
            "9999-12-31T23:59:59.999999999Z",
        ),
        (-62_167_219_200_000_000_000, "0000-01-01T00:00:00.000Z"),
    ];
    for (nanoseconds, text) in cases {
        let timestamp = Timestamp::from_nanoseconds(nanoseconds).unwrap();
        assert_eq!(timestamp.to_string(), text);
        assert_eq!(text.parse(), Ok(timestamp));
        let json = serde_json::to_string(&timestamp).unwrap();
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), timestamp);
    }
    assert_eq!(
        Timestamp::from_nanoseconds(253_402_300_800_000_000_000),
        None
    );
    assert_eq!(
        Timestamp::from_nanoseconds(-62_167_219_200_000_000_001),
        None
    );
    assert_eq!(Timestamp::from_nanoseconds(i128::MAX), None);
    assert_eq!(
        Timestamp::from_milliseconds(-1).unwrap().as_milliseconds(),
        -1
    );
}

#[test]
fn instants_read() {
    let cases = [
        ("2024-02-29T12:00:00Z", Some("2024-02-29T12:00:00.000Z")),
        ("2024-02-29 12:00:00z", Some("2024-02-29T12:00:00.000Z")),
        (
            "2024-02-29T12:00:00+01:30",
            Some("2024-02-29T10:30:00.000Z"),
        ),
        (
            "2024-02-29T12:00:00.1234567899-00:01",
            Some("2024-02-29T12:01:00.123456789Z"),
        ),
        (
            "2024-06-30T23:59:60Z",
            Some("2024-06-30T23:59:59.999999999Z"),
        ),
        (
            "9999-12-31T23:59:59-01:00",
            Some("9999-12-31T23:59:59.999999999Z"),
        ),
        ("2024-06-29T23:59:60Z", None),
        ("2023-02-29T12:00:00Z", None),
        ("2024-02-29T24:00:00Z", None),
        ("2024-02-29T12:00:00", None),
        ("2024-02-29T12:00:00.Z", None),
        ("2024-02-29T12:00:00+24:00", None),
        ("2024-02-29T12:00:00+0100", None),
        ("2024-02-29T12:00Z", None),
        ("+024-02-29T12:00:00Z", None),
        ("2024-02-29", None),
        ("", None),
        ("ééééééééééééé", None),
    ];
    for (text, expected) in cases {
        let read = text
            .parse::<Timestamp>()
            .ok()
            .map(|timestamp| timestamp.to_string());
        assert_eq!(read.as_deref(), expected, "{text}");
    }
}

#[test]
fn durations_print() {
    let cases = [
        (0, "PT0S"),
        (1, "PT0.000000001S"),
        (123_456_789, "PT0.123456789S"),
        (9_330_000, "PT0.009330S"),
        (3_725_500_000_000, "PT3725.500S"),
        (86_400_000_000_000, "P1D"),
        (86_400_000_000_001, "P1DT0.000000001S"),
        (172_801_000_000_000, "P2DT1S"),
    ];
    let start = Timestamp::from_nanoseconds(1_700_000_000_000_000_000).unwrap();
    for (nanoseconds, text) in cases {
        let end = Timestamp::from_nanoseconds(start.as_nanoseconds() + nanoseconds).unwrap();
        assert_eq!(iso_duration(start, end).as_deref(), Some(text));
        assert!(nanoseconds == 0 || iso_duration(end, start).is_none());
    }
}
