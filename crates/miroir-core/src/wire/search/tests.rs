//! Search parameters: every field accepted, every text of a refusal.

use serde_json::json;

use super::*;
use crate::wire::deserialize::{from_json, from_query};

fn post(body: Value) -> Result<SearchQuery, ApiError> {
    from_json(body.to_string().as_bytes())
}

fn get(query: &str) -> Result<SearchQuery, ApiError> {
    from_query::<SearchParameters>(query)?.try_into()
}

#[test]
fn an_empty_query_is_the_default() {
    assert_eq!(post(json!({})).unwrap(), SearchQuery::default());
    assert_eq!(get("").unwrap(), SearchQuery::default());
    assert_eq!(SearchQuery::default().to_json(), b"{}");
}

#[test]
fn a_full_body_comes_back() {
    let body = json!({
        "q": "badman", "offset": 1, "limit": 2, "page": 3, "hitsPerPage": 4,
        "attributesToRetrieve": ["a", "b"], "attributesToCrop": ["a:3"], "cropLength": 5,
        "cropMarker": "", "attributesToHighlight": ["*"], "highlightPreTag": "<b>",
        "highlightPostTag": "</b>", "showMatchesPosition": true,
        "filter": [["a = 1", "b = 2"], "c > 3"], "sort": ["a:asc"], "distinct": "d",
        "facets": ["genre", "*"], "matchingStrategy": "frequency",
        "attributesToSearchOn": ["title"], "rankingScoreThreshold": 0.25, "locales": ["jpn"],
        "hybrid": {"semanticRatio": 0.75, "embedder": "e"}, "vector": [0.5, -1.0],
        "retrieveVectors": true, "media": {"image": "x"},
        "personalize": {"userContext": "c"}, "useNetwork": false, "showRankingScore": true,
        "showRankingScoreDetails": true, "showPerformanceDetails": true,
    });
    let query = post(body.clone()).unwrap();
    let written: Value = serde_json::from_slice(&query.to_json()).unwrap();
    assert_eq!(written, body);
    assert_eq!(post(written).unwrap(), query);
}

#[test]
fn get_parameters_become_the_same_query() {
    let query = "q=badman&offset=1&limit=2&page=3&hitsPerPage=4&attributesToRetrieve=b,a\
        &attributesToCrop=a:3&cropLength=5&cropMarker=&attributesToHighlight=*&highlightPreTag=%3Cb%3E\
        &highlightPostTag=%3C/b%3E&showMatchesPosition=true&filter=a%20=%201\
        &sort=_geoPoint(1,%202):asc,a:desc&distinct=d&facets=genre,*&matchingStrategy=frequency\
        &attributesToSearchOn=title&rankingScoreThreshold=0.25&locales=ja&hybridEmbedder=e\
        &vector=0.5,-1&retrieveVectors=true&personalizeUserContext=c&useNetwork=true\
        &showRankingScore=true&showRankingScoreDetails=true&showPerformanceDetails=true";
    let expected = post(json!({
        "q": "badman", "offset": 1, "limit": 2, "page": 3, "hitsPerPage": 4,
        "attributesToRetrieve": ["a", "b"], "attributesToCrop": ["a:3"], "cropLength": 5,
        "cropMarker": "", "attributesToHighlight": ["*"], "highlightPreTag": "<b>",
        "highlightPostTag": "</b>", "showMatchesPosition": true, "filter": "a = 1",
        "sort": ["_geoPoint(1,2):asc", "a:desc"], "distinct": "d", "facets": ["genre", "*"],
        "matchingStrategy": "frequency", "attributesToSearchOn": ["title"],
        "rankingScoreThreshold": 0.25, "locales": ["ja"], "hybrid": {"embedder": "e"},
        "vector": [0.5, -1], "retrieveVectors": true, "personalize": {"userContext": "c"},
        "useNetwork": true, "showRankingScore": true, "showRankingScoreDetails": true,
        "showPerformanceDetails": true,
    }));
    assert_eq!(get(query).unwrap(), expected.unwrap());
}

#[test]
fn filters_of_get_are_json_first() {
    let filter = |query| get(query).unwrap().filter;
    assert_eq!(filter("filter=[\"a=1\"]"), Some(json!(["a=1"])));
    assert_eq!(filter("filter=a=1"), Some(json!("a=1")));
    assert_eq!(filter("filter="), Some(json!("")));
    assert_eq!(filter("filter=1"), Some(json!(1)));
    assert_eq!(filter(""), None);
}

#[test]
fn sort_lists() {
    let cases: [(&str, &[&str]); 6] = [
        ("a:asc", &["a:asc"]),
        ("a:asc, b:desc", &["a:asc", "b:desc"]),
        ("\"a:asc,b:desc\"", &["a:asc", "b:desc"]),
        (
            "_geoPoint(1.5,2):asc,_geoPoint(3, 4):desc,c",
            &["_geoPoint(1.5,2):asc", "_geoPoint(3,4):desc", "c"],
        ),
        ("_geoPoint(1,2)", &["_geoPoint(1,2)"]),
        ("", &[""]),
    ];
    for (text, expected) in cases {
        assert_eq!(parameters::sort(text), expected, "{text}");
    }
}

const FIELDS: &str = "`q`, `offset`, `limit`, `page`, `hitsPerPage`, `attributesToRetrieve`, `attributesToCrop`, `cropLength`, `cropMarker`, `attributesToHighlight`, `highlightPreTag`, `highlightPostTag`, `showMatchesPosition`, `filter`, `sort`, `distinct`, `facets`, `matchingStrategy`, `attributesToSearchOn`, `rankingScoreThreshold`, `locales`, `hybrid`, `vector`, `retrieveVectors`, `media`, `personalize`, `useNetwork`, `showRankingScore`, `showRankingScoreDetails`, `showPerformanceDetails`";

#[test]
fn bodies_refused() {
    let unknown = format!("Unknown field `doggo`: expected one of {FIELDS}");
    let close = format!("Unknown field `filer`: did you mean `filter`? expected one of {FIELDS}");
    let cases = [
        (json!({"doggo": 1}), "bad_request", unknown.as_str()),
        (json!({"filer": 1}), "bad_request", close.as_str()),
        (
            json!({"q": ["a"]}),
            "invalid_search_q",
            "Invalid value type at `.q`: expected a string, but found an array: `[\"a\"]`",
        ),
        (
            json!({"offset": "a"}),
            "invalid_search_offset",
            "Invalid value type at `.offset`: expected a positive integer, but found a string: `\"a\"`",
        ),
        (
            json!({"hitsPerPage": -2}),
            "invalid_search_hits_per_page",
            "Invalid value type at `.hitsPerPage`: expected a positive integer, but found a negative integer: `-2`",
        ),
        (
            json!({"attributesToRetrieve": "*"}),
            "invalid_search_attributes_to_retrieve",
            "Invalid value type at `.attributesToRetrieve`: expected an array, but found a string: `\"*\"`",
        ),
        (
            json!({"cropMarker": null}),
            "invalid_search_crop_marker",
            "Invalid value type at `.cropMarker`: expected a string, but found null",
        ),
        (
            json!({"matchingStrategy": "doggo"}),
            "invalid_search_matching_strategy",
            "Unknown value `doggo` at `.matchingStrategy`: expected one of `last`, `all`, `frequency`",
        ),
        (
            json!({"rankingScoreThreshold": 1.1}),
            "invalid_search_ranking_score_threshold",
            "Invalid value at `.rankingScoreThreshold`: the value of `rankingScoreThreshold` is invalid, expected a float between `0.0` and `1.0`.",
        ),
        (
            json!({"rankingScoreThreshold": "0"}),
            "invalid_search_ranking_score_threshold",
            "Invalid value type at `.rankingScoreThreshold`: expected a number, but found a string: `\"0\"`",
        ),
        (
            json!({"hybrid": {}}),
            "invalid_search_hybrid_query",
            "Missing field `embedder` inside `.hybrid`",
        ),
        (
            json!({"hybrid": {"embedder": "e", "semanticRatio": 2}}),
            "invalid_search_semantic_ratio",
            "Invalid value at `.hybrid.semanticRatio`: the value of `semanticRatio` is invalid, expected a float between `0.0` and `1.0`.",
        ),
        (
            json!({"hybrid": {"embedder": 1}}),
            "invalid_search_embedder",
            "Invalid value type at `.hybrid.embedder`: expected a string, but found a positive integer: `1`",
        ),
        (
            json!({"hybrid": {"embedder": "e", "x": 1}}),
            "invalid_search_hybrid_query",
            "Unknown field `x` inside `.hybrid`: expected one of `semanticRatio`, `embedder`",
        ),
        (
            json!({"vector": ["a"]}),
            "invalid_search_vector",
            "Invalid value type at `.vector[0]`: expected a number, but found a string: `\"a\"`",
        ),
        (
            json!({"personalize": {}}),
            "invalid_search_personalize",
            "Missing field `userContext` inside `.personalize`",
        ),
        (
            json!({"useNetwork": "yes"}),
            "invalid_search_use_network",
            "Invalid value type at `.useNetwork`: expected a boolean, but found a string: `\"yes\"`",
        ),
    ];
    for (body, code, message) in cases {
        let error = post(body.clone()).unwrap_err();
        assert_eq!(
            (error.code.name(), error.message.as_str()),
            (code, message),
            "{body}"
        );
    }

    let error = post(json!({"locales": ["en", "klingon"]})).unwrap_err();
    assert_eq!(error.code, Code::InvalidSearchLocales);
    let start = "Unknown value `klingon` at `.locales[1]`: expected one of `af`, `ak`, `am`,";
    assert!(error.message.starts_with(start), "{}", error.message);
    assert!(
        error.message.ends_with("`zho`, `zul`, `cmn`"),
        "{}",
        error.message
    );
}

#[test]
fn parameters_refused() {
    let cases = [
        (
            "cropLength=a",
            "invalid_search_crop_length",
            "Invalid value in parameter `cropLength`: could not parse `a` as a positive integer",
        ),
        (
            "showRankingScore=yes",
            "invalid_search_show_ranking_score",
            "Invalid value in parameter `showRankingScore`: could not parse `yes` as a boolean, expected either `true` or `false`",
        ),
        (
            "matchingStrategy=doggo",
            "invalid_search_matching_strategy",
            "Unknown value `doggo` for parameter `matchingStrategy`: expected one of `last`, `all`, `frequency`",
        ),
        (
            "rankingScoreThreshold=a",
            "invalid_search_ranking_score_threshold",
            "Invalid value in parameter `rankingScoreThreshold`: the value of `rankingScoreThreshold` is invalid, expected a float between `0.0` and `1.0`.",
        ),
        (
            "hybridSemanticRatio=0.5",
            "invalid_search_hybrid_query",
            "`hybridEmbedder` is mandatory when `hybridSemanticRatio` is present",
        ),
        (
            "hybridEmbedder=e&hybridSemanticRatio=2",
            "invalid_search_semantic_ratio",
            "Invalid value in parameter `hybridSemanticRatio`: the value of `semanticRatio` is invalid, expected a float between `0.0` and `1.0`.",
        ),
        (
            "vector=1",
            "missing_search_hybrid",
            "`hybridEmbedder` is mandatory when `vector` is present",
        ),
        (
            "vector=a",
            "invalid_search_vector",
            "Invalid value in parameter `vector`: invalid float literal",
        ),
    ];
    for (query, code, message) in cases {
        let error = get(query).unwrap_err();
        assert_eq!(
            (error.code.name(), error.message.as_str()),
            (code, message),
            "{query}"
        );
    }

    let error = get("locales=klingon").unwrap_err();
    assert_eq!(error.code, Code::InvalidSearchLocales);
    let start = "Invalid value in parameter `locales`: Unsupported locale `klingon`, expected one of af, ak, am,";
    assert!(error.message.starts_with(start), "{}", error.message);
    assert!(
        error.message.ends_with("yid, zho, zul"),
        "{}",
        error.message
    );
    assert!(
        get("media=1")
            .unwrap_err()
            .message
            .starts_with("Unknown parameter `media`: expected")
    );
}

#[test]
fn parts_that_need_each_other() {
    let check = |body| {
        post(body)
            .unwrap()
            .check_vector_parts()
            .map_err(|error| error.code)
    };
    assert_eq!(check(json!({})), Ok(()));
    assert_eq!(
        check(json!({"vector": [1]})),
        Err(Code::MissingSearchHybrid)
    );
    assert_eq!(check(json!({"media": {}})), Err(Code::MissingSearchHybrid));
    assert_eq!(
        check(json!({"media": {}, "vector": [1], "hybrid": {"embedder": "e"}})),
        Err(Code::InvalidSearchMediaAndVector)
    );
    let refused = post(json!({"useNetwork": false}))
        .unwrap()
        .refuse_network()
        .unwrap_err();
    assert_eq!(
        refused.message,
        "passing `useNetwork` in a search query requires enabling the `network` experimental feature. See https://github.com/orgs/meilisearch/discussions/805"
    );
}

#[test]
fn facet_searches() {
    let body = json!({"facetQuery": "h", "facetName": "genre", "exhaustiveFacetCount": true});
    let read = |body: &Value| from_json::<FacetSearchQuery>(body.to_string().as_bytes());
    let query = read(&body).unwrap();
    assert_eq!(serde_json::to_value(&query).unwrap(), body);

    let with_more = json!({"facetName": "genre", "limit": "ignored"});
    assert_eq!(read(&with_more).unwrap().facet_name, "genre");
    let cases = [
        (
            json!({}),
            "missing_facet_search_facet_name",
            "Missing field `facetName`",
        ),
        (
            json!({"facetName": 1}),
            "invalid_facet_search_facet_name",
            "Invalid value type at `.facetName`: expected a string, but found a positive integer: `1`",
        ),
    ];
    for (body, code, message) in cases {
        let error = read(&body).unwrap_err();
        assert_eq!((error.code.name(), error.message.as_str()), (code, message));
    }
}

#[test]
fn kinds_are_those_of_a_server() {
    let kind = |body: Value| post(body).unwrap().kind();
    let hybrid = |ratio: f32| json!({"embedder": "e", "semanticRatio": ratio});
    let cases = [
        (json!({"q": "a"}), SearchKind::Keyword),
        (
            json!({"q": "a", "hybrid": hybrid(0.0)}),
            SearchKind::Keyword,
        ),
        (
            json!({"q": " ", "hybrid": hybrid(1.0)}),
            SearchKind::Keyword,
        ),
        (
            json!({"hybrid": hybrid(0.0), "vector": [1]}),
            SearchKind::Keyword,
        ),
        (json!({"q": "a", "vector": [1]}), SearchKind::Keyword),
        (
            json!({"hybrid": hybrid(0.5), "vector": [1]}),
            SearchKind::Semantic,
        ),
        (
            json!({"q": "a", "hybrid": hybrid(1.0)}),
            SearchKind::Semantic,
        ),
        (
            json!({"q": "", "hybrid": hybrid(0.25), "media": {}}),
            SearchKind::Semantic,
        ),
        (
            json!({"q": "a", "hybrid": hybrid(0.25)}),
            SearchKind::Hybrid(0.25),
        ),
        (
            json!({"q": "a", "hybrid": {"embedder": "e"}}),
            SearchKind::Hybrid(0.5),
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(kind(body.clone()), expected, "{body}");
    }
    let query = post(json!({"q": "a", "hybrid": {"embedder": "e"}})).unwrap();
    assert_eq!(
        query.with_default_ratio(0.75).kind(),
        SearchKind::Hybrid(0.75)
    );
    let given = post(json!({"q": "a", "hybrid": hybrid(0.1)})).unwrap();
    assert_eq!(
        given.with_default_ratio(0.75).kind(),
        SearchKind::Hybrid(0.1)
    );
}

#[test]
fn a_refusal_can_be_asked_for_without_an_embedding() {
    let query =
        post(json!({"q": "a", "hitsPerPage": 3, "hybrid": {"embedder": "e", "semanticRatio": 1}}));
    let asked = query.unwrap().without_embedding();
    assert_eq!((asked.kind(), asked.limit), (SearchKind::Hybrid(0.5), 0));
    assert!(!asked.is_paged());
    let with_vector = json!({"vector": [1], "hybrid": {"embedder": "e", "semanticRatio": 1}});
    assert_eq!(
        post(with_vector).unwrap().without_embedding().kind(),
        SearchKind::Semantic
    );
}
