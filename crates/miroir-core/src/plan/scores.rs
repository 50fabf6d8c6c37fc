//! How well each node does, as the planner weighs it. Where the scores come from is not its business.

use crate::id::NodeId;

/// A node whose score is so many times the fleet's median stands apart ...
const FAR: f64 = 5.0;
/// ... if it is also so far above it: between well nodes a few milliseconds are chance.
const APART: f64 = 10.0;
/// Scores up to the best one times this ...
const NEAR: f64 = 1.25;
/// ... plus this are as good as the best one, and take turns.
const EVEN: f64 = 4.0;

/// The score of every node when a read begins; lower is better. The default knows nothing: nodes take turns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scores {
    by_node: Vec<(NodeId, f64)>,
    /// From here on a node is asked only where nobody else can answer.
    limit: f64,
}

impl Scores {
    /// Infinite is the score of a node that is not to be asked while others can answer.
    pub fn new(by_node: Vec<(NodeId, f64)>) -> Self {
        let mut scores: Vec<f64> = by_node.iter().map(|(_, score)| *score).collect();
        scores.sort_by(f64::total_cmp);
        let median = match scores.len() {
            0 => 0.0,
            // Of two the better one: a single sick node must not be what is usual.
            nodes => scores[(nodes - 1) / 2],
        };
        Self {
            by_node,
            limit: (FAR * median).max(median + APART),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.by_node.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&NodeId, f64)> {
        self.by_node.iter().map(|(node, score)| (node, *score))
    }

    /// Zero for a node that nothing is known of.
    pub fn of(&self, node: &NodeId) -> f64 {
        let known = self.by_node.iter().find(|(known, _)| known == node);
        known.map_or(0.0, |(_, score)| *score)
    }

    pub fn is_outlier(&self, node: &NodeId) -> bool {
        self.of(node) > self.limit
    }

    /// The nodes that stand apart from the others.
    pub fn outliers(&self) -> impl Iterator<Item = &NodeId> {
        self.by_node
            .iter()
            .filter(|(_, score)| *score > self.limit)
            .map(|(node, _)| node)
    }

    /// Whether one score is so close to the best one that the difference says nothing.
    pub(crate) fn is_near(score: f64, best: f64) -> bool {
        score <= best * NEAR + EVEN
    }
}
