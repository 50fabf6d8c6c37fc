//! Everything that a run is about and that follows from its seed: the documents and settings of every index.

use std::sync::OnceLock;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Map, Value, json};

use super::Options;
use super::corpus::{Corpus, sentence};
use super::profile::{Profile, corpus_of, counts_first};
use super::settings;
use super::vocabulary::Vocabulary;

/// Fewest documents of the crowded index: the engine orders numeric facets as numbers above 3,000 candidates.
const FEWEST_CROWDED: usize = 4_500;
/// Facet values of the crowded index that occur in many documents, each in another number of them.
const HEADS: i32 = 60;
/// Facet values of one document of the crowded index that no other document has.
const OWN_VALUES: usize = 11;

/// The documents and settings of every index.
#[derive(Debug)]
pub(super) struct World {
    options: Options,
    /// The ranking rules of a fresh index of the reference.
    fresh: Vec<String>,
    corpus: OnceLock<Corpus>,
    rich: OnceLock<Corpus>,
    crowded: OnceLock<Corpus>,
}

impl World {
    /// `fresh`: the ranking rules of a fresh index.
    pub(super) fn new(options: &Options, fresh: Vec<String>) -> Self {
        Self {
            options: options.clone(),
            fresh,
            corpus: OnceLock::new(),
            rich: OnceLock::new(),
            crowded: OnceLock::new(),
        }
    }

    /// A source of randomness that depends on the seed and a name, and on nothing that was drawn before.
    pub(super) fn random(&self, name: &str) -> StdRng {
        // FNV-1a: any mixing that never changes will do.
        let mixed = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        StdRng::seed_from_u64(mixed ^ self.options.seed.wrapping_mul(1_000_003))
    }

    /// The documents of most indexes.
    pub(super) fn corpus(&self) -> &Corpus {
        self.corpus.get_or_init(|| {
            let random = &mut self.random("corpus");
            let vocabulary = Vocabulary::draw(random, self.options.documents);
            self.draw(random, vocabulary)
        })
    }

    /// Documents of many words.
    pub(super) fn rich(&self) -> &Corpus {
        self.rich.get_or_init(|| {
            let random = &mut self.random("rich");
            let vocabulary = Vocabulary::rich(random, self.options.documents);
            self.draw(random, vocabulary)
        })
    }

    fn draw(&self, random: &mut StdRng, vocabulary: Vocabulary) -> Corpus {
        Corpus::draw(
            random,
            vocabulary,
            self.options.documents,
            self.options.skew,
        )
    }

    /// Small documents with many facet values: `code` has 400, `crowd` about 50,000, `number` 700 numbers.
    pub(super) fn crowded(&self) -> &Corpus {
        self.crowded.get_or_init(|| {
            let random = &mut self.random("crowded");
            let vocabulary = Vocabulary::draw(random, 100);
            let documents = (0..self.options.documents.max(FEWEST_CROWDED))
                .map(|serial| {
                    let mut crowd: Vec<String> = (0..HEADS)
                        .filter(|head| random.random_bool(0.5 * 0.93_f64.powi(*head)))
                        .map(|head| format!("head {head}"))
                        .collect();
                    crowd.extend((0..OWN_VALUES).map(|own| format!("own {serial} {own}")));
                    let code = 400.0 * random.random::<f64>().powi(3);
                    let number = random.random_range(0..3) * 150 + random.random_range(-50..250);
                    let document = json!({
                        "id": serial * 7 + 1,
                        "title": sentence(random, &vocabulary, 1..=3),
                        "serial": serial,
                        "number": number,
                        "code": format!("code {code:.0}"),
                        "crowd": crowd,
                    });
                    match document {
                        Value::Object(document) => document,
                        _ => Map::new(),
                    }
                })
                .collect();
            Corpus {
                vocabulary,
                documents,
            }
        })
    }

    /// The settings of an index without ranking rules.
    pub(super) fn settings(&self, profile: Profile) -> Map<String, Value> {
        let vocabulary = &corpus_of(profile, self).vocabulary;
        let mut settings = profile.settings(vocabulary);
        if profile.is_random() {
            settings.extend(settings::draw(&mut self.random("settings"), vocabulary));
        }
        settings
    }

    /// The user's ranking rules of an index; `None` leaves those of a fresh one.
    pub(super) fn ranking_rules(&self, profile: Profile) -> Option<Vec<String>> {
        if profile.is_random() {
            return settings::ranking_rules(&mut self.random("ranking rules"), &self.fresh);
        }
        profile.ranking_rules(&self.fresh)
    }

    /// The ranking rules of a fresh index.
    pub(super) fn fresh_rules(&self) -> &[String] {
        &self.fresh
    }

    /// Whether the values of a facet come with the most frequent first.
    pub(super) fn counts_first(&self, profile: Profile, facet: &str) -> bool {
        counts_first(&self.settings(profile), facet)
    }
}
