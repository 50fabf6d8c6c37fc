//! From the ends of a task's legs to the end of the task. Pure.

use miroir_core::id::{NodeId, ShardSet};
use miroir_store::Json;

/// How one node's part of a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LegResult {
    Applied,
    /// The node worked on it and failed; its error as the node words it.
    Failed(Json),
    /// The node never took it, or nobody will ever know.
    Missed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LegReport {
    pub(crate) node: NodeId,
    pub(crate) shards: ShardSet,
    pub(crate) result: LegResult,
}

/// What the legs mean together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Composite {
    /// `None`: succeeded. The error of the lowest shard that no copy applied otherwise; no text when every copy missed it.
    pub(crate) failed: Option<Option<Json>>,
    /// Copies that must serve no reads any more because another copy of the shard has what they lack.
    pub(crate) stale: Vec<(NodeId, ShardSet)>,
}

/// Invariant 3 and data-path.md 5.4: the task follows the copies that applied it; the others of the same shard are stale; a shard
/// that no copy applied fails the task and leaves its copies equal, so none of them is stale.
pub(crate) fn compose(legs: &[LegReport]) -> Composite {
    let mut applied = ShardSet::new();
    for leg in legs.iter().filter(|leg| leg.result == LegResult::Applied) {
        applied.extend(leg.shards.iter());
    }
    let mut failed: Option<(u16, Option<Json>)> = None;
    let mut stale = Vec::new();
    for leg in legs.iter().filter(|leg| leg.result != LegResult::Applied) {
        let (behind, lost): (ShardSet, ShardSet) = leg
            .shards
            .iter()
            .partition(|shard| applied.contains(*shard));
        if !behind.is_empty() {
            stale.push((leg.node.clone(), behind));
        }
        let Some(first) = lost.iter().next() else {
            continue;
        };
        let error = match &leg.result {
            LegResult::Failed(error) => Some(error.clone()),
            LegResult::Applied | LegResult::Missed => None,
        };
        // A text is worth more than none; of texts the lowest shard's.
        let better = match &failed {
            None => true,
            Some((shard, text)) => match (text, &error) {
                (None, Some(_)) => true,
                (Some(_), None) => false,
                _ => first.0 < *shard,
            },
        };
        if better {
            failed = Some((first.0, error));
        }
    }
    Composite {
        failed: failed.map(|(_, error)| error),
        stale,
    }
}

#[cfg(test)]
mod tests {
    use miroir_core::id::{NodeId, Shard, ShardSet};
    use miroir_store::Json;

    use super::{LegReport, LegResult, compose};

    fn leg(node: &str, shards: &[u16], result: LegResult) -> LegReport {
        let node: NodeId = node.parse().unwrap();
        LegReport {
            node,
            shards: set(shards),
            result,
        }
    }

    fn set(shards: &[u16]) -> ShardSet {
        shards.iter().map(|shard| Shard(*shard)).collect()
    }

    fn text(text: &str) -> Json {
        Json::from_text(text)
    }

    #[test]
    fn all_applied_succeeds_and_marks_nothing() {
        let end = compose(&[
            leg("a", &[0, 1], LegResult::Applied),
            leg("b", &[1, 2], LegResult::Applied),
        ]);
        assert_eq!((end.failed, end.stale), (None, vec![]));
    }

    #[test]
    fn copy_that_failed_where_another_applied_is_stale() {
        let end = compose(&[
            leg("a", &[0, 1], LegResult::Failed(text("\"a\""))),
            leg("b", &[0, 1, 2], LegResult::Applied),
        ]);
        assert_eq!(end.failed, None);
        assert_eq!(end.stale, vec![("a".parse().unwrap(), set(&[0, 1]))]);
    }

    #[test]
    fn shard_that_every_copy_failed_fails_the_task_and_marks_only_what_differs() {
        let end = compose(&[
            leg("a", &[0, 1], LegResult::Failed(text("\"a\""))),
            leg("b", &[1], LegResult::Applied),
            leg("c", &[0], LegResult::Missed),
        ]);
        assert_eq!(end.failed, Some(Some(text("\"a\""))));
        assert_eq!(end.stale, vec![("a".parse().unwrap(), set(&[1]))]);
    }

    #[test]
    fn error_of_the_lowest_shard_wins_over_silence() {
        let end = compose(&[
            leg("a", &[3], LegResult::Failed(text("\"three\""))),
            leg("b", &[2], LegResult::Failed(text("\"two\""))),
            leg("c", &[0], LegResult::Missed),
        ]);
        assert_eq!(end.failed, Some(Some(text("\"two\""))));
    }
}
