//! The same requests to one ordinary server and to a fleet; every answer and every finished task must be equal.

use miroir_testkit::client::Client;
use miroir_testkit::cluster::{Cluster, ClusterBuilder};
use miroir_testkit::process::Node;
use miroir_testkit::recording::{self, Scenario};
use serde_json::{Value, json};

use crate::fixture::{Fleet, reference, start};

/// One server and one fleet, both without any data.
pub(crate) struct Pair {
    reference: Node,
    fleet: Fleet,
    steps: Vec<Value>,
}

impl Pair {
    pub(crate) async fn start() -> Self {
        Self::start_with(|fleet| fleet).await
    }

    /// The same with a fleet that is described further.
    pub(crate) async fn start_with(
        describe: impl FnOnce(ClusterBuilder) -> ClusterBuilder,
    ) -> Self {
        Self {
            reference: reference().await,
            fleet: start(describe(Cluster::builder().nodes(3).rf(2).shards(16))).await,
            steps: Vec::new(),
        }
    }

    /// A client of the one server, and one of the fleet.
    pub(crate) fn clients(&self) -> [Client; 2] {
        [self.reference.client(), self.fleet.client()]
    }

    pub(crate) fn fleet(&mut self) -> &mut Fleet {
        &mut self.fleet
    }

    /// Adds a request without a body.
    pub(crate) fn ask(&mut self, method: &str, path: &str) {
        self.step(json!({ "method": method, "path": path }));
    }

    /// Adds a request with a JSON body.
    pub(crate) fn send(&mut self, method: &str, path: &str, body: Value) {
        self.step(json!({ "method": method, "path": path, "body": body }));
    }

    /// Adds a request with a body that need not be JSON but says that it is.
    pub(crate) fn send_text(&mut self, method: &str, path: &str, text: &str) {
        let content_type = "application/json";
        self.step(
            json!({ "method": method, "path": path, "text": text, "content_type": content_type }),
        );
    }

    /// Adds a request as a scenario would describe it, without a name.
    pub(crate) fn step(&mut self, mut step: Value) {
        step["name"] = json!(format!("{}", self.steps.len()));
        self.steps.push(step);
    }

    /// Plays everything that was added since the last time on both sides.
    pub(crate) async fn compare(&mut self) {
        let steps = std::mem::take(&mut self.steps);
        let scenario = json!({ "name": "alike", "about": "made by a test", "steps": steps });
        let scenario: Scenario =
            serde_json::from_str(&scenario.to_string()).expect("a well-formed scenario");
        let answers = recording::record(&scenario, &self.reference.client())
            .await
            .expect("the reference answers");
        recording::replay(&answers, &self.fleet.client(), &[])
            .await
            .expect("the fleet answers")
            .assert_equal();
    }
}
