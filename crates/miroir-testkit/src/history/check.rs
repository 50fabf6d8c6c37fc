//! Whether a history was possible. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Accepted, Change, Event, History, State, Told};

/// Why it was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// A read showed what no order of the writes could have led to.
    ImpossibleRead {
        /// Which document.
        document: String,
        /// Place of the read in the document's events.
        place: usize,
        /// What was seen.
        saw: Option<State>,
        /// The document's history up to it.
        events: Vec<Event>,
    },
    /// The nodes hold what no order of the writes could have led to: a lost write, or a deletion that was undone.
    ImpossibleEnd {
        /// Which document.
        document: String,
        /// What is there.
        holds: Option<State>,
        /// The document's history.
        events: Vec<Event>,
    },
    /// Two writes were given one task.
    TaskGivenTwice(u64),
    /// A write that began after another one had been answered has the lower task.
    TasksOutOfOrder(Accepted, Accepted),
    /// Two copies of one shard are not equal.
    CopiesDiffer(String),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// All violations of a history; none when it was possible.
#[must_use]
pub fn check(history: &History) -> Vec<Violation> {
    let mut violations = check_tasks(&history.accepted);
    for (document, events) in &history.events {
        violations.extend(check_document(
            document,
            events,
            history.finally.get(document).cloned(),
        ));
    }
    for (document, holds) in &history.finally {
        if !history.events.contains_key(document) {
            violations.push(Violation::ImpossibleEnd {
                document: document.clone(),
                holds: Some(holds.clone()),
                events: Vec::new(),
            });
        }
    }
    let differences = history.differences.iter().cloned();
    violations.extend(differences.map(Violation::CopiesDiffer));
    violations
}

fn check_tasks(accepted: &[Accepted]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut seen = BTreeSet::new();
    for write in accepted {
        if !seen.insert(write.task) {
            violations.push(Violation::TaskGivenTwice(write.task));
        }
    }
    let mut by_end = accepted.to_vec();
    by_end.sort_by_key(|write| write.ended);
    let mut by_begin = accepted.to_vec();
    by_begin.sort_by_key(|write| write.began);
    let mut ended = by_end.into_iter().peekable();
    let mut highest: Option<Accepted> = None;
    for write in by_begin {
        while let Some(earlier) = ended.next_if(|earlier| earlier.ended < write.began) {
            if highest.is_none_or(|highest| earlier.task > highest.task) {
                highest = Some(earlier);
            }
        }
        if let Some(highest) = highest.filter(|highest| highest.task > write.task) {
            violations.push(Violation::TasksOutOfOrder(highest, write));
        }
    }
    violations
}

/// What a document may be, and which uncertain writes may still come.
type Possible = BTreeSet<(Option<State>, BTreeSet<usize>)>;

fn check_document(document: &str, events: &[Event], holds: Option<State>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut possible: Possible = BTreeSet::from([(None, BTreeSet::new())]);
    let uncertain: BTreeMap<usize, Change> = events
        .iter()
        .enumerate()
        .filter_map(|(place, event)| match event {
            Event::Wrote(change, Told::Perhaps) => Some((place, *change)),
            _ => None,
        })
        .collect();
    for (place, event) in events.iter().enumerate() {
        match event {
            Event::Wrote(change, Told::Succeeded) => {
                possible = possible
                    .into_iter()
                    .map(|(state, open)| (change.apply(state.as_ref()), open))
                    .collect();
            }
            Event::Wrote(_, Told::Perhaps) => {
                possible = possible
                    .into_iter()
                    .map(|(state, mut open)| {
                        open.insert(place);
                        (state, open)
                    })
                    .collect();
            }
            Event::Saw(saw) => {
                // A write that nobody vouches for may be seen on one copy and be gone on the next: it binds nothing.
                if !possible.iter().any(|(state, _)| state == saw) {
                    violations.push(Violation::ImpossibleRead {
                        document: document.to_owned(),
                        place,
                        saw: saw.clone(),
                        events: events[..place].to_vec(),
                    });
                }
            }
        }
        possible = settle(possible, &uncertain);
    }
    if !possible.iter().any(|(state, _)| *state == holds) {
        violations.push(Violation::ImpossibleEnd {
            document: document.to_owned(),
            holds,
            events: events.to_vec(),
        });
    }
    violations
}

/// Every way in which the uncertain writes that have been sent may have happened by now.
fn settle(possible: Possible, uncertain: &BTreeMap<usize, Change>) -> Possible {
    let mut settled = possible.clone();
    let mut queue: Vec<_> = possible.into_iter().collect();
    while let Some((state, open)) = queue.pop() {
        for place in &open {
            let Some(change) = uncertain.get(place) else {
                continue;
            };
            let mut rest = open.clone();
            rest.remove(place);
            let next = (change.apply(state.as_ref()), rest);
            if settled.insert(next.clone()) {
                queue.push(next);
            }
        }
    }
    settled
}
