//! Reading a request body within the configured limits.
//!
//! A body becomes one buffer, which everything later slices: documents of the largest body are in memory once, however many
//! nodes they go to. What is in memory of all bodies together is counted, from their first byte until nobody needs the buffer.

use std::io::{self, Write};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt;
use miroir_core::error::{ApiError, Code};

use crate::app::App;
use crate::http::encoding::Decoder;
use crate::http::reply::Failure;

/// What is read from a connection at once is shorter.
const LONGEST_FRAME: usize = 1 << 20;
/// Room for a whole body is made when so much of it has come: whoever only announces one takes none.
const EARNEST: usize = 64 * 1024;
/// Requests that are no longer find room however many bodies there are.
const SHORT: usize = 4096;

/// The bytes of all bodies of a kind that are held.
pub(crate) struct Buffered {
    limit: usize,
    /// Bodies up to this length do not count.
    free: usize,
    held: AtomicUsize,
}

impl Buffered {
    /// For bodies of documents, which nodes have to take.
    pub(crate) fn for_documents(limit: usize) -> Self {
        Self {
            limit,
            free: 0,
            held: AtomicUsize::new(0),
        }
    }

    /// For bodies of all other requests.
    pub(crate) fn for_requests(limit: usize) -> Self {
        Self {
            free: SHORT,
            ..Self::for_documents(limit)
        }
    }
}

/// What one body has of them; given back when it is dropped.
struct Charge {
    buffered: Arc<Buffered>,
    bytes: usize,
}

impl Charge {
    fn none(buffered: &Arc<Buffered>) -> Self {
        Self {
            buffered: Arc::clone(buffered),
            bytes: 0,
        }
    }

    /// For a body that is so long now. False if that is too much; a body that is alone is always taken.
    fn grow_to(&mut self, length: usize) -> bool {
        if length <= self.buffered.free {
            return true;
        }
        let bytes = length.saturating_sub(self.bytes);
        let held = self.buffered.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.bytes += bytes;
        held <= self.buffered.limit || held == self.bytes
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.buffered.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A buffer that is counted as long as it lives.
struct Counted {
    bytes: Vec<u8>,
    _charge: Charge,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Where a body is gathered.
struct Sink {
    bytes: Vec<u8>,
    limit: usize,
    charge: Charge,
    refusal: Option<Refusal>,
}

/// Why a body cannot be read.
#[derive(Debug)]
enum Refusal {
    /// It is longer than bodies may be.
    TooLong,
    /// There are too many others.
    Crowded,
    /// It is not what its encoding says.
    Corrupt(io::Error),
    /// It did not come to its end.
    CutOff(axum::Error),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.limit {
            self.refusal = Some(Refusal::TooLong);
        } else if !self.charge.grow_to(self.bytes.len() + bytes.len()) {
            self.refusal = Some(Refusal::Crowded);
        } else {
            self.bytes.extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        Err(io::Error::other("refused"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The whole body, without its encoding.
async fn gather(
    app: &App,
    buffered: &Arc<Buffered>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Bytes, Refusal> {
    let limit = app.config.server.max_body_bytes.length();
    let announced = body.size_hint().exact();
    let mut decoder = Decoder::new(
        headers,
        Sink {
            bytes: Vec::new(),
            limit,
            charge: Charge::none(buffered),
            refusal: None,
        },
    );
    let is_plain = decoder.is_plain();
    let announced_length = announced.filter(|_| is_plain);
    let announced_length = announced_length.map(|length| usize::try_from(length).unwrap_or(limit));
    let mut body = pin!(body);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(Refusal::CutOff)?;
        let Ok(bytes) = frame.into_data() else {
            continue;
        };
        // No connection hands out so much at once: somebody has gathered it before, and it is counted.
        if is_plain && bytes.len() >= LONGEST_FRAME && announced == Some(bytes.len() as u64) {
            return Ok(bytes);
        }
        let gathered = &mut decoder.sink().bytes;
        if let Some(length) = announced_length
            && gathered.len() + bytes.len() > EARNEST.min(length / 2)
        {
            let rest = length.min(limit).saturating_sub(gathered.len());
            gathered.reserve_exact(rest);
        }
        if let Err(error) = decoder.write(&bytes) {
            let refusal = decoder.sink().refusal.take();
            return Err(refusal.unwrap_or(Refusal::Corrupt(error)));
        }
    }
    if let Err(error) = decoder.finish() {
        let refusal = decoder.sink().refusal.take();
        return Err(refusal.unwrap_or(Refusal::Corrupt(error)));
    }
    let sink = decoder.sink();
    let counted = Counted {
        bytes: std::mem::take(&mut sink.bytes),
        _charge: std::mem::replace(&mut sink.charge, Charge::none(buffered)),
    };
    Ok(Bytes::from_owner(counted))
}

fn crowded() -> ApiError {
    ApiError::new(
        Code::MiroirSequencerUnavailable,
        "More bodies are on their way than this process may hold; nothing was changed. Retry later.",
    )
}

/// The body of a route that takes documents.
pub(crate) async fn read(app: &App, headers: &HeaderMap, body: Body) -> Result<Bytes, Failure> {
    let incomplete = || {
        ApiError::new(
            Code::BadRequest,
            "The provided payload is incomplete and cannot be parsed".to_owned(),
        )
    };
    gather(app, &app.buffered, headers, body)
        .await
        .map_err(|refusal| match refusal {
            Refusal::TooLong => {
                ApiError::payload_too_large(app.config.server.max_body_bytes.length() as u64).into()
            }
            Refusal::Crowded => crowded().into(),
            Refusal::Corrupt(error) => Failure::caused(incomplete(), error),
            Refusal::CutOff(error) => Failure::caused(incomplete(), error),
        })
}

/// What a server answers on JSON routes to a body whose announced length is too much: an internal error (reference 3.1).
fn oversized_json(length: u64, limit: usize) -> ApiError {
    let message =
        format!("JSON payload ({length} bytes) is larger than allowed (limit: {limit} bytes).");
    ApiError::new(Code::Internal, message)
}

/// The body of a JSON route, whose content type has been checked.
pub(crate) async fn read_json(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<Bytes, Failure> {
    let accepted = ["application/json"];
    let header = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match header.split(';').next().unwrap_or_default().trim() {
        essence if is_json(essence) => {
            let limit = app.config.server.max_body_bytes.length();
            match body.size_hint().exact() {
                Some(length) if length > limit as u64 => Err(oversized_json(length, limit).into()),
                _ => gather(app, &app.buffered_requests, headers, body)
                    .await
                    .map_err(|refusal| refuse_json(refusal, limit)),
            }
        }
        "" => Err(ApiError::missing_content_type(&accepted).into()),
        _ => Err(ApiError::invalid_content_type(header, &accepted).into()),
    }
}

/// What is said about the body of a JSON route that did not come to its end.
pub(super) fn cut_off() -> Failure {
    broken_json("None")
}

fn broken_json(cause: &str) -> Failure {
    let message = format!(
        "Error that occur during reading payload: payload reached EOF before completing: {cause}"
    );
    ApiError::new(Code::BadRequest, message).into()
}

/// A server's words on JSON routes (measured on 1.50).
fn refuse_json(refusal: Refusal, limit: usize) -> Failure {
    match refusal {
        Refusal::TooLong => {
            let message = format!("JSON payload has exceeded limit ({limit} bytes).");
            ApiError::new(Code::PayloadTooLarge, message).into()
        }
        Refusal::Crowded => crowded().into(),
        Refusal::Corrupt(error) => broken_json(&format!("{:?}", Some(error))),
        Refusal::CutOff(_) => cut_off(),
    }
}

/// `application/json` in any case, and what else ends like it, as on a server.
fn is_json(essence: &str) -> bool {
    let (_, subtype) = essence.split_once('/').unwrap_or_default();
    let format = subtype.rsplit('+').next().unwrap_or_default();
    format.eq_ignore_ascii_case("json")
}

/// The body of a JSON route, for handlers that have nothing to check before it.
pub(crate) struct JsonBody(pub(crate) Bytes);

impl FromRequest<Arc<App>> for JsonBody {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Failure> {
        let (head, body) = request.into_parts();
        read_json(app, &head.headers, body).await.map(Self)
    }
}
