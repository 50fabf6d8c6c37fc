//! Numbers of bytes as clients write them in requests, `24MiB`, and as tasks show them again. The forms and the refusals are those
//! of a server.

use std::iter::Peekable;
use std::str::Chars;

const LETTERS: [char; 6] = ['K', 'M', 'G', 'T', 'P', 'E'];
/// What may follow a number, in the words of a refusal.
const UNITS: &str =
    "('B', 'K', 'M', 'G', 'T', 'P', 'E' or no character or no character is expected)";
const BYTES_OR_BITS: &str = "('B', 'b' or no character or no character is expected)";
const NOTHING: &str = "(no character is expected)";

/// The largest unit of 1000 or 1024 that fits, with every decimal: `1.5 MB`, `120.5625 KiB`.
pub fn amount(bytes: u64) -> String {
    for (power, letter) in (1..).zip(LETTERS).collect::<Vec<_>>().into_iter().rev() {
        for (base, infix) in [(1024_u64, "i"), (1000, "")] {
            let unit = base.pow(power);
            if bytes >= unit {
                return format!("{} {letter}{infix}B", bytes as f64 / unit as f64);
            }
        }
    }
    format!("{bytes} B")
}

/// Reads `10`, `1.5 MB`, `24MiB`, `80 Mbit`. A unit's `b` is a bit, eight of which are a byte.
///
/// # Errors
/// The server's words for what it does not expect.
pub fn parse_amount(text: &str) -> Result<u64, String> {
    let mut symbols = text.trim().chars().peekable();
    let number = number(&mut symbols)?;
    let bytes = number * unit(&mut symbols)?;
    match bytes.is_finite() && bytes < u64::MAX as f64 {
        true => Ok(bytes.ceil() as u64),
        false => Err(format!("the value {number:?} exceeds the valid range")),
    }
}

fn number(symbols: &mut Peekable<Chars>) -> Result<f64, String> {
    match symbols.peek() {
        None => return Err("no value can be found".to_owned()),
        Some(symbol) if !symbol.is_ascii_digit() => return Err(not_a_number(*symbol)),
        Some(_) => {}
    }
    let mut digits = String::new();
    while let Some(symbol) = symbols.next_if(char::is_ascii_digit) {
        digits.push(symbol);
    }
    if symbols.next_if_eq(&'.').is_some() {
        digits.push('.');
        match symbols.peek() {
            Some(symbol) if !symbol.is_ascii_digit() => return Err(not_a_number(*symbol)),
            None => return Err(not_a_number('.')),
            Some(_) => {}
        }
        while let Some(symbol) = symbols.next_if(char::is_ascii_digit) {
            digits.push(symbol);
        }
    }
    while symbols.next_if_eq(&' ').is_some() {}
    digits
        .parse()
        .map_err(|_| "value number is too long".to_owned())
}

/// The bytes of one unit.
fn unit(symbols: &mut Peekable<Chars>) -> Result<f64, String> {
    let Some(letter) = symbols.next() else {
        return Ok(1.0);
    };
    if letter.eq_ignore_ascii_case(&'b') {
        return bytes_or_bits(letter, symbols);
    }
    let power = LETTERS
        .iter()
        .position(|known| known.eq_ignore_ascii_case(&letter))
        .ok_or_else(|| incorrect(letter, UNITS))?;
    let base = match symbols.next_if(|symbol| symbol.eq_ignore_ascii_case(&'i')) {
        Some(_) => 1024_f64,
        None => 1000.0,
    };
    let size = base.powi(i32::try_from(power + 1).expect("there are six units"));
    match symbols.next() {
        None => Ok(size),
        Some(letter @ ('b' | 'B')) => Ok(size * bytes_or_bits(letter, symbols)?),
        Some(other) => Err(incorrect(other, BYTES_OR_BITS)),
    }
}

/// After `b` or `B`: nothing, `it` or `its`.
fn bytes_or_bits(letter: char, symbols: &mut Peekable<Chars>) -> Result<f64, String> {
    let rest: String = symbols.collect();
    match rest.to_ascii_lowercase().as_str() {
        "" if letter == 'B' => Ok(1.0),
        "" | "it" | "its" => Ok(0.125),
        _ => {
            let known = "its".chars();
            let wrong = rest
                .chars()
                .zip(known.map(Some).chain(std::iter::repeat(None)))
                .find(|(symbol, known)| Some(symbol.to_ascii_lowercase()) != *known);
            Err(match wrong {
                Some((symbol, Some('i'))) => incorrect(symbol, "('i' or no character is expected)"),
                Some((symbol, Some('t'))) => incorrect(symbol, "('t' is expected)"),
                Some((symbol, Some(_))) => incorrect(symbol, "('s' or no character is expected)"),
                Some((symbol, None)) => incorrect(symbol, NOTHING),
                None => incorrect('i', NOTHING),
            })
        }
    }
}

fn not_a_number(symbol: char) -> String {
    format!("the character {symbol:?} is not a number")
}

fn incorrect(symbol: char, expected: &str) -> String {
    format!("the character {symbol:?} is incorrect {expected}")
}

#[cfg(test)]
mod tests {
    use super::{amount, parse_amount};

    /// As a 1.50 server shows what it was told (recorded).
    #[test]
    fn amounts_are_read_and_shown_like_a_server_does() {
        for (text, bytes, shown) in [
            ("24MiB", 25_165_824, "24 MiB"),
            ("123456", 123_456, "120.5625 KiB"),
            ("1.5 MB", 1_500_000, "1.430511474609375 MiB"),
            ("0", 0, "0 B"),
            ("1kb", 125, "125 B"),
            (" 1000 ", 1000, "1 KB"),
            ("8 Mbit", 1_000_000, "1 MB"),
            ("10 b", 2, "2 B"),
        ] {
            assert_eq!(parse_amount(text), Ok(bytes), "{text}");
            assert_eq!(amount(bytes), shown);
        }
    }

    #[test]
    fn what_is_no_amount_is_refused_in_the_servers_words() {
        for (text, refusal) in [
            ("", "no value can be found"),
            ("what", "the character 'w' is not a number"),
            (
                "1 ZZ",
                "the character 'Z' is incorrect ('B', 'K', 'M', 'G', 'T', 'P', 'E' or no character or no character is expected)",
            ),
            (
                "1 Kx",
                "the character 'x' is incorrect ('B', 'b' or no character or no character is expected)",
            ),
            (
                "1 Bx",
                "the character 'x' is incorrect ('i' or no character is expected)",
            ),
            ("1.", "the character '.' is not a number"),
        ] {
            assert_eq!(parse_amount(text), Err(refusal.to_owned()), "{text}");
        }
    }
}
