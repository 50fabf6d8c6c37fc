//! `POST /indexes/{uid}/fields`: which fields an index has, and what its settings say of each.
//!
//! Facts: the server's `routes/indexes/fields.rs`, and answers of a 1.50 server.

use deserr::Deserr;

use crate::error::Code;
use crate::wire::deserialize::{BodyFault, JsonFault};

const DEFAULT_LIMIT: usize = 20;

/// The body of the route.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields)]
pub struct ListFields {
    #[deserr(default, error = JsonFault<{ Code::InvalidIndexOffset as u16 }>)]
    pub offset: usize,
    #[deserr(default = DEFAULT_LIMIT, error = JsonFault<{ Code::InvalidIndexLimit as u16 }>)]
    pub limit: usize,
    #[deserr(default, error = JsonFault<{ Code::InvalidIndexFieldsFilter as u16 }>)]
    pub filter: Option<FieldsFilter>,
}

/// What a field must be to be listed; all that is said must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserr)]
#[deserr(error = JsonFault<{ Code::InvalidIndexFieldsFilter as u16 }>, rename_all = camelCase, deny_unknown_fields)]
pub struct FieldsFilter {
    /// One of these must match the name.
    #[deserr(default, error = JsonFault<{ Code::InvalidIndexFieldsFilterAttributePatterns as u16 }>)]
    pub attribute_patterns: Option<Vec<String>>,
    #[deserr(default, error = JsonFault<{ Code::InvalidIndexFieldsFilterDisplayed as u16 }>)]
    pub displayed: Option<bool>,
    #[deserr(default, error = JsonFault<{ Code::InvalidIndexFieldsFilterSearchable as u16 }>)]
    pub searchable: Option<bool>,
    #[deserr(default, error = JsonFault<{ Code::InvalidIndexFieldsFilterSortable as u16 }>)]
    pub sortable: Option<bool>,
    #[deserr(default, error = JsonFault<{ Code::InvalidIndexFieldsFilterDistinct as u16 }>)]
    pub distinct: Option<bool>,
    #[deserr(default, error = JsonFault<{ Code::InvalidIndexFieldsFilterRankingRule as u16 }>)]
    pub ranking_rule: Option<bool>,
    #[deserr(default, error = JsonFault<{ Code::InvalidIndexFieldsFilterFilterable as u16 }>)]
    pub filterable: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::ListFields;
    use crate::wire::deserialize::from_json;

    #[test]
    fn bodies_are_refused_in_the_words_of_the_server() {
        let table = [
            (
                r#"{"filter":{"x":1}}"#,
                "invalid_index_fields_filter",
                "Unknown field `x` inside `.filter`: expected one of `attributePatterns`, `displayed`, `searchable`, `sortable`, `distinct`, `rankingRule`, `filterable`",
            ),
            (
                r#"{"limit":-1}"#,
                "invalid_index_limit",
                "Invalid value type at `.limit`: expected a positive integer, but found a negative integer: `-1`",
            ),
            (
                r#"{"filter":{"displayed":1}}"#,
                "invalid_index_fields_filter_displayed",
                "Invalid value type at `.filter.displayed`: expected a boolean, but found a positive integer: `1`",
            ),
            (
                r#"{"filter":{"attributePatterns":"a"}}"#,
                "invalid_index_fields_filter_attribute_patterns",
                "Invalid value type at `.filter.attributePatterns`: expected an array, but found a string: `\"a\"`",
            ),
            (
                r#"{"filter":3}"#,
                "invalid_index_fields_filter",
                "Invalid value type at `.filter`: expected an object, but found a positive integer: `3`",
            ),
            (
                r#"{"y":1}"#,
                "bad_request",
                "Unknown field `y`: expected one of `offset`, `limit`, `filter`",
            ),
        ];
        for (body, code, message) in table {
            let error = from_json::<ListFields>(body.as_bytes()).unwrap_err();
            assert_eq!((error.code.name(), &*error.message), (code, message));
        }
        let empty: ListFields = from_json(b"{}").unwrap();
        assert_eq!((empty.offset, empty.limit, empty.filter), (0, 20, None));
    }
}
