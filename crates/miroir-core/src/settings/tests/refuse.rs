//! Settings that are refused.

use serde_json::json;

use super::object;
use crate::document::reserved::Reserved;
use crate::error::Code;
use crate::settings::refuse_reserved;

const ON: Reserved = Reserved {
    versions: true,
    expiry: true,
};

#[test]
fn reserved_names_and_symbols_are_refused_wherever_they_stand() {
    let refused = [
        json!({"displayedAttributes": ["_miroir_shard"]}),
        json!({"searchableAttributes": ["a", "_miroir_x"]}),
        json!({"filterableAttributes": ["_miroir_expires_at"]}),
        json!({"filterableAttributes": [{"attributePatterns": ["_miroir_*"]}]}),
        json!({"sortableAttributes": ["_miroir_updated_at"]}),
        json!({"rankingRules": ["words", "_miroir_updated_at:desc"]}),
        json!({"distinctAttribute": "_miroir_shard"}),
        json!({"typoTolerance": {"disableOnAttributes": ["_miroir_shard"]}}),
        json!({"faceting": {"sortFacetValuesBy": {"_miroir_shard": "count"}}}),
        json!({"localizedAttributes": [{"attributePatterns": ["_miroir_shard"], "locales": ["fra"]}]}),
        json!({"embedders": {"a": {"documentTemplate": "{{ doc._miroir_shard }}"}}}),
        json!({"nonSeparatorTokens": ["\u{22B0}"]}),
        json!({"dictionary": ["a\u{22BF}"]}),
    ];
    for patch in refused {
        assert_eq!(
            refuse_reserved(&object(patch.clone()), ON)
                .unwrap_err()
                .code,
            Code::MiroirReservedField,
            "{patch}"
        );
    }
}

#[test]
fn other_settings_pass() {
    let patch = json!({
        "filterableAttributes": ["*", "miroir", {"attributePatterns": ["_mir*"]}],
        "separatorTokens": ["\u{22B0}"],
        "synonyms": {"_miroir_shard": ["x"]},
        "rankingRules": ["words"],
        "embedders": {"a": null},
        "dictionary": null,
    });
    assert_eq!(refuse_reserved(&object(patch), ON), Ok(()));
    let client = json!({"filterableAttributes": ["_miroir_updated_at"]});
    assert_eq!(
        refuse_reserved(
            &object(client),
            Reserved {
                versions: false,
                expiry: true
            }
        ),
        Ok(())
    );
}
