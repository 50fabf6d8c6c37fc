//! What a client is told when something is wrong: the codes, the error body and the server's exact texts.
//!
//! The devnode answers with these and so does the proxy, so one text cannot differ between them.

mod code;
mod page;
mod text;

#[cfg(test)]
mod tests;

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use code::{Code, ErrorType};
pub use page::reference_page;
pub use text::{Payload, TaskSelection};

/// An error as a client sees it: the body of a 4xx or 5xx answer, and the `error` member of a failed task.
///
/// Serialises to `{"message", "code", "type", "link"}` in that order. Reads back from the same shape; a code that this
/// version does not know becomes [`Code::Internal`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    pub code: Code,
    pub message: String,
}

impl ApiError {
    /// An error with a message made elsewhere. Prefer a named constructor where there is one.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// The HTTP status of the answer.
    pub fn status(&self) -> u16 {
        self.code.status()
    }

    /// The value of the `Retry-After` header in seconds; every 503 carries one, and so does a 429 of Miroir.
    pub fn retry_after(&self) -> Option<u32> {
        match (self.status(), self.code.is_miroirs_own()) {
            (429 | 503, true) => Some(1),
            (503, false) => Some(10),
            _ => None,
        }
    }

    /// The JSON body.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("four strings always serialise")
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

impl Serialize for ApiError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("ApiError", 4)?;
        body.serialize_field("message", &self.message)?;
        body.serialize_field("code", self.code.name())?;
        body.serialize_field("type", self.code.error_type().name())?;
        body.serialize_field("link", &self.code.link())?;
        body.end()
    }
}

impl<'de> Deserialize<'de> for ApiError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Body {
            message: String,
            code: String,
        }
        let body = Body::deserialize(deserializer)?;
        Ok(Self {
            code: Code::from_name(&body.code).unwrap_or(Code::Internal),
            message: body.message,
        })
    }
}
