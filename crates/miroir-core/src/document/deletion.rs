//! The body of delete-batch: a list of ids, split by shard.

use serde_json::Value;

use crate::error::{ApiError, Payload};
use crate::hash;
use crate::id::{Shard, ShardCount, ShardSet};

/// The ids of a deletion as the server understands them: any JSON value counts, what is no string by its JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    ids: Vec<String>,
}

impl Deletion {
    /// Reads the body of `POST /indexes/{uid}/documents/delete-batch`.
    ///
    /// # Errors
    /// `missing_payload`, `malformed_payload`, or `bad_request` for JSON that is no array, in the server's words.
    pub fn read(body: &[u8]) -> Result<Self, ApiError> {
        if body.is_empty() {
            return Err(ApiError::missing_payload(Payload::Json));
        }
        let values: Vec<Value> = serde_json::from_slice(body).map_err(|error| {
            if error.is_data() {
                ApiError::json_deserialize(error)
            } else {
                ApiError::malformed_body(error)
            }
        })?;
        let ids = values
            .into_iter()
            .map(|value| match value {
                Value::String(id) => id,
                other => other.to_string(),
            })
            .collect();
        Ok(Self { ids })
    }

    /// A deletion of one document, by the id of its path. Servers do not validate it.
    pub fn of_one(id: impl Into<String>) -> Self {
        Self {
            ids: vec![id.into()],
        }
    }

    /// The ids in the client's order; their number is `providedIds` of the task.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The shards that may hold one of the documents.
    pub fn touched(&self, shards: ShardCount) -> ShardSet {
        self.routed(shards).map(|(shard, _)| shard).collect()
    }

    /// The body for a node that holds the shards of `wanted`: a JSON array of strings, and how many there are.
    pub fn leg_body(&self, shards: ShardCount, wanted: &ShardSet) -> (Vec<u8>, usize) {
        let ids: Vec<&str> = self
            .routed(shards)
            .filter(|(shard, _)| wanted.contains(*shard))
            .map(|(_, id)| id)
            .collect();
        let body = serde_json::to_vec(&ids).expect("strings are always serialised");
        (body, ids.len())
    }

    fn routed(&self, shards: ShardCount) -> impl Iterator<Item = (Shard, &str)> {
        self.ids
            .iter()
            .map(move |id| (hash::shard_of(id, shards), id.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn any_value_is_an_id() {
        let deletion = Deletion::read(br#"[1, "1", "a b", {"a":1}, null, 1.0]"#).unwrap();
        assert_eq!(
            deletion.ids(),
            ["1", "1", "a b", r#"{"a":1}"#, "null", "1.0"]
        );
    }

    #[test]
    fn other_bodies_are_refused() {
        let table = [
            (
                r#"{"ids":[1]}"#,
                Code::BadRequest,
                "Json deserialize error: invalid type: map, expected a sequence at line 1 column 0",
            ),
            (
                "[1",
                Code::MalformedPayload,
                "The json payload provided is malformed. `EOF while parsing a list at line 1 column 2`.",
            ),
            ("", Code::MissingPayload, "A json payload is missing."),
        ];
        for (body, code, message) in table {
            let error = Deletion::read(body.as_bytes()).unwrap_err();
            assert_eq!((error.code, error.message.as_str()), (code, message));
        }
    }

    #[test]
    fn legs_partition_the_ids() {
        let shards = ShardCount::new(8).unwrap();
        let ids: Vec<u32> = (0..100).collect();
        let deletion = Deletion::read(&serde_json::to_vec(&ids).unwrap()).unwrap();
        let mut sent = Vec::new();
        for shard in shards.iter() {
            let (body, count) = deletion.leg_body(shards, &ShardSet::from(shard));
            let leg: Vec<String> = serde_json::from_slice(&body).unwrap();
            assert_eq!(leg.len(), count);
            assert_eq!(deletion.touched(shards).contains(shard), count > 0);
            sent.extend(leg);
        }
        sent.sort_by_key(|id| id.parse::<u32>().unwrap());
        assert_eq!(sent, deletion.ids());
        assert_eq!(Deletion::of_one("a/b").ids(), ["a/b"]);
    }
}
