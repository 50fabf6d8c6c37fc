//! Answers as nodes send them, and their merge: measured by a benchmark, counted by a test.

use bytes::Bytes;
use miroir_core::merge::{Facts, IndexView, Leg, Page, Wanted, Window, order, page, totals};
use miroir_core::wire::answer::SearchAnswer;
use miroir_core::wire::search::SearchQuery;

/// Answers of `legs` nodes with `hits` hits each; a hit has a text of `text` bytes and the details of the default rules.
pub(crate) fn answers(legs: usize, hits: usize, text: usize) -> Vec<Bytes> {
    let words = "l'été sera \\\"chaud\\\" dans les t-shirts and so the quick brown fox jumps over a lazy dog ".repeat(text / 80 + 1);
    let hit = |leg: usize, at: usize| {
        let id = at * legs + leg;
        // Lists are ordered: the second rule of these two varies among hits that the first finds equal, the id among the rest.
        let score = 1.0 - (at / 16) as f64 / 1000.0;
        let position = 0.8095238095238095 - (at % 16 / 4) as f64 / 21.0;
        format!(
            concat!(
                r#"{{"id":{id},"title":"Title {id}","overview":"{text}","price":{id}.5,"genres":["Drama","Comedy"],"_miroir_shard":"⊰⊰⊱","#,
                r#""_miroir_updated_at":"⊰⊱⊲⊳⊴⊵⊶⊷⊸⊹⊺⊻⊼⊽⊾⊿","_rankingScoreDetails":{{"words":{{"order":0,"matchingWords":2,"maxMatchingWords":2,"score":1.0}},"#,
                r#""typo":{{"order":1,"typoCount":0,"maxTypoCount":2,"score":1.0}},"proximity":{{"order":2,"score":{score}}},"#,
                r#""attributeRank":{{"order":3,"score":1.0}},"wordPosition":{{"order":4,"score":{position}}},"#,
                r#""exactness":{{"order":5,"matchType":"noExactMatch","matchingWords":1,"maxMatchingWords":2,"score":0.2222222222222222}},"#,
                r#""id:asc":{{"order":6,"value":{id}.0}}}}}}"#
            ),
            id = id,
            text = &words[..words.floor_char_boundary(text / 80 * 80)].trim_end_matches('\\'),
            score = score,
            position = position,
        )
    };
    let body = |leg| -> Bytes {
        let hits: Vec<String> = (0..hits).map(|at| hit(leg, at)).collect();
        format!(
            r#"{{"hits":[{}],"query":"q","processingTimeMs":1,"limit":20,"offset":0,"estimatedTotalHits":500,"requestUid":"u"}}"#,
            hits.join(",")
        )
        .into()
    };
    (0..legs).map(body).collect()
}

/// The length of the client's answer.
pub(crate) fn merge(bodies: &[Bytes], query: &SearchQuery, view: &IndexView) -> usize {
    let mut legs = Vec::with_capacity(bodies.len());
    for body in bodies {
        let answer = SearchAnswer::parse(body.clone()).expect("written above");
        legs.push(Leg {
            answer,
            asked: 1000,
        });
    }
    let facts = Facts {
        processing_time_ms: 1,
        request_uid: "uid",
        metadata: None,
    };
    let window = Window::of(query, view);
    let order = order::merge(&legs, &Wanted::of(query, view, window.end)).expect("written above");
    let counted: Vec<_> = legs.iter().map(|leg| &leg.answer).collect();
    let shown = Page {
        legs: &legs,
        hits: window.of_order(&order),
        total: totals::of_list(&legs, &order),
        documents: None,
        counted: &counted,
        recounts: &[],
        is_semantic: false,
    };
    page::write(query, view, &shown, &facts)
        .expect("written above")
        .len()
}
