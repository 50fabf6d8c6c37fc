//! Preparing an index on one side.

use serde_json::{Map, Value, json};

use super::OracleError;
use super::corpus::{Corpus, Ids, text_id};
use super::profile::Profile;
use crate::client::{Client, ClientError, Response};

/// Documents per request.
const BATCH: usize = 250;

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
    /// that the order in which a node keeps them is not the order of loading.
    pub(super) async fn prepare(
        &self,
        profile: Profile,
        corpus: &Corpus,
        fresh: &[String],
    ) -> Result<(), OracleError> {
        let index = format!("/indexes/{}", profile.uid());
        self.create(profile.uid()).await?;

        let mut settings = profile.settings(corpus.vocabulary.names(8));
        let mut rules = profile.ranking_rules(fresh);
        if self.add_tie_rule {
            rules
                .get_or_insert_with(|| fresh.to_vec())
                .push("id:asc".to_owned());
        }
        if let Some(rules) = rules {
            settings["rankingRules"] = json!(rules);
        }
        self.succeed(
            "change settings",
            self.client
                .patch(&format!("{index}/settings"), &settings)
                .await,
        )
        .await?;

        let documents = format!("{index}/documents");
        for batch in corpus.documents.chunks(BATCH) {
            let body = Corpus::body(batch, profile.ids());
            self.succeed("add documents", self.client.post(&documents, &body).await)
                .await?;
        }
        let deleted: Vec<Value> = corpus
            .documents
            .iter()
            .step_by(29)
            .map(|document| id(document, profile))
            .collect();
        let answer = self
            .client
            .post(&format!("{documents}/delete-batch"), &json!(deleted))
            .await;
        self.succeed("delete documents", answer).await?;
        let replaced: Vec<Map<String, Value>> =
            corpus.documents.iter().step_by(17).cloned().collect();
        let body = Corpus::body(&replaced, profile.ids());
        self.succeed(
            "replace documents",
            self.client.post(&documents, &body).await,
        )
        .await
    }
}

fn id(document: &Map<String, Value>, profile: Profile) -> Value {
    match profile.ids() {
        Ids::Numbers => document["id"].clone(),
        Ids::Texts => json!(text_id(&document["id"])),
    }
}
