//! What goes wrong is said in a sentence, and nothing is left running.

use std::net::TcpListener;

use crate::command::{command, failure, free_ports};

#[test]
fn a_port_in_use_is_named_with_its_flag() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (free, _) = free_ports();
    let text = failure(&mut command(folder.path(), (port, free), &[]));
    assert!(
        text.contains(&format!("port {port}")) && text.contains("with --port"),
        "{text}"
    );
    let text = failure(&mut command(folder.path(), (free, port), &[]));
    assert!(text.contains("with --metrics-port"), "{text}");
}

#[test]
fn an_executable_that_is_no_server_is_shown_with_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let more = ["--node-bin", "/bin/ls"];
    let text = failure(&mut command(folder.path(), free_ports(), &more));
    assert!(
        text.contains("node-") && text.contains("has ended"),
        "{text}"
    );
    // What `ls` thinks of a server's flags.
    assert!(text.contains("--http-addr"), "{text}");
}

#[cfg(target_os = "linux")]
mod deaths {
    use rustix::process::{Pid, Signal, kill_process};

    use crate::command::{Running, command, free_ports};

    /// The children of a process, with their command lines.
    fn children(parent: u32) -> Vec<(Pid, String)> {
        let mut children = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Some(id) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
            else {
                continue;
            };
            let Ok(status) = std::fs::read_to_string(entry.path().join("status")) else {
                continue;
            };
            if !status
                .lines()
                .any(|line| line == format!("PPid:\t{parent}"))
            {
                continue;
            }
            let arguments = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let arguments = String::from_utf8_lossy(&arguments).into_owned();
            children.push((Pid::from_raw(id).unwrap(), arguments));
        }
        children
    }

    /// A process that has ended may wait for a parent to ask how.
    fn is_running(id: Pid) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", id.as_raw_nonzero()));
        status.is_ok_and(|status| !status.contains("State:\tZ"))
    }

    #[test]
    fn a_dead_node_ends_everything() {
        let folder = tempfile::tempdir().unwrap();
        let ports = free_ports();
        let small = ["--nodes=2", "--no-sample"];
        let mut running = Running::start(command(folder.path(), ports, &small), ports.0);
        let children = children(running.id());
        assert_eq!(children.len(), 3);
        let (node, _) = children
            .iter()
            .find(|(_, arguments)| arguments.contains("/node-1/"))
            .unwrap();
        kill_process(*node, Signal::KILL).unwrap();
        let (status, _) = running.wait();
        assert_eq!(status.code(), Some(1));
        for (child, arguments) in children {
            assert!(!is_running(child), "{arguments} still runs");
        }
    }

    #[test]
    fn nobody_outlives_a_killed_parent() {
        let folder = tempfile::tempdir().unwrap();
        let ports = free_ports();
        let small = ["--nodes=1", "--no-sample"];
        let mut running = Running::start(command(folder.path(), ports, &small), ports.0);
        let children = children(running.id());
        running.signal(Signal::KILL);
        running.wait();
        let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while children.iter().any(|(child, _)| is_running(*child)) {
            assert!(std::time::Instant::now() < end, "a child has survived");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}
