//! What Miroir writes into documents, encoded so that no search can find it and every filter can.
//!
//! A value is a fixed number of base-16 digits over the 16 symbols U+22B0..=U+22BF, most significant first. All of them
//! are separators for the engine's tokenizer, so nothing is indexed for search; NFKD and lower-casing leave them alone,
//! so filters see the stored text; and their bytes sort like the digits, so a comparison of equally long texts is a
//! comparison of numbers. (The neighbours below U+22B0 decompose, which breaks every range.)

use crate::id::Shard;

/// What every name that Miroir reserves begins with.
pub const PREFIX: &str = "_miroir_";
/// The shard of the document, 3 symbols.
pub const SHARD_FIELD: &str = "_miroir_shard";
/// The version of the document, a hybrid logical timestamp, 16 symbols.
pub const VERSION_FIELD: &str = "_miroir_updated_at";
/// When the document expires, Unix milliseconds, 16 symbols.
pub const EXPIRY_FIELD: &str = "_miroir_expires_at";

/// Where a shard's marker would stand, in the documents that belong to no shard (`lexicon`): one symbol, so that it is no
/// shard's marker.
pub const LEXICON_MARKER: &str = "\u{22B0}";

const FIRST_SYMBOL: u32 = 0x22B0;
const SHARD_SYMBOLS: u32 = 3;
const NUMBER_SYMBOLS: u32 = 16;

/// The marker of a shard. Shards above 4095 do not exist.
pub fn of_shard(shard: Shard) -> String {
    encode(u64::from(shard.0), SHARD_SYMBOLS)
}

/// A version or an expiry.
pub fn of_number(number: u64) -> String {
    encode(number, NUMBER_SYMBOLS)
}

/// The shard that a marker names, if it is one.
pub fn parse_shard(text: &str) -> Option<Shard> {
    let shard = parse(text, SHARD_SYMBOLS)?;
    Some(Shard(
        u16::try_from(shard).expect("three base-16 digits fit in 16 bits"),
    ))
}

/// The version or expiry that a text of 16 symbols stands for, if it is one.
pub fn parse_number(text: &str) -> Option<u64> {
    parse(text, NUMBER_SYMBOLS)
}

/// Whether `text` contains one of the symbols.
///
/// A tokenizer setting that does would turn markers into words.
pub fn contains_symbol(text: &str) -> bool {
    text.chars().any(|character| digit(character).is_some())
}

fn encode(number: u64, symbols: u32) -> String {
    (0..symbols)
        .rev()
        .map(|place| symbol(number >> (4 * place) & 0xF))
        .collect()
}

fn parse(text: &str, symbols: u32) -> Option<u64> {
    let mut number = 0;
    let mut seen = 0;
    for character in text.chars() {
        number = number << 4 | digit(character)?;
        seen += 1;
        if seen > symbols {
            return None;
        }
    }
    (seen == symbols).then_some(number)
}

fn symbol(digit: u64) -> char {
    let digit = u32::try_from(digit).expect("one base-16 digit");
    char::from_u32(FIRST_SYMBOL + digit).expect("U+22B0..=U+22BF are characters")
}

fn digit(character: char) -> Option<u64> {
    let digit = u32::from(character).checked_sub(FIRST_SYMBOL)?;
    (digit < 16).then_some(u64::from(digit))
}

#[cfg(test)]
mod tests;
