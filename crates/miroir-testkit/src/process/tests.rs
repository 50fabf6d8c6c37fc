//! Signals do what they say, and no child outlives its handle.

use std::process::Command;
use std::time::Duration;

use super::Child;

fn sleeper(folder: &std::path::Path) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", "echo hello; exec sleep 60"]);
    Child::start("sleeper", command, folder).unwrap()
}

#[tokio::test]
async fn output_is_kept_and_a_stopped_child_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = sleeper(folder.path());
    while !child.log_end().contains("hello") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.freeze().unwrap();
    child.thaw().unwrap();
    let status = child.stop(Duration::from_secs(10)).await.unwrap();
    assert!(!status.success());
    // Signals to an ended process are no error: a test may clean up twice.
    child.freeze().unwrap();
    child.kill().unwrap();
}

#[tokio::test]
async fn a_frozen_child_does_not_stop_but_dies() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = sleeper(folder.path());
    child.freeze().unwrap();
    assert!(child.stop(Duration::from_millis(50)).await.is_err());
    child.kill().unwrap();
    assert!(child.exit_status().unwrap().is_some());
}

#[test]
fn dropping_kills() {
    let folder = tempfile::tempdir().unwrap();
    let child = sleeper(folder.path());
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    drop(child);
    assert!(rustix::process::test_kill_process(id).is_err());
}
