//! Requests of clients.

use std::fmt;
use std::time::Duration;

use http::{Method, StatusCode};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::seconds;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: &'static str,
    path_template: Template,
    status: u16,
}

/// A route as the router has it; the name of its index is a shorter one in a scrape.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Template(String);

impl EncodeLabelValue for Template {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        self.0.replace("{index_uid}", "{uid}").encode(encoder)
    }
}

/// How many, how long, how many right now.
pub(crate) struct Requests {
    duration: Family<Labels, Histogram, fn() -> Histogram>,
    total: Family<Labels, Counter>,
    in_flight: Gauge,
}

impl Requests {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let requests = Self {
            duration: Family::new_with_constructor(seconds),
            total: Family::default(),
            in_flight: Gauge::default(),
        };
        registry.register(
            "request_duration_seconds",
            "Requests, until the answer is handed over",
            requests.duration.clone(),
        );
        registry.register(
            "requests",
            "Requests that were answered",
            requests.total.clone(),
        );
        registry.register(
            "requests_in_flight",
            "Requests that are worked on",
            requests.in_flight.clone(),
        );
        requests
    }

    /// A request counts as in flight until the guard is dropped, whatever becomes of it.
    pub(crate) fn begin(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// `template` is the route's, with its parameters' names in braces.
    pub(crate) fn end(
        &self,
        method: &Method,
        template: &str,
        status: StatusCode,
        duration: Duration,
    ) {
        let labels = Labels {
            method: known(method),
            path_template: Template(template.to_owned()),
            status: status.as_u16(),
        };
        self.duration
            .get_or_create(&labels)
            .observe(duration.as_secs_f64());
        self.total.get_or_create(&labels).inc();
    }
}

/// A request that is worked on.
pub(crate) struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Clients may invent methods; labels may not.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::HEAD => "HEAD",
        _ => "other",
    }
}
