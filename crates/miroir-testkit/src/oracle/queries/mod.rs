//! Drawing queries.

pub(super) mod distinct;
pub(super) mod documents;
pub(super) mod facets;
pub(super) mod federation;
pub(super) mod filters;
pub(super) mod format;
mod get;
pub(super) mod pages;
pub(super) mod routes;
pub(super) mod sort;
pub(super) mod vectors;
pub(super) mod words;

use http::Method;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Map, Value, json};

use super::class::Definition;
use super::corpus::Corpus;
use super::profile::{Profile, corpus_of};
use super::world::World;

/// One request, the same for both sides, and what of the answers is compared.
#[derive(Debug, Clone)]
pub(super) struct Query {
    /// The index that is asked.
    pub(super) profile: Profile,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    /// Name of a list in the answer whose order nobody promises.
    pub(super) unordered: Option<&'static str>,
    /// Members of the answer that another class judges.
    pub(super) ignored: &'static [&'static str],
    /// Which of equally frequent values are left when a list of facet values is cut is judged by another class.
    pub(super) any_cut: bool,
    /// Hits of one score may come in any order.
    pub(super) any_tie: bool,
}

impl Query {
    /// A request of an index; `route` follows the index and a slash.
    pub(super) fn new(profile: Profile, method: Method, route: &str, body: Option<Value>) -> Self {
        Self {
            profile,
            method,
            path: format!("/indexes/{}/{route}", profile.uid()),
            body,
            unordered: None,
            ignored: &[],
            any_cut: false,
            any_tie: false,
        }
    }

    /// A `POST` of an index.
    pub(super) fn post(profile: Profile, route: &str, body: Body) -> Self {
        Self::new(profile, Method::POST, route, Some(Value::Object(body)))
    }

    /// A `GET` of an index.
    pub(super) fn get(profile: Profile, route: &str) -> Self {
        Self::new(profile, Method::GET, route, None)
    }

    /// Whether it needs the index of a profile.
    pub(super) fn asks(&self, profile: Profile) -> bool {
        let uid = profile.uid();
        let body = self.body.as_ref();
        let queries = body.and_then(|body| body["queries"].as_array());
        self.profile == profile
            || queries.is_some_and(|queries| queries.iter().any(|query| query["indexUid"] == uid))
    }

    /// The same without some members of the answer.
    pub(super) fn ignoring(self, ignored: &'static [&'static str]) -> Self {
        Self { ignored, ..self }
    }
}

impl std::fmt::Display for Query {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.method, self.path)?;
        self.body
            .as_ref()
            .map_or(Ok(()), |body| write!(formatter, " {body}"))
    }
}

/// What a generator may draw from.
pub(super) struct Source<'a> {
    pub(super) random: &'a mut StdRng,
    pub(super) world: &'a World,
    /// The documents of most indexes; [`Source::of`] gives those of another.
    pub(super) corpus: &'a Corpus,
}

/// The members of a search body.
pub(super) type Body = Map<String, Value>;

impl<'a> Source<'a> {
    pub(super) fn new(random: &'a mut StdRng, world: &'a World) -> Self {
        Self {
            random,
            world,
            corpus: world.corpus(),
        }
    }

    /// The same randomness over the documents of an index.
    fn of(&mut self, profile: Profile) -> Source<'_> {
        Source {
            corpus: corpus_of(profile, self.world),
            world: self.world,
            random: self.random,
        }
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.random.random_bool(probability)
    }

    fn number(&mut self, range: std::ops::RangeInclusive<usize>) -> usize {
        self.random.random_range(range)
    }

    fn pick<'b, T>(&mut self, values: &'b [T]) -> &'b T {
        values
            .choose(self.random)
            .expect("every list of choices has an element")
    }

    fn word(&mut self) -> String {
        self.corpus.vocabulary.word(self.random).to_owned()
    }

    /// Some of `names`, in random order, each at most once.
    fn some(&mut self, names: &[&str], range: std::ops::RangeInclusive<usize>) -> Vec<String> {
        let count = self.number(range);
        names
            .sample(self.random, count)
            .map(|name| (*name).to_owned())
            .collect()
    }
}

/// A search by `POST`.
fn post(profile: Profile, body: Body) -> Query {
    Query::post(profile, "search", body)
}

/// A body with a query of `count` correct words.
fn with_words(source: &mut Source<'_>, count: usize) -> Body {
    let words: Vec<String> = (0..count).map(|_| source.word()).collect();
    Body::from_iter([("q".to_owned(), json!(words.join(" ")))])
}

/// A sort by one of `orders`.
fn set_sort(source: &mut Source<'_>, body: &mut Body, orders: &[&str]) {
    let order = *source.pick(orders);
    set(body, "sort", vec![order]);
}

/// A body with a query of one or two words, or with none.
fn with_any_words(source: &mut Source<'_>) -> Body {
    let count = source.number(0..=2);
    if count == 0 {
        Body::new()
    } else {
        with_words(source, count)
    }
}

fn set(body: &mut Body, name: &str, value: impl Into<Value>) {
    body.insert(name.to_owned(), value.into());
}

/// Percent-encodes a value for a query string.
fn encode(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
