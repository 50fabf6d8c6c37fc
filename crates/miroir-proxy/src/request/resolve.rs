//! From the name that the client wrote to the index that it means.

use std::sync::Arc;

use miroir_core::error::ApiError;
use miroir_core::id::IndexUid;

use crate::app::App;
use crate::capabilities::settings_broadcast::terms;
use crate::catalog::Index;

/// The index as clients see it, if its settings are as new as this client wants them.
pub(crate) fn index(app: &App, uid: &IndexUid) -> Result<Arc<Index>, ApiError> {
    let index = app
        .catalog
        .get(uid)
        .ok_or_else(|| ApiError::index_not_found(uid))?;
    terms::admit(app, &index)?;
    Ok(index)
}

/// A uid from a path.
pub(crate) fn uid(text: &str) -> Result<IndexUid, ApiError> {
    text.parse().map_err(|_| ApiError::invalid_index_uid(text))
}
