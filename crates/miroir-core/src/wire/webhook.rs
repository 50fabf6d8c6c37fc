//! Requests about webhooks, and how a webhook is shown.

use std::collections::BTreeMap;

use deserr::errors::JsonError;
use deserr::{DeserializeError, Deserr, ErrorKind, ValuePointerRef, take_cf_content};
use serde::Serialize;
use uuid::Uuid;

use super::deserialize::{BodyFault, JsonFault};
use super::key::Change;
use crate::error::{ApiError, Code};
use crate::settings::mask_secret;

/// Headers that one webhook may have.
pub const MOST_HEADERS: usize = 200;

/// Body of `POST /webhooks` and of `PATCH /webhooks/{uuid}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = BodyFault, rename_all = camelCase, deny_unknown_fields = refuse_immutable)]
pub struct WebhookPatch {
    #[deserr(default, error = JsonFault<{ Code::InvalidWebhookUrl as u16 }>)]
    pub url: Change<String>,
    #[deserr(default, error = JsonFault<{ Code::InvalidWebhookHeaders as u16 }>)]
    pub headers: Change<BTreeMap<String, Change<String>>>,
}

/// Where to tell of finished tasks, and with which headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Webhook {
    pub url: String,
    pub headers: BTreeMap<String, String>,
}

/// A webhook as clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookView {
    uuid: Uuid,
    is_editable: bool,
    url: String,
    headers: BTreeMap<String, String>,
}

impl WebhookPatch {
    /// The webhook that this body makes. A header that is `null` is sent without a value.
    ///
    /// # Errors
    /// Without a URL, or with too many headers.
    pub fn create(self, uuid: Uuid) -> Result<Webhook, ApiError> {
        let headers = match self.headers {
            Change::Set(headers) => headers,
            Change::Keep | Change::Clear => BTreeMap::new(),
        };
        if headers.len() > MOST_HEADERS {
            return Err(ApiError::too_many_webhook_headers(uuid));
        }
        let Change::Set(url) = self.url else {
            return Err(ApiError::missing_webhook_url(uuid));
        };
        let value = |value| match value {
            Change::Set(value) => value,
            Change::Keep | Change::Clear => String::new(),
        };
        let headers = headers.into_iter();
        Ok(Webhook {
            url,
            headers: headers.map(|(name, set)| (name, value(set))).collect(),
        })
    }

    /// The webhook after this change. A header that is `null` goes away.
    ///
    /// # Errors
    /// When the URL is to go, or with too many headers.
    pub fn apply(self, uuid: Uuid, mut webhook: Webhook) -> Result<Webhook, ApiError> {
        match self.url {
            Change::Set(url) => webhook.url = url,
            Change::Keep => {}
            Change::Clear => return Err(ApiError::missing_webhook_url(uuid)),
        }
        match self.headers {
            Change::Keep => {}
            Change::Clear => webhook.headers.clear(),
            Change::Set(headers) => {
                for (name, value) in headers {
                    match value {
                        Change::Set(value) => {
                            webhook.headers.insert(name, value);
                        }
                        Change::Keep => {}
                        Change::Clear => {
                            webhook.headers.remove(&name);
                        }
                    }
                }
            }
        }
        match webhook.headers.len() > MOST_HEADERS {
            true => Err(ApiError::too_many_webhook_headers(uuid)),
            false => Ok(webhook),
        }
    }
}

impl Webhook {
    /// What clients see: all but what follows the scheme in `Authorization`. The webhook of the process has the nil uuid and
    /// cannot be changed.
    pub fn view(&self, uuid: Uuid) -> WebhookView {
        let shown = |(name, value): (&String, &String)| {
            let is_secret = name.eq_ignore_ascii_case("authorization");
            let value = match is_secret {
                true => masked(value),
                false => value.clone(),
            };
            (name.clone(), value)
        };
        WebhookView {
            uuid,
            is_editable: !uuid.is_nil(),
            url: self.url.clone(),
            headers: self.headers.iter().map(shown).collect(),
        }
    }
}

fn masked(credentials: &str) -> String {
    match credentials.strip_prefix("Bearer ") {
        Some(token) => format!("Bearer {}", mask_secret(token)),
        None => mask_secret(credentials),
    }
}

fn refuse_immutable(field: &str, accepted: &[&str], location: ValuePointerRef) -> BodyFault {
    let code = match field {
        "uuid" => Code::ImmutableWebhookUuid,
        "isEditable" => Code::ImmutableWebhookIsEditable,
        _ => {
            let problem: ErrorKind<std::convert::Infallible> = ErrorKind::UnknownKey {
                key: field,
                accepted,
            };
            let message = take_cf_content(JsonError::error(None, problem, location)).to_string();
            return ApiError::new(Code::BadRequest, message).into();
        }
    };
    ApiError::immutable_field(code, field, accepted).into()
}

#[cfg(test)]
mod tests {
    use super::{Uuid, Webhook};

    #[test]
    fn credentials_are_masked_whatever_the_header_is_written_like() {
        for (name, value, shown) in [
            (
                "Authorization",
                "Bearer 0123456789abcdef",
                "Bearer 01XXXX...",
            ),
            (
                "aUTHORIZATION",
                "0123456789abcdefghijklmnopqrst",
                "01234XXXXXX...",
            ),
            ("authorization", "short", "XXX..."),
            ("authorisation", "kept", "kept"),
        ] {
            let webhook = Webhook {
                url: String::new(),
                headers: [(name.to_owned(), value.to_owned())].into(),
            };
            let view = webhook.view(Uuid::nil());
            assert_eq!(view.headers[name], shown, "{name}");
        }
    }
}
