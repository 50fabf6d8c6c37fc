//! The indexes that queries run on: the same documents under different settings.

use serde_json::{Map, Value, json};

use super::corpus::{Corpus, Document, Ids};
use super::queries::vectors;
use super::vocabulary::Vocabulary;

/// One index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Profile {
    /// Every field displayed and searchable.
    Plain,
    /// Few attributes displayed (the primary key is not), an explicit list of searchable ones, a custom ranking rule,
    /// synonyms and stop words; primary keys are strings.
    Limited,
    /// Small limits for facets and pages.
    Capped,
    /// A distinct attribute with one value per document.
    Distinct,
    /// A distinct attribute with several values per document.
    DistinctMany,
    /// Filterable attributes as rules with patterns.
    Patterns,
    /// The primary key can be filtered and sorted by.
    Keyed,
    /// Custom rules before, between and after the others.
    Ruled,
    /// The client's sort before the rules about words.
    Sorted,
    /// Languages are set by attribute.
    Localized,
    /// Documents with a place have a shape, too, never as many in one region that a server divides it.
    Shapes,
    /// The same shapes close together.
    CloseShapes,
    /// Most documents carry vectors of their own.
    Vectors,
    /// The same, for searches whose hits are compared with those of other searches: a rule that orders ties would take part, so
    /// documents are added in the order of their keys, and stay.
    Federated,
    /// The same with every third document and other facets.
    Smaller,
    /// Settings that the seed decides.
    Random,
    /// The same, words being near to each other that stand in one attribute.
    RandomByAttribute,
    /// Many words, few of them frequent.
    Rich,
    /// More facet values than any list shows, and enough documents that numbers are ordered as numbers.
    Crowded,
}

impl Profile {
    pub(super) const ALL: [Self; 19] = [
        Self::Plain,
        Self::Limited,
        Self::Capped,
        Self::Distinct,
        Self::DistinctMany,
        Self::Patterns,
        Self::Keyed,
        Self::Ruled,
        Self::Sorted,
        Self::Localized,
        Self::Shapes,
        Self::CloseShapes,
        Self::Vectors,
        Self::Federated,
        Self::Smaller,
        Self::Random,
        Self::RandomByAttribute,
        Self::Rich,
        Self::Crowded,
    ];

    /// Uid of the index on both sides.
    pub(super) fn uid(self) -> &'static str {
        match self {
            Self::Plain => "oracle-plain",
            Self::Limited => "oracle-limited",
            Self::Capped => "oracle-capped",
            Self::Distinct => "oracle-distinct",
            Self::DistinctMany => "oracle-distinct-many",
            Self::Patterns => "oracle-patterns",
            Self::Keyed => "oracle-keyed",
            Self::Ruled => "oracle-ruled",
            Self::Sorted => "oracle-sorted",
            Self::Localized => "oracle-localized",
            Self::Shapes => "oracle-shapes",
            Self::CloseShapes => "oracle-close-shapes",
            Self::Vectors => "oracle-vectors",
            Self::Federated => "oracle-federated",
            Self::Smaller => "oracle-smaller",
            Self::Random => "oracle-random",
            Self::RandomByAttribute => "oracle-random-by-attribute",
            Self::Rich => "oracle-rich",
            Self::Crowded => "oracle-crowded",
        }
    }

    /// How primary keys are written.
    pub(super) fn ids(self) -> Ids {
        match self {
            Self::Limited => Ids::Texts,
            _ => Ids::Numbers,
        }
    }

    /// The settings without ranking rules; what else the seed decides is drawn elsewhere.
    pub(super) fn settings(self, vocabulary: &Vocabulary) -> Map<String, Value> {
        let words = vocabulary.names(8);
        let mut settings = usual();
        let more = match self {
            Self::Plain => {
                json!({ "faceting": { "sortFacetValuesBy": { "*": "alpha", "tags": "count", "year": "count" } } })
            }
            Self::Limited => json!({
                "displayedAttributes": ["title", "tags", "year", "dimensions.label"],
                "searchableAttributes": ["title", "studio", "overview"],
                "synonyms": { words[0].clone(): [words[1].clone()], words[2].clone(): [format!("{} {}", words[3], words[4])] },
                "stopWords": [words[5].clone()],
            }),
            Self::Capped => json!({
                "faceting": { "maxValuesPerFacet": 5, "sortFacetValuesBy": { "*": "count", "year": "alpha", "colour": "alpha" } },
                "pagination": { "maxTotalHits": 50 },
            }),
            Self::Distinct => json!({ "distinctAttribute": "studio" }),
            Self::DistinctMany => json!({ "distinctAttribute": "tags" }),
            Self::Patterns => json!({
                "filterableAttributes": [
                    "year",
                    rule(&["dimensions.*", "st*"], true, true, true),
                    rule(&["ta*", "colour"], true, true, false),
                    rule(&["*ing", "serial"], false, true, true),
                    rule(&["mi*"], true, false, true),
                ],
            }),
            Self::Keyed => json!({
                "filterableAttributes": ["id", "year", "colour", "tags"],
                "sortableAttributes": ["id", "year"],
                "displayedAttributes": ["overview", "id", "dimensions", "colour", "title"],
            }),
            Self::Localized => json!({
                "localizedAttributes": [
                    { "attributePatterns": ["spee*"], "locales": ["jpn", "fra", "deu"] },
                    { "attributePatterns": ["title"], "locales": ["eng"] },
                ],
            }),
            Self::Shapes | Self::CloseShapes => {
                let mut filterable = settings["filterableAttributes"].clone();
                filterable
                    .as_array_mut()
                    .into_iter()
                    .for_each(|names| names.push(json!("_geojson")));
                json!({ "filterableAttributes": filterable })
            }
            Self::Vectors | Self::Federated => json!({ "embedders": vectors::embedders() }),
            Self::Smaller => json!({
                "embedders": vectors::embedders(),
                "filterableAttributes": ["year", "studio", "tags", "rating"],
                "faceting": { "maxValuesPerFacet": 12 },
            }),
            Self::Crowded => json!({
                "filterableAttributes": ["serial", "number", "code", "crowd"],
                "faceting": { "maxValuesPerFacet": 20, "sortFacetValuesBy": { "code": "count", "crowd": "count" } },
            }),
            Self::RandomByAttribute => json!({ "proximityPrecision": "byAttribute" }),
            Self::Ruled | Self::Sorted | Self::Random | Self::Rich => json!({}),
        };
        if let Value::Object(more) = more {
            settings.extend(more);
        }
        settings
    }

    /// The user's ranking rules, given those of a fresh index; `None` leaves them alone.
    pub(super) fn ranking_rules(self, fresh: &[String]) -> Option<Vec<String>> {
        let mut rules = fresh.to_vec();
        match self {
            Self::Limited => rules.insert(rules.len().min(2), "votes:desc".to_owned()),
            Self::Ruled => {
                rules.insert(rules.len().min(1), "released:asc".to_owned());
                rules.insert(rules.len().min(4), "mixed:desc".to_owned());
                rules.push("numbers:asc".to_owned());
                rules.push("dimensions.width:desc".to_owned());
            }
            Self::Sorted => {
                rules.retain(|rule| rule != "sort");
                rules.insert(0, "sort".to_owned());
            }
            _ => return None,
        }
        Some(rules)
    }

    /// What this index has of a document of the corpus.
    pub(super) fn document(self, document: &Document) -> Document {
        let mut document = super::corpus::with_ids(document, self.ids());
        if matches!(self, Self::Vectors | Self::Federated | Self::Smaller) {
            let serial = document["serial"].as_u64().unwrap_or_default();
            document.insert("_vectors".to_owned(), vectors::vectors(serial));
        }
        let closer = match self {
            Self::Shapes => Some(4.0),
            Self::CloseShapes => Some(20.0),
            _ => None,
        };
        if let Some(shape) = closer.and_then(|closer| shape(&document, closer)) {
            document.insert("_geojson".to_owned(), shape);
        }
        document
    }

    /// Whether the seed decides the settings.
    pub(super) fn is_random(self) -> bool {
        matches!(self, Self::Random | Self::RandomByAttribute)
    }

    /// Whether a server decides ties as Miroir does although no rule tells it to.
    pub(super) fn is_in_key_order(self) -> bool {
        matches!(self, Self::Federated | Self::Smaller)
    }

    /// The documents of the index, in the order in which they are added.
    pub(super) fn documents(self, world: &super::world::World) -> Vec<&Document> {
        let mut documents: Vec<&Document> = corpus_of(self, world).documents.iter().collect();
        if self.is_in_key_order() {
            documents.sort_by_key(|document| document["id"].as_u64());
        }
        if self == Self::Smaller {
            documents = documents.into_iter().step_by(3).collect();
        }
        documents
    }
}

/// As many documents have shapes, lest a region of the index of a server have 200 of them.
const SHAPED: u64 = 1000;

/// A point, a line or a square where a document has its place, the globe being so many times smaller.
fn shape(document: &Document, closer: f64) -> Option<Value> {
    let place = document.get("_geo")?;
    let (lat, lng) = (place["lat"].as_f64()?, place["lng"].as_f64()?);
    // Whole thousandths: every side reads the same number.
    let near = |degrees: f64| (degrees / closer * 1000.0).round() / 1000.0;
    let (lat, lng) = (near(lat), near(lng * 0.7));
    let corner = |up: f64, right: f64| json!([lng + right, lat + up]);
    let serial = document["serial"]
        .as_u64()
        .filter(|serial| *serial <= SHAPED)?;
    Some(match serial % 3 {
        0 => json!({ "type": "Point", "coordinates": corner(0.0, 0.0) }),
        1 => json!({ "type": "LineString", "coordinates": [corner(0.0, 0.0), corner(1.0, 2.0)] }),
        _ => json!({
            "type": "Polygon",
            "coordinates": [[
                corner(0.0, 0.0), corner(0.0, 1.0), corner(1.0, 1.0), corner(1.0, 0.0), corner(0.0, 0.0),
            ]],
        }),
    })
}

/// What every index has unless it says otherwise.
fn usual() -> Map<String, Value> {
    let filterable = [
        "serial",
        "year",
        "votes",
        "price",
        "studio",
        "released",
        "tags",
        "dimensions.width",
        "dimensions.label",
        "rating",
        "colour",
        "mixed",
        "notes",
        "numbers",
        "badge",
        "_geo",
    ];
    let sortable = [
        "serial",
        "year",
        "votes",
        "price",
        "studio",
        "released",
        "dimensions",
        "rating",
        "colour",
        "mixed",
        "notes",
        "numbers",
        "tags",
        "_geo",
    ];
    Map::from_iter([
        ("filterableAttributes".to_owned(), json!(filterable)),
        ("sortableAttributes".to_owned(), json!(sortable)),
    ])
}

/// A rule of filterable attributes.
fn rule(patterns: &[&str], facet_search: bool, equality: bool, comparison: bool) -> Value {
    json!({
        "attributePatterns": patterns,
        "features": {
            "facetSearch": facet_search,
            "filter": { "equality": equality, "comparison": comparison },
        },
    })
}

/// Whether settings list the values of a facet with the most frequent first; else they come in their own order.
pub(super) fn counts_first(settings: &Map<String, Value>, facet: &str) -> bool {
    let orders = settings
        .get("faceting")
        .and_then(|faceting| faceting.get("sortFacetValuesBy"));
    orders
        .and_then(|orders| orders.get(facet).or_else(|| orders.get("*")))
        .is_some_and(|order| order == "count")
}

/// The corpus of an index with few words, of the index with many, and of the one with many facet values.
pub(super) fn corpus_of(profile: Profile, world: &super::world::World) -> &Corpus {
    match profile {
        Profile::Rich => world.rich(),
        Profile::Crowded => world.crowded(),
        _ => world.corpus(),
    }
}
