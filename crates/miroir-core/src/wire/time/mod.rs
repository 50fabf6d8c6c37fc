//! Instants and durations as the server prints and reads them.

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const NANOSECONDS_PER_SECOND: i128 = 1_000_000_000;
const SECONDS_PER_DAY: i128 = 86_400;

/// An instant between the years 0 and 9999, in nanoseconds since 1970-01-01T00:00:00Z.
///
/// Prints as RFC 3339 in UTC: suffix `Z`, 3 to 9 fractional digits without further trailing zeros. The server itself
/// prints down to no digits at all, which its Python SDK cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i128);

/// The text is not an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 date-time")]
pub struct BadTimestamp;

fn epoch() -> DateTime {
    DateTime::constant(1970, 1, 1, 0, 0, 0, 0)
}

impl Timestamp {
    /// The first instant of the year 0.
    pub const MIN: Timestamp = Timestamp(-62_167_219_200 * NANOSECONDS_PER_SECOND);
    /// The last instant of the year 9999.
    pub const MAX: Timestamp = Timestamp(253_402_300_800 * NANOSECONDS_PER_SECOND - 1);

    /// `None` outside the years 0 to 9999.
    pub fn from_nanoseconds(nanoseconds: i128) -> Option<Self> {
        let timestamp = Self(nanoseconds);
        (Self::MIN..=Self::MAX)
            .contains(&timestamp)
            .then_some(timestamp)
    }

    /// `None` outside the years 0 to 9999.
    pub fn from_milliseconds(milliseconds: i64) -> Option<Self> {
        Self::from_nanoseconds(i128::from(milliseconds) * 1_000_000)
    }

    pub fn as_nanoseconds(self) -> i128 {
        self.0
    }

    /// Rounded towards the past.
    pub fn as_milliseconds(self) -> i64 {
        i64::try_from(self.0.div_euclid(1_000_000)).expect("ten thousand years fit")
    }

    /// The first instant of a day in UTC.
    pub fn midnight(date: Date) -> Self {
        Self::from_civil(date.at(0, 0, 0, 0))
    }

    /// One day later, or unchanged at the end of time.
    pub fn next_day(self) -> Self {
        Self::from_nanoseconds(self.0 + SECONDS_PER_DAY * NANOSECONDS_PER_SECOND).unwrap_or(self)
    }

    /// RFC 3339 as the server prints it: no fraction at all where there is nothing to say.
    pub fn shortest(self) -> String {
        let text = self.to_string();
        match text.strip_suffix(".000Z") {
            Some(seconds) => format!("{seconds}Z"),
            None => text.replace('Z', "").trim_end_matches('0').to_owned() + "Z",
        }
    }

    fn from_civil(civil: DateTime) -> Self {
        Self(civil.duration_since(epoch()).as_nanos())
    }

    fn civil(self) -> Option<DateTime> {
        let seconds = i64::try_from(self.0.div_euclid(NANOSECONDS_PER_SECOND)).ok()?;
        let nanoseconds = i32::try_from(self.0.rem_euclid(NANOSECONDS_PER_SECOND)).ok()?;
        epoch()
            .checked_add(SignedDuration::new(seconds, nanoseconds))
            .ok()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = self.civil().expect("the constructors check the range");
        let (date, time) = (civil.date(), civil.time());
        // Digit by digit: every line of the log begins with one of these.
        let mut text = *b"0000-00-00T00:00:00.000000000Z";
        for (end, number) in [
            (4, i32::from(date.year())),
            (7, i32::from(date.month())),
            (10, i32::from(date.day())),
            (13, i32::from(time.hour())),
            (16, i32::from(time.minute())),
            (19, i32::from(time.second())),
            (FRACTION.end, time.subsec_nanosecond()),
        ] {
            write_digits(&mut text[..end], number);
        }
        let zeros = text[FRACTION.start + 3..FRACTION.end]
            .iter()
            .rev()
            .take_while(|digit| **digit == b'0')
            .count();
        let end = FRACTION.end - zeros;
        text[end] = b'Z';
        formatter.write_str(str::from_utf8(&text[..=end]).expect("digits and signs"))
    }
}

/// Where the nanoseconds stand in a timestamp.
const FRACTION: Range<usize> = 20..29;

/// Writes a number, which is not negative, over the zeros that a text ends with.
fn write_digits(text: &mut [u8], mut number: i32) {
    for digit in text.iter_mut().rev() {
        if number == 0 {
            break;
        }
        *digit = b'0' + u8::try_from(number % 10).expect("one digit");
        number /= 10;
    }
}

impl FromStr for Timestamp {
    type Err = BadTimestamp;

    /// RFC 3339 as the server reads it: any single ASCII byte between date and time, any number of fractional digits
    /// (those after the ninth are dropped), `Z` or `z` or an offset; second 60 only at the end of a month in UTC.
    /// An instant that its offset pushes out of the range becomes the nearest in it.
    fn from_str(text: &str) -> Result<Self, BadTimestamp> {
        read(text)
            .map(|nanoseconds| Self(nanoseconds).clamp(Self::MIN, Self::MAX))
            .ok_or(BadTimestamp)
    }
}

fn read(text: &str) -> Option<i128> {
    let bytes = text.as_bytes();
    if !text.is_ascii() || bytes.len() < 20 {
        return None;
    }
    let date = read_date(&text[..10])?;
    let hour = digits(&text[11..13])?;
    let minute = digits(&text[14..16])?;
    let second = digits(&text[17..19])?;
    if bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let (nanosecond, zone) = fraction(&text[19..])?;
    let leap = second == 60;
    let (second, nanosecond) = if leap {
        (59, 999_999_999)
    } else {
        (second, nanosecond)
    };
    let civil = DateTime::new(
        date.year(),
        date.month(),
        date.day(),
        hour.try_into().ok()?,
        minute.try_into().ok()?,
        second.try_into().ok()?,
        nanosecond,
    )
    .ok()?;
    let offset = i128::from(offset_seconds(zone)?) * NANOSECONDS_PER_SECOND;
    let timestamp = Timestamp(Timestamp::from_civil(civil).0 - offset);
    if leap {
        let next = Timestamp(timestamp.0 + 1).civil()?;
        let month_starts = next.day() == 1 && next.time() == jiff::civil::Time::midnight();
        return month_starts.then_some(timestamp.0);
    }
    Some(timestamp.0)
}

/// `YYYY-MM-DD`, all ten characters.
pub(super) fn read_date(text: &str) -> Option<Date> {
    if text.len() != 10 || !text.is_ascii() {
        return None;
    }
    let (year, month, day) = (
        digits(&text[..4])?,
        digits(&text[5..7])?,
        digits(&text[8..])?,
    );
    if &text[4..5] != "-" || &text[7..8] != "-" {
        return None;
    }
    Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// Decimal digits and nothing else.
fn digits(text: &str) -> Option<i16> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// The nanoseconds after the seconds, if any, and what follows them.
fn fraction(text: &str) -> Option<(i32, &str)> {
    let Some(rest) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let end = rest
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(rest.len());
    if end == 0 {
        return None;
    }
    let nine: String = rest[..end]
        .chars()
        .chain("000000000".chars())
        .take(9)
        .collect();
    Some((nine.parse().ok()?, &rest[end..]))
}

/// `Z` or `+HH:MM`.
fn offset_seconds(zone: &str) -> Option<i32> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    if zone.len() != 6 || &zone[3..4] != ":" {
        return None;
    }
    let hours = i32::from(digits(&zone[1..3])?);
    let minutes = i32::from(digits(&zone[4..])?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = hours * 3600 + minutes * 60;
    match &zone[..1] {
        "+" => Some(seconds),
        "-" => Some(-seconds),
        _ => None,
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// The time from `start` to `end` as the server prints durations: `P[nD]T<seconds>[.<3, 6 or 9 digits>]S`, `PT0S` for
/// nothing, no time part after whole days, `None` when it is negative.
pub fn iso_duration(start: Timestamp, end: Timestamp) -> Option<String> {
    let nanoseconds = end.0 - start.0;
    if nanoseconds < 0 {
        return None;
    }
    let fraction = nanoseconds % NANOSECONDS_PER_SECOND;
    let seconds = nanoseconds / NANOSECONDS_PER_SECOND;
    let (days, seconds) = (seconds / SECONDS_PER_DAY, seconds % SECONDS_PER_DAY);

    let mut text = String::from("P");
    if days != 0 {
        text.push_str(&format!("{days}D"));
    }
    if fraction == 0 {
        if seconds != 0 || days == 0 {
            text.push_str(&format!("T{seconds}S"));
        }
    } else if fraction % 1_000_000 == 0 {
        text.push_str(&format!("T{seconds}.{:03}S", fraction / 1_000_000));
    } else if fraction % 1_000 == 0 {
        text.push_str(&format!("T{seconds}.{:06}S", fraction / 1_000));
    } else {
        text.push_str(&format!("T{seconds}.{fraction:09}S"));
    }
    Some(text)
}
