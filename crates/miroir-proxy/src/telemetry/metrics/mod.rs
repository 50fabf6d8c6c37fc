//! The metrics of the process. Their names are a contract (`docs/metrics.md`): they may be added to, not renamed.
//!
//! One registry, handed to whoever counts something; nothing global. Label values come from closed sets: methods, route templates, node
//! ids, words of ours, and never a path, an id, a query or the text of an error.

mod labels;
mod node_calls;
mod reads;
mod requests;
mod state;
mod tail;
mod work;

use miroir_core::topology::Topology;
use prometheus_client::encoding::text;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::sync::Mutex;

use crate::app::App;
use crate::capabilities::replica_selection::Class;
use crate::config::Config;
use crate::telemetry::metrics::labels::{Build, Feature};

pub(crate) use node_calls::{NodeCalls, operation};
pub(crate) use reads::Reads;
pub(crate) use requests::{InFlight, Requests};
pub(crate) use tail::{Hedges, Selection};
pub(crate) use work::Work;

/// The format's version that [`Metrics::scrape`] writes.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is counted, by who counts it.
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) requests: Requests,
    pub(crate) node_calls: NodeCalls,
    pub(crate) reads: Reads,
    pub(crate) work: Work,
    pub(crate) hedges: Hedges,
    pub(crate) selection: Selection,
    state: state::State,
    /// What is looked at belongs to one scrape at a time.
    scraping: Mutex<()>,
}

impl Metrics {
    /// Label sets that are known already begin at zero: what never happened is no gap in a graph.
    pub(crate) fn new(config: &Config, topology: &Topology) -> Self {
        let mut registry = Registry::with_prefix("miroir");
        describe_build(&mut registry, config);
        Self {
            requests: Requests::new(&mut registry),
            node_calls: NodeCalls::new(&mut registry, topology),
            reads: Reads::new(&mut registry),
            work: Work::new(&mut registry, topology),
            hedges: Hedges::new(&mut registry, config),
            selection: Selection::new(&mut registry, config),
            state: state::State::new(&mut registry),
            registry,
            scraping: Mutex::default(),
        }
    }

    /// Everything as text, with what is only known by looking at the process now.
    ///
    /// # Errors
    /// The store does not answer; what was counted is lost to this scrape only.
    pub(crate) async fn scrape(&self, app: &App) -> Result<String, miroir_store::StoreError> {
        let _alone = self.scraping.lock().await;
        self.state.look_at(app).await?;
        self.selection.show(&app.scores(Class::Search));
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("a string takes everything");
        Ok(text)
    }
}

fn describe_build(registry: &mut Registry, config: &Config) {
    let build = Family::<Build, Gauge>::default();
    let labels = Build {
        version: env!("CARGO_PKG_VERSION"),
        revision: option_env!("MIROIR_REVISION").unwrap_or("unknown"),
    };
    build.get_or_create(&labels).set(1);
    registry.register("build_info", "What runs", build);
    let features = Family::<Feature, Gauge>::default();
    let enabled = [
        (
            "exact_dictionary",
            !config.exact_dictionary.indexes.is_empty(),
        ),
        ("explain", config.explain.enabled),
        ("hedging", config.hedging.enabled),
        ("multi_search", config.multi_search.enabled),
        ("query_planner", config.query_planner.enabled),
        ("vector_search", config.vector_search.enabled),
    ];
    for (feature, enabled) in enabled {
        let labels = Feature { feature };
        features.get_or_create(&labels).set(i64::from(enabled));
    }
    registry.register("feature_enabled", "Whether a capability is on", features);
}

/// A histogram of seconds.
fn seconds() -> Histogram {
    Histogram::new([
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
    ])
}
