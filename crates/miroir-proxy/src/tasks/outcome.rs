//! From the ends of a task's legs to the end of the task. Pure.

use miroir_core::id::{NodeId, Shard, ShardSet};
use miroir_core::topology::StaleMap;
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

/// Which copies the task follows.
pub(crate) struct Standing<'a> {
    /// Copies that are stale now: what they did or did not do decides nothing.
    pub(crate) stale: &'a StaleMap,
    /// Copies that an earlier task, which is still open, may make stale.
    pub(crate) doubtful: &'a StaleMap,
}

/// What the legs mean together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Composite {
    /// `None`: succeeded. The error of the lowest shard that no copy applied otherwise; no text when every copy missed it.
    pub(crate) failed: Option<Option<Json>>,
    /// Copies that must serve no reads any more because they differ from the fresh copies of the shard. Marked again if they are stale
    /// already: a repair that is under way has compared something else.
    pub(crate) stale: Vec<(NodeId, ShardSet)>,
    /// Copies disagree, and whether those that applied it are in sync is not decided before earlier tasks end.
    pub(crate) is_undecided: bool,
}

/// Invariant 3 and data-path.md 5.4: the task follows the fresh copies that applied it; the others of the same shard are stale. A
/// shard that no fresh copy applied fails the task: its fresh copies are equal, and a stale one that did apply it differs from them.
pub(crate) fn compose(legs: &[LegReport], standing: &Standing<'_>) -> Composite {
    let is_applied = |leg: &&LegReport| leg.result == LegResult::Applied;
    let among = |map: &StaleMap, leg: &LegReport, shard: Shard| map.contains(&leg.node, shard);
    let (mut applied, mut in_doubt) = (ShardSet::new(), ShardSet::new());
    for leg in legs.iter().filter(is_applied) {
        for shard in leg
            .shards
            .iter()
            .filter(|shard| !among(standing.stale, leg, *shard))
        {
            if among(standing.doubtful, leg, shard) {
                in_doubt.extend([shard]);
            } else {
                applied.extend([shard]);
            }
        }
    }
    let mut failed: Option<(u16, Option<Json>)> = None;
    let mut stale = Vec::new();
    let mut is_undecided = false;
    for leg in legs {
        let (behind, lost): (ShardSet, ShardSet) = leg
            .shards
            .iter()
            .partition(|shard| applied.contains(*shard));
        if is_applied(&leg) {
            if !lost.is_empty() {
                let ahead = lost.difference(&in_doubt);
                if !ahead.is_empty() {
                    stale.push((leg.node.clone(), ahead));
                }
            }
            continue;
        }
        if !behind.is_empty() {
            stale.push((leg.node.clone(), behind));
        }
        is_undecided |= !lost.is_disjoint(&in_doubt);
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
        is_undecided,
    }
}

#[cfg(test)]
mod tests {
    use miroir_core::id::{NodeId, Shard, ShardSet};
    use miroir_store::Json;

    use miroir_core::topology::StaleMap;

    use super::{Composite, LegReport, LegResult, Standing};

    fn compose(legs: &[LegReport]) -> Composite {
        compose_with(legs, &[], &[])
    }

    fn compose_with(legs: &[LegReport], stale: &[&str], doubtful: &[&str]) -> Composite {
        let map = |nodes: &[&str]| {
            let mut map = StaleMap::new();
            for node in nodes {
                map.mark(node.parse().unwrap(), &set(&[0, 1, 2, 3]));
            }
            map
        };
        let (stale, doubtful) = (map(stale), map(doubtful));
        super::compose(
            legs,
            &Standing {
                stale: &stale,
                doubtful: &doubtful,
            },
        )
    }

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
    fn stale_copy_does_not_speak_for_a_shard() {
        let missed = leg("fresh", &[1], LegResult::Missed);
        let end = compose_with(
            &[missed, leg("stale", &[1], LegResult::Applied)],
            &["stale"],
            &[],
        );
        assert_eq!(end.failed, Some(None), "the fresh copy decides");
        // It has what the fresh copy has not: a repair that compared it before proves nothing.
        assert_eq!(end.stale, vec![("stale".parse().unwrap(), set(&[1]))]);
    }

    #[test]
    fn copy_that_an_earlier_task_may_fence_decides_nothing_yet() {
        let legs = [
            leg("a", &[1], LegResult::Missed),
            leg("b", &[1], LegResult::Applied),
        ];
        let end = compose_with(&legs, &[], &["b"]);
        assert!(end.is_undecided);
        assert_eq!(end.stale, vec![]);
        let agreed = [
            leg("a", &[1], LegResult::Applied),
            leg("b", &[1], LegResult::Applied),
        ];
        assert!(!compose_with(&agreed, &[], &["a", "b"]).is_undecided);
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
