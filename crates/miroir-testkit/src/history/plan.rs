//! Which process falls when: drawn from a seed, counted in operations, so that a plan does not depend on how fast a machine is.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// What is done to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// `SIGKILL`.
    Kill(usize),
    /// After a kill, with its data.
    Restart(usize),
    /// `SIGSTOP`: shorter than health checks notice, or much longer.
    Freeze(usize),
    /// `SIGCONT`.
    Thaw(usize),
    /// From now on it works a part of the time only.
    Slow(usize),
    /// It works all the time again.
    Hasten(usize),
    /// `SIGKILL` and a new process at once.
    KillProxy,
    /// `SIGSTOP`.
    FreezeProxy,
    /// `SIGCONT`.
    ThawProxy,
}

/// An action and the operation that it comes before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Operations of all clients that have begun.
    pub at: usize,
    /// What is done then.
    pub action: Action,
}

/// The plan of a seed. Whatever falls stands up again later; at most two nodes are down at once.
#[must_use]
pub fn draw(seed: u64, operations: usize, nodes: usize) -> Vec<Step> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut steps: Vec<Step> = Vec::new();
    // Until when each node is down.
    let mut busy = vec![0; nodes];
    let mut proxy_busy = 0;
    let mut at = operations / 20;
    while at < operations * 9 / 10 {
        let down = busy.iter().filter(|until| **until > at).count();
        let length = random.random_range(5..operations / 12 + 6);
        let node = random.random_range(0..nodes);
        let kind = random.random_range(0..12);
        if kind < 8 && down < 2 && busy[node] <= at {
            // A long fault of a second node leaves shards without any copy for as long.
            let length = if down > 0 { length / 3 + 1 } else { length };
            let (begin, end) = if kind < 5 {
                (Action::Kill(node), Action::Restart(node))
            } else {
                (Action::Freeze(node), Action::Thaw(node))
            };
            steps.push(Step { at, action: begin });
            steps.push(Step {
                at: at + length,
                action: end,
            });
            busy[node] = at + length + 1;
        } else if kind == 8 && proxy_busy <= at {
            let action = Action::KillProxy;
            steps.push(Step { at, action });
        } else if kind == 9 && proxy_busy <= at {
            let length = length / 4 + 1;
            steps.push(Step {
                at,
                action: Action::FreezeProxy,
            });
            steps.push(Step {
                at: at + length,
                action: Action::ThawProxy,
            });
            proxy_busy = at + length + 1;
        } else if kind > 9 && busy[node] <= at {
            steps.push(Step {
                at,
                action: Action::Slow(node),
            });
            steps.push(Step {
                at: at + length,
                action: Action::Hasten(node),
            });
            busy[node] = at + length + 1;
        }
        at += random.random_range(3..operations / 40 + 4);
    }
    steps.sort_by_key(|step| step.at);
    steps
}
