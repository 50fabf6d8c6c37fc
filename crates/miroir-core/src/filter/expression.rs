//! An expression of the filter language as a tree. Facts: the grammar at the top of the server's `filter-parser/src/lib.rs`, and the
//! order in which its `parse_primary` tries the alternatives.
//!
//! What the server accepts is read here in the same way or not at all; what it refuses may be read in any way.

use std::collections::BTreeSet;

use super::cursor::{Cursor, Text};
use super::literal;
use super::{Candidates, Facts, Why};

/// Parentheses and negations inside each other; the server refuses to go as deep.
const MAX_DEPTH: usize = 150;

const GEOGRAPHICAL: [&str; 3] = ["_geoRadius", "_geoBoundingBox", "_geoPolygon"];

/// What must hold for a document. Its parts are slices of the text.
#[derive(Debug, PartialEq)]
pub(super) enum Expression<'t> {
    And(Vec<Expression<'t>>),
    Or(Vec<Expression<'t>>),
    Not(Box<Expression<'t>>),
    /// The attribute has one of these values.
    In(Text<'t>, Vec<Text<'t>>),
    /// The attribute passes another test.
    Test(Text<'t>),
    /// Something about places or vectors.
    Special,
}

impl<'t> Expression<'t> {
    /// Reads a whole text. `None`: it is not understood.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        let mut cursor = Cursor(text);
        let expression = either(&mut cursor, MAX_DEPTH)?;
        cursor.spaces();
        cursor.is_at_end().then_some(expression)
    }

    /// The ids of the documents that can pass, where `key` is the name of the primary key.
    pub(super) fn candidates(&self, key: &str, facts: &Facts<'_>) -> Candidates {
        match self {
            Self::And(all) => Candidates::all(all.iter().map(|part| part.candidates(key, facts))),
            Self::Or(either) => {
                Candidates::either(either.iter().map(|part| part.candidates(key, facts)))
            }
            Self::Not(inner) => inner.candidates(key, facts).negated(),
            Self::In(attribute, values) if *attribute == Some(key) => {
                literal::candidates(values, facts)
            }
            Self::Test(attribute) if *attribute == Some(key) => {
                Candidates::Any(Why::KeyComparedOtherwise)
            }
            Self::In(..) | Self::Test(_) | Self::Special => Candidates::Any(Why::KeyNotNamed),
        }
    }

    pub(super) fn attributes(&self, names: &mut BTreeSet<&'t str>) {
        match self {
            Self::And(parts) | Self::Or(parts) => {
                parts.iter().for_each(|part| part.attributes(names))
            }
            Self::Not(inner) => inner.attributes(names),
            Self::In(attribute, _) | Self::Test(attribute) => names.extend(attribute),
            Self::Special => {}
        }
    }
}

fn either<'t>(cursor: &mut Cursor<'t>, depth: usize) -> Option<Expression<'t>> {
    chain(cursor, "OR", Expression::Or, |cursor| all(cursor, depth))
}

fn all<'t>(cursor: &mut Cursor<'t>, depth: usize) -> Option<Expression<'t>> {
    chain(cursor, "AND", Expression::And, |cursor| {
        negation(cursor, depth)
    })
}

/// Parts with a word between them; a lone part is itself.
fn chain<'t>(
    cursor: &mut Cursor<'t>,
    word: &str,
    join: impl Fn(Vec<Expression<'t>>) -> Expression<'t>,
    part: impl Fn(&mut Cursor<'t>) -> Option<Expression<'t>>,
) -> Option<Expression<'t>> {
    let first = part(cursor)?;
    if !cursor.keyword(word) {
        return Some(first);
    }
    let mut parts = vec![first, part(cursor)?];
    while cursor.keyword(word) {
        parts.push(part(cursor)?);
    }
    Some(join(parts))
}

fn negation<'t>(cursor: &mut Cursor<'t>, depth: usize) -> Option<Expression<'t>> {
    let deeper = depth.checked_sub(1)?;
    if cursor.keyword("NOT") {
        return Some(not(negation(cursor, deeper)?));
    }
    cursor.spaces();
    if cursor.tag("(") {
        let inner = either(cursor, deeper)?;
        cursor.spaces();
        let closed = cursor.tag(")");
        cursor.spaces();
        return closed.then_some(inner);
    }
    special(cursor).or_else(|| predicate(cursor))
}

/// Filters by place and by the presence of vectors. Moves only when there is one.
fn special<'t>(cursor: &mut Cursor<'t>) -> Option<Expression<'t>> {
    let mut ahead = *cursor;
    if ahead.tag("_vectors") {
        while ahead.tag(".") {
            ahead.path_part().then_some(())?;
        }
        ahead.spaces().then_some(())?;
        if ahead.tag("NOT") {
            ahead.spaces().then_some(())?;
        }
        ahead.tag("EXISTS").then_some(())?;
    } else {
        GEOGRAPHICAL.contains(&ahead.word()?).then_some(())?;
        ahead.numbers_in_parentheses()?;
    }
    *cursor = ahead;
    Some(Expression::Special)
}

/// `attribute operator value`, in all its forms.
fn predicate<'t>(cursor: &mut Cursor<'t>) -> Option<Expression<'t>> {
    let attribute = cursor.value()?;
    if cursor.keyword("IN") {
        return Some(Expression::In(attribute, list(cursor)?));
    }
    if cursor.tag("=") {
        return Some(Expression::In(attribute, vec![cursor.value()?]));
    }
    let test = Some(Expression::Test(attribute));
    for operator in ["<=", ">=", "!=", "<", ">"] {
        if cursor.tag(operator) {
            cursor.value()?;
            return test;
        }
    }
    if cursor.tag("NOT") {
        if cursor.keyword("IN") {
            return Some(not(Expression::In(attribute, list(cursor)?)));
        }
        cursor.spaces();
        return presence_or_part(cursor).and(test);
    }
    if cursor.tag("IS") {
        cursor.spaces();
        if cursor.tag("NOT") {
            cursor.spaces();
        }
        return (cursor.tag("NULL") || cursor.tag("EMPTY"))
            .then_some(())
            .and(test);
    }
    if presence_or_part(cursor).is_some() {
        return test;
    }
    cursor.value()?;
    cursor.tag("TO").then_some(())?;
    cursor.spaces().then_some(())?;
    cursor.value()?;
    test
}

/// `EXISTS`, `CONTAINS value`, `STARTS WITH value`.
fn presence_or_part(cursor: &mut Cursor<'_>) -> Option<()> {
    if cursor.tag("EXISTS") {
        return Some(());
    }
    if cursor.tag("CONTAINS") || cursor.tag("STARTS WITH") {
        cursor.value()?;
        return Some(());
    }
    None
}

/// `[value, value, ..]`; a comma may follow the last one.
fn list<'t>(cursor: &mut Cursor<'t>) -> Option<Vec<Text<'t>>> {
    let mut values = Vec::new();
    cursor.tag("[").then_some(())?;
    cursor.spaces();
    while !cursor.tag("]") {
        values.push(cursor.value()?);
        let more = cursor.tag(",");
        cursor.spaces();
        if !more {
            cursor.tag("]").then_some(())?;
            break;
        }
    }
    cursor.spaces();
    Some(values)
}

fn not(expression: Expression<'_>) -> Expression<'_> {
    Expression::Not(Box::new(expression))
}
