//! One child process: its log, its signals, its end.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions};

/// How much of a log is shown when a test fails or a child does not start.
const SHOWN_LOG_LINES: usize = 60;

/// Why a child could not be started or controlled.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// Files or the operating system refused.
    #[error("cannot control a child process")]
    System(#[from] std::io::Error),
    /// A signal could not be sent.
    #[error("cannot signal a child process")]
    Signal(#[from] rustix::io::Errno),
    /// The executable that runs embedded nodes and proxies was not found.
    #[error(
        "the `process` executable is not built; build it with this package or name it in {variable}"
    )]
    NoExecutable {
        /// The variable that may name it.
        variable: &'static str,
    },
    /// It exited, or did not answer in time.
    #[error("{name} did not get ready: {reason}\n{log}")]
    NotReady {
        /// Which child.
        name: String,
        /// What was observed.
        reason: String,
        /// The end of its log.
        log: String,
    },
    /// It was asked to stop and did not.
    #[error("{name} did not stop within {limit:?}")]
    NotStopped {
        /// Which child.
        name: String,
        /// How long was waited.
        limit: Duration,
    },
}

/// A running child process. Dropping it kills it.
#[derive(Debug)]
pub struct Child {
    name: String,
    log: PathBuf,
    process: std::process::Child,
    exited: Option<ExitStatus>,
}

impl Child {
    /// Starts `command` in `folder` with its output appended to `folder/log`.
    pub fn start(name: &str, mut command: Command, folder: &Path) -> Result<Self, ProcessError> {
        let log = folder.join("log");
        let mut output = OpenOptions::new().create(true).append(true).open(&log)?;
        writeln!(output, "--- {name} starts ---")?;
        // What a developer has set for a server of his own must not decide how a test behaves.
        for (variable, _) in std::env::vars_os() {
            let name = variable.to_string_lossy();
            if name.starts_with("MIROIR_") || name.starts_with("MEILI_") {
                command.env_remove(&variable);
            }
        }
        let process = command
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        Ok(Self {
            name: name.to_owned(),
            log,
            process,
            exited: None,
        })
    }

    /// The process id, also after the end.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it is called in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it ended, if it has.
    pub fn exit_status(&mut self) -> Result<Option<ExitStatus>, ProcessError> {
        if self.exited.is_none() {
            self.exited = self.process.try_wait()?;
        }
        Ok(self.exited)
    }

    /// Sends a signal; nothing happens when the process has ended.
    pub fn signal(&mut self, signal: Signal) -> Result<(), ProcessError> {
        if let Some(id) = self.running()? {
            rustix::process::kill_process(id, signal)?;
        }
        Ok(())
    }

    /// Its id while it has not ended. Until its end is collected here, no other process gets that id.
    fn running(&mut self) -> Result<Option<Pid>, ProcessError> {
        if self.exit_status()?.is_some() {
            return Ok(None);
        }
        Ok(i32::try_from(self.process.id())
            .ok()
            .and_then(Pid::from_raw))
    }

    /// `SIGKILL`, and waits for the end: nothing is flushed, no destructor runs.
    pub fn kill(&mut self) -> Result<(), ProcessError> {
        if self.exit_status()?.is_none() {
            self.process.kill()?;
            self.exited = Some(self.process.wait()?);
        }
        Ok(())
    }

    /// `SIGSTOP`: connections stay open and nothing answers. Returns once it is in force: a signal that is sent while
    /// this one is still pending would overtake it.
    pub fn freeze(&mut self) -> Result<(), ProcessError> {
        self.signal(Signal::STOP)?;
        if let Some(id) = self.running()? {
            let options = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            rustix::process::waitid(WaitId::Pid(id), options)?;
        }
        Ok(())
    }

    /// `SIGCONT`: goes on where [`Child::freeze`] stopped it.
    pub fn thaw(&mut self) -> Result<(), ProcessError> {
        self.signal(Signal::CONT)
    }

    /// `SIGTERM`, and waits up to `limit` for the process to end by itself.
    pub async fn stop(&mut self, limit: Duration) -> Result<ExitStatus, ProcessError> {
        self.signal(Signal::TERM)?;
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.exit_status()? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                return Err(ProcessError::NotStopped {
                    name: self.name.clone(),
                    limit,
                });
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Lets it write no file beyond this size: to it, the disk is full. `None`: no limit any more.
    pub fn limit_files(&mut self, bytes: Option<u64>) -> Result<(), ProcessError> {
        if let Some(id) = self.running()? {
            let limit = Rlimit {
                current: bytes,
                maximum: None,
            };
            rustix::process::prlimit(Some(id), Resource::Fsize, limit)?;
        }
        Ok(())
    }

    /// Its whole log, also what earlier processes in the same folder wrote.
    #[must_use]
    pub fn log(&self) -> String {
        let text =
            std::fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        text.unwrap_or_else(|error| format!("(no log: {error})"))
    }

    /// The last lines of its log.
    #[must_use]
    pub fn log_end(&self) -> String {
        let text = self.log();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(SHOWN_LOG_LINES)..].join("\n")
    }

    /// The error for a child that did not get ready.
    pub(super) fn not_ready(&self, reason: impl Into<String>) -> ProcessError {
        ProcessError::NotReady {
            name: self.name.clone(),
            reason: reason.into(),
            log: self.log_end(),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // A failure to kill means that the process is gone already; there is nobody to report anything else to.
        let _ = self.kill();
        if std::thread::panicking() {
            #[expect(
                clippy::print_stderr,
                reason = "a person reads this below the failed assertion"
            )]
            {
                eprintln!("--- log of {} ---\n{}", self.name, self.log_end());
            }
        }
    }
}
