//! Grammar and set algebra of the identities.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn set(shards: &[u16]) -> ShardSet {
    shards.iter().copied().map(Shard).collect()
}

#[test]
fn node_ids_are_dns_labels() {
    let longest = "a".repeat(63);
    for good in ["a", "0", "meili-0", "a--b", longest.as_str()] {
        assert_eq!(NodeId::parse(good).expect("valid").as_str(), good);
    }
    let too_long = "a".repeat(64);
    for bad in ["", "-a", "a-", "A", "a_b", "a.b", "ä", too_long.as_str()] {
        assert_eq!(NodeId::parse(bad), Err(InvalidNodeId(bad.to_owned())));
    }
}

#[test]
fn index_uids_follow_the_server() {
    let longest = "x".repeat(400);
    for good in ["1", "Movies_2024-a", "-", longest.as_str()] {
        assert!(IndexUid::parse(good).is_ok(), "{good}");
    }
    let too_long = "x".repeat(401);
    for bad in ["", "a b", "a.b", "é", too_long.as_str()] {
        assert!(IndexUid::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn node_uids_derive_from_the_clients_uid() {
    let uid = IndexUid::parse("movies").expect("valid");
    assert_eq!(NodeUid::first(&uid).to_string(), "movies");
    assert_eq!(NodeUid::generation(&uid, 3).to_string(), "movies__3");
    assert_eq!(
        NodeUid::generation(&uid, 3).twin().to_string(),
        "movies__3__twin"
    );
    assert!(NodeUid::first(&uid).twin().is_twin());
}

#[test]
fn derived_names_of_the_longest_uids_stay_valid_and_distinct() {
    let names =
        ["a", "b"].map(|end| IndexUid::parse(&format!("{}{end}", "x".repeat(399))).expect("valid"));
    let derived: BTreeSet<NodeUid> = names
        .iter()
        .flat_map(|uid| {
            [
                NodeUid::first(uid).twin(),
                NodeUid::generation(uid, 1),
                NodeUid::generation(uid, 1).twin(),
            ]
        })
        .collect();
    assert_eq!(derived.len(), 6);
    for uid in &derived {
        assert!(NodeUid::parse(uid.as_str()).is_ok(), "{uid}");
    }
}

#[test]
fn shard_counts_are_bounded() {
    assert!(ShardCount::new(0).is_err());
    assert!(ShardCount::new(4097).is_err());
    assert_eq!(ShardCount::new(4096).expect("valid").get(), 4096);
}

#[test]
fn serialised_as_plain_values_and_checked_on_the_way_in() {
    let json = |value: &dyn erased::Json| value.json();
    assert_eq!(
        json(&NodeId::parse("meili-0").expect("valid")),
        r#""meili-0""#
    );
    assert_eq!(json(&set(&[300, 3])), "[3,300]");
    assert_eq!(json(&TaskUid(7)), "7");
    assert_eq!(json(&ShardCount::new(64).expect("valid")), "64");
    assert!(serde_json::from_str::<NodeId>(r#""Nope""#).is_err());
    assert!(serde_json::from_str::<ShardCount>("0").is_err());
    assert_eq!(
        serde_json::from_str::<ShardSet>("[300,3]").expect("valid"),
        set(&[3, 300])
    );
}

mod erased {
    //! `serde::Serialize` is not usable as a trait object, this is.
    pub(super) trait Json {
        fn json(&self) -> String;
    }

    impl<T: serde::Serialize> Json for T {
        fn json(&self) -> String {
            serde_json::to_string(self).expect("serialises")
        }
    }
}

#[test]
fn shard_sets_print_the_header_grammar() {
    assert_eq!(set(&[]).to_string(), "");
    assert_eq!(set(&[11, 3, 7]).to_string(), "3,7,11");
    let hundred = ShardSet::full(ShardCount::new(100).expect("valid"));
    assert!(hundred.to_string().ends_with(",98,99"));
    let more = ShardSet::full(ShardCount::new(164).expect("valid"));
    assert!(more.to_string().ends_with(",98,99,+64"));
}

#[test]
fn full_sets_hold_every_shard_once() {
    for count in [1, 63, 64, 65, 256, 257, 4096] {
        let count = ShardCount::new(count).expect("valid");
        assert!(ShardSet::full(count).iter().eq(count.iter()));
    }
}

proptest! {
    #[test]
    fn shard_sets_agree_with_an_ordered_set(
        left in prop::collection::btree_set(0u16..4096, 0..40),
        right in prop::collection::btree_set(prop_oneof![0u16..4096, 0u16..80], 0..40),
    ) {
        let of = |shards: BTreeSet<u16>| shards.into_iter().map(Shard).collect::<ShardSet>();
        let (a, b) = (of(left.clone()), of(right.clone()));
        prop_assert_eq!(a.len(), left.len());
        prop_assert_eq!(a.is_empty(), left.is_empty());
        prop_assert!(a.iter().map(|shard| shard.0).eq(left.iter().copied()));
        prop_assert_eq!(a.union(&b), of(left.union(&right).copied().collect()));
        prop_assert_eq!(a.intersection(&b), of(left.intersection(&right).copied().collect()));
        prop_assert_eq!(a.difference(&b), of(left.difference(&right).copied().collect()));
        prop_assert_eq!(a.is_subset(&b), left.is_subset(&right));
        prop_assert_eq!(a.is_disjoint(&b), left.is_disjoint(&right));
        let mut emptied = a.clone();
        for shard in &b {
            prop_assert_eq!(emptied.remove(shard), left.contains(&shard.0));
        }
        prop_assert_eq!(emptied, a.difference(&b));
    }
}
