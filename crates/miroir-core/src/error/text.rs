//! Constructors with the exact texts of a Meilisearch 1.50 server, spelling included.

use std::fmt;

use super::{ApiError, Code};
use crate::size::limit_size;

/// The three formats of a document payload, by the names error texts use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    Json,
    Ndjson,
    Csv,
}

impl Payload {
    /// The content types a documents route accepts, in the order the texts list them.
    pub const DOCUMENT_CONTENT_TYPES: &'static [&'static str] =
        &["application/json", "application/x-ndjson", "text/csv"];

    /// The content type any other route with a body accepts.
    pub const JSON_CONTENT_TYPES: &'static [&'static str] = &["application/json"];
}

impl fmt::Display for Payload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Payload::Json => "json",
            Payload::Ndjson => "ndjson",
            Payload::Csv => "csv",
        })
    }
}

/// What a request wants to do with the tasks it selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskSelection {
    Cancel,
    Delete,
}

/// `` `a`, `b` ``
fn quoted<T: fmt::Display>(values: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<String> = values
        .into_iter()
        .map(|value| format!("`{value}`"))
        .collect();
    quoted.join(", ")
}

/// Fields that cannot be changed.
impl ApiError {
    pub fn immutable_field(code: Code, field: &str, accepted: &[&str]) -> Self {
        let message = format!(
            "Immutable field `{field}`: expected one of {}",
            quoted(accepted)
        );
        Self::new(code, message)
    }
}

/// Webhooks.
impl ApiError {
    pub fn webhook_not_found(uuid: impl fmt::Display) -> Self {
        Self::new(
            Code::WebhookNotFound,
            format!("Webhook `{uuid}` not found."),
        )
    }

    pub fn missing_webhook_url(uuid: impl fmt::Display) -> Self {
        Self::new(
            Code::InvalidWebhookUrl,
            format!("The URL for the webhook `{uuid}` is missing."),
        )
    }

    pub fn too_many_webhooks() -> Self {
        Self::new(
            Code::InvalidWebhooks,
            "Defining too many webhooks would crush the server. Please limit the number of webhooks to 20. You may use a third-party proxy server to dispatch events to more than 20 endpoints.",
        )
    }

    pub fn too_many_webhook_headers(uuid: impl fmt::Display) -> Self {
        Self::new(
            Code::InvalidWebhookHeaders,
            format!(
                "Too many headers for the webhook `{uuid}`. Please limit the number of headers to 200. Hint: To remove an already defined header set its value to `null`"
            ),
        )
    }

    /// The webhook that the process was started with.
    pub fn immutable_webhook(uuid: impl fmt::Display) -> Self {
        Self::new(
            Code::ImmutableWebhook,
            format!(
                "Webhook `{uuid}` is immutable. The webhook defined from the command line cannot be modified using the API."
            ),
        )
    }
}

/// API keys.
impl ApiError {
    /// `key` is what the client wrote: a uid or a value.
    pub fn api_key_not_found(key: &str) -> Self {
        Self::new(Code::ApiKeyNotFound, format!("API key `{key}` not found."))
    }

    pub fn api_key_already_exists(uid: impl fmt::Display) -> Self {
        let message = format!("`uid` field value `{uid}` is already an existing API key.");
        Self::new(Code::ApiKeyAlreadyExists, message)
    }

    /// A key for some indexes was to have an action that concerns the whole server.
    pub fn index_scoped_key_with_global_action(action: &str) -> Self {
        let message = format!(
            "cannot create index-scoped API key with global action `\"{action}\"`\n  - Hint: remove action `\"{action}\"` from the action list, or remove `indexes` to make the key global"
        );
        Self::new(Code::IndexScopedApiKeyWithGlobalAction, message)
    }
}

/// Authorization. The other six texts of `invalid_api_key` belong to the verification of keys and tokens.
impl ApiError {
    pub fn missing_authorization_header() -> Self {
        Self::new(
            Code::MissingAuthorizationHeader,
            "The Authorization header is missing. It must use the bearer authorization method.",
        )
    }

    pub fn missing_master_key() -> Self {
        Self::new(
            Code::MissingMasterKey,
            "Meilisearch is running without a master key. To access this API endpoint, you must have set a master key at launch.",
        )
    }

    pub fn invalid_api_key() -> Self {
        Self::new(Code::InvalidApiKey, "The provided API key is invalid.")
    }
}

/// Bodies and their content types.
impl ApiError {
    pub fn missing_content_type(accepted: &[&str]) -> Self {
        let message = format!(
            "A Content-Type header is missing. Accepted values for the Content-Type header are: {}",
            quoted(accepted)
        );
        Self::new(Code::MissingContentType, message)
    }

    /// `found` is the type and subtype without parameters.
    pub fn invalid_content_type(found: &str, accepted: &[&str]) -> Self {
        let message = format!(
            "The Content-Type `{found}` is invalid. Accepted values for the Content-Type header are: {}",
            quoted(accepted)
        );
        Self::new(Code::InvalidContentType, message)
    }

    /// `csvDelimiter` was given with JSON or NDJSON.
    pub fn delimiter_without_csv(content_type: &str) -> Self {
        let message = format!(
            "The Content-Type `{content_type}` does not support the use of a csv delimiter. The csv delimiter can only be used with the Content-Type `text/csv`."
        );
        Self::new(Code::InvalidContentType, message)
    }

    pub fn missing_payload(payload: Payload) -> Self {
        Self::new(
            Code::MissingPayload,
            format!("A {payload} payload is missing."),
        )
    }

    /// A body of a JSON route that is not JSON; `reason` is serde_json's text.
    pub fn malformed_body(reason: impl fmt::Display) -> Self {
        let message = format!("The json payload provided is malformed. `{reason}`.");
        Self::new(Code::MalformedPayload, message)
    }

    /// A JSON or NDJSON payload of documents; `reason` is serde_json's text, whose middle is cut when it is long.
    pub fn malformed_documents(payload: Payload, reason: impl fmt::Display) -> Self {
        let message = format!(
            "The `{payload}` payload provided is malformed. `Couldn't serialize document value: {}`.",
            shortened(reason.to_string())
        );
        Self::new(Code::MalformedPayload, message)
    }

    /// The payload is JSON, but of another shape than documents.
    pub fn not_documents(payload: Payload) -> Self {
        Self::malformed_documents(payload, "data are neither an object nor a list of objects")
    }

    /// `reason` is the text of the csv library, without `CSV error: `.
    pub fn malformed_csv(reason: impl fmt::Display) -> Self {
        let message = format!("The `csv` payload provided is malformed: `CSV error: {reason}`.");
        Self::new(Code::MalformedPayload, message)
    }

    /// `limit` is the configured maximum in bytes.
    pub fn payload_too_large(limit: u64) -> Self {
        let message = format!(
            "The provided payload reached the size limit. The maximum accepted payload size is {}.",
            limit_size(limit)
        );
        Self::new(Code::PayloadTooLarge, message)
    }

    pub fn incomplete_payload() -> Self {
        Self::new(
            Code::BadRequest,
            "The provided payload is incomplete and cannot be parsed",
        )
    }

    /// The delete-batch route, which reads its body with serde alone; `reason` is serde_json's text.
    pub fn json_deserialize(reason: impl fmt::Display) -> Self {
        Self::new(
            Code::BadRequest,
            format!("Json deserialize error: {reason}"),
        )
    }
}

/// Indexes and documents.
impl ApiError {
    /// The text says 512 bytes; the limit is 400.
    pub fn invalid_index_uid(uid: &str) -> Self {
        let message = format!(
            "`{uid}` is not a valid index uid. Index uid can be an integer or a string containing only alphanumeric characters, hyphens (-) and underscores (_), and can not be more than 512 bytes."
        );
        Self::new(Code::InvalidIndexUid, message)
    }

    pub fn index_not_found(uid: impl fmt::Display) -> Self {
        Self::new(Code::IndexNotFound, format!("Index `{uid}` not found."))
    }

    /// For a swap: one name gives the text of [`ApiError::index_not_found`].
    pub fn indexes_not_found<T: fmt::Display>(uids: &[T]) -> Self {
        match uids {
            [uid] => Self::index_not_found(uid),
            uids => Self::new(
                Code::IndexNotFound,
                format!("Indexes {} not found.", quoted(uids)),
            ),
        }
    }

    pub fn index_already_exists(uid: impl fmt::Display) -> Self {
        Self::new(
            Code::IndexAlreadyExists,
            format!("Index `{uid}` already exists."),
        )
    }

    /// A swap with `rename` onto an index that exists.
    pub fn rename_onto_existing(from: impl fmt::Display, to: impl fmt::Display) -> Self {
        let message = format!(
            "Cannot rename `{from}` to `{to}` as the index already exists. Hint: You can remove `{to}` first and then do your remove."
        );
        Self::new(Code::IndexAlreadyExists, message)
    }

    /// Several swaps with `rename` onto indexes that exist; `to` are the new names.
    pub fn renames_onto_existing<T: fmt::Display>(to: &[T]) -> Self {
        let message = format!(
            "The following indexes are being renamed but cannot because their new name conflicts with an already existing index: {}. Renaming doesn't overwrite the other index name.",
            quoted(to)
        );
        Self::new(Code::IndexAlreadyExists, message)
    }

    /// A swap of another number of indexes than two.
    pub fn swap_of_wrong_length<T: fmt::Display>(uids: &[T]) -> Self {
        let list: Vec<String> = uids.iter().map(|uid| format!("\"{uid}\"")).collect();
        let message = format!(
            "Two indexes must be given for each swap. The list `[{}]` contains {} indexes.",
            list.join(", "),
            uids.len()
        );
        Self::new(Code::InvalidSwapIndexes, message)
    }

    pub fn swap_duplicates<T: fmt::Display>(uids: &[T]) -> Self {
        let verb = if uids.len() == 1 { "was" } else { "were" };
        let message = format!(
            "Indexes must be declared only once during a swap. {} {verb} specified several times.",
            quoted(uids)
        );
        Self::new(Code::InvalidSwapDuplicateIndexFound, message)
    }

    pub fn document_not_found(id: impl fmt::Display) -> Self {
        Self::new(
            Code::DocumentNotFound,
            format!("Document `{id}` not found."),
        )
    }

    pub fn empty_filter() -> Self {
        Self::new(
            Code::InvalidDocumentFilter,
            "Sending an empty filter is forbidden.",
        )
    }

    pub fn primary_key_not_inferred() -> Self {
        Self::new(
            Code::IndexPrimaryKeyNoCandidateFound,
            "The primary key inference failed as the engine did not find any field ending with `id` in its name. Please specify the primary key manually using the `primaryKey` query parameter.",
        )
    }

    /// `candidates` are all the names found, sorted; the text shows the first two. Fewer than two are a caller's mistake.
    pub fn primary_key_ambiguous<T: fmt::Display>(candidates: &[T]) -> Self {
        let message = format!(
            "The primary key inference failed as the engine found {} fields ending with `id` in their names: '{}' and '{}'. Please specify the primary key manually using the `primaryKey` query parameter.",
            candidates.len(),
            candidates[0],
            candidates[1]
        );
        Self::new(Code::IndexPrimaryKeyMultipleCandidatesFound, message)
    }

    pub fn primary_key_exists(primary_key: &str) -> Self {
        Self::new(
            Code::IndexPrimaryKeyAlreadyExists,
            format!("Index already has a primary key: `{primary_key}`."),
        )
    }

    /// `document` is compact JSON.
    pub fn missing_document_id(primary_key: &str, document: &str) -> Self {
        let message = format!("Document doesn't have a `{primary_key}` attribute: `{document}`.");
        Self::new(Code::MissingDocumentId, message)
    }

    /// `value` is the offending value as JSON text.
    pub fn invalid_document_id(value: &str) -> Self {
        Self::new(Code::InvalidDocumentId, document_id_text(value))
    }

    /// As [`ApiError::invalid_document_id`], for element `index` of the `ids` of a fetch.
    pub fn invalid_document_ids(index: usize, value: &str) -> Self {
        let message = format!("In `.ids[{index}]`: {}", document_id_text(value));
        Self::new(Code::InvalidDocumentIds, message)
    }

    /// `document` is compact JSON.
    pub fn too_many_document_ids(primary_key: &str, document: &str) -> Self {
        let message =
            format!("Document have too many matching `{primary_key}` attribute: `{document}`.");
        Self::new(Code::InvalidDocumentId, message)
    }
}

/// Tasks.
impl ApiError {
    /// In a path; list filters have another text.
    pub fn invalid_task_uid(uid: &str) -> Self {
        let message =
            format!("Task uid `{uid}` is invalid. It should only contain numeric characters.");
        Self::new(Code::InvalidTaskUids, message)
    }

    /// In a path.
    pub fn invalid_batch_uid(uid: &str) -> Self {
        let message =
            format!("Batch uid `{uid}` is invalid. It should only contain numeric characters.");
        Self::new(Code::InvalidBatchUids, message)
    }

    pub fn task_not_found(uid: impl fmt::Display) -> Self {
        Self::new(Code::TaskNotFound, format!("Task `{uid}` not found."))
    }

    /// Of a task that adds no documents, or has added them.
    pub fn task_file_not_found(uid: impl fmt::Display) -> Self {
        let message = format!(
            "Task `{uid}` does not contain any documents. Only `documentAdditionOrUpdate` tasks with the statuses `enqueued` or `processing` contain documents"
        );
        Self::new(Code::TaskFileNotFound, message)
    }

    pub fn batch_not_found(uid: impl fmt::Display) -> Self {
        Self::new(Code::BatchNotFound, format!("Batch `{uid}` not found."))
    }

    /// A cancel or delete request without any filter.
    pub fn missing_task_filters(selection: TaskSelection) -> Self {
        let verb = match selection {
            TaskSelection::Cancel => "cancel",
            TaskSelection::Delete => "delete",
        };
        let message = format!(
            "Query parameters to filter the tasks to {verb} are missing. Available query parameters are: `uids`, `indexUids`, `statuses`, `types`, `canceledBy`, `beforeEnqueuedAt`, `afterEnqueuedAt`, `beforeStartedAt`, `afterStartedAt`, `beforeFinishedAt`, `afterFinishedAt`."
        );
        Self::new(Code::MissingTaskFilters, message)
    }
}

/// Experimental features and search.
impl ApiError {
    /// `action` and `issue` are the server's texts for the route or parameter.
    pub fn feature_not_enabled(action: &str, feature: &str, issue: &str) -> Self {
        let message =
            format!("{action} requires enabling the `{feature}` experimental feature. See {issue}");
        Self::new(Code::FeatureNotEnabled, message)
    }

    /// `action` is the server's text for what needs the feature `network`.
    pub fn network_not_enabled(action: &str) -> Self {
        let issue = "https://github.com/orgs/meilisearch/discussions/805";
        Self::feature_not_enabled(action, "network", issue)
    }

    pub fn missing_search_hybrid() -> Self {
        Self::new(
            Code::MissingSearchHybrid,
            "Invalid request: missing `hybrid` parameter when `vector` or `media` are present.",
        )
    }

    /// `id` as the client wrote it.
    pub fn similar_document_not_found(id: &str) -> Self {
        Self::new(
            Code::NotFoundSimilarId,
            Self::document_not_found(id).message,
        )
    }

    pub fn media_and_vector() -> Self {
        Self::new(
            Code::InvalidSearchMediaAndVector,
            "Invalid request: both `media` and `vector` parameters are present.",
        )
    }

    pub fn too_many_search_requests(running: usize) -> Self {
        let message = format!(
            "Too many search requests running at the same time: {running}. Retry after 10s."
        );
        Self::new(Code::TooManySearchRequests, message)
    }
}

fn document_id_text(value: &str) -> String {
    format!(
        "Document identifier `{value}` is invalid. A document identifier can be of type integer or string, only composed of alphanumeric characters (a-z A-Z 0-9), hyphens (-) and underscores (_), and can not be more than 511 bytes."
    )
}

/// Keeps the first 50 and the last 85 bytes of a text longer than those and the dots between them.
fn shortened(mut text: String) -> String {
    const HEAD: usize = 50;
    const TAIL: usize = 85;
    const DOTS: &str = "...";
    if text.len() > HEAD + TAIL + DOTS.len() {
        // The server cuts at bytes and panics inside a character; here the cut moves outwards instead.
        let head = text.floor_char_boundary(HEAD);
        let tail = text.ceil_char_boundary(text.len() - TAIL);
        text.replace_range(head..tail, DOTS);
    }
    text
}
