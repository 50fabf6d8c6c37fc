//! What a server counts in the documents of an index.

use std::collections::BTreeMap;

use miroir_core::wire::raw::{self, RawError};
use serde::Deserialize;

/// Members of a document that an engine keeps apart from its fields.
const VECTORS: &str = "_vectors";

/// Numbers that add up over documents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Counts {
    pub(super) number_of_embeddings: u64,
    /// Documents with an embedding of any embedder.
    pub(super) number_of_embedded_documents: u64,
    /// Documents by the members that they have at the top.
    pub(super) field_distribution: BTreeMap<String, u64>,
}

impl Counts {
    /// Counts one document, read with its vectors where there are any.
    pub(super) fn count(&mut self, document: &[u8]) -> Result<(), RawError> {
        for member in raw::members(document) {
            let member = member?;
            let name = member.key.decode();
            if name == VECTORS {
                self.count_vectors(member.value)?;
            } else if let Some(count) = self.field_distribution.get_mut(&*name) {
                *count += 1;
            } else {
                self.field_distribution.insert(name.into_owned(), 1);
            }
        }
        Ok(())
    }

    /// `{"<embedder>": {"embeddings": [[..], ..], "regenerate": ..}, ..}`
    fn count_vectors(&mut self, vectors: &[u8]) -> Result<(), RawError> {
        let before = self.number_of_embeddings;
        for embedder in raw::members(vectors) {
            for member in raw::members(embedder?.value) {
                let member = member?;
                if member.key.is("embeddings") {
                    for embedding in raw::elements(member.value) {
                        embedding?;
                        self.number_of_embeddings += 1;
                    }
                }
            }
        }
        self.number_of_embedded_documents += u64::from(self.number_of_embeddings > before);
        Ok(())
    }

    pub(super) fn add(&mut self, other: Self) {
        self.number_of_embeddings += other.number_of_embeddings;
        self.number_of_embedded_documents += other.number_of_embedded_documents;
        for (name, count) in other.field_distribution {
            *self.field_distribution.entry(name).or_default() += count;
        }
    }

    /// Takes out what `part` of the same documents counted.
    pub(super) fn subtract(&mut self, part: &Self) {
        let less = |all: &mut u64, part: u64| *all = all.saturating_sub(part);
        less(&mut self.number_of_embeddings, part.number_of_embeddings);
        less(
            &mut self.number_of_embedded_documents,
            part.number_of_embedded_documents,
        );
        for (name, count) in &part.field_distribution {
            if let Some(all) = self.field_distribution.get_mut(name) {
                less(all, *count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    const DOCUMENTS: &[&[u8]] = &[
        br#"{"id":1,"a":{"b":2},"_geo":{"lat":1,"lng":2},"_vectors":{"e":{"embeddings":[[1,2],[3,4]],"regenerate":false},"f":{"embeddings":[[5]],"regenerate":true}}}"#,
        br#"{"id":2,"a":null,"_vectors":{"e":{"embeddings":[],"regenerate":false}}}"#,
        br#"{"id":3}"#,
    ];

    fn counted(documents: &[&[u8]]) -> Counts {
        let mut counts = Counts::default();
        for document in documents {
            counts.count(document).expect("an object");
        }
        counts
    }

    #[test]
    fn embeddings_count_one_by_one_and_their_documents_once() {
        let counts = counted(DOCUMENTS);
        assert_eq!(counts.number_of_embeddings, 3);
        assert_eq!(counts.number_of_embedded_documents, 1);
    }

    #[test]
    fn fields_at_the_top_count_whatever_their_value() {
        let fields = counted(DOCUMENTS).field_distribution;
        let expected =
            [("_geo", 1), ("a", 2), ("id", 3)].map(|(name, count)| (name.to_owned(), count));
        assert_eq!(fields, expected.into());
    }

    #[test]
    fn what_is_taken_out_of_all_leaves_the_rest() {
        let mut rest = counted(DOCUMENTS);
        rest.subtract(&counted(&DOCUMENTS[..1]));
        let mut expected = counted(&DOCUMENTS[1..]);
        expected.field_distribution.insert("_geo".to_owned(), 0);
        assert_eq!(rest, expected);
        let mut all = counted(&DOCUMENTS[..1]);
        all.add(expected);
        assert_eq!(all, counted(DOCUMENTS));
    }
}
