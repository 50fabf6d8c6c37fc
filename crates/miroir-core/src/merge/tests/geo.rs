//! A list that one server sorts by distance, dealt over nodes that sort their parts.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::merge::geo::metres;

/// A document by its id, how far north of the target it is in metres, and its rank under the rule that follows.
#[derive(Debug, Clone, Copy)]
struct Document {
    id: u32,
    north: Option<f64>,
    price: u32,
}

impl Document {
    fn place(&self) -> Option<[f64; 2]> {
        let degrees = |metres: f64| metres / 111_194.926_6;
        self.north.map(|north| [degrees(north), 0.0])
    }

    fn distance(&self) -> Option<f64> {
        self.place().map(|place| metres([0.0, 0.0], place))
    }
}

/// What a server does (`geo_sort.rs` of 1.50), documents being numbered by their ids: with few candidates they are put in the
/// order of whole metres, with many in that of distances, and taken from the front or from the back. With each comes the
/// distance that its details show.
fn server(documents: &[Document], ascending: bool, many: bool) -> Vec<(Document, Option<f64>)> {
    let mut with_place: Vec<_> = (documents.iter().copied())
        .filter_map(|document| Some((document.distance()?, document)))
        .collect();
    with_place.sort_by(|(left, one), (right, two)| match many {
        true => left.total_cmp(right),
        false => (left.trunc().total_cmp(&right.trunc())).then(one.id.cmp(&two.id)),
    });
    let mut cache = VecDeque::from(with_place);
    if !ascending {
        cache = cache.into_iter().rev().collect();
    }
    let mut list = Vec::new();
    while let Some((first, document)) = cache.pop_front() {
        let mut bucket = vec![document];
        while let Some((_, next)) = cache.pop_front_if(|(next, _)| (first - *next).abs() <= 1.0) {
            bucket.push(next);
        }
        bucket.sort_by_key(|document| (document.price, document.id));
        list.extend(bucket.into_iter().map(|document| (document, Some(first))));
    }
    let mut rest: Vec<Document> = documents.to_vec();
    rest.retain(|document| document.north.is_none());
    rest.sort_by_key(|document| (document.price, document.id));
    list.extend(rest.into_iter().map(|document| (document, None)));
    list
}

fn hit(document: &Document, shown: Option<f64>, direction: &str) -> String {
    let null = || "null".to_owned();
    let place = document.place().map_or_else(null, |[lat, lng]| {
        format!(r#"{{"lat":{lat},"lng":"{lng}"}}"#)
    });
    let shown = shown.map_or_else(null, |shown| shown.to_string());
    let Document { id, price, .. } = document;
    format!(
        r#"{{"id":{id},"_geo":{place},"_rankingScoreDetails":{{"_geoPoint(0, 0):{direction}":{{"order":0,"distance":{shown}}},"price:asc":{{"order":1,"value":{price}.0}},"id:asc":{{"order":2,"value":{id}.0}}}}}}"#
    )
}

proptest! {
    #[test]
    fn hits_within_a_metre_are_ordered_by_the_rules_that_follow_as_on_one_server(
        dealt in proptest::collection::btree_map(0..200_u32, (0..4_usize, proptest::option::weighted(0.9, 0..60_u32), 0..3_u32), 0..60),
        ascending in any::<bool>(),
        many in any::<bool>(),
        nodes_have_many in any::<bool>(),
        end in 0..40_usize,
    ) {
        let nodes_have_many = many && nodes_have_many;
        let mut parts = vec![Vec::new(); 4];
        for (id, (leg, tenths, price)) in &dealt {
            let north = tenths.map(|tenths| f64::from(tenths) * 0.3 + 0.05);
            parts[*leg].push(Document { id: *id, north, price: *price });
        }
        let direction = if ascending { "asc" } else { "desc" };
        let lists: Vec<Vec<String>> = parts
            .iter()
            .map(|part| server(part, ascending, nodes_have_many))
            .map(|list| list.iter().map(|(document, shown)| hit(document, *shown, direction)).collect())
            .collect();
        let total = if many { 1000 } else { 10 };
        let query = SearchQuery { sort: Some(vec![format!("_geoPoint(0, 0):{direction}")]), ..SearchQuery::default() };
        let view = view();
        let wanted = Wanted::of(&query, &view, end);
        let all: Vec<Document> = parts.concat();
        let expected: Vec<u32> = server(&all, ascending, many).iter().map(|(document, _)| document.id).take(end).collect();

        let mut asked = vec![2; 4];
        loop {
            let legs: Vec<Leg> = lists
                .iter()
                .zip(&asked)
                .map(|(list, asked)| {
                    let body = answer_body(&list[..list.len().min(*asked)], total, "");
                    Leg { answer: SearchAnswer::parse(body.into()).unwrap(), asked: *asked }
                })
                .collect();
            let order = crate::merge::order::merge(&legs, &wanted).unwrap();
            let ids: Vec<u32> = order.picked.iter()
                .map(|picked| serde_json::from_slice::<serde_json::Value>(picked.bytes(&legs)).unwrap()["id"].as_u64().unwrap() as u32)
                .collect();
            if order.refill.is_empty() {
                prop_assert_eq!(ids, expected);
                break;
            }
            prop_assert!(expected.starts_with(&ids), "{:?} {:?}", ids, expected);
            for leg in order.refill {
                prop_assert!(asked[leg] <= lists[leg].len());
                asked[leg] += 3;
            }
        }
    }
}
