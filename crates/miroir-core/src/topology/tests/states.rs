//! Every row of data-path.md 6.

use super::*;

#[test]
fn memberships_change_only_as_the_table_says() {
    use Membership::{Active, Draining, Joining, Removed};
    let legal = [
        (Joining, Active),
        (Joining, Removed),
        (Active, Draining),
        (Draining, Active),
        (Draining, Removed),
    ];
    for from in Membership::ALL {
        for to in Membership::ALL {
            let expected = if legal.contains(&(from, to)) {
                Ok(to)
            } else {
                Err(IllegalMembershipChange { from, to })
            };
            assert_eq!(from.change_to(to), expected);
        }
    }
}

#[test]
fn health_changes_only_as_the_table_says() {
    use Health::{Degraded, Failed, Healthy};
    use HealthTrigger::{Answering, IdentityLost, Recovered, Struggling, Unreachable};
    let (proved, unproved) = (
        Recovered {
            identity_confirmed: true,
        },
        Recovered {
            identity_confirmed: false,
        },
    );
    let legal = [
        (Healthy, Struggling, Degraded),
        (Healthy, Unreachable, Failed),
        (Degraded, Unreachable, Failed),
        (Healthy, IdentityLost, Failed),
        (Degraded, IdentityLost, Failed),
        (Degraded, proved, Healthy),
        (Degraded, unproved, Healthy),
        (Failed, Answering, Degraded),
        (Failed, proved, Healthy),
    ];
    for from in Health::ALL {
        for trigger in [
            Struggling,
            Unreachable,
            IdentityLost,
            Answering,
            proved,
            unproved,
        ] {
            let row = legal.iter().find(|row| (row.0, row.1) == (from, trigger));
            let expected = row
                .map(|row| row.2)
                .ok_or(IllegalHealthChange { from, trigger });
            assert_eq!(from.change(trigger), expected);
        }
    }
}

#[test]
fn reads_and_writes_follow_the_eligibility_table() {
    use ReadTier::{LastResort, Normal};
    use WriteRole::{Missed, Sent};
    for membership in Membership::ALL {
        for health in Health::ALL {
            let state = NodeState { membership, health };
            let expected = match (membership, health) {
                (Membership::Removed, _) => (None, None),
                (_, Health::Failed) => (None, Some(Missed)),
                (_, Health::Degraded) => (Some(LastResort), Some(Sent)),
                (_, Health::Healthy) => (Some(Normal), Some(Sent)),
            };
            assert_eq!(
                (state.read_tier(), state.write_role()),
                expected,
                "{state:?}"
            );
        }
    }
}

#[test]
fn one_word_stands_for_both_coordinates() {
    let status = |membership, health| NodeState { membership, health }.status().as_str();
    for health in Health::ALL {
        assert_eq!(status(Membership::Removed, health), "removed");
    }
    for membership in [
        Membership::Joining,
        Membership::Active,
        Membership::Draining,
    ] {
        assert_eq!(status(membership, Health::Failed), "failed");
    }
    for health in [Health::Healthy, Health::Degraded] {
        assert_eq!(status(Membership::Joining, health), "joining");
        assert_eq!(status(Membership::Draining, health), "draining");
    }
    assert_eq!(status(Membership::Active, Health::Degraded), "degraded");
    assert_eq!(status(Membership::Active, Health::Healthy), "healthy");
    assert_eq!("active".parse(), Ok(NodeStatus::Healthy));
    assert!("well".parse::<NodeStatus>().is_err());
}

fn observed(observations: &[Observation]) -> HealthCounter {
    let mut counter = HealthCounter::default();
    for observation in observations {
        counter.observe(
            *observation,
            Thresholds {
                unhealthy: 3,
                recovery: 2,
            },
        );
    }
    counter
}

#[test]
fn a_frozen_node_degrades_after_three_timeouts_and_fails_after_six() {
    use Observation::Slow;
    assert_eq!(observed(&[Slow; 2]).health(), Health::Healthy);
    assert_eq!(observed(&[Slow; 3]).health(), Health::Degraded);
    assert_eq!(observed(&[Slow; 5]).health(), Health::Degraded);
    assert_eq!(observed(&[Slow; 6]).health(), Health::Failed);
}

#[test]
fn a_killed_node_fails_after_three_refusals_and_must_prove_itself() {
    use Observation::{IdentityConfirmed, Refused, Success};
    assert_eq!(observed(&[Refused; 3]).health(), Health::Failed);
    let back = [Refused, Refused, Refused, Success, Success, Success];
    // Its disk may be another one: nothing of it is read before it has shown who it is.
    assert_eq!(observed(&back).health(), Health::Failed);
    assert!(observed(&back).needs_identity());
    let proved = [&back[..], &[IdentityConfirmed]].concat();
    assert_eq!(observed(&proved).health(), Health::Healthy);
}

#[test]
fn a_node_that_was_never_met_serves_once_it_is_identified() {
    let thresholds = Thresholds {
        unhealthy: 3,
        recovery: 2,
    };
    let mut counter = HealthCounter::unidentified();
    counter.observe(Observation::Success, thresholds);
    counter.observe(Observation::Success, thresholds);
    assert_eq!(counter.health(), Health::Failed);
    counter.observe(Observation::IdentityConfirmed, thresholds);
    assert_eq!(counter.health(), Health::Healthy);
}

#[test]
fn a_success_starts_the_count_again() {
    use Observation::{Refused, Slow, Success};
    assert_eq!(
        observed(&[Slow, Slow, Success, Slow, Slow]).health(),
        Health::Healthy
    );
    assert_eq!(
        observed(&[Refused, Refused, Slow, Refused, Refused]).health(),
        Health::Degraded
    );
}

#[test]
fn a_lost_identity_fails_the_node_until_it_is_confirmed() {
    use Observation::{IdentityConfirmed, IdentityLost, Success};
    assert_eq!(observed(&[IdentityLost]).health(), Health::Failed);
    assert_eq!(
        observed(&[IdentityLost, Success, Success]).health(),
        Health::Failed
    );
    assert_eq!(
        observed(&[IdentityLost, Success, IdentityConfirmed, Success]).health(),
        Health::Healthy
    );
}
