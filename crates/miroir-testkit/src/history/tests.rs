//! The checker can fail: histories that a broken fleet would have made.

use std::collections::BTreeMap;

use super::plan::{self, Action};
use super::{Accepted, Change, Event, History, State, Told, Violation, check};

use Change::{Delete, Patch, Put};
use Told::{Perhaps, Succeeded};

fn put(version: u64) -> Option<State> {
    Put(version).apply(None)
}

fn history(events: Vec<Event>, finally: Option<State>) -> History {
    History {
        events: BTreeMap::from([("a".to_owned(), events)]),
        finally: finally
            .map(|state| ("a".to_owned(), state))
            .into_iter()
            .collect(),
        ..History::default()
    }
}

fn is_possible(events: Vec<Event>, finally: Option<State>) -> bool {
    check(&history(events, finally)).is_empty()
}

#[test]
fn what_was_told_to_have_happened_has() {
    let wrote = |change| Event::Wrote(change, Succeeded);
    assert!(is_possible(vec![wrote(Put(1)), wrote(Put(2))], put(2)));
    assert!(
        !is_possible(vec![wrote(Put(1)), wrote(Put(2))], put(1)),
        "a lost write"
    );
    assert!(!is_possible(vec![wrote(Put(1))], None), "a lost document");
    assert!(
        !is_possible(vec![wrote(Put(1)), wrote(Delete)], put(1)),
        "a deletion undone"
    );
    let merged = Patch(2).apply(put(1).as_ref());
    assert!(is_possible(
        vec![wrote(Put(1)), wrote(Patch(2))],
        merged.clone()
    ));
    let lost_base = Patch(2).apply(None);
    assert!(
        !is_possible(vec![wrote(Put(1)), wrote(Patch(2))], lost_base),
        "half a document"
    );
    assert!(!is_possible(vec![], put(1)), "a document from nowhere");
    let unknown = History {
        finally: BTreeMap::from([("b".to_owned(), State::default())]),
        ..History::default()
    };
    assert_eq!(check(&unknown).len(), 1);
}

#[test]
fn what_nobody_vouched_for_may_have_happened_once_at_any_time() {
    let sure = |change| Event::Wrote(change, Succeeded);
    let perhaps = |change| Event::Wrote(change, Perhaps);
    for end in [put(1), put(2)] {
        assert!(is_possible(vec![sure(Put(1)), perhaps(Put(2))], end));
    }
    // It was on its way for longer than the write after it.
    assert!(is_possible(vec![perhaps(Put(1)), sure(Put(2))], put(1)));
    assert!(is_possible(
        vec![sure(Put(1)), perhaps(Delete), sure(Put(2))],
        None
    ));
    assert!(!is_possible(vec![sure(Put(1)), perhaps(Put(2))], None));
    // Once.
    let events = vec![
        perhaps(Delete),
        sure(Put(1)),
        Event::Saw(None),
        sure(Put(2)),
    ];
    assert!(is_possible(events, put(2)));
    // Not before it was sent.
    let events = vec![sure(Put(1)), Event::Saw(None), perhaps(Delete)];
    assert!(!is_possible(events, put(1)));
}

#[test]
fn reads_show_what_succeeded() {
    let wrote = |change| Event::Wrote(change, Succeeded);
    let events = |saw| vec![wrote(Put(1)), Event::Saw(saw), wrote(Put(2))];
    assert!(is_possible(events(put(1)), put(2)));
    for wrong in [None, put(2)] {
        let violations = check(&history(events(wrong.clone()), put(2)));
        let expected = Violation::ImpossibleRead {
            document: "a".to_owned(),
            place: 1,
            saw: wrong,
            events: vec![wrote(Put(1))],
        };
        assert_eq!(violations, [expected]);
    }
}

#[test]
fn tasks_are_given_once_and_in_order() {
    let accepted = |task, began, ended| Accepted { task, began, ended };
    let of = |accepted: &[Accepted]| {
        check(&History {
            accepted: accepted.to_vec(),
            ..History::default()
        })
    };
    // Two at a time may be answered in any order.
    assert_eq!(
        of(&[accepted(1, 0, 5), accepted(0, 1, 4), accepted(2, 6, 7)]),
        []
    );
    let twice = of(&[accepted(1, 0, 1), accepted(1, 0, 1)]);
    assert_eq!(twice, [Violation::TaskGivenTwice(1)]);
    let late = [accepted(7, 0, 1), accepted(6, 2, 3)];
    assert_eq!(of(&late), [Violation::TasksOutOfOrder(late[0], late[1])]);
}

#[test]
fn copies_that_differ_are_a_violation() {
    let history = History {
        differences: vec!["shard 1".to_owned()],
        ..History::default()
    };
    assert_eq!(check(&history).len(), 1);
}

#[test]
fn a_seed_is_a_plan_and_everything_that_falls_stands_up_again() {
    for seed in 0..50 {
        let plan = plan::draw(seed, 2000, 5);
        assert_eq!(plan, plan::draw(seed, 2000, 5));
        assert!(plan.len() > 20, "{}", plan.len());
        let mut down: Vec<usize> = Vec::new();
        for step in &plan {
            match step.action {
                Action::Kill(node) | Action::Freeze(node) => {
                    assert!(!down.contains(&node));
                    down.push(node);
                }
                Action::Restart(node) | Action::Thaw(node) => {
                    down.retain(|down| *down != node);
                }
                Action::Slow(node) => assert!(!down.contains(&node)),
                Action::Hasten(_) | Action::KillProxy | Action::FreezeProxy | Action::ThawProxy => {
                }
            }
            assert!(down.len() <= 2);
        }
    }
}
