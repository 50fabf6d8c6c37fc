//! A process that is killed while it writes: what it had acknowledged is there, without gaps.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use miroir_core::id::TaskUid;

use crate::Store;
use crate::conformance::rows::{leg, task};
use crate::table::{NodeTaskState, TASK_UID, TaskListFilter};

/// Names the file to the child; without it the child's test does nothing.
const FILE: &str = "MIROIR_STORE_CRASH_TEST_FILE";
const ROUNDS: u64 = 12;

/// Not a test of its own: the process that is killed. It prints `ack <uid> <text>` after each write that returned.
#[tokio::test(flavor = "multi_thread")]
async fn child_that_is_killed() {
    let Ok(file) = std::env::var(FILE) else {
        return;
    };
    let store = Store::open_sqlite(&file).unwrap();
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0.. {
                    let text = format!("{writer}/{number}");
                    let stored = text.clone();
                    let uid = store
                        .write(move |tx| {
                            let uid = tx.sequences().next_task_uid()?;
                            let mut row = task(uid.0);
                            row.custom_metadata = Some(stored);
                            tx.tasks().insert(&row)?;
                            tx.node_tasks()
                                .upsert(&leg(uid.0, "n1", 0, NodeTaskState::Planned))?;
                            Ok(uid)
                        })
                        .await
                        .unwrap();
                    println!("ack {uid} {text}");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

/// Lets a child write for a while, kills it, and returns what it acknowledged.
fn run_and_kill(file: &Path, after: Duration) -> BTreeMap<u32, String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "sqlite::tests::crash::child_that_is_killed",
            "--nocapture",
        ])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).map(|_| text)
    });
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    let printed = reader.join().unwrap().unwrap();
    printed
        .split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n')?.strip_prefix("ack "))
        .map(|line| line.split_once(' ').unwrap())
        .map(|(uid, text)| (uid.parse().unwrap(), text.to_owned()))
        .collect()
}

#[test]
fn acknowledged_writes_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    drop(Store::open_sqlite(&file).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let mut acknowledged = 0;
    let mut first_of_round = 0;
    for round in 0..ROUNDS {
        // Every moment of a commit is as good as another; primes keep the rounds from falling into step.
        let written = run_and_kill(&file, Duration::from_millis(60 + 37 * round % 190));
        acknowledged += written.len();
        let store = Store::open_sqlite(&file).unwrap();
        let next = runtime.block_on(verify(&store, first_of_round, written));
        first_of_round = next;
    }
    assert!(acknowledged > 0, "no child got as far as a write");
}

/// Returns the uid that the next round begins with.
async fn verify(store: &Store, first_of_round: u32, written: BTreeMap<u32, String>) -> u32 {
    store
        .read(move |tx| {
            let stored = tx.tasks().matching(&TaskListFilter::default())?;
            let next = u32::try_from(tx.sequences().peek(TASK_UID)?).unwrap();
            assert_eq!(stored, (0..next).map(TaskUid).collect::<Vec<_>>(), "dense");
            for (uid, text) in written {
                assert!(uid >= first_of_round, "{uid} was handed out before");
                let row = tx.tasks().get(TaskUid(uid))?.expect("acknowledged");
                assert_eq!(row.custom_metadata, Some(text));
            }
            assert_eq!(
                tx.node_tasks().unfinished()?.len(),
                stored.len(),
                "a task and its leg are one"
            );
            Ok(next)
        })
        .await
        .unwrap()
}
