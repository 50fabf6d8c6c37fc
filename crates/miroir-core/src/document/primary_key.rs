//! The primary key of a document: found in its raw text, made canonical, inferred when nobody named it.
//!
//! Follows the server: a name without dots is a top-level member; a name with dots also matches nested objects along
//! its path, any of the dots being part of a key; two matches are an error. Errors here fail the client's task, never
//! its request, and carry the server's texts.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::document::members::for_each_member;
use crate::error::ApiError;

/// Longest string that is a document id, in bytes.
pub const MAX_ID_BYTES: usize = 511;

/// What a repeated top-level member of one document means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// JSON payloads: the last value counts, at the place of the first.
    LastWins,
    /// NDJSON payloads are stored as they are: a repeated primary key is two keys.
    Kept,
}

/// The members of one document that may hold its primary key, gathered while its members are walked.
#[derive(Debug)]
pub struct Candidates<'d> {
    name: String,
    repeats: Repeats,
    /// How many bytes of the name the member's key covers, and its value, in order of first appearance.
    found: Vec<(usize, &'d RawValue)>,
}

impl<'d> Candidates<'d> {
    /// For documents whose primary key is called `name`.
    pub fn new(name: impl Into<String>, repeats: Repeats) -> Self {
        Self {
            name: name.into(),
            repeats,
            found: Vec::new(),
        }
    }

    /// The name of the primary key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Forgets the document before.
    pub fn clear(&mut self) {
        self.found.clear();
    }

    /// Looks at one top-level member.
    #[inline]
    pub fn member(&mut self, key: &str, value: &'d RawValue) {
        if path_after(&self.name, key).is_none() {
            return;
        }
        let covered = key.len();
        let before = self.found.iter_mut().find(|(length, _)| *length == covered);
        match (self.repeats, before) {
            (Repeats::LastWins, Some(before)) => before.1 = value,
            _ => self.found.push((covered, value)),
        }
    }

    /// The canonical key of the document whose members were walked. `document` is only for the error text.
    ///
    /// # Errors
    /// `missing_document_id` or `invalid_document_id`.
    pub fn key(&self, document: &RawValue) -> Result<Cow<'d, str>, ApiError> {
        let mut key = None;
        for (covered, value) in &self.found {
            let path = self.name.get(covered + 1..).unwrap_or_default();
            collect(path, value, &mut key)?;
        }
        match key {
            Some(Found::Once(key)) => Ok(key),
            Some(Found::Twice) => Err(ApiError::too_many_document_ids(
                &self.name,
                &compact(document),
            )),
            None => Err(ApiError::missing_document_id(
                &self.name,
                &compact(document),
            )),
        }
    }
}

/// The canonical primary key called `name` of one document.
///
/// # Errors
/// As [`Candidates::key`]; a document that is no object has no key.
pub fn find<'d>(
    document: &'d RawValue,
    name: &str,
    repeats: Repeats,
) -> Result<Cow<'d, str>, ApiError> {
    let mut candidates = Candidates::new(name, repeats);
    if for_each_member(document, |key, value| candidates.member(key, value)).is_err() {
        candidates.clear();
    }
    candidates.key(document)
}

/// The primary key that the server would infer from the first document of a payload.
///
/// # Errors
/// `index_primary_key_no_candidate_found`, `index_primary_key_multiple_candidates_found`.
pub fn infer(first_document: &RawValue) -> Result<String, ApiError> {
    let mut names = Vec::new();
    let walked = for_each_member(first_document, |key, _| {
        if key.to_lowercase().ends_with("id") {
            names.push(key.to_owned());
        }
    });
    if walked.is_err() {
        names.clear();
    }
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [] => Err(ApiError::primary_key_not_inferred()),
        [name] => Ok(name.clone()),
        several => Err(ApiError::primary_key_ambiguous(several)),
    }
}

/// The canonical form of a raw JSON value as a document id: a valid string itself, or an integer's decimal text.
/// `None` when it is no valid id.
pub fn canonical(value: &RawValue) -> Option<Cow<'_, str>> {
    let text = value.get();
    match text.as_bytes().first()? {
        b'"' => {
            let inner = &text[1..text.len() - 1];
            if is_valid_id(inner) {
                return Some(Cow::Borrowed(inner));
            }
            // Escapes may still spell a valid id.
            let decoded: String = serde_json::from_str(text).ok()?;
            is_valid_id(&decoded).then_some(Cow::Owned(decoded))
        }
        // A JSON integer has one spelling, but for `-0`, which is a float to the server.
        b'-' => (text != "-0" && text.parse::<i64>().is_ok()).then_some(Cow::Borrowed(text)),
        b'0'..=b'9' => text.parse::<u64>().is_ok().then_some(Cow::Borrowed(text)),
        _ => None,
    }
}

/// As [`canonical`], for an id that was already parsed (bodies that list ids).
pub fn canonical_value(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => is_valid_id(text).then(|| text.clone()),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a string is a document id: 1 to 511 bytes of `[A-Za-z0-9_-]`.
pub fn is_valid_id(text: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// What is left of the dotted `name` below a member called `key`: empty when the key is the whole name.
#[inline]
fn path_after<'n>(name: &'n str, key: &str) -> Option<&'n str> {
    let rest = name.strip_prefix(key)?;
    if rest.is_empty() {
        return Some(rest);
    }
    if key.is_empty() {
        None
    } else {
        rest.strip_prefix('.')
    }
}

enum Found<'d> {
    Once(Cow<'d, str>),
    Twice,
}

/// Adds what `path` leads to inside `value`. An invalid value is an error the moment it is met, unless two were found.
fn collect<'d>(
    path: &str,
    value: &'d RawValue,
    key: &mut Option<Found<'d>>,
) -> Result<(), ApiError> {
    if matches!(key, Some(Found::Twice)) {
        return Ok(());
    }
    if path.is_empty() {
        let found =
            canonical(value).ok_or_else(|| ApiError::invalid_document_id(&compact(value)))?;
        *key = Some(if key.is_none() {
            Found::Once(found)
        } else {
            Found::Twice
        });
        return Ok(());
    }
    let mut below = Vec::new();
    let walked = for_each_member(value, |name, value| {
        if let Some(rest) = path_after(path, name) {
            below.push((rest, value));
        }
    });
    if walked.is_ok() {
        for (rest, value) in below {
            collect(rest, value, key)?;
        }
    }
    Ok(())
}

/// A value as the server's error texts show it: parsed and printed. Only ever called for the one value in an error.
fn compact(value: &RawValue) -> String {
    serde_json::from_str::<Value>(value.get())
        .map_or_else(|_| value.get().to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests;
