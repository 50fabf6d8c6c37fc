//! Nodes that do well and badly, by a scripted clock and seeded chance.

use std::time::Duration;

use miroir_core::id::NodeId;
use miroir_core::topology::{Health, HealthMap};
use prometheus_client::metrics::counter::Counter;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::decide::Ending;
use super::{Choice, Class, ReplicaSelection};
use crate::config::{Ratio, Strategy};

const WELL: Duration = Duration::from_millis(2);
const SLOW: Duration = Duration::from_millis(202);
const STEP: Duration = Duration::from_millis(10);
/// At the default.
const TWO_HALF_LIVES: u64 = 1_000;

/// Three nodes with the same copies, one search every ten milliseconds.
struct Fleet {
    selection: ReplicaSelection,
    health: HealthMap,
    now: Duration,
    random: StdRng,
    /// How long the first node takes.
    first: Duration,
}

impl Fleet {
    fn new(strategy: Strategy, epsilon: f32) -> Self {
        let options = crate::config::ReplicaSelection {
            strategy,
            exploration_epsilon: Ratio(epsilon),
            ..Default::default()
        };
        let nodes: Vec<NodeId> = ["a", "b", "c"].map(|id| id.parse().unwrap()).to_vec();
        let health = nodes.iter().map(|node| (node.clone(), Health::Healthy));
        Self {
            health: health.collect(),
            selection: ReplicaSelection::new(options, nodes, Counter::default()),
            now: Duration::from_secs(60),
            random: StdRng::seed_from_u64(7),
            first: WELL,
        }
    }

    /// Who answers and who is on trial, by place, in so many searches. Whoever is asked takes its time.
    fn searches(&mut self, count: u64) -> Vec<(usize, Option<usize>)> {
        let searches = (0..count).map(|turn| {
            self.now += STEP;
            let dice: f32 = self.random.random();
            let choice = self
                .selection
                .choose(Class::Search, &self.health, self.now, dice);
            let asked = self.pick(&choice, turn);
            let place = |node: &NodeId| self.selection.find(node).unwrap();
            let trial = choice.trial.as_ref().map(place);
            for place in [Some(asked), trial].into_iter().flatten() {
                let time = if place == 0 { self.first } else { WELL };
                let samples = &self.selection.nodes[place].samples[Class::Search as usize];
                samples.lock().note(self.now, Ending::Answered(time));
            }
            (asked, trial)
        });
        searches.collect()
    }

    /// As the planner does with one node for everything.
    fn pick(&self, choice: &Choice, turn: u64) -> usize {
        let nodes = self.selection.nodes.iter().enumerate();
        let calm: Vec<usize> = nodes
            .filter(|(_, node)| !choice.scores.is_outlier(&node.id))
            .map(|(place, _)| place)
            .collect();
        calm[usize::try_from(turn).unwrap() % calm.len()]
    }
}

fn share(searches: &[(usize, Option<usize>)]) -> f64 {
    let first = searches.iter().filter(|(asked, _)| *asked == 0).count();
    first as f64 / searches.len() as f64
}

#[test]
fn a_slow_node_loses_its_share_and_gets_it_back() {
    let mut fleet = Fleet::new(Strategy::Adaptive, 0.05);
    let even = share(&fleet.searches(600));
    assert!((even - 1.0 / 3.0).abs() < 0.05, "{even}");
    fleet.first = SLOW;
    fleet.searches(TWO_HALF_LIVES);
    let slow = fleet.searches(1_000);
    assert!(share(&slow) < 0.1);
    let tried = slow.iter().filter(|(_, trial)| *trial == Some(0)).count();
    assert!((30..=70).contains(&tried), "{tried} of 1000");
    fleet.first = WELL;
    fleet.searches(TWO_HALF_LIVES);
    let back = share(&fleet.searches(600));
    assert!((back - 1.0 / 3.0).abs() < 0.05, "{back}");
}

#[test]
fn choices_are_the_same_for_the_same_seed_and_clock() {
    let run = || {
        let mut fleet = Fleet::new(Strategy::Adaptive, 0.3);
        fleet.first = SLOW;
        fleet.searches(2_000)
    };
    assert_eq!(run(), run());
}

#[test]
fn other_strategies_know_no_sick_nodes() {
    for strategy in [Strategy::RoundRobin, Strategy::Random] {
        let mut fleet = Fleet::new(strategy, 0.05);
        fleet.first = SLOW;
        let share = share(&fleet.searches(9_999));
        assert!((share - 1.0 / 3.0).abs() < 0.01, "{share}");
    }
    let fleet = Fleet::new(Strategy::RoundRobin, 0.05);
    let turns: Vec<u64> = (0..5).map(|_| fleet.selection.turn()).collect();
    assert_eq!(turns, [0, 1, 2, 3, 4]);
}

#[test]
fn reads_one_after_the_other_stay_with_the_same_copies() {
    let fleet = Fleet::new(Strategy::Adaptive, 0.05);
    let length = u64::from(crate::config::ReplicaSelection::default().turn_length);
    for read in 0..5 * length {
        assert_eq!(fleet.selection.next_turn(), read / length);
        assert_eq!(fleet.selection.turn(), read / length);
    }
}

#[test]
fn reads_that_overlap_take_turns() {
    let fleet = Fleet::new(Strategy::Adaptive, 0.05);
    let node: NodeId = "b".parse().unwrap();
    assert_eq!([(); 2].map(|()| fleet.selection.turn()), [0, 0]);
    let under_way = fleet.selection.begin(&node, "search");
    assert_eq!(fleet.selection.next_turn(), 1);
    assert_eq!([(); 3].map(|()| fleet.selection.turn()), [1, 2, 3]);
    drop(under_way);
    assert_eq!([(); 3].map(|()| fleet.selection.turn()), [3, 3, 3]);
}

#[test]
fn a_node_that_is_late_twice_without_an_answer_is_spared_at_once() {
    let mut fleet = Fleet::new(Strategy::Adaptive, 0.0);
    fleet.searches(300);
    let node: NodeId = "a".parse().unwrap();
    let is_spared = |fleet: &Fleet| {
        let scores = fleet
            .selection
            .scores(Class::Search, &fleet.health, fleet.now);
        scores.is_outlier(&node)
    };
    fleet.selection.late(&node);
    assert!(!is_spared(&fleet));
    fleet.selection.late(&node);
    assert!(is_spared(&fleet));
    let answer = miroir_node::Answer {
        status: http::StatusCode::OK,
        body: Default::default(),
    };
    let under_way = fleet.selection.begin(&node, "search").unwrap();
    under_way.end(&Ok(answer));
    assert!(!is_spared(&fleet));
}

#[test]
fn a_node_that_comes_back_is_not_flooded() {
    let mut fleet = Fleet::new(Strategy::Adaptive, 0.0);
    let node: NodeId = "a".parse().unwrap();
    fleet.health.set(node.clone(), Health::Failed);
    fleet.searches(2_000);
    fleet.health.set(node.clone(), Health::Healthy);
    fleet.searches(10);
    let is_spared = |fleet: &Fleet| {
        let scores = fleet
            .selection
            .scores(Class::Search, &fleet.health, fleet.now);
        scores.is_outlier(&node)
    };
    let begin = || fleet.selection.begin(&node, "search").unwrap();
    let mut under_way = vec![begin(), begin(), begin()];
    assert!(!is_spared(&fleet));
    under_way.push(begin());
    assert!(is_spared(&fleet), "four are enough for the first seconds");
    drop(under_way);
    assert!(!is_spared(&fleet));
}
