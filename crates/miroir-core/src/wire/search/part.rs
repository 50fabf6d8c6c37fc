//! The parts of a search query that are more than a string, a number or a list.

use deserr::Deserr;
use serde::Serialize;

use crate::error::Code;
use crate::wire::deserialize::{JsonFault, Reason};

/// Which query words may be dropped when too few documents match all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserr, Serialize)]
#[deserr(rename_all = camelCase)]
#[serde(rename_all = "camelCase")]
pub enum MatchingStrategy {
    #[default]
    Last,
    All,
    Frequency,
}

/// Keyword and vector search together.
#[derive(Debug, Clone, PartialEq, Deserr, Serialize)]
#[deserr(error = JsonFault<{ Code::InvalidSearchHybridQuery as u16 }>, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct HybridQuery {
    /// 0 is keywords only, 1 is vectors only; [`super::DEFAULT_SEMANTIC_RATIO`] on a server when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[deserr(default, error = JsonFault<{ Code::InvalidSearchSemanticRatio as u16 }>, try_from(f32) = check_semantic_ratio -> Reason)]
    pub semantic_ratio: Option<f32>,
    #[deserr(error = JsonFault<{ Code::InvalidSearchEmbedder as u16 }>)]
    pub embedder: String,
}

/// Whom the hits are reordered for.
#[derive(Debug, Clone, PartialEq, Eq, Deserr, Serialize)]
#[deserr(error = JsonFault<{ Code::InvalidSearchPersonalize as u16 }>, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct Personalize {
    #[deserr(error = JsonFault<{ Code::InvalidSearchPersonalizeUserContext as u16 }>)]
    pub user_context: String,
}

const BAD_THRESHOLD: &str =
    "the value of `rankingScoreThreshold` is invalid, expected a float between `0.0` and `1.0`.";
const BAD_SEMANTIC_RATIO: &str =
    "the value of `semanticRatio` is invalid, expected a float between `0.0` and `1.0`.";

/// Outside of 0 to 1; not-a-number is not, as on the server.
fn is_outside_unit(value: f64) -> bool {
    !value.is_nan() && !(0.0..=1.0).contains(&value)
}

pub(in crate::wire) fn check_threshold(threshold: Option<f64>) -> Result<Option<f64>, Reason> {
    match threshold {
        Some(value) if is_outside_unit(value) => Err(Reason(BAD_THRESHOLD.to_owned())),
        threshold => Ok(threshold),
    }
}

pub(in crate::wire) fn threshold_from_text(text: String) -> Result<Option<f64>, Reason> {
    let value = text.parse().map_err(|_| Reason(BAD_THRESHOLD.to_owned()))?;
    check_threshold(Some(value))
}

fn check_semantic_ratio(ratio: f32) -> Result<Option<f32>, Reason> {
    if is_outside_unit(ratio.into()) {
        return Err(Reason(BAD_SEMANTIC_RATIO.to_owned()));
    }
    Ok(Some(ratio))
}

pub(super) fn semantic_ratio_from_text(text: String) -> Result<Option<f32>, Reason> {
    let ratio = text
        .parse()
        .map_err(|_| Reason(BAD_SEMANTIC_RATIO.to_owned()))?;
    check_semantic_ratio(ratio)
}

pub(in crate::wire) fn is_false(value: &bool) -> bool {
    !value
}

pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
