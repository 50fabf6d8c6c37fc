//! Hits: what is shown of the documents that were found.

use std::collections::{BTreeSet, HashSet};

use milli_core::score_details::ScoreDetails;
use milli_core::tokenizer::TokenizerBuilder;
use milli_core::{Error, FieldId, FieldsIdsMap, Index, MatcherBuilder, MatchingWords};
use miroir_core::wire::search::SearchQuery;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::document::{self, Document, VECTORS};
use super::format::{self, Formatter, Positions};
use super::geo;
use crate::settings::parts::language;

/// One hit, members in the server's order.
pub(crate) struct Hit {
    document: Document,
    formatted: Map<String, Value>,
    positions: Option<Positions>,
    score: Option<f64>,
    details: Option<Map<String, Value>>,
}

impl Serialize for Hit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.document.write(&mut map)?;
        if !self.formatted.is_empty() {
            map.serialize_entry("_formatted", &self.formatted)?;
        }
        if let Some(positions) = &self.positions {
            map.serialize_entry("_matchesPosition", positions)?;
        }
        if let Some(score) = &self.score {
            map.serialize_entry("_rankingScore", score)?;
        }
        if let Some(details) = &self.details {
            map.serialize_entry("_rankingScoreDetails", details)?;
        }
        map.end()
    }
}

/// The documents that were found, best first.
pub(crate) struct Found<'a> {
    pub(crate) numbers: &'a [u32],
    pub(crate) scores: &'a [Vec<ScoreDetails>],
    pub(crate) words: MatchingWords,
}

/// Shows the documents the way the query wants them.
pub(crate) fn make(
    index: &Index,
    rtxn: &milli_core::heed::RoTxn<'_>,
    query: &SearchQuery,
    found: Found<'_>,
) -> Result<Vec<Hit>, Error> {
    let fields = index.fields_ids_map(rtxn)?;
    let shown = Shown::new(index, rtxn, &fields, query)?;

    let dictionary = index.dictionary(rtxn)?.unwrap_or_default();
    let dictionary: Vec<&str> = dictionary.iter().map(String::as_str).collect();
    let separators = index.allowed_separators(rtxn)?;
    let separators: Option<Vec<&str>> = separators
        .as_ref()
        .map(|separators| separators.iter().map(String::as_str).collect());
    let mut tokenizer: TokenizerBuilder<'_, Vec<u8>> = TokenizerBuilder::new();
    tokenizer.create_char_map(true);
    if let Some(separators) = &separators {
        tokenizer.separators(separators);
    }
    if !dictionary.is_empty() {
        tokenizer.words_dict(&dictionary);
    }
    let mut builder = MatcherBuilder::new(found.words, tokenizer.into_tokenizer());
    builder.crop_marker(query.crop_marker.clone());
    builder.highlight_prefix(query.highlight_pre_tag.clone());
    builder.highlight_suffix(query.highlight_post_tag.clone());
    let formatter = Formatter {
        fields: &fields,
        builder,
        options: format::options(query, &fields, &shown.displayed, &shown.retrieved),
        positions: query.show_matches_position,
        displayed: &shown.displayed,
        locales: query.locales.as_ref().map(|locales| {
            let languages = locales.iter().filter_map(|locale| language(locale.code()));
            languages.collect()
        }),
        localized: index.localized_attributes_rules(rtxn)?.unwrap_or_default(),
    };
    let sort = query.sort.as_deref().unwrap_or_default();

    let mut hits = Vec::with_capacity(found.numbers.len());
    for (number, score) in found.numbers.iter().zip(found.scores) {
        let mut document = document::read(index, rtxn, &fields, *number, &shown.selectors)?;
        if shown.vectors {
            document::add_vectors(index, rtxn, *number, &mut document)?;
        }
        let (formatted, positions) = if formatter.is_idle() {
            (Map::new(), None)
        } else {
            formatter.format(document::read_tree(index, rtxn, &fields, *number)?)
        };
        if let Some(distance) = geo::distance(sort, &document) {
            document.set("_geoDistance", &distance.into())?;
        }
        hits.push(Hit {
            document,
            formatted,
            positions,
            score: query
                .show_ranking_score
                .then(|| ScoreDetails::global_score(score.iter())),
            details: query
                .show_ranking_score_details
                .then(|| ScoreDetails::to_json_map(score.iter())),
        });
    }
    Ok(hits)
}

/// Which attributes a hit shows.
struct Shown<'a> {
    displayed: BTreeSet<FieldId>,
    retrieved: BTreeSet<FieldId>,
    selectors: HashSet<&'a str>,
    vectors: bool,
}

impl<'a> Shown<'a> {
    fn new(
        index: &Index,
        rtxn: &milli_core::heed::RoTxn<'_>,
        fields: &'a FieldsIdsMap,
        query: &SearchQuery,
    ) -> Result<Self, Error> {
        let limited = index.displayed_fields_ids(rtxn)?;
        let vectors_field = fields.id(VECTORS);
        // The second case is upside down, as on the server: a limited list that names `_vectors` hides it once some
        // document has the member.
        let hidden = match (&limited, vectors_field) {
            (None, _) => false,
            (Some(limited), Some(field)) => limited.contains(&field),
            (Some(_), None) => {
                let names = index.displayed_fields(rtxn)?.unwrap_or_default();
                !names.contains(&VECTORS)
            }
        };
        let vectors = query.retrieve_vectors && !hidden;
        let displayed: BTreeSet<FieldId> = match limited {
            Some(limited) => limited.into_iter().collect(),
            None => fields.iter().map(|(field, _)| field).collect(),
        };
        let retrieved: BTreeSet<FieldId> = match &query.attributes_to_retrieve {
            None => displayed.clone(),
            Some(names) if names.contains("*") => displayed.clone(),
            Some(names) => names
                .iter()
                .filter_map(|name| fields.id(name))
                .filter(|field| displayed.contains(field))
                .collect(),
        };
        let mut selectors: HashSet<&str> = retrieved
            .iter()
            .filter(|field| vectors || Some(**field) != vectors_field)
            .filter_map(|field| fields.name(*field))
            .collect();
        if vectors {
            selectors.extend(vectors_field.and_then(|field| fields.name(field)));
        }
        Ok(Self {
            displayed,
            retrieved,
            selectors,
            vectors,
        })
    }
}
