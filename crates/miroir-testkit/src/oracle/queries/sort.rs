//! Sorting.

use super::{Body, Source, set, with_any_words};

/// Numbers that every document has.
pub(super) fn numbers(source: &mut Source<'_>) -> Body {
    sorted(
        source,
        &["serial", "year", "votes", "price", "dimensions.width"],
    )
}

/// Strings that every document has.
pub(super) fn strings(source: &mut Source<'_>) -> Body {
    sorted(source, &["studio", "dimensions.label", "released"])
}

/// Fields that are missing, null, empty or of several types.
pub(super) fn missing(source: &mut Source<'_>) -> Body {
    sorted(source, &["rating", "colour", "mixed", "notes"])
}

fn sorted(source: &mut Source<'_>, fields: &[&str]) -> Body {
    let mut body = with_any_words(source);
    let orders: Vec<String> = source
        .some(fields, 1..=2)
        .into_iter()
        .map(|field| format!("{field}:{}", source.pick(&["asc", "desc"])))
        .collect();
    set(&mut body, "sort", orders);
    let (offset, limit) = (source.number(0..=30), source.number(1..=60));
    if source.chance(0.3) {
        set(&mut body, "offset", offset);
    }
    set(&mut body, "limit", limit);
    body
}
