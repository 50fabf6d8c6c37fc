//! A node: a real `meilisearch` where there is one, else the embedded node.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use http::StatusCode;
use tempfile::TempDir;

use super::{Child, Port, ProcessError, executable};
use crate::client::Client;

/// How long a node may take until it answers `/health`.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// A real server takes two thirds of the memory if it may, and clears a twentieth of that for every batch of tasks, however small: on a
/// machine that several of them share, most of the time goes there.
const INDEXING_MEMORY: &str = "512MiB";

/// A node with its own data folder. Its port and data stay the same across [`Node::restart`].
#[derive(Debug)]
pub struct Node {
    folder: TempDir,
    engine: Option<PathBuf>,
    flags: Vec<String>,
    id: String,
    master_key: String,
    port: Port,
    child: Child,
}

impl Node {
    /// Starts a node on a free port and waits until it is healthy.
    pub async fn start(id: &str, master_key: &str) -> Result<Self, ProcessError> {
        Self::start_engine(id, master_key, None).await
    }

    /// The same with more of the server's flags, such as `--http-payload-size-limit=1024`.
    pub async fn start_with_flags(
        id: &str,
        master_key: &str,
        flags: &[&str],
    ) -> Result<Self, ProcessError> {
        Self::start_as(id, master_key, None, flags).await
    }

    /// The same with a given executable, whatever the environment says.
    pub async fn start_engine(
        id: &str,
        master_key: &str,
        engine: Option<&Path>,
    ) -> Result<Self, ProcessError> {
        Self::start_as(id, master_key, engine, &[]).await
    }

    /// [`Node::start_engine`] with the flags of [`Node::start_with_flags`].
    pub async fn start_as(
        id: &str,
        master_key: &str,
        engine: Option<&Path>,
        flags: &[&str],
    ) -> Result<Self, ProcessError> {
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let folder = TempDir::with_prefix(format!("miroir-{id}-"))?;
        let port = Port::free()?;
        let child = spawn(id, master_key, engine, &flags, &port, folder.path())?;
        let mut node = Self {
            folder,
            engine: engine.map(Path::to_path_buf),
            flags,
            id: id.to_owned(),
            master_key: master_key.to_owned(),
            port,
            child,
        };
        node.wait_healthy().await?;
        Ok(node)
    }

    /// What the fleet calls it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its process id.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Base URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port.number())
    }

    /// The key that opens it.
    #[must_use]
    pub fn master_key(&self) -> &str {
        &self.master_key
    }

    /// A client with its master key, for looking behind the proxy's back.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(&self.url(), Some(&self.master_key))
    }

    /// `SIGKILL`.
    pub fn kill(&mut self) -> Result<(), ProcessError> {
        self.child.kill()
    }

    /// `SIGSTOP`.
    pub fn freeze(&mut self) -> Result<(), ProcessError> {
        self.child.freeze()
    }

    /// `SIGCONT`.
    pub fn thaw(&mut self) -> Result<(), ProcessError> {
        self.child.thaw()
    }

    /// `SIGTERM`, and waits for the end.
    pub async fn stop(&mut self) -> Result<(), ProcessError> {
        self.child.stop(Duration::from_secs(30)).await.map(drop)
    }

    /// Kills it if it still runs, and starts it again on the same port and data.
    pub async fn restart(&mut self) -> Result<(), ProcessError> {
        self.child.kill()?;
        self.child = spawn(
            &self.id,
            &self.master_key,
            self.engine.as_deref(),
            &self.flags,
            &self.port,
            self.folder.path(),
        )?;
        self.wait_healthy().await
    }

    /// Kills it if it still runs, and starts it again on the same port without any data: a lost disk.
    pub async fn restart_empty(&mut self) -> Result<(), ProcessError> {
        self.child.kill()?;
        std::fs::remove_dir_all(self.folder.path().join("data"))?;
        self.restart().await
    }

    async fn wait_healthy(&mut self) -> Result<(), ProcessError> {
        let client = Client::new(&self.url(), None).with_timeout(Duration::from_secs(2));
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            if let Some(status) = self.child.exit_status()? {
                return Err(self.child.not_ready(format!("it ended with {status}")));
            }
            if client
                .get("/health")
                .await
                .is_ok_and(|answer| answer.status == StatusCode::OK)
            {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(self
                    .child
                    .not_ready(format!("no health within {START_TIMEOUT:?}")));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn spawn(
    id: &str,
    key: &str,
    engine: Option<&Path>,
    flags: &[String],
    port: &Port,
    folder: &Path,
) -> Result<Child, ProcessError> {
    let mut command = executable::node_command(engine)?;
    command
        .arg("--http-addr")
        .arg(format!("127.0.0.1:{}", port.number()))
        .arg("--db-path")
        .arg(folder.join("data"))
        .arg("--master-key")
        .arg(key)
        .arg("--no-analytics")
        .args(flags)
        .env("MEILI_MAX_INDEXING_MEMORY", INDEXING_MEMORY);
    Child::start(id, command, folder)
}
