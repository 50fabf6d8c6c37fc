//! Parameters of a search for similar documents: what comes back, and what is refused in which words.

use serde_json::json;

use super::*;
use crate::error::ApiError;
use crate::wire::deserialize::{from_json, from_query};

fn get(query: &str) -> Result<SimilarQuery, ApiError> {
    from_query::<SimilarParameters>(query).map(SimilarQuery::from)
}

#[test]
fn bodies_come_back_and_parameters_become_the_same() {
    let body = json!({
        "id": "3", "offset": 1, "limit": 2, "filter": ["a = 1"], "embedder": "e",
        "attributesToRetrieve": ["a", "b"], "retrieveVectors": true, "showRankingScore": true,
        "showRankingScoreDetails": true, "showPerformanceDetails": true, "rankingScoreThreshold": 0.25,
    });
    let query: SimilarQuery = from_json(body.to_string().as_bytes()).unwrap();
    assert_eq!(serde_json::to_value(&query).unwrap(), body);
    let parameters = "id=3&offset=1&limit=2&filter=[\"a = 1\"]&embedder=e&attributesToRetrieve=b,a\
        &retrieveVectors=true&showRankingScore=true&showRankingScoreDetails=true\
        &showPerformanceDetails=true&rankingScoreThreshold=0.25";
    assert_eq!(get(parameters).unwrap(), query);
    let least: SimilarQuery = from_json(br#"{"id":3,"embedder":"e"}"#).unwrap();
    assert_eq!(least.to_json(), br#"{"id":3,"embedder":"e"}"#);
}

#[test]
fn refusals_are_the_servers() {
    let threshold = "the value of `rankingScoreThreshold` is invalid, expected a float between `0.0` and `1.0`.";
    let bodies = [
        (json!({"id": 1}), "bad_request", "Missing field `embedder`".to_owned()),
        (json!({"embedder": "e"}), "bad_request", "Missing field `id`".to_owned()),
        (
            json!({"id": 1, "embedder": "e", "limit": -1}),
            "invalid_similar_limit",
            "Invalid value type at `.limit`: expected a positive integer, but found a negative integer: `-1`".to_owned(),
        ),
        (
            json!({"id": 1, "embedder": "e", "rankingScoreThreshold": 2}),
            "invalid_similar_ranking_score_threshold",
            format!("Invalid value at `.rankingScoreThreshold`: {threshold}"),
        ),
    ];
    for (body, code, message) in bodies {
        let error = from_json::<SimilarQuery>(body.to_string().as_bytes()).unwrap_err();
        assert_eq!(
            (error.code.name(), error.message),
            (code, message),
            "{body}"
        );
    }
    let fields = "`id`, `embedder`, `offset`, `limit`, `attributesToRetrieve`, `retrieveVectors`, `filter`, `showRankingScore`, `showRankingScoreDetails`, `showPerformanceDetails`, `rankingScoreThreshold`";
    let queries = [
        (
            "id=1",
            "bad_request",
            "Missing parameter `embedder`".to_owned(),
        ),
        (
            "id=1&embedder=e&foo=1",
            "bad_request",
            format!("Unknown parameter `foo`: expected one of {fields}"),
        ),
        (
            "id=1&embedder=e&rankingScoreThreshold=x",
            "invalid_similar_ranking_score_threshold",
            format!("Invalid value in parameter `rankingScoreThreshold`: {threshold}"),
        ),
    ];
    for (query, code, message) in queries {
        let error = get(query).unwrap_err();
        assert_eq!(
            (error.code.name(), error.message),
            (code, message),
            "{query}"
        );
    }
}
