//! The few requests that the command itself sends, to nodes and to the proxy.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use http::{Method, StatusCode};
use miroir_node::{Answer, Call, ContentType, EnqueuedTask, NodeClient, NodeTask, PoolLimits, Tls};
use tokio::time::{Instant, sleep};

/// One request, the indexing that it may wait for not included.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);
/// How long a child may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(120);
/// How long indexing the sample may take: unoptimised builds on busy machines are slow.
const TASK_LIMIT: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_millis(50);

/// A client of one server on this machine.
pub(crate) struct Client {
    name: String,
    http: NodeClient,
}

impl Client {
    pub(crate) fn new(name: &str, port: u16, key: &str) -> anyhow::Result<Self> {
        let id = name
            .parse()
            .with_context(|| format!("{name} is no name of a node"))?;
        let url = format!("http://127.0.0.1:{port}");
        let http = NodeClient::new(id, &url, Some(key), PoolLimits::default(), &Tls::none())
            .context("a key does not fit into an HTTP header")?;
        Ok(Self {
            name: name.to_owned(),
            http,
        })
    }

    /// Waits until `path` answers 200.
    pub(crate) async fn wait_ok(&self, path: &str) -> anyhow::Result<()> {
        let end = Instant::now() + START_LIMIT;
        let mut last = "it does not answer".to_owned();
        while Instant::now() < end {
            let call = Call::get(path, Instant::now() + Duration::from_secs(2));
            if let Ok(answer) = self.http.call(call).await {
                if answer.status == StatusCode::OK {
                    return Ok(());
                }
                last = describe(&answer);
            }
            sleep(PAUSE).await;
        }
        bail!(
            "{} was not ready within {} seconds: {last}",
            self.name,
            START_LIMIT.as_secs()
        )
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        Ok(self
            .http
            .call(Call::get(path, Instant::now() + REQUEST_LIMIT))
            .await?)
    }

    /// Sends a write and waits until its task has succeeded.
    pub(crate) async fn write(
        &self,
        method: Method,
        path: &str,
        content_type: ContentType,
        body: Vec<u8>,
    ) -> anyhow::Result<()> {
        let call =
            Call::write(method, path, Instant::now() + REQUEST_LIMIT).body(content_type, body);
        let answer = self.http.call(call).await?;
        if !answer.is_success() {
            bail!("{path} was answered with {}", describe(&answer));
        }
        let task: EnqueuedTask = answer
            .json()
            .with_context(|| format!("{path} was answered with {}", describe(&answer)))?;
        self.wait_task(task.task_uid).await
    }

    async fn wait_task(&self, uid: u32) -> anyhow::Result<()> {
        let end = Instant::now() + TASK_LIMIT;
        while Instant::now() < end {
            let answer = self.get(&format!("/tasks/{uid}")).await?;
            let task: NodeTask = answer
                .json()
                .with_context(|| format!("task {uid} was answered with {}", describe(&answer)))?;
            if task.succeeded() {
                return Ok(());
            }
            if task.is_finished() {
                let error = task.error.as_ref().map_or("no error", |error| error.get());
                return Err(anyhow!("task {uid} {}: {error}", task.status));
            }
            sleep(PAUSE).await;
        }
        bail!(
            "task {uid} was not finished within {} seconds",
            TASK_LIMIT.as_secs()
        )
    }
}

fn describe(answer: &Answer) -> String {
    format!(
        "{} {}",
        answer.status,
        String::from_utf8_lossy(&answer.body)
    )
}
