//! Traces, off by default: a span for each request and below it one for each call to a node, sent to a collector as OTLP over HTTP.
//!
//! A thread of its own collects the spans and sends them in batches. What it cannot keep up with is dropped, so that a slow collector,
//! or none at all, is felt by nobody. While traces are off nothing of this exists but a flag that is read.

use std::fmt;
use std::pin::Pin;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::Full;
use miroir_core::id::NodeId;
use miroir_node::{External, Reach, Tls, TlsFiles};
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, Tracer};
use tokio::runtime::Handle;
use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Level, Metadata, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::{FilterFn, filter_fn};

use crate::config::Tracing;
use crate::http::reply::Cause;

/// Of spans that are for traces alone: no line of the log shows them.
const TARGET: &str = "miroir_traces";
/// How long the end of the process waits for the last batch.
const LAST_BATCH: Duration = Duration::from_secs(2);
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Whether spans are made.
pub(crate) fn are_on() -> bool {
    PROVIDER.get().is_some()
}

/// Sets traces up; `None` when they are off. `runtime` sends the batches.
pub(super) fn start(config: &Tracing, runtime: &Handle) -> Result<Option<Tracer>, Cause> {
    if !config.enabled {
        return Ok(None);
    }
    let endpoint = format!("{}/v1/traces", config.endpoint.0);
    let tls = match endpoint.starts_with("https") {
        true => Tls::load(TlsFiles::default())?,
        false => Tls::none(),
    };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint)
        .with_timeout(EXPORT_TIMEOUT)
        .with_http_client(Sender {
            external: External::new(Reach::Everywhere, &tls),
            runtime: runtime.clone(),
        })
        .build()?;
    let rate = Sampler::TraceIdRatioBased(f64::from(config.sample_rate.0));
    let resource = Resource::builder_empty()
        .with_service_name(config.service_name.0.clone())
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("host.name", super::log::POD_ID.as_str()),
        ]);
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(rate)))
        .with_resource(resource.build())
        .build();
    let provider = PROVIDER.get_or_init(|| provider);
    Ok(Some(provider.tracer("miroir")))
}

/// Sends what has been collected.
pub(crate) fn stop() {
    if let Some(provider) = PROVIDER.get() {
        // Nobody can be told any more that it did not work.
        let _ = provider.shutdown_with_timeout(LAST_BATCH);
    }
}

/// The spans that are sent: those of requests and those that are for traces alone.
pub(super) fn ours() -> FilterFn<impl Fn(&Metadata<'_>) -> bool + Clone> {
    filter_fn(|metadata| {
        metadata.is_span()
            && *metadata.level() <= Level::INFO
            && (metadata.target() == TARGET || metadata.target().starts_with("miroir_proxy"))
    })
}

/// All but the spans that are for traces alone.
pub(super) fn not_ours() -> FilterFn<impl Fn(&Metadata<'_>) -> bool + Clone> {
    filter_fn(|metadata| metadata.target() != TARGET)
}

/// The span of a request, the child of the caller's if it names one (W3C `traceparent`). It tells the log where it belongs.
pub(super) fn request(headers: &HeaderMap) -> Span {
    if !are_on() {
        return Span::none();
    }
    let span = tracing::info_span!(
        "request",
        otel.kind = "server",
        trace_id = Empty,
        span_id = Empty
    );
    let parent = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    // It fails where the span is in no trace at all.
    let _ = span.set_parent(parent);
    if let Some((trace_id, span_id)) = place(&span) {
        span.record("trace_id", trace_id);
        span.record("span_id", span_id);
    }
    span
}

/// The ids of a span and its trace, if it is sent.
pub(super) fn place(span: &Span) -> Option<(String, String)> {
    if span.is_none() {
        return None;
    }
    let context = span.context();
    let place = context.span().span_context().clone();
    let ids = || (place.trace_id().to_string(), place.span_id().to_string());
    place.is_sampled().then(ids)
}

/// What the span of a request is called and says.
pub(super) fn end(
    span: &Span,
    method: &Method,
    template: &str,
    attributes: impl IntoIterator<Item = KeyValue>,
) {
    let context: Context = span.context();
    let span = context.span();
    span.update_name(format!("{method} {template}"));
    for attribute in attributes {
        span.set_attribute(attribute);
    }
}

/// The span of one call to a node, below that of the request which it is for; none while traces are off.
pub(crate) fn call(node: &NodeId, operation: &'static str) -> Span {
    if !are_on() {
        return Span::none();
    }
    let span = tracing::info_span!(target: TARGET, "call", otel.kind = "client");
    let context = span.context();
    context.span().update_name(format!("call {node}"));
    context
        .span()
        .set_attribute(KeyValue::new("operation", operation));
    span
}

/// Posts batches. The exporter's thread is of no runtime, so another one does it for it.
struct Sender {
    external: External,
    runtime: Handle,
}

impl fmt::Debug for Sender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sender")
    }
}

impl HttpClient for Sender {
    fn send_bytes<'sender, 'sending>(
        &'sender self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'sending>>
    where
        'sender: 'sending,
        Self: 'sending,
    {
        let external = self.external.clone();
        let sending = self.runtime.spawn(async move {
            let deadline = Instant::now() + EXPORT_TIMEOUT;
            external.send(request.map(Full::new), deadline).await
        });
        Box::pin(async move {
            let (status, body) = sending.await??;
            let mut response = Response::new(body);
            *response.status_mut() = status;
            Ok(response)
        })
    }
}
