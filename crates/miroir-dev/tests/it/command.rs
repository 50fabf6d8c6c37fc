//! A running `miroir-dev` and what it prints.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use miroir_devnode::Port;
use miroir_node::{Answer, Call, NodeClient, PoolLimits, Tls};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Starting takes seconds; an unoptimised build on a busy machine may need minutes.
const PATIENCE: Duration = Duration::from_secs(300);

/// Two ports that are this process's own.
pub(crate) fn free_ports() -> (u16, u16) {
    let port = || Port::free().unwrap().for_good();
    (port(), port())
}

/// The command with its data in `data`. Nodes are real servers where the tests were given one.
pub(crate) fn command(data: &Path, ports: (u16, u16), more: &[&str]) -> Command {
    let server = std::env::var_os("MIROIR_TEST_NODE_BIN").filter(|path| !path.is_empty());
    let mut command = Command::new(env!("CARGO_BIN_EXE_miroir-dev"));
    command
        .args(["--port", &ports.0.to_string()])
        .args(["--metrics-port", &ports.1.to_string()])
        .arg("--data")
        .arg(data)
        .args(more);
    if !more.contains(&"--node-bin") {
        let server = server.unwrap_or_else(|| "embedded".into());
        command.arg("--node-bin").arg(server);
    }
    command
}

/// The error output of a command that fails to start.
pub(crate) fn failure(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    text
}

/// A fleet that has printed what it has to say.
pub(crate) struct Running {
    process: Child,
    lines: Receiver<String>,
    /// Everything up to the line that was waited for.
    pub(crate) banner: String,
    port: u16,
}

impl Running {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(command: Command, port: u16) -> Self {
        Self::start_until(command, port, "Ctrl-C stops everything")
    }

    /// Starts it and waits until it has printed `text`.
    pub(crate) fn start_until(mut command: Command, port: u16, text: &str) -> Self {
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines() {
                if sender.send(line.unwrap()).is_err() {
                    break;
                }
            }
        });
        let mut running = Self {
            process,
            lines,
            banner: String::new(),
            port,
        };
        let end = Instant::now() + PATIENCE;
        while !running.banner.contains(text) {
            let left = end.saturating_duration_since(Instant::now());
            let line = running.lines.recv_timeout(left);
            let line = line.unwrap_or_else(|error| panic!("{error}; it said:\n{}", running.banner));
            running.banner.push_str(&line);
            running.banner.push('\n');
        }
        running
    }

    /// What stands behind a word of the banner.
    pub(crate) fn value(&self, name: &str) -> &str {
        let lines = self.banner.lines().map(str::trim);
        let mut values = lines.filter_map(|line| line.strip_prefix(name));
        values.next().expect("the banner names it").trim()
    }

    pub(crate) fn curl_lines(&self) -> Vec<String> {
        let lines = self.banner.lines().map(str::trim);
        lines
            .filter(|line| line.starts_with("curl "))
            .map(str::to_owned)
            .collect()
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// `GET` with the printed master key.
    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self.ask(path);
        assert!(answer.is_success(), "{answer:?}");
        answer.json().unwrap()
    }

    fn ask(&self, path: &str) -> Answer {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let url = format!("http://127.0.0.1:{}", self.port);
            let key = Some(self.value("master key"));
            let client = NodeClient::new(
                "proxy".parse().unwrap(),
                &url,
                key,
                PoolLimits::default(),
                &Tls::none(),
            )
            .unwrap();
            let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
            client.call(Call::get(path, deadline)).await.unwrap()
        })
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.process.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Waits for the end and returns what was printed after the banner.
    pub(crate) fn wait(&mut self) -> (ExitStatus, String) {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.process.try_wait().unwrap() {
                return (status, self.lines.iter().collect::<Vec<_>>().join("\n"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not stop");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A failed test leaves nothing behind: the children end with their parent.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
