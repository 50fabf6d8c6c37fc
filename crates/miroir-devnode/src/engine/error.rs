//! Engine errors as a server reports them.

use milli_core::heed::{self, MdbError};
use milli_core::{Error, UserError};
use miroir_core::error::{ApiError, Code};

/// The error of a search or of reading documents.
pub(crate) fn to_api(error: &Error) -> ApiError {
    ApiError::new(code(error), error.to_string())
}

/// The error of a task about index `uid`: the text starts with the index's name.
pub(crate) fn in_task(error: &Error, uid: &str) -> ApiError {
    let code = match error {
        Error::UserError(UserError::InvalidFilter(_) | UserError::InvalidFilterExpression(..)) => {
            Code::InvalidDocumentFilter
        }
        other => code(other),
    };
    ApiError::new(code, format!("Index `{uid}`: {error}"))
}

/// The error of an operation of the database itself.
pub(crate) fn from_database(error: heed::Error) -> ApiError {
    to_api(&Error::from(error))
}

/// A failure that is nobody's request's fault.
pub(crate) fn internal(reason: impl std::fmt::Display) -> ApiError {
    ApiError::new(
        Code::Internal,
        format!("An internal error has occurred. `{reason}`."),
    )
}

/// Whether the address space of the database is used up, which is cured by growing it.
pub(crate) fn is_map_full(error: &Error) -> bool {
    use milli_core::InternalError as I;
    match error {
        Error::UserError(UserError::MaxDatabaseSizeReached)
        | Error::InternalError(I::Store(MdbError::MapFull)) => true,
        // Threads that extract hand what they have found to one that writes, which says what it was about to write.
        Error::InternalError(I::StorePut { error, .. } | I::StoreDeletion { error, .. }) => {
            matches!(error, heed::Error::Mdb(MdbError::MapFull))
        }
        _ => false,
    }
}

/// Whether the work was stopped on request.
pub(crate) fn is_aborted(error: &Error) -> bool {
    matches!(
        error,
        Error::InternalError(milli_core::InternalError::AbortedIndexation)
    )
}

/// The code of an error, as `ErrorCode for milli::Error` of the server has it.
pub(crate) fn code(error: &Error) -> Code {
    use UserError as U;
    let error = match error {
        error if is_map_full(error) => return Code::DatabaseSizeLimitReached,
        Error::InternalError(_) => return Code::Internal,
        Error::IoError(error) => return io_code(error),
        Error::UserError(error) => error,
    };
    match error {
        U::InvalidStoreFile => Code::InvalidStoreFile,
        U::NoSpaceLeftOnDevice => Code::NoSpaceLeftOnDevice,
        U::MaxDatabaseSizeReached => Code::DatabaseSizeLimitReached,
        U::AttributeLimitReached => Code::MaxFieldsLimitExceeded,
        U::InvalidFilter(_)
        | U::InvalidFilterExpression(..)
        | U::FilterOperatorNotAllowed { .. } => Code::InvalidSearchFilter,
        U::MissingDocumentId { .. } => Code::MissingDocumentId,
        U::InvalidDocumentId { .. } | U::TooManyDocumentIds { .. } => Code::InvalidDocumentId,
        U::MissingDocumentField(_) => Code::InvalidDocumentFields,
        U::NoPrimaryKeyCandidateFound => Code::IndexPrimaryKeyNoCandidateFound,
        U::MultiplePrimaryKeyCandidatesFound { .. } => Code::IndexPrimaryKeyMultipleCandidatesFound,
        U::PrimaryKeyCannotBeChanged(_) => Code::IndexPrimaryKeyAlreadyExists,
        U::InvalidDistinctAttribute { .. } => Code::InvalidSearchDistinct,
        U::SortRankingRuleMissing | U::InvalidSortableAttribute { .. } | U::SortError(_) => {
            Code::InvalidSearchSort
        }
        U::InvalidFacetsDistribution { .. } => Code::InvalidSearchFacets,
        U::InvalidSearchableAttribute { .. } => Code::InvalidSearchAttributesToSearchOn,
        U::InvalidFacetSearchFacetName { .. } => Code::InvalidFacetSearchFacetName,
        U::CriterionError(_) => Code::InvalidSettingsRankingRules,
        U::InvalidGeoField(_) => Code::InvalidDocumentGeoField,
        U::InvalidVectorDimensions { .. } | U::InvalidIndexingVectorDimensions { .. } => {
            Code::InvalidVectorDimensions
        }
        U::InvalidVectorsMapType { .. } | U::InvalidVectorsEmbedderConf { .. } => {
            Code::InvalidVectorsType
        }
        U::TooManyVectors(..) => Code::TooManyVectors,
        U::InvalidMinTypoWordLenSetting(..) => Code::InvalidSettingsTypoTolerance,
        U::InvalidSearchEmbedder(_) => Code::InvalidSearchEmbedder,
        U::InvalidSimilarEmbedder(_) => Code::InvalidSimilarEmbedder,
        U::VectorEmbeddingError(_) | U::DocumentEmbeddingError(_) => Code::VectorEmbeddingError,
        U::DocumentEditionCannotModifyPrimaryKey
        | U::DocumentEditionDocumentMustBeObject
        | U::DocumentEditionRuntimeError(_)
        | U::DocumentEditionCompilationError(_) => Code::EditDocumentsByFunctionError,
        U::InvalidFieldForSource { .. }
        | U::MissingFieldForSource { .. }
        | U::InvalidOpenAiModel { .. }
        | U::InvalidOpenAiModelDimensions { .. }
        | U::InvalidOpenAiModelDimensionsMax { .. }
        | U::InvalidSettingsDimensions { .. }
        | U::InvalidUrl { .. }
        | U::InvalidSettingsDocumentTemplateMaxBytes { .. }
        | U::InvalidPrompt(_)
        | U::InvalidDisableBinaryQuantization { .. }
        | U::InvalidSourceForNested { .. }
        | U::MissingSourceForNested { .. }
        | U::InvalidSettingsEmbedder { .. }
        | U::TooManyEmbedders(_)
        | U::InvalidPromptForEmbeddings(..) => Code::InvalidSettingsEmbedders,
        U::SerdeJson(_)
        | U::EnvAlreadyOpened
        | U::DocumentLimitReached
        | U::UnknownInternalDocumentId { .. } => Code::Internal,
    }
}

/// The code of an operating system error, by its number on Linux.
fn io_code(error: &std::io::Error) -> Code {
    match error.raw_os_error() {
        Some(5) => Code::IoError,
        Some(24) => Code::TooManyOpenFiles,
        Some(28) => Code::NoSpaceLeftOnDevice,
        _ => Code::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_fills_the_database_while_it_is_written_lets_it_grow() {
        let put = |error| {
            Error::InternalError(milli_core::InternalError::StorePut {
                database_name: "word-pair-proximity-docids",
                key: "a key".into(),
                value_length: 4,
                error: heed::Error::Mdb(error),
            })
        };
        assert!(is_map_full(&put(MdbError::MapFull)));
        assert_eq!(
            code(&put(MdbError::MapFull)),
            Code::DatabaseSizeLimitReached
        );
        assert!(!is_map_full(&put(MdbError::BadTxn)));
        assert_eq!(code(&put(MdbError::BadTxn)), Code::Internal);
    }
}
