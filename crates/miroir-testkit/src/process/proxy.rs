//! A proxy process started from a configuration file.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use http::StatusCode;
use miroir_proxy::fault::{self, Fault};
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;

use super::executable::{self, ALLOCATIONS_VARIABLE};
use super::{Child, Port, ProcessError};
use crate::client::Client;

/// How long a proxy may take until it is ready.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long it may take until it has passed the point at which it was told to die.
const END_TIMEOUT: Duration = Duration::from_secs(30);

/// A proxy. Its folder belongs to the caller, so that a successor finds the same store.
#[derive(Debug)]
pub struct Proxy {
    folder: PathBuf,
    config: PathBuf,
    port: Port,
    metrics_port: Port,
    child: Child,
}

impl Proxy {
    /// Starts a proxy whose `config` makes it listen on these ports of the loopback address, without waiting for it.
    pub fn start(
        config: &Path,
        port: Port,
        metrics_port: Port,
        folder: &Path,
    ) -> Result<Self, ProcessError> {
        let child = spawn(config, folder)?;
        Ok(Self {
            folder: folder.to_path_buf(),
            config: config.to_path_buf(),
            port,
            metrics_port,
            child,
        })
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Base URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port.number())
    }

    /// Base URL of its listener for the monitoring.
    #[must_use]
    pub fn metrics_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.metrics_port.number())
    }

    /// Its process id.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Its configuration file.
    #[must_use]
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// Waits until `/_miroir/ready` answers 200.
    pub async fn wait_ready(&mut self) -> Result<(), ProcessError> {
        let client = Client::new(&self.url(), None).with_timeout(Duration::from_secs(2));
        let deadline = Instant::now() + START_TIMEOUT;
        let mut last = String::from("it never answered");
        loop {
            if let Some(status) = self.child.exit_status()? {
                return Err(self.child.not_ready(format!("it ended with {status}")));
            }
            if let Ok(answer) = client.get("/_miroir/ready").await {
                if answer.status == StatusCode::OK {
                    return Ok(());
                }
                last = format!("{} {}", answer.status, answer.text());
            }
            if Instant::now() >= deadline {
                return Err(self.child.not_ready(last));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whether the process has ended.
    pub fn has_ended(&mut self) -> Result<bool, ProcessError> {
        Ok(self.child.exit_status()?.is_some())
    }

    /// `SIGTERM`, and waits for the end.
    pub async fn stop(&mut self) -> Result<ExitStatus, ProcessError> {
        self.child.stop(Duration::from_secs(60)).await
    }

    /// `SIGKILL`.
    pub fn kill(&mut self) -> Result<(), ProcessError> {
        self.child.kill()
    }

    /// Makes it kill itself (`SIGKILL`) when it passes this point next, however late that is.
    pub fn die_at(&self, fault: Fault) -> Result<(), ProcessError> {
        Ok(std::fs::write(fault_file(&self.folder), fault.name())?)
    }

    /// Waits until it has ended; `None` when it has not for as long as it may take.
    pub async fn wait_end(&mut self) -> Result<Option<ExitStatus>, ProcessError> {
        let deadline = Instant::now() + END_TIMEOUT;
        loop {
            let status = self.child.exit_status()?;
            if status.is_some() || Instant::now() >= deadline {
                return Ok(status);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// See [`Child::limit_files`].
    pub fn limit_files(&mut self, bytes: Option<u64>) -> Result<(), ProcessError> {
        self.child.limit_files(bytes)
    }

    /// `SIGSTOP`.
    pub fn freeze(&mut self) -> Result<(), ProcessError> {
        self.child.freeze()
    }

    /// `SIGCONT`.
    pub fn thaw(&mut self) -> Result<(), ProcessError> {
        self.child.thaw()
    }

    /// Kills it if it still runs, and starts it again with the same configuration and store, without waiting for it.
    pub fn respawn(&mut self) -> Result<(), ProcessError> {
        self.child.kill()?;
        self.child = spawn(&self.config, &self.folder)?;
        Ok(())
    }

    /// [`Proxy::respawn`], and waits until it is ready.
    pub async fn restart(&mut self) -> Result<(), ProcessError> {
        self.respawn()?;
        self.wait_ready().await
    }

    /// How often it has allocated memory since its start; `None` where it is not the proxy of this package.
    pub async fn allocations(&self) -> Result<Option<u64>, ProcessError> {
        if executable::is_proxy_given() {
            return Ok(None);
        }
        let mut stream = UnixStream::connect(allocations_socket(&self.folder)).await?;
        Ok(Some(stream.read_u64_le().await?))
    }

    /// Its whole log, over all its starts.
    #[must_use]
    pub fn log(&self) -> String {
        self.child.log()
    }

    /// The last lines of its log.
    #[must_use]
    pub fn log_end(&self) -> String {
        self.child.log_end()
    }
}

/// Where a proxy is told at which point it is to die.
fn fault_file(folder: &Path) -> PathBuf {
    folder.join("fault")
}

fn allocations_socket(folder: &Path) -> PathBuf {
    folder.join("allocations")
}

fn spawn(config: &Path, folder: &Path) -> Result<Child, ProcessError> {
    let mut command = executable::proxy_command()?;
    command.arg("--config").arg(config);
    command.env(fault::VARIABLE, fault_file(folder));
    command.env(ALLOCATIONS_VARIABLE, allocations_socket(folder));
    Child::start("proxy", command, folder)
}
