//! The properties of the alphabet that everything else relies on.

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::*;

#[test]
fn every_symbol_survives_normalisation_and_lower_casing() {
    for value in 0..16 {
        let symbol = symbol(value).to_string();
        assert_eq!(symbol.nfkd().collect::<String>(), symbol);
        assert_eq!(symbol.nfkc().collect::<String>(), symbol);
        assert_eq!(symbol.to_lowercase(), symbol);
        assert!(symbol.chars().all(|character| !character.is_alphanumeric()));
        assert!(contains_symbol(&format!("a{symbol}b")));
    }
    assert!(!contains_symbol("\u{22AF}\u{22C0}plain"));
}

#[test]
fn markers_are_frozen() {
    assert_eq!(of_shard(Shard(0)), "\u{22B0}\u{22B0}\u{22B0}");
    assert_eq!(of_shard(Shard(0x1AF)), "\u{22B1}\u{22BA}\u{22BF}");
    assert_eq!(of_shard(Shard(4095)), "\u{22BF}\u{22BF}\u{22BF}");
    assert_eq!(
        of_number(0x12),
        format!("{}\u{22B1}\u{22B2}", "\u{22B0}".repeat(14))
    );
}

#[test]
fn every_shard_comes_back_and_sorts_as_a_number() {
    let markers: Vec<String> = (0..4096).map(|shard| of_shard(Shard(shard))).collect();
    assert!(markers.is_sorted());
    for (shard, marker) in (0..).zip(&markers) {
        assert_eq!(parse_shard(marker), Some(Shard(shard)));
    }
}

#[test]
fn other_texts_are_no_markers() {
    for text in [
        "",
        "\u{22B0}\u{22B0}",
        "\u{22B0}\u{22B0}\u{22B0}\u{22B0}",
        "\u{22B0}\u{22B0}0",
        "\u{22B0}\u{22B0}\u{22AF}",
    ] {
        assert_eq!(parse_shard(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn numbers_come_back_and_compare_as_bytes(left: u64, right: u64) {
        prop_assert_eq!(parse_number(&of_number(left)), Some(left));
        prop_assert_eq!(of_number(left).as_bytes().cmp(of_number(right).as_bytes()), left.cmp(&right));
    }
}
