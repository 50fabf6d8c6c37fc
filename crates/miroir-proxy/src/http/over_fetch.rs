//! The request header `X-Miroir-Over-Fetch`.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use miroir_core::error::Code;

use crate::app::App;
use crate::http::reply::Failure;

const HEADER: &str = "x-miroir-over-fetch";
/// The most that can be asked for.
const MOST: usize = 100;

/// How many times the expected hits a leg is asked for in searches by vector: 1 to 100, for this request or as configured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OverFetch(pub(crate) usize);

impl OverFetch {
    pub(crate) fn configured(app: &App) -> Self {
        Self(app.config.vector_search.over_fetch_factor as usize)
    }
}

impl FromRequestParts<Arc<App>> for OverFetch {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        Self::of(&parts.headers, app)
    }
}

impl OverFetch {
    /// What these headers ask for.
    ///
    /// # Errors
    /// A value that is no such number.
    pub(crate) fn of(headers: &HeaderMap, app: &App) -> Result<Self, Failure> {
        let Some(value) = headers.get(HEADER) else {
            return Ok(Self::configured(app));
        };
        let text = String::from_utf8_lossy(value.as_bytes());
        let factor = text.parse().ok();
        factor
            .filter(|factor| (1..=MOST).contains(factor))
            .map(Self)
            .ok_or_else(|| {
                let message = format!(
                    "`X-Miroir-Over-Fetch` is `{text}`, expected an integer from 1 to {MOST}."
                );
                Failure::new(Code::MiroirInvalidHeader, message)
            })
    }
}
