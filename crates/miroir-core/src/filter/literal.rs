//! From a literal that the primary key is compared with to the ids that it can equal, which is not the same as its text: the engine
//! compares strings after trimming, NFKD and lower-casing, and a literal that reads as a number also equals numeric ids.

use std::collections::BTreeSet;

use super::cursor::Text;
use super::{Candidates, Facts, Why};
use crate::document::primary_key::is_valid_id;
use crate::merge::normalize;

/// From here on several integers are one number to the engine, which compares 64-bit floats.
const FIRST_INEXACT: f64 = 9_007_199_254_740_992.0;

/// The engine keeps only so many bytes of a string to compare (`MAX_FACET_VALUE_LENGTH`; older ones a few more), so that a literal of
/// this length equals every longer id that begins with it.
const FIRST_TRUNCATED: usize = 468;

/// The ids that equal one of the literals.
pub(super) fn candidates(literals: &[Text<'_>], facts: &Facts<'_>) -> Candidates {
    let mut ids = BTreeSet::new();
    for literal in literals {
        let Some(literal) = literal else {
            return Candidates::Any(Why::NotUnderstood);
        };
        match ids_equal_to(literal, facts.ids_case_folded) {
            Ok(equal) => ids.extend(equal.into_iter().flatten()),
            Err(why) => return Candidates::Any(why),
        }
    }
    Candidates::Ids(ids)
}

/// As a string, and as a number.
fn ids_equal_to(literal: &str, ids_case_folded: bool) -> Result<[Option<String>; 2], Why> {
    let text = normalize::facet(literal);
    if text.len() >= FIRST_TRUNCATED {
        return Err(Why::LiteralTruncated);
    }
    let text = is_valid_id(&text).then(|| text.into_owned());
    let has_letter = |text: &String| text.bytes().any(|byte| byte.is_ascii_alphabetic());
    if !ids_case_folded && text.as_ref().is_some_and(has_letter) {
        return Err(Why::IdsNotFolded);
    }
    let number = match literal.parse::<f64>() {
        Ok(number) if number.is_finite() && number.fract() == 0.0 => {
            if number.abs() >= FIRST_INEXACT {
                return Err(Why::NumberInexact);
            }
            // Every such number is an `i64`; the cast also makes `-0` a `0`.
            Some((number as i64).to_string())
        }
        _ => None,
    };
    Ok([text, number])
}
