//! Drawing queries.

mod documents;
mod filters;
mod format;
mod parameters;
mod sort;
mod words;

use http::Method;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Map, Value, json};

use super::Class;
use super::corpus::Corpus;
use super::profile::Profile;

/// One request, the same for both sides.
#[derive(Debug, Clone)]
pub(super) struct Query {
    /// The index that is asked.
    pub(super) profile: Profile,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    /// Name of a list in the answer whose order nobody promises.
    pub(super) unordered: Option<&'static str>,
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
    pub(super) corpus: &'a Corpus,
}

/// The members of a search body.
pub(super) type Body = Map<String, Value>;

impl Source<'_> {
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

/// Draws one query of a class.
pub(super) fn draw(class: Class, random: &mut StdRng, corpus: &Corpus) -> Query {
    let mut source = Source { random, corpus };
    let source = &mut source;
    match class {
        Class::Words1 => post(Profile::Plain, words::words(source, 1)),
        Class::Words2 => post(Profile::Plain, words::words(source, 2)),
        Class::Words3 => post(Profile::Plain, words::words(source, 3)),
        Class::Typos => post(Profile::Plain, words::typos(source)),
        Class::Prefixes => post(Profile::Plain, words::prefixes(source)),
        Class::PhrasesNegative => post(Profile::Plain, words::phrases_negative(source)),
        Class::Filters => post(Profile::Plain, filters::filters(source)),
        Class::SortNumbers => post(Profile::Plain, sort::numbers(source)),
        Class::SortStrings => post(Profile::Plain, sort::strings(source)),
        Class::SortMissing => post(Profile::Plain, sort::missing(source)),
        Class::Facets => {
            let profile = *source.pick(&[Profile::Plain, Profile::Capped]);
            let body = parameters::facets(source, |facet| {
                profile == Profile::Plain || !profile.counts_first(facet)
            });
            post(profile, body)
        }
        Class::FacetsCut => {
            let body = parameters::facets(source, |facet| Profile::Capped.counts_first(facet));
            post(Profile::Capped, body)
        }
        Class::OffsetLimit => {
            let profile = *source.pick(&[Profile::Plain, Profile::Capped]);
            post(profile, parameters::offset_limit(source))
        }
        Class::PageMode => {
            let profile = *source.pick(&[Profile::Plain, Profile::Capped]);
            post(profile, parameters::page_mode(source))
        }
        Class::Placeholder => {
            let profile = *source.pick(&Profile::ALL);
            post(profile, parameters::placeholder(source))
        }
        Class::Highlight => {
            let profile = *source.pick(&[Profile::Plain, Profile::Plain, Profile::Limited]);
            post(profile, format::highlight(source))
        }
        Class::Retrieve => {
            let profile = *source.pick(&[Profile::Plain, Profile::Limited]);
            post(profile, format::retrieve(source))
        }
        Class::Scores => {
            let profile = *source.pick(&[Profile::Plain, Profile::Limited]);
            post(profile, format::scores(source))
        }
        Class::GetSearch => parameters::get_search(source),
        Class::DocumentsGet => documents::one(source),
        Class::DocumentsList => documents::several(source),
    }
}

fn post(profile: Profile, body: Body) -> Query {
    let path = format!("/indexes/{}/search", profile.uid());
    Query {
        profile,
        method: Method::POST,
        path,
        body: Some(Value::Object(body)),
        unordered: None,
    }
}

/// A body with a query of `count` correct words.
fn with_words(source: &mut Source<'_>, count: usize) -> Body {
    let words: Vec<String> = (0..count).map(|_| source.word()).collect();
    Body::from_iter([("q".to_owned(), json!(words.join(" ")))])
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
