//! One child process: its log, its signals, its end.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context;
use rustix::process::{Pid, Signal};
use tokio::process::{Child as Process, Command};

/// How much of a log is shown when its child dies.
const SHOWN_LOG_LINES: usize = 20;

/// A child with its output in a file. Dropping it kills it.
pub(crate) struct Child {
    name: String,
    log: PathBuf,
    process: Process,
    ended: Option<ExitStatus>,
}

impl Child {
    /// Starts `command` in `folder`. The log of the run before is kept as `<name>.log.1`.
    pub(crate) fn start(
        name: &str,
        command: std::process::Command,
        folder: &Path,
        logs: &Path,
    ) -> anyhow::Result<Self> {
        let log = logs.join(format!("{name}.log"));
        if log.exists() {
            fs::rename(&log, logs.join(format!("{name}.log.1")))
                .with_context(|| format!("cannot move the old log {}", log.display()))?;
        }
        let output =
            File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = Command::from(command);
        let process = command
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .env("NO_COLOR", "1")
            // Ctrl-C on a terminal goes to a whole process group; the nodes have to outlive the proxy.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            log,
            process,
            ended: None,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Waits for its end. May be dropped and called again.
    pub(crate) async fn end(&mut self) -> std::io::Result<ExitStatus> {
        let status = match self.ended {
            Some(status) => status,
            None => self.process.wait().await?,
        };
        self.ended = Some(status);
        Ok(status)
    }

    /// Asks it to stop and waits for its end; kills it after `limit`. Returns whether it stopped by itself.
    pub(crate) async fn stop(&mut self, limit: Duration) -> bool {
        if self.ended.is_some() {
            return true;
        }
        let id = self
            .process
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        if let Some(id) = id {
            // An error means that it has just ended.
            let _ = rustix::process::kill_process(id, Signal::TERM);
        }
        let stopped = tokio::time::timeout(limit, self.end()).await.is_ok();
        if !stopped {
            let _ = self.process.kill().await;
        }
        stopped
    }

    /// The last lines of its log, indented.
    pub(crate) fn log_end(&self) -> String {
        let text = match fs::read(&self.log) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => format!("(no log: {error})"),
        };
        let lines: Vec<&str> = text.lines().collect();
        let shown = &lines[lines.len().saturating_sub(SHOWN_LOG_LINES)..];
        shown.iter().map(|line| format!("  | {line}\n")).collect()
    }

    /// Where its output goes.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }
}
