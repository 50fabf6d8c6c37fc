//! Random corpora and random batches of queries.
//!
//! A server decides ties by the order in which documents were added, and a fleet by primary key: documents are added in the
//! order of their keys, and neither side needs a rule for it.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};

const WORDS: [&str; 24] = [
    "amber", "bridge", "candle", "desert", "engine", "forest", "garden", "harbour", "island",
    "jungle", "kettle", "lantern", "meadow", "needle", "orchard", "pepper", "quarry", "ribbon",
    "saddle", "timber", "umbrella", "velvet", "window", "yellow",
];
const COLOURS: [&str; 5] = ["blue", "Green", "red", "grey", "black"];

/// What the corpus has: name, primary key, documents.
pub(super) const INDEXES: [(&str, &str, usize); 4] = [
    ("alpha", "id", 160),
    ("beta", "id", 90),
    ("gamma", "key", 60),
    ("delta", "id", 9),
];

pub(super) struct Draw {
    random: StdRng,
}

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
        }
    }

    fn below(&mut self, end: usize) -> usize {
        self.random.random_range(0..end)
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    fn pick<'b, T>(&mut self, from: &'b [T]) -> &'b T {
        from.choose(&mut self.random).expect("not empty")
    }

    fn words(&mut self, most: usize) -> String {
        let count = 1 + self.below(most);
        let words: Vec<&str> = (0..count).map(|_| *self.pick(&WORDS)).collect();
        words.join(" ")
    }

    /// The documents of one index, in the order of their keys.
    pub(super) fn documents(&mut self, primary_key: &str, count: usize) -> Vec<Value> {
        (0..count)
            .map(|number| {
                let id = match primary_key {
                    "key" => json!(format!("k{number:04}")),
                    _ => json!(number * 3),
                };
                let mut document = json!({
                    primary_key: id,
                    "title": self.words(4),
                    "text": self.words(8),
                    "colour": self.pick(&COLOURS),
                });
                if !self.chance(5) {
                    document["size"] = json!(self.below(12));
                }
                document
            })
            .collect()
    }

    /// A request: side by side, or federated.
    pub(super) fn batch(&mut self, federated: bool) -> Value {
        // Mostly queries of one form, so that their rankings go together.
        let form = self.below(4);
        let distinct = federated && self.chance(6);
        let count = 1 + self.below(5);
        let queries: Vec<Value> = (0..count)
            .map(|_| {
                let form = if self.chance(12) { self.below(4) } else { form };
                self.query(form, federated)
            })
            .collect();
        if !federated {
            return json!({ "queries": queries });
        }
        let mut federation = Map::new();
        if distinct {
            // With all hits on the page totals are exact too.
            federation.insert("distinct".to_owned(), json!("colour"));
            federation.insert("limit".to_owned(), json!(500));
        } else if self.chance(3) {
            federation.insert("page".to_owned(), json!(1 + self.below(3)));
            federation.insert("hitsPerPage".to_owned(), json!(self.below(12)));
        } else {
            federation.insert("limit".to_owned(), json!(self.below(40)));
            federation.insert("offset".to_owned(), json!(self.below(15)));
        }
        // What is dropped for its value a server takes off the counts of other indexes, too.
        if !distinct && !self.chance(3) {
            let facets: Map<String, Value> = INDEXES
                .iter()
                .map(|(uid, ..)| {
                    let facets = *self.pick(&[&["colour"][..], &["colour", "size"], &[]]);
                    ((*uid).to_owned(), json!(facets))
                })
                .collect();
            federation.insert("facetsByIndex".to_owned(), json!(facets));
            if self.chance(2) {
                let most = if self.chance(2) {
                    json!(2)
                } else {
                    Value::Null
                };
                federation.insert("mergeFacets".to_owned(), json!({"maxValuesPerFacet": most}));
            }
        }
        json!({ "federation": federation, "queries": queries })
    }

    fn query(&mut self, form: usize, federated: bool) -> Value {
        let (uid, ..) = *self.pick(&INDEXES);
        let mut query = json!({ "indexUid": uid });
        if form != 1 && form != 3 {
            query["q"] = json!(self.words(3));
        }
        if form >= 2 {
            query["sort"] = json!(["size:asc"]);
        }
        if self.chance(3) {
            query["filter"] = match self.below(3) {
                0 => json!(format!("colour = {}", self.pick(&COLOURS))),
                1 => json!([["size < 4", "size > 8"], "colour != red"]),
                _ => json!(format!("size > {}", self.below(12))),
            };
        }
        if self.chance(6) {
            query["matchingStrategy"] = json!("all");
        }
        if self.chance(5) {
            query["showRankingScore"] = json!(true);
        }
        if self.chance(5) {
            query["attributesToRetrieve"] = json!(["title"]);
        }
        if federated {
            if self.chance(2) {
                query["federationOptions"] =
                    json!({"weight": f64::from(self.random.random_range(0..9_u8)) / 4.0});
            }
        } else {
            query["limit"] = json!(self.below(30));
            query["offset"] = json!(self.below(10));
        }
        query
    }
}

/// The settings of every index.
pub(super) fn settings() -> Value {
    json!({
        "searchableAttributes": ["title", "text"],
        "filterableAttributes": ["colour", "size"],
        "sortableAttributes": ["size"],
        "rankingRules": ["words", "typo", "proximity", "attribute", "sort", "exactness"],
    })
}
