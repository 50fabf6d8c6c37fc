//! Section of traces.

use super::table::Allowed::Any;
use super::table::{Allowed, Mismatch, section};
use super::tree::Scalar;
use super::value::{Ratio, Value, quote, web_address};

/// Tempo beside Prometheus in Kubernetes; the port is that of OTLP over HTTP.
const COLLECTOR: &str = "http://tempo.monitoring.svc:4318";

section! {
    /// Traces: a span for each request and one for each call to a node, as OTLP over HTTP.
    Tracing at (tracing) {
        /// Whether there are any. Off constructs nothing.
        enabled: bool = false, Any;
        /// Where to: the collector's address, without the path that all have.
        endpoint: Endpoint = Endpoint(COLLECTOR.to_owned()), Any;
        /// What the collector calls this process.
        service_name: Name = Name("miroir".to_owned()), Any;
        /// The part of all requests that is traced, unless the caller says that it traces its own.
        sample_rate: Ratio = Ratio(0.1), Any;
    }
}

/// The address of a collector, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(pub String);

/// A text that is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(pub String);

impl Value for Endpoint {
    fn expected(_: &Allowed) -> String {
        "an http or https URL".to_owned()
    }

    fn read(scalar: &Scalar, _: &Allowed) -> Result<Self, Mismatch> {
        let url = web_address(scalar)?;
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    fn show(&self) -> String {
        quote(&self.0)
    }
}

impl Value for Name {
    fn expected(_: &Allowed) -> String {
        "a text".to_owned()
    }

    fn read(scalar: &Scalar, _: &Allowed) -> Result<Self, Mismatch> {
        if scalar.is_empty() {
            return Err(Mismatch::Value);
        }
        Ok(Self(scalar.text.clone()))
    }

    fn show(&self) -> String {
        quote(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_has_an_address_that_a_path_can_follow() {
        let read = |text: &str| Endpoint::read(&Scalar::plain(text), &Any).map(|url| url.0);
        assert_eq!(read("http://a:4318/"), Ok("http://a:4318".to_owned()));
        assert_eq!(read("https://a/b"), Ok("https://a/b".to_owned()));
        assert!(read("a:4318").is_err() && read("").is_err());
        assert_eq!(read(COLLECTOR), Ok(COLLECTOR.to_owned()));
    }
}
