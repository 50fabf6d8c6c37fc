//! Every error code: the 288 of a Meilisearch 1.50 server and Miroir's own, in one table.
//!
//! A row is the variant, the public name, the type, the HTTP status and the owner (whose documentation explains it).
//! Server rows are facts of its `meilisearch-types/src/error.rs`; names split digits off (`s_3`) because the server derives
//! them from its identifiers.

use serde::{Deserialize, Serialize};

/// The four kinds of error a client tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorType {
    Internal,
    InvalidRequest,
    Auth,
    System,
}

impl ErrorType {
    /// The value of the `type` member.
    pub fn name(self) -> &'static str {
        match self {
            ErrorType::Internal => "internal",
            ErrorType::InvalidRequest => "invalid_request",
            ErrorType::Auth => "auth",
            ErrorType::System => "system",
        }
    }
}

/// Whose error it is, which decides where its documentation is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Server,
    Miroir,
}

impl Owner {
    fn documentation(self) -> &'static str {
        match self {
            Owner::Server => "https://docs.meilisearch.com/errors",
            Owner::Miroir => "https://github.com/jedarden/miroir/blob/main/docs/errors.md",
        }
    }
}

struct Row {
    name: &'static str,
    error_type: ErrorType,
    status: u16,
    owner: Owner,
}

macro_rules! codes {
    ($($code:ident $name:literal $error_type:ident $status:literal $owner:ident;)*) => {
        /// An error code. Its number (`as u16`) is the position in the table, so it can be a const parameter; it is not
        /// stable between versions and never leaves the process.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Code { $($code),* }

        impl Code {
            /// Every code, in table order.
            pub const ALL: &'static [Code] = &[$(Code::$code),*];
        }

        const ROWS: &[Row] = &[
            $(Row {
                name: $name,
                error_type: ErrorType::$error_type,
                status: $status,
                owner: Owner::$owner,
            }),*
        ];
    };
}

codes! {
    BadParameter "bad_parameter" InvalidRequest 400 Server;
    BadRequest "bad_request" InvalidRequest 400 Server;
    DuplicateIndexFound "duplicate_index_found" InvalidRequest 400 Server;
    EditDocumentsByFunctionError "edit_documents_by_function_error" InvalidRequest 400 Server;
    FacetSearchDisabled "facet_search_disabled" InvalidRequest 400 Server;
    FeatureNotEnabled "feature_not_enabled" InvalidRequest 400 Server;
    ImmutableApiKeyActions "immutable_api_key_actions" InvalidRequest 400 Server;
    ImmutableApiKeyCreatedAt "immutable_api_key_created_at" InvalidRequest 400 Server;
    ImmutableApiKeyExpiresAt "immutable_api_key_expires_at" InvalidRequest 400 Server;
    ImmutableApiKeyIndexes "immutable_api_key_indexes" InvalidRequest 400 Server;
    ImmutableApiKeyKey "immutable_api_key_key" InvalidRequest 400 Server;
    ImmutableApiKeyUid "immutable_api_key_uid" InvalidRequest 400 Server;
    ImmutableApiKeyUpdatedAt "immutable_api_key_updated_at" InvalidRequest 400 Server;
    ImmutableIndexCreatedAt "immutable_index_created_at" InvalidRequest 400 Server;
    ImmutableIndexUpdatedAt "immutable_index_updated_at" InvalidRequest 400 Server;
    ImmutableWebhook "immutable_webhook" InvalidRequest 400 Server;
    ImmutableWebhookIsEditable "immutable_webhook_is_editable" InvalidRequest 400 Server;
    ImmutableWebhookUuid "immutable_webhook_uuid" InvalidRequest 400 Server;
    InconsistentDocumentChangeHeaders "inconsistent_document_change_headers" InvalidRequest 400 Server;
    IndexPrimaryKeyAlreadyExists "index_primary_key_already_exists" InvalidRequest 400 Server;
    IndexPrimaryKeyMultipleCandidatesFound "index_primary_key_multiple_candidates_found" InvalidRequest 400 Server;
    IndexPrimaryKeyNoCandidateFound "index_primary_key_no_candidate_found" InvalidRequest 400 Server;
    IndexScopedApiKeyWithGlobalAction "index_scoped_api_key_with_global_action" InvalidRequest 400 Server;
    InvalidApiKeyActions "invalid_api_key_actions" InvalidRequest 400 Server;
    InvalidApiKeyDescription "invalid_api_key_description" InvalidRequest 400 Server;
    InvalidApiKeyExpiresAt "invalid_api_key_expires_at" InvalidRequest 400 Server;
    InvalidApiKeyIndexes "invalid_api_key_indexes" InvalidRequest 400 Server;
    InvalidApiKeyLimit "invalid_api_key_limit" InvalidRequest 400 Server;
    InvalidApiKeyName "invalid_api_key_name" InvalidRequest 400 Server;
    InvalidApiKeyOffset "invalid_api_key_offset" InvalidRequest 400 Server;
    InvalidApiKeyUid "invalid_api_key_uid" InvalidRequest 400 Server;
    InvalidBatchUids "invalid_batch_uids" InvalidRequest 400 Server;
    InvalidChatCompletionApiKey "invalid_chat_completion_api_key" InvalidRequest 400 Server;
    InvalidChatCompletionApiVersion "invalid_chat_completion_api_version" InvalidRequest 400 Server;
    InvalidChatCompletionBaseApi "invalid_chat_completion_base_api" InvalidRequest 400 Server;
    InvalidChatCompletionDeploymentId "invalid_chat_completion_deployment_id" InvalidRequest 400 Server;
    InvalidChatCompletionOrgId "invalid_chat_completion_org_id" InvalidRequest 400 Server;
    InvalidChatCompletionPreQueryPrompt "invalid_chat_completion_pre_query_prompt" InvalidRequest 400 Server;
    InvalidChatCompletionProjectId "invalid_chat_completion_project_id" InvalidRequest 400 Server;
    InvalidChatCompletionPrompts "invalid_chat_completion_prompts" InvalidRequest 400 Server;
    InvalidChatCompletionSearchDescriptionPrompt "invalid_chat_completion_search_description_prompt" InvalidRequest 400 Server;
    InvalidChatCompletionSearchFilterParamPrompt "invalid_chat_completion_search_filter_param_prompt" InvalidRequest 400 Server;
    InvalidChatCompletionSearchIndexUidParamPrompt "invalid_chat_completion_search_index_uid_param_prompt" InvalidRequest 400 Server;
    InvalidChatCompletionSearchQueryParamPrompt "invalid_chat_completion_search_query_param_prompt" InvalidRequest 400 Server;
    InvalidChatCompletionSource "invalid_chat_completion_source" InvalidRequest 400 Server;
    InvalidChatCompletionSystemPrompt "invalid_chat_completion_system_prompt" InvalidRequest 400 Server;
    InvalidChatSettingDocumentTemplate "invalid_chat_setting_document_template" InvalidRequest 400 Server;
    InvalidDocumentCsvDelimiter "invalid_document_csv_delimiter" InvalidRequest 400 Server;
    InvalidDocumentEditionContext "invalid_document_edition_context" InvalidRequest 400 Server;
    InvalidDocumentEditionFunctionFilter "invalid_document_edition_function_filter" InvalidRequest 400 Server;
    InvalidDocumentFields "invalid_document_fields" InvalidRequest 400 Server;
    InvalidDocumentFilter "invalid_document_filter" InvalidRequest 400 Server;
    InvalidDocumentGeoField "invalid_document_geo_field" InvalidRequest 400 Server;
    InvalidDocumentGeojsonField "invalid_document_geojson_field" InvalidRequest 400 Server;
    InvalidDocumentId "invalid_document_id" InvalidRequest 400 Server;
    InvalidDocumentIds "invalid_document_ids" InvalidRequest 400 Server;
    InvalidDocumentLimit "invalid_document_limit" InvalidRequest 400 Server;
    InvalidDocumentOffset "invalid_document_offset" InvalidRequest 400 Server;
    InvalidDocumentRetrieveVectors "invalid_document_retrieve_vectors" InvalidRequest 400 Server;
    InvalidDocumentSort "invalid_document_sort" InvalidRequest 400 Server;
    InvalidDocumentUseNetwork "invalid_document_use_network" InvalidRequest 400 Server;
    InvalidDynamicSearchRuleActions "invalid_dynamic_search_rule_actions" InvalidRequest 400 Server;
    InvalidDynamicSearchRuleActive "invalid_dynamic_search_rule_active" InvalidRequest 400 Server;
    InvalidDynamicSearchRuleConditions "invalid_dynamic_search_rule_conditions" InvalidRequest 400 Server;
    InvalidDynamicSearchRuleDescription "invalid_dynamic_search_rule_description" InvalidRequest 400 Server;
    InvalidDynamicSearchRuleFilter "invalid_dynamic_search_rule_filter" InvalidRequest 400 Server;
    InvalidDynamicSearchRuleFilterActive "invalid_dynamic_search_rule_filter_active" InvalidRequest 400 Server;
    InvalidDynamicSearchRuleFilterQuery "invalid_dynamic_search_rule_filter_query" InvalidRequest 400 Server;
    InvalidDynamicSearchRuleLimit "invalid_dynamic_search_rule_limit" InvalidRequest 400 Server;
    InvalidDynamicSearchRuleOffset "invalid_dynamic_search_rule_offset" InvalidRequest 400 Server;
    InvalidDynamicSearchRulePriority "invalid_dynamic_search_rule_priority" InvalidRequest 400 Server;
    InvalidExportApiKey "invalid_export_api_key" InvalidRequest 400 Server;
    InvalidExportIndexFilter "invalid_export_index_filter" InvalidRequest 400 Server;
    InvalidExportIndexOverrideSettings "invalid_export_index_override_settings" InvalidRequest 400 Server;
    InvalidExportIndexesPatterns "invalid_export_indexes_patterns" InvalidRequest 400 Server;
    InvalidExportPayloadSize "invalid_export_payload_size" InvalidRequest 400 Server;
    InvalidExportUrl "invalid_export_url" InvalidRequest 400 Server;
    InvalidFacetSearchExhaustiveFacetCount "invalid_facet_search_exhaustive_facet_count" InvalidRequest 400 Server;
    InvalidFacetSearchFacetName "invalid_facet_search_facet_name" InvalidRequest 400 Server;
    InvalidFacetSearchName "invalid_facet_search_name" InvalidRequest 400 Server;
    InvalidFacetSearchQuery "invalid_facet_search_query" InvalidRequest 400 Server;
    InvalidHeaderValue "invalid_header_value" InvalidRequest 400 Server;
    InvalidIndexCustomMetadata "invalid_index_custom_metadata" InvalidRequest 400 Server;
    InvalidIndexFieldsFilter "invalid_index_fields_filter" InvalidRequest 400 Server;
    InvalidIndexFieldsFilterAttributePatterns "invalid_index_fields_filter_attribute_patterns" InvalidRequest 400 Server;
    InvalidIndexFieldsFilterDisplayed "invalid_index_fields_filter_displayed" InvalidRequest 400 Server;
    InvalidIndexFieldsFilterDistinct "invalid_index_fields_filter_distinct" InvalidRequest 400 Server;
    InvalidIndexFieldsFilterFilterable "invalid_index_fields_filter_filterable" InvalidRequest 400 Server;
    InvalidIndexFieldsFilterRankingRule "invalid_index_fields_filter_ranking_rule" InvalidRequest 400 Server;
    InvalidIndexFieldsFilterSearchable "invalid_index_fields_filter_searchable" InvalidRequest 400 Server;
    InvalidIndexFieldsFilterSortable "invalid_index_fields_filter_sortable" InvalidRequest 400 Server;
    InvalidIndexLimit "invalid_index_limit" InvalidRequest 400 Server;
    InvalidIndexOffset "invalid_index_offset" InvalidRequest 400 Server;
    InvalidIndexPrimaryKey "invalid_index_primary_key" InvalidRequest 400 Server;
    InvalidIndexUid "invalid_index_uid" InvalidRequest 400 Server;
    InvalidMultiSearchDistinct "invalid_multi_search_distinct" InvalidRequest 400 Server;
    InvalidMultiSearchFacetOrder "invalid_multi_search_facet_order" InvalidRequest 400 Server;
    InvalidMultiSearchFacets "invalid_multi_search_facets" InvalidRequest 400 Server;
    InvalidMultiSearchFacetsByIndex "invalid_multi_search_facets_by_index" InvalidRequest 400 Server;
    InvalidMultiSearchFederated "invalid_multi_search_federated" InvalidRequest 400 Server;
    InvalidMultiSearchFederationOptions "invalid_multi_search_federation_options" InvalidRequest 400 Server;
    InvalidMultiSearchMaxValuesPerFacet "invalid_multi_search_max_values_per_facet" InvalidRequest 400 Server;
    InvalidMultiSearchMergeFacets "invalid_multi_search_merge_facets" InvalidRequest 400 Server;
    InvalidMultiSearchQueryFacets "invalid_multi_search_query_facets" InvalidRequest 400 Server;
    InvalidMultiSearchQueryPagination "invalid_multi_search_query_pagination" InvalidRequest 400 Server;
    InvalidMultiSearchQueryPersonalization "invalid_multi_search_query_personalization" InvalidRequest 400 Server;
    InvalidMultiSearchQueryPosition "invalid_multi_search_query_position" InvalidRequest 400 Server;
    InvalidMultiSearchQueryRankingRules "invalid_multi_search_query_ranking_rules" InvalidRequest 400 Server;
    InvalidMultiSearchQueryShowPerformanceDetails "invalid_multi_search_query_show_performance_details" InvalidRequest 400 Server;
    InvalidMultiSearchRemote "invalid_multi_search_remote" InvalidRequest 400 Server;
    InvalidMultiSearchWeight "invalid_multi_search_weight" InvalidRequest 400 Server;
    InvalidNetworkLeader "invalid_network_leader" InvalidRequest 400 Server;
    InvalidNetworkRemotes "invalid_network_remotes" InvalidRequest 400 Server;
    InvalidNetworkSearchApiKey "invalid_network_search_api_key" InvalidRequest 400 Server;
    InvalidNetworkSelf "invalid_network_self" InvalidRequest 400 Server;
    InvalidNetworkShards "invalid_network_shards" InvalidRequest 400 Server;
    InvalidNetworkUrl "invalid_network_url" InvalidRequest 400 Server;
    InvalidNetworkWriteApiKey "invalid_network_write_api_key" InvalidRequest 400 Server;
    InvalidRenderInput "invalid_render_input" InvalidRequest 400 Server;
    InvalidRenderTemplate "invalid_render_template" InvalidRequest 400 Server;
    InvalidSearchAttributesToCrop "invalid_search_attributes_to_crop" InvalidRequest 400 Server;
    InvalidSearchAttributesToHighlight "invalid_search_attributes_to_highlight" InvalidRequest 400 Server;
    InvalidSearchAttributesToRetrieve "invalid_search_attributes_to_retrieve" InvalidRequest 400 Server;
    InvalidSearchAttributesToSearchOn "invalid_search_attributes_to_search_on" InvalidRequest 400 Server;
    InvalidSearchCropLength "invalid_search_crop_length" InvalidRequest 400 Server;
    InvalidSearchCropMarker "invalid_search_crop_marker" InvalidRequest 400 Server;
    InvalidSearchDistinct "invalid_search_distinct" InvalidRequest 400 Server;
    InvalidSearchEmbedder "invalid_search_embedder" InvalidRequest 400 Server;
    InvalidSearchFacets "invalid_search_facets" InvalidRequest 400 Server;
    InvalidSearchFilter "invalid_search_filter" InvalidRequest 400 Server;
    InvalidSearchHighlightPostTag "invalid_search_highlight_post_tag" InvalidRequest 400 Server;
    InvalidSearchHighlightPreTag "invalid_search_highlight_pre_tag" InvalidRequest 400 Server;
    InvalidSearchHitsPerPage "invalid_search_hits_per_page" InvalidRequest 400 Server;
    InvalidSearchHybridQuery "invalid_search_hybrid_query" InvalidRequest 400 Server;
    InvalidSearchLimit "invalid_search_limit" InvalidRequest 400 Server;
    InvalidSearchLocales "invalid_search_locales" InvalidRequest 400 Server;
    InvalidSearchMatchingStrategy "invalid_search_matching_strategy" InvalidRequest 400 Server;
    InvalidSearchMedia "invalid_search_media" InvalidRequest 400 Server;
    InvalidSearchMediaAndVector "invalid_search_media_and_vector" InvalidRequest 400 Server;
    InvalidSearchOffset "invalid_search_offset" InvalidRequest 400 Server;
    InvalidSearchPage "invalid_search_page" InvalidRequest 400 Server;
    InvalidSearchPersonalize "invalid_search_personalize" InvalidRequest 400 Server;
    InvalidSearchPersonalizeUserContext "invalid_search_personalize_user_context" InvalidRequest 400 Server;
    InvalidSearchQ "invalid_search_q" InvalidRequest 400 Server;
    InvalidSearchRankingScoreThreshold "invalid_search_ranking_score_threshold" InvalidRequest 400 Server;
    InvalidSearchRetrieveVectors "invalid_search_retrieve_vectors" InvalidRequest 400 Server;
    InvalidSearchSemanticRatio "invalid_search_semantic_ratio" InvalidRequest 400 Server;
    InvalidSearchShowMatchesPosition "invalid_search_show_matches_position" InvalidRequest 400 Server;
    InvalidSearchShowPerformanceDetails "invalid_search_show_performance_details" InvalidRequest 400 Server;
    InvalidSearchShowRankingScore "invalid_search_show_ranking_score" InvalidRequest 400 Server;
    InvalidSearchShowRankingScoreDetails "invalid_search_show_ranking_score_details" InvalidRequest 400 Server;
    InvalidSearchSort "invalid_search_sort" InvalidRequest 400 Server;
    InvalidSearchUseNetwork "invalid_search_use_network" InvalidRequest 400 Server;
    InvalidSearchVector "invalid_search_vector" InvalidRequest 400 Server;
    InvalidSettingsDictionary "invalid_settings_dictionary" InvalidRequest 400 Server;
    InvalidSettingsDisplayedAttributes "invalid_settings_displayed_attributes" InvalidRequest 400 Server;
    InvalidSettingsDistinctAttribute "invalid_settings_distinct_attribute" InvalidRequest 400 Server;
    InvalidSettingsEmbedders "invalid_settings_embedders" InvalidRequest 400 Server;
    InvalidSettingsFacetSearch "invalid_settings_facet_search" InvalidRequest 400 Server;
    InvalidSettingsFaceting "invalid_settings_faceting" InvalidRequest 400 Server;
    InvalidSettingsFilterableAttributes "invalid_settings_filterable_attributes" InvalidRequest 400 Server;
    InvalidSettingsForeignKeys "invalid_settings_foreign_keys" InvalidRequest 400 Server;
    InvalidSettingsIndexChat "invalid_settings_index_chat" InvalidRequest 400 Server;
    InvalidSettingsLocalizedAttributes "invalid_settings_localized_attributes" InvalidRequest 400 Server;
    InvalidSettingsNonSeparatorTokens "invalid_settings_non_separator_tokens" InvalidRequest 400 Server;
    InvalidSettingsPagination "invalid_settings_pagination" InvalidRequest 400 Server;
    InvalidSettingsPrefixSearch "invalid_settings_prefix_search" InvalidRequest 400 Server;
    InvalidSettingsProximityPrecision "invalid_settings_proximity_precision" InvalidRequest 400 Server;
    InvalidSettingsRankingRules "invalid_settings_ranking_rules" InvalidRequest 400 Server;
    InvalidSettingsSearchCutoffMs "invalid_settings_search_cutoff_ms" InvalidRequest 400 Server;
    InvalidSettingsSearchableAttributes "invalid_settings_searchable_attributes" InvalidRequest 400 Server;
    InvalidSettingsSeparatorTokens "invalid_settings_separator_tokens" InvalidRequest 400 Server;
    InvalidSettingsSortableAttributes "invalid_settings_sortable_attributes" InvalidRequest 400 Server;
    InvalidSettingsStopWords "invalid_settings_stop_words" InvalidRequest 400 Server;
    InvalidSettingsSynonyms "invalid_settings_synonyms" InvalidRequest 400 Server;
    InvalidSettingsTypoTolerance "invalid_settings_typo_tolerance" InvalidRequest 400 Server;
    InvalidSimilarAttributesToRetrieve "invalid_similar_attributes_to_retrieve" InvalidRequest 400 Server;
    InvalidSimilarEmbedder "invalid_similar_embedder" InvalidRequest 400 Server;
    InvalidSimilarFilter "invalid_similar_filter" InvalidRequest 400 Server;
    InvalidSimilarId "invalid_similar_id" InvalidRequest 400 Server;
    InvalidSimilarLimit "invalid_similar_limit" InvalidRequest 400 Server;
    InvalidSimilarOffset "invalid_similar_offset" InvalidRequest 400 Server;
    InvalidSimilarRankingScoreThreshold "invalid_similar_ranking_score_threshold" InvalidRequest 400 Server;
    InvalidSimilarRetrieveVectors "invalid_similar_retrieve_vectors" InvalidRequest 400 Server;
    InvalidSimilarShowPerformanceDetails "invalid_similar_show_performance_details" InvalidRequest 400 Server;
    InvalidSimilarShowRankingScore "invalid_similar_show_ranking_score" InvalidRequest 400 Server;
    InvalidSimilarShowRankingScoreDetails "invalid_similar_show_ranking_score_details" InvalidRequest 400 Server;
    InvalidSkipCreation "invalid_skip_creation" InvalidRequest 400 Server;
    InvalidStatsShowInternalDatabaseSizes "invalid_stats_show_internal_database_sizes" InvalidRequest 400 Server;
    InvalidStatsSizeFormat "invalid_stats_size_format" InvalidRequest 400 Server;
    InvalidSwapDuplicateIndexFound "invalid_swap_duplicate_index_found" InvalidRequest 400 Server;
    InvalidSwapIndexes "invalid_swap_indexes" InvalidRequest 400 Server;
    InvalidSwapRename "invalid_swap_rename" InvalidRequest 400 Server;
    InvalidTaskAfterEnqueuedAt "invalid_task_after_enqueued_at" InvalidRequest 400 Server;
    InvalidTaskAfterFinishedAt "invalid_task_after_finished_at" InvalidRequest 400 Server;
    InvalidTaskAfterStartedAt "invalid_task_after_started_at" InvalidRequest 400 Server;
    InvalidTaskBeforeEnqueuedAt "invalid_task_before_enqueued_at" InvalidRequest 400 Server;
    InvalidTaskBeforeFinishedAt "invalid_task_before_finished_at" InvalidRequest 400 Server;
    InvalidTaskBeforeStartedAt "invalid_task_before_started_at" InvalidRequest 400 Server;
    InvalidTaskCanceledBy "invalid_task_canceled_by" InvalidRequest 400 Server;
    InvalidTaskFrom "invalid_task_from" InvalidRequest 400 Server;
    InvalidTaskLimit "invalid_task_limit" InvalidRequest 400 Server;
    InvalidTaskReverse "invalid_task_reverse" InvalidRequest 400 Server;
    InvalidTaskStatuses "invalid_task_statuses" InvalidRequest 400 Server;
    InvalidTaskTypes "invalid_task_types" InvalidRequest 400 Server;
    InvalidTaskUids "invalid_task_uids" InvalidRequest 400 Server;
    InvalidVectorDimensions "invalid_vector_dimensions" InvalidRequest 400 Server;
    InvalidVectorsType "invalid_vectors_type" InvalidRequest 400 Server;
    InvalidWebhookHeaders "invalid_webhook_headers" InvalidRequest 400 Server;
    InvalidWebhookUrl "invalid_webhook_url" InvalidRequest 400 Server;
    InvalidWebhookUuid "invalid_webhook_uuid" InvalidRequest 400 Server;
    InvalidWebhooks "invalid_webhooks" InvalidRequest 400 Server;
    MalformedPayload "malformed_payload" InvalidRequest 400 Server;
    MaxFieldsLimitExceeded "max_fields_limit_exceeded" InvalidRequest 400 Server;
    MissingApiKeyActions "missing_api_key_actions" InvalidRequest 400 Server;
    MissingApiKeyExpiresAt "missing_api_key_expires_at" InvalidRequest 400 Server;
    MissingApiKeyIndexes "missing_api_key_indexes" InvalidRequest 400 Server;
    MissingDocumentEditionFunction "missing_document_edition_function" InvalidRequest 400 Server;
    MissingDocumentFilter "missing_document_filter" InvalidRequest 400 Server;
    MissingDocumentId "missing_document_id" InvalidRequest 400 Server;
    MissingFacetSearchFacetName "missing_facet_search_facet_name" InvalidRequest 400 Server;
    MissingIndexUid "missing_index_uid" InvalidRequest 400 Server;
    MissingNetworkUrl "missing_network_url" InvalidRequest 400 Server;
    MissingPayload "missing_payload" InvalidRequest 400 Server;
    MissingSearchHybrid "missing_search_hybrid" InvalidRequest 400 Server;
    MissingSwapIndexes "missing_swap_indexes" InvalidRequest 400 Server;
    MissingTaskFilters "missing_task_filters" InvalidRequest 400 Server;
    NetworkVersionTooOld "network_version_too_old" InvalidRequest 400 Server;
    NotFoundSimilarId "not_found_similar_id" InvalidRequest 400 Server;
    NotLeader "not_leader" InvalidRequest 400 Server;
    RemoteBadRequest "remote_bad_request" InvalidRequest 400 Server;
    TemplateParsingError "template_parsing_error" InvalidRequest 400 Server;
    TemplateRenderingError "template_rendering_error" InvalidRequest 400 Server;
    TooManyVectors "too_many_vectors" InvalidRequest 400 Server;
    UnexpectedNetworkPreviousRemotes "unexpected_network_previous_remotes" InvalidRequest 400 Server;
    UnknownRemote "unknown_remote" InvalidRequest 400 Server;
    UnprocessedNetworkTask "unprocessed_network_task" InvalidRequest 400 Server;
    UnretrievableErrorCode "unretrievable_error_code" InvalidRequest 400 Server;
    VectorEmbeddingError "vector_embedding_error" InvalidRequest 400 Server;
    // Statuses of their own, ascending.
    InvalidS3SnapshotParameters "invalid_s_3_snapshot_parameters" Internal 400 Server;
    InvalidS3SnapshotRequest "invalid_s_3_snapshot_request" Internal 400 Server;
    UnretrievableDocument "unretrievable_document" Internal 400 Server;
    MissingAuthorizationHeader "missing_authorization_header" Auth 401 Server;
    MissingMasterKey "missing_master_key" Auth 401 Server;
    InvalidApiKey "invalid_api_key" Auth 403 Server;
    RemoteInvalidApiKey "remote_invalid_api_key" Auth 403 Server;
    ApiKeyNotFound "api_key_not_found" InvalidRequest 404 Server;
    BatchNotFound "batch_not_found" InvalidRequest 404 Server;
    ChatNotFound "chat_not_found" InvalidRequest 404 Server;
    DocumentNotFound "document_not_found" InvalidRequest 404 Server;
    DumpNotFound "dump_not_found" InvalidRequest 404 Server;
    DynamicSearchRuleNotFound "dynamic_search_rule_not_found" InvalidRequest 404 Server;
    IndexNotFound "index_not_found" InvalidRequest 404 Server;
    RenderDocumentNotFound "render_document_not_found" InvalidRequest 404 Server;
    TaskFileNotFound "task_file_not_found" InvalidRequest 404 Server;
    TaskNotFound "task_not_found" InvalidRequest 404 Server;
    WebhookNotFound "webhook_not_found" InvalidRequest 404 Server;
    ApiKeyAlreadyExists "api_key_already_exists" InvalidRequest 409 Server;
    DumpAlreadyProcessing "dump_already_processing" InvalidRequest 409 Server;
    IndexAlreadyExists "index_already_exists" InvalidRequest 409 Server;
    ImportTaskAlreadyReceived "import_task_already_received" InvalidRequest 412 Server;
    ImportTaskUnknownRemote "import_task_unknown_remote" InvalidRequest 412 Server;
    NetworkVersionMismatch "network_version_mismatch" InvalidRequest 412 Server;
    ReceiveImportFinishedUnknownRemote "receive_import_finished_unknown_remote" InvalidRequest 412 Server;
    PayloadTooLarge "payload_too_large" InvalidRequest 413 Server;
    InvalidContentType "invalid_content_type" InvalidRequest 415 Server;
    MissingContentType "missing_content_type" InvalidRequest 415 Server;
    UnsupportedMediaType "unsupported_media_type" InvalidRequest 415 Server;
    IoError "io_error" System 422 Server;
    NoSpaceLeftOnDevice "no_space_left_on_device" System 422 Server;
    TooManyOpenFiles "too_many_open_files" System 422 Server;
    RequiresEnterpriseEdition "requires_enterprise_edition" InvalidRequest 451 Server;
    DatabaseSizeLimitReached "database_size_limit_reached" Internal 500 Server;
    DumpProcessFailed "dump_process_failed" Internal 500 Server;
    IndexCreationFailed "index_creation_failed" Internal 500 Server;
    Internal "internal" Internal 500 Server;
    InvalidState "invalid_state" Internal 500 Server;
    InvalidStoreFile "invalid_store_file" Internal 500 Server;
    UnimplementedExternalFunctionCalling "unimplemented_external_function_calling" InvalidRequest 501 Server;
    UnimplementedMultiChoiceChatCompletions "unimplemented_multi_choice_chat_completions" InvalidRequest 501 Server;
    UnimplementedNonStreamingChatCompletions "unimplemented_non_streaming_chat_completions" InvalidRequest 501 Server;
    S3SnapshotServerError "s_3_snapshot_server_error" Internal 502 Server;
    RemoteBadResponse "remote_bad_response" System 502 Server;
    RemoteCouldNotSendRequest "remote_could_not_send_request" System 502 Server;
    RemoteRemoteError "remote_remote_error" System 502 Server;
    RemoteTimeout "remote_timeout" System 502 Server;
    ImportTaskWithoutNetworkTask "import_task_without_network_task" InvalidRequest 503 Server;
    TooManySearchRequests "too_many_search_requests" System 503 Server;
    // Miroir's own.
    MiroirPrimaryKeyRequired "miroir_primary_key_required" InvalidRequest 400 Miroir;
    MiroirReservedField "miroir_reserved_field" InvalidRequest 400 Miroir;
    MiroirInvalidHeader "miroir_invalid_header" InvalidRequest 400 Miroir;
    MiroirInvalidExpiresAt "miroir_invalid_expires_at" InvalidRequest 400 Miroir;
    MiroirDumpInvalid "miroir_dump_invalid" InvalidRequest 400 Miroir;
    MiroirCapabilityDisabled "miroir_capability_disabled" InvalidRequest 400 Miroir;
    MiroirTenantUnknown "miroir_tenant_unknown" InvalidRequest 400 Miroir;
    // The same name with another status: in `api_key` mode an unknown tenant is an unknown caller.
    MiroirTenantUnauthorized "miroir_tenant_unknown" Auth 401 Miroir;
    MiroirInvalidAuth "miroir_invalid_auth" Auth 401 Miroir;
    MiroirJwtInvalid "miroir_jwt_invalid" Auth 401 Miroir;
    MiroirJwtScopeDenied "miroir_jwt_scope_denied" Auth 403 Miroir;
    MissingCsrf "missing_csrf" Auth 403 Miroir;
    CsrfMismatch "csrf_mismatch" Auth 403 Miroir;
    MiroirOriginDenied "miroir_origin_denied" Auth 403 Miroir;
    MiroirReadOnly "miroir_read_only" Auth 403 Miroir;
    MiroirNotFound "miroir_not_found" InvalidRequest 404 Miroir;
    MiroirIdempotencyKeyReused "miroir_idempotency_key_reused" InvalidRequest 409 Miroir;
    MiroirMultiAliasNotWritable "miroir_multi_alias_not_writable" InvalidRequest 409 Miroir;
    MiroirAliasConflict "miroir_alias_conflict" InvalidRequest 409 Miroir;
    MiroirReshardRefused "miroir_reshard_refused" InvalidRequest 409 Miroir;
    MiroirOperationInProgress "miroir_operation_in_progress" InvalidRequest 409 Miroir;
    MiroirConflict "miroir_conflict" InvalidRequest 409 Miroir;
    MiroirUnsafeOperation "miroir_unsafe_operation" InvalidRequest 409 Miroir;
    MiroirCursorExpired "miroir_cursor_expired" InvalidRequest 410 Miroir;
    MiroirRateLimited "miroir_rate_limited" System 429 Miroir;
    MiroirNoQuorum "miroir_no_quorum" System 503 Miroir;
    MiroirShardUnavailable "miroir_shard_unavailable" System 503 Miroir;
    MiroirSettingsVersionStale "miroir_settings_version_stale" System 503 Miroir;
    MiroirIndexFrozen "miroir_index_frozen" System 503 Miroir;
    MiroirSessionTimeout "miroir_session_timeout" System 503 Miroir;
    MiroirSequencerUnavailable "miroir_sequencer_unavailable" System 503 Miroir;
    MiroirStoreUnavailable "miroir_store_unavailable" System 503 Miroir;
}

impl Code {
    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// The value of the `code` member, in snake case.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The HTTP status that a response with this code has.
    pub fn status(self) -> u16 {
        self.row().status
    }

    /// The value of the `type` member.
    pub fn error_type(self) -> ErrorType {
        self.row().error_type
    }

    /// The value of the `link` member.
    pub fn link(self) -> String {
        let row = self.row();
        format!("{}#{}", row.owner.documentation(), row.name)
    }

    /// Whether the code is Miroir's and not the server's.
    pub fn is_miroirs_own(self) -> bool {
        self.row().owner == Owner::Miroir
    }

    /// The code with this public name, the first in table order if several share it.
    pub fn from_name(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// The code at this position of the table. Panics outside the table: numbers come from `as u16` only.
    pub(crate) const fn from_number(number: u16) -> Code {
        Code::ALL[number as usize]
    }
}
