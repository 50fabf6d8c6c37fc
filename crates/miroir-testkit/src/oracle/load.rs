//! Preparing an index on one side.

use serde_json::{Value, json};

use super::OracleError;
use super::corpus::Document;
use super::profile::Profile;
use super::world::World;
use crate::client::{Client, ClientError, Response};

/// Fewest documents per request.
const BATCH: usize = 250;
/// Most requests with documents per index.
const MOST_BATCHES: usize = 10;

/// One of the two servers.
#[derive(Debug, Clone)]
pub(super) struct Side {
    /// For messages.
    pub(super) name: &'static str,
    pub(super) client: Client,
    /// Whether the tie rule must be added by hand.
    pub(super) add_tie_rule: bool,
}

impl Side {
    fn unreachable(&self, source: ClientError) -> OracleError {
        OracleError::Unreachable {
            side: self.name,
            source,
        }
    }

    fn refused(&self, step: impl Into<String>, answer: impl ToString) -> OracleError {
        OracleError::Refused {
            side: self.name,
            step: step.into(),
            answer: answer.to_string(),
        }
    }

    /// Waits for the task that `answer` announces.
    async fn finish(
        &self,
        step: &str,
        answer: Result<Response, ClientError>,
    ) -> Result<Value, OracleError> {
        let answer = answer.map_err(|error| self.unreachable(error))?;
        let uid = answer
            .task_uid()
            .ok_or_else(|| self.refused(step, answer.text()))?;
        self.client
            .wait_task(uid)
            .await
            .map_err(|error| self.unreachable(error))
    }

    /// Waits for the task that `answer` announces; it must succeed.
    async fn succeed(
        &self,
        step: &str,
        answer: Result<Response, ClientError>,
    ) -> Result<(), OracleError> {
        let task = self.finish(step, answer).await?;
        if task["status"] == "succeeded" {
            Ok(())
        } else {
            Err(self.refused(step, task))
        }
    }

    /// The ranking rules of a fresh index, without what a user asked for.
    pub(super) async fn fresh_rules(&self) -> Result<Vec<String>, OracleError> {
        let uid = "oracle-fresh";
        self.create(uid).await?;
        let path = format!("/indexes/{uid}/settings/ranking-rules");
        let answer = self
            .client
            .get(&path)
            .await
            .map_err(|error| self.unreachable(error))?;
        let rules =
            serde_json::from_slice(&answer.body).map_err(|_| self.refused(path, answer.text()))?;
        self.succeed(
            "delete an index",
            self.client.delete(&format!("/indexes/{uid}")).await,
        )
        .await?;
        Ok(rules)
    }

    /// An empty index, whatever was there before.
    async fn create(&self, uid: &str) -> Result<(), OracleError> {
        // A missing index makes this task fail, which is as good.
        self.finish(
            "delete an index",
            self.client.delete(&format!("/indexes/{uid}")).await,
        )
        .await?;
        let body = json!({ "uid": uid, "primaryKey": "id" });
        self.succeed("create an index", self.client.post("/indexes", &body).await)
            .await
    }

    /// Creates the index of a profile, sets it up and fills it. Some documents are then replaced and some deleted, so
    /// that the order in which a node keeps them is not the order of loading, unless that order decides ties.
    pub(super) async fn prepare(&self, profile: Profile, world: &World) -> Result<(), OracleError> {
        let index = format!("/indexes/{}", profile.uid());
        self.create(profile.uid()).await?;

        let mut settings = world.settings(profile);
        let mut rules = world.ranking_rules(profile);
        if self.add_tie_rule && !profile.is_in_key_order() {
            rules
                .get_or_insert_with(|| world.fresh_rules().to_vec())
                .push("id:asc".to_owned());
        }
        if let Some(rules) = rules {
            settings.insert("rankingRules".to_owned(), json!(rules));
        }
        let path = format!("{index}/settings");
        let change = self.client.patch(&path, &Value::Object(settings)).await;
        self.succeed("change settings", change).await?;

        let path = format!("{index}/documents");
        let documents = profile.documents(world);
        let batch = documents.len().div_ceil(MOST_BATCHES).max(BATCH);
        for batch in documents.chunks(batch) {
            self.add(profile, &path, batch).await?;
        }
        if profile.is_in_key_order() {
            return Ok(());
        }
        let deleted: Vec<Value> = documents
            .iter()
            .step_by(29)
            .map(|document| profile.document(document)["id"].clone())
            .collect();
        let answer = self
            .client
            .post(&format!("{path}/delete-batch"), &json!(deleted))
            .await;
        self.succeed("delete documents", answer).await?;
        let replaced: Vec<&Document> = documents.into_iter().step_by(17).collect();
        self.add(profile, &path, &replaced).await
    }

    async fn add(
        &self,
        profile: Profile,
        path: &str,
        documents: &[&Document],
    ) -> Result<(), OracleError> {
        let body = documents
            .iter()
            .map(|document| Value::Object(profile.document(document)))
            .collect();
        self.succeed("add documents", self.client.post(path, &body).await)
            .await
    }
}
