//! The other server: what it is sent, and how often. Like a server, Miroir is patient with it: what may pass is tried again for a
//! quarter of an hour, at growing distances.

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Full;
use miroir_node::{External, ExternalError};
use rand::RngExt;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Stopped, failed};
use crate::app::App;
use crate::catalog::Index;
use crate::http::reply::chain;

/// Of one request.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Between the first try and the second.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
const GROWTH: f64 = 1.5;
/// Pauses differ by so much.
const JITTER: f64 = 0.5;
/// Of all tries of one request.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Where the indexes go.
pub(super) struct Target {
    external: External,
    url: String,
    bearer: Option<HeaderValue>,
}

/// One request, as often as it is tried.
struct Message {
    method: Method,
    path: String,
    content_type: &'static str,
    body: Bytes,
    is_compressed: bool,
}

/// An answer that is no success.
struct Refusal {
    status: StatusCode,
    body: Bytes,
}

impl Target {
    /// # Errors
    /// When the text is no URL, or the key cannot be sent.
    pub(super) async fn new(app: &App, url: &str, key: Option<Vec<u8>>) -> Result<Self, Stopped> {
        let url = url.trim_end_matches('/').to_owned();
        let parsed: Result<Uri, _> = url.parse();
        match parsed {
            Ok(uri) if uri.scheme().is_some() && uri.host().is_some() => {}
            _ => return Err(failed(format!("Invalid URL `{url}`."))),
        }
        Ok(Self {
            external: app.outside.external(app.outside.to_clients()).await,
            url,
            bearer: key.as_deref().map(bearer).transpose()?,
        })
    }

    pub(super) async fn has_index(&self, index: &Index) -> Result<bool, Stopped> {
        let message = Message::json(Method::GET, index_path(index), None);
        match self.send(&message).await? {
            Ok(()) => Ok(true),
            Err(refusal) if refusal.is("index_not_found") => Ok(false),
            Err(refusal) => Err(refusal.stopped()),
        }
    }

    pub(super) async fn make_index(&self, index: &Index) -> Result<(), Stopped> {
        let body = json!({"uid": index.row.uid, "primaryKey": index.primary_key()});
        self.tell(Message::json(
            Method::POST,
            "/indexes".to_owned(),
            Some(&body),
        ))
        .await
    }

    pub(super) async fn set_primary_key(&self, index: &Index) -> Result<(), Stopped> {
        let body = json!({"primaryKey": index.primary_key()});
        self.tell(Message::json(Method::PATCH, index_path(index), Some(&body)))
            .await
    }

    pub(super) async fn set_settings(
        &self,
        index: &Index,
        settings: &Value,
    ) -> Result<(), Stopped> {
        let path = format!("{}/settings", index_path(index));
        self.tell(Message::json(Method::PATCH, path, Some(settings)))
            .await
    }

    /// Documents, one per line.
    pub(super) async fn add_documents(&self, index: &Index, lines: &[u8]) -> Result<(), Stopped> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        let compressed = encoder.write_all(lines).and_then(|()| encoder.finish());
        let body = compressed.map_err(|error| failed(format!("io: {error}")))?;
        self.tell(Message {
            method: Method::POST,
            path: format!("{}/documents", index_path(index)),
            content_type: "application/x-ndjson",
            body: body.into(),
            is_compressed: true,
        })
        .await
    }

    async fn tell(&self, message: Message) -> Result<(), Stopped> {
        self.send(&message)
            .await?
            .map_err(|refusal| refusal.stopped())
    }

    /// Sends a request until it is answered with something that another try would not change.
    async fn send(&self, message: &Message) -> Result<Result<(), Refusal>, Stopped> {
        let give_up = Instant::now() + PATIENCE;
        let mut pause = FIRST_PAUSE;
        loop {
            let request = self.request(message)?;
            let answer = self.external.send(request, Instant::now() + TIMEOUT).await;
            let may_pass = match &answer {
                Ok((status, _)) => matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504),
                Err(error) => !matches!(error, ExternalError::OutOfReach),
            };
            let next = pause.mul_f64(rand::rng().random_range(1.0 - JITTER..=1.0 + JITTER));
            if may_pass && Instant::now() + next < give_up {
                tokio::time::sleep(next).await;
                pause = pause.mul_f64(GROWTH).min(LONGEST_PAUSE);
                continue;
            }
            return match answer {
                Ok((status, _)) if status.is_success() => Ok(Ok(())),
                Ok((status, body)) => Ok(Err(Refusal { status, body })),
                Err(error) => Err(failed(format!("io: {}", chain(&error)))),
            };
        }
    }

    fn request(&self, message: &Message) -> Result<Request<Full<Bytes>>, Stopped> {
        let mut request = Request::builder()
            .method(message.method.clone())
            .uri(format!("{}{}", self.url, message.path))
            .header(CONTENT_TYPE, message.content_type);
        if message.is_compressed {
            request = request.header(CONTENT_ENCODING, "gzip");
        }
        if let Some(bearer) = &self.bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        let request = request.body(Full::new(message.body.clone()));
        request.map_err(|_| failed(format!("Invalid URL `{}`.", self.url)))
    }
}

fn bearer(key: &[u8]) -> Result<HeaderValue, Stopped> {
    let text = [b"Bearer ", key].concat();
    let mut value = HeaderValue::from_bytes(&text)
        .map_err(|_| failed("The API key cannot be sent in a header.".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

fn index_path(index: &Index) -> String {
    format!("/indexes/{}", index.row.uid)
}

impl Message {
    fn json(method: Method, path: String, body: Option<&Value>) -> Self {
        Self {
            method,
            path,
            content_type: "application/json",
            body: body.map(|body| body.to_string().into()).unwrap_or_default(),
            is_compressed: false,
        }
    }
}

/// What a server says of itself when it refuses.
#[derive(Deserialize)]
struct Said {
    message: String,
    code: String,
    r#type: String,
    link: String,
}

impl Refusal {
    fn is(&self, code: &str) -> bool {
        serde_json::from_slice::<Said>(&self.body).is_ok_and(|said| said.code == code)
    }

    /// The end of the task, in the words of a server.
    fn stopped(&self) -> Stopped {
        match serde_json::from_slice::<Said>(&self.body) {
            Ok(said) => failed(format!(
                "Failed to export documents to remote server {} ({}): {} <{}>",
                said.code, said.r#type, said.message, said.link
            )),
            Err(error) => {
                tracing::warn!(
                    status = self.status.as_u16(),
                    "the target of an export is no Meilisearch server"
                );
                failed(format!("json: {error}"))
            }
        }
    }
}
