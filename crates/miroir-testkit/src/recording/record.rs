//! Recording a scenario.

use super::exchange::perform;
use super::{Recording, RecordingError, Scenario};
use crate::client::Client;

/// Plays every step against a fresh server and keeps the answers.
pub async fn record(scenario: &Scenario, client: &Client) -> Result<Recording, RecordingError> {
    let failed = |source| RecordingError::Step {
        step: "read the version".to_owned(),
        source,
    };
    let version = client
        .get("/version")
        .await
        .map_err(failed)?
        .json()
        .map_err(failed)?;
    let client = &client.with_fresh_connections();
    let mut made = None;
    let mut exchanges = Vec::with_capacity(scenario.steps.len());
    for step in &scenario.steps {
        exchanges.push(perform(step, client, &mut made).await?);
    }
    let version = version["pkgVersion"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    Ok(Recording {
        scenario: scenario.name.clone(),
        version,
        exchanges,
    })
}
