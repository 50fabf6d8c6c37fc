//! Golden vectors. If one of these fails, the code is wrong, not the number.

use super::*;

fn shards(key: &str) -> [u16; 3] {
    [16, 64, 128].map(|count| shard_of(key, ShardCount::new(count).expect("valid")).0)
}

#[test]
fn keys_hash_to_the_frozen_values() {
    let golden = [
        ("1", 0x13bb_f5d4_30c4_9824, [4, 36, 36]),
        ("42", 0xb6cf_972c_370e_5475, [5, 53, 117]),
        ("movie_inception", 0x2418_a7f3_c133_e46e, [14, 46, 110]),
        ("sku-0001", 0xccda_d8b8_f1ac_6dd0, [0, 16, 80]),
        ("a", 0x3ff5_008a_504a_5280, [0, 0, 0]),
        ("A", 0x558b_1874_a414_e0fe, [14, 62, 126]),
    ];
    for (key, hash, expected) in golden {
        assert_eq!(key_hash(key), hash, "{key}");
        assert_eq!(shards(key), expected, "{key}");
    }
}

#[test]
fn scores_are_the_frozen_values() {
    let golden = [
        (0, "meili-0", 0xb0ad_d2a1_eb6a_95ff),
        (1, "meili-0", 0x2124_0201_50d5_788d),
        (63, "meili-2", 0xa549_06e5_5af4_37e7),
        (4095, "meili-5", 0x32e7_e116_0635_31cf),
    ];
    for (shard, node, expected) in golden {
        let node = NodeId::parse(node).expect("valid");
        assert_eq!(score(Shard(shard), &node), expected, "({shard}, {node})");
    }
}

#[test]
fn both_ways_of_hashing_agree_around_the_size_of_the_buffer() {
    for length in [0, 1, 31, 32, 33, 126, 127, 128, 129, 511] {
        let key = "k".repeat(length);
        assert_eq!(
            key_hash(&key),
            hash_in_pieces(&[key.as_bytes(), &[END]]),
            "{length} bytes"
        );
    }
}

#[test]
fn other_hashes_separate_their_parts() {
    assert_ne!(ownership_score("ab", "c"), ownership_score("a", "bc"));
    assert_eq!(tenant_hash("acme"), hash_in_pieces(&[b"acme"]));
    assert_ne!(tenant_hash("acme"), key_hash("acme"));
}
