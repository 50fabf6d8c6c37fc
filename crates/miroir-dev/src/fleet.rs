//! The running children: who has died, and how all of them stop.

use std::time::Duration;

use anyhow::anyhow;
use futures_util::future::{join_all, select_all};

use crate::child::Child;
use crate::console::Console;

/// The proxy finishes requests for at most 30 seconds (`server.shutdown_grace_s`), twice at worst.
const PROXY_LIMIT: Duration = Duration::from_secs(65);
const NODE_LIMIT: Duration = Duration::from_secs(30);

/// Nodes, and a proxy in front of them once they answer.
#[derive(Default)]
pub(crate) struct Fleet {
    pub(crate) nodes: Vec<Child>,
    pub(crate) proxy: Option<Child>,
}

impl Fleet {
    /// Nothing was started.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Does `work` unless a child ends meanwhile.
    ///
    /// # Errors
    /// Those of `work`, and the end of a child, with the end of its log.
    pub(crate) async fn unless_one_ends<T>(
        &mut self,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        tokio::select! {
            biased;
            error = self.first_end() => Err(error),
            result = work => result,
        }
    }

    async fn first_end(&mut self) -> anyhow::Error {
        let children = self.nodes.iter_mut().chain(self.proxy.as_mut());
        let ends: Vec<_> = children
            .map(|child| {
                Box::pin(async move {
                    let how = match child.end().await {
                        Ok(status) => status.to_string(),
                        Err(error) => error.to_string(),
                    };
                    anyhow!(
                        "{} has ended ({how}); the end of {}:\n{}",
                        child.name(),
                        child.log().display(),
                        child.log_end()
                    )
                })
            })
            .collect();
        if ends.is_empty() {
            return std::future::pending().await;
        }
        select_all(ends).await.0
    }

    /// Stops the proxy, which finishes what it has begun, and then the nodes.
    pub(crate) async fn stop(&mut self) {
        if let Some(proxy) = &mut self.proxy {
            stop(proxy, PROXY_LIMIT).await;
        }
        join_all(self.nodes.iter_mut().map(|node| stop(node, NODE_LIMIT))).await;
    }
}

async fn stop(child: &mut Child, limit: Duration) {
    if !child.stop(limit).await {
        Console::complain(&format!(
            "{} did not stop within {} seconds and was killed; see {}",
            child.name(),
            limit.as_secs(),
            child.log().display()
        ));
    }
}
