//! Lexicon documents: what they hold, what they are called, and what has to be taken off a node's own counts.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Rules;
use crate::document::marker::{LEXICON_MARKER, SHARD_FIELD};
use crate::hash;

/// Every lexicon document has this field, and no other document does. With all attributes searchable it holds the words;
/// below a listed attribute, as in `title._miroir_words`, it inherits what the engine does with that attribute.
pub(super) const WORDS_FIELD: &str = "_miroir_words";

/// How many positions the words of one document may take. The engine reads 65,536 of a field; a document is sent again
/// as long as it grows, so that less is better.
pub const MOST_POSITIONS: usize = 16_384;

/// How far apart the engine puts two words that a hard separator stands between.
const APART: usize = 8;

/// At most how many positions a word takes in a lexicon document: nodes may cut it at every symbol that is no letter, and
/// scripts other than Latin at every letter.
pub fn positions(word: &str) -> usize {
    let cuts = word.chars().filter(|symbol| !symbol.is_alphanumeric());
    let letters = word.chars().filter(|symbol| !symbol.is_ascii());
    APART * (1 + cuts.count()) + letters.count()
}

/// Symbols of an id that stand for the cluster, one for each bit.
const SECRET: u32 = 64;
/// Symbols of an id that stand for its number.
const NUMBER: u32 = 32;

/// The ids of the lexicon documents of an index.
///
/// An id consists of hyphens and underscores, which are separators: where the primary key is searched it adds no word. The
/// cluster's secret name in it keeps clients from meeting one by chance.
pub fn ids(cluster: &str, numbers: std::ops::Range<u32>) -> impl Iterator<Item = String> {
    let secret = symbols(hash::key_hash(cluster), SECRET);
    numbers.map(move |number| secret.clone() + &symbols(u64::from(number), NUMBER))
}

/// Whether an id is one of [`ids`].
pub fn is_id(cluster: &str, id: &str) -> bool {
    // The secret last: almost no id of a client is as long, and it takes a hash and a text to know.
    id.len() == (SECRET + NUMBER) as usize
        && id.bytes().all(|byte| b"-_".contains(&byte))
        && id.starts_with(&symbols(hash::key_hash(cluster), SECRET))
}

fn symbols(bits: u64, count: u32) -> String {
    (0..count)
        .rev()
        .map(|place| if bits >> place & 1 == 1 { '-' } else { '_' })
        .collect()
}

/// One lexicon document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// Words by field.
    pub fields: BTreeMap<String, Vec<String>>,
}

impl Document {
    /// The JSON that a node is sent. The document opts out of every embedder, because nothing of it is to be embedded.
    pub fn to_value<'e>(
        &self,
        rules: &Rules,
        primary_key: &str,
        id: &str,
        embedders: impl IntoIterator<Item = &'e str>,
    ) -> Value {
        let vectors: Map<String, Value> = embedders
            .into_iter()
            .map(|name| (name.to_owned(), Value::Null))
            .collect();
        let mut document = Map::from_iter([
            (primary_key.to_owned(), json!(id)),
            (SHARD_FIELD.to_owned(), json!(LEXICON_MARKER)),
            (WORDS_FIELD.to_owned(), Value::Null),
        ]);
        for (field, words) in &self.fields {
            document.insert(field.clone(), json!(words.join(rules.joint())));
        }
        if !vectors.is_empty() {
            document.insert("_vectors".to_owned(), Value::Object(vectors));
        }
        Value::Object(document)
    }
}

/// Whether a field name of a node exists only because of lexicon documents.
pub fn is_lexicon_field(name: &str) -> bool {
    name.strip_suffix(WORDS_FIELD)
        .is_some_and(|parent| parent.is_empty() || parent.ends_with('.'))
}

/// Takes what lexicon documents add out of a sum of nodes' field distributions: their own fields, their markers, and
/// their primary keys.
pub fn uncount(distribution: &mut BTreeMap<String, u64>, primary_key: Option<&str>) {
    let documents = distribution.get(WORDS_FIELD).copied().unwrap_or(0);
    distribution.retain(|name, _| !is_lexicon_field(name));
    for name in primary_key.into_iter().chain([SHARD_FIELD]) {
        if let Some(count) = distribution.get_mut(name) {
            *count = count.saturating_sub(documents);
            if *count == 0 {
                distribution.remove(name);
            }
        }
    }
}
