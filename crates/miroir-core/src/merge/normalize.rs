//! The engine's equality of facet strings: trimmed, decomposed (NFKD), lower-cased (`normalize_facet` in milli's `lib.rs`).

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// The form by which the engine compares `original`. Borrowed when it is that form.
pub fn facet(original: &str) -> Cow<'_, str> {
    let trimmed = original.trim();
    if !trimmed.is_ascii() {
        Cow::Owned(trimmed.nfkd().collect::<String>().to_lowercase())
    } else if trimmed.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(trimmed.to_ascii_lowercase())
    } else {
        Cow::Borrowed(trimmed)
    }
}
