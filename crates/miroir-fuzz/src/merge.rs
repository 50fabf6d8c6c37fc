//! The target `merge`: documents in a known order, dealt over legs that answer as nodes do, come back as one page in that order; asked
//! for too little at first, legs are asked again, as a search does. Every third case damages an answer, which must not cause a panic.

use std::fmt;

use bytes::Bytes;
use miroir_core::merge::limits::{self, Share};
use miroir_core::merge::{Facts, IndexView, Leg, Page, Wanted, Window, order, page, totals};
use miroir_core::wire::answer::SearchAnswer;
use miroir_core::wire::search::SearchQuery;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use crate::Case;
use crate::mutate::damage;

pub(crate) struct MergeCase {
    /// In the order of the whole.
    documents: Vec<Document>,
    legs: usize,
    query: SearchQuery,
    max_total_hits: usize,
    /// An answer that a node would not write, to stand for the first leg.
    damaged: Option<Vec<u8>>,
}

/// What ranks a document, in the order of the rules; less is better. The id decides last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Document {
    words_missing: u32,
    typos: u32,
    /// Tenths lost.
    proximity: u32,
    attribute: u32,
    distance: u32,
    price: Price,
    id: u32,
    leg: usize,
}

/// In the order in which a sort shows them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Price {
    Number(i32),
    Text(String),
    Nothing,
}

impl Case for MergeCase {
    fn draw(random: &mut StdRng) -> Self {
        let legs = random.random_range(1..=6);
        let mut documents: Vec<Document> = (0..random.random_range(0..60))
            .map(|id| Document::draw(id, legs, random))
            .collect();
        documents.sort();
        let mut query = SearchQuery {
            show_ranking_score_details: random.random(),
            sort: Some(vec!["price:asc".to_owned()]),
            ..SearchQuery::default()
        };
        if random.random_ratio(1, 3) {
            query.page = Some(random.random_range(0..4));
            query.hits_per_page = Some(random.random_range(0..15));
        } else {
            query.offset = random.random_range(0..20);
            query.limit = random.random_range(0..20);
        }
        let mut case = Self {
            documents,
            legs,
            query,
            max_total_hits: *[5, 1000].choose(random).expect("not empty"),
            damaged: None,
        };
        if random.random_ratio(1, 3) {
            let mut body = case.answer(0, 20);
            damage(&mut body, &WORDS, &[], random);
            case.damaged = Some(body);
        }
        case
    }

    fn check(&self) -> Result<bool, String> {
        if self.damaged.is_some() {
            return Ok(self.merge_damaged().is_some());
        }
        let view = self.view();
        let window = Window::of(&self.query, &view);
        let wanted = Wanted::of(&self.query, &view, window.end);
        let share = Share {
            shards: 1,
            of: self.legs,
        };
        let mut asked = vec![limits::first(window.end, share); self.legs];
        for round in 1..=64 {
            let legs: Vec<Leg> = asked
                .iter()
                .enumerate()
                .map(|(leg, asked)| {
                    Ok(Leg {
                        answer: self.read(self.answer(leg, *asked))?,
                        asked: if *asked < window.end {
                            *asked
                        } else {
                            usize::MAX
                        },
                    })
                })
                .collect::<Result<_, String>>()?;
            let order = order::merge(&legs, &wanted).map_err(|error| error.to_string())?;
            let refill = limits::refill(
                &legs,
                &vec![share; self.legs],
                &order,
                window.end,
                window.end,
                round,
            );
            if order.refill.is_empty() {
                return self.compare(&legs, &order, window, &view).map(|()| true);
            }
            for (leg, limit) in refill {
                asked[leg] = limit;
            }
        }
        Err("64 rounds were not enough".to_owned())
    }
}

impl MergeCase {
    fn view(&self) -> IndexView {
        IndexView {
            primary_key: Some("id".to_owned()),
            max_total_hits: self.max_total_hits,
            ..IndexView::default()
        }
    }

    /// What a leg's node answers when it is asked for so many hits.
    fn answer(&self, leg: usize, limit: usize) -> Vec<u8> {
        let own: Vec<&Document> = self
            .documents
            .iter()
            .filter(|document| document.leg == leg)
            .collect();
        let hits: Vec<Value> = own
            .iter()
            .take(limit)
            .map(|document| document.hit())
            .collect();
        let body = json!({"hits": hits, "query": "", "processingTimeMs": 1, "limit": limit, "offset": 0,
            "estimatedTotalHits": own.len(), "facetDistribution": {"leg": {leg.to_string(): own.len()}}});
        body.to_string().into_bytes()
    }

    fn read(&self, body: Vec<u8>) -> Result<SearchAnswer, String> {
        SearchAnswer::parse(Bytes::from(body)).map_err(|error| error.to_string())
    }

    fn compare(
        &self,
        legs: &[Leg],
        order: &order::Order,
        window: Window,
        view: &IndexView,
    ) -> Result<(), String> {
        let total = totals::of_list(legs, order);
        if total != self.documents.len() as u64 {
            return Err(format!(
                "the total is {total}, but there are {} documents",
                self.documents.len()
            ));
        }
        let body =
            write(&self.query, view, legs, order, window).ok_or("the page cannot be written")?;
        let page: Value = serde_json::from_slice(&body)
            .map_err(|error| format!("the page is no JSON: {error}"))?;
        let shown: Vec<u64> = page["hits"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|hit| hit["id"].as_u64())
            .collect();
        let end = window.end.min(self.documents.len());
        let expected: Vec<u64> = self.documents[window.start.min(end)..end]
            .iter()
            .map(|document| u64::from(document.id))
            .collect();
        if shown != expected {
            return Err(format!(
                "the page is {shown:?}, but the whole has {expected:?} there"
            ));
        }
        Ok(())
    }

    /// `None`: refused at some step.
    fn merge_damaged(&self) -> Option<()> {
        let view = self.view();
        let window = Window::of(&self.query, &view);
        let mut legs = vec![Leg {
            answer: self.read(self.damaged.clone()?).ok()?,
            asked: 20,
        }];
        for leg in 1..self.legs {
            legs.push(Leg {
                answer: self.read(self.answer(leg, 20)).ok()?,
                asked: 20,
            });
        }
        let order = order::merge(&legs, &Wanted::of(&self.query, &view, window.end)).ok()?;
        write(&self.query, &view, &legs, &order, window).map(drop)
    }
}

fn write(
    query: &SearchQuery,
    view: &IndexView,
    legs: &[Leg],
    order: &order::Order,
    window: Window,
) -> Option<Vec<u8>> {
    let counted: Vec<_> = legs.iter().map(|leg| &leg.answer).collect();
    let page = Page {
        legs,
        hits: window.of_order(order),
        documents: None,
        total: totals::of_list(legs, order),
        counted: &counted,
        recounts: &[],
        is_semantic: false,
    };
    let facts = Facts {
        processing_time_ms: 1,
        request_uid: "uid",
        metadata: None,
    };
    page::write(query, view, &page, &facts).ok()
}

impl Document {
    fn draw(id: u32, legs: usize, random: &mut StdRng) -> Self {
        Self {
            words_missing: random.random_range(0..2),
            typos: random.random_range(0..3),
            proximity: random.random_range(0..3),
            attribute: random.random_range(0..2),
            distance: random.random_range(0..2),
            price: match random.random_range(0..6) {
                0 => Price::Nothing,
                1 => Price::Text((*["a", "b", "é"].choose(random).expect("not empty")).to_owned()),
                number => Price::Number(number - 4),
            },
            id,
            leg: random.random_range(0..legs),
        }
    }

    fn hit(&self) -> Value {
        let lost = |tenths: u32| 1.0 - f64::from(tenths) / 10.0;
        let price = match &self.price {
            Price::Number(number) => json!(f64::from(*number)),
            Price::Text(text) => json!(text),
            Price::Nothing => Value::Null,
        };
        let matching = 3 - self.words_missing;
        json!({"id": self.id, "title": "\"_rankingScoreDetails\":{", "_rankingScore": 0.5, "_rankingScoreDetails": {
            "words": {"order": 0, "matchingWords": matching, "maxMatchingWords": 3, "score": f64::from(matching) / 3.0},
            // What a node imagines as the most differs from node to node, and must not matter.
            "typo": {"order": 1, "typoCount": self.typos, "maxTypoCount": 3 + self.leg,
                "score": 1.0 - f64::from(self.typos) / (4 + self.leg) as f64},
            "proximity": {"order": 2, "score": lost(self.proximity)},
            "attribute": {"order": 3, "attributeRankingOrderScore": lost(self.attribute),
                "queryWordDistanceScore": lost(self.distance), "score": 0.5},
            "price:asc": {"order": 4, "value": price},
            "id:asc": {"order": 5, "value": f64::from(self.id)},
        }})
    }
}

const WORDS: [&str; 14] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "null",
    "\"order\":9,",
    "\"hits\":[",
    "-1",
    "1e999",
    "\"_rankingScoreDetails\":",
];

impl fmt::Display for MergeCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.damaged {
            Some(body) => write!(f, "{}", String::from_utf8_lossy(body)),
            None => write!(
                f,
                "{} legs, maxTotalHits {}, {} over {:?}",
                self.legs,
                self.max_total_hits,
                String::from_utf8_lossy(&self.query.to_json()),
                self.documents
            ),
        }
    }
}
