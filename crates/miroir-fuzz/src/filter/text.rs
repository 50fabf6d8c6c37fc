//! A tree as the text of a filter: strings or arrays, with any spacing, quoting and parentheses that mean the same.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::Value;

use super::document::Literal;
use super::tree::Tree;

/// Conditions that name no id by equality.
pub(super) const OTHERS: [&str; 24] = [
    "colour = red",
    "colour='it\\'s \"red\"'",
    "colour = \"a \\\\ b\"",
    "size > 3",
    "size>=-1.5e3",
    "size != 4",
    "size 3 TO 9",
    "colour IN [red, 'AND id = 1', \"OR\", ]",
    "colour NOT IN [red,blue]",
    "colour EXISTS",
    "colour NOT  EXISTS",
    "colour IS NULL",
    "colour IS NOT EMPTY",
    "title CONTAINS 'id = 7'",
    "title NOT CONTAINS x",
    "title STARTS WITH \"(\"",
    "_geoRadius(45.4, 9.1e0, 2000)",
    "_geoBoundingBox([45, 9], [ 44 ,8 ])",
    "_geoPolygon([1, 2], [3, 4], [5, 6])",
    "_vectors EXISTS",
    "_vectors.\"id = 1\".fragments.x NOT EXISTS",
    "'id ' = 1",
    "ID = 1",
    "größe = 1",
];

/// What damage inserts.
pub(super) const WORDS: [&str; 24] = [
    "id",
    " AND ",
    " OR ",
    "NOT ",
    " IN [",
    "]",
    "(",
    ")",
    "'",
    "\"",
    "\\",
    " TO ",
    " EXISTS",
    " IS ",
    "NULL",
    ",",
    "=",
    "!=",
    "<",
    "_geoRadius(",
    "_vectors.",
    "\u{a0}",
    "é",
    "[[",
];

/// Whole filters to take pieces from.
pub(super) const SEEDS: [&str; 4] = [
    "id = 1 AND (colour = red OR id IN [2, '3', \"4\"])",
    "NOT id = 7 OR _geoRadius(45.4, 9.1, 2000) AND id NOT IN [1]",
    "_vectors.default.fragments.\"a b\" EXISTS AND id = 'x'",
    "((((id STARTS WITH 'a'))))",
];

const KEYWORDS: [&str; 14] = [
    "AND",
    "OR",
    "IN",
    "NOT",
    "TO",
    "EXISTS",
    "IS",
    "NULL",
    "EMPTY",
    "CONTAINS",
    "STARTS",
    "WITH",
    "_geoRadius",
    "_geoBoundingBox",
];

/// The filter, in one of its forms.
pub(super) fn render(tree: &Tree, random: &mut StdRng) -> Value {
    let text = |tree: &Tree, random: &mut StdRng| {
        let mut out = String::new();
        write(tree, false, &mut out, random);
        Value::String(out)
    };
    let either = |tree: &Tree, random: &mut StdRng| match tree {
        Tree::Or(parts) if random.random() => {
            let mut parts: Vec<Value> = parts.iter().map(|part| text(part, random)).collect();
            // The server skips what is blank.
            if random.random_ratio(1, 10) {
                parts.push(Value::from(" "));
            }
            Value::Array(parts)
        }
        tree => text(tree, random),
    };
    match tree {
        Tree::And(parts) if random.random() => {
            parts.iter().map(|part| either(part, random)).collect()
        }
        tree if random.random_ratio(1, 3) => Value::Array(vec![either(tree, random)]),
        tree => text(tree, random),
    }
}

/// `tight`: inside something that binds as much as AND does.
fn write(tree: &Tree, tight: bool, out: &mut String, random: &mut StdRng) {
    let needs_parentheses = tight && matches!(tree, Tree::Or(_));
    let parentheses = needs_parentheses || random.random_ratio(1, 10);
    if parentheses {
        space(out, random);
        out.push('(');
        space(out, random);
    }
    match tree {
        Tree::And(parts) => joined(parts, "AND", true, out, random),
        Tree::Or(parts) => joined(parts, "OR", false, out, random),
        Tree::Not(part) => {
            out.push_str("NOT ");
            let compound = matches!(**part, Tree::And(_) | Tree::Or(_));
            if compound {
                out.push('(');
            }
            write(part, !compound, out, random);
            if compound {
                out.push(')');
            }
        }
        Tree::In(literals) => equality(literals, out, random),
        Tree::Other { text, .. } => out.push_str(text),
    }
    if parentheses {
        space(out, random);
        out.push(')');
    }
}

fn joined(parts: &[Tree], word: &str, tight: bool, out: &mut String, random: &mut StdRng) {
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            // What ends in a quote or a bracket needs no space before a word.
            if !(out.ends_with(['\'', '"', ')', ']']) && random.random()) {
                out.push(' ');
            }
            out.push_str(word);
            out.push(*[' ', '\t', '\n'].choose(random).expect("not empty"));
        }
        write(part, tight, out, random);
    }
}

fn equality(literals: &[Literal], out: &mut String, random: &mut StdRng) {
    out.push_str(["id", "'id'", "\"id\""].choose(random).expect("not empty"));
    if let [literal] = literals
        && random.random()
    {
        space(out, random);
        out.push('=');
        space(out, random);
        quoted(&literal.text, out, random);
        return;
    }
    out.push_str(" IN");
    space(out, random);
    out.push('[');
    for (position, literal) in literals.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        space(out, random);
        quoted(&literal.text, out, random);
        space(out, random);
    }
    if !literals.is_empty() && random.random_ratio(1, 5) {
        out.push(',');
    }
    out.push(']');
}

fn quoted(text: &str, out: &mut String, random: &mut StdRng) {
    let is_word = |symbol: char| symbol.is_alphanumeric() || "_-.".contains(symbol);
    let bare = !text.is_empty() && text.chars().all(is_word) && !KEYWORDS.contains(&text);
    let quote = if bare {
        *["", "'", "\""].choose(random).expect("not empty")
    } else {
        *["'", "\""].choose(random).expect("not empty")
    };
    out.push_str(quote);
    out.push_str(text);
    out.push_str(quote);
}

fn space(out: &mut String, random: &mut StdRng) {
    out.push_str(
        ["", "", " ", "  ", "\t", "\n"]
            .choose(random)
            .expect("not empty"),
    );
}
