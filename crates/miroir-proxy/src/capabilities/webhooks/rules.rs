//! What a server asks of a webhook, in its order and words.

use http::{HeaderName, HeaderValue};
use miroir_core::error::{ApiError, Code};
use miroir_core::wire::key::Change;
use miroir_core::wire::webhook::{MOST_HEADERS, Webhook, WebhookPatch};
use url::Url;
use uuid::Uuid;

pub(super) fn count_headers(uuid: Uuid, wanted: &WebhookPatch) -> Result<(), ApiError> {
    match &wanted.headers {
        Change::Set(headers) if headers.len() > MOST_HEADERS => {
            Err(ApiError::too_many_webhook_headers(uuid))
        }
        _ => Ok(()),
    }
}

pub(super) fn check(uuid: Uuid, webhook: &Webhook) -> Result<(), ApiError> {
    if webhook.url.is_empty() {
        return Err(ApiError::missing_webhook_url(uuid));
    }
    let bad_header = |message| ApiError::new(Code::InvalidWebhookHeaders, message);
    for (name, value) in &webhook.headers {
        HeaderName::from_bytes(name.as_bytes())
            .map_err(|error| bad_header(format!("Invalid header name `{name}`: {error}")))?;
        HeaderValue::from_str(value)
            .map_err(|error| bad_header(format!("Invalid header value `{name}`: {error}")))?;
    }
    match Url::parse(&webhook.url) {
        Ok(_) => Ok(()),
        Err(error) => Err(ApiError::new(
            Code::InvalidWebhookUrl,
            format!("Invalid URL `{}`: {error}", webhook.url),
        )),
    }
}
